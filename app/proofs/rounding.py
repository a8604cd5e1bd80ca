"""Rounded results: the exact value of an operation comes in, a variable that stands for what the
evaluators hold comes out, with the laws that bind it.

A float64 result lies within half a unit in the last place of the exact one, and rounding never
turns an order round. No more is assumed, so every result that the evaluators can give satisfies
the laws: what is proven of all of them is proven of the evaluators.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import z3

from app.proofs.logic import Formula, implies, in_reals
from app.proofs.values import Span

UNIT = Fraction(1, 2**53)  # the relative error of one operation, at most
TINY = Fraction(1, 2**1074)  # the absolute one, among the smallest numbers
HALF = z3.RealVal(Fraction(1, 2))


@dataclass(frozen=True, slots=True)
class Rounded:
    """numerator / denominator, and the variable of the result."""

    numerator: z3.ArithRef
    denominator: z3.ArithRef
    result: z3.ArithRef


@dataclass(slots=True)
class Laws:
    """What binds the variables of one or several runs of a policy. Equal exact values share their
    variable.
    """

    formulas: list[Formula] = field(default_factory=list)
    _known: dict[tuple[int, int, str], Rounded] = field(default_factory=dict)
    _count: int = 0

    def fresh(self, is_whole: bool) -> z3.ArithRef:
        self._count += 1
        name = f"rounded!{self._count}"
        return z3.Int(name) if is_whole else z3.Real(name)

    def round_to_float(
        self, numerator: z3.ArithRef, denominator: z3.ArithRef, span: Span
    ) -> Rounded:
        """The float64 nearest to a quotient; the span is the denominator's."""
        key = (numerator.get_id(), denominator.get_id(), "float")
        if key in self._known:
            return self._known[key]
        result = self.fresh(False)
        a, b = in_reals(numerator), in_reals(denominator)
        if span[0] == span[1] == 1:
            exact = a
        elif span[0] == span[1] != 0:
            exact = a / z3.RealVal(span[0])
        else:
            exact = self.fresh(False)
            self.formulas.append(implies(b != 0, exact * b == a))
        error = z3.If(exact >= 0, exact, -exact) * z3.RealVal(UNIT) + z3.RealVal(TINY)
        self.formulas += [result - exact <= error, exact - result <= error]
        return self._keep(key, Rounded(a, b, result))

    def round_to_fen(
        self, exact: z3.ArithRef, span: Span, wholes: Sequence[tuple[Formula, z3.ArithRef]]
    ) -> Rounded:
        """An amount: the exact value rounded to float64, then half away from zero to whole fen.

        wholes: (condition, result) where the exact value is a whole number of fen already.
        """
        key = (exact.get_id(), 0, "fen")
        if key in self._known:
            return self._known[key]
        result = self.fresh(True)
        least, most = exact * z3.RealVal(1 - UNIT), exact * z3.RealVal(1 + UNIT)
        up, down = z3.ToReal(result) + HALF, z3.ToReal(result) - HALF
        above = [down <= most, least < up, result >= 0]
        below = [up >= most, least > down, result <= 0]
        if span[0] >= 0:
            self.formulas += above
        elif span[1] <= 0:
            self.formulas += below
        else:
            self.formulas.append(z3.If(exact >= 0, z3.And(*above), z3.And(*below)))
        self.formulas += [implies(condition, result == whole) for condition, whole in wholes]
        return self._keep(key, Rounded(exact, z3.RealVal(1), result))

    def bind(self, rounded: Rounded) -> None:
        """Remember another monotone rounding, whose own laws the caller has added."""
        self._keep((rounded.numerator.get_id(), rounded.result.get_id(), "other"), rounded)

    def _keep(self, key: tuple[int, int, str], rounded: Rounded) -> Rounded:
        self._known[key] = rounded
        return rounded


def keep_order(one: Rounded, other: Rounded) -> list[Formula]:
    """The same operation on two merchants: rounding keeps the order of the exact values."""
    if one.result.eq(other.result):
        return []
    a, b = one.numerator, other.numerator
    rises, falls = one.result <= other.result, one.result >= other.result
    divisor = one.denominator
    if z3.is_rational_value(divisor) and divisor.eq(other.denominator):
        if divisor.as_fraction() > 0:
            return [implies(a <= b, rises), implies(a >= b, falls)]
        return [implies(a <= b, falls), implies(a >= b, rises)]
    if divisor.eq(other.denominator):
        return [
            implies(z3.And(a <= b, divisor > 0), rises),
            implies(z3.And(a >= b, divisor > 0), falls),
            implies(z3.And(a <= b, divisor < 0), falls),
            implies(z3.And(a >= b, divisor < 0), rises),
        ]
    same = z3.And(a == b, divisor == other.denominator)
    return [implies(same, one.result == other.result)]
