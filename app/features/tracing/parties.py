"""How features of parties are traced: domain.md 3, 47–51 and 60. They ask other merchants'
waybills, of which a trace shows one bill for each party that counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from app.features.calendar import (
    FRESH_WITHIN_DAYS,
    RECIPROCAL_MONTHS,
    RECIPROCAL_WITHIN_DAYS,
    month_of,
)
from app.features.graphs import RING_SIZES
from app.features.reference import KIND_NUMBERS, ReferenceList
from app.features.sql_text import write_literal
from app.features.tracing.files import Bill
from app.features.tracing.platform import (
    bills_sql,
    find_bills,
    find_one_each,
    not_own,
    one_of,
)
from app.features.tracing.rows import Own
from app.features.tracing.stability import share
from app.features.tracing.traced import (
    DISTINCT,
    Side,
    Trace,
    Traced,
    amount_side,
    count_side,
    group_by,
    proof_side,
    settle,
    window,
)

MOST_SHOWN = 200  # parties of a component whose edges are shown


def party_traces() -> dict[str, Trace]:
    """By feature."""
    return {
        "reciprocal_share": _reciprocal,
        "ring_share": _ring,
        "shared_phone_merchants": _shared("phone"),
        "shared_card_merchants": _shared("card"),
        "captive_share": _captive,
        "fresh_party_share_90d": _fresh,
        "blacklist_jaccard": _blacklist,
        "outlet_related": _related,
    }


def _customers(bills: Iterable[Bill]) -> set[str]:
    return {bill.consignee_id for bill in bills}


def _reciprocal(own: Own) -> Traced:
    year = own.bills(1, 12)
    condition = one_of(own, "merchant_id", _customers(year), "partners")
    to_own = f"consignee_id = {write_literal(own.merchant_id)} and {not_own(own)}"
    back = find_bills(own, f"{to_own} and {condition}", RECIPROCAL_MONTHS, 0)
    days: dict[str, set[date]] = defaultdict(set)
    for bill in back:
        days[bill.merchant_id].add(bill.day)

    def answers(bill: Bill) -> bool:
        if bill.consignee_id == own.merchant_id:
            return False
        return any(
            abs((day - bill.day).days) <= RECIPROCAL_WITHIN_DAYS
            for day in days.get(bill.consignee_id, ())
        )

    answered = [bill for bill in year if answers(bill)]
    partners = _customers(answered)
    top = amount_side(answered, "answered", en="amounts to consignees who shipped back",
                      zh="收货人有反向发货的金额")  # fmt: skip
    base = amount_side(year)
    proofs = proof_side([b for b in back if b.merchant_id in partners], "back",
                        "what these shipped to the merchant", "收货人发给商户的运单")  # fmt: skip
    traced = Traced(*window(own, 1, 12), [top, base, proofs])
    traced.parties = group_by(answered, lambda bill: bill.consignee_id, "consignee_id")
    return share(traced, top.total, base.total)


def _late_months(own: Own, since: date) -> int:
    """How many months back a day lies."""
    return own.as_of.month(0) - month_of(since)


def _ring(own: Own) -> Traced:
    since = own.as_of.new_from
    late = [bill for bill in own.rows if bill.is_bill and bill.day >= since]
    circle, edges = _find_circle(own, since)
    is_ring = RING_SIZES[0] <= len(circle) <= RING_SIZES[1]
    inside = [b for b in late if b.consignee_id in circle and b.consignee_id != own.merchant_id]
    top = amount_side(inside if is_ring else [], "inside", en="amounts inside the ring",
                      zh="环内金额")  # fmt: skip
    base = amount_side(late)
    proofs = proof_side(edges, "edges", "a bill of each pair of the component, others' too",
                        "连通分量内各对的一张运单")  # fmt: skip
    traced = Traced(since, own.as_of.day - timedelta(1), [top, base, proofs])
    traced.numbers = {"parties_of_the_component": len(circle)}
    traced.parties = [{"merchant_id": name} for name in sorted(circle)[:MOST_SHOWN]]
    return share(traced, top.total, base.total)


def _find_circle(own: Own, since: date) -> tuple[set[str], list[Bill]]:
    """The strongly connected component that the merchant lies in, and a bill of each of its edges
    (none of a component too large to be shown).
    """
    first = _late_months(own, since)
    dated = f"created_at >= {write_literal(since)} and merchant_id <> consignee_id"
    own.files.connection.execute(
        "create or replace temp table late_pairs as select distinct merchant_id, consignee_id"
        f" from ({bills_sql(own, dated, first, 0)}) as late"
    )
    pairs = own.files.connection.execute(
        "select merchant_id, consignee_id from late_pairs"
        " where consignee_id in (select merchant_id from late_pairs)"
    ).fetchall()
    ahead, behind = defaultdict(list), defaultdict(list)
    for shipper, consignee in pairs:
        ahead[shipper].append(consignee)
        behind[consignee].append(shipper)
    circle = _walk(own.merchant_id, ahead) & _walk(own.merchant_id, behind)
    if not 1 < len(circle) <= MOST_SHOWN:
        return circle, []
    inner = " and ".join(
        one_of(own, column, circle, f"circle_{column}")
        for column in ("merchant_id", "consignee_id")
    )
    found = find_one_each(own, f"{dated} and {inner}", "merchant_id, consignee_id", first, 0)
    return circle, [bill for bill, _ in found]


def _walk(start: str, edges: dict[str, list[str]]) -> set[str]:
    seen, open_ = {start}, [start]
    while open_:
        for party in edges.get(open_.pop(), ()):
            if party not in seen:
                seen.add(party)
                open_.append(party)
    return seen


def _shared(kind: str) -> Trace:
    column, masked = f"shipper_{kind}_hash", f"shipper_{kind}_masked"

    def trace(own: Own) -> Traced:
        bills = [bill for bill in own.bills(1, 12) if getattr(bill, column) is not None]
        values = {getattr(bill, column) for bill in bills}
        condition = f"{one_of(own, column, values, 'own_values')} and {not_own(own)}"
        found = find_one_each(own, condition, f"merchant_id, {column}", 12, 1) if values else []
        gives = [(bill, bill.merchant_id) for bill, _ in found]
        side = Side("others", f"other merchants with the same {kind}, a bill of each",
                    "使用相同号码的其他商户", DISTINCT, "merchants", gives)  # fmt: skip
        own_side = count_side(bills, "own", en=f"own bills with a {kind}", zh="有号码的自有运单")
        traced = Traced(*window(own, 1, 12), [side, own_side])
        traced.parties = [
            {
                "merchant_id": bill.merchant_id,
                kind: getattr(bill, masked) or getattr(bill, column)[:8] + "…",
                "bills": count,
            }
            for bill, count in found
        ]
        return settle(traced, lambda: side.total, lacking=not bills)

    return trace


def _captive(own: Own) -> Traced:
    year = own.bills(1, 12)
    condition = f"{one_of(own, 'consignee_id', _customers(year), 'customers')} and {not_own(own)}"
    found = find_one_each(own, condition, "consignee_id", 12, 1)
    others = {bill.consignee_id: count for bill, count in found}
    captive = [bill for bill in year if bill.consignee_id not in others]
    top = amount_side(captive, "captive", en="amounts to consignees who buy from nobody else",
                      zh="只向该商户进货的收货人金额")  # fmt: skip
    base = amount_side(year)
    proofs = proof_side([bill for bill, _ in found], "others",
                        "a bill of another merchant to each consignee who is not captive",
                        "其他商户发给非专属收货人的运单")  # fmt: skip
    traced = Traced(*window(own, 1, 12), [top, base, proofs])
    traced.parties = [
        {**row, "bills_of_others": others.get(row["consignee_id"], 0)}
        for row in group_by(year, lambda bill: bill.consignee_id, "consignee_id")
    ]
    return share(traced, top.total, base.total)


def _fresh(own: Own) -> Traced:
    since = own.as_of.new_from
    late = [bill for bill in own.rows if bill.is_bill and bill.day >= since]
    firsts = _first_seen(own, _customers(late))
    begun = find_bills(own, "true", None, 0, limit=1)
    fresh = [
        bill
        for bill in late
        if (bill.day - firsts[bill.consignee_id].day).days <= FRESH_WITHIN_DAYS
    ]
    top = amount_side(fresh, "fresh", en="amounts to parties new to the platform",
                      zh="新主体金额")  # fmt: skip
    base = amount_side(late)
    proofs = [
        proof_side(firsts.values(), "first_seen", "the platform's first bill of each party",
                   "各主体在平台的首笔运单"),
        proof_side(begun, "begun", "the platform's first bill", "平台首笔运单"),
    ]  # fmt: skip
    traced = Traced(since, own.as_of.day - timedelta(1), [top, base, *proofs])
    traced.parties = [
        {**row, "first_seen": firsts[row["consignee_id"]].day.isoformat()}
        for row in group_by(late, lambda bill: bill.consignee_id, "consignee_id")
    ]
    is_young = not begun or begun[0].day > own.as_of.newcomers_from
    return share(traced, top.total, base.total, short=is_young)


def _first_seen(own: Own, parties: set[str]) -> dict[str, Bill]:
    """The platform's first bill of each party, as consignee or as shipper."""
    first: dict[str, Bill] = {}
    for column in ("consignee_id", "merchant_id"):
        condition = one_of(own, column, parties, "late_parties")
        for bill, _ in find_one_each(own, condition, column, None, 0):
            name = getattr(bill, column)
            if name not in first or bill.day < first[name].day:
                first[name] = bill
    return first


