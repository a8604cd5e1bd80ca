"""Publishing snapshots and whitelists on both databases: wholly or not at all, once, and the old
ones leave.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.decisions.ports import SnapshotRow
from app.features.ports import FeatureTexts, SnapshotMeta
from app.storage.decisions import SqlDecisionStore
from app.storage.features import SqlFeatureStore
from app.storage.models import FeatureValues, Snapshot, WhitelistLine
from app.storage.whitelists import (
    WhitelistEntry,
    WhitelistMeta,
    find_whitelist,
    list_entries,
    store_whitelist,
)

DAY = date(2026, 11, 1)


def make_meta(snapshot_id: str, as_of: date, count: int = 3) -> SnapshotMeta:
    at = datetime(as_of.year, as_of.month, as_of.day)  # noqa: DTZ001 - local time, as in the lake
    return SnapshotMeta(
        id=snapshot_id,
        as_of=as_of,
        cut_off_at=at,
        built_at=datetime.now(UTC),
        merchant_count=count,
        catalogue_sha256="c",
        content_sha256="d",
        provenance_json='{"id": "x"}',
    )


def make_rows(count: int = 3, value: int = 1) -> Iterator[FeatureTexts]:
    return ((f"m{n:06d}", f'{{"cod_months":{value}}}', "{}") for n in range(count))


def test_a_published_snapshot_is_the_latest_and_is_read_by_merchant(database: Any) -> None:
    features, store = SqlFeatureStore(database), SqlDecisionStore(database)
    assert features.publish(make_meta("s1", DAY), make_rows())
    assert features.latest() == store.latest_snapshot() == SnapshotRow("s1", DAY)
    assert store.snapshot_of(DAY) == SnapshotRow("s1", DAY)
    assert store.snapshot_of(DAY - timedelta(days=1)) is None
    found = store.features_of(SnapshotRow("s1", DAY), "m000001")
    assert found is not None and found.values_json == '{"cod_months":1}'
    assert store.features_of(SnapshotRow("s1", DAY), "nobody") is None
    assert [row[0] for row in features.iter_rows("s1")] == ["m000000", "m000001", "m000002"]
    described = features.describe("s1")
    assert described is not None and (described.row_count, described.as_of) == (3, DAY)


def test_publishing_again_changes_nothing_and_reads_no_rows(database: Any) -> None:
    features = SqlFeatureStore(database)
    features.publish(make_meta("s1", DAY), make_rows())

    def explode() -> Iterator[FeatureTexts]:
        raise AssertionError("rows were read")
        yield ("", "", "")

    assert not features.publish(make_meta("s1", DAY), explode())
    assert FeatureValues.select().count() == 3


def test_of_two_snapshots_of_a_day_the_later_publication_counts(database: Any) -> None:
    features = SqlFeatureStore(database)
    features.publish(make_meta("z-first", DAY), make_rows())
    features.publish(make_meta("a-second", DAY), make_rows())
    features.publish(make_meta("older-day", DAY - timedelta(days=1)), make_rows())
    assert features.latest() == SnapshotRow("a-second", DAY)


def test_only_the_newest_three_keep_their_rows(database: Any) -> None:
    features = SqlFeatureStore(database)
    for number in range(5):
        features.publish(make_meta(f"s{number}", DAY + timedelta(days=number)), make_rows(2))
    kept = {row.snapshot_id for row in FeatureValues.select()}
    assert kept == {"s2", "s3", "s4"}
    assert Snapshot.select().count() == 5
    assert SqlDecisionStore(database).snapshot_of(DAY) is None  # its rows are in the lake only
    features.publish(make_meta("backfill", date(2020, 1, 1)), make_rows(2))
    kept = {row.snapshot_id for row in FeatureValues.select()}
    assert "backfill" in kept and "s4" in kept


def test_rows_that_fail_leave_nothing_visible_and_are_swept(database: Any) -> None:
    features = SqlFeatureStore(database)

    def break_off() -> Iterator[FeatureTexts]:
        yield from make_rows(4_500)
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk is full"):
        features.publish(make_meta("s1", DAY), break_off())
    assert features.latest() is None
    assert features.publish(make_meta("s2", DAY), make_rows(7))
    assert {row.snapshot_id for row in FeatureValues.select()} == {"s2"}
    assert features.publish(make_meta("s1", DAY), make_rows(5_000, value=2))
    assert FeatureValues.select().where(FeatureValues.snapshot_id == "s1").count() == 5_000


PUBLISH = """
import sys
from datetime import date
from app.settings import load_settings
from app.storage.connection import connect
from app.storage.features import SqlFeatureStore
from tests.storage.test_snapshots import make_meta, make_rows
features = SqlFeatureStore(connect(load_settings()))
print("ready", flush=True)
features.publish(make_meta(sys.argv[1], date(2026, 11, 2)), make_rows(12_000))
"""


def test_killed_publications_leave_the_old_snapshot_or_the_whole_new_one(
    database: Any, environment: dict[str, str]
) -> None:
    features = SqlFeatureStore(database)
    features.publish(make_meta("old", DAY), make_rows(10))
    interrupted = 0
    for number in range(4):
        child = subprocess.Popen(
            [sys.executable, "-c", PUBLISH, f"new{number}"], env=environment, stdout=subprocess.PIPE
        )
        assert child.stdout is not None and child.stdout.readline() == b"ready\n"
        time.sleep(0.01 + 0.04 * number)
        child.send_signal(signal.SIGKILL)
        child.wait()
        latest = features.latest()
        assert latest is not None
        expected = 10 if latest.id == "old" else 12_000
        interrupted += latest.id != f"new{number}"
        assert sum(1 for _ in features.iter_rows(latest.id)) == expected
    assert interrupted, "no publication was interrupted; the test proves nothing"
    assert features.publish(make_meta("last", DAY + timedelta(days=2)), make_rows(5))
    visible = {row.id for row in Snapshot.select().where(Snapshot.has_rows)}
    assert {row.snapshot_id for row in FeatureValues.select().distinct()} == visible


def make_entry(number: int) -> WhitelistEntry:
    return WhitelistEntry(f"m{number:04d}", "approve", 88.5, "A", 3_500_000, 0.00019, '["OK"]')


def test_a_whitelist_is_stored_once_and_paged(database: Any) -> None:
    meta = WhitelistMeta(
        "w1", "wuliudai", 1, "f" * 64, "s1", DAY, datetime.now(UTC), 25, 25, 87_500_000, "{}"
    )
    assert find_whitelist("w1") is None
    assert store_whitelist(database, meta, (make_entry(n) for n in range(25)))
    assert not store_whitelist(database, meta, iter(()))
    first = list_entries(database, "w1", after="", count=10)
    rest = list_entries(database, "w1", after=first[-1].merchant_id, count=100)
    assert first + rest == [make_entry(n) for n in range(25)]
    found = find_whitelist("w1")
    assert found is not None and (found.as_of, found.total_limit_fen) == (DAY, 87_500_000)
    assert WhitelistLine.select().count() == 25
