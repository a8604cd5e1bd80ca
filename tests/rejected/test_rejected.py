"""Every mistake that a text can have is found, once, at its place, in words that say what to do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.policies.cases import load_cases
from app.policies.documents import load_documents
from app.policies.policy import check_policy
from app.rules.problems import ProblemsFound
from app.settings import PROJECT_FOLDER
from tests.rejected.readers import BASE, expected_path, list_broken, problems_of

ROOMS = ("rules", "scoring", "policies", "lint")
GIVE_PROBLEMS = {"problem", "problem_at", "ExpressionError", "_say", "say", "Problem"}
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
NO_ANALYST_SAYS = re.compile(
    r"None|NoneType|Traceback|mapping|scalar|tuple|dict\b|str\b|int\b|float\b|bool\b|regex|"
    r"Exception|offset|token|parse"
)


@pytest.mark.parametrize("name", list_broken())
def test_one_mistake_gives_one_problem(name: str) -> None:
    problems = problems_of(name)
    assert str(ProblemsFound(problems)) == expected_path(name).read_text("utf-8").rstrip("\n")
    assert [problem.code for problem in problems] == [Path(name).stem.split("--")[0]]


@pytest.mark.parametrize("name", list_broken())
def test_a_problem_is_said_in_an_analysts_words(name: str) -> None:
    for problem in problems_of(name):
        said = f"{problem.message} {problem.hint or ''}"
        assert not NO_ANALYST_SAYS.search(re.sub(r"'[^']*'", "", said)), said
        assert problem.place.line >= 1
        assert problem.place.column >= 1


def test_the_base_of_all_of_them_has_no_problem() -> None:
    policy = check_policy(load_documents("loan", BASE / "rulesets", BASE / "scorecards"))
    folder = BASE / "rulesets" / "loan" / "cases"
    assert len(load_cases(folder, BASE, policy.inputs, policy.inputs)) == 1


def test_every_code_has_its_broken_file() -> None:
    given = {code for room in ROOMS for code in _codes_of(PROJECT_FOLDER / "app" / room)}
    assert len(given) > 50
    assert given == {Path(name).stem.split("--")[0] for name in list_broken()}


def test_every_expected_text_has_its_broken_file() -> None:
    texts = set(Path(__file__).parent.glob("*/*.txt"))
    assert texts == {expected_path(name) for name in list_broken()}


def _codes_of(folder: Path) -> Iterator[str]:
    """The codes that the modules of a folder write: the first text that a problem is made with."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and _called(node) in GIVE_PROBLEMS:
                texts = (a.value for a in node.args if isinstance(a, ast.Constant))
                code = next((text for text in texts if isinstance(text, str)), None)
                if code is not None:
                    assert CODE.fullmatch(code), f"{path}:{node.lineno}: {code}"
                    yield code


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""
