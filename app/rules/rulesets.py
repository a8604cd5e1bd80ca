"""Checked rulesets of the kinds rules, table and formula: frozen, every expression a typed term.

`reading` makes them from documents, `compiled` makes them ready to run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.rules.terms import Term
from app.rules.types import Type

PURPOSES = ("preapproval", "drawdown", "review")
UNKNOWN_OUTCOMES = ("refer", "decline")
OUTCOMES = ("approve", "refer", "decline")  # in order of gravity


@dataclass(frozen=True, slots=True)
class Header:
    """What every kind has. `purposes` None: it applies to all."""

    kind: str
    name: str
    title: Mapping[str, str]
    unknown: str
    purposes: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    title: Mapping[str, str]
    when: Term
    written: str
    then: str  # decline | refer | flag
    reason: str
    purposes: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Rules:
    header: Header
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A table row; `outputs` in the table's order, None where it gives none."""

    id: str
    condition: Term
    written: Mapping[str, str]
    outputs: tuple[Any, ...]
    then: str | None
    reason: str | None
    purposes: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Table:
    """A table. `computed`: the text of each computed column."""

    header: Header
    hit: str  # first | unique
    columns: tuple[str, ...]
    subjects: tuple[Term, ...]
    outputs: Mapping[str, Type]
    rows: tuple[Row, ...]
    otherwise: Row
    computed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choice:
    """The outermost `min` of an expression: what may bind it."""

    of: str
    written: tuple[str, ...]
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Formula:
    header: Header
    lets: tuple[tuple[str, Term, str], ...]
    limit: Term
    written: str
    choices: tuple[Choice, ...]
    round_down_to_fen: int
    minimum_fen: int | None
    then: str
    reason: str | None


Ruleset = Rules | Table | Formula
