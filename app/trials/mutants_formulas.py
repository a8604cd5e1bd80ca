"""A document of kind formula comes in; its mutants go out."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from app.rules.document import AnyNode
from app.rules.rulesets import Formula
from app.trials.expressions import change_expression
from app.trials.made import OTHER_UNKNOWN, Made, put_text, swap_reason, turn_unknown
from app.trials.measures import Measures
from app.trials.parts import add_let
from app.trials.steps import read_literal, write
from app.trials.trees import Path, put, text_at


def mutate_formula(
    root: AnyNode, formula: Formula, measures: Measures, codes: tuple[str, ...]
) -> Iterator[Made]:
    """Every number, comparison and operator of the values; the rounding, the minimum."""
    before = measures.scope
    for name, term, text in formula.lets:
        yield from _expression(root, name, ("let", name), text, measures)
        measures.scope = add_let(measures.scope, name, term)
    yield from _expression(root, "limit", ("limit",), formula.written, measures)
    measures.scope = before
    unit = text_at(root, "round_down_to")
    if unit is not None:
        for factor in (Decimal("0.5"), Decimal(2)):
            new = write(read_literal(unit) * factor, "_" in unit)
            yield put_text(root, "round_down_to", ("round_down_to",), new)
        yield Made(
            "round_down_to", "left out", ("round_down_to",), put(root, ("round_down_to",), None)
        )
    amount = text_at(root, "minimum", "amount")
    if amount is not None:
        step = Decimal(formula.round_down_to_fen) / 100
        for moved in (read_literal(amount) + step, read_literal(amount) - step):
            new = write(moved, "_" in amount)
            yield put_text(root, "minimum", ("minimum", "amount"), new, "amount")
        then = text_at(root, "minimum", "then")
        if then in OTHER_UNKNOWN:
            yield put_text(root, "minimum", ("minimum", "then"), OTHER_UNKNOWN[then], "then")
        yield from swap_reason(root, "minimum", ("minimum", "reason"), codes)
        yield Made("minimum", "left out", ("minimum",), put(root, ("minimum",), None))
    yield from turn_unknown(root)


def _expression(
    root: AnyNode, item: str, path: Path, text: str, measures: Measures
) -> Iterator[Made]:
    for change in change_expression(text, measures):
        words = f"{change.before} → {change.after}"
        yield Made(item, words, path, put(root, path, change.text))
