"""Growth: a block's monthly series comes in, columns on change against earlier months and years go
out.
"""

from __future__ import annotations

import numpy as np

from app.features.blocks import Block
from app.features.columns import Bools, Column, Floats, Ints, divide, make_column
from app.features.series import Series

FALL = 95  # a month fell when it is below 95% of the month before
FEN = 100


def growth_features(block: Block, series: Series) -> dict[str, Column]:
    """domain.md 3, Growth: 36–39 and 41–43."""
    amount_3m_fen = block.sum_months("amount_fen", 3)
    return {
        "yoy_3m": _change(series, (1, 3), (13, 15), history=15),
        "yoy_12m": _change(series, (1, 12), (13, 24), history=24),
        "qoq_sa": _change(series, (1, 3), (4, 6), history=6),
        "slope_12m": make_column(_slope(series), short=series.shorter_than(12)),
        "drawdown": _drawdown(series),
        "down_months": make_column(_count_falls(series)),
        "new_consignee_share_3m": make_column(
            divide(block.consignees["new_3m_fen"], amount_3m_fen), baseless=amount_3m_fen == 0
        ),
    }


def _change(series: Series, now: tuple[int, int], then: tuple[int, int], history: int) -> Column:
    base = series.sum(*then)
    change = divide(series.sum(*now), base) - 1
    return make_column(change, short=series.shorter_than(history), baseless=base == 0)


def _slope(series: Series) -> Floats:
    """Least squares of ln(1 + yuan) on 0..11, oldest first: Σ(x − 5.5)·y ÷ Σ(x − 5.5)², the latter
    being 143.
    """
    logs = np.log1p(series.months(1, 12) / FEN)
    weighted = [(11 - back - 5.5) * logs[:, back] for back in range(12)]
    return series.add(np.stack(weighted, axis=1)) / 143


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
