"""Arrow tables with a row a `place` come in; arrays of a block's merchants go out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from app.features.columns import Ints


def ints(table: pa.Table, name: str) -> Ints:
    """A column as whole numbers; it has no nulls."""
    values: Ints = table.column(name).cast(pa.int64()).to_numpy()
    return values


def days_of(table: pa.Table, name: str, absent: int = 0) -> Ints:
    """A column of dates as days since 1970-01-01; `absent` where null."""
    column = table.column(name).cast(pa.int32()).cast(pa.int64()).fill_null(absent)
    values: Ints = column.to_numpy()
    return values


def spread(table: pa.Table, names: Sequence[str], size: int) -> dict[str, Ints]:
    """Columns of a table with a row a `place`, of shape (size,); 0 where there is no row."""
    place = ints(table, "place")
    found = {}
    for name in names:
        values = np.zeros(size, np.int64)
        values[place] = ints(table, name)
        found[name] = values
    return found
