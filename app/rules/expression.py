"""One expression by itself: text and types come in, results of each evaluator go out. For `chengxin
eval` and for conformance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.rules.checker import Checker
from app.rules.document import Source
from app.rules.durable import DurableConditions
from app.rules.lexer import ExpressionError
from app.rules.parser import parse_expression
from app.rules.problems import Problem, ProblemsFound
from app.rules.program import build_program
from app.rules.scalar import compile_scalar
from app.rules.terms import Term
from app.rules.types import BOOLEAN, Type
from app.rules.vector import VectorProgram, column_of, values_of

Values = Mapping[str, Any]
ENGINES = ("scalar", "numpy", "durable")


def compile_expression(text: str, scope: Mapping[str, Type], file: str = "expression") -> Term:
    """The checked term. Raises ProblemsFound with every problem and its place."""
    source = Source.of(file, text)
    problems: list[Problem] = []

    def report(error: ExpressionError) -> None:
        before = text[: error.offset]
        line = before.count("\n") + 1
        column = error.offset - (before.rfind("\n") + 1) + 1
        problems.append(
            source.problem(line, column, error.code, error.message, error.hint, error.width)
        )

    term = None
    try:
        term = Checker(scope, report).expression(parse_expression(text))
    except ExpressionError as error:
        report(error)
    if problems or term is None:
        raise ProblemsFound(problems)
    return term


def evaluator_of(term: Term, engine: str) -> Callable[[Sequence[Values]], list[Any]]:
    """A function from rows of inside values (every input of the term present, None for null) to
    results.

    In the durable one a condition goes through durable-rules; a value is computed as `let` values
    are, by the scalar one.
    """
    program = build_program([term])
    if engine == "numpy":
        vector = VectorProgram(program)

        def run_columns(rows: Sequence[Values]) -> list[Any]:
            columns = {
                name: column_of(kind, [row[name] for row in rows]) for name, kind in program.inputs
            }
            return values_of(vector.run(columns)[0], len(rows))

        return run_columns
    if engine == "durable" and term.kind == BOOLEAN:
        durable = DurableConditions([term])
        return lambda rows: [durable.judge(row)[0] for row in rows]
    judge = compile_scalar(program)
    return lambda rows: [judge(row)[0] for row in rows]
