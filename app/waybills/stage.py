"""First pass: an opened input comes in; staged Parquet by month goes out, parsed, flagged and
hashed; bad rows under month -1.

Everything that needs the clear names and phones happens in this one streaming statement, so
they never reach a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from app.waybills.cleaning import CleaningRules
from app.waybills.columns import FIELDS, VALUE_COLUMNS, Field
from app.waybills.expressions import Check, Parsed, parse
from app.waybills.flags import eligible_sql, flags_sql, is_reversal_sql, is_sale_sql
from app.waybills.inputs import Input
from app.waybills.parties import party_columns
from app.waybills.personal import quote

BAD_MONTH = -1
ROWS_HELD = 65_536  # of each thread, before they are parted by month and written
SEPARATOR = "chr(31)"
NULL_MARK = "chr(30)"
HASH_CONTENT = "md5_number_lower(content)::UBIGINT"
LONGEST_SHOWN = 200  # characters of a bad value that the quarantine repeats


@dataclass(frozen=True, slots=True)
class Stage:
    """The staged files of one import:

    `months` that have good rows (sorted), whether there are bad ones.
    """

    folder: Path
    months: tuple[int, ...]
    has_bad: bool

    def files(self, month: int) -> str:
        """SQL of a table of one month's staged rows."""
        return f"read_parquet({quote(str(self.folder / f'month={month}' / '*.parquet'))})"

    def good(self) -> str:
        """SQL of a table of all good rows; there must be at least one month."""
        globs = ", ".join(
            quote(str(self.folder / f"month={month}" / "*.parquet")) for month in self.months
        )
        return (
            f"read_parquet([{globs}], hive_partitioning = true, hive_types = {{'month': INTEGER}})"
        )


def set_arrival(con: duckdb.DuckDBPyConnection, arrived_at: datetime) -> None:
    """Give the connection the time of arrival (local time), and with it the first refused one."""
    refused = datetime.combine(arrived_at.date(), datetime.min.time()) + timedelta(days=2)
    con.execute("SET VARIABLE arrived_at = ?::TIMESTAMP", [arrived_at])
    con.execute("SET VARIABLE first_refused_at = ?::TIMESTAMP", [refused])


def stage_rows(
    con: duckdb.DuckDBPyConnection,
    given: Input,
    source: str,
    rules: CleaningRules,
    folder: Path,
) -> Stage:
    """Run the pass. `set_hash_key` and `set_arrival` must have been called on the connection and
    the input must be open.

    Raises duckdb.Error when the input cannot be read to its end.
    """
    con.execute(f"SET partitioned_write_flush_threshold = {ROWS_HELD}")
    con.execute(
        f"COPY ({stage_sql(given, source, rules)}) TO {quote(str(folder))}"
        " (FORMAT parquet, PARTITION_BY (month), COMPRESSION lz4)"
    )
    months = sorted(int(path.name.removeprefix("month=")) for path in folder.glob("month=*"))
    return Stage(folder, tuple(m for m in months if m != BAD_MONTH), BAD_MONTH in months)


def stage_sql(given: Input, source: str, rules: CleaningRules) -> str:
    """The statement, in four layers: raw columns, parsed values, judged rows, what is stored."""
    parsed = {field: parse(field, given.types.get(field.name, "absent")) for field in FIELDS}
    checks = [(field, check) for field, one in parsed.items() for check in one.checks]
    has = frozenset(
        field.lake for field in FIELDS if given.types.get(field.name, "absent") != "absent"
    )
    bad = " OR ".join(f"coalesce({check.condition}, false)" for _, check in checks)
    faulty = "fault_code IS NOT NULL OR " if given.has_faults else ""
    return f"""
        WITH given AS (SELECT {_raw_columns(given)} FROM {given.relation}),
        parsed AS (SELECT *, {_values(parsed)} FROM given),
        personal AS (SELECT parsed.*, {party_columns(given, rules)},
            {is_reversal_sql(rules)} AS is_reversal FROM parsed),
        judged AS (SELECT *, ({faulty}{bad}) AS is_bad, {flags_sql(rules, has)} AS flags,
            {content_sql(has)} AS content FROM personal),
        hashed AS (SELECT *, is_bad OR contains(content, chr(0)) AS is_refused FROM judged)
        SELECT line,
            CASE WHEN is_refused THEN {BAD_MONTH}
                ELSE (year(created_at) * 12 + month(created_at) - 1)::INTEGER END AS month,
            {", ".join(VALUE_COLUMNS)}, flags, {is_sale_sql()} AS is_sale,
            CASE WHEN {is_sale_sql()} THEN {eligible_sql(rules)} ELSE 0 END AS eligible_fen,
            {hash_key_sql(source)} AS key_hash, {HASH_CONTENT} AS content_hash,
            CASE WHEN is_refused THEN {_problems_sql(given, checks)} END AS problems,
            CASE WHEN is_refused THEN {_raw_json(given)} END AS raw
        FROM hashed"""


