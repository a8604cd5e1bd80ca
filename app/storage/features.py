"""Feature snapshots for online look-up: a snapshot and its rows come in, visible wholly or not at
all.

The row in `snapshots` is the commit: readers find rows only through it, and it is written last. The
rows before it go in by batches, each committed at once, so that on SQLite a decision never waits
longer for the writer than one batch takes. What a killed publication left behind is swept by the
next one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from peewee import Database

from app.decisions.ports import SnapshotRow
from app.features.ports import FeatureTexts, SnapshotMeta
from app.storage.decisions import SqlDecisionStore
from app.storage.models import Snapshot, format_utc
from app.storage.statements import alone, delete_in_batches, insert_in_batches, prepare, run

SNAPSHOTS_KEPT = 3
ROW_COLUMNS = ("snapshot_id", "merchant_id", "values_json", "missing_json")
KNOWN = "select 1 from snapshots where id = ?"
INSERT_SNAPSHOT = """insert into snapshots (id, as_of, published_at, row_count, has_rows, meta_json)
values (?, ?, ?, ?, ?, ?)"""
DEBRIS = """select distinct snapshot_id from feature_rows
where snapshot_id not in (select id from snapshots where has_rows)"""
OLD = """select id from snapshots where has_rows and id <> ?
order by as_of desc, published_at desc, id desc"""
FORGET = "update snapshots set has_rows = ? where id = ?"
PAGE = """select merchant_id, values_json, missing_json from feature_rows
where snapshot_id = ? and merchant_id > ? order by merchant_id limit 1000"""


class SqlFeatureStore:
    """Implements `FeatureStore`."""

    def __init__(self, database: Database) -> None:
        self._database: Any = database

    def publish(self, snapshot: SnapshotMeta, rows: Iterator[FeatureTexts]) -> bool:
        """Store the snapshot and its rows; False, with `rows` unread, when it is published already.

        Afterwards the rows of all but the newest SNAPSHOTS_KEPT snapshots (and this one) leave the
        database.
        """
        with alone(self._database, "publish"):
            if self._run(KNOWN, snapshot.id).fetchone() is not None:
                return False
            self._sweep()
            texts = ((snapshot.id, *row) for row in rows)
            count = insert_in_batches(self._database, "feature_rows", ROW_COLUMNS, texts)
            old = [row[0] for row in self._run(OLD, snapshot.id).fetchall()][SNAPSHOTS_KEPT - 1 :]
            with self._database.atomic():
                self._insert_snapshot(snapshot, count)
                for snapshot_id in old:
                    self._run(FORGET, False, snapshot_id)
            self._sweep()
        return True

    def latest(self) -> SnapshotRow | None:
        """The newest snapshot by as-of day, then by publication."""
        return SqlDecisionStore(self._database).latest_snapshot()

    def describe(self, snapshot_id: str) -> Snapshot | None:
        """The snapshot's row with its provenance, also when its feature rows have left the
        database.
        """
        found: Snapshot | None = Snapshot.select().where(Snapshot.id == snapshot_id).first()
        return found

    def iter_rows(self, snapshot_id: str) -> Iterator[FeatureTexts]:
        """All rows of a snapshot in the order of merchant_id, a page at a time."""
        after = ""
        while page := self._run(PAGE, snapshot_id, after).fetchall():
            for row in page:
                yield (row[0], row[1], row[2])
            after = page[-1][0]

    def _insert_snapshot(self, snapshot: SnapshotMeta, count: int) -> None:
        self._run(
            INSERT_SNAPSHOT,
            snapshot.id,
            snapshot.as_of.isoformat(),
            format_utc(datetime.now(UTC)),
            count,
            True,
            snapshot.provenance_json,
        )

    def _sweep(self) -> None:
        for (snapshot_id,) in self._run(DEBRIS).fetchall():
            delete_in_batches(self._database, "feature_rows", "snapshot_id", snapshot_id)

    def _run(self, text: str, *parameters: Any) -> Any:
        return run(self._database, prepare(self._database, text), parameters)
