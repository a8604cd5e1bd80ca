"""What a name can hold: the declared type and range of an input, or what a stage can give, as a set
of values, and the values at which a search divides it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from app.lint.values import FALSE, LARGEST_FLOAT, NULL, OTHER, TRUE, Value
from app.rules.types import BOOLEAN, LARGEST_FEN, MONEY, TEXT, Type


@dataclass(frozen=True, slots=True)
class Domain:
    """The values of one name: `low` to `high` (fen for money) of a number or an amount, `texts` of
    a text. `is_whole`: whole numbers only; money is counted in whole fen.
    """

    kind: str
    low: Any = None
    high: Any = None
    is_whole: bool = False
    texts: frozenset[str] = frozenset()
    nullable: bool = True

    def whole(self) -> Value:
        """All of it as one set."""
        if self.kind == BOOLEAN:
            return TRUE | FALSE | (NULL if self.nullable else 0)
        if self.kind == TEXT:
            return frozenset((*self.texts, *((None,) if self.nullable else ())))
        return (self.low, self.high, self.nullable)

    def known(self) -> Value:
        """All of it but null."""
        if self.kind == BOOLEAN:
            return TRUE | FALSE
        return self.texts if self.kind == TEXT else (self.low, self.high, False)

    def after(self, value: Any) -> Any:
        """The next value that exists above."""
        if self.kind == MONEY:
            return math.floor(value) + 1
        return math.floor(value) + 1.0 if self.is_whole else math.nextafter(value, math.inf)

    def before(self, value: Any) -> Any:
        """The next value that exists below."""
        if self.kind == MONEY:
            return math.ceil(value) - 1
        return math.ceil(value) - 1.0 if self.is_whole else math.nextafter(value, -math.inf)

    def holds(self, value: Any) -> bool:
        """Whether a number of the range is one that the name can have."""
        return bool(self.low <= value <= self.high) and (not self.is_whole or value % 1 == 0)

    def cells(self, thresholds: Iterable[Any]) -> Iterator[Value]:
        """The known values, divided at the thresholds: each by itself, and what lies between."""
        if self.kind == BOOLEAN:
            yield from (TRUE, FALSE)
            return
        if self.kind == TEXT:
            yield from (frozenset((text,)) for text in sorted(self.texts))
            return
        low = self.low
        for threshold in sorted({t for t in thresholds if self.holds(t)}):
            if low <= self.before(threshold):
                yield (low, self.before(threshold), False)
            yield (threshold, threshold, False)
            low = self.after(threshold)
        if low <= self.high:
            yield (low, self.high, False)


def domain_of(of: Type, texts: Iterable[str] = ()) -> Domain:
    """The domain of a declared type. `texts`: those that conditions name, for a free text."""
    match of.kind:
        case "boolean":
            return Domain(BOOLEAN)
        case "text":
            values = of.values if of.values is not None else (*texts, OTHER)
            return Domain(TEXT, texts=frozenset(values))
        case "money":
            least = -LARGEST_FEN if of.low is None else math.ceil(of.low * 100)
            largest = LARGEST_FEN if of.high is None else math.floor(of.high * 100)
            return Domain(MONEY, max(least, -LARGEST_FEN), min(largest, LARGEST_FEN), True)
    return _numbers(of)


def _numbers(of: Type) -> Domain:
    is_whole = of.declared == "integer"
    most = float(LARGEST_FEN) if is_whole else LARGEST_FLOAT
    low = -most if of.low is None else float(of.low)
    high = most if of.high is None else float(of.high)
    if is_whole:
        low, high = float(math.ceil(low)), float(math.floor(high))
    return Domain(of.kind, low, high, is_whole)
