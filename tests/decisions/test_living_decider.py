"""A Decider that lives on: it learns of new releases and snapshots within a second, counts where
its engines differ, and tells a merchant nothing that would help to get round a fraud rule.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from app.decisions import service
from app.decisions.ports import ActiveRelease, FeatureRow, SnapshotRow
from app.decisions.service import LOOK_AGAIN_SECONDS, Decider
from app.policies.documents import canonical_json, sha256_of
from app.rules.durable import DurableConditions, DurableFailed
from tests.decisions.test_decider import MemoryStore, request
from tests.samples import read_sample

# `x > 0.1`, `x >= 3`, or `x` alone, each also after `x != null and`.
FRAUD_RULE = re.compile(r"(?:(\w+) != null and )?(\w+)(?: (>=?) ([\d.]+))?")


class GrowingStore(MemoryStore):
    """Several releases and snapshots; `looks` counts how often somebody asked which is active."""

    def __init__(self) -> None:
        super().__init__()
        self.releases = {1: self.release}
        self.changes: dict[str, dict[str, Any]] = {}  # snapshot → changed values
        self.looks = 0

    def active_releases(self, at: datetime) -> dict[str, tuple[int, str]]:
        self.looks += 1
        return super().active_releases(at)

    def load_release(self, product: str, number: int) -> ActiveRelease:
        return self.releases[number]

    def features_of(self, snapshot: SnapshotRow, merchant_id: str) -> FeatureRow | None:
        values = json.loads(self.values_json) | self.changes.get(snapshot.id, {})
        return FeatureRow(snapshot, merchant_id, json.dumps(values), "{}")

    def activate_stricter(self) -> None:
        """Release 2: nobody has enough months."""
        bundle = json.loads(self.releases[1].bundle_json)
        for rule in bundle["rulesets"]["admission.yaml"]["rules"]:
            if rule["when"].startswith("cod_months <"):
                rule["when"] = "cod_months < 600"
        text = canonical_json(bundle)
        assert text != self.releases[1].bundle_json
        self.releases[2] = ActiveRelease("wuliudai", 2, sha256_of(text), text)
        self.active = {"wuliudai": (2, self.releases[2].sha256)}


class World:
    """A store, a clock that a test moves, and a decider over both."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 1_000.0
        monkeypatch.setattr(service, "time", SimpleNamespace(monotonic=lambda: self.seconds))
        self.store = GrowingStore()
        self.decider = Decider(self.store, lambda: datetime(2026, 3, 1, 4, tzinfo=UTC))

    def decide(self, **facts: Any) -> dict[str, Any]:
        record: dict[str, Any] = orjson.loads(self.decider.decide(request(**facts)).record_json)
        return record


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def test_a_new_release_is_live_within_a_second(world: World) -> None:
    first = world.decide()
    assert (first["release"], first["outcome"]) == (1, "approve")
    world.store.activate_stricter()
    world.seconds += LOOK_AGAIN_SECONDS / 2
    assert world.decide()["release"] == 1
    assert world.store.looks == 1
    world.seconds += LOOK_AGAIN_SECONDS / 2
    after = world.decide()
    assert (after["release"], after["outcome"]) == (2, "decline")
    assert after["release_sha256"] == world.store.releases[2].sha256
    assert world.store.looks == 2
    # The earlier decision is replayed by the release that made it, the later one by its own.
    assert world.decider.replay(first["id"]).same
    assert world.decider.replay(after["id"]).same


def test_a_release_that_is_taken_back_is_no_longer_used(world: World) -> None:
    world.decide()
    world.store.active = {}
    world.seconds += LOOK_AGAIN_SECONDS
    with pytest.raises(service.NoActiveRelease):
        world.decide()


def test_a_new_snapshot_is_used_within_a_second(world: World) -> None:
    assert world.decide()["snapshot"]["id"] == "s1"
    world.store.snapshot = SnapshotRow("s2", date(2026, 3, 1))
    world.store.changes["s2"] = {"cod_months": 1}
    assert world.decide()["snapshot"]["id"] == "s1"
    world.seconds += LOOK_AGAIN_SECONDS
    after = world.decide()
    assert (after["snapshot"]["id"], after["inputs"]["cod_months"]) == ("s2", 1)
    assert after["outcome"] == "decline"


def test_disagreements_are_counted_and_never_approve(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert world.decide()["outcome"] == "approve"
    assert world.decider.disagreements == 0
    honest = DurableConditions.judge

    def differ(self: DurableConditions, values: Mapping[str, Any]) -> list[bool | None]:
        answers = list(honest(self, values))
        answers[0] = not answers[0]
        return answers

    def fail(self: DurableConditions, values: Mapping[str, Any]) -> list[bool | None]:
        raise DurableFailed("the engine gave up")

    for count, judge in enumerate((differ, fail), start=1):
        monkeypatch.setattr(DurableConditions, "judge", judge)
        record = world.decide()
        assert world.decider.disagreements == count
        assert record["outcome"] == "refer"
        assert record["reasons"][0] == "ENGINE_DISAGREEMENT"
        assert (record["engines_agree"], record["limit_fen"]) == (False, None)
        traced = next(stage for stage in record["stages"] if "disagreement" in stage)
        assert traced["disagreement"]["scalar"] != traced["disagreement"]["durable"]
    assert traced["disagreement"]["failure"] == "the engine gave up"
    monkeypatch.setattr(DurableConditions, "judge", honest)
    assert world.decide()["outcome"] == "approve"
    assert world.decider.disagreements == 2


def fraud_rules() -> list[dict[str, Any]]:
    bundle = json.loads(read_sample().bundle_json)
    rules: list[dict[str, Any]] = bundle["rulesets"]["antifraud.yaml"]["rules"]
    return rules


@pytest.mark.parametrize("rule", fraud_rules(), ids=lambda rule: rule["id"])
def test_a_merchant_never_reads_what_a_fraud_rule_looks_at(
    world: World, rule: dict[str, Any]
) -> None:
    found = FRAUD_RULE.fullmatch(rule["when"])
    assert found is not None, "a rule of another form: this test has to learn it"
    guarded, name, sign, threshold = found.groups()
    assert guarded in (None, name)
    if sign is None:
        values, secrets = (False, True), []
    elif sign == ">=":
        values, secrets = (int(threshold) - 1, int(threshold)), []
    else:
        share = float(threshold)
        values = (share, share + 1e-9)
        secrets = [f"{share * 100:g}%", f"{share * 100:g} %"]
        secrets += [threshold, f"{share:g}"] if "." in threshold else []
    hits = []
    for value in values:
        world.store.changes["s1"] = {name: value}
        record = world.decide()
        hits.append(rule["reason"] in record["reasons"])
        told = orjson.dumps(record["explanations"]).decode()
        for secret in (name, *secrets, rule["id"], rule["reason"], *rule["title"].values()):
            assert secret not in told
    assert hits == [False, True]
    assert [one["code"] for one in record["explanations"]].count("FRAUD_REVIEW") == 1
