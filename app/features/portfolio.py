"""What the whole portfolio says of a merchant: the tables of the first pass come in; the season of
each industry, and how each merchant stands among its peers, go out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import md5

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from app.features.columns import KNOWN, Bools, Floats, Ints
from app.features.first_pass import HISTORY, MIXED, FirstPass, amounts_of
from app.features.growth import year_on_year
from app.features.holidays import Calendar
from app.features.peers import (
    NO_INDUSTRY,
    each_industry,
    mean_of_peers,
    median_of_peers,
    rank_among_peers,
)
from app.features.seasons import (
    LEAST_MERCHANTS,
    MONTHS,
    YEARS_MONTHS,
    Season,
    estimate,
    is_telling,
    lay_out,
)
from app.features.series import make_series

ALL = "*"  # the name of all industries together
SAMPLE = 2_000  # merchants of an industry that its season is estimated from
AT_ONCE = 40_000  # merchants whose months are held at a time
YOY_MONTHS = 15


@dataclass(frozen=True, slots=True)
class Roll:
    """A few numbers of every merchant, in order: its industry's number in `names` or NO_INDUSTRY,
    whether it has several trades and no leading one, and what is compared.
    """

    names: list[str]
    industries: Ints
    is_mixed: Bools
    is_telling: Bools
    year_fen: Ints
    round_share: Floats
    has_round_share: Bools


@dataclass(frozen=True, slots=True)
class Portfolio:
    """`seasons` by industry, those that have their own; `common` of all industries together, None
    where it has none either. `index[lines[i]]` is the seasonal index of merchant i, of M1–M36.

    `percentile`, `yoy_of_peers` and `round_of_peers` of shape (merchants,) hold 0 where the
    merchant's own value is unknown.
    """

    seasons: Mapping[str, Season]
    common: Season | None
    index: Floats
    lines: Ints
    percentile: Floats
    yoy_of_peers: Floats
    round_of_peers: Floats


def survey_portfolio(
    first: FirstPass, merchants: Sequence[str], calendar: Calendar, last_month: int
) -> Portfolio:
    """Look over all merchants; M1 is `last_month`. Raises NoFestival."""
    roll = _call_roll(first)
    seasons, common = _estimate_seasons(first, merchants, roll, calendar, last_month)
    none = np.ones(MONTHS, np.float64)
    parent = common.index if common is not None else none
    own = [seasons[name].index if name in seasons else parent for name in roll.names]
    index = np.stack([*own, parent, none])
    unled = np.where(roll.is_mixed, len(own), len(own) + 1)
    lines = np.where(roll.industries == NO_INDUSTRY, unled, roll.industries)
    yoy, has_yoy = _read_yoy(first, index, lines)
    return Portfolio(
        seasons,
        common,
        index,
        lines,
        rank_among_peers(roll.year_fen, roll.year_fen > 0, roll.industries),
        median_of_peers(yoy, has_yoy, roll.industries),
        mean_of_peers(roll.round_share, roll.has_round_share, roll.industries),
    )


def _call_roll(first: FirstPass) -> Roll:
    numbers: dict[str, int] = {}
    types = (np.int64, np.bool_, np.bool_, np.int64, np.float64, np.bool_)
    parts: list[tuple[np.ndarray, ...]] = [tuple(np.zeros(0, kind) for kind in types)]
    for batch in first.batches():
        amounts, history = amounts_of(batch), batch.column(HISTORY).to_numpy()
        shares = batch.column("round_share")
        active = np.count_nonzero(amounts[:, :YEARS_MONTHS] > 0, axis=1)
        parts.append(
            (
                _number(batch.column("industry"), numbers),
                batch.column(MIXED).to_numpy(zero_copy_only=False),
                is_telling(active, history),
                amounts[:, :12].sum(axis=1),
                shares.fill_null(0).to_numpy(),
                shares.is_valid().to_numpy(zero_copy_only=False),
            )
        )
    columns = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Roll(list(numbers), *columns)


def _number(industries: pa.Array, numbers: dict[str, int]) -> Ints:
    encoded = industries.dictionary_encode()
    own = [numbers.setdefault(name, len(numbers)) for name in encoded.dictionary.to_pylist()]
    indices = encoded.indices.fill_null(len(own)).to_numpy()
    found: Ints = np.array([*own, NO_INDUSTRY], np.int64)[indices]
    return found


def _estimate_seasons(
    first: FirstPass,
    merchants: Sequence[str],
    roll: Roll,
    calendar: Calendar,
    last_month: int,
) -> tuple[dict[str, Season], Season | None]:
    """Seasons by industry, in the order of their names, and that of all together. Merchants whose
    bills tell no category count for none.
    """
    has_trade = roll.is_telling & ((roll.industries != NO_INDUSTRY) | roll.is_mixed)
    everybody = np.flatnonzero(has_trade)
    own = {roll.names[n]: places for n, places in each_industry(everybody, roll.industries)}
    own.pop(ALL, None)  # a category that is written so has the index of all
    groups = {ALL: everybody} | {name: own[name] for name in sorted(own)}
    groups = {name: places for name, places in groups.items() if len(places) >= LEAST_MERCHANTS}
    if not groups:
        return {}, None
    frame = lay_out(calendar, last_month)
    ranks = _rank(everybody, merchants)
    samples = {name: _draw(places, ranks) for name, places in groups.items()}
    found: dict[str, Season | None] = {}
    for names in _cut(samples):
        wanted = np.unique(np.concatenate([samples[name] for name in names]))
        months, history = _read_months(first, wanted)
        for name in names:
            rows = np.searchsorted(wanted, samples[name])
            found[name] = estimate(
                frame, months[rows].astype(np.float64), history[rows], len(groups[name])
            )
    common = found.pop(ALL, None)
    return {name: season for name, season in found.items() if season is not None}, common


def _rank(places: Ints, merchants: Sequence[str]) -> NDArray[np.uint64]:
    """By place, the first eight bytes of the MD5 of the merchant_id; of others 0. They decide who
    is in a sample: nobody's place or waybills do.
    """
    ranks = np.zeros(len(merchants), np.uint64)
    if len(places) > SAMPLE:
        names = [merchants[place].encode() for place in places.tolist()]
        digests = b"".join(md5(name, usedforsecurity=False).digest()[:8] for name in names)
        ranks[places] = np.frombuffer(digests, ">u8")
    return ranks


def _draw(places: Ints, ranks: NDArray[np.uint64]) -> Ints:
    """At most SAMPLE of the places, the first by rank; sorted."""
    return np.sort(places[np.lexsort((places, ranks[places]))[:SAMPLE]])


def _cut(samples: Mapping[str, Ints]) -> list[list[str]]:
    """The names in lots whose samples have about AT_ONCE merchants."""
    lots: list[list[str]] = []
    size = AT_ONCE
    for name, places in samples.items():
        if size + len(places) > AT_ONCE:
            lots.append([])
            size = 0
        lots[-1].append(name)
        size += len(places)
    return lots


def _read_months(first: FirstPass, wanted: Ints) -> tuple[Ints, Ints]:
    """Amounts of M1–M36, of shape (wanted, 36), and lengths of history, of merchants by place."""
    months = np.zeros((len(wanted), MONTHS), np.int64)
    history = np.zeros(len(wanted), np.int64)
    begin = 0
    for batch in first.batches():
        low, high = np.searchsorted(wanted, (begin, begin + batch.num_rows))
        rows = wanted[low:high] - begin
        amounts = amounts_of(batch)[rows, :MONTHS]
        months[low:high, : amounts.shape[1]] = amounts
        history[low:high] = batch.column(HISTORY).to_numpy()[rows]
        begin += batch.num_rows
    return months, history


def _read_yoy(first: FirstPass, index: Floats, lines: Ints) -> tuple[Floats, Bools]:
    values: list[Floats] = [np.zeros(0, np.float64)]
    known: list[Bools] = [np.zeros(0, np.bool_)]
    begin = 0
    for batch in first.batches():
        own = index[lines[begin : begin + batch.num_rows], :YOY_MONTHS]
        amounts = amounts_of(batch)[:, :YOY_MONTHS]
        column = year_on_year(make_series(amounts, batch.column(HISTORY).to_numpy(), own))
        values.append(np.asarray(column.values, np.float64))
        known.append(column.reasons == KNOWN)
        begin += batch.num_rows
    return np.concatenate(values), np.concatenate(known)
