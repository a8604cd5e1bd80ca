"""The monthly series of a block: amounts divided by the seasonal index, and how long each
merchant's history is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.features.blocks import NO_DAY, Block
from app.features.columns import Bools, Floats, Ints

NO_SEASON = 1.0  # the seasonal index of every month, until there is one by industry


@dataclass(frozen=True, slots=True)
class Series:
    """`amounts` (SA, fen) of shape (merchants, months), column k − 1 being Mk; `history` the k of
    the first COD bill's month.

    `history` is 0 for a merchant whose first COD bill lies in the month of T, and below 0 without
    any COD bill.
    """

    amounts: Floats
    history: Ints

    def shorter_than(self, k: int) -> Bools:
        """Who has less than k months of history."""
        return self.history < k

    def months(self, first: int, last: int) -> Floats:
        """The columns M`first` … M`last`; months before the lake's first are 0."""
        return self.amounts[:, first - 1 : last]

    def sum(self, first: int, last: int) -> Floats:
        """The sum over M`first` … M`last`."""
        return self.add(self.months(first, last))

    @staticmethod
    def add(months: Floats) -> Floats:
        """Row sums, column after column: a merchant's bits do not depend on its neighbours."""
        total = np.zeros(len(months), np.float64)
        for column in months.T:
            total = total + column
        return total


def make_series(block: Block) -> Series:
    """The SA series of a block."""
    amounts = block.months["amount_fen"].astype(np.float64) / NO_SEASON
    days = np.where(block.first_cod_day == NO_DAY, 0, block.first_cod_day)
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + 1970 * 12
    history = block.as_of.month(0) - months
    return Series(amounts, np.where(block.first_cod_day == NO_DAY, -1, history))
