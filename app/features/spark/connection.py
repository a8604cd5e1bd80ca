"""Spark where a build expects a DuckDB connection: DuckDB's SQL comes in; Arrow tables and rows
go out. Temporary tables are views of one session, kept where they are read often.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from sqlglot import exp

from app.features.spark.dialect import (
    NotForSpark,
    Order,
    cut_ctes,
    order_of,
    read_statement,
    write_spark,
)
from app.features.spark.files import open_folders, read_files
from app.features.spark.lifting import MONTH, lift

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


class Result:
    """What a query gives, computed when it is asked for, in the query's `order`: sorted here, not
    on the cluster, as whoever asks for a whole result has it in memory.
    """

    def __init__(self, table: DataFrame, order: Order = ()) -> None:
        self.table = table
        self.order = order

    def to_arrow_table(self) -> pa.Table:
        found = self.table.toArrow()
        return found.sort_by(list(self.order)) if self.order else found

    def fetchall(self) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.to_arrow_table().to_pylist()]

    def fetchone(self) -> tuple[Any, ...] | None:
        rows = self.fetchall()
        return rows[0] if rows else None


class SparkConnection:
    """As much of a DuckDB connection as a build uses."""

    def __init__(self, session: SparkSession) -> None:
        self.session = session
        self._kept: dict[str, DataFrame] = {}
        self._opened = 0

    def execute(self, text: str) -> Result | None:
        """Do what a statement says; the result of a query. Raises NotForSpark."""
        statement = read_statement(text, self.columns_of)
        if statement.query is None:
            self.drop(statement.name)
            return None
        table = self.query(statement.query)
        if statement.does == "read":
            return Result(table, order_of(statement.query))
        self.make(statement.name, table, keep=statement.is_kept)
        return None

    def sql(self, text: str) -> Result:
        """The result of a query. Raises NotForSpark."""
        found = self.execute(text)
        if found is None:
            raise NotForSpark(f"this is no query: {text.strip()[:200]}")
        return found

    def register(self, name: str, table: pa.Table) -> None:
        """Let an Arrow table be read by this name."""
        self.make(name, self.session.createDataFrame(table), keep=False)

    def unregister(self, name: str) -> None:
        """Nothing: tables that were made from it still read it."""

    def query(self, query: exp.Query) -> DataFrame:
        """A query in DuckDB's SQL, parsed, as a table of Spark's."""
        return self.session.sql(write_spark(query, self._open_files))

    def make(self, name: str, table: DataFrame, keep: bool) -> None:
        """Make or replace a table; `keep` it where it is read often."""
        if keep:
            table.persist()
        table.createOrReplaceTempView(name)
        old = self._kept.pop(name, None)
        if old is not None:
            old.unpersist()
        if keep:
            self._kept[name] = table

    def drop(self, name: str) -> None:
        """Drop a table."""
        self.session.catalog.dropTempView(name)
        kept = self._kept.pop(name, None)
        if kept is not None:
            kept.unpersist()

    def columns_of(self, name: str) -> list[str]:
        """The columns of a table, without the month that lifting gave it."""
        return [column for column in self.session.table(name).columns if column != MONTH]

    def close(self) -> None:
        """Give back what was kept."""
        for name in list(self._kept):
            self.drop(name)

    def _open_files(self, paths: list[str]) -> str:
        self._opened += 1
        name = f"files_{self._opened}"
        read_files(self.session, paths).createOrReplaceTempView(name)
        return name


class LiftedConnection(SparkConnection):
    """A connection whose statements about one month are run over all months at once; the tables of
    `other`, which are of no month, can be read too.

    Bills are many and read often, so tables are kept as files in the folder `scratch`, which must
    be empty: a reader of some columns reads no others, and plans stay small.
    """

    def __init__(self, other: SparkConnection, scratch: Path) -> None:
        super().__init__(other.session)
        self._lifted: set[str] = set()
        self._scratch = scratch
        self._written = 0

    def query(self, query: exp.Query) -> DataFrame:
        lifted = lift(query, self._lifted)
        query, ctes = cut_ctes(query if lifted is None else lifted)
        for name, cte in ctes:
            self.make(name, super().query(cte), keep=True)
        return super().query(query)

    def make(self, name: str, table: DataFrame, keep: bool) -> None:
        if keep:
            self._written += 1
            folder = str(self._scratch / f"{self._written}-{name}")
            table.write.parquet(folder)
            table = open_folders(self.session, [folder], table.schema)
        super().make(name, table, keep=False)
        (self._lifted.add if MONTH in table.columns else self._lifted.discard)(name)
