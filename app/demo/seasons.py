"""A month comes in; how busy each of its days is, per kind of trade, goes out.

Months are integers everywhere in this room: year * 12 + month - 1.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

# New Year's Day of the lunar calendar; the trade stands still around it.
SPRING_FESTIVALS = {
    2015: (2, 19),
    2016: (2, 8),
    2017: (1, 28),
    2018: (2, 16),
    2019: (2, 5),
    2020: (1, 25),
    2021: (2, 12),
    2022: (2, 1),
    2023: (1, 22),
    2024: (2, 10),
    2025: (1, 29),
    2026: (2, 17),
    2027: (2, 6),
    2028: (1, 26),
    2029: (2, 13),
    2030: (2, 3),
    2031: (1, 23),
}
# For years beyond the table: the middle of the festival's range.
USUAL_FESTIVAL = (2, 5)

# Peaks in March to May and September to November.
MONTH_WEIGHTS = (1.0, 0.92, 1.16, 1.18, 1.10, 0.94, 0.86, 0.90, 1.14, 1.20, 1.12, 1.0)
SUNDAY_WEIGHT = 0.7
NATIONAL_HOLIDAY_WEIGHT = 0.5
# Days from New Year's Day (from, to) and the weight of each; outside 1.
FESTIVAL_WEIGHTS = ((-30, -11, 1.12), (-10, -4, 0.45), (-3, 7, 0.04), (8, 15, 0.40))


def to_month(year: int, month: int) -> int:
    """The integer of a calendar month."""
    return year * 12 + month - 1


def first_day(month: int) -> date:
    """The first day of a month integer."""
    return date(month // 12, month % 12 + 1, 1)


def name_month(month: int) -> str:
    """`YYYY-MM` of a month integer."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def count_days(month: int) -> int:
    """How many days the month has."""
    return calendar.monthrange(month // 12, month % 12 + 1)[1]


def weigh_day(day: date) -> float:
    """How busy a day is; an ordinary weekday of an ordinary month has 1."""
    festival = date(day.year, *SPRING_FESTIVALS.get(day.year, USUAL_FESTIVAL))
    distance = (day - festival).days
    weight = MONTH_WEIGHTS[day.month - 1]
    for first, last, factor in FESTIVAL_WEIGHTS:
        if first <= distance <= last:
            weight *= factor
    if day.month == 10 and day.day <= 3:
        weight *= NATIONAL_HOLIDAY_WEIGHT
    return weight * (SUNDAY_WEIGHT if day.weekday() == 6 else 1.0)


def weigh_days(month: int, swings: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of the month's days, shape (len(swings), days): day weights to the power of a swing.

    A swing of 1 is the usual season, 0 none, 2 a trade that lives by it.
    """
    start = first_day(month)
    days = [weigh_day(start + timedelta(days=n)) for n in range(count_days(month))]
    weights: NDArray[np.float64] = np.power(np.asarray(days)[None, :], swings[:, None])
    return weights
