"""Third pass: staged rows and verdicts come in; the import's lake, quarantine and conflict files
go out, on disk but not yet named.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from app.waybills.codes import CONFLICT, ROW_LOCAL
from app.waybills.columns import VALUE_COLUMNS
from app.waybills.lake import sync_file, sync_folder
from app.waybills.personal import quote
from app.waybills.stage import BAD_MONTH, Stage

ROW_GROUP = 122_880
OPTIONS = f"(FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE {ROW_GROUP})"


Written = dict[int, list[Path]]  # lake files of an import by month


@dataclass(frozen=True, slots=True)
class Names:
    """What the files of an import are called and say of themselves."""

    lake: Path
    import_id: str
    source: str
    file: str

    def waybills(self, month: int, part: int = 0) -> Path:
        """An import can have several files of a month; all are called by its id."""
        folder = self.lake / "waybills" / f"month={month}"
        return (folder / f"part-{part}" if part else folder) / f"{self.import_id}.parquet"

    @property
    def quarantine(self) -> Path:
        return self.lake / "quarantine" / f"{self.import_id}.parquet"

    @property
    def conflicts(self) -> Path:
        return self.lake / "conflicts" / f"{self.import_id}.parquet"

    def relative(self, path: Path) -> str:
        return str(path.relative_to(self.lake))


def move_months(files: dict[int, list[Path]], names: Names) -> Written:
    """Bring finished files to their place in the lake; returns where they are."""
    written: Written = {}
    for month, paths in files.items():
        for part, path in enumerate(paths):
            target = names.waybills(month, part)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
            _settle(target)
            written.setdefault(month, []).append(target)
    if written:
        sync_folder(names.lake)
    return written


def write_months(
    con: duckdb.DuckDBPyConnection,
    stage: Stage,
    names: Names,
    written: Written,
    progress: Callable[[int, int], None],
) -> None:
    """One file more per month that has new rows among the staged ones, noted in `written`."""
    touched = {
        row[0]
        for row in con.execute("SELECT month FROM verdicts UNION SELECT month FROM kept").fetchall()
    }
    for done, month in enumerate(stage.months):
        progress(done, len(stage.months))
        target = names.waybills(month, len(written.get(month, ())))
        target.parent.mkdir(parents=True, exist_ok=True)
        con.execute(f"COPY ({_month_sql(stage, names, month, month in touched)}) TO "
                    f"{quote(str(target))} {OPTIONS}")  # fmt: skip
        if month in touched and _is_empty(con, target):
            target.unlink()
            continue
        _settle(target)
        written.setdefault(month, []).append(target)
    sync_folder(names.lake)


def _month_sql(stage: Stage, names: Names, month: int, has_repeats: bool) -> str:
    repeats, resets, joins = "0", "0", ""
    if has_repeats:
        repeats, resets = "coalesce(k.repeats, 0)", "coalesce(k.resets, 0)"
        joins = (
            f" LEFT JOIN (SELECT line, repeats, resets FROM kept WHERE month = {month}) k"
            " ON k.line = s.line"
            f" WHERE s.line NOT IN (SELECT line FROM verdicts WHERE month = {month})"
        )
    values = ", ".join(f"s.{column}" for column in VALUE_COLUMNS)
    return f"""
        SELECT {quote(names.source)} AS source, {values}, {month}::INTEGER AS month, s.flags,
            ({repeats})::INTEGER AS repeats, ({resets})::INTEGER AS resets, s.is_sale,
            s.eligible_fen,
            {quote(names.import_id)} AS import_id, getvariable('arrived_at') AS arrived_at
        FROM {stage.files(month)} s{joins}
        ORDER BY s.merchant_id, s.created_at, s.waybill_no"""


def write_quarantine(con: duckdb.DuckDBPyConnection, stage: Stage, names: Names) -> dict[str, int]:
    """The quarantine file, if any row waits; returns rows by the code of their first problem
    (conflicts too).

    A row has one record per problem; `position` counts them from 1.
    """
    parts = []
    if stage.has_bad:
        parts.append(
            f"""SELECT line, position, one->>'field' AS field, one->>'value' AS value,
                one->>'code' AS code, one->>'reason' AS reason, raw,
                NULL::UBIGINT AS key_hash, NULL::UBIGINT AS content_hash
            FROM (SELECT line, raw, unnest(problems::JSON[]) AS one,
                    generate_subscripts(problems::JSON[], 1)::INTEGER AS position
                FROM {stage.files(BAD_MONTH)})"""
        )
    if stage.months and _count(con, "verdicts WHERE verdict = 'CONFLICT'"):
        record = ", ".join(f"'{column}': s.{column}" for column in VALUE_COLUMNS)
        parts.append(
            f"""SELECT v.line, 1 AS position, 'waybill_no' AS field, v.waybill_no AS value,
                '{CONFLICT}' AS code, CASE WHEN v.older_content IS NULL
                    THEN 'line ' || v.first_line || ' has the same number and other content'
                    ELSE 'import ' || o.import_id || ' has the same number with other content' END
                    AS reason,
                to_json({{{record}}})::VARCHAR AS raw, v.key_hash, v.content_hash
            FROM verdicts v JOIN {stage.good()} s USING (line)
            LEFT JOIN older o ON o.key_hash = v.key_hash AND o.waybill_no = v.waybill_no
            WHERE v.verdict = 'CONFLICT'"""
        )
    if not parts:
        return {}
    names.quarantine.parent.mkdir(parents=True, exist_ok=True)
    con.execute(
        f"""COPY (SELECT {quote(names.import_id)} AS import_id, {quote(names.source)} AS source,
            {quote(names.file)} AS file, * FROM ({" UNION ALL ".join(parts)})
            ORDER BY line, position) TO {quote(str(names.quarantine))} {OPTIONS}"""
    )
    _settle(names.quarantine)
    rows = con.execute(
        f"SELECT code, count(*) FROM read_parquet({quote(str(names.quarantine))})"
        " WHERE position = 1 GROUP BY code ORDER BY code"
    ).fetchall()
    return {str(code): int(count) for code, count in rows}


def write_conflicts(con: duckdb.DuckDBPyConnection, stage: Stage, names: Names) -> list[int]:
    """The file of conflicts with older imports, if there are any; returns the months of the older
    waybills.
    """
    if not stage.months or not _count(con, "verdicts WHERE older_content IS NOT NULL"
                                           " AND verdict = 'CONFLICT'"):  # fmt: skip
        return []
    names.conflicts.parent.mkdir(parents=True, exist_ok=True)
    con.execute(
        f"""COPY (SELECT {quote(names.source)} AS source, o.waybill_no, o.merchant_id, o.month
            FROM verdicts v JOIN older o ON o.key_hash = v.key_hash AND o.waybill_no = v.waybill_no
            WHERE v.verdict = 'CONFLICT' ORDER BY v.line)
        TO {quote(str(names.conflicts))} {OPTIONS}"""
    )
    _settle(names.conflicts)
    rows = con.execute(
        f"SELECT DISTINCT month FROM read_parquet({quote(str(names.conflicts))}) ORDER BY 1"
    ).fetchall()
    return [int(row[0]) for row in rows]


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts over the new rows of an import."""

    codes: dict[str, int]
    statuses: dict[str, int]
    months: dict[int, int]

    @property
    def new(self) -> int:
        return sum(self.months.values())


