"""A feature snapshot as an Arrow table → columns of the rules engine, for the inputs that a policy
reads.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.policies.policy import Policy
from app.rules.arithmetic import Mask
from app.rules.types import BOOLEAN, MONEY, NUMBER, TEXT
from app.rules.vector import Column, Money, Number, Truth, Words


def columns_of(table: pa.Table, policy: Policy) -> dict[str, Column]:
    """The columns of `table` that the policy reads as features; a column of another type than the
    catalogue's becomes one whose values do not count.
    """
    found: dict[str, Column] = {}
    for name, one in policy.inputs.items():
        if one.origin == "features" and name in table.column_names:
            found[name] = _column(one.type.kind, table.column(name).combine_chunks())
    return found


def _column(kind: str, array: pa.Array) -> Column:
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    if kind == NUMBER and (pa.types.is_floating(array.type) or pa.types.is_integer(array.type)):
        return Number(_floats(array))
    if kind == MONEY and pa.types.is_integer(array.type):
        known = pc.is_valid(array).to_numpy(zero_copy_only=False)
        return Money(pc.fill_null(array, 0).cast(pa.int64()).to_numpy(), known)
    if kind == BOOLEAN and pa.types.is_boolean(array.type):
        true = pc.fill_null(array, False).to_numpy(zero_copy_only=False)
        return Truth(true, pc.fill_null(pc.invert(array), False).to_numpy(zero_copy_only=False))
    if kind == TEXT and (pa.types.is_string(array.type) or pa.types.is_large_string(array.type)):
        return _words(array)
    return _of_another_kind(kind, pc.is_valid(array).to_numpy(zero_copy_only=False))


def _of_another_kind(kind: str, known: Mask) -> Column:
    """A column of any kind but `kind`, known where a value stands: so that none of them counts."""
    if kind == NUMBER:
        return Truth(known, np.zeros(len(known), bool))
    return Number(np.where(known, 0.0, np.nan))


def _floats(array: pa.Array) -> np.ndarray:
    values = array.cast(pa.float64(), safe=False)
    return np.array(pc.fill_null(values, np.nan).to_numpy(zero_copy_only=False), dtype=np.float64)


def _words(array: pa.Array) -> Words:
    encoded = array.dictionary_encode()
    codes = pc.fill_null(encoded.indices.cast(pa.int32()), -1).to_numpy()
    return Words(codes, tuple(encoded.dictionary.to_pylist()))
