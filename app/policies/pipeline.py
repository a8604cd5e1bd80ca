"""A checked policy → a pipeline for one merchant: values go through the stages in order, one
judgement comes out.

Every stage that can be judged is judged, so that all reasons are known; the gravest outcome wins.
Where durable-rules is asked too and the two differ, the judgement is `refer` with
ENGINE_DISAGREEMENT, and both answers are in the trace.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from app.policies.policy import Policy, Stage
from app.policies.reasons import (
    DATA_MISSING,
    DATA_STALE,
    DATA_WRONG_TYPE,
    ENGINE_DISAGREEMENT,
    NO_SNAPSHOT,
)
from app.rules.catalogue import STALE, WRONG_TYPE, WRONG_VALUE
from app.rules.compiled import CompiledFormula, CompiledRules, CompiledTable
from app.rules.durable import DurableConditions, DurableFailed
from app.rules.rulesets import Formula, Rules, Table
from app.rules.stages import StageResult, graver
from app.scoring.compiled import CompiledScorecard
from app.scoring.scorecard import Scorecard

MOST_SCORE_REASONS = 4
# The order in which reasons are given; score reasons explain a tier, flags change nothing by
# themselves.
RANKS = {"decline": 0, "refer": 1, "unknown": 2, "score": 3, "flag": 4}
UNKNOWN_CODES = (NO_SNAPSHOT, DATA_MISSING, DATA_STALE, DATA_WRONG_TYPE)
PLACE_OF_UNKNOWN = {code: place for place, code in enumerate(UNKNOWN_CODES)}
CODE_OF_MISSING = {
    NO_SNAPSHOT: NO_SNAPSHOT,
    STALE: DATA_STALE,
    WRONG_TYPE: DATA_WRONG_TYPE,
    WRONG_VALUE: DATA_WRONG_TYPE,
}
Compiled = CompiledRules | CompiledTable | CompiledFormula | CompiledScorecard


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Both engines' answers, condition by condition; `durable` None when that engine failed, with
    its message.
    """

    scalar: list[bool | None]
    durable: list[bool | None] | None
    failure: str | None


@dataclass(slots=True)
class Judgement:
    """What a policy says of one merchant. Limit and price stand here only on approve; `stages` has
    them anyway.

    reasons: codes in order of rank. unknowns: names of inputs that were missing and mattered.
    disagreements: stage → both answers.
    """

    outcome: str
    score: float | None
    tier: str | None
    limit_fen: int | None
    daily_rate: float | None
    reasons: tuple[str, ...]
    unknowns: tuple[str, ...]
    stages: list[dict[str, Any]]
    disagreements: Mapping[str, Disagreement]


def compile_stage(policy: Policy, stage: Stage, purpose: str) -> Compiled:
    match stage.checked:
        case Rules():
            return CompiledRules(stage.checked, stage.name, purpose)
        case Table():
            return CompiledTable(stage.checked, stage.name, purpose)
        case Formula():
            return CompiledFormula(stage.checked, stage.name, purpose)
        case Scorecard():
            return CompiledScorecard(stage.checked, stage.name, frozenset(policy.inputs))


class Pipeline:
    """A policy compiled for one purpose."""

    def __init__(self, policy: Policy, purpose: str) -> None:
        self.policy, self.purpose = policy, purpose
        self.inputs = tuple(policy.inputs)
        self.stages = [
            (stage.name, compile_stage(policy, stage, purpose)) for stage in policy.stages
        ]
        self._second = SecondOpinion(self.stages)

    def judge(
        self,
        values: Mapping[str, Any],
        missing: Mapping[str, str] | None = None,
        engines: str = "both",
    ) -> Judgement:
        """Judge one merchant. `values`: an inside value or None for every input; `missing`: why
        those that are None are.

        engines: `scalar` alone, `both` (durable-rules gives a second opinion), or `durable`: its
        answers alone count.
        """
        known = dict(values)
        outcome = "approve"
        results: list[StageResult] = []
        for _, stage in self.stages:
            result = (
                stage.judge(known) if engines != "durable" else self._second.judge(stage, known)
            )
            known.update(result.gives)
            if result.outcome != "approve":
                outcome = graver(outcome, result.outcome)
            results.append(result)
        ranked, unknowns = self._collect(results, missing or {})
        traces = [result.trace for result in results]
        disagreements: Mapping[str, Disagreement] = {}
        if engines == "both":
            disagreements = self._second.compare(results, known)
            if disagreements:
                outcome = "refer"
                ranked.append((-1, ENGINE_DISAGREEMENT))
                traces = [_with_difference(trace, disagreements) for trace in traces]
        approved = outcome == "approve"
        return Judgement(
            outcome,
            known.get("score"),
            known.get("tier"),
            known.get("limit") if approved else None,
            known.get("daily_rate") if approved else None,
            rank(ranked) if ranked else (),
            tuple(unknowns),
            traces,
            disagreements,
        )

    def _collect(
        self, results: list[StageResult], missing: Mapping[str, str]
    ) -> tuple[list[tuple[int, str]], dict[str, None]]:
        """Every reason with its rank, and the inputs that were missing and mattered."""
        ranked: list[tuple[int, str]] = []
        unknowns: dict[str, None] = {}
        card: tuple[CompiledScorecard, StageResult] | None = None
        is_unknown = False
        for (_, stage), result in zip(self.stages, results, strict=True):
            if result.reasons:
                ranked += [(RANKS[kind], code) for kind, code in result.reasons]
            if result.is_unknown:
                read = [name for name in result.unknown_inputs if name in self.policy.inputs]
                if not read and not is_unknown:
                    read = result.unknown_inputs  # nothing before says why
                    ranked.append((RANKS["unknown"], DATA_MISSING))
                unknowns.update(dict.fromkeys(read))
                codes = {CODE_OF_MISSING.get(missing.get(n, ""), DATA_MISSING) for n in read}
                ranked += [(RANKS["unknown"], code) for code in codes]
                is_unknown = True
            if type(stage) is CompiledScorecard:
                card = (stage, result)
            elif (
                card is not None
                and not result.is_unknown
                and explains_by_score(stage, result.outcome)
            ):
                codes_lost = card[0].reasons(card[1].trace, MOST_SCORE_REASONS)
                ranked += [(RANKS["score"], code) for code in codes_lost]
        return ranked, unknowns


