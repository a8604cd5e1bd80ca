"""Many merchants as columns, cheaply: every input has a palette of values, and a merchant is a row
of places in the palettes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.policies.policy import Policy
from app.rules.vector import Column, Money, Number, Truth, Words, column_of

Rows = NDArray[np.int32]  # merchants × inputs: places in the palettes


class Crowd:
    """Palettes of the inputs of a policy. `names` is the order of the columns of `Rows`."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.names = tuple(policy.inputs)
        self.column = {name: place for place, name in enumerate(self.names)}
        self._values: dict[str, list[Any]] = {name: [] for name in self.names}
        self._places: dict[str, dict[Any, int]] = {name: {} for name in self.names}

    def place(self, name: str, value: Any) -> int:
        """Where a value stands in its palette, in which it is put when it is new."""
        places = self._places[name]
        key = (type(value), value)
        if key not in places:
            places[key] = len(places)
            self._values[name].append(value)
        return places[key]

    def value(self, name: str, place: int) -> Any:
        return self._values[name][place]

    @staticmethod
    def column_with(column: Column, numbers: NDArray[np.float64]) -> Column:
        """That input's column with these numbers (fen for money)."""
        if isinstance(column, Money):
            return Money(numbers.astype(np.int64))
        return Number(numbers)

    def rows(self, merchants: Iterable[Mapping[str, Any]]) -> Rows:
        """Merchants as rows, each once, in the order given."""
        found = [[self.place(n, one.get(n)) for n in self.names] for one in merchants]
        unique = list(dict.fromkeys(map(tuple, found)))
        return np.array(unique, dtype=np.int32).reshape(len(unique), len(self.names))

    def merchant(self, row: Sequence[int]) -> dict[str, Any]:
        return {name: self._values[name][at] for name, at in zip(self.names, row, strict=True)}

    def vary(self, rows: Rows, name: str, values: Sequence[Any]) -> Rows:
        """Every row with every one of the values for that input."""
        places = np.array([self.place(name, value) for value in values], dtype=np.int32)
        many = np.repeat(rows, len(places), axis=0)
        many[:, self.column[name]] = np.tile(places, len(rows))
        return many

    def columns(self, rows: Rows, purpose: str) -> dict[str, Column]:
        """The inputs of those merchants, with what the purpose assumes for missing ones."""
        assumed = self.policy.assumed.get(purpose, {})
        found: dict[str, Column] = {}
        for name, one in self.policy.inputs.items():
            palette = [assumed.get(name) if v is None else v for v in self._values[name]]
            found[name] = _take(column_of(one.type.kind, palette), rows[:, self.column[name]])
        return found


def values_of_column(column: Column) -> list[Any]:
    """The inside values of a column, None for missing."""
    known = column.known.tolist()
    match column:
        case Number():
            found: list[Any] = column.values.tolist()
        case Money():
            found = column.fens.tolist()
        case Words():
            found = [column.words[code] for code in column.codes.tolist()]
        case Truth():
            found = column.true.tolist()
    return [value if is_known else None for value, is_known in zip(found, known, strict=True)]


def _take(column: Column, at: NDArray[np.int32]) -> Column:
    match column:
        case Number():
            return Number(column.values[at])
        case Money():
            return Money(column.fens[at], None if column.mask is None else column.mask[at])
        case Words():
            return Words(column.codes[at], column.words)
        case Truth():
            return Truth(column.true[at], column.false[at])
    raise AssertionError(column)
