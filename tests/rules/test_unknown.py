"""Silence never approves: what is missing makes a condition unknown, and unknown never approves."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.policies.pipeline import Pipeline
from app.rules.expression import ENGINES, compile_expression, evaluator_of
from app.rules.types import Type
from tests.rules.random_policies import RandomPolicies, random_merchant

SCOPE = {"x": Type("number"), "m": Type("money"), "b": Type("boolean"), "t": Type("text")}
NOTHING: dict[str, Any] = dict.fromkeys(SCOPE)
RESULTS = [
    ("false and x > 1", False),
    ("true and x > 1", None),
    ("true or x > 1", True),
    ("false or x > 1", None),
    ("not(b)", None),
    ("x = x", None),
    ("x != x", None),
    ("x = null", True),
    ("x != null", False),
    ('t in ("A", "B")', None),
    ('t in (not("A"))', None),
    ("x between 1 and 2", None),
    ("x in [1..2]", None),
    ("if b then 1 else 1", None),
    ("if x = null then 1 else 2", 1.0),
    ("min(x, 1)", None),
    ("max(x, 1)", None),
    ("min(m, 1)", None),
    ("1 / 0", None),
    ("0 / 0", None),
    ("1e300 * 1e300", None),
    ("-x", None),
    ("abs(m)", None),
    ("floor(x)", None),
    ("m * 2", None),
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("text", "wanted"), RESULTS)
def test_what_nothing_gives(text: str, wanted: Any, engine: str) -> None:
    found = evaluator_of(compile_expression(text, SCOPE), engine)([NOTHING])[0]
    assert found == wanted
    assert type(found) is type(wanted)


@settings(max_examples=60, deadline=None, database=None)
@given(st.integers(0, 2**48))
def test_taking_a_value_away_never_lets_a_merchant_pass_a_rule(seed: int) -> None:
    """Of the rules alone: a scorecard may give points for missing, on purpose."""
    random = Random(seed)
    policy = RandomPolicies(random, null_tests=False).policy()
    pipeline = Pipeline(policy, "drawdown")
    rules = [stage for name, stage in pipeline.stages if name in ("admission",)]
    for _ in range(20):
        _, values, _ = random_merchant(random, policy)
        for name in values:
            for stage in rules:
                before = stage.judge(values).outcome
                after = stage.judge({**values, name: None}).outcome
                assert before == "approve" or after != "approve", (seed, name)


def test_no_snapshot_stale_and_wrong_values_have_their_reasons() -> None:
    random = Random(11)
    policy = RandomPolicies(random).policy()
    pipeline = Pipeline(policy, "drawdown")
    nothing = dict.fromkeys(policy.inputs)
    for why, code in (
        ("NO_SNAPSHOT", "NO_SNAPSHOT"),
        ("STALE", "DATA_STALE"),
        ("WRONG_TYPE", "DATA_WRONG_TYPE"),
        ("WRONG_VALUE", "DATA_WRONG_TYPE"),
        ("NOT_GIVEN", "DATA_MISSING"),
    ):
        judged = pipeline.judge(nothing, dict.fromkeys(policy.inputs, why))
        assert judged.outcome != "approve"
        assert code in judged.reasons
        assert judged.unknowns
