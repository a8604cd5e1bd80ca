"""The life of a release on both databases: who may do what when, and what the audit trail says."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.policies.approvals import approve, publish
from app.policies.evidence import PARTS
from app.policies.release_records import Release, ReleaseRefused, active_release, describe_standing
from app.policies.releases import activate, retire, roll_back
from app.storage.decisions import SqlDecisionStore
from app.storage.releases import SqlReleaseStore

ALL_FINE = {"parts": {name: {"status": "fine", "said": "all is well"} for name in PARTS}}
NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


def later(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


@pytest.fixture
def store(database: Any) -> SqlReleaseStore:
    return SqlReleaseStore(database)


def publish_text(
    store: SqlReleaseStore, text: str, minutes: int = 0, product: str = "p"
) -> Release:
    bundle, at = f'{{"rule":"{text}"}}', later(minutes)
    return publish(store, product, bundle, "Li Na", "trial", at, ALL_FINE).release


def bring_to_life(store: SqlReleaseStore, text: str, minutes: int) -> Release:
    """Publish, approve and activate, a minute apart."""
    release = publish_text(store, text, minutes)
    approve(store, "p", release.number, "Wang Fang", later(minutes))
    return activate(store, "p", release.number, "Wang Fang", later(minutes))


def standings(store: SqlReleaseStore, minutes: int) -> dict[int, str]:
    releases = store.releases_of("p")
    return {r.number: describe_standing(r, releases, later(minutes)) for r in releases}


def active_number(store: SqlReleaseStore, database: Any, minutes: int) -> int | None:
    """What deciding would use; asserted to be what the life cycle says."""
    decided = SqlDecisionStore(database).active_releases(later(minutes)).get("p")
    believed = active_release(store.releases_of("p"), later(minutes))
    assert (decided and decided[0]) == (believed and believed.number)
    return believed.number if believed else None


def test_a_release_walks_from_published_to_retired(store: SqlReleaseStore, database: Any) -> None:
    release = publish_text(store, "a")
    assert (release.number, release.status) == (1, "published")
    assert active_number(store, database, 1) is None
    approved = approve(store, "p", None, "Wang Fang", later(1))
    assert (approved.approved_by, approved.approved_at) == ("Wang Fang", later(1))
    assert active_number(store, database, 2) is None
    activate(store, "p", None, "Wang Fang", later(2))
    assert active_number(store, database, 2) == 1
    retire(store, "p", 1, "Zhao Min", "fraud wave", later(3))
    assert active_number(store, database, 4) is None
    assert standings(store, 4) == {1: "retired"}
    trail = [(e.event, e.number, e.actor, e.at) for e in store.events_of("p")]
    assert trail == [
        ("published", 1, "Li Na", later(0)),
        ("approved", 1, "Wang Fang", later(1)),
        ("activated", 1, "Wang Fang", later(2)),
        ("retired", 1, "Zhao Min", later(3)),
    ]
    assert store.events_of("p")[3].detail == {"why": "fraud wave"}


def test_the_bundle_never_changes(store: SqlReleaseStore) -> None:
    before = publish_text(store, "a")
    bring_to_life(store, "b", 1)
    approve(store, "p", 1, "Wang Fang", later(2))
    activate(store, "p", 1, "Wang Fang", later(3))
    retire(store, "p", 1, "Wang Fang", "enough", later(4))
    after = store.releases_of("p")[0]
    assert (after.bundle_json, after.sha256) == (before.bundle_json, before.sha256)
    assert (after.author, after.why, after.published_at) == ("Li Na", "trial", later(0))


def test_the_same_bundle_again_is_the_same_release(store: SqlReleaseStore) -> None:
    publish_text(store, "a")
    publish_text(store, "b", 1)
    again = publish(store, "p", '{"rule":"a"}', "Somebody", "else", later(2))
    assert (again.release.number, again.release.author, again.is_new) == (1, "Li Na", False)
    assert len(store.releases_of("p")) == 2
    assert len(store.events_of("p")) == 2


def test_numbers_count_within_a_product(store: SqlReleaseStore) -> None:
    assert publish_text(store, "a", product="p").number == 1
    assert publish_text(store, "a", product="q").number == 1
    assert publish_text(store, "b", product="q").number == 2
    assert store.products() == ["p", "q"]


@pytest.mark.parametrize("approver", ["Li Na", " li  NA ", "\uff2c\uff49 Na", "LI NA"])
def test_nobody_approves_their_own_release(store: SqlReleaseStore, approver: str) -> None:
    publish_text(store, "a")
    with pytest.raises(ReleaseRefused, match="somebody else has to approve"):
        approve(store, "p", 1, approver, later(1))
    assert standings(store, 1) == {1: "published"}


def test_steps_out_of_order_are_refused(store: SqlReleaseStore) -> None:
    with pytest.raises(ReleaseRefused, match="p has no release to approve"):
        approve(store, "p", None, "Wang Fang", later(0))
    publish_text(store, "a")
    with pytest.raises(ReleaseRefused, match=r"is published; .* first chengxin policy approve p 1"):
        activate(store, "p", 1, "Wang Fang", later(1))
    with pytest.raises(ReleaseRefused, match="p has no release 7; there are: 1"):
        approve(store, "p", 7, "Wang Fang", later(1))
    approve(store, "p", 1, "Wang Fang", later(1))
    with pytest.raises(ReleaseRefused, match="is approved; to approve it, it must be published"):
        approve(store, "p", 1, "Zhao Min", later(2))
    activate(store, "p", 1, "Wang Fang", later(2))
    with pytest.raises(ReleaseRefused, match="is active; to activate it"):
        activate(store, "p", 1, "Wang Fang", later(3))
    done = [e.event for e in store.events_of("p") if e.event != "refused"]
    assert done == ["published", "approved", "activated"]


def test_what_was_never_approved_cannot_come_back(store: SqlReleaseStore) -> None:
    publish_text(store, "a")
    retire(store, "p", 1, "Li Na", "a mistake", later(1))
    with pytest.raises(ReleaseRefused, match="retired before it was approved"):
        activate(store, "p", 1, "Wang Fang", later(2))


@pytest.mark.parametrize(
    ("author", "why", "said"),
    [
        ("  ", "why", "--by is empty"),
        ("Li", "\n", "--why is empty"),
        ("x" * 129, "why", "at most 128"),
        ("Li", "w" * 2001, "at most 2000"),
        ("L\u0000i", "why", r"U\+0000"),
        ("L\u202ei", "why", r"U\+202E"),
    ],
)
def test_names_and_reasons_are_words(
    store: SqlReleaseStore, author: str, why: str, said: str
) -> None:
    with pytest.raises(ReleaseRefused, match=said):
        publish(store, "p", "{}", author, why, NOON)
    assert store.releases_of("p") == []


def test_a_newer_release_retires_the_active_one(store: SqlReleaseStore, database: Any) -> None:
    bring_to_life(store, "a", 0)
    bring_to_life(store, "b", 10)
    assert standings(store, 10) == {1: "retired", 2: "active"}
    assert active_number(store, database, 10) == 2
    superseded = [e for e in store.events_of("p") if e.event == "superseded"]
    assert [(e.number, e.detail) for e in superseded] == [(1, {"by": 2})]


def test_a_planned_release_takes_over_at_its_time(store: SqlReleaseStore, database: Any) -> None:
    bring_to_life(store, "a", 0)
    publish_text(store, "b", 1)
    approve(store, "p", 2, "Wang Fang", later(2))
    activate(store, "p", 2, "Wang Fang", later(3), active_from=later(60))
    assert standings(store, 59) == {1: "active", 2: "planned"}
    assert active_number(store, database, 59) == 1
    assert standings(store, 60) == {1: "retired", 2: "active"}
    assert active_number(store, database, 60) == 2


def test_a_planned_release_can_be_called_off(store: SqlReleaseStore, database: Any) -> None:
    bring_to_life(store, "a", 0)
    publish_text(store, "b", 1)
    approve(store, "p", 2, "Wang Fang", later(2))
    activate(store, "p", 2, "Wang Fang", later(3), active_from=later(60))
    retire(store, "p", 2, "Wang Fang", "not yet", later(4))
    assert active_number(store, database, 61) == 1
    bring_to_life(store, "c", 70)
    assert roll_back(store, "p", "Wang Fang", "bad", later(80)).number == 1


def test_retiring_what_took_over_wakes_nothing_older(store: SqlReleaseStore, database: Any) -> None:
    bring_to_life(store, "a", 0)
    publish_text(store, "b", 1)
    approve(store, "p", 2, "Wang Fang", later(2))
    activate(store, "p", 2, "Wang Fang", later(3), active_from=later(60))
    retire(store, "p", 2, "Wang Fang", "stop lending", later(61))
    assert active_number(store, database, 62) is None
    assert standings(store, 62) == {1: "retired", 2: "retired"}


def test_the_past_cannot_be_rewritten(store: SqlReleaseStore) -> None:
    publish_text(store, "a")
    approve(store, "p", 1, "Wang Fang", later(1))
    with pytest.raises(ReleaseRefused, match="that time has passed"):
        activate(store, "p", 1, "Wang Fang", later(5), active_from=later(4))


def test_a_roll_back_goes_to_what_was_active_before(store: SqlReleaseStore, database: Any) -> None:
    for minutes, text in ((0, "a"), (10, "b"), (20, "c")):
        bring_to_life(store, text, minutes)
    assert roll_back(store, "p", "Wang Fang", "too strict", later(30)).number == 2
    assert active_number(store, database, 30) == 2
    assert standings(store, 30) == {1: "retired", 2: "active", 3: "retired"}
    assert roll_back(store, "p", "Wang Fang", "still", later(40)).number == 1, "not back to 3"
    assert active_number(store, database, 40) == 1
    with pytest.raises(ReleaseRefused, match="is the first that was active"):
        roll_back(store, "p", "Wang Fang", "more", later(50))
    activate(store, "p", 3, "Wang Fang", later(60))
    assert active_number(store, database, 60) == 3
    assert roll_back(store, "p", "Wang Fang", "again", later(70)).number == 1


def test_there_is_nothing_to_roll_back_before_the_first(store: SqlReleaseStore) -> None:
    publish_text(store, "a")
    with pytest.raises(ReleaseRefused, match="no release of p is active"):
        roll_back(store, "p", "Wang Fang", "why not", later(1))


def test_two_at_once_never_make_the_same_number(store: SqlReleaseStore, database: Any) -> None:
    """Twelve different bundles and four times the same one, all started together."""
    start = threading.Barrier(8)

    def go(index: int) -> int:
        start.wait()
        try:
            text = "same" if index < 4 else f"bundle {index}"
            numbers = [publish_text(store, f"{text} {n}").number for n in range(3)]
            return len(numbers)
        finally:
            database.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(go, range(8))) == 24
    releases = store.releases_of("p")
    assert [r.number for r in releases] == list(range(1, 16))
    assert len({r.sha256 for r in releases}) == 15
    assert len(store.events_of("p")) == 15


def test_a_failed_step_leaves_nothing(store: SqlReleaseStore, monkeypatch: Any) -> None:
    publish_text(store, "a")

    def fail(*_: Any) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("app.storage.releases._add_event", fail)
    with pytest.raises(RuntimeError):
        publish_text(store, "b")
    with pytest.raises(RuntimeError):
        approve(store, "p", 1, "Wang Fang", later(1))
    monkeypatch.undo()
    assert standings(store, 2) == {1: "published"}
    assert len(store.events_of("p")) == 1
