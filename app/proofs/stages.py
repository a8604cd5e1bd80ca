"""Checked stages → what each says of every merchant at once: when it declines, when it refers, and
the values that it gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import z3

from app.policies.policy import Checked
from app.proofs.logic import (
    NO,
    YES,
    Formula,
    all_of,
    any_of,
    choose,
    negation,
    number,
)
from app.proofs.scores import encode_score
from app.proofs.terms import Encoder
from app.proofs.values import Quantity, Truth, Value, Word, at_least, of_choices, of_formula
from app.rules.rulesets import OUTCOMES, Row, Rules, Table
from app.rules.rulesets import Formula as LimitFormula
from app.rules.stages import applies
from app.rules.types import BOOLEAN, TEXT
from app.scoring.scorecard import Scorecard


@dataclass(slots=True)
class Said:
    """What a stage says: each formula holds for the merchants of whom it says that."""

    declined: Formula = NO
    referred: Formula = NO
    gives: dict[str, Value] = field(default_factory=dict)

    def add(self, outcome: str | None, where: Formula) -> None:
        if outcome == "decline":
            self.declined = any_of([self.declined, where])
        elif outcome == "refer":
            self.referred = any_of([self.referred, where])


def outcome_word(declined: Formula, referred: Formula, encoder: Encoder) -> Word:
    """The gravest outcome, as the number of its word."""
    approve, refer, decline = (z3.IntVal(encoder.word_of(word)) for word in OUTCOMES)
    return Word(YES, choose(declined, decline, choose(referred, refer, approve)))


def encode_stage(
    name: str, checked: Checked, purpose: str, encoder: Encoder, data: frozenset[str]
) -> Said:
    """One stage for one purpose; `data` are the names of the catalogue's inputs. Raises
    NotProvable.
    """
    match checked:
        case Rules():
            return _encode_rules(name, checked, purpose, encoder)
        case Table():
            return _encode_table(checked, purpose, encoder)
        case LimitFormula():
            return _encode_limit(checked, purpose, encoder)
        case Scorecard():
            score, nothing = encode_score(checked, encoder, data)
            said = Said(gives={"score": score})
            said.add("refer", nothing)
            return said


# --- rules ----------------------------------------------------------------------------------------


def _encode_rules(name: str, rules: Rules, purpose: str, encoder: Encoder) -> Said:
    said = Said()
    hits: list[Formula] = []
    if applies(rules.header.purposes, purpose):
        for rule in rules.rules:
            if applies(rule.purposes, purpose):
                when = encoder.truth(rule.when)
                said.add(rule.then, when.true)
                said.add(rules.header.unknown, negation(when.known))
                hits.append(when.true)
    said.gives = {
        f"{name}_hits": _count(hits),
        f"{name}_outcome": outcome_word(said.declined, said.referred, encoder),
    }
    return said


def _count(truths: Sequence[Formula]) -> Quantity:
    terms = [z3.If(truth, number(1), number(0)) for truth in truths if not z3.is_false(truth)]
    if not terms:
        return of_choices(YES, False, ((YES, 0.0),))
    return of_formula(YES, False, z3.Sum(terms), (Fraction(0), Fraction(len(terms))))


# --- tables ---------------------------------------------------------------------------------------


def _encode_table(table: Table, purpose: str, encoder: Encoder) -> Said:
    said = Said()
    if not applies(table.header.purposes, purpose):
        said.gives = _outputs(table, [], [], encoder)
        return said
    rows = [row for row in table.rows if applies(row.purposes, purpose)]
    truths = [encoder.truth(row.condition) for row in rows]
    chosen, unknown = (_first if table.hit == "first" else _unique)(truths)
    for row, where in zip([*rows, table.otherwise], chosen, strict=True):
        if row.then and row.reason:
            said.add(row.then, where)
    said.add(table.header.unknown, unknown)
    said.gives = _outputs(table, [*rows, table.otherwise], chosen, encoder)
    return said


def _first(truths: Sequence[Truth]) -> tuple[list[Formula], Formula]:
    """When each row is chosen (`otherwise` last), and when a row that might fit stops the
    search.
    """
    chosen, stopped, passed = [], [], YES
    for truth in truths:
        chosen.append(all_of([passed, truth.true]))
        stopped.append(all_of([passed, negation(truth.known)]))
        passed = all_of([passed, truth.false])
    return [*chosen, passed], any_of(stopped)


def _unique(truths: Sequence[Truth]) -> tuple[list[Formula], Formula]:
    """The same where one row alone may fit: several, or one that might fit, are unknown."""
    falses = [truth.false for truth in truths]
    chosen = []
    for place, truth in enumerate(truths):
        others = [false for other, false in enumerate(falses) if other != place]
        chosen.append(all_of([truth.true, *others]))
    chosen.append(all_of(falses))
    return chosen, negation(any_of(chosen))


def _outputs(
    table: Table, rows: Sequence[Row], chosen: Sequence[Formula], encoder: Encoder
) -> dict[str, Value]:
    """What the chosen row gives; null where none is chosen or the row gives nothing."""
    gives: dict[str, Value] = {}
    for place, (name, of) in enumerate(table.outputs.items()):
        given = [
            (where, row.outputs[place])
            for row, where in zip(rows, chosen, strict=True)
            if row.outputs[place] is not None
        ]
        known = any_of(where for where, _ in given)
        if of.kind == BOOLEAN:
            gives[name] = Truth(
                any_of(where for where, value in given if value),
                any_of(where for where, value in given if not value),
            )
        elif of.kind == TEXT:
            code = z3.IntVal(-1)
            for where, value in given:
                code = choose(where, z3.IntVal(encoder.word_of(value)), code)
            gives[name] = Word(known, code)
        else:
            gives[name] = of_choices(known, False, tuple(given))
    return gives


# --- formulas -------------------------------------------------------------------------------------


def _encode_limit(formula: LimitFormula, purpose: str, encoder: Encoder) -> Said:
    if not applies(formula.header.purposes, purpose):
        return Said(gives={"limit": of_choices(NO, True, ())})
    exact = encoder.quantity(formula.limit)
    unit = formula.round_down_to_fen
    fens = exact.formula
    if unit > 1:
        fens = fens / z3.IntVal(unit) * z3.IntVal(unit)
    low, high = (max(Fraction(0), Fraction(int(end // unit) * unit)) for end in exact.span)
    limit = of_formula(exact.known, True, choose(fens >= 0, fens, number(0)), (low, high))
    said = Said(gives={"limit": limit})
    said.add(formula.header.unknown, negation(exact.known))
    if formula.minimum_fen is not None and formula.reason:
        too_small = negation(at_least(limit, formula.minimum_fen, strict=False))
        said.add(formula.then, all_of([exact.known, too_small]))
    return said
