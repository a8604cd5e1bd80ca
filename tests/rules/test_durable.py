"""The durable evaluator's limits: many branches and inputs, threads, a failing engine, a planted
disagreement, flat memory.
"""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import psutil
import pytest

from app.policies.pipeline import Pipeline
from app.policies.reasons import ENGINE_DISAGREEMENT
from app.rules import durable
from app.rules.durable import DurableConditions, DurableFailed
from app.rules.expression import compile_expression, evaluator_of
from app.rules.types import Type
from tests.rules.random_policies import RandomPolicies, random_merchant

NUMBER = Type("number")


def test_more_branches_and_inputs_than_one_ruleset_holds() -> None:
    names = [f"n{number}" for number in range(300)]
    scope = dict.fromkeys(names, NUMBER)
    texts = [f"{name} > 1" for name in names] + [
        " or ".join(f"{name} = {place}" for place, name in enumerate(names[:200])),
        " and ".join(f"({a} > 1 or {b} < 0)" for a, b in zip(names[:9], names[9:18], strict=True)),
    ]
    terms = [compile_expression(text, scope) for text in texts]
    conditions = DurableConditions(terms)
    random = Random(5)
    for _ in range(20):
        row = {name: random.choice([0.0, 1.0, 2.0, 3.0, None]) for name in names}
        assert conditions.judge(row) == [evaluator_of(t, "scalar")([row])[0] for t in terms]


def make_pipeline(seed: int = 7) -> tuple[Pipeline, list[dict[str, Any]]]:
    random = Random(seed)
    policy = RandomPolicies(random).policy()
    merchants = [random_merchant(random, policy)[1] for _ in range(400)]
    return Pipeline(policy, "drawdown"), merchants


def test_threads_share_a_pipeline() -> None:
    pipeline, merchants = make_pipeline()
    wanted = [pipeline.judge(values, engines="scalar") for values in merchants]
    with ThreadPoolExecutor(6) as pool:
        for _ in range(5):
            found = list(pool.map(pipeline.judge, merchants))
            assert found == wanted


def test_a_failing_engine_refers(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline, merchants = make_pipeline()

    def fail(handle: int, fact: str) -> tuple[int, int]:
        raise RuntimeError("out of order")

    wanted = pipeline.judge(merchants[0])
    with monkeypatch.context() as patched:
        patched.setattr(durable, "_assert_fact", fail)
        judged = pipeline.judge(merchants[0])
    assert (judged.outcome, judged.reasons[0]) == ("refer", ENGINE_DISAGREEMENT)
    assert (judged.limit_fen, judged.daily_rate) == (None, None)
    answers = [stage["disagreement"] for stage in judged.stages if "disagreement" in stage]
    assert answers
    assert all(a["durable"] is None and a["failure"] == "out of order" for a in answers)
    assert all(a["scalar"] for a in answers)
    assert pipeline.judge(merchants[0]) == wanted, "the engine does not come back"


def test_an_engine_that_cannot_even_start_again_is_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    conditions = DurableConditions([compile_expression("x > 1", {"x": NUMBER})])

    def fail(*_: Any) -> Any:
        raise RuntimeError("gone")

    with monkeypatch.context() as patched:
        patched.setattr(durable, "_assert_fact", fail)
        patched.setattr(durable.durable_rules_engine, "create_ruleset", fail)
        for _ in range(2):
            with pytest.raises(DurableFailed):
                conditions.judge({"x": 2.0})
    assert conditions.judge({"x": 2.0}) == [True]


def test_a_planted_disagreement_refers() -> None:
    pipeline, merchants = make_pipeline()
    stage = next(one for name, one in pipeline.stages if name == "admission")
    honest = stage.conditions.scalar  # type: ignore[union-attr]
    stage.conditions.scalar = lambda values: tuple(not r for r in honest(values))  # type: ignore[union-attr]
    judged = pipeline.judge(merchants[0])
    assert (judged.outcome, judged.reasons[0]) == ("refer", ENGINE_DISAGREEMENT)
    answers = judged.stages[0]["disagreement"]
    assert answers["scalar"] != answers["durable"]
    assert len(answers["scalar"]) == len(answers["durable"])


@pytest.mark.slow
def test_fifty_thousand_decisions_in_flat_memory() -> None:
    pipeline, merchants = make_pipeline()
    process = psutil.Process()
    for values in merchants * 25:
        pipeline.judge(values)
    gc.collect()
    before = process.memory_info().rss
    for values in merchants * 100:
        pipeline.judge(values)
    for fresh in range(10_000):
        pipeline.judge({**merchants[0], "x": fresh / 7})
    gc.collect()
    grown = process.memory_info().rss - before
    assert grown < 10_000_000, f"memory grew by {grown / 1e6:.1f} MB"
