"""Which waybills of each month a return waybill of any month names: the months' waybills come in;
files with the places of returned originals go out.

A new return waybill concerns every month, but only the numbers that are new have to be looked for:
what an earlier build found in the same waybills is taken over.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from app.features.at_once import work_at_once
from app.features.month_bills import Month, open_waybills, read_parquet
from app.features.sql_text import render_sql

_Cursor = duckdb.DuckDBPyConnection
Write = Callable[[_Cursor, str, Path], None]
Place = Callable[[str, Month, dict[str, object]], Path]


def find_returned(
    connection: _Cursor, months: Sequence[Month], place: Place, write: Write
) -> list[Month]:
    """The months with their `returned` files. `place(name, month, key)` is where a selection of a
    month lies, `write(cursor, query, path)` puts one there.
    """

    def list_returns(cursor: _Cursor, month: Month) -> Path:
        path = place("returns", month, {})
        if not path.exists():
            open_waybills(cursor, month)
            write(cursor, render_sql("returns", month.values), path)
        return path

    named = list(work_at_once(connection, months, list_returns))
    if not named or not _has_rows(connection, f"select 1 from {read_parquet(named)}"):
        return list(months)
    key: dict[str, object] = {"named": [path.name for path in named]}
    numbers = _Numbers(connection, named)
    wanted: dict[int, _Wanted] = {}
    for month in months:
        if not place("returned", month, key).exists():
            wanted[month.month] = numbers.beyond(_read_note(_note_of(place, month)))

    def match(cursor: _Cursor, month: Month) -> Month:
        path = place("returned", month, key)
        if month.month in wanted:
            write(cursor, _write_query(cursor, month, wanted[month.month]), path)
            _write_note(_note_of(place, month), path, named)
        return replace(month, returned=(path,))

    return list(work_at_once(connection, months, match))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The table of the numbers to look for, None without any, and the originals that an earlier
    build found in the same waybills.
    """

    numbers: str | None
    found: Path | None


class _Numbers:
    """The numbers that return waybills name: all of them, and those that are new to an earlier
    build.
    """

    def __init__(self, connection: _Cursor, named: Sequence[Path]) -> None:
        self._connection, self._named = connection, named
        self._tables: dict[tuple[str, ...], str | None] = {}
        self._all = self._make("named_all", f"select source, waybill_no from {read_parquet(named)}")

    def beyond(self, note: tuple[Path, list[Path]] | None) -> _Wanted:
        """What a month is to be searched for, where `note` says which originals were found in it
        by the numbers of which files.
        """
        if note is None:
            return _Wanted(self._all, None)
        found, known = note
        key = tuple(path.name for path in known)
        if key not in self._tables:
            self._tables[key] = self._compare(known)
        table = self._tables[key]
        return _Wanted(table, None if table == self._all else found)

    def _compare(self, known: Sequence[Path]) -> str | None:
        asked = [path for path in self._named if path not in set(known)]
        gone = [path for path in known if path not in set(self._named)]
        before = f"select source, waybill_no from {read_parquet(gone)}" if gone else ""
        if gone and _has_rows(self._connection, f"{before} except select * from {self._all}"):
            return self._all  # a number is named no more
        if not asked:
            return None
        query = f"select source, waybill_no from {read_parquet(asked)}"
        table = f"named_{len(self._tables)}"
        self._make(table, f"{query} except {before}" if gone else query)
        return table if _has_rows(self._connection, f"select 1 from {table}") else None

    def _make(self, table: str, query: str) -> str:
        self._connection.execute(
            f"create or replace table {table} as select distinct source, waybill_no from ({query})"
        )
        return table


def _write_query(cursor: _Cursor, month: Month, wanted: _Wanted) -> str:
    """The month's originals, in their order."""
    old = f"select * from {read_parquet([wanted.found])}" if wanted.found is not None else ""
    if wanted.numbers is None:
        return old
    open_waybills(cursor, month)
    cursor.execute(f"create or replace temp view named as select * from {wanted.numbers}")
    query = render_sql("returned", month.values)
    if not old:
        return query
    order = "order by source, waybill_no, file_index, file_row_number"
    return f"select * from (({query}) union {old}) as found {order}"


def _has_rows(connection: _Cursor, query: str) -> bool:
    return bool(connection.execute(f"select 1 from ({query}) as rows limit 1").fetchall())


def _note_of(place: Place, month: Month) -> Path:
    return place("returned", month, {}).with_suffix(".json")


def _read_note(note: Path) -> tuple[Path, list[Path]] | None:
    """The file of originals and the files of numbers, if all of them are still there."""
    try:
        told = json.loads(note.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    found = note.with_name(told["found"])
    known = [note.parent.parent / "returns" / name for name in told["named"]]
    os.utime(note)
    return (found, known) if all(path.exists() for path in (found, *known)) else None


def _write_note(note: Path, path: Path, named: Sequence[Path]) -> None:
    draft = note.with_name(f".{note.name}.{os.getpid()}.tmp")
    told = {"found": path.name, "named": [found.name for found in named]}
    draft.write_text(json.dumps(told), "utf-8")
    draft.replace(note)
