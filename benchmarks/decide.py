"""One decision in process: the whole of `wuliudai`, both engines, full trace, against zen-engine
judging only the conditions.

The floor: zen-engine with a precompiled graph of one decision table (hit policy collect) that has
one row a condition of the admission and anti-fraud rulesets, evaluated over the same merchants in
the same run. The two take turns, so that a busy machine is busy for both.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from statistics import median
from typing import Any

import orjson

from app.decisions.decide import LivePolicy, decide
from app.decisions.intake import Reader
from app.decisions.ports import ActiveRelease, DecisionRequest, FeatureRow, SnapshotRow
from app.decisions.record import record_bytes
from app.policies.pipeline import Pipeline
from app.policies.policy import Policy
from app.rules.rulesets import Rules
from benchmarks._merchants import make_merchants, read_shipped
from benchmarks.table import Row

Step = Callable[[int], object]


def run(smoke: bool) -> list[Row]:
    """Two rows: judging alone, and the whole way from stored features to the record's bytes."""
    policy = read_shipped("wuliudai")
    merchants = make_merchants(policy, 20 if smoke else 1_000, seed=7)
    floor = _zen(policy, merchants)
    pipeline = Pipeline(policy, "drawdown")
    whole = _decider(policy, merchants)
    timed = time_in_turns(
        [floor, lambda i: pipeline.judge(merchants[i], {}, "both"), whole],
        len(merchants),
        rounds=2 if smoke else 7,
    )
    zen_us, judge_us, whole_us = timed
    count = sum(
        len(stage.checked.rules) for stage in policy.stages if isinstance(stage.checked, Rules)
    )
    note = (
        f"zen judges the conditions of admission and antifraud; wuliudai has {count} rules in all"
    )
    return [
        Row(
            "decide: judge wuliudai, both engines, trace",
            zen_us,
            judge_us,
            judge_us / zen_us,
            3,
            note,
            "µs",
        ),
        Row(
            "decide: from stored features to the record's bytes",
            zen_us,
            whole_us,
            whole_us / zen_us,
            note="the same, with intake and checks of 44 values, explanations and 4 KB of record",
            unit="µs",
        ),
    ]


def time_in_turns(steps: list[Step], count: int, rounds: int) -> list[float]:
    """Median microseconds of processor time a call of each step (other work on the machine does not
    count), over rounds in which each runs once over all merchants.
    """
    found: list[list[float]] = [[] for _ in steps]
    for step in steps:
        step(0)
    for _ in range(rounds):
        for place, step in enumerate(steps):
            started = time.process_time()
            for i in range(count):
                step(i)
            found[place].append((time.process_time() - started) / count * 1e6)
    return [median(times) for times in found]


def _decider(policy: Policy, merchants: list[dict[str, Any]]) -> Step:
    """The whole of `decide`, with the store's read of a row already done."""
    live = LivePolicy(ActiveRelease("wuliudai", 1, "0" * 64, ""), policy, Reader(policy), {})
    snapshot = SnapshotRow("s", date(2026, 1, 1))
    bank = policy.facts.keys()
    money = {name for name, one in policy.inputs.items() if one.type.kind == "money"}
    rows, requests = [], []
    for number, values in enumerate(merchants):
        features = {name: value for name, value in values.items() if name not in bank}
        facts = {
            name: (v / 100 if name in money else v)
            for name, v in values.items()
            if name in bank and v is not None
        }
        whole = {name for name, one in policy.facts.items() if one.type.declared == "integer"}
        facts = {name: int(v) if name in whole else v for name, v in facts.items()}
        rows.append(FeatureRow(snapshot, f"m{number}", orjson.dumps(features).decode(), "{}"))
        requests.append(DecisionRequest("wuliudai", f"m{number}", "drawdown", facts, 5_000_000))

    class Store:
        def features_of(self, snapshot: SnapshotRow, merchant_id: str) -> FeatureRow:
            return rows[int(merchant_id[1:])]

    store: Any = Store()
    at = datetime(2026, 1, 2, tzinfo=UTC)
    return lambda i: record_bytes(decide(live, requests[i], store, snapshot, at))


def _zen(policy: Policy, merchants: list[dict[str, Any]]) -> Step:
    """zen-engine over one table of the same conditions; money stays in fen on both sides."""
    import zen

    conditions = []
    for stage in policy.stages:
        if stage.name in ("admission", "antifraud") and isinstance(stage.checked, Rules):
            for rule in stage.checked.rules:
                conditions += [(rule.id, name, test) for name, test in _cells(rule.when)]
    fields = sorted({name for _, name, _ in conditions})
    columns = {name: f"in{place}" for place, name in enumerate(fields)}
    rows = [
        {
            "_id": f"r{place}",
            **dict.fromkeys(columns.values(), ""),
            columns[name]: test,
            "out": json.dumps(rule),
        }
        for place, (rule, name, test) in enumerate(conditions)
    ]
    table = {
        "hitPolicy": "collect",
        "inputs": [{"id": columns[name], "name": name, "field": name} for name in fields],
        "outputs": [{"id": "out", "name": "rule", "field": "rule"}],
        "rules": rows,
    }
    nodes = [
        {"id": "i", "type": "inputNode", "name": "in", "position": {"x": 0, "y": 0}},
        {
            "id": "t",
            "type": "decisionTableNode",
            "name": "t",
            "position": {"x": 1, "y": 0},
            "content": table,
        },
        {"id": "o", "type": "outputNode", "name": "out", "position": {"x": 2, "y": 0}},
    ]
    edges = [
        {"id": "e1", "sourceId": "i", "targetId": "t", "type": "edge"},
        {"id": "e2", "sourceId": "t", "targetId": "o", "type": "edge"},
    ]
    content = zen.ZenDecisionContent(json.dumps({"nodes": nodes, "edges": edges}))
    engine = zen.ZenEngine({"loader": lambda key: content})
    contexts = [{name: values[name] for name in fields} for values in merchants]
    _check_floor(engine, contexts[0], conditions)
    return lambda i: engine.evaluate("table", contexts[i])


def _check_floor(engine: Any, context: dict[str, Any], conditions: list[Any]) -> None:
    """The floor really judges: an impossible merchant hits at least half of the conditions."""
    worst = {name: (True if isinstance(value, bool) else 10**12) for name, value in context.items()}
    hits = engine.evaluate("table", worst)["result"]
    assert len(hits) > len(conditions) / 3, hits


def _guarded(term: Any) -> str | None:
    """The input that `x != null` speaks of."""
    if term.op == "not" and term.args[0].op == "is_null" and term.args[0].args[0].op == "input":
        name: str = term.args[0].args[0].payload
        return name
    return None


def _cells(term: Any) -> list[tuple[str, str]]:
    """A condition as (input, unary test) cells; an `or` becomes several rows."""
    signs = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
    if term.op == "or":
        return [cell for arg in term.args for cell in _cells(arg)]
    if term.op == "and" and _guarded(term.args[0]) is not None:
        ((name, test),) = _cells(term.args[1])
        if name == _guarded(term.args[0]):  # a cell holds of no null by itself
            return [(name, test)]
    if term.op == "input":
        return [(term.payload, "true")]
    if term.op == "not" and term.args[0].op == "input":
        return [(term.args[0].payload, "false")]
    if term.op in signs and term.args[0].op == "input" and term.args[1].op == "const":
        return [(term.args[0].payload, f"{signs[term.op]} {term.args[1].payload!r}")]
    raise AssertionError(f"a condition that the floor cannot say: {term}")
