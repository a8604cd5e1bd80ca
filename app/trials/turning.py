"""Merchants and an input come in; the merchants on both sides of the places where a judgement turns
with that input go out, found by halving.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np

from app.rules.arithmetic import Mask
from app.rules.types import BOOLEAN, MONEY, TEXT
from app.trials.contrast import Contrast
from app.trials.crowd import Crowd, Rows

STEPS = 60
MOST_TURNS = 2_000


def find_turns(
    crowd: Crowd, contrast: Contrast, rows: Rows, name: str, marks: Collection[Any]
) -> Iterator[Rows]:
    """For each policy: every merchant at the two values of the input between which it turns."""
    of = crowd.policy.inputs[name].type
    if of.kind in (BOOLEAN, TEXT):
        return
    values = sorted(value for value in marks if value is not None)
    if len(values) < 2:
        return
    whole = of.kind == MONEY or of.declared == "integer"
    for which in (0, 1):
        many = crowd.vary(rows, name, values)
        marked = contrast.marks(crowd.columns(many, contrast.purpose), len(many), which)
        turns = _turns(marked.reshape(len(rows), len(values)))[:MOST_TURNS]
        if not len(turns):
            continue
        owners = rows[turns[:, 0]]
        low = np.array([float(values[at]) for at in turns[:, 1]])
        high = np.array([float(values[at + 1]) for at in turns[:, 1]])
        first = marked.reshape(len(rows), len(values))[turns[:, 0], turns[:, 1]]
        for _ in range(STEPS):
            middle = (low + high) / 2
            middle = np.floor(middle) if whole else middle
            if not ((middle > low) & (middle < high)).any():
                break
            columns = {**crowd.columns(owners, contrast.purpose)}
            columns[name] = crowd.column_with(columns[name], middle)
            same = contrast.marks(columns, len(owners), which) == first
            low, high = np.where(same, middle, low), np.where(same, high, middle)
        kind = int if of.kind == MONEY else float
        found = []
        for row, below, above in zip(owners, low, high, strict=True):
            for value in (below, above):
                changed = row.copy()
                changed[crowd.column[name]] = crowd.place(name, kind(value))
                found.append(changed)
        yield np.array(found, dtype=np.int32)


def _turns(marks: Mask) -> Any:
    """(merchant, place) where the next value's mark is another."""
    return np.argwhere(marks[:, 1:] != marks[:, :-1])
