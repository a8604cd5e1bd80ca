"""Typed terms → values for the solver, with the meaning that the evaluators give them: logic of
three values, whole fen rounded at each operation, float64 numbers within their rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import z3

from app.errors import ChengxinError
from app.proofs.arithmetic import Arithmetic
from app.proofs.logic import (
    NO,
    YES,
    all_of,
    any_of,
    choose,
    either,
    in_reals,
    negation,
)
from app.proofs.values import (
    Quantity,
    Truth,
    Value,
    Word,
    compare,
    of_choices,
    of_formula,
)
from app.rules.terms import ROUNDERS, Term
from app.rules.types import BOOLEAN, MONEY, TEXT

MOST_CHOICES = 64


class NotProvable(ChengxinError):
    """An expression that the solver has no meaning for."""


class Encoder:
    """Values of terms for one merchant. `inputs`: the values of names, given or from stages;
    `words`: text → its number, shared by all that is compared.
    """

    def __init__(
        self, inputs: Mapping[str, Value], words: dict[str, int], arithmetic: Arithmetic
    ) -> None:
        self.inputs, self.words, self.arithmetic = inputs, words, arithmetic
        self._known: dict[Term, Value] = {}

    def value(self, term: Term) -> Value:
        """Raises NotProvable."""
        found = self._known.get(term)
        if found is None or term.op == "input":
            found = self._known[term] = self._encode(term)
        return found

    def truth(self, term: Term) -> Truth:
        value = self.value(term)
        assert isinstance(value, Truth)
        return value

    def quantity(self, term: Term) -> Quantity:
        value = self.value(term)
        assert isinstance(value, Quantity)
        return value

    def word_of(self, text: str) -> int:
        return self.words.setdefault(text, len(self.words))

    def constant(self, kind: str, payload: object) -> Value:
        if kind == BOOLEAN:
            return Truth(*((YES, NO) if payload is True else (NO, YES if payload is False else NO)))
        if kind == TEXT:
            code = self.word_of(payload) if isinstance(payload, str) else -1
            return Word(NO if payload is None else YES, z3.IntVal(code))
        if payload is None:
            return of_choices(NO, kind == MONEY, ())
        assert isinstance(payload, (int, float))
        return of_choices(YES, kind == MONEY, ((YES, payload),))

    def _encode(self, term: Term) -> Value:
        match term.op:
            case "const":
                return self.constant(term.kind, term.payload)
            case "input":
                return self.inputs[term.payload]
            case "is_null":
                known = self.value(term.args[0]).known
                return Truth(negation(known), known)
            case "not":
                inner = self.truth(term.args[0])
                return Truth(inner.false, inner.true)
            case "and" | "or":
                return self._logic(term)
            case "if":
                return self._conditional(term)
            case "eq" | "ne" | "lt" | "le" | "gt" | "ge":
                return self._comparison(term)
            case "add" | "sub" | "mul" | "div":
                operate: Callable[..., Quantity] = self.arithmetic.operate
                return operate(term.op, term.kind, *map(self.quantity, term.args))
            case "neg" | "abs":
                return self.arithmetic.turn(term.op, self.quantity(term.args[0]))
            case "min" | "max":
                return self._extreme(term)
        assert term.op in ROUNDERS
        return self.arithmetic.round(term.op, term.payload, self.quantity(term.args[0]))

    def _logic(self, term: Term) -> Truth:
        parts = [self.truth(arg) for arg in term.args]
        trues, falses = [part.true for part in parts], [part.false for part in parts]
        if term.op == "and":
            return Truth(all_of(trues), any_of(falses))
        return Truth(any_of(trues), all_of(falses))

    def _comparison(self, term: Term) -> Truth:
        left, right = (self.value(arg) for arg in term.args)
        known = all_of([left.known, right.known])
        match left, right:
            case Quantity(), Quantity():
                holds = compare(term.op, left, right)
            case Truth(), Truth() if term.op in ("eq", "ne"):
                holds = either(left.true, right.true, right.false)
                holds = holds if term.op == "eq" else negation(holds)
            case Word(), Word() if term.op in ("eq", "ne"):
                holds = left.code == right.code
                holds = holds if term.op == "eq" else negation(holds)
            case _:
                raise NotProvable("the order of texts cannot be proven; compare texts with = or !=")
        return Truth(all_of([known, holds]), all_of([known, negation(holds)]))

    def _conditional(self, term: Term) -> Value:
        condition = self.truth(term.args[0])
        one, other = (self.value(arg) for arg in term.args[1:])
        return choose_value(condition, one, other)

    def _extreme(self, term: Term) -> Quantity:
        result = self.quantity(term.args[0])
        op = "le" if term.op == "min" else "ge"
        for arg in term.args[1:]:
            result = _pick(op, result, self.quantity(arg))
        return result


def choose_value(condition: Truth, one: Value, other: Value) -> Value:
    """`if`: null where the condition is."""
    known = all_of([condition.known, either(condition.true, one.known, other.known)])
    match one, other:
        case Truth(), Truth():
            return Truth(
                *(
                    any_of([all_of([condition.true, a]), all_of([condition.false, b])])
                    for a, b in ((one.true, other.true), (one.false, other.false))
                )
            )
        case Word(), Word():
            return Word(known, choose(condition.true, one.code, other.code))
    assert isinstance(one, Quantity) and isinstance(other, Quantity)
    return _choose_quantity(condition.true, negation(condition.true), known, one, other)


def _choose_quantity(
    first: z3.BoolRef, second: z3.BoolRef, known: z3.BoolRef, one: Quantity, other: Quantity
) -> Quantity:
    if one.choices is not None and other.choices is not None:
        choices: list[tuple[z3.BoolRef, int | float]] = []
        for arm, quantity in ((first, one), (second, other)):
            if quantity.choices is not None and not z3.is_false(quantity.known):
                choices += [(all_of([arm, c]), v) for c, v in quantity.choices]
        if len(choices) <= MOST_CHOICES:
            return of_choices(known, one.money, tuple(choices))
    span = (min(one.span[0], other.span[0]), max(one.span[1], other.span[1]))
    a, b = one.formula, other.formula
    if a.is_int() != b.is_int():
        a, b = in_reals(a), in_reals(b)
    return of_formula(known, one.money, choose(first, a, b), span)


def _pick(op: str, one: Quantity, other: Quantity) -> Quantity:
    known = all_of([one.known, other.known])
    first = compare(op, one, other)
    second = negation(first)
    picked = _choose_quantity(first, second, known, one, other)
    ends = min if op == "le" else max
    if picked.choices is None:
        low, high = ends(one.span[0], other.span[0]), ends(one.span[1], other.span[1])
        return of_formula(known, picked.money, picked.formula, (low, high))
    return picked
