"""Policies come in; for every input the values at which something may change go out: thresholds,
their neighbours, the ends of its range, and missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from app.policies.policy import Checked, Policy
from app.rules.rulesets import Formula, Rules, Table
from app.rules.terms import COMPARE, Term
from app.rules.types import BOOLEAN, LARGEST_FEN, MONEY, TEXT, Type
from app.scoring.scorecard import Scorecard
from app.trials.steps import SMALL

FACTORS = (0.1, 0.25, 0.5, 0.75, 0.9, 1.1, 1.25, 1.5, 2.0, 3.0, 10.0)  # of what a merchant has
PLAIN = (0, 1, 2, 10, 100)  # where nothing is compared with a constant


def terms_of(checked: Checked) -> list[Term]:
    """Every term of a stage."""
    match checked:
        case Rules(rules=rules):
            return [rule.when for rule in rules]
        case Table(rows=rows, subjects=subjects):
            return [*subjects, *(row.condition for row in rows)]
        case Formula(limit=limit, lets=lets):
            return [*(term for _, term, _ in lets), limit]
        case Scorecard(characteristics=characteristics):
            return [one.term for one in characteristics]


def term_of(checked: Checked, item: str) -> Term | None:
    """The term of one rule, row, characteristic or value; None for anything else."""
    match checked:
        case Rules(rules=rules):
            return next((rule.when for rule in rules if rule.id == item), None)
        case Table():
            return None
        case Formula(lets=lets, limit=limit):
            return {**{name: term for name, term, _ in lets}, "limit": limit}.get(item)
        case Scorecard(characteristics=characteristics):
            return next((one.term for one in characteristics if one.id == item), None)


def find_landmarks(policies: Sequence[Policy]) -> dict[str, list[Any]]:
    """Inside values by input, in the order None, then from the lowest."""
    edges: dict[str, set[Any]] = {}
    for policy in policies:
        for stage in policy.stages:
            for name, value in _edges(stage.checked):
                edges.setdefault(name, set()).add(value)
    inputs = {name: one.type for policy in policies for name, one in policy.inputs.items()}
    return {name: [None, *_around(of, edges.get(name, set()))] for name, of in inputs.items()}


def _edges(checked: Checked) -> Iterator[tuple[str, Any]]:
    for term in terms_of(checked):
        yield from _compared(term)
    if isinstance(checked, Scorecard):
        for one in checked.characteristics:
            if one.term.op == "input":
                yield from ((one.term.payload, edge) for edge, _ in one.edges)
                yield from ((one.term.payload, word) for word in one.words)


def _compared(term: Term) -> Iterator[tuple[str, Any]]:
    if term.op in COMPARE:
        names = {name for arg in term.args for name in arg.inputs()}
        for arg in term.args:
            if arg.op == "const" and arg.payload is not None:
                yield from ((name, arg.payload) for name in names)
    for arg in term.args:
        yield from _compared(arg)


def _around(of: Type, edges: set[Any]) -> list[Any]:
    if of.kind == BOOLEAN:
        return [False, True]
    if of.kind == TEXT:
        words = {one for one in edges if isinstance(one, str)}
        return sorted({*(of.values or ("", *words))})
    numbers = {Decimal(str(one)) for one in edges if type(one) in (int, float)} or set(
        map(Decimal, PLAIN)
    )
    scale = 100 if of.kind == MONEY else 1
    unit = Decimal(1) if of.kind == MONEY or of.declared == "integer" else SMALL
    low = Decimal(-LARGEST_FEN) if of.low is None else of.low * scale
    high = Decimal(LARGEST_FEN) if of.high is None else of.high * scale
    ends = {end for end, given in ((low, of.low), (high, of.high)) if given is not None}
    tried = {one + step for one in numbers for step in (-unit, -unit / 2, Decimal(0), unit)} | ends
    if unit == 1:
        tried = {one.to_integral_value() for one in tried}
    kept = sorted(one for one in tried if low <= one <= high)
    return [int(one) if of.kind == MONEY else float(one) for one in kept]


def scaled_all(of: Type, value: Any) -> list[Any]:
    """The value times each of FACTORS; itself where that is no valid value."""
    if of.kind in (BOOLEAN, TEXT) or not value:
        return [value] * len(FACTORS)
    return [_scaled(of, value, factor) for factor in FACTORS]


def scaled(of: Type, value: Any) -> list[Any]:
    """Amounts and numbers in proportion to what a merchant has, within the range; for money also
    some fen more or less, which a rounding tells apart.
    """
    found = [moved for moved in scaled_all(of, value) if moved != value]
    if of.kind == MONEY and value:
        high = LARGEST_FEN if of.high is None else int(of.high * 100)
        low = -LARGEST_FEN if of.low is None else int(of.low * 100)
        found += [value + n for n in (-1, 1, 2, 5) if low <= value + n <= high]
    return found


def _scaled(of: Type, value: Any, factor: float) -> Any:
    scale, moved = (100 if of.kind == MONEY else 1), value * factor
    is_low = of.low is not None and moved < of.low * scale
    is_high = of.high is not None and moved > of.high * scale
    if is_low or is_high or abs(moved) > LARGEST_FEN:
        return value
    if of.kind == MONEY:
        return int(moved)
    return float(int(moved)) if of.declared == "integer" else float(moved)
