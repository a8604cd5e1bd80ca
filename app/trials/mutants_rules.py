"""A document of kind rules comes in; its mutants go out."""

from __future__ import annotations

from collections.abc import Iterator

from app.rules.document import AnyNode
from app.trials.expressions import change_expression
from app.trials.made import OTHERS, Made, put_text, swap_reason, turn_unknown
from app.trials.measures import Measures
from app.trials.trees import Path, items_of, put, text_at


def mutate_rules(root: AnyNode, measures: Measures, codes: tuple[str, ...]) -> Iterator[Made]:
    """Every rule: its condition, its outcome, its reason, itself; and what unknown leads to."""
    rules = items_of(root, "rules")
    for place, rule in enumerate(rules):
        at: Path = ("rules", place)
        item = text_at(rule, "id") or f"rule {place + 1}"
        when = text_at(rule, "when") or ""
        for change in change_expression(when, measures):
            words = f"{change.before} → {change.after}"
            yield Made(item, words, (*at, "when"), put(root, (*at, "when"), change.text))
        for other in OTHERS.get(text_at(rule, "then") or "", ()):
            yield put_text(root, item, (*at, "then"), other)
        yield from swap_reason(root, item, (*at, "reason"), codes)
        if len(rules) > 1:
            yield Made(item, "left out", at, put(root, at, None))
    yield from turn_unknown(root)
