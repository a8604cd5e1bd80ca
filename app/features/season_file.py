"""Seasons as they are kept with a snapshot: a portfolio comes in; a CSV table that stands beside
it, and what its provenance says of them, go out.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Iterator
from typing import Any

from app.features.calendar import first_day_of
from app.features.portfolio import ALL, Portfolio
from app.features.seasons import Season

ENDING = ".season.csv"
COLUMNS = ("industry", "month", "index", "observed", "merchants", "alignment", "growth")


def write_seasons(portfolio: Portfolio, last_month: int) -> str:
    """A line an industry and month, newest first; `observed` is the median of what was sold in the
    month against the merchant's own mean of M1–M24, empty where too few merchants were there.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for industry, season in _list(portfolio):
        of_all = (season.merchants, season.alignment, f"{season.growth:.3f}")
        for back, (index, seen) in enumerate(zip(season.index, season.observed, strict=True)):
            observed = "" if math.isnan(seen) else f"{seen:.6f}"
            month = _name(last_month - back)
            writer.writerow([industry, month, f"{index:.3f}", observed, *of_all])
    return text.getvalue()


def tell_seasons(portfolio: Portfolio, last_month: int, text: str) -> dict[str, Any]:
    """What the provenance says: the hash of the table, and the index of each month by industry.
    An industry that is not named has the index of all together (`*`); without that, none has one.
    """
    return {
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "industries": {name: _tell(season, last_month) for name, season in _list(portfolio)},
    }


def _list(portfolio: Portfolio) -> Iterator[tuple[str, Season]]:
    if portfolio.common is not None:
        yield ALL, portfolio.common
    yield from portfolio.seasons.items()


def _tell(season: Season, last_month: int) -> dict[str, Any]:
    index = season.index.tolist()
    return {
        "merchants": season.merchants,
        "alignment": season.alignment,
        "growth": season.growth,
        "parts": dict(season.parts),
        "index": {_name(last_month - back): value for back, value in enumerate(index)},
    }


def _name(month: int) -> str:
    return f"{first_day_of(month):%Y-%m}"
