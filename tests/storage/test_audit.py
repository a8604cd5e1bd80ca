"""The audit trail on both databases: whatever is changed, taken out or added is found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from playhouse.migrations import Runner

from app.policies.approvals import approve, publish
from app.policies.audit import AuditProblem, verify_chain, verify_releases
from app.policies.evidence import PARTS
from app.policies.releases import activate
from app.storage.audit import list_entries, list_heads
from app.storage.migrations import MIGRATIONS_FOLDER, migrate
from app.storage.models import ProductSettings, Release, ReleaseEvent
from app.storage.releases import SqlReleaseStore

NOON = datetime(2026, 11, 2, 12, 0, 0, 123_456, tzinfo=UTC)
FINE = {"parts": {name: {"status": "fine", "said": "well"} for name in PARTS}}


@pytest.fixture
def store(database: Any) -> SqlReleaseStore:
    made = SqlReleaseStore(database)
    for text in ("first", "第二"):
        number = publish(made, "p", f'{{"a":"{text}"}}', "李娜", text, NOON, FINE).release.number
        approve(made, "p", number, "Wang", NOON)
        activate(made, "p", number, "Wang", NOON)
    publish(made, "q", "{}", "Li", "other", NOON, FINE)
    return made


def verify(store: SqlReleaseStore, product: str = "p") -> list[AuditProblem]:
    entries = list_entries(product)
    chain = verify_chain(product, entries, list_heads().get(product))
    return [*chain, *verify_releases(product, entries, store.releases_of(product))]


def test_a_trail_that_nobody_touched_is_whole(store: SqlReleaseStore) -> None:
    assert verify(store) == verify(store, "q") == []
    entries = list_entries("p")
    assert [one.sequence for one in entries] == list(range(1, 8))
    assert [one.previous_sha256 for one in entries[1:]] == [one.sha256 for one in entries[:-1]]


def of(sequence: int) -> Any:
    return (ReleaseEvent.product == "p") & (ReleaseEvent.sequence == sequence)


TAMPERINGS: dict[str, tuple[Callable[[], Any], str]] = {
    "actor": (lambda: ReleaseEvent.update(actor="Zhao").where(of(2)).execute(), "changed"),
    "detail": (lambda: ReleaseEvent.update(detail="{}").where(of(3)).execute(), "changed"),
    "no JSON": (lambda: ReleaseEvent.update(detail="oops").where(of(3)).execute(), "changed"),
    "time": (lambda: ReleaseEvent.update(at=datetime.now(UTC)).where(of(1)).execute(), "changed"),
    "number": (lambda: ReleaseEvent.update(number=2).where(of(1)).execute(), "changed"),
    "the middle": (lambda: ReleaseEvent.delete().where(of(4)).execute(), "missing"),
    "the first": (lambda: ReleaseEvent.delete().where(of(1)).execute(), "missing"),
    "the last": (lambda: ReleaseEvent.delete().where(of(7)).execute(), "missing"),
    "all": (lambda: ReleaseEvent.delete().where(ReleaseEvent.product == "p").execute(), "missing"),
    "a release": (lambda: Release.delete().execute(), "release-missing"),
    "an approver": (lambda: Release.update(approved_by="Zhao").execute(), "release-changed"),
    "the head": (lambda: ProductSettings.update(event_sha256="0" * 64).execute(), "changed"),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERINGS)
def test_whatever_is_changed_is_found(store: SqlReleaseStore, name: str) -> None:
    tamper, code = TAMPERINGS[name]
    tamper()
    assert code in {problem.code for problem in verify(store)}


def test_a_rewritten_bundle_with_its_hash_is_found(store: SqlReleaseStore) -> None:
    other = store.releases_of("q")[0]
    changed = {"bundle_json": other.bundle_json, "sha256": other.sha256}
    where = (Release.product == "p") & (Release.number == 2)
    Release.update(**changed, approved_sha256=other.sha256).where(where).execute()
    assert "release-changed" in {problem.code for problem in verify(store)}


def test_an_added_event_is_found(store: SqlReleaseStore) -> None:
    last = list_entries("p")[-1]
    ReleaseEvent.insert(
        product="p", number=2, event="resumed", actor="Zhao", at=NOON, sequence=8,
        previous_sha256=last.sha256, sha256="1" * 64,
    ).execute()  # fmt: skip
    assert {"changed", "added"} <= {problem.code for problem in verify(store)}


def test_events_of_before_become_the_beginning_of_the_chain(
    store: SqlReleaseStore, database: Any
) -> None:
    runner = Runner(database, str(MIGRATIONS_FOLDER))
    runner.down()  # what came after it
    runner.down()
    assert "sequence" not in {column.name for column in database.get_columns("release_events")}
    assert migrate(database)[0] == "0002_evidence_and_audit"
    chain = verify_chain("p", list_entries("p"), list_heads().get("p"))
    assert chain == []
    assert len(list_entries("p")) == 7
    release = store.releases_of("p")[0]
    assert (release.approved_sha256, release.evidence_json) == (release.sha256, None)
    publish(store, "p", '{"a":"third"}', "Li", "third", NOON, FINE)
    assert verify_chain("p", list_entries("p"), list_heads().get("p")) == []
