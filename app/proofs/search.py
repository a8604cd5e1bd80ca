"""A question that some merchant answers comes in; the plainest merchant found comes out: as many
inputs as possible as a usual merchant has them, the others as short numbers.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import z3

from app.proofs.decisions import Question
from app.proofs.merchants import Symbol
from app.rules.types import BOOLEAN, MONEY, TEXT

STEP_MS = 2_000  # for one attempt to make one input plainer
MOST_DIGITS = 17


class Search:
    """Fixes the inputs of a model one after the other; the solver is left with them fixed.

    plain: a usual merchant; landmarks: for an input, the constants it is compared with.
    """

    def __init__(
        self,
        solver: z3.Solver,
        model: z3.ModelRef,
        question: Question,
        words: Mapping[str, int],
        plain: Mapping[str, Any],
        landmarks: Mapping[str, list[int | float]],
    ) -> None:
        self.solver, self.question, self.words = solver, question, words
        self.plain, self.landmarks = plain, landmarks
        self.model = model
        self._texts = {code: word for word, code in words.items()}

    def find(self, seconds: float) -> list[dict[str, Any]]:
        """One merchant, or the two of a direction; after `seconds`, as the solver has them."""
        until = time.monotonic() + seconds
        self.solver.set("timeout", STEP_MS)
        question = self.question
        last = [name for name in question.symbols if name == question.input]
        first = [name for name in question.symbols if name not in last]
        found = {
            name: self._settle(name, question.symbols[name], until) for name in [*first, *last]
        }
        merchants = [{name: found[name] for name in question.symbols}]
        if question.other is not None and question.input is not None:
            more = self._settle(question.input, question.other, until)
            merchants.append({**merchants[0], question.input: more})
        return merchants

    def _settle(self, name: str, symbol: Symbol, until: float) -> Any:
        """Fix one input to the first candidate that leaves an answer."""
        for value in self._candidates(name, symbol):
            if time.monotonic() > until:
                break
            same = symbol.equals(value, self.words)
            if z3.is_true(self.model.eval(same, model_completion=True)):
                self.solver.add(same)
                return value
            self.solver.push()
            self.solver.add(same)
            if self.solver.check() == z3.sat:
                self.model = self.solver.model()
                return value
            self.solver.pop()
        return self._read(symbol)

    def _candidates(self, name: str, symbol: Symbol) -> Iterator[Any]:
        of = symbol.type
        if name in self.plain:
            yield self.plain[name]
        value = self._read(symbol)
        if value is None or of.kind in (BOOLEAN, TEXT):
            yield value
            return
        unit: int | float = 1 if of.kind == MONEY or of.declared == "integer" else 0.01
        for mark in sorted(self.landmarks.get(name, []), key=lambda m: abs(m - value)):
            for near in (mark, round(mark - unit, 9), round(mark + unit, 9)):
                yield _inside(symbol, near)
        yield from (_inside(symbol, small) for small in (0, 1))
        exact = self._number(symbol)
        for digits in range(1, MOST_DIGITS):
            for short in _shorten(exact, digits):
                yield _inside(symbol, short)
        if not symbol.value.is_int():
            nearest = float(exact)
            yield from (math.nextafter(nearest, end) for end in (-math.inf, math.inf))

    def _number(self, symbol: Symbol) -> Fraction:
        value = self.model.eval(symbol.value, model_completion=True)
        if z3.is_algebraic_value(value):
            value = value.approx(40)
        return Fraction(value.as_fraction() if z3.is_rational_value(value) else value.as_long())

    def _read(self, symbol: Symbol) -> Any:
        """The model's inside value of an input."""
        if not z3.is_true(self.model.eval(symbol.known, model_completion=True)):
            return None
        if symbol.type.kind == BOOLEAN:
            return z3.is_true(self.model.eval(symbol.value, model_completion=True))
        exact = self._number(symbol)
        if symbol.type.kind == TEXT:
            return self._texts.get(int(exact), f"text {int(exact)}")
        return _inside(symbol, exact)


def _inside(symbol: Symbol, value: int | float | Fraction) -> int | float:
    """As an inside value of the input: whole fen, else a float."""
    if symbol.type.kind == MONEY:
        return int(value)
    return float(int(value)) if symbol.value.is_int() else float(value)


def _shorten(exact: Fraction, digits: int) -> tuple[Fraction, ...]:
    """Down and up to so many significant digits."""
    if exact == 0:
        return ()
    size = math.floor(math.log10(abs(exact))) if abs(exact) > Fraction(1, 10**300) else 0
    step = Fraction(10) ** (size - digits + 1)
    scaled = exact / step
    return tuple(dict.fromkeys((math.floor(scaled) * step, math.ceil(scaled) * step)))