MOST_STATUSES = 50  # a column of free text must not swell the manifest


def tally_rows(con: duckdb.DuckDBPyConnection, written: Written) -> Tally:
    """Count codes, statuses and months over the files just written (three narrow columns)."""
    if not written:
        return Tally({}, {}, {})
    paths = ", ".join(quote(str(path)) for one in written.values() for path in one)
    rows = con.execute(
        f"SELECT month, flags, coalesce(status, ''), count(*) FROM read_parquet([{paths}],"
        " hive_partitioning = false) GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    months: dict[int, int] = {}
    statuses: dict[str, int] = {}
    codes: dict[str, int] = {}
    for month, flags, status, count in rows:
        months[month] = months.get(month, 0) + count
        statuses[status] = statuses.get(status, 0) + count
        for code in ROW_LOCAL:
            if flags & code:
                codes[str(code.name)] = codes.get(str(code.name), 0) + count
    most = sorted(statuses.items(), key=lambda item: (-item[1], item[0]))
    statuses = dict(most[:MOST_STATUSES])
    if len(most) > MOST_STATUSES:
        statuses["…"] = sum(count for _, count in most[MOST_STATUSES:])
    return Tally(codes, statuses, months)


def _settle(path: Path) -> None:
    sync_file(path)
    sync_folder(path.parent)
    sync_folder(path.parent.parent)
    sync_folder(path.parent.parent.parent)


def _is_empty(con: duckdb.DuckDBPyConnection, path: Path) -> bool:
    return _count(con, f"read_parquet({quote(str(path))}, hive_partitioning = false)") == 0


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    row = con.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0
