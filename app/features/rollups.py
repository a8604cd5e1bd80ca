"""Monthly rollups: the lake's waybill files come in, one small Parquet file a rollup and month goes
out, made only when it is not there yet.

The file's name holds a digest of everything that the content depends on: the waybill files, the
cleaning settings, the SQL texts, the returned originals, and the cut-off only where something of
the month lies behind it. So an unchanged month is never aggregated twice, and nothing is stale.
Months do not depend on one another, so that several are rolled at a time.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from datetime import time as clock
from pathlib import Path

import duckdb

from app.features.at_once import work_at_once
from app.features.calendar import AsOf, first_day_of
from app.features.carriage import write_carriage
from app.features.distances import open_distances
from app.features.events import latest_events
from app.features.lake import LakeState
from app.features.month_bills import (
    BILLS_SQL,
    Month,
    close_bills,
    open_bills,
    open_waybills,
    read_parquet,
)
from app.features.returned import find_returned
from app.features.rollup_list import ROLLUPS, Rollup, is_needed, no_rollup
from app.features.sql_text import Value, parameters_of, read_sql, render_sql

# Row groups are small, so that a block of merchants reads little beside its own rows; deltas suit
# what is sorted, and trying dictionaries of keys costs more time than they save space.
FORMAT = "parquet_version v2, row_group_size 30000, dictionary_size_limit 1"
KEPT_DAYS = 30  # how long a rollup file stays that no build asks for
NO_MONTH = 10_000 * 12  # after all
EVER = datetime.combine(date(9999, 12, 31), clock())
NEVER = datetime.combine(date(1, 1, 1), clock())

_Cursor = duckdb.DuckDBPyConnection


@dataclass(slots=True)
class RolledLake:
    """The files of each rollup by month, oldest month first, and how many of them were made now."""

    files: dict[str, dict[int, Path]] = field(
        default_factory=lambda: {rollup.name: {} for rollup in ROLLUPS}
    )
    words: list[Path] = field(default_factory=list)  # goods categories and origins of M1–M12
    made: int = 0
    reused: int = 0

    def add(self, month: int, rolled: RolledMonth) -> None:
        """Take in a month."""
        for name, path in rolled.files.items():
            self.files[name][month] = path
        self.made += rolled.made
        self.reused += len(rolled.files) - rolled.made

    def list_files(self, *names: str, since: int = 0, before: int = NO_MONTH) -> list[Path]:
        """The files of some rollups, of all their months or of those from `since` on and `before`
        another.
        """
        return [
            path
            for name in names
            for month, path in self.files[name].items()
            if since <= month < before
        ]

    def select_from(self, *names: str, since: int = 0, before: int = NO_MONTH) -> str:
        """What to select from to read a rollup, or several as one with the columns of the first;
        months as in `list_files`.
        """
        files = self.list_files(*names, since=since, before=before)
        if files:
            return read_parquet(files)
        return no_rollup(names[0])


@dataclass(frozen=True, slots=True)
class RolledMonth:
    """A month's file of each rollup that is needed, and how many of them were made now."""

    files: dict[str, Path]
    made: int