def hash_key_sql(source: str) -> str:
    """The key of a waybill as a number that stays the same over versions."""
    return f"md5_number_lower({quote(source)} || {SEPARATOR} || waybill_no)::UBIGINT"


def _raw_columns(given: Input) -> str:
    columns = [f"({given.line})::BIGINT AS line"]
    columns += [f'"{name}" AS r_{name}' for name, kind in given.types.items() if kind != "absent"]
    if given.has_faults:
        columns += ["fault_code", "fault_field", "fault_value", "fault_reason"]
    return ", ".join(columns)


def _values(parsed: dict[Field, Parsed]) -> str:
    return ", ".join(f"{one.value} AS {field.lake}" for field, one in parsed.items())


def content_sql(has: frozenset[str]) -> str:
    """All mapped values as one text.

    Personal fields stand in it as keyed hashes: a plain hash of a phone can be guessed. Columns
    that the file lacks
    read as null, a run of them as one literal.
    """
    parts: list[str] = []
    for field in FIELDS:
        name = field.lake
        if field.late:
            # Null adds nothing, so that contents hashed before the field was known stay the same.
            parts += [f"left({name}_hash, 32)"] if name in has else []
            continue
        if name not in has:
            value = NULL_MARK
        elif field.is_personal:
            value = f"coalesce(left({name}_hash, 32), {NULL_MARK})"
        elif field.kind == "time":
            value = f"coalesce(epoch_us({name})::VARCHAR, {NULL_MARK})"
        else:
            value = f"coalesce({name}::VARCHAR, {NULL_MARK})"
        if value == NULL_MARK and parts and parts[-1].endswith(NULL_MARK):
            parts[-1] = f"{parts[-1]} || {SEPARATOR} || {NULL_MARK}"
        else:
            parts.append(value)
    return f"concat_ws({SEPARATOR}, {', '.join(parts)})"


def _problems_sql(given: Input, checks: list[tuple[Field, Check]]) -> str:
    """JSON text: a list of {field, value, code, reason}, one per thing that is wrong."""
    entries = []
    if given.has_faults:
        entries.append(
            "CASE WHEN fault_code IS NOT NULL THEN {'field': fault_field, 'value': fault_value,"
            " 'code': fault_code, 'reason': fault_reason} END"
        )
    sound = "fault_code IS NULL AND " if given.has_faults else ""
    for field, check in checks:
        shown = f"left(r_{field.name}::VARCHAR, {LONGEST_SHOWN})"
        if field.is_personal:
            shown = f"{field.lake}_hash"
        entries.append(
            f"CASE WHEN {sound}{check.condition} THEN {{'field': '{field.name}', 'value': {shown},"
            f" 'code': '{check.code}', 'reason': {quote(check.reason)}}} END"
        )
    nul = "{'field': NULL, 'value': NULL, 'code': 'NUL', 'reason': 'a text has a NUL character'}"
    entries.append(f"CASE WHEN NOT is_bad THEN {nul} END")
    return f"to_json(list_filter([{', '.join(entries)}], lambda one: one IS NOT NULL))::VARCHAR"


def _raw_json(given: Input) -> str:
    """The row as it came, as JSON; personal fields only as keyed hashes, long values cut."""
    pairs = []
    for field in FIELDS:
        if given.types.get(field.name, "absent") == "absent":
            continue
        value = f"left(r_{field.name}::VARCHAR, {LONGEST_SHOWN})"
        pairs.append(f"'{field.name}': {f'{field.lake}_hash' if field.is_personal else value}")
    return f"to_json({{{', '.join(pairs)}}})::VARCHAR"
