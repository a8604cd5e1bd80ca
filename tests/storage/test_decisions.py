"""The decision store on both databases: what is read, and that a claim is given once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.decisions.ports import Claim, RecordedDecision
from app.storage.decisions import ReleaseMissing, SqlDecisionStore
from app.storage.models import Decision, Release

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def make_decision(number: int, claim: Claim | None = None) -> RecordedDecision:
    record = {
        "id": f"d{number}",
        "explanation": "代收货款不足 12 个月",
        "unusual": "a\u0000b\ud7ff",
    }
    return RecordedDecision(
        id=f"d{number}",
        decided_at=NOW + timedelta(microseconds=number),
        merchant_id="m1",
        policy="wuliudai",
        release=3,
        purpose="drawdown",
        outcome="refer",
        record_json=json.dumps(record).encode(),
        claim=claim,
    )


def add_release(number: int, status: str, active_from: datetime | None, product: str = "p") -> None:
    Release.create(
        product=product,
        number=number,
        sha256=f"{number:064d}",
        bundle_json="{}",
        author="a",
        why="w",
        published_at=NOW,
        status=status,
        active_from=active_from,
    )


def test_a_decision_comes_back_as_it_was_stored(database: Any) -> None:
    store = SqlDecisionStore(database)
    decision = make_decision(1, Claim("k", "i", "b" * 64))
    assert store.record(decision) == decision
    assert store.find_decision("d1") == decision
    assert store.find_claimed(Claim("k", "i", "another body")) == decision
    assert store.find_decision("d2") is None


def test_a_claim_is_given_once_whatever_the_second_body(database: Any) -> None:
    store = SqlDecisionStore(database)
    first = store.record(make_decision(1, Claim("k", "i", "one")))
    assert store.record(make_decision(2, Claim("k", "i", "two"))) == first
    assert store.record(make_decision(3, Claim("other", "i", "two"))).id == "d3"
    assert store.record(make_decision(4)).id == "d4"
    assert store.record(make_decision(5)).id == "d5"
    assert {row.id for row in Decision.select()} == {"d1", "d3", "d4", "d5"}


def test_recording_the_same_decision_twice_stores_it_once(database: Any) -> None:
    store = SqlDecisionStore(database)
    assert store.record(make_decision(1)) == store.record(make_decision(1))
    assert Decision.select().count() == 1


def test_fifty_threads_with_one_claim_get_one_decision(database: Any) -> None:
    store = SqlDecisionStore(database)

    def record(number: int) -> str:
        try:
            return store.record(make_decision(number, Claim("k", "i", "b"))).id
        finally:
            database.close()

    with ThreadPoolExecutor(10) as pool:
        ids = set(pool.map(record, range(50)))
    assert len(ids) == 1
    assert {row.id for row in Decision.select()} == ids


def test_the_newest_start_that_has_come_is_active(database: Any) -> None:
    add_release(1, "active", NOW - timedelta(days=3))
    add_release(2, "active", NOW)
    add_release(3, "active", NOW + timedelta(seconds=1))
    add_release(4, "approved", NOW - timedelta(days=1))
    add_release(5, "retired", NOW - timedelta(seconds=1))
    add_release(9, "active", NOW - timedelta(days=9), product="other")
    store = SqlDecisionStore(database)
    assert store.active_releases(NOW) == {"p": (2, f"{2:064d}"), "other": (9, f"{9:064d}")}
    assert store.active_releases(NOW - timedelta(microseconds=1))["p"][0] == 1
    assert store.active_releases(NOW + timedelta(seconds=1))["p"][0] == 3
    assert store.active_releases(NOW - timedelta(days=10)) == {}


def test_a_release_is_loaded_with_its_bundle(database: Any) -> None:
    add_release(7, "published", None)
    store = SqlDecisionStore(database)
    assert store.load_release("p", 7).bundle_json == "{}"
    with pytest.raises(ReleaseMissing, match="no release 8 of the policy 'p'"):
        store.load_release("p", 8)


def test_without_snapshots_there_is_none(database: Any) -> None:
    store = SqlDecisionStore(database)
    assert store.latest_snapshot() is None
    assert store.snapshot_of(date(2026, 1, 1)) is None


def test_a_lost_connection_is_opened_anew(database: Any) -> None:
    store = SqlDecisionStore(database)
    store.record(make_decision(1))
    if database.param == "%s":
        (pid,) = database.execute_sql("select pg_backend_pid()").fetchone()
        import psycopg

        with psycopg.connect(database.connection().info.dsn) as other:
            other.execute("select pg_terminate_backend(%s)", (pid,))
    else:
        database.close()
    assert store.record(make_decision(2)).id == "d2"
    assert store.find_decision("d1") is not None
