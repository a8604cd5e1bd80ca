"""How features of fraud are traced that need a merchant's own waybills: domain.md 3, 46–59."""

from __future__ import annotations

import math
from collections import Counter
from datetime import timedelta
from typing import Any

import pyarrow.parquet as pq

from app.features.sql_text import write_literal
from app.features.tracing.files import Bill
from app.features.tracing.rows import Own
from app.features.tracing.stability import share
from app.features.tracing.traced import (
    COUNT,
    SUM,
    Side,
    Trace,
    Traced,
    amount_side,
    count_side,
    history_side,
    ones,
    proof_side,
    settle,
    window,
)

ROUND_FEN = 100_000
LEAST_FOR_BENFORD = 300
SPANS = 6  # of 30 days in 180


def fraud_traces() -> dict[str, Trace]:
    """By feature."""
    return {
        "self_deal_share": _self_deal,
        "round_share": _round_share,
        "benford_mad": _benford,
        "spike_30d": _spike,
        "edit_up_share": _edit_up,
        "duplicate_rate": _duplicates,
        "void_rate": _voided,
        "reset_rate": _resets,
    }


def _is_two_sided(bill: Bill) -> bool:
    return bool(
        (bill.shipper_name_hash is not None and bill.consignee_name_hash is not None)
        or (bill.shipper_phone_hash is not None and bill.consignee_phone_hash is not None)
    )


def _self_deal(own: Own) -> Traced:
    year = own.records(1, 12)
    dealt = [(b, b.cod_fen) for b in year if b.has("SELF_DEAL") and (b.cod_fen or 0) > 0]
    top = Side("self_deal", "COD as entered of SELF_DEAL waybills", "自买自卖的录入金额", SUM,
               "fen", dealt)  # fmt: skip
    kept = amount_side(year)
    two_sided = [bill for bill in year if _is_two_sided(bill)]
    proof = proof_side(two_sided[:1], "two_sided", "a record with both parties' names or phones",
                       "双方信息俱全的运单")  # fmt: skip
    traced = Traced(*window(own, 1, 12), [top, kept, proof])
    return share(traced, top.total, top.total + kept.total, lacking=not two_sided)


def _round_share(own: Own) -> Traced:
    cod = own.cod(1, 12)
    whole = [bill for bill in cod if bill.amount_fen % ROUND_FEN == 0]
    sides = [
        Side("round", "COD bills of whole 1,000 yuan", "整千元运单", COUNT, "bills", ones(whole)),
        count_side(cod, "cod_bills", en="COD bills", zh="代收货款运单"),
    ]
    return share(Traced(*window(own, 1, 12), sides), len(whole), len(cod))


def _benford(own: Own) -> Traced:
    cod = own.cod(1, 12)
    firsts = Counter(int(str(bill.amount_fen)[0]) for bill in cod)
    side = Side("first_digits", "COD bills by the first digit of their amount", "首位数字", COUNT,
                "bills", [(bill, int(str(bill.amount_fen)[0])) for bill in cod])  # fmt: skip
    groups = [
        {"digit": d, "bills": firsts.get(d, 0), "benford_share": math.log10(1 + 1 / d)}
        for d in range(1, 10)
    ]
    traced = Traced(*window(own, 1, 12), [side], groups=groups)

    def value() -> float:
        return sum(abs(row["bills"] / len(cod) - row["benford_share"]) for row in groups) / 9

    return settle(traced, value, short=len(cod) < LEAST_FOR_BENFORD)


def _spike(own: Own) -> Traced:
    recent_from, base_from = own.as_of.recent_from, own.as_of.base_from
    late = amount_side([b for b in own.rows if b.day >= recent_from], "late",
                       en="amounts of the 30 days before T", zh="近 30 天金额")  # fmt: skip
    before = [bill for bill in own.rows if base_from <= bill.day < recent_from]
    base = amount_side(before, "base", en="amounts of the 180 days before those",
                       zh="此前 180 天金额")  # fmt: skip
    ends = own.as_of.day - timedelta(1)
    traced = Traced(base_from, ends, [late, base, *history_side(own)])
    short = own.first_cod is None or own.first_cod.day > base_from
    return share(traced, late.total * SPANS, base.total, short=short)


def _edit_up(own: Own) -> Traced:
    bills = own.bills(1, 12)
    edited = amount_side([b for b in bills if b.has("EDITED_UP")], "edited",
                         en="amounts of bills whose COD was raised after entry",
                         zh="录入后调高的运单金额")  # fmt: skip
    base = amount_side(bills)
    first = [bill for bill in bills if bill.cod_first_fen is not None]
    proof = proof_side(first[:1], "first_amount", "a bill that says what was entered first",
                       "记录首次录入金额的运单")  # fmt: skip
    traced = Traced(*window(own, 1, 12), [edited, base, proof])
    return share(traced, edited.total, base.total, lacking=not first)


def _records_side(own: Own) -> Side:
    return count_side(own.records(1, 12), "records", en="stored waybills", zh="在库运单")


def _duplicates(own: Own) -> Traced:
    records = _records_side(own)
    gives = [(bill, bill.repeats) for bill, _ in records.gives if bill.repeats]
    again = Side("repeats", "repetitions that were dropped", "被剔除的重复记录", SUM, "records",
                 gives)  # fmt: skip
    traced = Traced(*window(own, 1, 12), [again, records])
    none = records.total == 0
    return share(traced, again.total, records.total + again.total, baseless=none)


def _voided(own: Own) -> Traced:
    records = _records_side(own)
    void = [bill for bill, _ in records.gives if bill.has("VOIDED")]
    side = Side("voided", "VOIDED ones", "作废运单", COUNT, "records", ones(void))
    return share(Traced(*window(own, 1, 12), [side, records]), len(void), records.total)


def _resets(own: Own) -> Traced:
    records = _records_side(own)
    gives = [(bill, bill.resets) for bill, _ in records.gives if bill.resets]
    within = Side("resets", "numbers that came again in the same file with other content",
                  "同一文件内编号冲突", SUM, "records", gives)  # fmt: skip
    later = _later_conflicts(own)
    traced = Traced(*window(own, 1, 12), [within, records])
    traced.numbers = {"conflicts_of_later_imports": len(later)}
    traced.groups = later
    return share(traced, within.total + len(later), records.total)


def _later_conflicts(own: Own) -> list[dict[str, Any]]:
    """Conflicts that later imports had with the merchant's waybills of M1–M12, a row each."""
    files = [found for found in own.files.lake.imports if found.conflicts is not None]
    low, high = own.as_of.month(12), own.as_of.month(1)
    found: list[dict[str, Any]] = []
    for one in files:
        known = set(pq.read_schema(one.conflicts).names)
        columns = [name for name in ("source", "waybill_no", "month") if name in known]
        rows = own.files.fetch(
            f"select {', '.join(columns)} from read_parquet({write_literal(str(one.conflicts))})"
            f" where merchant_id = {write_literal(own.merchant_id)}"
            f" and month between {low} and {high}"
        )
        found += [{**row, "import_id": one.id, "arrived_at": one.arrived_at} for row in rows]
    return found
