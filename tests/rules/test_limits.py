"""A formula's limit: down to whole units, never below 0, judged against its minimum; the same for
one merchant and in columns.
"""

from __future__ import annotations

from typing import Any

import pytest

from app.rules.compiled import CompiledFormula
from app.rules.document import load_yaml
from app.rules.reading import read_ruleset
from app.rules.rulesets import Formula
from app.rules.scope import Scope
from app.rules.types import MONEY, Type
from app.rules.vector import column_of, values_of

MINIMUM = "minimum: {amount: 10_000, then: decline, reason: LIMIT_TOO_SMALL}"
SCOPE = Scope({"flow": Type("money"), "other": Type("money")})


def compile_limit(*lines: str) -> CompiledFormula:
    text = "\n".join(["kind: formula", "limit: min(500_000, flow) - other", *lines])
    problems: list[Any] = []
    formula = read_ruleset(load_yaml("limit.yaml", text), "limit", SCOPE, problems)
    assert problems == []
    assert isinstance(formula, Formula)
    return CompiledFormula(formula, "limit", "drawdown")


def judge(formula: CompiledFormula, flow: int | None, other: int) -> tuple[Any, str, list[str]]:
    """Limit in fen, outcome and reasons: of one merchant, compared with columns of three."""
    alone = formula.judge({"flow": flow, "other": other})
    columns = {
        "flow": column_of(MONEY, [0, flow, None]),
        "other": column_of(MONEY, [0, other, 0]),
    }
    stage = formula.judge_columns(columns, 3)
    assert values_of(stage.gives["limit"], 3)[1] == alone.gives["limit"]
    outcome = "decline" if stage.declined[1] else "refer" if stage.referred[1] else "approve"
    assert outcome == alone.outcome
    codes = [code for _, code, mask in stage.events if mask[1]]
    assert codes == [code for _, code in alone.reasons]
    return alone.gives["limit"], alone.outcome, codes


@pytest.mark.parametrize("lines", [(), ("round_down_to: 1_000",)])
@pytest.mark.parametrize(("flow", "other"), [(0, 1), (100, 10_000_000), (-1, 0), (5_000, 5_001)])
def test_a_limit_is_never_below_nothing(lines: tuple[str, ...], flow: int, other: int) -> None:
    assert judge(compile_limit(*lines), flow, other) == (0, "approve", [])


def test_a_negative_limit_is_below_the_minimum() -> None:
    formula = compile_limit(MINIMUM)
    assert judge(formula, 0, 5_000_000) == (0, "decline", ["LIMIT_TOO_SMALL"])
    assert formula.judge({"flow": 0, "other": 5_000_000}).trace["exact_fen"] == -5_000_000


@pytest.mark.parametrize(
    ("flow", "limit", "outcome"),
    [
        (999_999, 900_000, "decline"),
        (1_000_000, 1_000_000, "approve"),
        (1_099_999, 1_000_000, "approve"),
        (1_100_000, 1_100_000, "approve"),
        (50_000_001, 50_000_000, "approve"),
        (None, None, "refer"),
    ],
)
def test_limits_are_rounded_down_before_they_meet_the_minimum(
    flow: int | None, limit: int | None, outcome: str
) -> None:
    formula = compile_limit("round_down_to: 1_000", MINIMUM)
    assert judge(formula, flow, 0)[:2] == (limit, outcome)


def test_what_binds_the_limit_is_named() -> None:
    formula = compile_limit()
    low = formula.judge({"flow": 1, "other": 0}).trace["binding"]
    high = formula.judge({"flow": 50_000_000, "other": 0}).trace["binding"]
    assert (low, high) == ({"limit": "flow"}, {"limit": "500_000"})
    assert formula.judge({"flow": None, "other": 0}).trace["binding"] == {"limit": None}
