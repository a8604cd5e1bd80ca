"""An import's lake files come in; its sums by day and carrier, and the values of its categories by
day, go out as Arrow tables.

What Parquet's own statistics say is not counted again: a column without a null, or with nothing
else, is not read for its nulls.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from app.quality.columns import (
    CATEGORIES,
    CODES,
    LATE_DAYS,
    LATER_COLUMNS,
    MATURE_DAYS,
    MEASURES,
    MOST_VALUES,
    NIGHT_FROM,
    NIGHT_TO,
    NULLABLE,
    OTHER_VALUES,
    code_name,
    null_name,
)
from app.waybills.codes import Code

NONE, SOME, ALL = "none", "some", "all"
RESULTS = {"DUPLICATE": "sum(repeats)", "CONFLICT": "sum(resets)"}  # counted beside the row


@contextmanager
def open_engine(
    memory_limit_mb: int, spill: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB of its own, in bounded memory."""
    connection = duckdb.connect(":memory:")
    try:
        connection.execute(f"set memory_limit = '{memory_limit_mb}MB'")
        connection.execute("set enable_progress_bar = false")
        connection.execute("set preserve_insertion_order = false")
        if spill is not None:
            connection.execute(f"set temp_directory = {quote(spill)}")
        yield connection
    finally:
        connection.close()


def quote(path: Path | str) -> str:
    """A path as an SQL text."""
    text = str(path).replace("'", "''")
    return f"'{text}'"


def list_files(paths: Sequence[Path]) -> str:
    """Parquet files as an SQL table."""
    names = ", ".join(quote(path) for path in paths)
    return f"read_parquet([{names}], hive_partitioning = false, union_by_name = true)"


def measure_days(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path], import_id: str, source: str
) -> pa.Table:
    """One row a day of entry and carrier ('' where there is none): import_id, source, day, carrier
    and every measure of `columns.MEASURES`.
    """
    nulls = _look_at_nulls(files)
    has = {column for column, found in nulls.items() if found != ALL}
    (newest,) = connection.execute(f"select max(created_at) from {list_files(files)}").fetchall()[0]
    sums = {
        "bills": "count(*)",
        "cod_bills": _count_positive("cod_fen", has),
        "freight_bills": _count_positive("freight_fen", has),
        "mature": "count(*) filter (where is_mature)",
        "late": f"count(*) filter (where arrived_at >= created_at + interval {LATE_DAYS} day)",
        "night": f"count(*) filter (where hour_of >= {NIGHT_FROM} or hour_of < {NIGHT_TO})",
        "cod_fen": _sum_positive("cod_fen", "cod_fen", has),
        "freight_fen": _sum_positive("freight_fen", "freight_fen", has),
        "cod_logs": _sum_positive("cod_fen", "ln(cod_fen)", has),
        "freight_logs": _sum_positive("freight_fen", "ln(freight_fen)", has),
        **{code_name(code): _count_code(code) for code in CODES},
        **{null_name(column): _count_nulls(column, nulls[column]) for column in NULLABLE},
    }
    parts = [f"cast({sums[name]} as double) as {name}" for name in MEASURES]
    mature_before = f"timestamp '{newest}' - interval {MATURE_DAYS} day"
    carrier = "coalesce(carrier_id, '')" if "carrier_id" in has else "''"
    return connection.sql(
        f"""select {quote(import_id)} as import_id, {quote(source)} as source, day, carrier,
            {", ".join(parts)}
        from (select *, cast(created_at as date) as day, {carrier} as carrier,
                created_at < {mature_before} as is_mature,
                extract(hour from created_at) as hour_of from {list_files(files)})
        group by day, carrier order by day, carrier"""
    ).to_arrow_table()


def measure_values(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path], import_id: str, source: str
) -> pa.Table:
    """One row a column of `CATEGORIES`, value, carrier and day: import_id, source, name, value,
    carrier, day, bills.
    """
    nulls = _look_at_nulls(files)
    columns = [column for column in CATEGORIES if nulls.get(column, ALL) != ALL]
    carrier = "coalesce(carrier_id, '')" if nulls["carrier_id"] != ALL else "''"
    tables = [_empty_values()]
    for column in columns:
        by_carrier = "''" if column == "carrier_id" else carrier
        tables.append(
            connection.sql(
                f"""with found as (
                    select {column} as value, {by_carrier} as carrier,
                        cast(created_at as date) as day, count(*) as bills
                    from {list_files(files)} where {column} is not null group by all),
                most as (select value from found group by value
                    order by sum(bills) desc, value limit {MOST_VALUES})
                select {quote(import_id)} as import_id, {quote(source)} as source,
                    '{column}' as name,
                    case when m.value is null then '{OTHER_VALUES}' else f.value end as value,
                    carrier, day, cast(sum(bills) as bigint) as bills
                from found f left join most m on m.value = f.value
                group by all order by value, carrier, day"""
            ).to_arrow_table()
        )
    return pa.concat_tables(tables, promote_options="permissive")


def _empty_values() -> pa.Table:
    texts = {name: pa.string() for name in ("import_id", "source", "name", "value", "carrier")}
    return pa.schema([*texts.items(), ("day", pa.date32()), ("bills", pa.int64())]).empty_table()


def _look_at_nulls(files: Sequence[Path]) -> dict[str, str]:
    """Of each column, whether none, some or all values are null, by the files' statistics."""
    rows, nulls = 0, dict.fromkeys((*NULLABLE, *CATEGORIES), 0)
    unsure: set[str] = set()
    for path in files:
        metadata = pq.read_metadata(path)
        for group in (metadata.row_group(n) for n in range(metadata.num_row_groups)):
            rows += group.num_rows
            places = {group.column(n).path_in_schema: n for n in range(group.num_columns)}
            for column in nulls:
                if column not in places:
                    nulls[column] += group.num_rows
                    continue
                found = group.column(places[column]).statistics
                if found is None or not found.has_null_count:
                    unsure.add(column)
                else:
                    nulls[column] += found.null_count
    return {
        column: SOME if column in unsure or 0 < count < rows else ALL if count else NONE
        for column, count in nulls.items()
    }


def _count_positive(column: str, has: set[str]) -> str:
    return f"count(*) filter (where {column} > 0)" if column in has else "0"


def _sum_positive(column: str, value: str, has: set[str]) -> str:
    """The sum of a value over the bills that have an amount in the column."""
    return f"coalesce(sum({value}) filter (where {column} > 0), 0)" if column in has else "0"


def _count_code(code: str) -> str:
    if code in RESULTS:
        return RESULTS[code]
    return f"count(*) filter (where (flags & {int(Code[code])}) <> 0)"


def _count_nulls(column: str, found: str) -> str:
    base = "is_mature" if column in LATER_COLUMNS else "true"
    if found == NONE:
        return "0"
    condition = base if found == ALL else f"{base} and {column} is null"
    return f"count(*) filter (where {condition})"
