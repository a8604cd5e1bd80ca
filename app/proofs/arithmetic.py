"""Operations on numbers and amounts: quantities come in, a quantity with its interval, its null
condition and, where it has to be rounded, its laws comes out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import z3

from app.proofs.logic import Formula, all_of, choose, in_reals, negation, number
from app.proofs.rounding import TINY, UNIT, Laws, Rounded
from app.proofs.values import (
    FEN,
    LARGEST_FLOAT,
    Choices,
    Quantity,
    Span,
    at_least,
    of_choices,
    of_formula,
)
from app.rules.arithmetic import round_money, round_number, round_to_fen
from app.rules.types import LARGEST_FEN, MONEY

MOST_CHOICES = 64
OVERFLOW = Fraction(2**1024 - 2**970)  # an exact value from here on rounds to infinity
ONE = z3.RealVal(1)


class Arithmetic:
    """Operations of one run; `roundings` lists its roundings in the order of the run, so that two
    runs can be laid side by side (None where a rounding was never needed).
    """

    def __init__(self, laws: Laws) -> None:
        self.laws = laws
        self.roundings: list[Rounded | None] = []

    def operate(self, op: str, kind: str, a: Quantity, b: Quantity) -> Quantity:
        """a op b, of the given kind."""
        known = all_of([a.known, b.known])
        if a.choices and b.choices and len(a.choices) * len(b.choices) <= MOST_CHOICES:
            return _fold(op, kind, known, a.choices, b.choices)
        if op in ("add", "sub"):
            return self._add(op, kind, known, a, b)
        if op == "mul":
            return self._multiply(kind, known, a, b)
        return self._divide(kind, known, a, b)

    def _add(self, op: str, kind: str, known: Formula, a: Quantity, b: Quantity) -> Quantity:
        low, high = (b.span[0], b.span[1]) if op == "add" else (-b.span[1], -b.span[0])
        span = (a.span[0] + low, a.span[1] + high)
        x, y = a.formula, b.formula
        if x.is_int() != y.is_int():
            x, y = in_reals(x), in_reals(y)
        exact = x + y if op == "add" else x - y
        if kind == MONEY:
            return _bounded_money(known, exact, span)
        if exact.is_int() and span[0] >= -FEN and span[1] <= FEN:
            return of_formula(known, False, exact, span)
        return self._rounded(known, exact, ONE, span, (Fraction(1), Fraction(1)))

    def _multiply(self, kind: str, known: Formula, a: Quantity, b: Quantity) -> Quantity:
        span = _product(a.span, b.span)
        if a.choices is not None:
            a, b = b, a
        if b.choices is not None:
            factors = tuple((c, Fraction(v)) for c, v in b.choices)
            return self._scale(kind, known, a, factors, span)
        x, y = a.formula, b.formula
        if x.is_int() and y.is_int() and kind != MONEY and _fits(span):
            return of_formula(known, False, x * y, span)
        return self._round_product(kind, known, in_reals(x) * in_reals(y), span)

    def _scale(
        self,
        kind: str,
        known: Formula,
        a: Quantity,
        factors: tuple[tuple[Formula, Fraction], ...],
        span: Span,
    ) -> Quantity:
        """a times one of several constants: linear."""
        x = a.formula
        if len(factors) == 1 and factors[0][1] == 1:
            return of_formula(known, kind == MONEY, x, a.span)
        exact = in_reals(x) * z3.RealVal(factors[-1][1])
        for condition, factor in factors[-2::-1]:
            exact = choose(condition, in_reals(x) * z3.RealVal(factor), exact)
        if kind != MONEY:
            return self._rounded(known, exact, ONE, span, (Fraction(1), Fraction(1)))
        wholes = [
            (condition, x * z3.IntVal(int(factor)))
            for condition, factor in factors
            if factor.denominator == 1
        ]
        return self._money(known, exact, span, wholes)

    def _round_product(self, kind: str, known: Formula, exact: z3.ArithRef, span: Span) -> Quantity:
        if kind == MONEY:
            return self._money(known, exact, span, [])
        return self._rounded(known, exact, ONE, span, (Fraction(1), Fraction(1)))

    def _divide(self, kind: str, known: Formula, a: Quantity, b: Quantity) -> Quantity:
        if b.choices is not None:
            known = all_of([known, *(negation(c) for c, v in b.choices if v == 0)])
            factors = tuple((c, 1 / Fraction(v)) for c, v in b.choices if v != 0)
            if not factors:
                return of_choices(known, kind == MONEY, ())
            ends = (min(f for _, f in factors), max(f for _, f in factors))
            return self._scale(kind, known, a, factors, _product(a.span, ends))
        nonzero = negation(all_of([at_least(b, 0, False), negation(at_least(b, 0, True))]))
        known = all_of([known, nonzero])
        x, y = a.formula, b.formula
        span = _quotient(a.span, b.span, y.is_int())
        if kind != MONEY:
            return self._rounded(known, x, y, span, b.span)
        exact = self.laws.fresh(False)
        self.laws.formulas.append(z3.Implies(nonzero, exact * in_reals(y) == in_reals(x)))
        return self._money(known, exact, span, [])

    def _rounded(
        self, known: Formula, a: z3.ArithRef, b: z3.ArithRef, span: Span, below: Span
    ) -> Quantity:
        """The float64 nearest to a / b (`below` is the span of b); null where it is infinite."""
        place = len(self.roundings)
        self.roundings.append(None)

        def make() -> z3.ArithRef:
            rounded = self.laws.round_to_float(a, b, below)
            self.roundings[place] = rounded
            return rounded.result

        wide = (_widen(span[0], -1), _widen(span[1], 1))
        if max(abs(span[0]), abs(span[1])) >= OVERFLOW:
            size, edge = _size(in_reals(a)), z3.RealVal(OVERFLOW) * _size(in_reals(b))
            known = all_of([known, size < edge])
            wide = (max(wide[0], -LARGEST_FLOAT), min(wide[1], LARGEST_FLOAT))
        return Quantity(known, False, wide, exact=(a, b, below), make=make)

    def _money(
        self,
        known: Formula,
        exact: z3.ArithRef,
        span: Span,
        wholes: list[tuple[Formula, z3.ArithRef]],
    ) -> Quantity:
        rounded = self.laws.round_to_fen(exact, span, wholes)
        self.roundings.append(rounded)
        low, high = math.floor(_widen(span[0], -1)), math.ceil(_widen(span[1], 1))
        return _bounded_money(known, rounded.result, (Fraction(low), Fraction(high)))

    # --- one operand ------------------------------------------------------------------------------

    def turn(self, op: str, a: Quantity) -> Quantity:
        """-a, or |a|."""
        if a.choices is not None:
            turn: Callable[[int | float], int | float] = abs if op == "abs" else lambda v: -v
            return of_choices(a.known, a.money, tuple((c, turn(v)) for c, v in a.choices))
        low, high = a.span
        if op == "neg":
            return of_formula(a.known, a.money, -a.formula, (-high, -low))
        least = Fraction(0) if low <= 0 <= high else min(abs(low), abs(high))
        return of_formula(a.known, a.money, _size(a.formula), (least, max(abs(low), abs(high))))

    def round(self, rounder: str, decimals: int, a: Quantity) -> Quantity:
        """Rounded to a number of decimals (of a yuan, for an amount)."""
        if a.choices is not None:
            return _round_choices(rounder, decimals, a)
        if a.money:
            return _round_money(rounder, decimals, a)
        if a.whole and decimals >= 0:
            return a
        step = Fraction(10) ** -decimals
        low, high = a.span[0] - step, a.span[1] + step
        if decimals == 0 and rounder in ("floor", "ceiling"):
            x = in_reals(a.formula)
            whole = z3.ToInt(x) if rounder == "floor" else -z3.ToInt(-x)
            return of_formula(a.known, False, whole, (low, high))
        return self._round_loosely(a, step, (low, high))

    def _round_loosely(self, a: Quantity, step: Fraction, span: Span) -> Quantity:
        """Within one step of the value, and in the order of the values: no more is assumed."""
        result, x = self.laws.fresh(False), in_reals(a.formula)
        reach = z3.RealVal(step + TINY) + _size(x) * z3.RealVal(UNIT)
        self.laws.formulas += [result - x <= reach, x - result <= reach]
        rounded = Rounded(x, ONE, result)
        self.laws.bind(rounded)
        self.roundings.append(rounded)
        known = a.known
        if max(abs(span[0]), abs(span[1])) > LARGEST_FLOAT:
            known = all_of([known, z3.FreshBool("finite")])
        return of_formula(known, False, result, (_widen(span[0], -1), _widen(span[1], 1)))


def _bounded_money(known: Formula, exact: z3.ArithRef, span: Span) -> Quantity:
    """Null beyond ±2^53 fen."""
    if not _fits(span):
        inside = [exact <= z3.IntVal(LARGEST_FEN), exact >= z3.IntVal(-LARGEST_FEN)]
        known = all_of([known, *inside])
        span = (max(span[0], -FEN), min(span[1], FEN))
    return of_formula(known, True, exact, span)


def _fits(span: Span) -> bool:
    return span[0] >= -FEN and span[1] <= FEN


def _size(x: z3.ArithRef) -> z3.ArithRef:
    return z3.If(x >= 0, x, -x)


def _widen(end: Fraction, sign: int) -> Fraction:
    return end + sign * (abs(end) * UNIT + TINY)


def _product(a: Span, b: Span) -> Span:
    corners = [x * y for x in a for y in b]
    return min(corners), max(corners)


def _quotient(a: Span, b: Span, is_whole: bool) -> Span:
    """Where a / b lies; a whole divisor is at least 1 in size where it is not 0."""
    if b[0] > 0 or b[1] < 0:
        return _product(a, (1 / b[1], 1 / b[0]))
    least = Fraction(1) if is_whole else Fraction(1, 2**1074)
    size = max(abs(a[0]), abs(a[1])) / least
    return (Fraction(0) if a[0] >= 0 and b[0] >= 0 else -size), size


def _fold(op: str, kind: str, known: Formula, a: Choices, b: Choices) -> Quantity:
    """Constants with constants, as the evaluators compute them."""
    money = kind == MONEY
    choices: list[tuple[Formula, int | float]] = []
    for c, x in a:
        for d, y in b:
            condition, value = all_of([c, d]), _compute(op, money, x, y)
            if value is None:
                known = all_of([known, negation(condition)])
            else:
                choices.append((condition, value))
    return of_choices(known, money, tuple(choices))


def _compute(op: str, money: bool, x: int | float, y: int | float) -> int | float | None:
    if op == "div" and y == 0:
        return None
    try:
        result = {"add": x + y, "sub": x - y, "mul": x * y}[op] if op != "div" else x / y
    except OverflowError:
        return None
    if money:
        fen = round_to_fen(result) if op in ("mul", "div") else int(result)
        return fen if fen is not None and abs(fen) <= LARGEST_FEN else None
    return result if math.isfinite(result) else None


def _round_choices(rounder: str, decimals: int, a: Quantity) -> Quantity:
    assert a.choices is not None
    known, choices = a.known, []
    for condition, value in a.choices:
        if a.money:
            rounded: int | float | None = round_money(int(value), decimals, rounder)
        else:
            rounded = round_number(float(value), decimals, rounder)
        if rounded is None:
            known = all_of([known, negation(condition)])
        else:
            choices.append((condition, rounded))
    return of_choices(known, a.money, tuple(choices))


def _round_money(rounder: str, decimals: int, a: Quantity) -> Quantity:
    if decimals >= 2:
        return a
    unit, x = 10 ** (2 - decimals), a.formula
    step = z3.IntVal(unit)
    low, high = a.span[0] - unit, a.span[1] + unit
    if rounder == "floor":
        result = x / step * step
    elif rounder == "ceiling":
        result = -(-x / step) * step
    else:
        size = _size(x)
        whole, left = size / step, size % step
        more = {
            "round_up": left > 0,
            "round_half_up": 2 * left >= step,
            "round_half_down": 2 * left > step,
            "decimal": z3.Or(2 * left > step, z3.And(2 * left == step, whole % 2 == 1)),
            "round_down": z3.BoolVal(False),
        }[rounder]
        rounded = (whole + z3.If(more, number(1), number(0))) * step
        result = z3.If(x < 0, -rounded, rounded)
    return _bounded_money(a.known, result, (low, high))
