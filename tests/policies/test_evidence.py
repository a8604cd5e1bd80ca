"""Evidence and approval on both databases: what is approved are two hashes, and whatever changes
afterwards voids it or is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.policies.approvals import approve, publish, replace_evidence
from app.policies.beside import challenge, resume, set_shadow, stop
from app.policies.evidence import PARTS, find_obstacles
from app.policies.release_records import Release, ReleaseRefused, ReleaseTampered
from app.policies.releases import activate, retire, roll_back
from app.storage import models
from app.storage.decisions import SqlDecisionStore
from app.storage.releases import SqlReleaseStore

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
BUNDLE = '{"rule":"a"}'


def evidence(**statuses: str) -> dict[str, Any]:
    parts = {name: {"status": "fine", "said": "all is well"} for name in PARTS}
    parts |= {name: {"status": status, "said": "so it is"} for name, status in statuses.items()}
    return {"parts": parts}


def later(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


@pytest.fixture
def store(database: Any) -> SqlReleaseStore:
    return SqlReleaseStore(database)


def publish_one(store: SqlReleaseStore, bundle: str = BUNDLE, **statuses: str) -> Release:
    return publish(store, "p", bundle, "Li Na", "trial", NOON, evidence(**statuses)).release


def bring_to_life(store: SqlReleaseStore, bundle: str, minutes: int) -> Release:
    number = publish_one(store, bundle).number
    approve(store, "p", number, "Wang", later(minutes))
    return activate(store, "p", number, "Wang", later(minutes))


def happened(store: SqlReleaseStore) -> list[str]:
    return [event.event for event in store.events_of("p")]


def test_an_approval_is_of_two_hashes(store: SqlReleaseStore) -> None:
    release = publish_one(store)
    approved = approve(store, "p", 1, "Wang", later(1))
    assert approved.approved_sha256 == release.sha256
    assert approved.approved_evidence_sha256 == release.evidence_sha256 is not None
    assert store.releases_of("p")[0] == approved
    assert store.events_of("p")[-1].detail == {
        "sha256": release.sha256,
        "evidence": release.evidence_sha256,
    }


@pytest.mark.parametrize("part", ["cases", "proofs"])
def test_what_fails_is_never_approved(store: SqlReleaseStore, part: str) -> None:
    publish_one(store, **{part: "failed"})
    with pytest.raises(ReleaseRefused, match=f"cannot be approved: {part}: so it is"):
        approve(store, "p", 1, "Wang", later(1), "I want it")
    assert happened(store) == ["published", "refused"]


@pytest.mark.parametrize("status", ["open", "not_run", "a word nobody knows"])
def test_what_is_open_needs_a_reason(store: SqlReleaseStore, status: str) -> None:
    publish_one(store, mutation=status)
    with pytest.raises(ReleaseRefused, match=r"mutation: so it is.*--despite"):
        approve(store, "p", 1, "Wang", later(1))
    with pytest.raises(ReleaseRefused, match="--despite is empty"):
        approve(store, "p", 1, "Wang", later(1), " ")
    approved = approve(store, "p", 1, "Wang", later(1), "survivors are argued elsewhere")
    assert approved.despite == "survivors are argued elsewhere"
    detail = store.events_of("p")[-1].detail
    assert detail is not None
    assert detail["open"] == ["mutation: so it is"]


def test_absent_parts_count_as_not_run() -> None:
    assert len(find_obstacles(None).arguable) == len(PARTS)
    found = find_obstacles({"parts": {"cases": {"status": "not_needed", "said": ""}}})
    assert [text.split(":")[0] for text in found.arguable] == list(PARTS[1:])


def test_new_evidence_voids_an_approval(store: SqlReleaseStore) -> None:
    bring_to_life(store, '{"rule":"old"}', 0)
    release = publish_one(store)
    approve(store, "p", 2, "Wang", later(1))
    challenge(store, "p", 2, 1_000, "Wang", later(1))
    set_shadow(store, "p", 2, "Wang", later(1))
    same = replace_evidence(store, "p", 2, release.sha256, evidence(), "Li", later(2))
    assert (same.is_changed, same.voided) == (False, False)
    changed = replace_evidence(store, "p", 2, release.sha256, evidence(lint="open"), "Li", later(3))
    assert (changed.is_changed, changed.voided, changed.release.status) == (True, True, "published")
    assert happened(store)[-3:] == ["evidence", "approval_voided", "challenge_off"]
    assert store.settings_of("p").challenger is None
    assert store.settings_of("p").shadow == 2, "a published release may run in the shadow"
    assert store.releases_of("p")[1].approved_by is None
    with pytest.raises(ReleaseRefused, match="is published; to activate it"):
        activate(store, "p", 2, "Wang", later(4))


def test_evidence_of_what_decides_stays(store: SqlReleaseStore) -> None:
    release = bring_to_life(store, BUNDLE, 0)
    with pytest.raises(ReleaseRefused, match="is active"):
        replace_evidence(store, "p", 1, release.sha256, evidence(lint="open"), "Li", later(1))
    assert store.releases_of("p")[0].status == "active"


TAMPERINGS: list[dict[str, Any]] = [
    {"bundle_json": '{"rule":"b"}'},
    {"evidence_json": '{"parts":{}}'},
    {"evidence_json": None},
    {"evidence_json": None, "evidence_sha256": None},
    {"approved_evidence_sha256": "0" * 64},
    {"approved_sha256": "0" * 64},
]


@pytest.mark.parametrize("written", TAMPERINGS, ids=lambda one: "+".join(one))
def test_what_was_written_into_the_database_is_refused(
    store: SqlReleaseStore, database: Any, written: dict[str, Any]
) -> None:
    publish_one(store)
    approve(store, "p", 1, "Wang", later(1))
    models.Release.update(**written).execute()
    with pytest.raises(ReleaseTampered, match=r"cannot be used: its .*policy audit p --verify"):
        activate(store, "p", 1, "Wang", later(2))
    assert happened(store)[-1] == "tampering_found"
    assert SqlDecisionStore(database).load_release("p", 1).tampering is not None


def test_every_step_that_is_refused_is_kept(store: SqlReleaseStore) -> None:
    publish_one(store)
    attempts: list[Callable[[], Any]] = [
        lambda: approve(store, "p", 1, "li na", later(1)),
        lambda: activate(store, "p", 1, "Wang", later(1)),
        lambda: roll_back(store, "p", "Wang", "no", later(1)),
        lambda: retire(store, "p", 9, "Wang", "no", later(1)),
        lambda: set_shadow(store, "p", None, "Wang", later(1)),
        lambda: challenge(store, "p", 1, 100, "Wang", later(1)),
        lambda: resume(store, "p", "Wang", later(1)),
        lambda: approve(store, "p", 1, "\u202e", later(1)),
    ]
    for attempt in attempts:
        with pytest.raises(ReleaseRefused):
            attempt()
    refused = [e.detail or {} for e in store.events_of("p") if e.event == "refused"]
    assert [one["step"] for one in refused] == [
        "approve", "activate", "rollback", "retire", "shadow", "challenge", "resume", "approve",
    ]  # fmt: skip
    with pytest.raises(ReleaseRefused):
        stop(store, "nobody", "Wang", "x", later(1))
    assert store.events_of("nobody") == []


def test_a_product_is_stopped_once_and_resumed_once(store: SqlReleaseStore, database: Any) -> None:
    bring_to_life(store, BUNDLE, 0)
    decisions = SqlDecisionStore(database)
    assert decisions.beside() == {}
    stop(store, "p", "Op", "fraud wave", later(1))
    assert decisions.beside()["p"].is_stopped
    with pytest.raises(ReleaseRefused, match="stopped by Op already: fraud wave"):
        stop(store, "p", "Op", "again", later(2))
    resume(store, "p", "Op", later(3))
    assert decisions.beside() == {}
    assert happened(store)[3:] == ["stopped", "refused", "resumed"]


def test_a_challenger_keeps_its_draw_until_it_is_another(
    store: SqlReleaseStore, database: Any
) -> None:
    bring_to_life(store, '{"rule":"old"}', 0)
    publish_one(store)
    with pytest.raises(ReleaseRefused, match="is published; to challenge with it"):
        challenge(store, "p", 2, 1_000, "Wang", later(1))
    approve(store, "p", 2, "Wang", later(1))
    first = challenge(store, "p", 2, 1_000, "Wang", later(2))
    second = challenge(store, "p", 2, 2_000, "Wang", later(3))
    assert (second.experiment, second.share) == (first.experiment, 2_000)
    beside = SqlDecisionStore(database).beside()["p"]
    assert (beside.challenger, beside.share) == (2, 0.2)
    retire(store, "p", 2, "Wang", "enough", later(4))
    assert store.settings_of("p").challenger is None
    third = challenge(store, "p", 2, 500, "Wang", later(5))
    assert third.experiment != first.experiment
    activate(store, "p", 2, "Wang", later(6))
    assert store.settings_of("p").challenger is None, "the active one challenges nobody"
    assert happened(store)[-2:] == ["activated", "challenge_off"]


def test_a_roll_back_does_not_go_to_what_is_no_longer_approved(store: SqlReleaseStore) -> None:
    first = bring_to_life(store, '{"rule":"1"}', 0)
    bring_to_life(store, '{"rule":"2"}', 10)
    replace_evidence(store, "p", 1, first.sha256, evidence(lint="open"), "Li", later(20))
    with pytest.raises(ReleaseRefused, match="first that was active"):
        roll_back(store, "p", "Wang", "bad", later(30))
