"""Hostile rulesets and expressions: a clear problem each time, soon, never a crash."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from app.rules.document import load_yaml
from app.rules.expression import compile_expression
from app.rules.fields import Fields
from app.rules.problems import Problem, ProblemsFound
from app.rules.types import Type

SCOPE = {"x": Type("number"), "b": Type("boolean"), "t": Type("text")}
EXPRESSIONS = {
    "ten megabytes": "x + " * 2_500_000 + "1",
    "ten thousand parentheses": "(" * 4_900 + "x" + ")" * 4_900,
    "lists in lists": "x in " + "(" * 5_000,
    "nots": "not(" * 2_000 + "b" + ")" * 2_000,
    "minuses": "-" * 9_000 + "x",
    "a long chain": "x" + " + x" * 2_000,
    "ifs": "if b then " * 900 + "1",
    "a huge number": "9" * 400,
    "an infinite number": "1e999 > x",
    "not a number": "NaN > x",
    "infinity": "x < Infinity",
    "a surrogate": 't = "\ud800"',
    "an escaped surrogate": 't = "\\ud800"',
    "a zero byte": "x > \x001",
    "an open text": 't = "' + "\\" * 9_000,
    "unknown names": " or ".join(f"n{i} > 1" for i in range(900)),
    "nothing": "",
    "blanks": " \n " * 100,
    "attributes": "x.__class__ > 1",
    "a call": "__import__(x)",
}
FILES = {
    "billion laughs": "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "an alias to itself": "a: &a\n  b: *a\n",
    "nested lists": "[" * 50_000,
    "nested keys": "".join(" " * i + "a:\n" for i in range(400)),
    "a tab": "a:\n\tb: 1\n",
    "a zero byte": "a: \x00\n",
    "a key twice": "a: 1\na: 2\n",
    "a tag": "a: !!python/object/apply:os.system [x]\n",
    "two documents": "a: 1\n---\nb: 2\n",
    "a huge key": "k" * 100_000 + ": 1\n",
    "a surrogate": "a: \ud800\n",
    "too much": "a: 1\n" * 500_000,
    "a list as a key": "? [a]\n: 1\n",
    "half a quote": 'a: "b\n',
}


MOST_CALLS = 2_000_000  # what a refusal may cost: calls of functions, whatever the machine is doing


def count_calls(work: Callable[[], Any]) -> tuple[ProblemsFound, int]:
    """The problems with which `work` refuses, and how many functions were called until then."""
    calls = 0

    def note(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    except ProblemsFound as found:
        return found, calls
    finally:
        sys.setprofile(before)
    raise AssertionError("it was not refused")


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_hostile_expressions_are_refused_soon(name: str) -> None:
    found, calls = count_calls(lambda: compile_expression(EXPRESSIONS[name], SCOPE))
    assert calls < MOST_CALLS
    text = str(found)
    assert text.startswith("expression:")
    assert len(found.problems[0].message) < 400
    assert "Traceback" not in text
    assert "NoneType" not in text


@pytest.mark.parametrize("name", FILES)
def test_hostile_files_are_refused_soon(name: str) -> None:
    found, calls = count_calls(lambda: load_yaml("file.yaml", FILES[name]))
    assert calls < MOST_CALLS
    assert str(found).startswith("file.yaml:")


@pytest.mark.parametrize(
    "text", ["1e999", "nan", "inf", "-inf", "9" * 400, "1e-9999", "0x10", "1__e"]
)
def test_numbers_that_cannot_be_held_are_refused(text: str) -> None:
    problems: list[Problem] = []
    fields = Fields(load_yaml("file.yaml", f"points: {text}\n"), "a bin", problems)
    assert fields.number("points") is None
    assert [problem.code for problem in problems] == ["number-expected"]


def test_an_empty_file_is_no_list_of_keys() -> None:
    problems: list[Problem] = []
    Fields(load_yaml("file.yaml", ""), "the policy", problems)
    assert [problem.code for problem in problems] == ["keys-expected"]
