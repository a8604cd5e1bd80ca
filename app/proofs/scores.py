"""A scorecard → the score of every merchant at once: the points of the bin that each value falls
in, added in the card's order.
"""

from __future__ import annotations

from fractions import Fraction

import z3

from app.proofs.logic import (
    NO,
    Formula,
    all_of,
    any_of,
    choose,
    in_reals,
    negation,
    number,
)
from app.proofs.rounding import UNIT
from app.proofs.terms import Encoder
from app.proofs.values import Quantity, Truth, Value, Word, at_least, of_formula
from app.scoring.scorecard import Characteristic, Scorecard

FINEST = 2**20  # points that are whole multiples of 1 / FINEST add up without rounding


def encode_score(
    card: Scorecard, encoder: Encoder, data: frozenset[str]
) -> tuple[Quantity, Formula]:
    """The score, and when there is none: where all that reads data is missing."""
    parts: list[z3.ArithRef] = []
    missing: list[Formula] = []
    for one in card.characteristics:
        value = encoder.value(one.term)
        parts.append(_points(one, value, encoder))
        if not data.isdisjoint(one.term.inputs()):
            missing.append(negation(value.known))
    nothing = all_of(missing) if missing else NO
    least = sum(Fraction(min(*c.points, c.missing)) for c in card.characteristics)
    most = sum(Fraction(c.best) for c in card.characteristics)
    total = _total(card, parts, encoder)
    return of_formula(negation(nothing), False, total, (Fraction(least), Fraction(most))), nothing


def _total(card: Scorecard, parts: list[z3.ArithRef], encoder: Encoder) -> z3.ArithRef:
    """The sum; of points that are no binary fractions, within the error of adding them."""
    points = [Fraction(p) for c in card.characteristics for p in (*c.points, c.missing)]
    if all(part.is_int() for part in parts):
        return z3.Sum(parts)
    exact = z3.Sum([in_reals(part) for part in parts])
    if all(FINEST % point.denominator == 0 for point in points):
        return exact
    arithmetic = encoder.arithmetic
    result = arithmetic.laws.fresh(False)
    size = sum(max(abs(Fraction(p)) for p in (*c.points, c.missing)) for c in card.characteristics)
    reach = z3.RealVal(2 * len(parts) * UNIT * size)
    arithmetic.laws.formulas += [result - exact <= reach, exact - result <= reach]
    return result


def _points(one: Characteristic, value: Value, encoder: Encoder) -> z3.ArithRef:
    bins = list(zip(_bins(one, value, encoder), one.points, strict=True))
    amounts = [Fraction(p) for p in (*one.points, one.missing)]
    whole = all(amount.denominator == 1 for amount in amounts)

    def made(points: float) -> z3.ArithRef:
        return number(Fraction(points)) if whole else z3.RealVal(Fraction(points))

    result = made(one.missing)
    for condition, points in bins[::-1]:
        result = choose(all_of([value.known, condition]), made(points), result)
    return result


def _bins(one: Characteristic, value: Value, encoder: Encoder) -> list[Formula]:
    """When a known value falls in each bin."""
    match value:
        case Quantity():
            passed = [at_least(value, edge, not included) for edge, included in one.edges]
            starts, ends = [None, *passed], [*passed, None]
            return [
                all_of(
                    [
                        *([] if start is None else [start]),
                        *([] if end is None else [negation(end)]),
                    ]
                )
                for start, end in zip(starts, ends, strict=True)
            ]
        case Truth(true, false):
            return [
                any_of(true if word else false for word, at in one.words.items() if at == place)
                for place in range(len(one.points))
            ]
        case Word(_, code):
            return _word_bins(one, code, encoder)


def _word_bins(one: Characteristic, code: z3.ArithRef, encoder: Encoder) -> list[Formula]:
    falls: list[list[Formula]] = [[] for _ in one.points]
    listed: list[Formula] = []
    for word, place in one.words.items():
        if isinstance(word, str) and word:
            is_word = code == z3.IntVal(encoder.word_of(word))
            falls[place].append(is_word)
            listed.append(is_word)
    if "" in one.words:
        falls[one.words[""]].append(negation(any_of(listed)))
    return [any_of(truths) for truths in falls]
