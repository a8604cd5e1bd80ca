"""Numbers come in; Arrow columns of texts, decimals and times go out, the same to the byte."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

LONGEST_DICTIONARY = 1_000


def choose(values: Sequence[str], places: NDArray[np.integer]) -> pa.Array:
    """Texts by their places. Long lists are spelled out: the Parquet writer lays a dictionary of
    thousands of values down differently from run to run, and the files must be equal to the byte.
    """
    if len(values) > LONGEST_DICTIONARY:
        return pa.array(values).take(pa.array(places))
    return pa.DictionaryArray.from_arrays(pa.array(places.astype(np.int32)), pa.array(values))


def yuan(fen: NDArray[np.int64], scale: int = 2) -> pa.Array:
    """Exact decimals from whole fen (or thousandths, for scale 3), without a detour over floats."""
    low_high = np.empty((len(fen), 2), dtype=np.int64)
    low_high[:, 0] = fen
    low_high[:, 1] = fen >> 63
    return pa.Array.from_buffers(pa.decimal128(16, scale), len(fen), [None, pa.py_buffer(low_high)])


def times(seconds: NDArray[np.int64], known: NDArray[np.bool_] | None) -> pa.Array:
    """Local times without a zone; null where not known."""
    mask = None if known is None else ~known
    return pc.cast(pa.array(seconds, mask=mask), pa.timestamp("s")).cast(pa.timestamp("ms"))


def number_waybills(
    carriers: NDArray[np.int64], numbers: NDArray[np.int64], month: int
) -> pa.Array:
    """Waybill numbers: carrier, year, month, running number; null for a number below 0."""
    stamp = (month // 12) % 100 * 100 + month % 12 + 1
    whole = ((carriers + 11) * 10_000 + stamp) * 100_000_000 + numbers
    return pc.cast(pa.array(whole, mask=numbers < 0), pa.string())
