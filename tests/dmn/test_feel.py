"""FEEL by the standard: values, null where there is none, and messages that say why."""

from __future__ import annotations

from typing import Any

import pytest

from app.dmn.errors import FeelSyntaxError
from app.dmn.evaluate import Feel
from app.dmn.types import Types

TRUE = [
    # numbers and operators
    "1 + 2 * 3 ** 2 = 19", "-2 ** 2 = 4", "0.1 + 0.2 = 0.3", "2 ** 3 ** 2 = 64", "1e2 = 100",
    "1/3 = 0.3333333333333333333333333333333333", "(1 / 0) = null", "-(-1) = 1",
    "1 = 1 = true", "(null < 1) = null", "(1 = \"1\") = null", "null = null", "1 != null",
    # logic
    "(true and null) = null", "(false and 1/0) = false", "true or \"a\"", "(null or false) = null",
    "if null then false else true", "(if 1 then 2 else 3) = null", "not(null) = null",
    # texts
    '"\\u00e9" = "é"', '"\\uD83D\\uDC0E" = "\\U01F40E"', 'string length("\\U01F40E") = 1',
    '"a" + "b" = "ab"', '"\\x" = "\\\\x"',
    # lists, filters, paths
    "[1,2,3,4][item > 2] = [3,4]", "[1,2,3][-1] = 3", "[1][2] = null", "\"a\"[1] = \"a\"",
    "[{a:1},{a:3}][a > 1].a = [3]", "[{a:1},{b:3}].a = [1, null]", "null[1] = null",
    "{x: 1, l: [2, 3]}.l[x + 1] = []", "[[1,2],[3]][1][2] = 2",
    "[{item: 1}, {item: 5}][item > 3] = [{item: 5}]",
    # contexts
    '{a: 1, "b c": a + 1}.b c = 2', '{a: 1, b: {c: a}}.b.c = 1', "{a: 1, a: 2} = null",
    "{a: function(x) x + 1, b: a(2)}.b = 3",
    "{f: function(n) if n < 2 then 1 else n * f(n - 1), r: f(5)}.r = 120",
    # iteration
    "(for i in 1..3 return i * 2) = [2,4,6]", "(for i in 3..1 return i) = [3,2,1]",
    "(for i in [1..3], j in 1..i return i * j) = [1,2,4,3,6,9]",
    "(for i in (1..3] return i) = [2,3]", "(for i in [3..1] return i) = null",
    "(for i in 0..4 return if i = 0 then 1 else i * partial[-1]) = [1,1,2,6,24]",
    "some x in [1,2], y in [2,3] satisfies x = y", "every x in [] satisfies x > 1",
    "(every x in [true, null] satisfies x) = null", "(for x in null return x) = null",
    # membership
    "5 in (1..10)", "5 in (> 3, 1)", "5 in >= 5", "not(10 in (1..10))", '"a" in ["a","b"]',
    "1 in [[1..3],[5..6]]", "[1,2] in [[1,2],[3]]", "5 between 1 and 5", "null in [null]",
    "2 in ]1..3[", "not(1 in ]1..3])", "5 in (!= 4)", "not(5 in (= 4))",
    # ranges
    "[1..10) = [1..10[", "(1..10] = ]1..10]", "[1..2].end = 2", "not([1..2).end included)",
    "(> 5).start = 5", "(< 5).start = null", "((< 10) = (null..10)) = false",
    # functions
    "(function(x, y) x + y)(1, 2) = 3", "(function(a, b) a - b)(b: 1, a: 5) = 4",
    "(function(x: number) x)(\"a\") = null", "(function(x: number) x + 1)([3]) = 4",
    "(function(x) x)(1, 2) = null", "(function(x: string) x)(null) = null",
    'substring(string: "foobar", start position: 3) = "obar"', "abs(n: -1) = 1",
    # types
    "1 instance of number", "not(null instance of Any)", "[1] instance of list<number>",
    'not([1, "a"] instance of list<number>)', "{a: 1} instance of context<a: number>",
    "not({b: 1} instance of context<a: number>)", "[1..2] instance of range<number>",
    "@\"P1Y\" instance of years and months duration",
    "(function(a: string) 1) instance of function<string>->number",
    "not((function(a: string) 1) instance of function<string>->string)",
    "not((function(a: number) 1) instance of function<string>->number)",
    "(function(c: context<a: string>) 1) instance of function<context<a: string, b: string>>->Any",
    # comments
    "/* a */ 1 = 1 // b",
]  # fmt: skip


def run(text: str, **scope: Any) -> tuple[Any, list[str]]:
    """The value of a text and the messages."""
    feel = Feel({"a-b", "a", "b", "Person.Name", "Person"})
    feel.types = Types({}, feel.judge, feel.tell)
    return feel.run(feel.tree(text), scope), feel.messages


@pytest.mark.parametrize("text", TRUE)
def test_it_holds(text: str) -> None:
    assert run(text)[0] is True


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 / 0", "division by zero"),
        ("nosuch(1)", "there is no 'nosuch' here"),
        ("[1].year.x", "a number has no 'year'"),
        ("{}.a", "the context has no 'a'"),
        ("[1,2][3]", "there is no position 3 in a list of 2"),
        ("(function(x: number) x)(\"a\")", "'x' is the string \"a\", not of the type number"),
        ("(function(x) x)(y: 1)", "the parameters are x; given: y"),
        ("1 instance of foo", "there is no type 'foo'"),
        ("1 < \"a\"", "number < string is not defined"),
        ("abs(\"a\")", "abs: the function takes abs(n: number|years and months duration|"
         "days and time duration); given: string"),
        ("10 ** 9999", "arithmetic: Overflow: the result is no number of 34 digits"),
        ("for i in 1..9999999 return i * 9", "an iteration has too many turns"),
    ],
)  # fmt: skip
def test_an_error_is_null_with_a_message(text: str, message: str) -> None:
    try:
        value, messages = run(text)
    except Exception as error:
        value, messages = None, [str(error)]
    assert value in (None, [None])
    assert message in messages


@pytest.mark.parametrize(
    "text",
    ["(1", "1 +", '"open', "[" * 400, "-" * 4000 + "1", "{1: 2}", "if true then 1", "]1,2]",
     "1e99999999999999999999", "substring(\"a\", start position: 1)", "for x in [1] retur x"],
)  # fmt: skip
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(FeelSyntaxError):
        run(text)


def test_a_name_with_a_sign_is_a_name_only_where_it_is_in_scope() -> None:
    assert run("a-b = 3", a=5, b=2)[1]  # plain ints are no FEEL numbers: a fault, not a crash
    feel = Feel({"a-b"})
    one = feel.tree("1")
    five, two = feel.run(one, {}) * 5, feel.run(one, {}) * 2
    assert feel.run(feel.tree("a-b = 3"), {"a": five, "b": two}) is True
    assert feel.run(feel.tree('a-b = "x"'), {"a-b": "x"}) is True


def test_a_path_is_found_where_a_name_holds_a_dot() -> None:
    assert run("Person.Name", Person={"Name": "Ann"})[0] == "Ann"
    assert run("Person.Name", **{"Person.Name": "Bob"})[0] == "Bob"


def test_an_input_may_have_the_name_of_a_function() -> None:
    assert run('date("2024-01-31") = @"2024-01-31" and date = "x"', date="x")[0] is True
