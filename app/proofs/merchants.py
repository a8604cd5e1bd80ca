"""Inputs of the catalogue → every merchant at once: for each input whether it is known, and a
value of its type within its range.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import z3

from app.proofs.logic import Formula, all_of, any_of
from app.proofs.values import FEN, LARGEST_FLOAT, Span, Truth, Value, Word, of_formula
from app.rules.types import BOOLEAN, MONEY, TEXT, Type


@dataclass(frozen=True, slots=True)
class Symbol:
    """One input of the merchants: `known` and `value` are variables, `laws` bind them."""

    type: Type
    known: Formula
    value: Any
    laws: tuple[Formula, ...]

    def as_value(self) -> Value:
        if self.type.kind == BOOLEAN:
            return Truth(all_of([self.known, self.value]), all_of([self.known, z3.Not(self.value)]))
        if self.type.kind == TEXT:
            return Word(self.known, self.value)
        return of_formula(self.known, self.type.kind == MONEY, self.value, span_of(self.type))

    def equals(self, value: Any, words: Mapping[str, int]) -> Formula:
        """The condition that the input has this inside value (None: it is missing)."""
        if value is None:
            return z3.Not(self.known)
        if isinstance(value, bool):
            return all_of([self.known, self.value if value else z3.Not(self.value)])
        if isinstance(value, str):
            return all_of([self.known, self.value == z3.IntVal(words.get(value, -2))])
        exact = Fraction(value)
        if self.value.is_int():
            same = self.value == z3.IntVal(int(exact))
            return all_of([self.known, same if exact.denominator == 1 else z3.BoolVal(False)])
        return all_of([self.known, self.value == z3.RealVal(exact)])


def span_of(of: Type) -> Span:
    """The least and the greatest inside value (fen for money)."""
    if of.kind == MONEY:
        low = -FEN if of.low is None else Fraction(int(of.low * 100))
        return low, FEN if of.high is None else Fraction(int(of.high * 100))
    low = -LARGEST_FLOAT if of.low is None else Fraction(float(of.low))
    return low, LARGEST_FLOAT if of.high is None else Fraction(float(of.high))


def make_symbol(name: str, of: Type, words: dict[str, int]) -> Symbol:
    """A fresh input; `words` gets the values of a category."""
    known = z3.Bool(f"known {name}")
    if of.kind == BOOLEAN:
        return Symbol(of, known, z3.Bool(name), ())
    if of.kind == TEXT:
        code = z3.Int(name)
        if of.values is None:
            return Symbol(of, known, code, (code >= 0,))
        codes = [words.setdefault(word, len(words)) for word in of.values]
        return Symbol(of, known, code, (any_of(code == z3.IntVal(c) for c in codes),))
    is_whole = of.kind == MONEY or of.declared == "integer"
    value = z3.Int(name) if is_whole else z3.Real(name)
    low, high = span_of(of)
    return Symbol(of, known, value, (value >= z3.RealVal(low), value <= z3.RealVal(high)))


def order_of(symbol: Symbol, other: Symbol) -> Formula:
    """Both are known, and the second is more than the first (true is more than false)."""
    both = [symbol.known, other.known]
    if symbol.type.kind == BOOLEAN:
        return all_of([*both, z3.Not(symbol.value), other.value])
    return all_of([*both, symbol.value < other.value])
