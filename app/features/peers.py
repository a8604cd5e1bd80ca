"""Merchants among their peers: a value of every merchant and its industry come in; how it stands
against the industry goes out, or against all merchants where the industry has too few.

Nothing here depends on the order of merchants: sums are exact before they are rounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from app.features.columns import Bools, Floats, Ints

LEAST_PEERS = 30
NO_INDUSTRY = -1


def rank_among_peers(values: Ints, known: Bools, industries: Ints) -> Floats:
    """The share of peers with a smaller value, those with the same value counting half."""

    def rank(among: Ints) -> Callable[[Ints], Floats]:
        ordered = np.sort(among)

        def stand(own: Ints) -> Floats:
            below = np.searchsorted(ordered, own, side="left")
            up_to = np.searchsorted(ordered, own, side="right")
            standing: Floats = (below + up_to) / (2 * len(ordered))
            return standing

        return stand

    return _compare(values, known, industries, rank)


def median_of_peers(values: Floats, known: Bools, industries: Ints) -> Floats:
    """The median of the peers' values."""
    return _compare(values, known, industries, lambda among: _always(float(np.median(among))))


def mean_of_peers(values: Floats, known: Bools, industries: Ints) -> Floats:
    """The mean of the peers' values."""
    return _compare(
        values, known, industries, lambda among: _always(math.fsum(among.tolist()) / len(among))
    )


def _always(value: float) -> Callable[[Floats], Floats]:
    return lambda own: np.full(len(own), value)


def _compare(
    values: np.ndarray,
    known: Bools,
    industries: Ints,
    look: Callable[[np.ndarray], Callable[[np.ndarray], Floats]],
) -> Floats:
    """What `look`, given the known values of the peers, says of each merchant's own; 0 where its
    own is unknown.
    """
    found = np.zeros(len(values), np.float64)
    places = np.flatnonzero(known)
    if not len(places):
        return found
    found[places] = look(values[places])(values[places])
    for _, peers in each_industry(places, industries):
        if len(peers) >= LEAST_PEERS:
            found[peers] = look(values[peers])(values[peers])
    return found


def each_industry(places: Ints, industries: Ints) -> Iterator[tuple[int, Ints]]:
    """The places of each industry that has any, in their order; `industries` is of everybody."""
    ordered = places[np.argsort(industries[places], kind="stable")]
    numbers, begins = np.unique(industries[ordered], return_index=True)
    ends = [*begins[1:].tolist(), len(ordered)]
    for number, begin, end in zip(numbers.tolist(), begins.tolist(), ends, strict=False):
        if number != NO_INDUSTRY:
            yield number, ordered[begin:end]
