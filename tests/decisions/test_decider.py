"""Deciding over a store in memory: records replay to the byte, a changed release is refused, facts
are checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest

from app.decisions.intake import BadFacts
from app.decisions.ports import (
    ActiveRelease,
    Beside,
    Claim,
    DecisionRequest,
    FeatureRow,
    RecordedDecision,
    RecordedShadow,
    SnapshotRow,
)
from app.decisions.service import BrokenRelease, Decider, NoActiveRelease
from tests.samples import read_sample

TODAY = date(2026, 3, 1)


class MemoryStore:
    """Releases and decisions in memory; `active` may be changed by a test."""

    def __init__(self) -> None:
        sample = read_sample()
        self.values_json = sample.values_json
        self.release = ActiveRelease("wuliudai", 1, sample.sha256, sample.bundle_json)
        self.active = {"wuliudai": (1, sample.sha256)}
        self.snapshot: SnapshotRow | None = SnapshotRow("s1", TODAY)
        self.decisions: dict[str, RecordedDecision] = {}
        self.settings: dict[str, Beside] = {}
        self.shadows: list[RecordedShadow] = []
        self.noted: list[tuple[str, int, str]] = []

    def active_releases(self, at: datetime) -> dict[str, tuple[int, str]]:
        return dict(self.active)

    def beside(self) -> dict[str, Beside]:
        return dict(self.settings)

    def load_release(self, product: str, number: int) -> ActiveRelease:
        return self.release

    def note_tampering(self, product: str, number: int, why: str) -> None:
        self.noted.append((product, number, why))

    def record_shadows(self, shadows: Sequence[RecordedShadow]) -> None:
        self.shadows.extend(shadows)

    def latest_snapshot(self) -> SnapshotRow | None:
        return self.snapshot

    def snapshot_of(self, as_of: date) -> SnapshotRow | None:
        return self.snapshot

    def features_of(self, snapshot: SnapshotRow, merchant_id: str) -> FeatureRow | None:
        if merchant_id != "M1":
            return None
        return FeatureRow(snapshot, merchant_id, self.values_json, "{}")

    def record(self, decision: RecordedDecision) -> RecordedDecision:
        for known in self.decisions.values():
            if decision.claim and known.claim == decision.claim:
                return known
        self.decisions[decision.id] = decision
        return decision

    def find_decision(self, decision_id: str) -> RecordedDecision | None:
        return self.decisions.get(decision_id)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def decider(store: MemoryStore) -> Decider:
    return Decider(store, lambda: datetime(2026, 3, 1, 4, tzinfo=UTC))


def request(merchant: str = "M1", **facts: Any) -> DecisionRequest:
    return DecisionRequest(
        "wuliudai", merchant, "drawdown", {**read_sample().facts, **facts}, 5_000_000
    )


def test_the_base_merchant_is_approved_and_replays_the_same(decider: Decider) -> None:
    recorded = decider.decide(request())
    assert recorded.outcome == "approve"
    report = decider.replay(recorded.id)
    assert (report.same, report.differences) == (True, {})


def test_a_record_that_was_changed_does_not_replay(decider: Decider, store: MemoryStore) -> None:
    recorded = decider.decide(request())
    record = orjson.loads(recorded.record_json) | {"limit_fen": 1}
    store.decisions[recorded.id] = RecordedDecision(
        **{k: getattr(recorded, k) for k in recorded.__slots__}
        | {"record_json": orjson.dumps(record)}
    )
    assert list(decider.replay(recorded.id).differences) == ["limit_fen"]


def test_a_merchant_nobody_knows_is_not_approved(decider: Decider) -> None:
    recorded = decider.decide(request("M2"))
    assert recorded.outcome != "approve"
    assert "NO_SNAPSHOT" in orjson.loads(recorded.record_json)["reasons"]


def test_a_changed_release_is_refused(decider: Decider, store: MemoryStore) -> None:
    changed = store.release.bundle_json.replace("decline", "refer", 1)
    store.release = ActiveRelease("wuliudai", 1, store.release.sha256, changed)
    with pytest.raises(BrokenRelease, match="was changed after it was published"):
        decider.decide(request())
    with pytest.raises(BrokenRelease):
        decider.decide(request())
    assert store.decisions == {}
    assert [(product, number) for product, number, _ in store.noted] == [("wuliudai", 1)]


def test_without_an_active_release_nothing_is_decided(decider: Decider, store: MemoryStore) -> None:
    store.active = {}
    with pytest.raises(NoActiveRelease):
        decider.decide(request())
    assert store.decisions == {}


def test_facts_that_cannot_be_used_are_named(decider: Decider, store: MemoryStore) -> None:
    with pytest.raises(BadFacts) as found:
        decider.decide(request(age="forty", no_such_fact=1))
    assert {problem.name for problem in found.value.problems} == {"age", "no_such_fact"}
    assert store.decisions == {}


def test_a_claim_made_before_gives_the_decision_of_then(decider: Decider) -> None:
    claim = Claim("key", "once", "body")
    assert decider.decide(request(), claim).id == decider.decide(request(), claim).id


def test_the_merchant_reads_no_fraud_rule(store: MemoryStore, decider: Decider) -> None:
    store.values_json = orjson.dumps(
        orjson.loads(store.values_json) | {"self_deal_share": 0.9}
    ).decode()
    record = orjson.loads(decider.decide(request()).record_json)
    assert record["outcome"] == "decline"
    shown = [one["code"] for one in record["explanations"]]
    assert "FRAUD_REVIEW" in shown
    assert not {"SELF_DEAL", *record["reasons"][:1]} & set(shown)
    assert "自买自卖" not in orjson.dumps(record["explanations"]).decode()
