"""A formula's text comes in; the places where it can go one way or another come out, each with the
condition under which a merchant gets there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.policies.policy import Policy, gives_of
from app.rules import syntax as s
from app.rules.parser import parse_expression
from app.rules.rulesets import Formula
from app.rules.scope import Scope, checker_of
from app.rules.terms import Term
from app.rules.types import BOOLEAN, MONEY, NUMBER, TEXT, Type

Path = tuple[tuple[Term, bool | None], ...]
TYPES = {
    NUMBER: Type("number"),
    MONEY: Type("money"),
    TEXT: Type("text"),
    BOOLEAN: Type("boolean"),
}


@dataclass(frozen=True, slots=True)
class Way:
    """One argument of a `min` or `max`, or one arm of an `if`. `of`: the `let` value or limit.

    path: conditions that all must have these results. terms, place: where the least (or greatest)
    of `terms` must stand; none for an arm.
    """

    of: str
    words: str
    path: Path
    op: str = ""
    terms: tuple[Term, ...] = ()
    place: int = 0


def scope_of(policy: Policy, stage_name: str) -> Scope:
    """What an expression of that stage may name: inputs, terms, and what earlier stages give."""
    types: dict[str, Type] = {name: one.type for name, one in policy.inputs.items()}
    types.update(dict.fromkeys(policy.terms, Type("number")))
    definitions = {
        name: Term("const", NUMBER, (), float(value), value) for name, value in policy.terms.items()
    }
    for stage in policy.stages:
        if stage.name == stage_name:
            break
        types |= gives_of(stage.name, stage.checked)
    return Scope(types, definitions)


def add_let(scope: Scope, name: str, term: Term) -> Scope:
    """The scope of what stands after that `let` value."""
    return Scope({**scope.types, name: TYPES[term.kind]}, {**scope.definitions, name: term})


def list_ways(policy: Policy, stage_name: str, formula: Formula) -> list[Way]:
    """Every way that the formula of that stage can go, in reading order."""
    scope = scope_of(policy, stage_name)
    found: list[Way] = []
    for name, term, text in formula.lets:
        found += _ways(name, text, scope)
        scope = add_let(scope, name, term)
    return found + list(_ways("limit", formula.written, scope))


def _ways(of: str, text: str, scope: Scope) -> Iterator[Way]:
    checker = checker_of(scope, lambda error: None)

    def walk(node: Any, path: Path) -> Iterator[Way]:
        match node:
            case s.Conditional():
                test = checker.term(node.condition)
                yield from walk(node.condition, path)
                written = text[node.condition.start : node.condition.end]
                if test is not None:
                    for result, arm in ((True, node.then), (False, node.otherwise)):
                        there = (*path, (test, result))
                        word = "then" if result else "else"
                        yield Way(of, f"if {written}: {word}", there)
                        yield from walk(arm, there)
            case s.Call():
                term = checker.term(node)
                if term is not None and term.op in ("min", "max") and len(term.args) > 1:
                    for place, one in enumerate(node.arguments):
                        words = f"{node.function} binds at {text[one.start : one.end]}"
                        yield Way(of, words, path, term.op, term.args, place)
                for one in node.arguments:
                    yield from walk(one, path)
            case s.Arithmetic() | s.Comparison():
                yield from walk(node.left, path)
                yield from walk(node.right, path)
            case s.Negative() | s.Negation():
                yield from walk(node.operand, path)
            case s.Logic():
                for one in node.operands:
                    yield from walk(one, path)

    yield from walk(parse_expression(text), ())


def takes(way: Way, results: Mapping[int, Any]) -> bool:
    """Whether a merchant goes this way; `results`: of each term, by `id`."""
    if any(results[id(term)] is not wanted for term, wanted in way.path):
        return False
    if not way.terms:
        return True
    values = [results[id(term)] for term in way.terms]
    if None in values:
        return False
    best = min(values) if way.op == "min" else max(values)
    return bool(values[way.place] == best)
