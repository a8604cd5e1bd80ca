"""What checks said of snapshots: rows come in and are only added; what is held, and what somebody
answers for, goes out.

A snapshot is held when its newest check says so and it was never published. It matters as long as
it is newer than the snapshot that is served: of a later as-of day, or of the same day and checked
after that one was published.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from peewee import Database

from app.decisions.ports import HeldSnapshot
from app.storage.models import format_utc, read_utc
from app.storage.statements import prepare, run

PASSED, HELD, DESPITE, FIRST = "passed", "held", "despite", "first"
COLUMNS = """snapshot_id, as_of, checked_at, verdict, expectations, breaks_json, report, actor,
why"""
INSERT = f"insert into snapshot_checks ({COLUMNS}) values (?,?,?,?,?,?,?,?,?)"
NEWEST = f"""select {COLUMNS} from snapshot_checks where snapshot_id = ?
order by id desc limit 1"""
EVERY = f"select {COLUMNS} from snapshot_checks order by id"
ANSWERED = "select breaks_json from snapshot_checks where verdict = 'despite' order by id"
PUBLISHED = (
    "select meta_json from snapshots order by as_of desc, published_at desc, id desc limit 1"
)
HELD_NOW = """select c.snapshot_id, c.as_of, c.expectations,
(select min(o.checked_at) from snapshot_checks o where o.snapshot_id = c.snapshot_id)
from snapshot_checks c left join (select as_of, published_at from snapshots where has_rows
order by as_of desc, published_at desc, id desc limit 1) s on 1 = 1
where c.verdict = 'held' and c.snapshot_id not in (select id from snapshots)
and c.id = (select max(o.id) from snapshot_checks o where o.snapshot_id = c.snapshot_id)
and (s.as_of is null or c.as_of > s.as_of
or (c.as_of = s.as_of and c.checked_at > s.published_at))
order by c.as_of desc, c.id desc"""


@dataclass(frozen=True, slots=True)
class Check:
    """A row of `snapshot_checks`. `breaks`: key of a finding → how far it is beyond its bound."""

    snapshot_id: str
    as_of: date
    checked_at: datetime
    verdict: str
    expectations: tuple[str, ...]
    breaks: tuple[dict[str, Any], ...]
    report: str | None = None
    actor: str | None = None
    why: str | None = None


class SqlCheckStore:
    """Checks of snapshots in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, check: Check) -> bool:
        """Keep a check; False when the newest of the snapshot says the same already."""
        known = self.newest(check.snapshot_id)
        if known is not None and _said(known) == _said(check):
            return False
        self._run(
            INSERT,
            check.snapshot_id,
            check.as_of.isoformat(),
            format_utc(check.checked_at),
            check.verdict,
            ",".join(check.expectations),
            json.dumps(check.breaks, ensure_ascii=False),
            check.report,
            check.actor,
            check.why,
        )
        return True

    def newest(self, snapshot_id: str) -> Check | None:
        """What was said last of a snapshot."""
        row = self._run(NEWEST, snapshot_id).fetchone()
        return None if row is None else _read(row)

    def list_all(self) -> list[Check]:
        """Every check, oldest first."""
        return [_read(row) for row in self._run(EVERY).fetchall()]

    def accepted(self) -> dict[str, float]:
        """Findings that somebody answers for: key → the greatest excess that was accepted."""
        found: dict[str, float] = {}
        for (text,) in self._run(ANSWERED).fetchall():
            for one in json.loads(text):
                found[one["key"]] = max(found.get(one["key"], 0.0), one["excess"])
        return found

    def last_published(self) -> dict[str, Any] | None:
        """The provenance of the newest published snapshot, by as-of day and publication."""
        row = self._run(PUBLISHED).fetchone()
        return None if row is None else json.loads(row[0])

    def _run(self, text: str, *parameters: Any) -> Any:
        return run(self._database, prepare(self._database, text), parameters)


def read_held(rows: list[Any]) -> HeldSnapshot | None:
    """Rows of HELD_NOW, newest first, as the newest, with the moment since when any is held."""
    if not rows:
        return None
    newest = rows[0]
    since = min(read_utc(row[3]) for row in rows)
    return HeldSnapshot(newest[0], _day(newest[1]), since, tuple(newest[2].split(",")))


def _read(row: Any) -> Check:
    names = tuple(name for name in row[4].split(",") if name)
    return Check(
        row[0], _day(row[1]), read_utc(row[2]), row[3], names, tuple(json.loads(row[5])), *row[6:]
    )


def _said(check: Check) -> tuple[Any, ...]:
    return check.verdict, check.expectations, check.breaks, check.actor, check.why


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)
