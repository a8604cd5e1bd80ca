"""Seasons and peers once more, slowly: written from the head of the catalogue, sharing no code with
the service.
"""

from __future__ import annotations

import calendar
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Any

from lunardate import LunarDate

COMPARED = ("industry_percentile", "rel_growth", "round_excess")
SEASONAL = (
    *("cod_median_month", "cod_min_month", "cod_trim_month", "cv", "downside_dev"),
    *("yoy_3m", "yoy_12m", "qoq_sa", "slope_12m", "accel", "drawdown", "down_months"),
)
PARTS = ("eve", "closed", "opening", 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
SHOCKS = (
    (date(2020, 1, 23), date(2020, 3, 31)),
    (date(2022, 3, 14), date(2022, 5, 31)),
    (date(2022, 12, 1), date(2023, 1, 15)),
)
NONE = [1.0] * 36

Part = str | int


@dataclass(frozen=True)
class Trader:
    """A merchant as its season is seen: `months[k − 1]` is Mk, in fen."""

    months: Sequence[int]
    history: int
    industry: str  # or the reason why there is none

    @property
    def is_telling(self) -> bool:
        return self.history >= 24 and sum(amount > 0 for amount in self.months[:24]) >= 16


def find_indexes(traders: Mapping[str, Trader], as_of: date) -> dict[str, list[float]]:
    """The index of M1–M36 of each merchant."""
    placed = [t for t in traders.values() if t.industry != "SOURCE_LACKS" and t.is_telling]
    common = _season(placed, as_of) or NONE
    own = {
        name: _season([t for t in placed if t.industry == name], as_of) or common
        for name in {t.industry for t in placed} - {"NO_BASE"}
    }
    return {
        merchant: NONE if t.industry == "SOURCE_LACKS" else own.get(t.industry, common)
        for merchant, t in traders.items()
    }


def _season(traders: Sequence[Trader], as_of: date) -> list[float] | None:
    if len(traders) < 200:
        return None
    seen: dict[int, float] = {}
    for k in range(1, 37):
        there = [t for t in traders if t.history >= k]
        if len(there) >= 200:
            seen[k] = median(t.months[k - 1] / (sum(t.months[:24]) / 24) for t in there)
    days = {k: _days(as_of, k) for k in seen}
    weight = {
        k: sum(not any(a <= d <= b for a, b in SHOCKS) for d in days[k]) / len(days[k])
        for k in seen
    }
    if sum(weight.values()) < 12 or sum(weight[k] * seen[k] for k in seen) <= 0:
        return None
    pairs = [
        math.log(seen[k] / seen[k + 12])
        for k in seen
        if k + 12 in seen
        and days[k][0].month in range(5, 12)
        and min(weight[k], weight[k + 12]) >= 0.5
        and min(seen[k], seen[k + 12]) > 0
    ]
    growth = median(pairs) if pairs else 0.0
    level = {k: seen[k] * math.exp(growth * k / 12) for k in seen}
    mean = sum(weight[k] * level[k] for k in seen) / sum(weight.values())
    level = {k: value / mean for k, value in level.items()}
    fits = []
    for part_of in (_by_days, _by_months):
        shares = {k: _shares(_days(as_of, k), part_of) for k in range(1, 37)}
        values = {part: max(value, 0.0) for part, value in _solve(shares, level, weight).items()}
        error = sum(
            weight[k] * (level[k] - sum(s * values[p] for p, s in shares[k].items())) ** 2
            for k in seen
        )
        middle = [d for month in range(1, 13) for d in _month(2019, month)]
        year = [values[part_of(day, _on_the_fifth)] for day in middle]
        mean = sum(year) / len(year)
        index = [sum(s * values[p] for p, s in shares[k].items()) / mean for k in range(1, 37)]
        fits.append((error, [round(min(max(value, 0.2), 5.0), 3) for value in index]))
    by_days, by_months = fits
    return by_months[1] if by_months[0] < 0.7 * by_days[0] else by_days[1]


def _festival(year: int) -> date:
    return LunarDate(year, 1, 1).to_solar_date()


def _on_the_fifth(year: int) -> date:
    return date(year, 2, 5)


def _by_days(day: date, festival: Any = _festival) -> Part:
    for year in (day.year, day.year + 1):
        after = (day - festival(year)).days
        for part, first, end in (("eve", -40, -10), ("closed", -10, 15), ("opening", 15, 45)):
            if first <= after < end:
                return part
    return {1: 12, 2: 3}.get(day.month, day.month)


def _by_months(day: date, festival: Any = _festival) -> Part:
    for year in (day.year, day.year + 1):
        after = (day.year - year) * 12 + day.month - festival(year).month
        if -1 <= after <= 1:
            return ("eve", "closed", "opening")[after + 1]
    return day.month


def _shares(days: Sequence[date], part_of: Any) -> dict[Part, float]:
    parts = [part_of(day) for day in days]
    return {part: parts.count(part) / len(parts) for part in set(parts)}


def _solve(
    shares: Mapping[int, Mapping[Part, float]], level: Mapping[int, float], weight: Any
) -> dict[Part, float]:
    """Least squares, with a thousandth of (value − mean of its two neighbours)², by elimination."""
    rows = [([shares[k].get(part, 0.0) for part in PARTS], level[k], weight[k]) for k in level]
    for at in range(13):
        bend = [0.0] * 13
        bend[at], bend[at - 1], bend[(at + 1) % 13] = 1.0, -0.5, -0.5
        rows.append((bend, 0.0, 0.001))
    system = [
        [sum(w * x[i] * x[j] for x, _, w in rows) for j in range(13)]
        + [sum(w * x[i] * y for x, y, w in rows)]
        for i in range(13)
    ]
    for i in range(13):
        best = max(range(i, 13), key=lambda r: abs(system[r][i]))
        system[i], system[best] = system[best], system[i]
        for r in range(13):
            if r != i:
                times = system[r][i] / system[i][i]
                system[r] = [a - times * b for a, b in zip(system[r], system[i], strict=True)]
    return {part: system[i][13] / system[i][i] for i, part in enumerate(PARTS)}


def _month(year: int, month: int) -> list[date]:
    return [date(year, month, d + 1) for d in range(calendar.monthrange(year, month)[1])]


def _days(as_of: date, k: int) -> list[date]:
    first = as_of.replace(day=1)
    for _ in range(k):
        first = (first - timedelta(days=1)).replace(day=1)
    return _month(first.year, first.month)


def compare(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The features that compare a merchant with its peers, from its other features."""

    def peers(name: str, row: Mapping[str, Any]) -> Collection[float]:
        def known(one: Mapping[str, Any]) -> bool:
            return not isinstance(one[name], str) and (name != "cod_amt_12m" or one[name] > 0)

        own = row["industry"]
        values = [r[name] for r in rows.values() if r["industry"] == own and known(r)]
        if own in ("SOURCE_LACKS", "NO_BASE") or len(values) < 30:
            values = [r[name] for r in rows.values() if known(r)]
        return values

    found: dict[str, dict[str, Any]] = {}
    for merchant, row in rows.items():
        told: dict[str, Any] = {"industry_percentile": "NO_BASE"}
        amount = row["cod_amt_12m"]
        if amount > 0:
            values = peers("cod_amt_12m", row)
            below = sum(v < amount for v in values) + sum(v == amount for v in values) / 2
            told["industry_percentile"] = below / len(values)
        told["rel_growth"] = row["yoy_3m"]
        if not isinstance(row["yoy_3m"], str):
            told["rel_growth"] = row["yoy_3m"] - median(peers("yoy_3m", row))
        told["round_excess"] = row["round_share"]
        if not isinstance(row["round_share"], str):
            shares = peers("round_share", row)
            told["round_excess"] = row["round_share"] - sum(shares) / len(shares)
        found[merchant] = told
    return found
