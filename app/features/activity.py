"""Activity: on which days a merchant shipped comes in; how steadily it ships goes out."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from app.features.blocks import NO_DAY, Block, count_day
from app.features.calendar import first_day_of
from app.features.columns import Bools, Column, Ints, make_column

WEEKS = 26


def activity_features(block: Block) -> dict[str, Column]:
    """domain.md 3, Stability: 19 and 20."""
    shipped = _days_back(block)
    week_days = 7 * WEEKS
    weeks = shipped[:, :week_days].reshape(len(shipped), WEEKS, 7).any(axis=2).sum(axis=1)
    short_of_weeks = block.first_cod_day > count_day(block.as_of.day) - week_days
    return {
        "active_week_ratio_26w": make_column(weeks / WEEKS, short=short_of_weeks),
        "max_gap_days": make_column(
            _longest_gap(block, shipped),
            short=block.first_cod_day == NO_DAY,
            baseless=np.count_nonzero(shipped, axis=1) == 0,
        ),
    }


def _days_back(block: Block) -> Bools:
    """Whether a merchant shipped on a day, of shape (merchants, days): column i is T − 1 − i, back
    to the first day of M12.
    """
    as_of = block.as_of
    first = first_day_of(as_of.month(12))
    length = (as_of.day - first).days
    found: Bools = np.zeros((len(block.merchants), length), np.bool_)
    for back in range(length):
        day = as_of.day - timedelta(days=1 + back)
        month = as_of.month(0) - (day.year * 12 + day.month - 1)
        found[:, back] = (block.bill_days[:, month] >> (day.day - 1)) & 1
    return found


def _longest_gap(block: Block, shipped: Bools) -> Ints:
    """The most days in a row without a bill, from the first COD bill on; days on which carriers
    stand still are not counted and end nothing.
    """
    as_of = block.as_of
    running: Ints = np.zeros(len(shipped), np.int64)
    longest: Ints = np.zeros(len(shipped), np.int64)
    for back in reversed(range(shipped.shape[1])):
        day = as_of.day - timedelta(days=1 + back)
        if not block.is_closed(day):
            running += count_day(day) >= block.first_cod_day
        running[shipped[:, back]] = 0
        np.maximum(longest, running, out=longest)
    return longest
