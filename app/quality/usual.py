"""Sums of a source come in; what a day or a span of days usually has, robustly, goes out.

The usual is the median over the same weekday of weeks before (a span of several days: the spans of
the same length before it), with the spread by the median absolute deviation. Quiet days say
nothing of volumes and are no part of the usual.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from app.features.holidays import Calendar, NoFestival
from app.quality.expectations import Expectations
from app.quality.sheet import Floats, Sheet

FEWEST, MOST = 4, 8  # spans that make a usual
REACH = 16  # how many spans back they are looked for, of up to seven days; of longer ones MOST
NORMAL = 1.4826  # median absolute deviation → standard deviation, of the normal distribution
FEWEST_OTHERS = 3  # carriers that tell how busy a day was

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Usual:
    """Of each row: the median and the spread of what the spans before had; NaN where fewer than
    FEWEST can be compared.
    """

    middle: Floats
    spread: Floats


def quiet_days(calendar: Calendar, expectations: Expectations, first: date, days: int) -> Bools:
    """Which of the days are closed, near closed ones, in a shock, or quiet every year."""
    margin = expectations.margin_days
    stretch = [first + timedelta(days=n) for n in range(-margin, days + margin)]
    still = np.array([_is_still(calendar, day) for day in stretch])
    wide = np.array([still[n : n + 2 * margin + 1].any() for n in range(days)])
    yearly = np.array([any(one.has(day) for one in expectations.quiet)
                       for day in stretch[margin : margin + days]])  # fmt: skip
    found: Bools = wide | yearly
    return found


def _is_still(calendar: Calendar, day: date) -> bool:
    try:
        closed = calendar.is_closed(day)
    except NoFestival:  # beyond the calendar nothing is known to be closed
        closed = False
    return closed or any(shock.first <= day <= shock.last for shock in calendar.shocks)


def span_step(over: int) -> int:
    """Days between a span and the one before it: whole weeks, so that weekdays match."""
    return -(-over // 7) * 7


def spans_back(over: int) -> int:
    """How many spans are looked back."""
    return REACH if over <= 7 else MOST


def days_back(over: int) -> int:
    """How many days before the end of a span its usual may reach."""
    return span_step(over) * spans_back(over) + over


def sum_span(values: Floats, end: int, over: int) -> Floats:
    """Of each row, the sum over the `over` days that end with the place `end`."""
    total: Floats = values[:, max(0, end - over + 1) : end + 1].sum(axis=1)
    return total


def usual_of(
    sheet: Sheet,
    quiet: Bools,
    end: int,
    over: int,
    value: Callable[[int], tuple[Floats, Bools]],
) -> Usual:
    """The usual of a span: `value(end)` gives of each row what a span had and whether it can be
    compared.
    """
    rows = len(sheet.carriers) + 1
    began = np.array([sheet.at(day) for day in sheet.began])
    found = np.full((spans_back(over), rows), np.nan)
    for back in range(1, spans_back(over) + 1):
        past = end - back * span_step(over)
        start = past - over + 1
        if start < 0:
            break
        if quiet[start : past + 1].sum() * 2 > over:
            continue
        one, fits = value(past)
        found[back - 1] = np.where(fits & (began <= start), one, np.nan)
    kept = ~np.isnan(found)
    found[np.cumsum(kept, axis=0) > MOST] = np.nan
    enough = (~np.isnan(found)).sum(axis=0) >= FEWEST
    middle, spread = np.full(rows, np.nan), np.full(rows, np.nan)
    if enough.any():
        chosen = found[:, enough]
        middle[enough] = np.nanmedian(chosen, axis=0)
        spread[enough] = NORMAL * np.nanmedian(np.abs(chosen - middle[enough]), axis=0)
    return Usual(middle, spread)


def day_levels(sheet: Sheet, quiet: Bools) -> Floats:
    """How busy each day was, told by the carriers: the median over carriers of the day's bills
    against the carrier's usual, weighted by the usual. NaN where fewer than FEWEST_OTHERS tell.
    """
    bills = sheet.sums["bills"][1:]
    levels = np.full(sheet.days, np.nan)
    if not len(bills) or quiet.all():
        return levels
    began = np.array([sheet.at(day) for day in sheet.began[1:]])
    open_days = np.arange(sheet.days)[~quiet]
    weight = np.array(
        [
            np.median(own[open_days[open_days >= start]]) if (open_days >= start).any() else 0.0
            for own, start in zip(bills, began, strict=True)
        ]
    )
    for place in range(sheet.days):
        tell = (weight > 0) & (began <= place)
        if tell.sum() >= FEWEST_OTHERS:
            levels[place] = _weighted_median(bills[tell, place] / weight[tell], weight[tell])
    return levels


def _weighted_median(values: Floats, weights: Floats) -> float:
    order = np.argsort(values, kind="stable")
    steps = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(steps, steps[-1] / 2)])
