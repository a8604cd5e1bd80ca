"""A month comes in; how busy each of its days is, per trade, goes out.

Months are integers everywhere in this room: year * 12 + month - 1. The festivals and shocks are
those of `rulesets/calendar.yaml`.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from app.demo.industries import INDUSTRIES, Industry
from app.features.holidays import Calendar

Floats = NDArray[np.float64]

SEASONAL_POWER = 1.9  # for merchants who live by the season
SUNDAY_WEIGHT = 0.7
NATIONAL_HOLIDAY_WEIGHT = 0.5
SHOCK_WEIGHT = 0.4
# Days from the festival (from, to) and the weight of each; outside 1. In the first span customers
# stock up, each trade in its own measure.
STOCKING_DAYS = (-32, -11)
FESTIVAL_WEIGHTS = ((-10, -4, 0.45), (-3, 7, 0.03), (8, 15, 0.40))


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


def weigh_day(day: date, industry: Industry, days: Calendar, power: float = 1.0) -> float:
    """How busy a day is in a trade; an ordinary weekday of an ordinary month has about 1.

    Raises NoFestival for a year that the calendar lacks.
    """
    weight: float = industry.year[day.month - 1] ** power
    distance = (day - days.festival_of(day.year)).days
    if STOCKING_DAYS[0] <= distance <= STOCKING_DAYS[1]:
        weight *= industry.stocking
    for first, last, factor in FESTIVAL_WEIGHTS:
        if first <= distance <= last:
            weight *= factor
    if any(shock.first <= day <= shock.last for shock in days.shocks):
        weight *= SHOCK_WEIGHT
    if day.month == 10 and day.day <= 3:
        weight *= NATIONAL_HOLIDAY_WEIGHT
    return weight * (SUNDAY_WEIGHT if day.weekday() == 6 else 1.0)


def weigh_days(month: int, days: Calendar) -> Floats:
    """Weights of the month's days, shape (2 × trades, days): first every trade as it is, then once
    more for those of its merchants who live by the season.
    """
    start = first_day(month)
    return np.array(
        [
            [
                weigh_day(start + timedelta(days=n), industry, days, power)
                for n in range(count_days(month))
            ]
            for power in (1.0, SEASONAL_POWER)
            for industry in INDUSTRIES
        ]
    )