def _entries(own: Own, found: ReferenceList | None) -> set[tuple[int, str]]:
    return set(found.in_force(own.as_of)) if found is not None else set()


def _blacklist(own: Own) -> Traced:
    listed = _entries(own, own.files.lake.references.blacklist)
    bills = own.bills(1, 12)
    parties: dict[tuple[int, str], Bill] = {}
    for bill in bills:
        parties.setdefault((KIND_NUMBERS["id"], bill.consignee_id), bill)
        for phone in (bill.shipper_phone_hash, bill.consignee_phone_hash):
            if phone is not None:
                parties.setdefault((KIND_NUMBERS["phone"], phone), bill)
    both = sorted(set(parties) & listed)
    hits = proof_side([parties[key] for key in both], "listed", "a bill with each listed party",
                      "涉及名单主体的运单")  # fmt: skip
    traced = Traced(*window(own, 1, 12), [hits, count_side(bills)])
    traced.parties = [_tell_entry(key, parties[key]) for key in both]
    either = len(set(parties) | listed)
    traced.numbers = {"parties": len(parties), "on_the_list": len(listed)}
    lacking = own.files.lake.references.blacklist is None
    return share(traced, len(both), either, lacking=lacking, baseless=not parties)


def _tell_entry(key: tuple[int, str], bill: Bill) -> dict[str, Any]:
    kind = next(name for name, number in KIND_NUMBERS.items() if number == key[0])
    value = key[1] if kind == "id" else _mask(bill, key[1])
    return {"kind": kind, "value": value, "waybill_no": bill.waybill_no}


