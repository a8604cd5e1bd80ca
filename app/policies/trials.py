"""A policy and its cases come in; where an evaluator gives something else than a case expects, or
than the
other evaluators, comes out as a `Difference`. No difference means that all cases hold, three
times."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.policies.cases import Case
from app.policies.pipeline import Judgement, Pipeline
from app.policies.policy import Policy
from app.policies.portfolio import PortfolioJudgement, PortfolioPipeline, build_portfolio
from app.rules.stages import HIT
from app.rules.vector import column_of

ENGINES = ("scalar", "durable", "numpy")
Verdict = dict[str, Any]  # the keys of `Case.expected`; numpy gives no unknowns, hits, rows, gives


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it should be. `against`: `case` (what it expects) or `scalar`
    (another evaluator).
    """

    case: Case
    engine: str
    against: str
    key: str
    expected: Any
    found: Any

    def as_json(self) -> dict[str, Any]:
        place = self.case.place
        return {
            "case": self.case.name,
            "file": place.file,
            "line": place.line,
            "engine": self.engine,
            "against": self.against,
            "key": self.key,
            "expected": self.expected,
            "found": self.found,
        }


def run_cases(
    policy: Policy,
    cases: Sequence[Case],
    advance: Callable[[], object] = lambda: None,
) -> list[Difference]:
    """Run every case through all evaluators; `advance` is called once a case and evaluator."""
    differences: list[Difference] = []
    for purpose in dict.fromkeys(case.purpose for case in cases):
        mine = [case for case in cases if case.purpose == purpose]
        # the first as deciding does it: compiled rules, with durable-rules' opinion on all stages
        first = list(_judge_one_by_one(policy, purpose, mine, "both", advance))
        second = list(_judge_one_by_one(policy, purpose, mine, "durable", advance))
        third = _judge_together(policy, purpose, mine)
        for case, verdict, durable, numpy in zip(mine, first, second, third, strict=True):
            advance()
            differences += _compare(case, "scalar", "case", case.expected, verdict)
            differences += _compare(case, "durable", "case", case.expected, durable)
            differences += _compare(case, "numpy", "case", case.expected, numpy)
            differences += _compare(case, "durable", "scalar", verdict, durable)
            differences += _compare(case, "numpy", "scalar", verdict, numpy)
    order = {case.place: place for place, case in enumerate(cases)}
    return sorted(_without_echoes(differences), key=lambda one: order[one.case.place])


def judge_case(pipeline: Pipeline, case: Case, engine: str) -> Verdict:
    """What one evaluator says of a case (the pipeline is that of its purpose)."""
    return verdict_of(pipeline.judge(values_of(pipeline.policy, case), engines=engine))


def differs(case: Case, verdict: Verdict) -> bool:
    """Whether the verdict is not what the case expects."""
    return any(True for _ in _compare(case, "", "case", case.expected, verdict))


def values_of(policy: Policy, case: Case) -> dict[str, Any]:
    """The inputs that the policy reads, with what the purpose assumes for missing ones."""
    assumed = policy.assumed.get(case.purpose, {})
    values = {name: case.values.get(name) for name in policy.inputs}
    return {n: assumed.get(n) if value is None else value for n, value in values.items()}


def _judge_one_by_one(
    policy: Policy,
    purpose: str,
    cases: Sequence[Case],
    engine: str,
    advance: Callable[[], object],
) -> Iterator[Verdict]:
    pipeline = Pipeline(policy, purpose)
    for case in cases:
        yield judge_case(pipeline, case, engine)
        advance()


def verdict_of(judgement: Judgement) -> Verdict:
    """What cases can speak of, from a judgement."""
    rules = [item for stage in judgement.stages for item in stage.get("rules", {}).items()]
    return {
        "outcome": judgement.outcome,
        "reasons": list(judgement.reasons),
        "score": judgement.score,
        "tier": judgement.tier,
        "limit_fen": judgement.limit_fen,
        "daily_rate": judgement.daily_rate,
        "unknowns": sorted(judgement.unknowns),
        "hits": [rule for rule, result in rules if result == HIT],
        "rows": {s["stage"]: s["row"] for s in judgement.stages if "row" in s},
        "gives": _given(judgement.stages),
    }


def _given(stages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What tables and the formula gave; the limit in fen."""
    found: dict[str, Any] = {}
    for stage in stages:
        found |= stage.get("outputs", {})
        if "limit_fen" in stage:
            found["limit"] = stage["limit_fen"]
    return found


def _judge_together(policy: Policy, purpose: str, cases: Sequence[Case]) -> list[Verdict]:
    given = [values_of(policy, case) for case in cases]
    columns = {
        name: column_of(one.type.kind, [values[name] for values in given])
        for name, one in policy.inputs.items()
    }
    portfolio = build_portfolio(policy, purpose, columns, len(cases))
    judged = PortfolioPipeline(policy, purpose).judge(portfolio)
    return [_verdict_of_row(judged, row) for row in range(len(cases))]


def _verdict_of_row(judged: PortfolioJudgement, row: int) -> Verdict:
    tier, limit_fen = int(judged.tiers[row]), int(judged.limits_fen[row])
    return {
        "outcome": judged.outcome_of(row),
        "reasons": list(judged.reasons_of(row)),
        "score": _or_none(float(judged.scores[row])),
        "tier": judged.tier_words[tier] if tier >= 0 else None,
        "limit_fen": limit_fen if limit_fen >= 0 else None,
        "daily_rate": _or_none(float(judged.daily_rates[row])),
    }


def _or_none(number: float) -> float | None:
    return None if math.isnan(number) else number


def _compare(
    case: Case, engine: str, against: str, expected: Mapping[str, Any], found: Verdict
) -> Iterator[Difference]:
    for key, wanted in expected.items():
        if key not in found:
            continue
        given = found[key]
        if key in ("rows", "gives"):
            given = {name: given.get(name) for name in wanted}
        elif key == "unknowns":
            wanted, given = sorted(wanted), sorted(given)
        if given != wanted:
            yield Difference(case, engine, against, key, wanted, given)


def _without_echoes(differences: Sequence[Difference]) -> Iterator[Difference]:
    """Where all evaluators miss a case in the same way, it is told once, for the first of them."""
    seen: set[tuple[Any, ...]] = set()
    for one in differences:
        mark = (one.case.place, one.against, one.key, repr(one.found))
        if mark not in seen:
            seen.add(mark)
            yield one
