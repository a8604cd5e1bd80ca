"""The verdicts of the search against brute force over every representative merchant."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.lint.domains import Domain, domain_of
from app.lint.search import NO, YES, can_be
from app.lint.values import FALSE, NULL, TRUE, constant, possible
from app.rules.expression import compile_expression
from app.rules.program import build_program
from app.rules.scalar import compile_scalar
from app.rules.terms import Term
from app.rules.types import Type

TYPES = {
    "months": Type("integer", None, Decimal(0), Decimal(12)),
    "share": Type("ratio", None, Decimal(0), Decimal(1)),
    "amount": Type("money", None, Decimal(0), Decimal(9)),
    "grade": Type("category", ("A", "B", "C")),
    "listed": Type("boolean"),
}
DOMAINS = {name: domain_of(of) for name, of in TYPES.items()}
RESULTS = {TRUE: True, FALSE: False, NULL: None}

SIGNS = st.sampled_from(["<", "<=", "=", "!=", ">", ">="])
SHARES = st.sampled_from(["0", "0.25", "0.5", "0.75", "1"])
ATOMS = st.one_of(
    st.builds("months {} {}".format, SIGNS, st.integers(-2, 14)),
    st.builds("share {} {}".format, SIGNS, SHARES),
    st.builds("amount {} {}".format, SIGNS, st.sampled_from(["0", "1", "2.01", "9", "9.5"])),
    st.builds('grade {} "{}"'.format, st.sampled_from(["=", "!="]), st.sampled_from("ABC")),
    st.builds("months in [{}..{})".format, st.integers(-1, 5), st.integers(6, 13)),
    st.sampled_from(["listed", 'grade in ("A", "C")', "months = null", "share != null"]),
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("not({})".format, inner),
        st.builds("(if {} then {} else {})".format, inner, inner, inner),
    ),
    max_leaves=5,
)
ARITHMETIC = st.one_of(
    st.builds("months / 4 {} {}".format, SIGNS, st.sampled_from(["0", "1.5", "3", "3.25"])),
    st.builds("months * months {} {}".format, SIGNS, st.integers(-1, 150)),
    st.builds("amount / 3 {} {}".format, SIGNS, st.sampled_from(["0", "0.33", "1", "3", "3.01"])),
    st.builds("amount * share {} {}".format, SIGNS, st.sampled_from(["0", "4.5", "9", "9.01"])),
    st.builds("min(months, 5) - months {} {}".format, SIGNS, st.integers(-8, 1)),
    st.builds("months / (months - {}) {} 1".format, st.integers(-1, 12), SIGNS),
    st.builds("abs(months - 6) {} {}".format, SIGNS, st.integers(-1, 7)),
    st.builds("floor(share * 3) {} {}".format, SIGNS, st.integers(-1, 4)),
    st.builds("if listed then months {0} 3 else amount {0} 3".format, SIGNS),
)


def values_of(name: str) -> list[Any]:
    """Every value of an integer and an amount; of a share each threshold and what lies beside."""
    if name == "months":
        return [None, *map(float, range(13))]
    if name == "amount":
        return [None, 0, 1, 99, 100, 101, 200, 201, 202, 450, 899, 900]
    if name == "share":
        near = [s for t in (0.0, 0.25, 0.5, 0.75, 1.0) for s in (t, _down(t), _up(t))]
        return [None, *sorted({s for s in near if 0 <= s <= 1})]
    return [None, "A", "B", "C"] if name == "grade" else [None, True, False]


def _down(value: float) -> float:
    return math.nextafter(value, -1)


def _up(value: float) -> float:
    return math.nextafter(value, 2)


def brute_force(term: Term) -> set[Any]:
    """Every result that some representative merchant gets."""
    program = build_program([term])
    judge = compile_scalar(program)
    names = [name for name, _ in program.inputs]
    return {judge(values)[0] for values in merchants(names)}


def merchants(names: list[str]) -> Iterator[dict[str, Any]]:
    for values in itertools.product(*(values_of(name) for name in names)):
        yield dict(zip(names, values, strict=True))


@settings(max_examples=100, deadline=None)
@given(CONDITIONS)
def test_conditions_on_constants_are_judged_exactly(text: str) -> None:
    term = compile_expression(text, TYPES) if _is_sound(text) else None
    if term is None:
        return
    found = brute_force(term)
    for wanted, result in RESULTS.items():
        assert can_be(term, wanted, DOMAINS).says == (YES if result in found else NO), text


def _is_sound(text: str) -> bool:
    """A ratio compared with a value outside its range is a problem already, not for lint."""
    return len(set(_names(text))) <= 3


def _names(text: str) -> list[str]:
    return [name for name in TYPES if name in text]


@settings(max_examples=100, deadline=None)
@given(st.one_of(ARITHMETIC, st.builds("({}) and ({})".format, ARITHMETIC, ATOMS)))
def test_no_verdict_about_arithmetic_is_wrong(text: str) -> None:
    if len(_names(text)) > 3:
        return
    term = compile_expression(text, TYPES)
    found = brute_force(term)
    for wanted, result in RESULTS.items():
        says = can_be(term, wanted, DOMAINS).says
        assert says != NO or result not in found, f"{text}: {result} was ruled out, and exists"


@settings(max_examples=100, deadline=None)
@given(st.one_of(CONDITIONS, ARITHMETIC))
def test_a_yes_comes_with_a_merchant_who_shows_it(text: str) -> None:
    term = compile_expression(text, TYPES)
    judge = compile_scalar(build_program([term]))
    for wanted, result in RESULTS.items():
        answer = can_be(term, wanted, DOMAINS)
        if answer.says == YES:
            assert answer.merchant is not None
            shown = {name: _inside(DOMAINS[name], value) for name, value in answer.merchant.items()}
            assert judge(shown)[0] is result


def _inside(domain: Domain, value: Any) -> Any:
    """The one value of a set, as the evaluators take it."""
    if domain.kind == "boolean":
        return RESULTS[value]
    if domain.kind == "text":
        return next(iter(value))
    assert value[0] is None or domain.holds(value[0])
    return value[0]


@settings(max_examples=100, deadline=None)
@given(ARITHMETIC, st.randoms(use_true_random=False))
def test_a_set_holds_every_value_of_the_evaluator(text: str, random: Any) -> None:
    term = compile_expression(text, TYPES)
    program = build_program([term])
    judge = compile_scalar(program)
    names = [name for name, _ in program.inputs]
    for _ in range(20):
        values = {name: random.choice(values_of(name)) for name in names}
        other = {name: random.choice(values_of(name)) for name in names}
        box = {name: _hull(DOMAINS[name], values[name], other[name]) for name in names}
        mask = possible(program, box)[program.outputs[0]]
        for one in (values, other):
            assert mask & {True: TRUE, False: FALSE, None: NULL}[judge(one)[0]]


def _hull(domain: Domain, one: Any, other: Any) -> Any:
    from app.lint.values import join

    return join(constant(one, domain.kind), constant(other, domain.kind), domain.kind)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("months > 5 and months < 6", NO),
        ("amount > 1 and amount < 1.01", NO),
        ("amount > 1 and amount < 1.02", YES),
        ("share > 0.5 and share < 0.5000001", YES),
        ("months / 4 < 1 and months >= 4", NO),
        ("months > amount / amount and amount / amount > months", NO),
        ("months < 3 and (months > 2 or months = null)", NO),
        ("months = 2.5", NO),
        ("amount / 3 = 0.33", YES),
        ("share * 0 = 1", NO),
    ],
)
def test_edges(text: str, says: str) -> None:
    assert can_be(compile_expression(text, TYPES), TRUE, DOMAINS).says == says