def roll_lake(
    connection: duckdb.DuckDBPyConnection,
    lake: LakeState,
    as_of: AsOf,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> RolledLake:
    """Bring every rollup that a snapshot of `as_of` needs up to date; `tell(done, total)` after
    each month.
    """
    rolled = RolledLake()

    def place(name: str, month: Month, key: dict[str, object]) -> Path:
        return rollup_path(lake, name, month.month, digest_month(month, (name,), key))

    months = [look_at_month(lake, as_of, month) for month in lake.months_until(as_of)]
    months = find_returned(connection, months, place, _write)
    settings = {"outliers": list_rules(lake), "keys": make_keys(connection)}
    open_distances(connection, lake.references.distances)

    def roll(cursor: _Cursor, month: Month) -> RolledMonth:
        return _roll_month(cursor, lake, as_of, month, settings)

    done = work_at_once(connection, months, roll)
    for count, (month, found) in enumerate(zip(months, done, strict=True), start=1):
        rolled.add(month.month, found)
        tell(count, len(months))

    def list_words(cursor: _Cursor, month: Month) -> Path:
        return _select(cursor, lake, month, "words", {})

    recent = [month for month in months if as_of.month(12) <= month.month <= as_of.month(1)]
    rolled.words = list(work_at_once(connection, recent, list_words))
    return rolled


def make_keys(connection: duckdb.DuckDBPyConnection) -> list[int]:
    """Make `key_of(text)`, which gives texts that are only told apart (consignees, carriers, …) a
    64-bit key; the keys of two texts tell whether rollups of another version have the same.

    Parties, phones and cards are compared over the platform: among 4 million two share a key with a
    probability of 4 in ten million.
    """
    connection.execute("create or replace macro key_of(word) as hash(word)")
    told = "select key_of('short'), key_of('longer than twelve bytes')"
    return list(connection.execute(told).fetchall()[0])


def list_rules(lake: LakeState) -> list[list[object]]:
    """The rules of outliers as a digest names them."""
    rules = sorted(lake.outlier_rules.items())
    return [[source, rule.amount_fen, rule.medians] for source, rule in rules]


def look_at_month(lake: LakeState, as_of: AsOf, month: int) -> Month:
    """A month as a snapshot of `as_of` sees it; `values` are what its SQL is given."""
    files = lake.months[month]
    values: dict[str, Value] = {**lake.code_bits, "month": month}
    latest = latest_events(files, ("signed_at", "cod_paid_at"))
    values["cut_off"] = EVER if latest < as_of.cut_off_at else as_of.cut_off_at
    rules = lake.outlier_rules.values()
    values["fewest_medians"] = min((rule.medians for rule in rules), default=1)
    values["least_outlier_fen"] = min((rule.amount_fen for rule in rules), default=0)
    values |= write_carriage(month, files, lake.carriage_rules, lake.references)
    values["mature_before"] = _clamp(as_of.mature_before, month)
    created_before = as_of.cut_off_at if month == as_of.cut_month else None
    return Month(month, files, created_before, values, lake.marks_of(month))


def _clamp(moment: datetime, month: int) -> datetime:
    """The moment where it cuts the month; NEVER or EVER where all of the month lies on one side."""
    begin, end = (
        datetime.combine(first_day_of(m), datetime.min.time()) for m in (month, month + 1)
    )
    if moment <= begin:
        return NEVER
    return EVER if moment >= end else moment


def _select(
    cursor: _Cursor, lake: LakeState, month: Month, name: str, key: Mapping[str, object]
) -> Path:
    """The file of a selection of the month's waybills, made when it is not there yet."""
    path = rollup_path(lake, name, month.month, digest_month(month, (name,), key))
    if not path.exists():
        open_waybills(cursor, month)
        _write(cursor, render_sql(name, month.values), path)
    return path


def _roll_month(
    cursor: _Cursor, lake: LakeState, as_of: AsOf, month: Month, settings: Mapping[str, object]
) -> RolledMonth:
    settings = {**settings, "returned": hash_file_rows(cursor, month.returned)}
    files: dict[str, Path] = {}
    missing: list[Rollup] = []
    for rollup in ROLLUPS:
        if not is_needed(rollup, as_of, month.month, lake.references.blacklist is not None):
            continue
        digest = digest_month(month, (*BILLS_SQL, rollup.name), settings)
        path = files[rollup.name] = rollup_path(lake, rollup.name, month.month, digest)
        if path.exists():
            os.utime(path)
        else:
            missing.append(rollup)
    if missing:
        open_bills(cursor, month, _columns_of(missing), lake.outlier_rules)
        for rollup in missing:
            _write(cursor, render_sql(rollup.name, month.values), files[rollup.name])
        close_bills(cursor)
    return RolledMonth(files, len(missing))


def _columns_of(rollups: Iterable[Rollup]) -> list[str]:
    return [name for rollup in rollups for name in rollup.reads.split()]


def hash_file_rows(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> str:
    """A hash of the rows of small files of sources and numbers, written in their order; empty
    without rows.
    """
    if not paths:
        return ""
    rows = connection.execute(f"select source, waybill_no from {read_parquet(paths)}").fetchall()
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest() if rows else ""


def digest_month(month: Month, names: Sequence[str], settings: Mapping[str, object]) -> str:
    """A digest of all that the SQL files of these names say of a month."""
    used = {name for sql in names for name in parameters_of(sql)}
    content = {
        "sql": [read_sql(name) for name in names],
        "values": {name: str(month.values[name]) for name in sorted(used)},
        "files": month.marks,
        "created_before": str(month.created_before),
        **settings,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:20]


def rollup_path(lake: LakeState, name: str, month: int, digest: str) -> Path:
    """Where a rollup of a month lies."""
    return lake.folder / "rollups" / name / f"{month}-{digest}.parquet"


def _write(connection: _Cursor, statement: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    connection.execute(
        f"copy ({statement}) to '{str(draft).replace(chr(39), chr(39) * 2)}'"
        f" (format parquet, {FORMAT})"
    )
    draft.replace(path)


def sweep_rollups(lake: Path) -> None:
    """Remove drafts of killed builds, and files that no build has asked for in KEPT_DAYS. The
    caller holds the build lock.
    """
    oldest = time.time() - KEPT_DAYS * 86_400
    for path in (lake / "rollups").glob("*/*"):
        if path.name.startswith(".") or path.stat().st_mtime < oldest:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)  # Spark's are folders
            else:
                path.unlink(missing_ok=True)
