"""Files or rows of waybills come in; committed imports and their reports go out.

The order of the passes is the story.

open and check → stage (parse, flag, hash) → find repeats → write months, quarantine, conflicts
→ commit the manifest
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb

from app.errors import ChengxinError
from app.waybills.cleaning import Cleaning, load_cleaning
from app.waybills.codes import CONFLICT
from app.waybills.columns import FIELD_NAMES, describe_unknown
from app.waybills.csvfile import UnreadableFile
from app.waybills.direct import write_direct
from app.waybills.inputs import Input, hash_file, hash_rows, open_file, open_rows
from app.waybills.lake import ImportEntry, Lake, Manifest
from app.waybills.personal import set_hash_key
from app.waybills.publish import (
    Names,
    Tally,
    Written,
    move_months,
    tally_rows,
    write_conflicts,
    write_months,
    write_quarantine,
)
from app.waybills.repeats import Known, find_repeats
from app.waybills.stage import Stage, set_arrival, stage_rows

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
THREADS = 2
SOURCE_SHAPE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")

# Called with a stage's name, steps done, steps in all (0 when unknown).
Progress = Callable[[str, int, int], None]


class WrongSource(ChengxinError):
    """The name of a source cannot be used."""


class WrongArrival(ChengxinError):
    """A file cannot have arrived then."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of one file.

    received = new + duplicate + conflict + the sum of `quarantined` (rows by first problem).
    """

    file: str
    source: str
    import_id: str
    already_imported: bool
    received: int
    new: int
    duplicate: int
    conflict: int
    quarantined: dict[str, int]
    codes: dict[str, int]
    statuses: dict[str, int]
    months: dict[str, int]
    warnings: list[str]
    seconds: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Intake:
    """What every import needs:

    the lake, the key of the keyed hashes, cleaning rules, memory for the heavy work.
    """

    lake: Lake
    hash_key: bytes
    cleaning: Cleaning
    memory_limit_mb: int

    def now(self) -> datetime:
        """Local time in Shanghai, whole seconds, without zone."""
        return datetime.now(UTC).astimezone(SHANGHAI).replace(tzinfo=None, microsecond=0)


def open_intake(lake: Path, hash_key: bytes, rulesets: Path, memory_limit_mb: int) -> Intake:
    """Put together what imports need; reads `cleaning.yaml` from the rulesets folder.

    Raises CleaningError.
    """
    return Intake(Lake(lake), hash_key, load_cleaning(rulesets / "cleaning.yaml"), memory_limit_mb)


def import_files(
    intake: Intake,
    files: Sequence[Path],
    source: str,
    encoding: str | None = None,
    arrived_at: datetime | None = None,
    progress: Progress | None = None,
    history: bool = False,
) -> list[ImportReport]:
    """Import each file wholly or not at all, in order; a file that was imported under this source
    changes nothing. `history`: its waybills were known in their own time.

    Raises ChengxinError: WrongColumns, UnreadableFile, LakeBusy, WrongSource; files before the
    refused one stay imported.
    """
    check_source(source)
    reports = []
    for path in files:
        if not path.is_file():
            raise UnreadableFile(f"{path}: there is no such file")
    for path in files:
        before = path.stat()
        sha256 = hash_file(path)

        def open_this(path: Path = path) -> Input:
            return open_file(path, encoding)

        def check_same(path: Path = path, before: Any = before) -> None:
            after = path.stat()
            if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
                raise UnreadableFile(f"{path.name}: changed while it was read; import it again")

        reports.append(
            _import_one(
                intake,
                open_this,
                check_same,
                path.name,
                sha256,
                source,
                arrived_at,
                progress,
                history,
            )
        )
    return reports


def import_rows(
    intake: Intake,
    rows: Sequence[Mapping[str, Any]],
    source: str,
    name: str = "batch",
    arrived_at: datetime | None = None,
) -> ImportReport:
    """Import rows from memory (texts, numbers, null; keys are the columns of waybill files), all
    in one import.

    Raises WrongColumns when no row has a required column, LakeBusy, WrongSource.
    """
    check_source(source)
    present = {key for row in rows for key in row}
    columns = [column for column in FIELD_NAMES if column in present]
    columns += sorted(str(key) for key in present - set(columns))
    return _import_one(
        intake,
        lambda: open_rows(name, rows, columns),
        lambda: None,
        name,
        hash_rows(rows),
        source,
        arrived_at,
        None,
    )


def read_arrival(text: str) -> datetime:
    """A moment as written, in Asia/Shanghai without zone, whole seconds. Raises WrongArrival."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise WrongArrival(
            f"--arrived-at: '{text[:40]}' is no moment; write it like 2026-10-31T23:59:59"
            " (Asia/Shanghai; add Z or +00:00 for another zone)"
        ) from None
    if moment.tzinfo is not None:
        moment = moment.astimezone(SHANGHAI).replace(tzinfo=None)
    return moment.replace(microsecond=0)


