"""Years that were read before: the rollups of a build come in; what is still true of the years that
an earlier build of the same month kept goes out, so that a night reads only merchants whose full
months changed.

`lake/rollups/merchant_year/<M1>-<key>-<state>.parquet` has a row a merchant, the JSON file beside
it names the rollup files that were read. `key` stands for all else that a year depends on. A
merchant's year is true as long as its rows in those rollups are the same; where a file is another,
the rows of both are compared.
"""

from __future__ import annotations

import hashlib
import json
import os
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from pathlib import Path
from types import TracebackType

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from app.features.calendar import AsOf
from app.features.columns import Bools
from app.features.events import latest_events
from app.features.inputs import hash_program
from app.features.lake import LakeState
from app.features.month_bills import read_parquet
from app.features.rollup_list import columns_of
from app.features.rollups import RolledLake
from app.features.year import SCHEMA, YEAR_ROLLUPS

NAMES = "merchant_month"  # which merchant_id a merchant of the other rollups is
FOLDER = "merchant_year"

# Rollup → month, as text → name of the file.
Files = Mapping[str, Mapping[str, str]]


def open_from(lake: LakeState, as_of: AsOf) -> int:
    """The first month of M1–M12 with a bill that is paid in T's month or later, as its files say;
    T's month without any.
    """
    begun = datetime.combine(as_of.day.replace(day=1), time())
    year = range(as_of.month(12), as_of.month(0))
    late = [m for m in year if latest_events(lake.months.get(m, ()), ("cod_paid_at",)) >= begun]
    return min(late, default=as_of.month(0))


