"""The syntax tree: what was written, before names and types are known. Offsets are characters in
the expression's text.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Syntax:
    start: int
    end: int
    depth: int  # levels below and including this one


@dataclass(frozen=True, slots=True)
class NumberLiteral(Syntax):
    value: Decimal
    written: str


@dataclass(frozen=True, slots=True)
class TextLiteral(Syntax):
    value: str


@dataclass(frozen=True, slots=True)
class TruthLiteral(Syntax):
    value: bool


@dataclass(frozen=True, slots=True)
class NullLiteral(Syntax):
    pass


@dataclass(frozen=True, slots=True)
class Name(Syntax):
    name: str


@dataclass(frozen=True, slots=True)
class Negative(Syntax):
    operand: Syntax


@dataclass(frozen=True, slots=True)
class Negation(Syntax):
    operand: Syntax


@dataclass(frozen=True, slots=True)
class Logic(Syntax):
    op: str  # and | or
    operands: tuple[Syntax, ...]


@dataclass(frozen=True, slots=True)
class Comparison(Syntax):
    op: str  # = != < <= > >=
    left: Syntax
    right: Syntax


@dataclass(frozen=True, slots=True)
class Arithmetic(Syntax):
    op: str  # + - * /
    left: Syntax
    right: Syntax


@dataclass(frozen=True, slots=True)
class Conditional(Syntax):
    condition: Syntax
    then: Syntax
    otherwise: Syntax


@dataclass(frozen=True, slots=True)
class Call(Syntax):
    function: str
    arguments: tuple[Syntax, ...]


@dataclass(frozen=True, slots=True)
class Membership(Syntax):
    """`x in (…)` and `x between a and b`: any of the tests holds."""

    subject: Syntax
    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class CompareTest(Syntax):
    """`>= 720`, or a bare value, which means equality."""

    op: str
    operand: Syntax


@dataclass(frozen=True, slots=True)
class RangeTest(Syntax):
    """`[12..24)`; a round or outward bracket leaves the end out."""

    low: Syntax
    low_included: bool
    high: Syntax
    high_included: bool


@dataclass(frozen=True, slots=True)
class NotTest(Syntax):
    """`not("A", "B")`."""

    tests: tuple[Test, ...]


Test = CompareTest | RangeTest | NotTest
