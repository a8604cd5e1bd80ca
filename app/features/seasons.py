"""The season of a trade: what its merchants sold each month comes in; by how much each month stands
above or below the year, with the Spring Festival in its place, goes out.

The festival moves, so a calendar month is not the same season every year. A season is a value for
each of 13 parts of a year: three go with the festival, the others with the calendar. The index of a
month is the mean of the values of its parts, each by its share of the month.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from app.features.calendar import first_day_of
from app.features.columns import Bools, Floats, Ints
from app.features.holidays import Calendar

MONTHS = 36  # M1–M36 are looked at, and have an index
YEARS_MONTHS = 24  # of M1–M24 a merchant's own mean is taken: two full years
LEAST_ACTIVE = 16  # months with COD among them; a merchant with fewer says nothing of a season
LEAST_MERCHANTS = 200
LEAST_OBSERVED = 12  # months without a shock, below which there is no season to see
LOWEST, HIGHEST = 0.2, 5.0
DIGITS = 3  # a snapshot does not change because a late row moved a median by a hair
BESIDE_DAYS = 30  # the parts before and after the closed days of the festival
EVE, CLOSED, OPENING, MARCH = range(4)
PARTS = ("eve", "festival", "opening", *(f"{month:02d}" for month in range(3, 13)))
DECEMBER = MARCH + 9
BY_DAYS, BY_MONTHS = "days", "months"
MUCH_BETTER = 0.7  # of the squared error, before whole months count instead of days
SMOOTHING = 0.001  # so that a part that no month shows lies between its neighbours
STEADY = range(5, 12)  # calendar months that the festival never touches: the trend is read off them
_REFERENCE = 2019  # a year whose festival was on 5 February, the middle of its range


@dataclass(frozen=True, slots=True)
class Season:
    """`index[k − 1]` is that of Mk. `observed` are the medians it was fitted to, NaN where too few
    merchants were there; `growth` is the trend that was taken out of them, a year.
    """

    merchants: int
    alignment: str  # BY_DAYS or BY_MONTHS
    growth: float
    parts: Mapping[str, float]
    index: Floats
    observed: Floats


@dataclass(frozen=True, slots=True)
class Frame:
    """What the calendar says of the months M1–M36, the same for every trade: shares of the parts by
    alignment, of shape (months, parts); how many days of each part a year has; and the share of
    each month that no shock touches.
    """

    calendar_month: Ints
    shares: Mapping[str, Floats]
    year: Mapping[str, Floats]
    quiet: Floats


def lay_out(calendar: Calendar, last_month: int) -> Frame:
    """Lay the parts of the year over M1–M36, M1 being `last_month`. Raises NoFestival."""
    months = [last_month - back for back in range(MONTHS)]
    festivals = {_REFERENCE: date(_REFERENCE, 2, 5), _REFERENCE + 1: date(_REFERENCE + 1, 2, 5)}
    middle = replace(calendar, spring_festival=festivals)
    reference = [_REFERENCE * 12 + month for month in range(12)]
    lengths = np.array([len(_days_of(month)) for month in reference], np.float64)
    shares, year = {}, {}
    for alignment, share in ((BY_DAYS, _share_by_days), (BY_MONTHS, _share_by_months)):
        shares[alignment] = np.stack([share(calendar, month) for month in months])
        parts = np.stack([share(middle, month) for month in reference])
        year[alignment] = (parts * lengths[:, None]).sum(axis=0)
    quiet = [np.mean([not _is_shock(calendar, day) for day in _days_of(m)]) for m in months]
    named = np.array([month % 12 + 1 for month in months], np.int64)
    return Frame(named, shares, year, np.array(quiet, np.float64))


def is_telling(active_months: Ints, history: Ints) -> Bools:
    """Which merchants count for a season, from their months with COD among M1–M24."""
    telling: Bools = (history >= YEARS_MONTHS) & (active_months >= LEAST_ACTIVE)
    return telling


def estimate(frame: Frame, amounts: Floats, history: Ints, merchants: int) -> Season | None:
    """The season of a trade from merchants that are telling: `amounts` of shape (some of them,
    M1–M36), in fen; `merchants` is how many there are of the trade. None where there are too few,
    or too few months without a shock.
    """
    if merchants < LEAST_MERCHANTS:
        return None
    observed = _medians(amounts, history)
    weights = np.where(np.isnan(observed), 0.0, frame.quiet)
    level = np.where(np.isnan(observed), 0.0, observed)
    if weights.sum() < LEAST_OBSERVED or (level * weights).sum() <= 0:
        return None
    trend = _trend(frame, level, weights)
    level = level * np.exp(trend * np.arange(MONTHS))
    level = level * weights.sum() / (level * weights).sum()
    fits = {alignment: _fit(frame, alignment, level, weights) for alignment in frame.shares}
    best = BY_MONTHS if fits[BY_MONTHS][1] < MUCH_BETTER * fits[BY_DAYS][1] else BY_DAYS
    parts = fits[best][0]
    index = np.clip(frame.shares[best] @ parts, LOWEST, HIGHEST).round(DIGITS)
    told = {name: round(float(value), DIGITS) for name, value in zip(PARTS, parts, strict=True)}
    return Season(
        merchants, best, round(float(np.expm1(12 * trend)), DIGITS), told, index, observed
    )


def _medians(amounts: Floats, history: Ints) -> Floats:
    """The median over merchants of a month against the merchant's own mean of M1–M24; a merchant
    counts from the month of its first COD bill on.
    """
    ratios = amounts / amounts[:, :YEARS_MONTHS].mean(axis=1)[:, None]
    found = np.full(MONTHS, np.nan)
    for back in range(MONTHS):
        there = ratios[history > back, back]
        if len(there) >= LEAST_MERCHANTS:
            found[back] = np.median(there)
    return found


def _trend(frame: Frame, level: Floats, weights: Floats) -> float:
    """The growth of ln(level) a month: the median over pairs of the same month in two years, of
    months that no festival moves.
    """
    pairs = [
        np.log(level[back] / level[back + 12]) / 12
        for back in range(MONTHS - 12)
        if frame.calendar_month[back] in STEADY
        and min(weights[back], weights[back + 12]) >= 0.5
        and min(level[back], level[back + 12]) > 0
    ]
    return float(np.median(pairs)) if pairs else 0.0


def _fit(frame: Frame, alignment: str, level: Floats, weights: Floats) -> tuple[Floats, float]:
    """Values of the parts by weighted least squares, none below 0, their mean over the days of a
    year 1; and the squared error that is left.
    """
    shares, count = frame.shares[alignment], len(PARTS)
    bend = np.eye(count) - (np.roll(np.eye(count), 1, 1) + np.roll(np.eye(count), -1, 1)) / 2
    weighted = shares.T * weights
    parts = np.linalg.solve(weighted @ shares + SMOOTHING * bend.T @ bend, weighted @ level)
    parts = np.maximum(parts, 0.0)
    error = float((weights * (level - shares @ parts) ** 2).sum())
    year = frame.year[alignment]
    return parts * year.sum() / (parts * year).sum(), error


def _share_by_days(calendar: Calendar, month: int) -> Floats:
    days = _days_of(month)
    share = np.zeros(len(PARTS), np.float64)
    for day in days:
        share[_part_of(calendar, day)] += 1
    return share / len(days)


def _part_of(calendar: Calendar, day: date) -> int:
    """The part of the year that a day lies in. What is left of January goes with December, of
    February with March.
    """
    for year in (day.year, day.year + 1) if day.month == 12 else (day.year,):
        distance = (day - calendar.festival_of(year)).days
        if -calendar.days_before <= distance < calendar.days_after:
            return CLOSED
        if 0 <= -calendar.days_before - 1 - distance < BESIDE_DAYS:
            return EVE
        if 0 <= distance - calendar.days_after < BESIDE_DAYS:
            return OPENING
    return _part_of_month(day.month)


def _share_by_months(calendar: Calendar, month: int) -> Floats:
    """The festival's month, the one before and the one after are parts of their own, whole."""
    first = first_day_of(month)
    year = first.year + (first.month == 12)
    distance = first.month - 12 * (first.month == 12) - calendar.festival_of(year).month
    around = {-1: EVE, 0: CLOSED, 1: OPENING}
    share = np.zeros(len(PARTS), np.float64)
    share[around.get(distance, _part_of_month(first.month))] = 1.0
    return share


def _part_of_month(month: int) -> int:
    return DECEMBER if month == 1 else MARCH + max(month, 3) - 3


def _days_of(month: int) -> Sequence[date]:
    first, end = first_day_of(month), first_day_of(month + 1)
    return [first + timedelta(days=n) for n in range((end - first).days)]


def _is_shock(calendar: Calendar, day: date) -> bool:
    return any(shock.first <= day <= shock.last for shock in calendar.shocks)
