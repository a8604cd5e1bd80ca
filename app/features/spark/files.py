"""Parquet of the lake on Spark: paths come in; tables with the columns that DuckDB sees go out, and
tables of many months are written as a folder a month.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from app.features.rollup_list import ROLLUPS
from app.features.spark.dialect import STANDING
from app.features.spark.lifting import MONTH

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

# What selections of a month have; a month's folder is empty where it has no row.
SELECTIONS = {
    "returns": "source string, waybill_no string",
    "returned": "source string, waybill_no string, file_index string, file_row_number bigint,"
    f" {MONTH} int",
    "words": "kind tinyint, word string",
}
_SPARK_TYPES = {"varchar": "string", "integer": "int", "ubigint": "bigint"}
_PART = "month_part"


def read_files(session: SparkSession, paths: Sequence[str]) -> DataFrame:
    """The files, or folders of rollups, as one table by column names, with `file_index` and
    `file_row_number`: which file a row is of, and where it stands in it.
    """
    table = open_folders(session, paths, _schema_of(paths))
    if _rollup_of(paths[0]) is not None:
        return table
    index, number = STANDING
    standing = [f"_metadata.file_name as {index}", f"_metadata.row_index as {number}"]
    months = [f"month as {MONTH}"] if "month" in table.columns else []
    return table.selectExpr("*", *standing, *months)


def open_folders(
    session: SparkSession, paths: Sequence[str], schema: str | StructType
) -> DataFrame:
    """Files or folders as a table. Spark takes paths for patterns; a lake may be in /data/[old]."""
    escaped = [re.sub(r"([\[\]{}*?\\])", r"\\\1", path) for path in paths]
    return session.read.schema(schema).parquet(*escaped)


def _schema_of(paths: Sequence[str]) -> str:
    names = {_rollup_of(path) for path in paths}
    if None not in names:
        columns: dict[str, str] = {}
        for name in sorted(str(name) for name in names):
            columns |= dict(_columns_of(name))
        return ", ".join(f"`{name}` {kind}" for name, kind in columns.items())
    from pyspark.sql.pandas.types import from_arrow_schema

    schemas = [pq.read_schema(path).remove_metadata() for path in paths]
    schema = pa.unify_schemas(schemas, promote_options="permissive")
    schema = pa.schema([(field.name, _plain(field.type)) for field in schema])
    found = from_arrow_schema(schema, prefer_timestamp_ntz=True)
    return ", ".join(f"`{field.name}` {field.dataType.simpleString()}" for field in found.fields)


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    return pa.string() if pa.types.is_null(kind) else kind


def _rollup_of(path: str) -> str | None:
    """The name of the rollup or selection that a path is of; None of other files."""
    folder = Path(path).parent
    return folder.name if folder.parent.name == "rollups" else None


def _columns_of(name: str) -> list[tuple[str, str]]:
    """Names and types, in Spark's words, of a rollup or selection."""
    text = SELECTIONS.get(name)
    if text is None:
        (text,) = (rollup.columns for rollup in ROLLUPS if rollup.name == name)
    typed = (column.split() for column in text.split(", "))
    return [(column, _SPARK_TYPES.get(kind, kind)) for column, kind in typed]


def write_months(table: DataFrame, targets: Mapping[int, Path], keep_month: bool = False) -> None:
    """Write a table of months: each month of `targets` to a folder of its own, which appears when
    it is whole. `keep_month` keeps the column MONTH in the files.
    """
    first = next(iter(targets.values()))
    draft = first.parent / f".{first.name}.{os.getpid()}.spark"
    shutil.rmtree(draft, ignore_errors=True)
    wanted = table.where(table[MONTH].isin(list(targets)))
    wanted = wanted.withColumn(_PART, wanted[MONTH])
    wanted = wanted if keep_month else wanted.drop(MONTH)
    try:
        # A month with much goes to several files of Spark's advisory size, others to one.
        wanted.hint("rebalance", _PART).write.partitionBy(_PART).parquet(str(draft))
        for month, target in targets.items():
            made = draft / f"{_PART}={month}"
            made.mkdir(exist_ok=True)
            shutil.rmtree(target, ignore_errors=True)
            made.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
