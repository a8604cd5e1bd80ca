"""What of many rows a merchant becomes one number each, more than a sum: rows sorted by merchant
come in; medians, distances, overlaps of shape (merchants,) go out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from app.features.arrow import ints
from app.features.columns import Floats, Ints, divide

# Benford's law (F. Benford, 1938): the first digit is d with probability log10(1 + 1/d).
BENFORD = np.log10(1 + 1 / np.arange(1, 10))


@dataclass(frozen=True, slots=True)
class Counted:
    """How many `bills` of each merchant have a `value`, which may stand in several rows; sorted by
    place and value.
    """

    place: Ints
    value: Ints
    bills: Ints


def join_counted(one: Counted, other: Counted) -> Counted:
    """The rows of both, in their order."""
    place, value, bills = (
        np.concatenate(pair)
        for pair in ((one.place, other.place), (one.value, other.value), (one.bills, other.bills))
    )
    order = np.lexsort((value, place))
    return Counted(place[order], value[order], bills[order])


def read_counted(table: pa.Table, name: str) -> Counted:
    """From a table of place, the named value and bills."""
    return Counted(ints(table, "place"), ints(table, name), ints(table, "bills"))


@dataclass(frozen=True, slots=True)
class Halves:
    """Amounts (fen) of M1–M6, `now`, and of M7–M12, `then`: a row a merchant and carrier, or goods
    category; which of them is not told. Sorted by place and amounts.
    """

    place: Ints
    now: Ints
    then: Ints

    def sums(self, size: int) -> tuple[Ints, Ints]:
        """The sums of `now` and of `then`, of shape (size,)."""
        now, then = np.zeros(size, np.int64), np.zeros(size, np.int64)
        np.add.at(now, self.place, self.now)
        np.add.at(then, self.place, self.then)
        return now, then


def median_of(counted: Counted, size: int) -> tuple[Floats, Ints]:
    """The median of values counted by value (mean of the two middle ones), and how many there are,
    of each merchant.
    """
    counts = np.zeros(size, np.int64)
    np.add.at(counts, counted.place, counted.bills)
    before = np.concatenate(([0], np.cumsum(counts)))[:-1]  # bills of the merchants before
    reached = np.cumsum(counted.bills)
    values = counted.value
    middles = []
    for rank in ((counts + 1) // 2, counts // 2 + 1):  # the same bill when the number is odd
        row = np.searchsorted(reached, before + np.maximum(rank, 1), side="left")
        found = values[np.minimum(row, len(values) - 1)] if len(values) else np.zeros_like(counts)
        middles.append(found)
    return (middles[0] + middles[1]) / 2, counts


def benford_distance(tickets: Counted, bills: Ints) -> Floats:
    """Of each merchant with its number of `bills`: mean over the nine digits of
    |share of bills with that first digit − Benford's share|.
    """
    powers = 10 ** np.arange(18, dtype=np.int64)
    digits = tickets.value // powers[np.searchsorted(powers, tickets.value, side="right") - 1]
    counts = np.zeros((len(bills), 9), np.int64)
    np.add.at(counts, (tickets.place, digits - 1), tickets.bills)
    total = np.zeros(len(bills), np.float64)
    for digit in range(9):
        share = counts[:, digit] / np.maximum(bills, 1)
        total = total + np.abs(share - BENFORD[digit])
    return total / 9


def overlap_of(carriers: Halves, now_fen: Ints, then_fen: Ints) -> Floats:
    """Σ min(share now, share then) over carriers."""
    place = carriers.place
    common = np.minimum(
        divide(carriers.now, now_fen[place]), divide(carriers.then, then_fen[place])
    )
    total = np.zeros(len(now_fen), np.float64)
    np.add.at(total, place, common)  # in the order of the rows, whatever the block
    return np.minimum(total, 1.0)


def entropy_of(categories: Halves, total_fen: Ints) -> Floats:
    """−Σ p·ln p over categories, p by amount (C. E. Shannon, 1948)."""
    share = divide(categories.now + categories.then, total_fen[categories.place])
    terms = -share * np.log(np.where(share > 0, share, 1.0))
    total = np.zeros(len(total_fen), np.float64)
    np.add.at(total, categories.place, terms)
    return total + 0.0  # no minus zero
