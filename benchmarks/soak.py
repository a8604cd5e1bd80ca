"""Random decisions in one process: no disagreement between the engines, no crash, memory flat after
warm-up.

`python -m benchmarks soak` judges a million merchants; values are missing, at thresholds, of
strange sizes. The smoke mode judges a few thousand.
"""

from __future__ import annotations

import random
import sys
import time
from typing import Any

import psutil

from app.policies.pipeline import Pipeline
from app.policies.policy import Policy
from app.rules.terms import Term
from benchmarks._merchants import make_merchants, read_shipped
from benchmarks.table import Row

WARM_UP = 0.1
MOST_GROWTH_MIB = 16.0


def run(smoke: bool) -> list[Row]:
    """One row: how much resident memory grew after the warm-up; fails loudly on a disagreement."""
    count = 4_000 if smoke else 1_000_000
    grown, seconds, outcomes = soak(count)
    note = f"{count:,} decisions in {seconds:.0f} s, engines agree on all; " + ", ".join(
        f"{k} {v:,}" for k, v in sorted(outcomes.items())
    )
    return [
        Row(
            "soak: memory growth after warm-up",
            MOST_GROWTH_MIB,
            grown,
            grown / MOST_GROWTH_MIB,
            1,
            note,
            "MiB",
        )
    ]


def soak(count: int, seed: int = 3) -> tuple[float, float, dict[str, int]]:
    """MiB grown after the warm-up, seconds, and how many decisions had which outcome. Raises
    AssertionError on a disagreement.
    """
    process = psutil.Process()
    plans = [(policy, Pipeline(policy, purpose)) for policy, purpose in _plans()]
    edges = {id(policy): thresholds_of(policy) for policy, _ in plans}
    chance = random.Random(seed)
    base = {id(policy): make_merchants(policy, 500, seed) for policy, _ in plans}
    outcomes: dict[str, int] = {}
    started, settled = time.perf_counter(), 0
    for number in range(count):
        policy, pipeline = plans[number % len(plans)]
        values = dict(chance.choice(base[id(policy)]))
        disturb(values, policy, edges[id(policy)], chance)
        judged = pipeline.judge(values, {}, "both")
        assert not judged.disagreements, (values, judged.disagreements)
        assert judged.outcome != "approve" or judged.limit_fen is not None, values
        outcomes[judged.outcome] = outcomes.get(judged.outcome, 0) + 1
        if number == int(count * WARM_UP):
            settled = process.memory_info().rss
        if number % 50_000 == 0 and number:
            print(f"soak: {number:,} of {count:,}", file=sys.stderr, flush=True)
    grown = (process.memory_info().rss - settled) / 2**20
    return grown, time.perf_counter() - started, outcomes


def _plans() -> list[tuple[Policy, str]]:
    policies = [read_shipped("wuliudai"), read_shipped("fapiaodai")]
    return [
        (policy, purpose)
        for policy in policies
        for purpose in ("preapproval", "drawdown", "review")
    ]


def thresholds_of(policy: Policy) -> dict[str, list[Any]]:
    """Input → constants that rules compare it with."""
    found: dict[str, list[Any]] = {}

    def walk(term: Term) -> None:
        for arg in term.args:
            walk(arg)
        if len(term.args) == 2 and term.args[0].op == "input" and term.args[1].op == "const":
            found.setdefault(term.args[0].payload, []).append(term.args[1].payload)

    for stage in policy.stages:
        checked: Any = stage.checked
        for rule in getattr(checked, "rules", ()):
            walk(rule.when)
        for row in getattr(checked, "rows", ()):
            walk(row.condition)
    return found


def disturb(
    values: dict[str, Any], policy: Policy, edges: dict[str, list[Any]], chance: random.Random
) -> None:
    """Make a few values missing, or put them at a threshold or one step beside it, or to a strange
    size.
    """
    for name in chance.sample(sorted(values), chance.randint(0, 4)):
        kind = policy.inputs[name].type.kind
        roll = chance.random()
        if roll < 0.3:
            values[name] = None
        elif roll < 0.8 and edges.get(name) and kind in ("money", "number"):
            edge = chance.choice(edges[name])
            step = chance.choice((-1, 0, 1))
            values[name] = edge + step if kind == "money" else float(edge) + step * 2.0**-40
        elif kind == "number":
            values[name] = chance.choice((0.0, -0.0, 1e-300, 1e15, -1.0, 0.1 + 0.2, 1e22))
        elif kind == "money":
            values[name] = chance.choice((0, 1, -1, 2**53, -(2**53)))
