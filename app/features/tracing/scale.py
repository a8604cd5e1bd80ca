"""How features of scale and the segments are traced: domain.md 3, 1–15, industry and region."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.features.sql_text import write_literal
from app.features.tracing.files import Bill
from app.features.tracing.platform import find_bills
from app.features.tracing.rows import Own
from app.features.tracing.traced import (
    DISTINCT,
    MEDIAN,
    SUM,
    Side,
    Trace,
    Traced,
    amount_side,
    count_side,
    divide_fen,
    fen_of,
    group_by,
    half_up,
    history_side,
    median,
    months_table,
    ones,
    proof_side,
    settle,
    window,
)
from app.features.words import name_category, name_town

LEAST_CARRIED = 3  # bills of a carrier that counts


def scale_traces() -> dict[str, Trace]:
    """By feature."""
    found: dict[str, Trace] = {}
    for k in (1, 3, 6, 12):
        found[f"waybill_cnt_{k}m"] = _bills_of(k)
    for k in (1, 3, 6, 12, 24):
        found[f"cod_amt_{k}m"] = _amount_of(k)
    for name, value in MONTHLY.items():
        found[name] = _monthly(value)
    return found | {
        "industry": _industry,
        "origin_region": _origin_region,
        "cod_settled_12m": _settled,
        "freight_12m": _freight,
        "avg_ticket": _avg_ticket,
        "p50_ticket": _p50_ticket,
        "consignee_cnt": _distinct("consignee_id", lacks=False),
        "dest_city_cnt": _distinct("destination"),
        "category_cnt": _distinct("goods_category"),
        "carrier_cnt": _carrier_cnt,
        "cod_penetration": _penetration,
    }


def _bills_of(k: int) -> Trace:
    def trace(own: Own) -> Traced:
        side = count_side(own.bills(1, k))
        return settle(Traced(*window(own, 1, k), [side]), lambda: side.total)

    return trace


def _amount_of(k: int) -> Trace:
    def trace(own: Own) -> Traced:
        side = amount_side(own.cod(1, k))
        traced = Traced(*window(own, 1, k), [side], groups=months_table(own, k))
        return settle(traced, lambda: side.total)

    return trace


MONTHLY: dict[str, Callable[[Own], int]] = {
    "cod_avg_month": lambda own: divide_fen(
        sum(own.months_fen.get(k, 0) for k in range(1, 13)), 12
    ),
    "cod_median_month": lambda own: half_up(median(own.adjusted(1, 12))),
    "cod_min_month": lambda own: half_up(min(own.adjusted(1, 12))),
    "cod_trim_month": lambda own: half_up(_add(sorted(own.adjusted(1, 12))[1:11]) / 10),
}


def _add(values: list[float]) -> float:
    total = 0.0
    for value in values:
        total += value
    return total


def _monthly(value: Callable[[Own], int]) -> Trace:
    def trace(own: Own) -> Traced:
        sides = [amount_side(own.cod(1, 12)), *history_side(own)]
        traced = Traced(*window(own, 1, 12), sides, groups=months_table(own, 12))
        return settle(traced, lambda: value(own), short=own.history < 12)

    return trace


def _lead(own: Own, groups: list[dict[str, Any]], side: Side, key: str) -> Traced:
    """The largest group, if it holds a third of all."""
    whole = sum(row[key] for row in groups)
    traced = Traced(*window(own, 1, 12), [side], groups=groups)
    part = groups[0][key] if groups else 0
    traced.numbers = {"part": part, "whole": whole}
    return settle(
        traced,
        lambda: groups[0]["word"],
        lacking=not groups,
        baseless=whole <= 0 or part * 3 < whole,
    )


def _industry(own: Own) -> Traced:
    bills = [bill for bill in own.bills(1, 12) if bill.goods_category is not None]
    groups = group_by(bills, lambda bill: name_category(bill.goods_category) or None, "word")
    named = [bill for bill in bills if name_category(bill.goods_category)]
    side = Side("categorised", "bills with a goods category", "有货物类别的运单", SUM, "fen",
                fen_of(named))  # fmt: skip
    return _lead(own, groups, side, "amount_fen")


def _origin_region(own: Own) -> Traced:
    bills = [b for b in own.bills(1, 12) if b.origin is not None and name_town(b.origin)]
    groups = group_by(bills, lambda bill: name_town(bill.origin), "word")
    groups.sort(key=lambda row: (-row["bills"], row["word"]))
    side = count_side(bills, "sent", en="bills with an origin", zh="有发货地的运单")
    return _lead(own, groups, side, "bills")


def _settled(own: Own) -> Traced:
    midnight = own.as_of.cut_off_at

    def is_settled(bill: Bill) -> bool:
        if bill.cod_paid_at is not None:
            return bool(bill.cod_paid_at < midnight)
        return bill.status in ("cod_paid", "paid")

    year = own.bills(1, 12)
    telling, proofs = _find_telling(own, sorted({bill.source for bill in year}))
    side = amount_side(filter(is_settled, own.cod(1, 12)), "settled",
                       en="amounts of COD bills whose money the merchant has",
                       zh="货款已付商户的运单金额")  # fmt: skip
    shown = proof_side(proofs, "telling", "a bill that shows that its source records settlement",
                       "证明来源记录返款的运单")  # fmt: skip
    traced = Traced(*window(own, 1, 12), [side, count_side(year), shown])
    traced.numbers = {"sources_that_tell": sorted(telling)}
    return settle(traced, lambda: side.total, lacking=not telling)


def _find_telling(own: Own, sources: list[str]) -> tuple[set[str], list[Bill]]:
    """The sources, among these, with a bill of anybody that tells of settlement, and such bills."""
    told = "(cod_paid_at is not null or status = 'paid' or status like 'cod!_%' escape '!')"
    telling, proofs = set[str](), list[Bill]()
    for source in sources:
        found = find_bills(own, f"{told} and source = {write_literal(source)}", 12, 1, limit=1)
        if found:
            telling.add(source)
            proofs += found
    return telling, proofs


def _freight(own: Own) -> Traced:
    carried = [bill for bill in own.bills(1, 12) if bill.freight_fen is not None]
    gives = [(bill, bill.freight_fen) for bill in carried]
    side = Side("freight", "freight of bills", "运费", SUM, "fen", gives)
    traced = Traced(*window(own, 1, 12), [side])
    return settle(traced, lambda: side.total, lacking=not carried)


def _avg_ticket(own: Own) -> Traced:
    cod = own.cod(1, 12)
    amount, bills = (
        amount_side(cod),
        count_side(cod, "cod_bills", en="COD bills", zh="代收货款运单"),
    )
    traced = Traced(*window(own, 1, 12), [amount, bills])
    return settle(traced, lambda: divide_fen(amount.total, bills.total), baseless=not cod)


def _p50_ticket(own: Own) -> Traced:
    cod = own.cod(1, 12)
    side = Side("amounts", "amounts of COD bills", "代收货款金额", MEDIAN, "fen", fen_of(cod))
    traced = Traced(*window(own, 1, 12), [side])
    ordered = sorted(cod, key=lambda bill: bill.amount_fen)
    if ordered:
        middles = (ordered[(len(cod) - 1) // 2], ordered[len(cod) // 2])
        traced.numbers = {"middle_bills": [bill.waybill_no for bill in middles]}
    return settle(traced, lambda: half_up(side.total), baseless=not cod)


def _distinct(column: str, lacks: bool = True) -> Trace:
    def trace(own: Own) -> Traced:
        bills = [bill for bill in own.bills(1, 12) if getattr(bill, column) is not None]
        gives = [(bill, getattr(bill, column)) for bill in bills]
        side = Side(column, f"different {column}", f"不同的 {column}", DISTINCT, column, gives)
        groups = group_by(bills, lambda bill: getattr(bill, column), column)
        traced = Traced(*window(own, 1, 12), [side], groups=groups)
        return settle(traced, lambda: side.total, lacking=lacks and not bills)

    return trace


def _carrier_cnt(own: Own) -> Traced:
    bills = [bill for bill in own.bills(1, 12) if bill.carrier_id is not None]
    groups = group_by(bills, lambda bill: bill.carrier_id, "carrier_id")
    used = {row["carrier_id"] for row in groups if row["bills"] >= LEAST_CARRIED}
    gives = [(bill, bill.carrier_id) for bill in bills if bill.carrier_id in used]
    side = Side("carrier_id", "carriers with at least 3 bills", "至少 3 单的承运专线", DISTINCT,
                "carriers", gives)  # fmt: skip
    seldom = proof_side([b for b in bills if b.carrier_id not in used], "seldom",
                        "bills of carriers with fewer", "不足 3 单的专线")  # fmt: skip
    traced = Traced(*window(own, 1, 12), [side, seldom], groups=groups)
    return settle(traced, lambda: side.total, lacking=not bills)


def _penetration(own: Own) -> Traced:
    bills, cod = own.bills(1, 12), own.cod(1, 12)
    top = Side("cod_bills", "COD bills", "代收货款运单", "count", "bills", ones(cod))
    traced = Traced(*window(own, 1, 12), [top, count_side(bills)])
    traced.numbers = {"numerator": len(cod), "denominator": len(bills)}
    return settle(traced, lambda: len(cod) / len(bills), baseless=not bills)