def key_of_years(lake: LakeState, as_of: AsOf) -> str:
    """A hash of what years depend on beside the rollups. (Under which word a category or an origin
    counts depends on its text alone.)
    """
    told = {
        "program": hash_program(),
        "open_from": open_from(lake, as_of),
        "lists": [
            found.in_force(as_of) if found is not None else None
            for found in (lake.references.blacklist, lake.references.staff)
        ],
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def files_of_years(rolled: RolledLake, as_of: AsOf) -> dict[str, dict[str, str]]:
    """The rollup files of full months that years are read from."""
    last = as_of.month(1)
    return {
        name: {str(month): path.name for month, path in rolled.files[name].items() if month <= last}
        for name in (NAMES, *YEAR_ROLLUPS)
    }


class KnownYears:
    """The years of an earlier build that are still true. Without any, none is."""

    def __init__(self, path: Path | None, changed: set[str], is_current: bool) -> None:
        self._path = path
        self._changed = changed
        self._merchants: list[str] = []
        if path is not None:
            names = pq.read_table(path, columns=["merchant_id"], partitioning=None)
            self._merchants = names.column(0).to_pylist()
        self.is_current = is_current  # whether the file is of just these rollups

    def take(self, merchants: Sequence[str]) -> tuple[Bools, pa.Table]:
        """Which of these merchants, who stand in order, have a true year, and the rows of those."""
        begin = bisect_left(self._merchants, merchants[0]) if merchants else 0
        end = bisect_right(self._merchants, merchants[-1]) if merchants else 0
        known = self._merchants[begin:end]
        if self._path is not None and not self._changed and known == list(merchants) and known:
            return np.ones(len(known), np.bool_), _read_rows(self._path, begin, end)
        row = {name: at for at, name in enumerate(known) if name not in self._changed}
        found = np.array([name in row for name in merchants], np.bool_)
        if not row or self._path is None:
            return found, SCHEMA.empty_table()
        rows = [row[name] for name, is_there in zip(merchants, found, strict=True) if is_there]
        return found, _read_rows(self._path, begin, end).take(pa.array(rows, pa.int64()))


def find_years(
    connection: duckdb.DuckDBPyConnection, folder: Path, month: int, key: str, files: Files
) -> KnownYears:
    """The years that the newest build of the same M1 and key kept, without those of merchants whose
    rows in the rollups changed since. `folder` is the rollups' folder.
    """
    notes = sorted(
        (folder / FOLDER).glob(f"{month}-{key}-*.json"), key=lambda path: path.stat().st_mtime_ns
    )
    current = folder / FOLDER / f"{month}-{key}-{_digest(files)}.json"
    for note in [current, *reversed(notes)]:
        path = note.with_suffix(".parquet")
        if not note.exists() or not path.exists():
            continue
        for used in (note, path):
            os.utime(used)
        if note == current:
            return KnownYears(path, set(), is_current=True)
        then: Files = json.loads(note.read_text("utf-8"))
        changed = _find_changed(connection, folder, then, files)
        if changed is not None:
            return KnownYears(path, changed, is_current=False)
    return KnownYears(None, set(), is_current=False)


class YearsDraft:
    """Years being kept: add tables in the order of merchants, then commit; without a commit nothing
    is kept.
    """

    def __init__(self, folder: Path, month: int, key: str, files: Files) -> None:
        (folder / FOLDER).mkdir(parents=True, exist_ok=True)
        self._files = files
        self._target = folder / FOLDER / f"{month}-{key}-{_digest(files)}.parquet"
        self._path = self._target.with_name(f".{self._target.name}.{os.getpid()}.tmp")
        self._writer = pq.ParquetWriter(self._path, SCHEMA, compression="snappy")

    def __enter__(self) -> YearsDraft:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._writer.close()
        self._path.unlink(missing_ok=True)

    def add(self, years: pa.Table) -> None:
        """Keep the next merchants."""
        self._writer.write_table(years)

    def commit(self) -> None:
        """Let later builds find what was added; the note is written last."""
        self._writer.close()
        self._path.replace(self._target)
        draft = self._path.with_suffix(".json")
        draft.write_text(json.dumps(self._files, sort_keys=True), "utf-8")
        draft.replace(self._target.with_suffix(".json"))


def _digest(files: Files) -> str:
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()[:16]


def _read_rows(path: Path, begin: int, end: int) -> pa.Table:
    """The rows from `begin` up to `end`, reading only row groups that have some of them."""
    with pq.ParquetFile(path) as file:
        first, start = 0, 0
        groups: list[int] = []
        for group in range(file.num_row_groups):
            after = first + file.metadata.row_group(group).num_rows
            if after > begin and first < end:
                start = start if groups else first
                groups.append(group)
            first = after
        return file.read_row_groups(groups).slice(begin - start, end - begin)


def _find_changed(
    connection: duckdb.DuckDBPyConnection, folder: Path, then: Files, now: Files
) -> set[str] | None:
    """The merchants whose rows differ; None where an old file is not there any more to compare."""
    changed: set[str] = set()
    for name in YEAR_ROLLUPS:
        months = sorted(set(then.get(name, {})) | set(now[name]))
        for month in months:
            old, new = (files.get(name, {}).get(month) for files in (then, now))
            if old == new:
                continue
            sides = []
            for files, file in ((then, old), (now, new)):
                if file is None:
                    continue
                rows, names = folder / name / file, folder / NAMES / files[NAMES][month]
                if not rows.exists() or not names.exists():
                    return None
                sides.append(_write_marks(name, rows, names))
            query = (
                "select merchant_id from ("
                + " union all ".join(sides)
                + ") as marks group by merchant_id having count(*) < 2 or min(mark) <> max(mark)"
                " or min(records) <> max(records)"
            )
            changed |= {row[0] for row in connection.execute(query).fetchall()}
    return changed


def _write_marks(name: str, rows: Path, names: Path) -> str:
    """A query of each merchant's mark: rows that differ have other marks, in whatever order."""
    columns = ", ".join(f"r.{column}" for column in columns_of(name) if column != "merchant")
    return (
        "select n.merchant_id, count(*) as records,"
        f" sum(cast(hash({columns}) as hugeint)) as mark"
        f" from {read_parquet([rows])} r join {read_parquet([names])} n"
        " on r.merchant = n.merchant group by n.merchant_id"
    )
