"""The built-in functions of FEEL on numbers, texts, lists, contexts and ranges."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.dmn.evaluate import Feel

TRUE = [
    # numbers
    "modulo(-12, 5) = 3", "modulo(12, -5) = -3", "modulo(10.1, -4.5) = -3.4",
    "decimal(2.5, 0) = 2", "decimal(1/3, 2) = 0.33", "round up(-1.121, 2) = -1.13",
    "round down(-1.126, 2) = -1.12", "round half up(5.5, 0) = 6", "round half down(5.5, 0) = 5",
    "round half up(125, -1) = 130", "decimal(1e33, 20) = 1e33", "floor(-1.56, 1) = -1.6",
    "ceiling(1.5) = 2", "sqrt(16) = 4", "sqrt(-1) = null", "log(1) = 0", "log(0) = null",
    "exp(0) = 1", "odd(5)", "even(-2)", "even(1.5) = null", "abs(-1) = 1",
    'abs(@"-P1M") = @"P1M"', 'number("1 000,5", " ", ",") = 1000.5', 'number("0x1") = null',
    'number("1.000", ".", ".") = null', 'number(from: "1,5", decimal separator: ",") = 1.5',
    # texts
    'substring("foobar", -2, 1) = "a"', 'substring("foobar", 0) = null',
    'substring before("foobar", "bar") = "foo"', 'substring before("a", "x") = ""',
    'substring after("foobar", "ob") = "ar"', 'substring after("foobar", "") = "foobar"',
    'upper case("aé") = "AÉ"', 'contains("foobar", "oba")', 'starts with("foobar", "fo")',
    'ends with("foobar", "r")', 'string join(["a", null, "c"], "-") = "a-c"',
    'string join([1], "-") = null', 'split("a;b;;", ";") = ["a", "b", "", ""]',
    'split("a b", "\\s") = ["a", "b"]', 'matches("foobar", "^fo*b")',
    'matches("x", "[a-z-[x]]") = false',
    'matches("a\\nb", "a.b", "s")', 'matches("hello world", "hello[ ] world", "x")',
    'matches("a.b", "a.b", "q")', 'matches("a", "b", "z") = null', 'matches("a", "(") = null',
    'replace("abracadabra", "a(.)", "a$1$1") = "abbraccaddabbra"',
    'replace("0123", "(\\d)(\\d)", "$2$1") = "1032"', 'replace("ab", "a", "\\\\$") = "$b"',
    'replace("ab", "x*", "-") = null', 'replace("ab", "a", "$") = null',
    'string(1.5) = "1.5"', 'string(["a", {b: null}]) = "[\\"a\\", {b: null}]"',
    'string(null) = null', 'string([1..2)) = "[1..2)"', 'string(true) = "true"',
    # lists
    "count([1, null]) = 2", "min(3, 1, 2) = 1", 'max(["a", "b"]) = "b"', "sum([]) = null",
    "sum([1, null]) = null", "mean(1, 2, 3) = 2", "product([2, 3, 4]) = 24", "sum(3) = 3",
    "median([8, 2, 5, 7]) = 6", "mode([6, 3, 9, 6, 6]) = [6]", "mode([]) = []",
    "stddev([1, 1]) = 0", "stddev([1]) = null", "all([true, null, false]) = false",
    "any([false, null]) = null", "all([])", "any([]) = false", "all(null) = null",
    "append([1], 2, 3) = [1, 2, 3]", "append(1, 2) = [1, 2]", "concatenate([1], [2]) = [1, 2]",
    "union([1, 2], [2, 3]) = [1, 2, 3]", "distinct values([1, null, 1, null]) = [1, null]",
    "flatten([[1, 2], [[3]], 4]) = [1, 2, 3, 4]", "reverse([1, 2]) = [2, 1]",
    "index of([1, 2, 1], 1) = [1, 3]", "insert before([1, 3], 2, 2) = [1, 2, 3]",
    "insert before([1], -1, 0) = [0, 1]", "insert before([1], 5, 0) = null",
    "remove([1, 2, 3], -1) = [1, 2]", "remove([1], 0) = null", "sublist([1, 2, 3], 2, 1) = [2]",
    "sublist([1, 2, 3], -2) = [2, 3]", "sublist([1], 1, 2) = null", "list contains([null], null)",
    "sort([3, 1, 2], function(x, y) x < y) = [1, 2, 3]", 'sort(["b", "a"]) = ["a", "b"]',
    "list replace([1, 2, 3], -1, 4) = [1, 2, 4]", "list replace([1], 2, 4) = null",
    "list replace([2, 4, 7], function(item, newItem) item < newItem, 5) = [5, 5, 7]",
    "list replace([2], function(item, newItem) 1, 5) = null",
    # contexts
    'get value({a: {b: 1}}, ["a", "b"]) = 1', 'get value({a: 1}, "x") = null',
    'get entries({a: 1}) = [{key: "a", value: 1}]', 'context([{key: "a", value: null}]).a = null',
    'context([{key: "a", value: 1}, {key: "a", value: 2}]) = null', 'context([{key: "a"}]) = null',
    'context put({a: 1}, "a", 2) = {a: 2}', 'context put({a: {b: 1}}, ["a", "c"], 2).a.c = 2',
    'context put({a: 1}, ["a", "c"], 2) = null', "context merge([{a: 1}, {a: 2}]) = {a: 2}",
    "context merge([]) = {}", "is(1, 1.0)", 'is(@"12:00:00Z", @"13:00:00+01:00") = false',
    # ranges
    "before(1, [2..3])", "before([1..10), [10..20])", "before([1..10], [10..20]) = false",
    "after([11..20], (1..11))", "meets([1..5], [5..10])", "meets([1..5), [5..10]) = false",
    "met by([5..10], [1..5])", "overlaps([1..5], [5..8])", "overlaps([1..5], (5..8]) = false",
    "overlaps before([1..5], (1..5])", "overlaps after((1..5], [1..5))",
    "finishes(10, [1..10])", "finished by([1..10], [5..10])", "includes([1..10], (1..10))",
    "includes((1..10], 1) = false", "during(5, [1..10])", "starts((1..5], (1..10])",
    "started by([1..10], 1)", "coincides([1..5], [1..5])", "coincides(3, 4) = false",
    "includes([1..10], \"a\") = null", "before((< 5), [6..7])",
    'range("(1..2]") = (1..2]', 'range("[2..1]") = null', 'range("[1..]") = null',
    'range("[-2..-1]") = [-2..-1]',
    'range("[date(\\"2024-01-01\\")..@\\"2024-01-02\\"]").end = @"2024-01-02"',
    'range("[string(1)..2]") = null', "range([1..2]) = null",
]  # fmt: skip


def value(text: str) -> Any:
    feel = Feel(set())
    return feel.run(feel.tree(text), {})


@pytest.mark.parametrize("text", TRUE)
def test_it_holds(text: str) -> None:
    assert value(text) is True


ENDS = st.integers(-3, 3)


@st.composite
def ranges(draw: st.DrawFn) -> str:
    low = draw(ENDS)
    high = draw(st.integers(low + 1, low + 4))
    return f"{draw(st.sampled_from('[('))}{low}..{high}{draw(st.sampled_from('])'))}"


@settings(max_examples=60, deadline=None)
@given(one=ranges(), two=ranges())
def test_the_relations_of_ranges_agree_with_their_converses(one: str, two: str) -> None:
    pairs = [("before", "after"), ("meets", "met by"), ("overlaps before", "overlaps after"),
             ("finishes", "finished by"), ("during", "includes"),
             ("starts", "started by")]  # fmt: skip
    for name, other in pairs:
        assert value(f"{name}({one}, {two}) = {other}({two}, {one})") is True
    apart = value(f"before({one}, {two}) or after({one}, {two})")
    assert value(f"overlaps({one}, {two})") is not apart


@settings(max_examples=60, deadline=None)
@given(one=ranges(), two=ranges())
def test_during_is_what_every_quarter_says(one: str, two: str) -> None:
    """Open and closed ends are told apart by points a quarter beside the whole numbers."""
    points = [str(Decimal(quarter) / 4) for quarter in range(-16, 32)]
    inside = all(value(f"{p} in {two}") is True for p in points if value(f"{p} in {one}") is True)
    assert value(f"during({one}, {two})") is inside
