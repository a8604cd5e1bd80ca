"""Sums over graphs: edges between merchants, and between merchants and their phones or cards, come
in as arrays; one whole number a merchant goes out.

Only parties that are merchants themselves come here, so the graphs are small beside the portfolio.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from app.features.columns import Bools, Ints

RING_SIZES = (3, 20)  # parties of a strongly connected component that is a ring
MOST_WORK = 4_000_000  # pairs that are looked at together; bounds memory


def sum_reciprocal(
    shipper: Ints, consignee: Ints, day: Ints, amounts: Ints, days: int, counts: Bools, size: int
) -> Ints:
    """Of each merchant the sum of `amounts` of trades, where `counts`, whose consignee shipped to
    the merchant at most `days` days before or after. A row a trade; of shape (size,).
    """
    total = np.zeros(size, np.int64)
    if not len(day):
        return total
    since = day - day.min() + days
    span = int(since.max()) + days + 1
    # One number tells shipper, consignee and day, in this order; it is sorted, so that the first
    # trade back from `days` days before on is found at once.
    numbers = np.sort((shipper * size + consignee) * span + since)
    earliest = (consignee * size + shipper) * span + since - days
    found = np.searchsorted(numbers, earliest)
    nearest = numbers[np.minimum(found, len(numbers) - 1)]
    answered = counts & (found < len(numbers)) & (nearest <= earliest + 2 * days)
    np.add.at(total, shipper[answered], amounts[answered])
    return total


def sum_rings(shipper: Ints, consignee: Ints, amounts: Ints, size: int) -> Ints:
    """Of each merchant the sum of `amounts` of edges inside a strongly connected component of
    RING_SIZES parties. A row an edge; of shape (size,).
    """
    total = np.zeros(size, np.int64)
    if not len(shipper):
        return total
    ones = np.ones(len(shipper), np.int8)
    graph = coo_array((ones, (shipper, consignee)), shape=(size, size)).tocsr()
    _, component = connected_components(graph, directed=True, connection="strong")
    parties = np.bincount(component)[component[shipper]]
    least, most = RING_SIZES
    inside = (component[shipper] == component[consignee]) & (parties >= least) & (parties <= most)
    np.add.at(total, shipper[inside], amounts[inside])
    return total


def count_sharers(place: Ints, value: Ints, size: int) -> Ints:
    """Of each merchant how many others have one of its values, each counted once. A row a merchant
    and value, none twice; of shape (size,).
    """
    total = np.zeros(size, np.int64)
    if not len(place):
        return total
    who, row = np.unique(place, return_inverse=True)
    what, column = np.unique(value, return_inverse=True)
    bearers, values = np.bincount(column), np.bincount(row)
    total[place] = bearers[column] - 1  # right for all who have one shared value
    several = np.flatnonzero(values > 1)
    ones = np.ones(len(row), np.int32)
    borne = coo_array((ones, (row, column)), shape=(len(who), len(what))).tocsr()
    for rows in _cut_work(several, borne, bearers):
        total[who[rows]] = np.diff((borne[rows] @ borne.T).tocsr().indptr) - 1
    return total


def _cut_work(rows: Ints, borne: csr_array, bearers: Ints) -> list[Ints]:
    """The rows in parts, each of about MOST_WORK pairs of merchants."""
    if not len(rows):
        return []
    work = np.cumsum(borne[rows] @ bearers)
    return np.split(rows, np.flatnonzero(np.diff(work // MOST_WORK)) + 1)
