"""`chengxin eval`: try an expression on values, or a file of cases, with any of the three
evaluators.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import sys
from pathlib import Path
from typing import Any

import click

from app.errors import ChengxinError
from app.rules.catalogue import acceptor_of_fact, describe_expected
from app.rules.expression import ENGINES, compile_expression, evaluator_of
from app.rules.problems import ProblemsFound
from app.rules.terms import Term
from app.rules.types import DECLARED, MONEY, Type

NULL_TYPES = ("number", "text", "boolean")
MOST_TRIES = 243


class BadCases(ChengxinError):
    """Values or a file of cases that cannot be used; the message has the place."""


@click.command("eval")
@click.argument("expression", required=False)
@click.option(
    "--given", default="{}", help="Values as JSON, e.g. '{\"cod_months\": 12}'. Money in yuan."
)
@click.option(
    "--types",
    default="{}",
    help='Types as JSON where the value does not tell, e.g. \'{"sales": "money"}\'.',
)
@click.option(
    "--cases",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A JSON file of inputs and cases.",
)
@click.option(
    "--engine", type=click.Choice(ENGINES), help="Which evaluator; all three when not given."
)
@click.option("--json", "as_json", is_flag=True, help="Print results as JSON.")
def evaluate(
    expression: str | None,
    given: str,
    types: str,
    cases: Path | None,
    engine: str | None,
    as_json: bool,
) -> None:
    """Try an EXPRESSION, for example: chengxin eval 'cod_months < 12' --given '{"cod_months": 11}'.

    With --cases: prints per case a list of results, and exits with 1 where a result differs from
    the file's.
    """
    if (expression is None) == (cases is None):
        raise click.UsageError("give an EXPRESSION or --cases FILE")
    engines = (engine,) if engine else ENGINES
    if cases is not None:
        sys.exit(_run_cases(cases, engines, as_json))
    assert expression is not None
    values = _object(given, "--given")
    term, scope = _compile(expression, values, _object(types, "--types"))
    row = _inside(values, scope, "--given")
    results = {one: _outside(evaluator_of(term, one)([row])[0], term) for one in engines}
    if len({json.dumps(result) for result in results.values()}) > 1:
        raise BadCases(f"the evaluators disagree: {results}")
    result = next(iter(results.values()))
    click.echo(json.dumps(result, ensure_ascii=False) if as_json else _readable(result))


def _run_cases(path: Path, engines: tuple[str, ...], as_json: bool) -> int:
    """Results of every case, the same from every engine; status 1 where they differ from the file's
    or an expression is refused.
    """
    inputs, cases = _read_cases(path)
    found: list[Any] = []
    wrong = 0
    for number, case in enumerate(cases, start=1):
        text = case["expression"]
        rows = case["rows"]
        try:
            term = compile_expression(text, inputs, f"case {number}")
        except ProblemsFound as error:
            found.append({"error": str(error)})
            wrong += 1
            click.echo(str(error), err=True)
            continue
        values = [
            _inside(row.get("given", {}), inputs, f"case {number}", loose=True) for row in rows
        ]
        answers = {
            one: [_outside(v, term) for v in evaluator_of(term, one)(values)] for one in engines
        }
        first = next(iter(answers.values()))
        found.append(first)
        expected = [row["result"] for row in rows if "result" in row]
        problem = None
        if any(answer != first for answer in answers.values()):
            problem = f"the evaluators disagree: {answers}"
        elif len(expected) == len(rows) and not _equal(first, expected):
            problem = f"expected {_json(expected)}, found {_json(first)}"
        if problem:
            wrong += 1
            click.echo(f"case {number}: {text}: {problem}", err=True)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        for one in found:
            click.echo(json.dumps(one, ensure_ascii=False))
    click.echo(
        f"{len(cases) - wrong} of {len(cases)} cases as expected ({', '.join(engines)})", err=True
    )
    return 1 if wrong else 0


def _equal(found: list[Any], expected: list[Any]) -> bool:
    return all(
        a == b and isinstance(a, bool) == isinstance(b, bool)
        for a, b in zip(found, expected, strict=True)
    )


def _read_cases(path: Path) -> tuple[dict[str, Type], list[dict[str, Any]]]:
    try:
        document = json.loads(path.read_text("utf-8"))
        inputs = {name: Type(declared) for name, declared in document["inputs"].items()}
        cases = list(document["cases"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadCases(
            f'{path} is no file of cases: it holds {{"inputs": {{name: type}}, "cases":'
            f' [{{"expression": …, "rows": [{{"given": …, "result": …}}]}}]}} ({error})'
        ) from None
    for name, one in inputs.items():
        if one.declared not in DECLARED:
            raise BadCases(
                f"{path}: input '{name}' has no type '{one.declared}';"
                f" types are {', '.join(DECLARED)}"
            )
    for number, case in enumerate(cases, start=1):
        rows = case.get("rows") if isinstance(case, dict) else None
        if (
            not isinstance(rows, list)
            or not isinstance(case.get("expression"), str)
            or not all(isinstance(r, dict) for r in rows)
        ):
            raise BadCases(
                f"{path}: case {number} needs an 'expression' (a text)"
                " and 'rows' (a list of objects)"
            )
    return inputs, cases


def _object(text: str, what: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadCases(f"{what} is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise BadCases(f"{what} must be a JSON object, as in '{{\"x\": 1}}'")
    return value


def _compile(
    expression: str, values: dict[str, Any], types: dict[str, Any]
) -> tuple[Term, dict[str, Type]]:
    """The term, with types read off the values; what is null is tried as a number, a text and a
    boolean.
    """
    scope = {name: _type(name, value, types) for name, value in values.items()}
    untold = [name for name, value in values.items() if value is None and name not in types]
    try:
        return compile_expression(expression, scope), scope
    except ProblemsFound:
        for kinds in itertools.islice(
            itertools.product(NULL_TYPES, repeat=len(untold)), MOST_TRIES
        ):
            other = {
                **scope,
                **{name: Type(kind) for name, kind in zip(untold, kinds, strict=True)},
            }
            with contextlib.suppress(ProblemsFound):
                return compile_expression(expression, other), other
        raise


def _type(name: str, value: Any, types: dict[str, Any]) -> Type:
    declared = types.get(name)
    if declared is None:
        declared = (
            "boolean" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
        )
    if declared not in DECLARED:
        raise BadCases(
            f"--types: '{name}' has no type '{declared}'; types are {', '.join(DECLARED)}"
        )
    return Type(declared if declared != "category" else "text")


def _inside(
    given: dict[str, Any], scope: dict[str, Type], place: str, loose: bool = False
) -> dict[str, Any]:
    """Inside values of every name; with `loose`, a value of a wrong type counts as missing, as it
    does in a decision.
    """
    row: dict[str, Any] = {}
    for name, of in scope.items():
        row[name], why = acceptor_of_fact(of)(given.get(name))
        if why is not None and not loose:
            raise BadCases(
                f"{place}: '{name}' is {_json(given[name])}; expected is {describe_expected(of)}"
            )
    return row


def _outside(value: Any, term: Term) -> Any:
    """Results as JSON: money in yuan."""
    if value is None or term.kind != MONEY:
        return value
    return value / 100 if value % 100 else value // 100


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _readable(value: Any) -> str:
    return "null (unknown)" if value is None else json.dumps(value, ensure_ascii=False)
