"""How a decision is made: find the merchant's features, gather the inputs, judge, explain, and give
the record.

Pure but for the clock and the store's reads: the same release and the same inputs give the same
judgement to the byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from time import perf_counter_ns
from typing import Any
from zoneinfo import ZoneInfo

from app.decisions.intake import Intake, Reader
from app.decisions.ports import (
    ActiveRelease,
    DecisionRequest,
    DecisionStore,
    FeatureRow,
    SnapshotRow,
)
from app.decisions.record import (
    ALONE,
    Part,
    build_record,
    judged_part,
    new_decision_id,
    refer_stopped,
)
from app.policies.pipeline import Judgement, Pipeline
from app.policies.policy import Policy

SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class LivePolicy:
    """A release made ready to decide."""

    release: ActiveRelease
    policy: Policy
    reader: Reader
    pipelines: dict[str, Pipeline]  # by purpose

    def pipeline(self, purpose: str) -> Pipeline:
        if purpose not in self.pipelines:
            self.pipelines[purpose] = Pipeline(self.policy, purpose)
        return self.pipelines[purpose]


def decide(
    live: LivePolicy,
    request: DecisionRequest,
    store: DecisionStore,
    snapshot: SnapshotRow | None,
    at: datetime,
    part: Part = ALONE,
) -> dict[str, Any]:
    """The record of a decision. Raises BadFacts."""
    clock = Clock()
    row = find_features(store, snapshot, request.merchant_id)
    clock.lap("find_features")
    return decide_on(live, request, row, snapshot, at, part, clock)


def decide_on(
    live: LivePolicy,
    request: DecisionRequest,
    row: FeatureRow | None,
    snapshot: SnapshotRow | None,
    at: datetime,
    part: Part,
    clock: Clock,
) -> dict[str, Any]:
    """The record, over the merchant's features as they were found. Raises BadFacts."""
    age_days = age_of(snapshot, request, at)
    intake = gather_inputs(live, request, row, age_days)
    clock.lap("gather_inputs")
    judgement = judge(live, request, intake)
    if part.is_stopped:
        judgement = refer_stopped(judgement)
    clock.lap("judge")
    explained = judged_part(live.policy, judgement)
    clock.lap("explain")
    return build_record(
        new_decision_id(at),
        at,
        request,
        live.release,
        snapshot if row else None,
        age_days,
        intake,
        explained,
        clock.laps,
        part,
    )


def find_features(
    store: DecisionStore, snapshot: SnapshotRow | None, merchant_id: str
) -> FeatureRow | None:
    """The merchant's row of the snapshot; None where there is no snapshot or it does not know the
    merchant.
    """
    return store.features_of(snapshot, merchant_id) if snapshot is not None else None


def age_of(snapshot: SnapshotRow | None, request: DecisionRequest, at: datetime) -> int:
    """How many days old the features are, at the day for which is decided."""
    if snapshot is None:
        return 0
    today = request.as_of or at.astimezone(SHANGHAI).date()
    return max(0, (today - snapshot.as_of).days)


def gather_inputs(
    live: LivePolicy, request: DecisionRequest, row: FeatureRow | None, age_days: int
) -> Intake:
    """Features, facts, the amount and what the purpose assumes, checked against the catalogue."""
    return live.reader.read(request.purpose, row, age_days, request.facts, request.amount_fen)


def judge(live: LivePolicy, request: DecisionRequest, intake: Intake) -> Judgement:
    """All stages, with durable-rules' second opinion on every condition."""
    return live.pipeline(request.purpose).judge(intake.values, intake.missing, "both")


class Clock:
    """Microseconds of each step."""

    def __init__(self) -> None:
        self.laps: dict[str, int] = {}
        self._last = perf_counter_ns()

    def lap(self, name: str) -> None:
        now = perf_counter_ns()
        self.laps[name] = (now - self._last) // 1000
        self._last = now
