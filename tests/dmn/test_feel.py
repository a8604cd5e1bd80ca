"""FEEL by the standard: values, null where there is none, and messages that say why."""

from __future__ import annotations

import pytest

from app.dmn.errors import FeelSyntaxError
from app.dmn.evaluate import Feel

TRUE = [
    "1 + 2 * 3 ** 2 = 19", "-2 ** 2 = 4", "0.1 + 0.2 = 0.3", "[1,2,3,4][item > 2] = [3,4]",
    "[1,2,3][-1] = 3", "(for i in 1..3 return i * 2) = [2,4,6]",
    '{a: 1, "b c": a + 1}.b c = 2', "[{a:1},{a:3}][a > 1].a = [3]",
    'date("2024-01-31") + duration("P1M") = date("2024-02-29")', "5 in (1..10)", "5 in (> 3, 1)",
    'substring(string: "foobar", start position: 3) = "obar"', "not(10 in (1..10))",
    "(function(x, y) x + y)(1, 2) = 3", '"\\u00e9" = "é"', "(1 / 0) = null",
    "sort([3,1,2], function(x, y) x < y) = [1,2,3]", "modulo(-12, 5) = 3",
    "decimal(2.5, 0) = 2", "flatten([[1],[[2]]]) = [1,2]", "if null then false else true",
]  # fmt: skip


@pytest.mark.parametrize("text", TRUE)
def test_it_holds(text: str) -> None:
    feel = Feel(set())
    assert feel.run(feel.tree(text), {}) is True


@pytest.mark.parametrize("text", ["1 / 0", "nosuch(1)", "abs(true + 1)", "[1].year.x", "{}.a"])
def test_an_error_is_null_with_a_message(text: str) -> None:
    feel = Feel(set())
    feel.run(feel.tree(text), {})
    assert feel.messages


@pytest.mark.parametrize("text", ["(1", "1 +", '"open', "[" * 400, "-" * 4000 + "1"])
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(FeelSyntaxError):
        Feel(set()).tree(text)
