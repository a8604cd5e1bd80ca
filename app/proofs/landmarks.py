"""A policy comes in; the constants that its conditions compare each input with come out: where
small counterexamples are to be found.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.policies.policy import Policy
from app.rules.rulesets import Formula, Rules, Table
from app.rules.terms import Term
from app.scoring.scorecard import Scorecard

Landmarks = dict[str, list[int | float]]


def list_landmarks(policy: Policy) -> Landmarks:
    """Input → constants (fen for money), each once."""
    found: dict[str, dict[int | float, None]] = {}
    for stage in policy.stages:
        for name, value in _of_stage(stage.checked):
            found.setdefault(name, {})[value] = None
    return {name: list(values) for name, values in found.items()}


def _of_stage(checked: object) -> Iterator[tuple[str, int | float]]:
    match checked:
        case Rules(rules=rules):
            for rule in rules:
                yield from _of_term(rule.when)
        case Table(rows=rows):
            for row in rows:
                yield from _of_term(row.condition)
        case Formula(limit=limit):
            yield from _of_term(limit)
        case Scorecard(characteristics=characteristics):
            for one in characteristics:
                yield from _of_term(one.term)
                if one.term.op == "input":
                    yield from ((one.term.payload, edge) for edge, _ in one.edges)


def _of_term(term: Term) -> Iterator[tuple[str, int | float]]:
    if len(term.args) == 2 and {arg.op for arg in term.args} == {"input", "const"}:
        name, constant = sorted(term.args, key=lambda arg: arg.op == "const")
        if type(constant.payload) in (int, float):
            yield name.payload, constant.payload
    for arg in term.args:
        yield from _of_term(arg)