def check_source(source: str) -> None:
    """A source is a short name, because it stands in every row. Raises WrongSource."""
    if not SOURCE_SHAPE.fullmatch(source):
        raise WrongSource(
            f"'{source[:60]}' cannot name a source; write up to 40 lower-case letters, digits, '-',"
            " '_', for example linyi-tms"
        )


def _import_one(
    intake: Intake,
    open_input: Callable[[], Input],
    check_same: Callable[[], None],
    file: str,
    sha256: str,
    source: str,
    arrived_at: datetime | None,
    progress: Progress | None,
    history: bool = False,
) -> ImportReport:
    now = intake.now()
    if arrived_at is not None and arrived_at > now:
        raise WrongArrival(
            f"{file}: cannot have arrived at {arrived_at}, it is {now} now (Asia/Shanghai)"
        )
    started = time.perf_counter()
    with intake.lake.writing():
        manifest = intake.lake.manifest()
        earlier = manifest.find(sha256, source)
        if earlier is not None:
            return _report_again(earlier, file, time.perf_counter() - started)
        given = open_input()
        try:
            entry, files = _run(
                intake, given, manifest, sha256, source, arrived_at or now, started,
                progress or (lambda stage, done, total: None),
            )  # fmt: skip
            check_same()
            given_otherwise = arrived_at is not None and arrived_at != now
            recorded_at = now.isoformat(sep=" ") if given_otherwise else None
            entry = replace(entry, history=history, recorded_at=recorded_at)
            intake.lake.commit(manifest.with_import(entry, files))
        finally:
            given.close()
            intake.lake.clear_work()
    return _report(entry)


def _run(
    intake: Intake,
    given: Input,
    manifest: Manifest,
    sha256: str,
    source: str,
    arrived_at: datetime,
    started: float,
    progress: Progress,
) -> tuple[ImportEntry, dict[int, list[str]]]:
    import_id = f"{len(manifest.imports) + 1:06d}-{sha256[:12]}"
    names = Names(intake.lake.path, import_id, source, given.name)
    warnings = describe_unknown(given.name, given.unknown)
    if not intake.cleaning.knows(source):
        warnings.append(f"cleaning.yaml does not name the source '{source}': cleaned by 'default'")
    work = intake.lake.work_folder
    con = _connect(intake, work / "spill")
    try:
        progress("reading", 0, 0)
        rules = intake.cleaning.for_source(source)
        set_arrival(con, arrived_at)
        given.open(con)
        known = _known(intake.lake.path, manifest, source)
        written: Written = {}
        rest: Input | None = given
        if not given.has_faults:
            direct = write_direct(
                con, given, source, import_id, rules, known.waybills, work / "direct"
            )
            written, rest = move_months(direct.files, names), direct.rest
        stage = Stage(work / "stage", (), False)
        if rest is not None:
            stage = stage_rows(con, rest, source, rules, stage.folder)
        progress("looking for repeats", 0, 0)
        if stage.months:
            find_repeats(con, stage, known, source)
            write_months(
                con, stage, names, written,
                lambda done, total: progress("writing months", done, total),
            )  # fmt: skip
        waiting = write_quarantine(con, stage, names)
        conflict_months = write_conflicts(con, stage, names)
        tally = tally_rows(con, written)
        duplicate = _count_duplicates(con) if stage.months else 0
    except duckdb.Error as error:
        raise _explain(given, error) from error
    finally:
        con.close()
    entry = _entry(
        names, sha256, arrived_at, intake.cleaning.sha256, tally, waiting, duplicate,
        conflict_months, warnings, time.perf_counter() - started,
    )  # fmt: skip
    return entry, {
        month: [names.relative(path) for path in paths] for month, paths in written.items()
    }


