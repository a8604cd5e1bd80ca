"""Amounts of single bills: how many bills of a merchant have which amount comes in; the median and
how far first digits are from Benford's law go out.
"""

from __future__ import annotations

import numpy as np

from app.features.blocks import Block, Counted
from app.features.columns import Column, Floats, Ints, make_column, round_half_up

LEAST_FOR_BENFORD = 300  # COD bills; fewer say nothing of their first digits
# Benford's law (F. Benford, 1938): the first digit is d with probability log10(1 + 1/d).
BENFORD = np.log10(1 + 1 / np.arange(1, 10))


def ticket_features(block: Block) -> dict[str, Column]:
    """domain.md 3: 10 and 53."""
    size = len(block.merchants)
    middle_fen, bills = median_of(block.tickets, size)
    none = bills == 0
    return {
        "p50_ticket": make_column(round_half_up(middle_fen), baseless=none),
        "benford_mad": make_column(
            _distance_from_benford(block.tickets, bills), short=bills < LEAST_FOR_BENFORD
        ),
    }


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


def _distance_from_benford(tickets: Counted, bills: Ints) -> Floats:
    """Mean over the nine digits of |share of bills with that first digit − Benford's share|."""
    powers = 10 ** np.arange(18, dtype=np.int64)
    digits = tickets.value // powers[np.searchsorted(powers, tickets.value, side="right") - 1]
    counts = np.zeros((len(bills), 9), np.int64)
    np.add.at(counts, (tickets.place, digits - 1), tickets.bills)
    total = np.zeros(len(bills), np.float64)
    for digit in range(9):
        share = counts[:, digit] / np.maximum(bills, 1)
        total = total + np.abs(share - BENFORD[digit])
    return total / 9
