"""How features of growth are traced: domain.md 3, 36–44."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

from app.features.tracing.rows import Own
from app.features.tracing.stability import customers, share
from app.features.tracing.traced import (
    Trace,
    Traced,
    amount_side,
    history_side,
    months_table,
    proof_side,
    settle,
    window,
)


def growth_traces() -> dict[str, Trace]:
    """By feature."""
    return {
        "yoy_3m": _change((1, 3), (13, 15), 15),
        "yoy_12m": _change((1, 12), (13, 24), 24),
        "qoq_sa": _change((1, 3), (4, 6), 6),
        "slope_12m": _slope,
        "accel": _accel,
        "drawdown": _drawdown,
        "down_months": _down_months,
        "new_consignee_share_3m": _new_share,
        "net_consignee_growth": _net_growth,
    }


def _change(now: tuple[int, int], then: tuple[int, int], history: int) -> Trace:
    def trace(own: Own) -> Traced:
        top, base = sum(own.adjusted(*now)), sum(own.adjusted(*then))
        sides = [
            amount_side(own.cod(*now), "now", en=f"amounts of M{now[0]}–M{now[1]}",
                        zh=f"M{now[0]}–M{now[1]} 金额"),
            amount_side(own.cod(*then), "then", en=f"amounts of M{then[0]}–M{then[1]}",
                        zh=f"M{then[0]}–M{then[1]} 金额"),
            *history_side(own),
        ]  # fmt: skip
        groups = months_table(own, then[1])
        kept = {*range(now[0], now[1] + 1), *range(then[0], then[1] + 1)}
        traced = Traced(*window(own, 1, then[1]), sides)
        traced.groups = [row for row in groups if row["k"] in kept]
        traced.numbers = {"now_fen": top, "then_fen": base}
        return settle(
            traced, lambda: top / base - 1, short=own.history < history, baseless=base == 0
        )

    return trace


def _fit(own: Own, months: int) -> float:
    """Least squares of ln(1 + yuan) on the month, oldest first."""
    logs = [math.log1p(fen / 100) for fen in reversed(own.adjusted(1, months))]
    middle = (months - 1) / 2
    return sum((x - middle) * y for x, y in enumerate(logs)) / ((months**3 - months) / 12)


def _yearly(own: Own, **numbers: Any) -> Traced:
    sides = [amount_side(own.cod(1, 12)), *history_side(own)]
    traced = Traced(*window(own, 1, 12), sides, groups=months_table(own, 12))
    traced.numbers = numbers
    return traced


def _slope(own: Own) -> Traced:
    return settle(_yearly(own), lambda: _fit(own, 12), short=own.history < 12)


def _accel(own: Own) -> Traced:
    fits = {"slope_6m": _fit(own, 6), "slope_12m": _fit(own, 12)}
    traced = _yearly(own, **fits)
    return settle(traced, lambda: fits["slope_6m"] - fits["slope_12m"], short=own.history < 12)


def _drawdown(own: Own) -> Traced:
    months = own.adjusted(1, 24)
    sums = [sum(months[begin : begin + 3]) for begin in range(22)]
    largest = max(sums)
    place = sums.index(largest)
    sides = [amount_side(own.cod(1, 24)), *history_side(own)]
    traced = Traced(*window(own, 1, 24), sides, groups=months_table(own, 24))
    traced.numbers = {
        "last_3_months_fen": sums[0],
        "best_3_months_fen": largest,
        "best_3_months": f"M{place + 1}–M{place + 3}",
    }
    return settle(
        traced, lambda: 1 - sums[0] / largest, short=own.history < 12, baseless=largest == 0
    )


def _down_months(own: Own) -> Traced:
    """The months that fell, and the one before them, which did not fall."""
    reach = max(own.history, 1) + 1
    months = own.adjusted(1, reach)
    falls = 0
    while falls < len(months) - 1 and months[falls] * 100 < months[falls + 1] * 95:
        falls += 1
    shown = min(falls + 2, reach)
    sides = [amount_side(own.cod(1, shown)), *history_side(own)]
    traced = Traced(*window(own, 1, shown), sides)
    traced.groups = months_table(own, shown)
    return settle(traced, lambda: falls)


def _new_share(own: Own) -> Traced:
    recent = own.cod(1, 3)
    first: dict[str, date] = {}
    known = {}
    for bill in own.rows:
        if bill.is_cod and bill.consignee_id not in first:
            first[bill.consignee_id] = bill.day
            known[bill.consignee_id] = bill
    fresh = [bill for bill in recent if first[bill.consignee_id] >= own.as_of.new_from]
    earlier = [known[name] for name in dict.fromkeys(bill.consignee_id for bill in recent)]
    top = amount_side(fresh, "new", en="amounts from consignees first seen at most 90 days before",
                      zh="新收货人的金额")  # fmt: skip
    base = amount_side(recent)
    proofs = proof_side(earlier, "first_seen", "the first COD bill of each of these consignees",
                        "各收货人的首笔运单")  # fmt: skip
    return share(Traced(*window(own, 1, 3), [top, base, proofs]), top.total, base.total)


def _net_growth(own: Own) -> Traced:
    sides = [
        customers(own.cod(1, 6), "now", "consignees of M1–M6", "M1–M6 的收货人"),
        customers(own.cod(7, 12), "then", "consignees of M7–M12", "M7–M12 的收货人"),
    ]
    now, then = sides[0].total, sides[1].total
    return share(Traced(*window(own, 1, 12), sides), now - then, then)