def _mask(bill: Bill, value: str) -> str:
    for side in ("shipper_phone", "consignee_phone", "shipper_card"):
        if getattr(bill, f"{side}_hash") == value:
            return getattr(bill, f"{side}_masked") or f"{value[:8]}…"
    return f"{value[:8]}…"


def _related(own: Own) -> Traced:
    listed = _entries(own, own.files.lake.references.staff)
    bills = own.bills(1, 12)
    found: dict[tuple[int, str], Bill] = {}
    for bill in bills:
        for kind in ("phone", "card"):
            key = (KIND_NUMBERS[kind], getattr(bill, f"shipper_{kind}_hash"))
            if key in listed:
                found.setdefault(key, bill)
    hits = proof_side(found.values(), "listed", "a bill with each listed phone or card",
                      "涉及名单号码的运单")  # fmt: skip
    traced = Traced(*window(own, 1, 12), [hits, count_side(bills)])
    traced.parties = [_tell_entry(key, bill) for key, bill in sorted(found.items())]
    is_listed = (KIND_NUMBERS["id"], own.merchant_id) in listed
    if is_listed:
        traced.parties.append({"kind": "id", "value": own.merchant_id, "waybill_no": None})
    lacking = own.files.lake.references.staff is None
    return settle(traced, lambda: bool(found) or is_listed, lacking=lacking)
