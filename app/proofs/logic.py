"""Truths in, smaller truths out: z3's connectives, with constants folded away while formulas are
built.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any, TypeAlias

import z3

Formula: TypeAlias = z3.BoolRef
YES, NO = z3.BoolVal(True), z3.BoolVal(False)


def all_of(parts: Iterable[Formula]) -> Formula:
    kept: dict[int, Formula] = {}
    for part in parts:
        if z3.is_false(part):
            return NO
        if not z3.is_true(part):
            kept[part.get_id()] = part
    if len(kept) < 2:
        return next(iter(kept.values()), YES)
    return z3.And(*kept.values())


def any_of(parts: Iterable[Formula]) -> Formula:
    kept: dict[int, Formula] = {}
    for part in parts:
        if z3.is_true(part):
            return YES
        if not z3.is_false(part):
            kept[part.get_id()] = part
    if len(kept) < 2:
        return next(iter(kept.values()), NO)
    return z3.Or(*kept.values())


def negation(part: Formula) -> Formula:
    if z3.is_true(part) or z3.is_false(part):
        return NO if z3.is_true(part) else YES
    return part.arg(0) if z3.is_not(part) else z3.Not(part)


def implies(condition: Formula, then: Formula) -> Formula:
    return any_of([negation(condition), then])


def choose(condition: Formula, then: Any, otherwise: Any) -> Any:
    """`If`, where the arms may be numbers or truths of the same sort."""
    if z3.is_true(condition) or then.eq(otherwise):
        return then
    return otherwise if z3.is_false(condition) else z3.If(condition, then, otherwise)


def either(condition: Formula, then: Formula, otherwise: Formula) -> Formula:
    """`If` of truths, as a plain and-or where an arm is constant."""
    if any(z3.is_true(arm) or z3.is_false(arm) for arm in (then, otherwise)):
        return any_of([all_of([condition, then]), all_of([negation(condition), otherwise])])
    return choose(condition, then, otherwise)


def number(value: Fraction | int) -> z3.ArithRef:
    """A constant: of integer sort where it is whole."""
    exact = Fraction(value)
    if exact.denominator == 1:
        return z3.IntVal(exact.numerator)
    return z3.RealVal(exact)


def in_reals(term: z3.ArithRef) -> z3.ArithRef:
    return z3.ToReal(term) if term.is_int() else term
