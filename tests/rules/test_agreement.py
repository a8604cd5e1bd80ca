"""The three evaluators and an independent slow one agree to the bit, on random expressions and on
random whole policies.
"""

from __future__ import annotations

import math
import struct
from collections import Counter
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.policies.pipeline import Judgement, Pipeline
from app.policies.portfolio import PortfolioJudgement, PortfolioPipeline, build_portfolio
from app.rules.expression import ENGINES, compile_expression, evaluator_of
from app.rules.parser import parse_expression
from app.rules.problems import ProblemsFound
from app.rules.rulesets import OUTCOMES
from app.rules.vector import column_of
from tests.rules.random_expressions import SCOPE, RandomExpressions, random_value
from tests.rules.random_policies import RandomPolicies, random_merchant
from tests.rules.slow import SlowEvaluator

KINDS = {name: of.kind for name, of in SCOPE.items()}
SEEDS = st.integers(0, 2**48)
ROWS = 24


def bits_of(value: Any) -> tuple[str, Any]:
    """The value with its type, floats by their bits."""
    if isinstance(value, float):
        return "float", struct.pack(">d", value)
    return type(value).__name__, value


@settings(max_examples=1_200, deadline=None, database=None)
@given(SEEDS)
def test_every_evaluator_gives_the_same_bits(seed: int) -> None:
    random = Random(seed)
    kind = random.choice(["boolean", "boolean", "number", "money", "text"])
    text = RandomExpressions(random).of_kind(kind, random.randint(1, 4))
    try:
        term = compile_expression(text, SCOPE)
    except ProblemsFound:
        return
    tree = parse_expression(text)
    rows = [{name: random_value(random, of) for name, of in SCOPE.items()} for _ in range(ROWS)]
    wanted = [bits_of(SlowEvaluator(KINDS, row).value(tree)) for row in rows]
    for engine in ENGINES:
        found = [bits_of(value) for value in evaluator_of(term, engine)(rows)]
        for row, mine, other in zip(rows, wanted, found, strict=True):
            assert mine == other, f"{engine}: {text} over {row}: {other}, not {mine}"


POLICIES, MERCHANTS = 110, 200
PURPOSES = ("preapproval", "drawdown", "review")


def answer_of(judgement: Judgement) -> tuple[Any, ...]:
    """What the batch can give too."""
    return (
        judgement.outcome,
        bits_of(judgement.score),
        judgement.tier,
        judgement.limit_fen,
        bits_of(judgement.daily_rate),
        judgement.reasons,
    )


def answer_of_row(judged: PortfolioJudgement, row: int) -> tuple[Any, ...]:
    score, rate = float(judged.scores[row]), float(judged.daily_rates[row])
    tier, limit = int(judged.tiers[row]), int(judged.limits_fen[row])
    return (
        judged.outcome_of(row),
        bits_of(None if math.isnan(score) else score),
        None if tier < 0 else judged.tier_words[tier],
        None if limit < 0 else limit,
        bits_of(None if math.isnan(rate) else rate),
        judged.reasons_of(row),
    )


def check_policy_agrees(seed: int, outcomes: Counter[str]) -> None:
    random = Random(seed)
    policy = RandomPolicies(random).policy()
    purpose = random.choice(PURPOSES)
    pipeline = Pipeline(policy, purpose)
    merchants = [random_merchant(random, policy) for _ in range(MERCHANTS)]
    columns = {
        name: column_of(one.type.kind, [stored[name] for stored, _, _ in merchants])
        for name, one in policy.inputs.items()
    }
    together = PortfolioPipeline(policy, purpose).judge(
        build_portfolio(policy, purpose, columns, MERCHANTS)
    )
    for row, (_, values, missing) in enumerate(merchants):
        scalar = pipeline.judge(values, missing, "scalar")
        assert pipeline.judge(values, missing, "both") == scalar, (seed, row)
        assert pipeline.judge(values, missing, "durable") == scalar, (seed, row)
        assert answer_of_row(together, row) == answer_of(scalar), (seed, row)
        outcomes[scalar.outcome] += 1


def test_random_policies_are_judged_alike_by_every_evaluator() -> None:
    outcomes: Counter[str] = Counter()

    @settings(max_examples=POLICIES, deadline=None, database=None)
    @given(SEEDS)
    def check(seed: int) -> None:
        check_policy_agrees(seed, outcomes)

    check()
    assert outcomes.total() >= 20_000
    assert min(outcomes[outcome] for outcome in OUTCOMES) > 200, outcomes
