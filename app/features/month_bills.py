"""One month's waybills as its rollups see them: the month's files and what is known of them come
in; the tables `merchants` and `bills` of a connection go out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from app.features.lake import OutlierRule
from app.features.sql_text import Value, render_sql, write_literal
from app.waybills.columns import LATE_COLUMNS

# What is read of every bill, whatever the rollup: for capping.
_ALWAYS = ("merchant", "source", "amount_fen")
# What is read beside them where carriage is judged (see carriage.py).
_FREIGHT = ("freight_ppm", "freight_slot", "origin", "destination", "category")
_CARRIAGE = ("is_freight_outlier", "is_fee_outlier", "barred_fen")
BILLS_SQL = (
    "month_merchants",
    "bills",
    "caps",
    "cap_amounts",
    "lanes",
    "mark_freight",
    "bar_amounts",
)


@dataclass(frozen=True, slots=True)
class Month:
    """One month as the rollups see it; `returned` is the file with its returned originals, none
    without any.
    """

    month: int
    files: tuple[Path, ...]
    created_before: datetime | None  # set where the cut-off cuts the month
    values: dict[str, Value]
    marks: list[str]
    returned: tuple[Path, ...] = ()


def open_waybills(connection: duckdb.DuckDBPyConnection, month: Month) -> None:
    """Make the view `waybills`: the month's files, up to the cut-off, and where each row stands in
    them.
    """
    connection.execute(f"create or replace temp view waybills as {select_waybills(month)}")


def select_waybills(month: Month) -> str:
    """The month's files, up to the cut-off, and where each row stands in them, as a query."""
    late = _late_columns(month.files)
    where = ""
    if month.created_before is not None:
        where = f" where created_at < timestamp '{month.created_before}'"
    return f"select *{late}, file_index, file_row_number from {read_parquet(month.files)}{where}"


def open_bills(
    connection: duckdb.DuckDBPyConnection,
    month: Month,
    reads: Iterable[str],
    outlier_rules: Mapping[str, OutlierRule],
) -> None:
    """Make `bills`, what the rollups read: the month's waybills, judged and capped, with no columns
    beside those of `reads` and those that capping needs; and `merchants`, who they are of.
    """
    open_waybills(connection, month)
    _make(connection, "merchants", render_sql("month_merchants", month.values))
    _make(connection, "returned", _select_returned(month))
    judges_freight, judges_fee = month.values["judges_freight"], month.values["judges_fee"]
    judging = [*(_FREIGHT if judges_freight else ())]
    judging += _CARRIAGE if judges_freight or judges_fee else ()
    columns = ", ".join(dict.fromkeys([*_ALWAYS, *judging, *reads]))
    judged = render_sql("bills", month.values)
    _make(connection, "bills", f"select {columns} from ({judged}) as judged")
    if outlier_rules:
        _make_thresholds(connection, outlier_rules)
        _make(connection, "caps", render_sql("caps", month.values))
        connection.execute(render_sql("cap_amounts", month.values))
    if judges_freight:
        _make(connection, "lanes", render_sql("lanes", month.values))
        connection.execute(render_sql("mark_freight", month.values))
    if judging:
        connection.execute(render_sql("bar_amounts", month.values))


def close_bills(connection: duckdb.DuckDBPyConnection) -> None:
    """Give back the memory of the month."""
    connection.execute("drop table bills")


def read_parquet(paths: Sequence[Path]) -> str:
    """What to select from to read these files as one table."""
    names = ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths)
    return f"read_parquet([{names}], hive_partitioning = false, union_by_name = true)"


def _late_columns(files: Sequence[Path]) -> str:
    """Nulls in place of the columns that all these files were written before."""
    known = {name for file in files for name in pq.read_schema(file).names}
    return "".join(
        f", cast(null as varchar) as {name}" for name in LATE_COLUMNS if name not in known
    )


def _select_returned(month: Month) -> str:
    columns = "select file_index, file_row_number from "
    if month.returned:
        return columns + read_parquet(month.returned)
    return columns + "waybills where false"


def _make(connection: duckdb.DuckDBPyConnection, name: str, query: str) -> None:
    connection.execute(f"create or replace temp table {name} as {query}")


def _make_thresholds(
    connection: duckdb.DuckDBPyConnection, outlier_rules: Mapping[str, OutlierRule]
) -> None:
    rows = ", ".join(
        f"({write_literal(source)}, {rule.amount_fen}, {rule.medians})"
        for source, rule in outlier_rules.items()
    )
    told = f"(values {rows}) as told (source, amount_outlier_fen, medians)"
    columns = "source, cast(amount_outlier_fen as bigint) as amount_outlier_fen, medians"
    _make(connection, "thresholds", f"select {columns} from {told}")
