"""Columns and conditions that compute: what is compared with constants twice is still decided."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.lint.domains import domain_of
from app.lint.search import NO, can_be
from app.lint.values import TRUE
from app.rules.expression import compile_expression
from app.rules.program import build_program
from app.rules.scalar import compile_scalar
from tests.lint.products import warnings_of
from tests.lint.test_search import TYPES

TIERING, ADMISSION = "rulesets/loan/tiering.yaml", "rulesets/loan/admission.yaml"
DOMAINS = {name: domain_of(of) for name, of in TYPES.items()}


def _table(hit: str, column: str, *rows: str) -> str:
    lines = "".join(f"  - {{id: R-{n}, {row}}}\n" for n, row in enumerate(rows, 1))
    return (
        f"kind: table\nhit: {hit}\ninputs: [{{name: r, is: {column}}}, age]\noutputs: [tier]\n"
        f"rows:\n{lines}otherwise: {{tier: A, then: decline, reason: NOT_ADMITTED}}\n"
    )


RATIO, REST = "debt / turnover", "turnover - debt"


@pytest.mark.parametrize(
    ("table", "code", "said"),
    [
        (
            _table("first", RATIO, 'r: ">= 0.2", tier: A', 'r: ">= 0.3", age: "> 40", tier: B'),
            "row-unreachable",
            "the row R-2 is never reached: R-1 above it takes",
        ),
        (
            _table("first", REST, 'r: "< 1_000.01", tier: A', 'r: "<= 1_000", tier: B'),
            "row-unreachable",
            "the row R-2 is never reached: R-1 above it takes",
        ),
        (
            _table("first", RATIO, 'r: "< 0.2", tier: A', 'r: ">= 0.2", tier: B'),
            "otherwise-unreachable",
            "the rows take every merchant whose values are known",
        ),
        (
            _table("unique", RATIO, 'r: "> 0.2", tier: A', 'r: "[0.1..0.3)", tier: B'),
            "rows-overlap",
            "the rows R-1 and R-2 both fit a merchant with",
        ),
    ],
)
def test_computed_columns(tmp_path: Path, table: str, code: str, said: str) -> None:
    found = [one for one in warnings_of(tmp_path, {TIERING: table}) if one.code == code]
    assert len(found) == 1
    assert said in found[0].message


def test_computed_columns_that_are_right(tmp_path: Path) -> None:
    """Rows that share an edge, one fen apart, or that only another column tells apart."""
    codes = {"row-unreachable", "rows-overlap"}
    for table in (
        _table("unique", RATIO, 'r: "> 0.2", tier: A', 'r: "[0.1..0.2]", tier: B'),
        _table("first", REST, 'r: "< 1_000", tier: A', 'r: "<= 1_000", tier: B'),
        _table("first", RATIO, 'r: "> 1", age: "< 30", tier: A', 'r: "> 2", tier: B'),
    ):
        found = warnings_of(tmp_path, {TIERING: table})
        assert [one.message for one in found if one.code in codes] == []


SIGNS = st.sampled_from(["<", "<=", ">", ">=", "="])
VALUES = st.integers(-4, 4).map(lambda n: n / 2)
COMPUTED = st.sampled_from(["months - 3", "months * share", "amount / 2", "months / 4"])


@settings(max_examples=80, deadline=None)
@given(COMPUTED, SIGNS, VALUES, SIGNS, VALUES, st.sampled_from(["and", "or"]))
def test_a_no_is_never_wrong(
    left: str, one: str, low: float, other: str, high: float, join: str
) -> None:
    """No merchant, of a fine grid, meets a condition that is said to be met by none."""
    term = compile_expression(f"{left} {one} {low} {join} {left} {other} {high}", TYPES)
    if can_be(term, TRUE, DOMAINS).says != NO:
        return
    judge = compile_scalar(build_program([term]))
    for months, share in itertools.product(range(13), (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)):
        for amount in range(0, 901, 25):
            merchant = {"months": float(months), "share": share, "amount": amount}
            assert judge(merchant)[0] is not True, merchant
