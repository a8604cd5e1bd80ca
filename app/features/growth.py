"""Growth: counts of consignees and monthly series come in; columns on change against earlier months
and years go out.
"""

from __future__ import annotations

import numpy as np

from app.features.blocks import Block
from app.features.columns import Bools, Column, Floats, Ints, divide, make_column
from app.features.series import Series

FALL = 95  # a month fell when it is below 95% of the month before
FEN = 100


def growth_features(block: Block) -> dict[str, Column]:
    """domain.md 3, Growth: 43 and 44."""
    amount_3m_fen = block.sum_months("amount_fen", 3)
    now, before = block.consignees["in_1_6"], block.consignees["in_7_12"]
    return {
        "new_consignee_share_3m": make_column(
            divide(block.new_3m_fen, amount_3m_fen), baseless=amount_3m_fen == 0
        ),
        "net_consignee_growth": make_column(divide(now - before, before), baseless=before == 0),
    }


def trends(series: Series) -> dict[str, Column]:
    """domain.md 3, Growth: 36–42."""
    slope_12m, short = _slope(series, 12), series.shorter_than(12)
    return {
        "yoy_3m": year_on_year(series),
        "yoy_12m": _change(series, (1, 12), (13, 24), history=24),
        "qoq_sa": _change(series, (1, 3), (4, 6), history=6),
        "slope_12m": make_column(slope_12m, short=short),
        "accel": make_column(_slope(series, 6) - slope_12m, short=short),
        "drawdown": _drawdown(series),
        "down_months": make_column(_count_falls(series)),
    }


def year_on_year(series: Series) -> Column:
    """domain.md 3: 36; it reads no month before M15."""
    return _change(series, (1, 3), (13, 15), history=15)


def _change(series: Series, now: tuple[int, int], then: tuple[int, int], history: int) -> Column:
    base = series.sum(*then)
    change = divide(series.sum(*now), base) - 1
    return make_column(change, short=series.shorter_than(history), baseless=base == 0)


def _slope(series: Series, months: int) -> Floats:
    """Least squares of ln(1 + yuan) on 0, 1, …, oldest first, over M1 … M`months`:
    Σ(x − mean)·y ÷ Σ(x − mean)², the latter being (n³ − n) ÷ 12.
    """
    logs = np.log1p(series.months(1, months) / FEN)
    middle = (months - 1) / 2
    weighted = [(months - 1 - back - middle) * logs[:, back] for back in range(months)]
    return series.add(np.stack(weighted, axis=1)) / ((months**3 - months) / 12)


def _drawdown(series: Series) -> Column:
    months = series.months(1, 24)
    largest: Floats = np.zeros(len(months))
    for begin in range(22):
        largest = np.maximum(largest, series.add(months[:, begin : begin + 3]))
    fall = 1 - divide(series.sum(1, 3), largest)
    return make_column(fall, short=series.shorter_than(12), baseless=largest == 0)


def _count_falls(series: Series) -> Ints:
    """Falling months in a row, counted back from M1. Before history amounts are 0, which ends a run
    by itself.
    """
    amounts = series.amounts
    running: Bools = np.ones(len(amounts), np.bool_)
    falls: Ints = np.zeros(len(amounts), np.int64)
    for back in range(amounts.shape[1] - 1):
        running = running & (amounts[:, back] * 100 < amounts[:, back + 1] * FALL)
        falls += running
    return falls
