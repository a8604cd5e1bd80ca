"""The short way of a Parquet file: an opened input comes in; finished month files of the rows that
nothing is wrong with go out, and the lines of the rest, which take the long way.

A row takes the short way when all its values are sound and its number stands nowhere else, neither
in the file nor in the lake. That is nearly every row, so these are parsed, judged, hashed and
written once; only the rest are staged, compared and written again. Numbers are told apart by a
64-bit hash: two that share one take the long way, which compares the numbers themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from app.waybills.cleaning import CleaningRules
from app.waybills.columns import FIELDS, VALUE_COLUMNS
from app.waybills.expressions import parse
from app.waybills.flags import eligible_sql, flags_sql, is_reversal_sql, is_sale_sql
from app.waybills.inputs import Input
from app.waybills.parties import party_columns
from app.waybills.personal import quote

OTHER_MONTH = -1
ROWS_HELD = 16_384  # of each thread and month, before they are written; no clear name is among them
OPTIONS = "FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 122880"


@dataclass(frozen=True, slots=True)
class Direct:
    """`files` by month are finished; `rest` reads the other rows, None when there are none."""

    files: dict[int, list[Path]]
    rest: Input | None


def write_direct(
    con: duckdb.DuckDBPyConnection,
    given: Input,
    source: str,
    import_id: str,
    rules: CleaningRules,
    lake_files: Sequence[Path],
    folder: Path,
) -> Direct:
    """Write the sound rows by month into the folder.

    `lake_files` are those of the same source. The variables `arrived_at` and `first_refused_at`
    must be set. Raises duckdb.Error when the input cannot be read to its end.
    """
    _find_suspects(con, given, lake_files)
    has_suspects = _count(con, "suspects") > 0
    con.execute(f"SET partitioned_write_flush_threshold = {ROWS_HELD}")
    con.execute(
        f"COPY ({_direct_sql(given, source, import_id, rules, has_suspects)})"
        f" TO {quote(str(folder))}"
        f" ({OPTIONS}, PARTITION_BY (month), WRITE_PARTITION_COLUMNS true)"
    )
    files = {
        int(path.name.removeprefix("month=")): sorted(path.glob("*.parquet"))
        for path in folder.glob("month=*")
    }
    others = files.pop(OTHER_MONTH, [])
    return Direct(dict(sorted(files.items())), _rest(con, given, others))


def _find_suspects(
    con: duckdb.DuckDBPyConnection, given: Input, lake_files: Sequence[Path]
) -> None:
    """`suspects`: hashes of the numbers that stand twice in the file, or in the lake too."""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE numbers AS
        SELECT hash({_number_sql(given)}) AS number, count(*) AS n
        FROM (SELECT waybill_no AS r_waybill_no FROM {given.relation}) GROUP BY ALL"""
    )
    con.execute("CREATE OR REPLACE TEMP TABLE suspects AS SELECT number FROM numbers WHERE n > 1")
    if lake_files:
        paths = ", ".join(quote(str(path)) for path in lake_files)
        con.execute(
            f"""INSERT INTO suspects SELECT number FROM numbers WHERE n = 1 AND number IN (
            SELECT hash(waybill_no) FROM read_parquet([{paths}], hive_partitioning = false))"""
        )
    con.execute("DROP TABLE numbers")


def _number_sql(given: Input) -> str:
    (number,) = (field for field in FIELDS if field.name == "waybill_no")
    return parse(number, given.types["waybill_no"]).value


def _direct_sql(
    given: Input,
    source: str,
    import_id: str,
    rules: CleaningRules,
    has_suspects: bool,
) -> str:
    """Lake rows by month; of a row that takes the long way only its line, in `eligible_fen`."""
    present = {name for name, kind in given.types.items() if kind != "absent"}
    parsed = {field: parse(field, given.types.get(field.name, "absent")) for field in FIELDS}
    has = frozenset(field.lake for field in FIELDS if field.name in present)
    checks = [check.condition for one in parsed.values() for check in one.checks]
    checks += [
        f"contains(r_{field.name}, chr(0))"
        for field in FIELDS
        if field.name in present and given.types[field.name] == "text" and not field.is_personal
    ]
    if has_suspects:
        checks.append("hash(waybill_no) IN (SELECT number FROM suspects)")
    raw = ", ".join(f'"{name}" AS r_{name}' for name in given.types if name in present)
    values = ", ".join(f"{one.value} AS {field.lake}" for field, one in parsed.items())
    return f"""
        WITH given AS (SELECT {given.line} AS line, {raw} FROM {given.relation}),
        parsed AS (SELECT *, {values} FROM given),
        personal AS (SELECT parsed.*, {party_columns(given, rules)},
            {is_reversal_sql(rules)} AS is_reversal FROM parsed),
        judged AS (SELECT *, coalesce({" OR ".join(checks)}, false) AS is_other,
            {flags_sql(rules, has)} AS flags FROM personal)
        SELECT {quote(source)} AS source, {", ".join(VALUE_COLUMNS)},
            CASE WHEN is_other THEN {OTHER_MONTH}
                ELSE year(created_at) * 12 + month(created_at) - 1 END::INTEGER AS month,
            flags, 0::INTEGER AS repeats, 0::INTEGER AS resets, {is_sale_sql()} AS is_sale,
            CASE WHEN is_other THEN line
                WHEN {is_sale_sql()} THEN {eligible_sql(rules)} ELSE 0 END::BIGINT AS eligible_fen,
            {quote(import_id)} AS import_id, getvariable('arrived_at') AS arrived_at
        FROM judged"""


def _rest(con: duckdb.DuckDBPyConnection, given: Input, others: list[Path]) -> Input | None:
    """The input again, cut to the rows of the other lot."""
    if not others:
        return None
    paths = ", ".join(quote(str(path)) for path in others)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE other_lines AS SELECT eligible_fen AS line"
        f" FROM read_parquet([{paths}], hive_partitioning = false)"
    )
    cut = f"(SELECT * FROM {given.relation} WHERE {given.line} IN (SELECT line FROM other_lines))"
    return replace(given, relation=cut)


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    row = con.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0