class SecondOpinion:
    """What durable-rules says of every condition of a pipeline: one fact a merchant, over inputs
    and what the stages gave.
    """

    def __init__(self, stages: Sequence[tuple[str, Compiled]]) -> None:
        self._parts = [
            (name, stage.conditions)
            for name, stage in stages
            if isinstance(stage, (CompiledRules, CompiledTable))
        ]
        self._lock = threading.Lock()
        self._all: DurableConditions | None = None
        self._alone: dict[int, DurableConditions] = {}

    def compare(
        self, results: Sequence[StageResult], values: Mapping[str, Any]
    ) -> Mapping[str, Disagreement]:
        """Stage → both answers, where they differ; every stage where the engine failed."""
        if self._all is None:
            with self._lock:
                terms = [term for _, conditions in self._parts for term in conditions.terms]
                self._all = self._all or DurableConditions(terms)
        first = list(chain.from_iterable([result.results for result in results]))
        try:
            second = self._all.judge(values)
        except DurableFailed as failure:
            return self._differences(first, None, str(failure))
        return {} if second == first else self._differences(first, second, None)

    def _differences(
        self, first: list[bool | None], second: list[bool | None] | None, failure: str | None
    ) -> dict[str, Disagreement]:
        found = {}
        at = 0
        for name, conditions in self._parts:
            end = at + len(conditions.terms)
            mine, other = first[at:end], second[at:end] if second is not None else None
            if mine != other and mine:
                found[name] = Disagreement(mine, other, failure)
            at = end
        return found

    def judge(self, stage: Compiled, values: Mapping[str, Any]) -> StageResult:
        """A stage by durable-rules alone. Raises DurableFailed."""
        if not isinstance(stage, (CompiledRules, CompiledTable)):
            return stage.judge(values)
        alone = self._alone.get(id(stage))
        if alone is None:
            alone = self._alone[id(stage)] = DurableConditions(stage.conditions.terms)
        return stage.judge_with(tuple(alone.judge(values)), values)


def _with_difference(
    trace: dict[str, Any], disagreements: Mapping[str, Disagreement]
) -> dict[str, Any]:
    """The stage's trace with both answers in it, where they differ."""
    difference = disagreements.get(trace["stage"])
    if difference is None:
        return trace
    answers = {
        "scalar": difference.scalar,
        "durable": difference.durable,
        "failure": difference.failure,
    }
    return {**trace, "disagreement": answers}


def rank(ranked: list[tuple[int, str]]) -> tuple[str, ...]:
    """Codes by rank, then in the order given (unknown ones in their fixed order); each once, at its
    best place.
    """
    if len(ranked) > 1:
        ranked = sorted(ranked, key=_place)
    return tuple(dict.fromkeys([code for _, code in ranked]))


def _place(one: tuple[int, str]) -> tuple[int, int]:
    return one[0], PLACE_OF_UNKNOWN.get(one[1], -1)


def explains_by_score(stage: Compiled, outcome: str) -> bool:
    """Whether the scorecard's reasons explain this stage: a table that reads the score and made the
    outcome graver.
    """
    return isinstance(stage, CompiledTable) and outcome != "approve" and "score" in stage.reads