def _connect(intake: Intake, spill: Path) -> duckdb.DuckDBPyConnection:
    spill.mkdir(parents=True)
    con = duckdb.connect(
        config={
            "threads": THREADS,
            "memory_limit": f"{intake.memory_limit_mb}MB",
            "temp_directory": str(spill),
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
        }
    )
    # Its own bar goes to standard output, where the report belongs.
    con.execute("SET enable_progress_bar = false")
    set_hash_key(con, intake.hash_key)
    return con


def _known(lake: Path, manifest: Manifest, source: str) -> Known:
    ids = {entry.id for entry in manifest.imports if entry.source == source}
    waybills = [
        lake / name
        for names in manifest.months.values()
        for name in names
        if Path(name).stem in ids
    ]
    quarantines = [
        lake / entry.quarantine_file
        for entry in manifest.imports
        if entry.source == source and entry.conflict and entry.quarantine_file
    ]
    return Known(waybills, quarantines)


def _count_duplicates(con: duckdb.DuckDBPyConnection) -> int:
    row = con.execute("SELECT count(*) FROM verdicts WHERE verdict = 'DUPLICATE'").fetchone()
    return int(row[0]) if row else 0


def _explain(given: Input, error: duckdb.Error) -> ChengxinError:
    """The domain error behind an error of the database:

    what the row reader raised, or a file that cannot be read.
    """
    if given.failure:
        return given.failure[0]
    if isinstance(error, duckdb.OutOfMemoryException):
        return UnreadableFile(
            f"{given.name}: needs more memory or disk than there is; raise CHENGXIN_MEMORY_MB or"
            " free space in CHENGXIN_HOME"
        )
    reason = str(error).splitlines()[0][:300]
    return UnreadableFile(
        f"{given.name}: cannot be read to its end, nothing was imported: {reason}"
    )


def _entry(
    names: Names,
    sha256: str,
    arrived_at: datetime,
    cleaning_sha256: str,
    tally: Tally,
    waiting: dict[str, int],
    duplicate: int,
    conflict_months: list[int],
    warnings: list[str],
    seconds: float,
) -> ImportEntry:
    quarantined = {code: count for code, count in waiting.items() if code != CONFLICT}
    conflict = waiting.get(CONFLICT, 0)
    return ImportEntry(
        id=names.import_id,
        source=names.source,
        file=names.file,
        sha256=sha256,
        arrived_at=arrived_at.isoformat(sep=" "),
        cleaning_sha256=cleaning_sha256,
        received=tally.new + duplicate + conflict + sum(quarantined.values()),
        new=tally.new,
        duplicate=duplicate,
        conflict=conflict,
        quarantined=quarantined,
        codes=tally.codes,
        statuses=tally.statuses,
        months=tally.months,
        conflict_months=conflict_months,
        quarantine_file=names.relative(names.quarantine) if waiting else None,
        conflicts_file=names.relative(names.conflicts) if conflict_months else None,
        seconds=round(seconds, 2),
        warnings=warnings,
    )


def _report(entry: ImportEntry) -> ImportReport:
    return ImportReport(
        entry.file, entry.source, entry.id, False, entry.received, entry.new, entry.duplicate,
        entry.conflict, entry.quarantined, entry.codes, entry.statuses,
        {show_month(month): count for month, count in entry.months.items()},
        entry.warnings, entry.seconds,
    )  # fmt: skip


def _report_again(entry: ImportEntry, file: str, seconds: float) -> ImportReport:
    """The same bytes again: every row is a duplicate and nothing changes."""
    note = f"{file}: is already imported as {entry.id} ({entry.arrived_at}); nothing changed"
    return ImportReport(
        file, entry.source, entry.id, True, entry.received, 0, entry.received, 0, {}, {}, {}, {},
        [note], round(seconds, 2),
    )  # fmt: skip


def show_month(month: int) -> str:
    """`2024-01` for the lake's month number."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"
