"""The shared conformance expressions, in every evaluator and through the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import chengxin
from app.rules.catalogue import acceptor_of_fact
from app.rules.expression import ENGINES, compile_expression, evaluator_of
from app.rules.types import MONEY, Type
from app.settings import PROJECT_FOLDER

CASES = PROJECT_FOLDER.parent / "shared" / "conformance" / "expressions.json"
pytestmark = pytest.mark.skipif(
    not Path(CASES).is_file(), reason=f"the conformance cases are not there: {CASES}"
)


@pytest.mark.parametrize("engine", ENGINES)
def test_all_cases_give_the_expected_results(engine: str) -> None:
    document = json.loads(CASES.read_text("utf-8"))
    scope = {name: Type(declared) for name, declared in document["inputs"].items()}
    acceptors = {name: acceptor_of_fact(of) for name, of in scope.items()}
    wrong = []
    for number, case in enumerate(document["cases"]):
        term = compile_expression(case["expression"], scope)
        rows = [
            {name: accept(row["given"].get(name))[0] for name, accept in acceptors.items()}
            for row in case["rows"]
        ]
        found = evaluator_of(term, engine)(rows)
        if term.kind == MONEY:
            found = [None if fen is None else fen / 100 for fen in found]
        expected = [row["result"] for row in case["rows"]]
        for mine, other in zip(found, expected, strict=True):
            if mine != other or isinstance(mine, bool) != isinstance(other, bool):
                wrong.append((number, case["expression"], mine, other))
    assert len(document["cases"]) == 400
    assert wrong == []


@pytest.mark.parametrize("engine", ENGINES)
def test_the_command_gives_the_same(engine: str) -> None:
    answer = CliRunner().invoke(
        chengxin, ["eval", "--cases", str(CASES), "--engine", engine, "--json"]
    )
    assert answer.exit_code == 0, answer.output[-2000:]
    assert "400 of 400 cases as expected" in answer.stderr
