"""The whole of a check on one page: measures, sheets, judgements; a report goes out.

A check as of a day judges the days before it, and older ones for which rows came lately. An import
is judged by what it brought, with all that had come before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from app.features.holidays import Calendar, load_calendar
from app.quality.expectations import FILE, Expectations, load_expectations
from app.quality.judge import Judged, judge_sheet
from app.quality.ledger import arrived_on, judge_imports
from app.quality.measure import list_files, open_engine
from app.quality.measured import KIND_OF, NEW
from app.quality.report import Accepted, make_report
from app.quality.sheet import Sheet, read_sheets
from app.quality.store import Measures, QualityStore
from app.quality.usual import Bools, days_back, quiet_days
from app.waybills.cleaning import Cleaning, load_cleaning
from app.waybills.lake import ImportEntry, Lake, Manifest

OLDEST_DAYS = 100  # further back nothing is judged again, whatever rows came
SHOWN_DAYS = 120  # of the series in a report
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
SMALL_IMPORT = 200  # new rows; a smaller import is measured, and judged by the night's check only

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Published:
    """What the last published snapshot knew: its imports, and when it was built (UTC)."""

    imports: frozenset[str]
    built_at: datetime

    def lacks(self, entry: ImportEntry) -> bool:
        """Whether an import came after it. One that brought no row is in no snapshot."""
        if entry.months:
            return entry.id not in self.imports
        arrived_at = datetime.fromisoformat(entry.arrived_at).replace(tzinfo=SHANGHAI)
        return arrived_at > self.built_at


@dataclass(frozen=True, slots=True)
class Desk:
    """What every check needs."""

    lake: Path
    store: QualityStore
    expectations: Expectations
    calendar: Calendar
    cleaning: Cleaning
    memory_limit_mb: int
    tell: Tell = field(default=lambda step, done, total: None)

    def kinds(self, manifest: Manifest) -> dict[str, str]:
        """The kind of every source of the ledger."""
        return {one.source: self.cleaning.for_source(one.source).kind for one in manifest.imports}


def open_desk(
    lake: Path,
    rulesets: Path,
    memory_limit_mb: int,
    tell: Tell = lambda step, done, total: None,
) -> Desk:
    """Raises ProblemsFound (expectations, calendar), CleaningError."""
    return Desk(
        lake,
        QualityStore(lake, memory_limit_mb),
        load_expectations(rulesets / FILE),
        load_calendar(rulesets / "calendar.yaml"),
        load_cleaning(rulesets / "cleaning.yaml"),
        memory_limit_mb,
        tell,
    )


def check_day(
    desk: Desk,
    as_of: date,
    snapshot: str | None = None,
    imports: Iterable[str] | None = None,
    published: Published | None = None,
    accepted: Accepted | None = None,
) -> dict[str, Any]:
    """The report of the data before `as_of`. `imports`: ids that count (all, where None);
    `published`: the last published snapshot, None where there is none; `accepted`: findings that
    somebody answers for.
    """
    manifest = Lake(desk.lake).manifest()
    wanted = None if imports is None else set(imports)
    counting = [
        one for one in manifest.imports if wanted is None or one.id in wanted or not one.months
    ]
    measures = desk.store.gather(manifest, counting, lambda *at: desk.tell("measures", *at))
    last = as_of - timedelta(days=1)
    first = as_of - timedelta(days=desk.expectations.look_back_days)
    with open_engine(desk.memory_limit_mb) as engine:
        fresh = [one for one in counting if published is not None and published.lacks(one)]
        touched = _days_of(engine, measures, [one.id for one in fresh], last)
        judged_from = min([first, *touched])
        sheets = _read(desk, engine, measures, judged_from, last)
        found = Judged([])
        for sheet in sheets:
            days = (sheet.day(n) for n in range(sheet.days))
            _judge(desk, manifest, sheet, [first <= day or day in touched for day in days], found)
        lately = {one.id for one in fresh} if published is not None else _brought(
            engine, measures, counting, first, last
        )  # fmt: skip
        _add(found, _judge_ledger(desk, manifest, engine, measures, counting, lately))
    _name_imports(desk, measures, found)
    return make_report(
        "build", as_of, snapshot, (judged_from, last), counting, found, sheets,
        desk.expectations, accepted or {}, quiet=lambda sheet: _quiet(desk, sheet),
        shown_from=min(judged_from, as_of - timedelta(days=SHOWN_DAYS)),
    )  # fmt: skip


def check_import(desk: Desk, import_id: str) -> dict[str, Any]:
    """The report of one import, judged over the days that it brought."""
    manifest = Lake(desk.lake).manifest()
    place = next(n for n, one in enumerate(manifest.imports) if one.id == import_id)
    entry = manifest.imports[place]
    counting = [one for one in manifest.imports[: place + 1] if one.source == entry.source]
    is_small = entry.new < SMALL_IMPORT
    if is_small:
        counting = [entry]
    measures = desk.store.gather(manifest, counting)
    found = Judged([])
    sheets: list[Sheet] = []
    shown = (arrived_on(entry), arrived_on(entry))
    with open_engine(desk.memory_limit_mb) as engine:
        days = _days_of(engine, measures, [entry.id], date.max)
        if days:
            last = max(days)
            since = last - timedelta(days=max(desk.expectations.look_back_days, 31) - 1)
            judged = {day for day in days if day >= since}
            shown = (min(judged), last)
            sheets = _read(desk, engine, measures, min(judged), last)
        for sheet in sheets if not is_small else ():
            ends = [sheet.day(n) in judged for n in range(sheet.days)]
            _judge(desk, manifest, sheet, ends, found)
        _add(found, _judge_ledger(desk, manifest, engine, measures, counting, {entry.id}))
    _name_imports(desk, measures, found)
    return make_report(
        "import", shown[1] + timedelta(days=1), None, shown, [entry], found, sheets,
        desk.expectations, {}, quiet=lambda sheet: _quiet(desk, sheet), shown_from=shown[0],
        entry=entry,
    )  # fmt: skip


def _read(
    desk: Desk, engine: duckdb.DuckDBPyConnection, measures: Measures, judged_from: date, last: date
) -> list[Sheet]:
    """Sheets that reach as far back as the usual of the first judged day."""
    overs = [
        one.over
        for one in desk.expectations.expectations
        if one.by != "import" and KIND_OF[one.measure] != NEW
    ]
    back = max((days_back(over) for over in overs), default=0)
    first = judged_from - timedelta(days=back)
    return read_sheets(engine, measures, first, last, judged_from)


def _judge(
    desk: Desk, manifest: Manifest, sheet: Sheet, ends: Sequence[bool], found: Judged
) -> None:
    kind = desk.kinds(manifest)[sheet.source]
    marks = np.array(ends, dtype=bool)
    expectations = desk.expectations.expectations
    _add(found, judge_sheet(sheet, kind, expectations, _quiet(desk, sheet), marks))


def _judge_ledger(
    desk: Desk,
    manifest: Manifest,
    engine: duckdb.DuckDBPyConnection,
    measures: Measures,
    counting: Sequence[ImportEntry],
    judged: set[str],
) -> Judged:
    """Judge imports by the ledger; the size of a file with a third of quiet days says nothing."""
    quiet: set[str] = set()
    sizes: dict[str, int] = {}
    if measures.days:
        spans = engine.execute(
            f"""select import_id, min(day), max(day), count(*)
            from (select import_id, day, sum(bills) as bills from {list_files(measures.days)}
                group by import_id, day
                qualify sum(bills) * 10 >= max(sum(bills)) over (partition by import_id))
            group by import_id"""
        ).fetchall()
        for import_id, first, last, days in spans:
            sizes[import_id] = days
            size = (last - first).days + 1
            if import_id in judged and size <= OLDEST_DAYS:
                still = quiet_days(desk.calendar, desk.expectations, first, size)
                if 3 * still.sum() >= size:
                    quiet.add(import_id)
    kinds = desk.kinds(manifest)
    expectations = desk.expectations.expectations
    return judge_imports(counting, frozenset(judged), expectations, kinds, frozenset(quiet), sizes)


def _quiet(desk: Desk, sheet: Sheet) -> Bools:
    return quiet_days(desk.calendar, desk.expectations, sheet.first, sheet.days)


def _add(found: Judged, more: Judged) -> None:
    found.findings += more.findings
    found.judged += more.judged
    found.not_judged += more.not_judged


def _days_of(
    engine: duckdb.DuckDBPyConnection, measures: Measures, imports: Sequence[str], last: date
) -> set[date]:
    """The days up to `last` for which these imports brought rows, of the last OLDEST_DAYS."""
    if not measures.days or not imports:
        return set()
    marks = ", ".join("?" * len(imports))
    rows = engine.execute(
        f"select distinct day from {list_files(measures.days)} where import_id in ({marks})"
        " and day <= ?",
        [*imports, last],
    ).fetchall()
    days = {row[0] for row in rows}
    oldest = max(days, default=last) - timedelta(days=OLDEST_DAYS)
    return {day for day in days if day >= oldest}


def _brought(
    engine: duckdb.DuckDBPyConnection,
    measures: Measures,
    imports: Sequence[ImportEntry],
    first: date,
    last: date,
) -> set[str]:
    """The imports that brought rows for these days, and those of these days that brought none."""
    found = {one.id for one in imports if not one.new and first <= arrived_on(one) <= last}
    if not measures.days:
        return found
    rows = engine.execute(
        f"select distinct import_id from {list_files(measures.days)} where day between ? and ?",
        [first, last],
    ).fetchall()
    return found | {row[0] for row in rows}


def _name_imports(desk: Desk, measures: Measures, found: Judged) -> None:
    """Say of each finding which imports brought its rows."""
    lacking = [place for place, one in enumerate(found.findings) if not one.imports]
    if not lacking or not measures.days:
        return
    first = min(found.findings[place].first for place in lacking)
    wanted = set(measures.imports)
    with open_engine(desk.memory_limit_mb) as engine:
        rows = engine.execute(
            f"select source, carrier, day, import_id from {list_files(measures.days)}"
            " where day >= ?",
            [first],
        ).fetchall()
    for place in lacking:
        one = found.findings[place]
        near = [
            row
            for row in rows
            if row[0] == one.source and one.first <= row[2] <= one.last and row[3] in wanted
        ]
        own = {row[3] for row in near if one.carrier in (None, row[1])}
        ids = own or {row[3] for row in near}  # where nothing came, what came of the others
        found.findings[place] = replace(one, imports=tuple(sorted(ids)))
