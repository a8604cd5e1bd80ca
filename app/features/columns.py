"""A feature of a block of merchants as a column: values, and for each merchant whether there is one
or why not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

KNOWN, TOO_LITTLE_HISTORY, SOURCE_LACKS, NO_BASE = range(4)
REASONS = ("", "TOO_LITTLE_HISTORY", "SOURCE_LACKS", "NO_BASE")

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.object_]
Bools = npt.NDArray[np.bool_]
Reasons = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Column:
    """`values` (int64, float64 or bool, 0 where unknown, or texts, empty where unknown) and
    `reasons` (0 known, else an index into REASONS), both of shape (merchants,).
    """

    values: Ints | Floats | Bools | Texts
    reasons: Reasons


def make_column(
    values: Ints | Floats | Bools | Texts,
    *,
    short: Bools | None = None,
    lacking: Bools | None = None,
    baseless: Bools | None = None,
) -> Column:
    """A column whose nulls are explained: too little history is judged first, then what sources
    lack, then an empty base.
    """
    reasons = np.zeros(len(values), np.int8)
    for code, where in ((NO_BASE, baseless), (SOURCE_LACKS, lacking), (TOO_LITTLE_HISTORY, short)):
        if where is not None:
            reasons[where] = code
    unknown: Any = "" if values.dtype == object else values.dtype.type(0)
    return Column(np.where(reasons == KNOWN, values, unknown), reasons)


def divide(amounts: Ints | Floats, bases: Ints | Floats) -> Floats:
    """amounts ÷ bases as floats; 0 where the base is 0 (the caller says NO_BASE there)."""
    out = np.zeros(len(amounts), np.float64)
    np.divide(amounts, bases, out=out, where=bases != 0)
    return out


def round_half_up(values: Floats) -> Ints:
    """Whole fen, halves up."""
    return np.floor(values + 0.5).astype(np.int64)


def divide_fen(amounts_fen: Ints, counts: Ints | int) -> Ints:
    """amounts ÷ counts in whole fen, rounded half up, in whole numbers throughout; 0 where the
    count is 0.
    """
    bases = np.where(np.asarray(counts) == 0, 1, counts)
    quotients = (2 * amounts_fen + bases) // (2 * bases)
    return np.where(np.asarray(counts) == 0, 0, quotients).astype(np.int64)
