"""What a value is for the solver: its kind, the condition under which it is known, and a formula
for it.

A boolean is two truths (neither: null). A number or an amount is, besides its formula, an interval
that surely holds it, and, where only finitely many constants are possible, those constants with
their conditions: so that a product with `alpha` stays linear.
"""

from __future__ import annotations

import math
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

import z3

from app.proofs.logic import (
    NO,
    YES,
    Formula,
    all_of,
    any_of,
    choose,
    in_reals,
    negation,
    number,
)
from app.rules.types import LARGEST_FEN

LARGEST_FLOAT = Fraction(sys.float_info.max)
FEN = Fraction(LARGEST_FEN)
Span = tuple[Fraction, Fraction]


@dataclass(frozen=True, slots=True)
class Truth:
    """A boolean: known true, known false, or neither."""

    true: Formula
    false: Formula

    @property
    def known(self) -> Formula:
        return any_of([self.true, self.false])


@dataclass(frozen=True, slots=True)
class Word:
    """A text, as its number in the list of words."""

    known: Formula
    code: z3.ArithRef


Choices = tuple[tuple[Formula, int | float], ...]


@dataclass(slots=True)
class Quantity:
    """A number, or an amount in fen (`money`).

    `choices`: constants as the evaluators hold them, each under its condition; conditions exclude
    each other and one holds where the value is known. `exact`: numerator and denominator of the
    value before it was rounded to float64 once, where that is so; then `make` gives the rounded
    value, which costs a variable, so comparisons with constants do without it.
    """

    known: Formula
    money: bool
    span: Span
    choices: Choices | None = None
    exact: tuple[z3.ArithRef, z3.ArithRef, Span] | None = None
    make: Callable[[], z3.ArithRef] | None = None
    _formula: z3.ArithRef | None = field(default=None, repr=False)

    @property
    def formula(self) -> z3.ArithRef:
        if self._formula is None:
            if self.choices is not None:
                self._formula = formula_of(self.choices)
            else:
                assert self.make is not None
                self._formula = self.make()
        return self._formula

    @property
    def constant(self) -> int | float | None:
        """Its value where it has one only."""
        if self.choices is not None and len({value for _, value in self.choices}) == 1:
            return self.choices[0][1]
        return None

    @property
    def whole(self) -> bool:
        """Whether it can only be a whole number."""
        if self.money:
            return True
        if self.choices is not None:
            return all(Fraction(value).denominator == 1 for _, value in self.choices)
        return self.exact is None and self.formula.is_int()


Value = Truth | Quantity | Word


def of_formula(known: Formula, money: bool, formula: z3.ArithRef, span: Span) -> Quantity:
    return Quantity(known, money, span, _formula=formula)


def of_choices(known: Formula, money: bool, choices: Choices) -> Quantity:
    """Equal constants are joined; at least one is needed."""
    joined: dict[int | float, list[Formula]] = {}
    for condition, value in choices:
        if not z3.is_false(condition):
            joined.setdefault(value, []).append(condition)
    if not joined:  # nothing is possible: a null, whose value does not matter
        return Quantity(NO, money, (Fraction(0), Fraction(0)), ((YES, 0 if money else 0.0),))
    kept = tuple((any_of(conditions), value) for value, conditions in joined.items())
    values = [Fraction(value) for value in joined]
    return Quantity(known, money, (min(values), max(values)), kept)


def formula_of(choices: Choices) -> z3.ArithRef:
    whole = all(Fraction(value).denominator == 1 for _, value in choices)
    terms = [number(Fraction(v)) if whole else z3.RealVal(Fraction(v)) for _, v in choices]
    result = terms[-1]
    for (condition, _), term in zip(choices[-2::-1], terms[-2::-1], strict=True):
        result = choose(condition, term, result)
    return result


# --- comparing ------------------------------------------------------------------------------------


def compare(op: str, left: Quantity, right: Quantity) -> Formula:
    """Whether left op right holds, where both are known."""
    if left.choices is not None and right.choices is not None:
        return any_of(
            all_of([a, b])
            for a, one in left.choices
            for b, other in right.choices
            if _holds(op, one, other)
        )
    for one, other, turned in ((left, right, op), (right, left, MIRRORED[op])):
        value = other.constant
        if value is not None:
            return _compare_constant(turned, one, value)
    a, b = left.formula, right.formula
    if a.is_int() != b.is_int():
        a, b = in_reals(a), in_reals(b)
    return FORMULAS[op](a, b)


def _holds(op: str, one: int | float, other: int | float) -> bool:
    return {
        "eq": one == other,
        "ne": one != other,
        "lt": one < other,
        "le": one <= other,
        "gt": one > other,
        "ge": one >= other,
    }[op]


MIRRORED = {"eq": "eq", "ne": "ne", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
FORMULAS: dict[str, Callable[[z3.ArithRef, z3.ArithRef], Formula]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
}


def _compare_constant(op: str, one: Quantity, value: int | float) -> Formula:
    match op:
        case "ge":
            return at_least(one, value, strict=False)
        case "gt":
            return at_least(one, value, strict=True)
        case "lt":
            return negation(at_least(one, value, strict=False))
        case "le":
            return negation(at_least(one, value, strict=True))
    equal = all_of([at_least(one, value, False), negation(at_least(one, value, True))])
    return equal if op == "eq" else negation(equal)


def at_least(one: Quantity, value: int | float, strict: bool) -> Formula:
    """one >= value, or > value where strict; exact also for a quotient that was rounded once."""
    edge = Fraction(value)
    low, high = one.span
    if low > edge or (low == edge and not strict):
        return YES
    if high < edge or (high == edge and strict):
        return NO
    if one.choices is not None:
        return any_of(c for c, v in one.choices if v > value or (v == value and not strict))
    if one.exact is not None and not one.money:
        return _rounded_at_least(one.exact, float(value), strict)
    formula = one.formula
    if formula.is_int():
        least = math.floor(edge) + 1 if strict else math.ceil(edge)
        return formula >= z3.IntVal(least)
    bound = z3.RealVal(edge)
    return formula > bound if strict else formula >= bound


def _rounded_at_least(
    exact: tuple[z3.ArithRef, z3.ArithRef, Span], value: float, strict: bool
) -> Formula:
    """Whether a quotient, rounded to the nearest float64 (halves to even), is at least `value`.

    A rounded quotient reaches a float exactly where the quotient passes the middle between that
    float and the one below it; the middle itself goes to the even one of the two.
    """
    upper, lower, span = exact
    if value == 0 and upper.is_int() and lower.is_int() and span[0] >= 0:
        return upper > 0 if strict else upper >= 0
    reached = math.nextafter(value, math.inf) if strict else value
    below = math.nextafter(reached, -math.inf)
    middle = z3.RealVal((Fraction(reached) + Fraction(below)) / 2)
    is_even = struct.pack("<d", reached)[0] % 2 == 0  # the last bit of the fraction
    a, b = in_reals(upper), in_reals(lower)
    above = a >= middle * b if is_even else a > middle * b
    if span[0] >= 0:
        return above
    under = a <= middle * b if is_even else a < middle * b
    return choose(b > 0, above, under)
