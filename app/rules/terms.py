"""Typed terms: what an expression means, after names, types and units are settled. One small core
that every evaluator knows.

`between`, `in`, table cells and yuan literals are gone here: only the operations below are left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.rules.types import BOOLEAN

COMPARE = ("eq", "ne", "lt", "le", "gt", "ge")
ROUNDERS = (
    "decimal",
    "round_up",
    "round_down",
    "round_half_up",
    "round_half_down",
    "floor",
    "ceiling",
)


@dataclass(frozen=True, slots=True)
class Term:
    """One operation.

    op: const (payload: the value or None) · input (payload: the name) · eq ne lt le gt ge · is_null
    · and or not · if · add sub mul div neg · min max abs · the rounders (payload: how many
    decimals). kind: boolean, number, money or text: of the result.
    """

    op: str
    kind: str
    args: tuple[Term, ...] = ()
    payload: Any = None
    literal: Decimal | None = None  # of a number literal, exact: it may still become money

    def inputs(self) -> Iterator[str]:
        """The names it reads, in reading order, with repetitions."""
        if self.op == "input":
            yield self.payload
        for arg in self.args:
            yield from arg.inputs()


TRUE = Term("const", BOOLEAN, (), True)


def conjunction(parts: tuple[Term, ...]) -> Term:
    """All of the parts; true for none."""
    if not parts:
        return TRUE
    return parts[0] if len(parts) == 1 else Term("and", BOOLEAN, parts)


def disjunction(parts: tuple[Term, ...]) -> Term:
    return parts[0] if len(parts) == 1 else Term("or", BOOLEAN, parts)
