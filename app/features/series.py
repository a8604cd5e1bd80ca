"""The monthly series of merchants: amounts divided by the seasonal index, and how long each
merchant's history is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.features.blocks import NO_DAY, Block
from app.features.columns import Bools, Floats, Ints


@dataclass(frozen=True, slots=True)
class History:
    """`history` of shape (merchants,): the k of the first COD bill's month.

    It is 0 for a merchant whose first COD bill lies in the month of T, and below 0 without any COD
    bill.
    """

    history: Ints

    def shorter_than(self, k: int) -> Bools:
        """Who has less than k months of history."""
        return self.history < k


@dataclass(frozen=True, slots=True)
class Series(History):
    """`amounts` (SA, fen) of shape (merchants, months), column k − 1 being Mk."""

    amounts: Floats

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


def read_history(block: Block) -> History:
    """How long the history of a block's merchants is."""
    days = np.where(block.first_cod_day == NO_DAY, 0, block.first_cod_day)
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + 1970 * 12
    history = block.as_of.month(0) - months
    return History(np.where(block.first_cod_day == NO_DAY, -1, history))


def make_series(amounts_fen: Ints, history: Ints, index: Floats) -> Series:
    """The SA series of amounts of shape (merchants, months); `index` may have fewer months, before
    which it is 1.
    """
    amounts = amounts_fen.astype(np.float64)
    width = min(amounts.shape[1], index.shape[1])
    amounts[:, :width] /= index[:, :width]
    return Series(history, amounts)
