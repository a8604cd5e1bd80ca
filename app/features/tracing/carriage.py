"""How features of carriage are traced: domain.md 3, 55, 56, 58 and DUPLICATE_SUSPECT of 59."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from itertools import pairwise
from typing import Any

from app.features.journeys import FEWEST_BILLS
from app.features.tracing.files import Bill
from app.features.tracing.platform import bills_sql
from app.features.tracing.rows import Own
from app.features.tracing.stability import share
from app.features.tracing.traced import (
    COUNT,
    SUM,
    Side,
    Trace,
    Traced,
    count_side,
    ones,
    settle,
    window,
)

DAY = timedelta(days=1)


def carriage_traces() -> dict[str, Trace]:
    """By feature."""
    return {
        "night_share": _nights,
        "freight_outlier_share": _outliers("FREIGHT_OUTLIER", "freight_fen", "运费异常"),
        "fee_outlier_share": _outliers("FEE_OUTLIER", "cod_fee_fen", "手续费异常"),
        "too_fast_sign_share": _too_fast,
        "duplicate_suspect_share": _suspects,
    }


def _priced(bill: Bill) -> int:
    """What would have been eligible."""
    return bill.amount_fen + bill.barred_fen


def _outliers(code: str, column: str, zh: str) -> Trace:
    def trace(own: Own) -> Traced:
        year = own.records(1, 12)
        found = [(bill, bill.barred_fen) for bill in year if bill.judged.get(code)]
        judged = [bill for bill in year if code in bill.judged]
        top = Side("outliers", f"would-be amounts of {code}", f"{zh}运单的金额", SUM, "fen", found)
        base = Side("amount", "amounts of bills, outliers too", "全部金额", SUM, "fen",
                    [(bill, _priced(bill)) for bill in year if _priced(bill)])  # fmt: skip
        counted = Side("judged", f"bills judged by {column}", "参与判定的运单", COUNT, "bills",
                       ones(judged))  # fmt: skip
        traced = Traced(*window(own, 1, 12), [top, base, counted])
        # Who is judged has an amount, so there is always something to divide by.
        return share(traced, top.total, base.total, lacking=not judged, baseless=False)

    return trace


def _suspects(own: Own) -> Traced:
    rules = own.files.lake.carriage_rules
    alike: dict[Any, list[Bill]] = defaultdict(list)
    countable = []
    for bill in own.records(1, 12):
        rule = rules.get(bill.source)
        if _priced(bill) > 0 and bill.pieces is not None and rule and rule.twice_hours:
            countable.append(bill)
            month = own.month_back(bill)
            alike[month, bill.consignee_id, bill.cod_fen or 0, bill.pieces].append(bill)
    again = []
    for bills in alike.values():
        ordered = sorted(bills, key=lambda bill: bill.created_at)
        for earlier, bill in pairwise(ordered):
            hours = rules[bill.source].twice_hours or 0
            if bill.created_at - earlier.created_at <= timedelta(hours=hours):
                again.append(bill)
    sides = [
        Side("suspects", "bills soon after one alike", "短时间内重复的运单", COUNT, "bills",
             ones(again)),
        count_side(countable, "countable", en="bills with an amount and pieces",
                   zh="有金额与件数的运单"),
    ]  # fmt: skip
    traced = Traced(*window(own, 1, 12), sides)
    return share(traced, len(again), len(countable), lacking=not countable, baseless=False)


def _too_fast(own: Own) -> Traced:
    distances = own.files.lake.references.distances
    least = distances.least_seconds() if distances is not None else {}
    known, fast = [], []
    for bill in own.bills(1, 12):
        if bill.signed_at is None or bill.signed_at >= own.as_of.cut_off_at or bill.has("TIME"):
            continue
        needed = least.get((bill.outlet_id, bill.destination))
        if needed is None:
            needed = least.get((bill.origin, bill.destination))
        if needed is None:
            continue
        known.append((bill, _priced(bill)))
        seconds = (bill.signed_at - bill.created_at).total_seconds()
        if bill.signed_at.time() == bill.signed_at.min.time():
            seconds += DAY.total_seconds()  # a day without a clock: its last moment
        if seconds < needed:
            fast.append((bill, _priced(bill)))
    top = Side("too_fast", "amounts signed for too soon", "签收过快的金额", SUM, "fen", fast)
    base = Side("known", "amounts signed for on lanes of a known distance", "已知里程的签收金额",
                SUM, "fen", known)  # fmt: skip
    traced = Traced(*window(own, 1, 12), [top, base])
    return share(traced, top.total, base.total, lacking=not known)


def _outlet_of(bill: Bill) -> tuple[int, str]:
    if bill.outlet_id is not None:
        return 1, bill.outlet_id
    return (2, bill.carrier_id) if bill.carrier_id is not None else (0, "")


def _is_night(bill: Bill) -> bool:
    hour: int = bill.created_at.hour
    return hour >= 23 or hour < 5


def _nights(own: Own) -> Traced:
    """The norms are sums over the platform's bills, told as numbers: no bill of others is shown."""
    timed = [
        bill
        for bill in own.bills(1, 12)
        if not bill.has("TIME") and bill.created_at != bill.created_at.replace(
            hour=0, minute=0, second=0, microsecond=0
        )
    ]  # fmt: skip
    norms, platform = _read_norms(own)
    usual, groups = 0.0, []
    counts: dict[tuple[int, str], list[Bill]] = defaultdict(list)
    for bill in timed:
        counts[_outlet_of(bill)].append(bill)
    for (kind, outlet), bills in sorted(counts.items()):
        told = norms.get((kind, outlet), (0, 0))
        is_large = kind > 0 and told[0] >= FEWEST_BILLS
        all_bills, nights = told if is_large else platform
        norm = nights / all_bills if all_bills else 0.0
        usual += norm * len(bills)
        groups.append({"outlet": outlet, "kind": ("", "outlet", "carrier")[kind], "norm": norm,
                       "norm_of": "its own bills" if is_large else "the platform's bills",
                       "bills": len(bills), "at_night": sum(map(_is_night, bills))})  # fmt: skip
    night = [bill for bill in timed if _is_night(bill)]
    sides = [
        Side("night", "bills created from 23:00 to 05:00", "夜间（23–05 点）运单", COUNT, "bills",
             ones(night)),
        count_side(timed, "timed", en="bills with a time", zh="有时刻的运单"),
    ]  # fmt: skip
    traced = Traced(*window(own, 1, 12), sides, groups=groups)
    traced.numbers = {"usual_nights": usual}
    return settle(traced, lambda: (len(night) - usual) / len(timed), lacking=not timed)


def _read_norms(own: Own) -> tuple[dict[tuple[int, str], tuple[int, int]], tuple[int, int]]:
    """(bills, at night) of each outlet or carrier over all merchants, and of the platform."""
    time_flag = own.files.lake.code_bits["time"]
    timed = f"(flags & {time_flag}) = 0 and created_at <> date_trunc('day', created_at)"
    query = (
        "select case when outlet_id is not null then 1 when carrier_id is not null then 2 else 0"
        " end as kind, coalesce(outlet_id, carrier_id, '') as outlet, count(*) as bills,"
        " count(case when hour(created_at) >= 23 or hour(created_at) < 5 then 1 end) as nights"
        f" from ({bills_sql(own, timed, 12, 1)}) as timed group by all"
    )
    rows = own.files.fetch(query)
    norms = {(row["kind"], row["outlet"]): (row["bills"], row["nights"]) for row in rows}
    return norms, (sum(bills for bills, _ in norms.values()), sum(n for _, n in norms.values()))
