"""The target column comes in; which rows are bad goes out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from app.fitting.errors import BadData

Mask = NDArray[np.bool_]
TRUTH = {"true": True, "false": False}


def read_target(
    path: Path, name: str, array: pa.Array, bad_value: str | None, warnings: list[str]
) -> Mask:
    """True where a row is bad: 1 or true, or `bad_value` where one is given. Raises BadData."""
    if array.null_count:
        first = int(np.flatnonzero(pc.is_null(array).to_numpy(zero_copy_only=False))[0]) + 1
        raise BadData(
            f"{path}: the target '{name}' is empty in {array.null_count:,} rows (the first is data"
            f" row {first}); leave out rows whose outcome is not known"
        )
    try:
        texts = [str(text) for text in pc.cast(array, pa.string()).to_pylist()]
    except pa.ArrowException:
        raise BadData(
            f"{path}: the target '{name}' has values of type {array.type}; write 1 for bad and 0"
            " for good"
        ) from None
    if bad_value is not None:
        bad = _by_value(name, array.type, texts, bad_value, warnings)
    else:
        bad = _by_truth(path, name, texts)
    if bad.all() or not bad.any():
        told = "bad" if bad.all() else "good"
        raise BadData(f"{path}: by the target '{name}' every row is {told}; both are needed")
    return bad


def _by_truth(path: Path, name: str, texts: list[str]) -> Mask:
    meant = {text: _truth_of(text) for text in set(texts)}
    strange = next((text for text in texts if meant[text] is None), None)
    if strange is not None:
        raise BadData(
            f"{path}: the target '{name}' has the value '{strange}' (data row"
            f" {texts.index(strange) + 1}); write 1 for bad and 0 for good, or name the value"
            " that means bad with --bad-value"
        )
    return np.array([meant[text] for text in texts], bool)


def _truth_of(text: str) -> bool | None:
    try:
        return {1.0: True, 0.0: False}.get(float(text))
    except ValueError:
        return TRUTH.get(text.lower())


def _by_value(
    name: str, of: pa.DataType, texts: list[str], bad_value: str, warnings: list[str]
) -> Mask:
    """Equal as the column's type means it: True is true, and 1 is 1.0."""
    seen = sorted(set(texts))
    alike = [text for text in seen if _are_equal(text, bad_value, of)]
    if not alike:
        raise BadData(
            f"--bad-value {bad_value}: the target '{name}' never has that value;"
            f" it has {', '.join(seen[:5])}"
        )
    good = [text for text in seen if text not in alike]
    if len(good) > 1:
        warnings.append(
            f"the target '{name}' has {len(good)} values beside '{bad_value}', and all count as"
            f" good: {', '.join(good[:5])}; leave out rows whose outcome is not known"
        )
    return np.array([text in alike for text in texts], bool)


def _are_equal(text: str, bad_value: str, of: pa.DataType) -> bool:
    if pa.types.is_boolean(of):
        return text == bad_value.lower()
    if pa.types.is_integer(of) or pa.types.is_floating(of) or pa.types.is_decimal(of):
        try:
            return float(text) == float(bad_value)
        except ValueError:
            return False
    return text == bad_value
