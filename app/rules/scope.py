"""What an expression of a file may name; reading expressions, cells, reasons and purposes in it.

Problems are collected at their place in the file, not raised.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field

from app.rules import syntax as s
from app.rules.checker import Checker
from app.rules.document import Scalar
from app.rules.fields import Fields
from app.rules.kinds import Report
from app.rules.lexer import ExpressionError
from app.rules.parser import parse_cell, parse_expression
from app.rules.problems import Problem, suggest
from app.rules.rulesets import PURPOSES
from app.rules.terms import Term, conjunction
from app.rules.types import Type


@dataclass(frozen=True)
class Scope:
    """What an expression may name: types of inputs, and definitions (terms of the product, `let`
    values).
    """

    types: Mapping[str, Type]
    definitions: Mapping[str, Term] = field(default_factory=dict)
    reasons: frozenset[str] | None = None  # None: any code (a ruleset that is tried by itself)
    broken: Container[str] = frozenset()  # names whose definition has a problem already


def read_purposes(fields: Fields) -> frozenset[str] | None:
    """`for: [drawdown, review]`; None where it does not stand: all purposes."""
    nodes = fields.texts("for", required=False)
    for node in nodes:
        if node.text not in PURPOSES:
            fields.problems.append(
                node.problem(
                    "bad-choice",
                    f"there is no purpose '{node.text}'",
                    suggest(node.text, PURPOSES) or f"purposes are {', '.join(PURPOSES)}",
                    max(1, len(node.text)),
                )
            )
    return frozenset(node.text for node in nodes) if nodes else None


def read_reason(fields: Fields, scope: Scope, required: bool = True) -> str | None:
    """A reason code that `reasons.yaml` knows."""
    node = fields.scalar("reason", required)
    if node is None:
        return None
    if scope.reasons is not None and node.text not in scope.reasons:
        fields.problems.append(
            node.problem(
                "unknown-reason",
                f"reasons.yaml has no reason '{node.text}'",
                suggest(node.text, scope.reasons),
                max(1, len(node.text)),
            )
        )
    return node.text


def check_expression(
    node: Scalar, scope: Scope, problems: list[Problem], wanted: str | None, what: str
) -> tuple[Term, s.Syntax] | None:
    """The term and the syntax of an expression in a file; its problems stand at their place in the
    file.
    """

    def report(error: ExpressionError) -> None:
        problems.append(
            node.problem_at(error.offset, error.code, error.message, error.hint, error.width)
        )

    try:
        tree = parse_expression(node.text)
    except ExpressionError as error:
        report(error)
        return None
    term = checker_of(scope, report).expression(tree, wanted, what)
    return (term, tree) if term is not None else None


def checker_of(scope: Scope, report: Report) -> Checker:
    return Checker(scope.types, report, scope.definitions, scope.broken)


def check_cell(
    node: Scalar, subject: Term, subject_type: Type | None, scope: Scope, problems: list[Problem]
) -> Term | None:
    """The condition of a cell or bin; the constant true for `-`; None after a problem."""

    def report(error: ExpressionError) -> None:
        problems.append(
            node.problem_at(error.offset, error.code, error.message, error.hint, error.width)
        )

    try:
        tests = parse_cell(node.text)
    except ExpressionError as error:
        report(error)
        return None
    if tests is None:
        return conjunction(())
    return checker_of(scope, report).cell(subject, subject_type, tests)


def read_id(fields: Fields, seen: dict[str, int], required: bool) -> str | None:
    node = fields.scalar("id", required)
    if node is None:
        return None
    if node.text in seen:
        fields.problems.append(
            node.problem(
                "id-twice",
                f"the id '{node.text}' stands in line {seen[node.text]} already",
                "an id is given once",
                max(1, len(node.text)),
            )
        )
    seen.setdefault(node.text, node.line)
    return node.text
