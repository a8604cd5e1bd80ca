"""Random merchants, and both judgements of them: ours, and that of an exported model."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.dmn.exporting import export_policy
from app.dmn.exporting_model import write_xml
from app.dmn.model import Model
from app.dmn.values import from_json
from app.policies.documents import Documents
from app.policies.pipeline import Pipeline
from app.policies.policy import Policy
from app.rules.rulesets import Rules, Table
from app.rules.terms import Term

OUTCOMES = ("approve", "refer", "decline")


def edges_of(policy: Policy) -> dict[str, list[float]]:
    """The numbers that conditions compare each input with, so that merchants stand on edges."""
    found: dict[str, list[float]] = {}

    def walk(term: Term) -> None:
        if term.op in ("lt", "le", "gt", "ge", "eq", "ne"):
            one, two = term.args
            if one.op == "input" and two.op == "const" and isinstance(two.payload, (int, float)):
                found.setdefault(one.payload, []).append(two.payload)
        for arg in term.args:
            walk(arg)

    for stage in policy.stages:
        match stage.checked:
            case Rules(rules=rules):
                terms = [rule.when for rule in rules]
            case Table(rows=rows):
                terms = [row.condition for row in rows]
            case other:
                lets = getattr(other, "lets", ())
                terms = [term for _, term, _ in lets]
                for one in getattr(other, "characteristics", ()):
                    if one.term.op == "input":
                        found.setdefault(one.term.payload, []).extend(e for e, _ in one.edges)
        for term in terms:
            walk(term)
    return found


def merchants(
    policy: Policy, count: int, seed: int, base: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Inside values, each near a base merchant: some on an edge, some anywhere, some null."""
    dice, edges = random.Random(seed), edges_of(policy)
    for _ in range(count):
        wild = dice.choice([0.05, 0.3, 1.0])
        found = {}
        for name, one in policy.inputs.items():
            value = base.get(name)
            if name not in base or dice.random() < wild:
                value = _value(one.type, edges.get(name, []), dice)
            found[name] = None if dice.random() < 0.05 else value
        yield found


def _value(of: Any, edges: list[float], dice: random.Random) -> Any:
    if of.kind == "boolean":
        return dice.random() < 0.5
    if of.kind == "text":
        return dice.choice(of.values or ("A", "B", "X", '"quoted\\'))
    scale = 100 if of.kind == "money" else 1
    low = 0 if of.low is None else int(of.low * scale)
    high = 100_000 * scale if of.high is None else int(of.high * scale)
    value = dice.choice([*edges, *edges, dice.uniform(low, min(high, low + 10**8)), low])
    if of.kind == "money":
        return max(low, min(high, int(value) + dice.choice([0, 0, 1, -1])))
    value = float(value) if of.declared != "integer" else float(int(value))
    return max(float(low), min(float(high), round(value, 4)))


def shown(policy: Policy, values: dict[str, Any]) -> dict[str, Any]:
    """The values as a caller of the model gives them: money in yuan."""
    found = {}
    for name, value in values.items():
        own = f"{name}_" if name in ("for", "in", "some") else name
        is_money = value is not None and policy.inputs[name].type.declared == "money"
        found[own] = Decimal(value) / 100 if is_money else value
    return found | {f"{name}_given": value for name, value in found.items()}


class Both:
    """A policy, and its export for one purpose."""

    def __init__(self, policy: Policy, documents: Documents, purpose: str, file: Path) -> None:
        file.write_bytes(write_xml(export_policy(policy, documents, purpose)))
        self.policy, self.purpose = policy, purpose
        self.pipeline = Pipeline(policy, purpose)
        self.model = Model(file)

    def ours(self, values: dict[str, Any]) -> dict[str, Any]:
        assumed = self.policy.assumed.get(self.purpose, {})
        known = {n: assumed.get(n) if value is None else value for n, value in values.items()}
        one = self.pipeline.judge(known, engines="scalar")
        limits = [t["limit_fen"] for t in one.stages if "limit_fen" in t]
        found: dict[str, Any] = {
            "outcome": one.outcome,
            "score": one.score,
            "tier": one.tier,
            "limit": _yuan(one.limit_fen),
            "raw_limit": _yuan(limits[0]) if limits else None,
        }
        if one.daily_rate is not None or "daily_rate" in self.gives():
            found["daily_rate"] = one.daily_rate
        return found | {
            f"{t['stage']}_outcome": t["outcome"] for t in one.stages if t["outcome"] in OUTCOMES
        }

    def gives(self) -> set[str]:
        tables = [s.checked for s in self.policy.stages if isinstance(s.checked, Table)]
        return {name for table in tables for name in table.outputs}

    def theirs(self, values: dict[str, Any]) -> dict[str, Any]:
        given = from_json(shown(self.policy, values))
        found = dict(self.model.run(given, self.policy.product))
        found["raw_limit"] = self.model.run(given, "limit")
        names = [n for n in self.model.decisions() if n.endswith("_outcome")]
        return found | {name: self.model.run(given, name) for name in names}

    def differences(self, values: dict[str, Any]) -> dict[str, Any]:
        """Name → (ours, theirs), where the two differ; numbers within 1e-9."""
        one, two = self.ours(values), self.theirs(values)
        names = one.keys() | {n for n in two if not n.endswith("_outcome")}
        return {n: (one.get(n), two.get(n)) for n in names if not same(one.get(n), two.get(n))}


def _yuan(fen: int | None) -> Decimal | None:
    return None if fen is None else Decimal(fen) / 100


def same(one: Any, two: Any) -> bool:
    if isinstance(one, float) and isinstance(two, Decimal):
        return abs(one - float(two)) < 1e-9
    return bool(one == two)
