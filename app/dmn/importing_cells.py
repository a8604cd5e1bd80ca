"""A table of a model while it is read: columns, rows, and what stands in an output cell."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal

from app.dmn.importing_text import NUMBER, STRING, Unfit
from app.rules.terms import Term
from app.rules.types import Type


@dataclass(frozen=True)
class Column:
    """`name` is the input's own where the column is an input."""

    name: str
    written: str
    term: Term
    type: Type | None


@dataclass
class Line:
    """A row: cells by column, their condition, outputs (None, bool, a number's text in YAML, or a
    text), what is noted beside it.
    """

    number: int
    cells: dict[str, str]
    condition: Term
    outputs: list[object]
    note: str


@dataclass(frozen=True)
class Plain:
    """A number of an output cell, as it is written."""

    text: str


def literal_of(text: str) -> object:
    """An output cell: null, true, false, a number or a text. Raises Unfit."""
    if text in ("", "null"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if STRING.fullmatch(text):
        try:
            return str(json.loads(text, strict=False))
        except ValueError:
            raise Unfit("the text has an escape that cannot be read") from None
    bare = text.replace(" ", "")
    if NUMBER.fullmatch(bare.removeprefix("-")):
        return Plain(format(Decimal(bare), "f"))
    raise Unfit("an output of ours is a number, a text, true, false or null: nothing is computed")


def without_null(cell: str) -> str:
    """A cell that we exported: its `not(…, null)` says for DMN what `not(…)` says here."""
    return f"not({cell[4:-7]})" if cell.startswith("not(") and cell.endswith(", null)") else cell
