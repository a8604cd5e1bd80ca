"""Blocks of merchants on Spark: what the SQL files of a block give of all merchants at once comes
in; the tables of the first pass, block by block, go out, computed by numpy in Spark's workers.

The results of a dozen queries have to meet in one worker, block by block. So they are made alike
(PACKED: which query, which block, which merchant of it, whole numbers, texts), put into one table,
grouped by block, and taken apart again in the worker, which runs the same code as one machine does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from app.features.blocks import BLOCK_ROLLUPS, block_values, make_block
from app.features.build import compute_first
from app.features.columns import Floats, Ints
from app.features.engine import Survey
from app.features.first_pass import first_schema
from app.features.spark.connection import Result, SparkConnection
from app.features.spark.dialect import NotForSpark, Order
from app.features.sql_text import Value, render_sql
from app.features.year import READ_OFTEN, YEAR_ROLLUPS, YEAR_TABLES, make_year, year_values

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

MOST_RECORDS = 1_000_000  # waybills in a block, about: a worker holds what is said of them
MOST_MERCHANTS, FEWEST_MERCHANTS = 32_768, 64
NAMES, NETWORK = "merchants", "network"  # parts beside the SQL files
BLOCK, ROW = "block", "row_in_block"
_SLOTS = {"number": "bigint", "fraction": "double", "word": "string"}


@dataclass(frozen=True, slots=True)
class Part:
    """How the result of a query is packed: its columns with their Arrow types, each in the next
    slot of its kind, and the order in which the worker needs its rows.
    """

    name: str
    schema: pa.Schema
    order: Order

    def slots(self) -> Iterator[tuple[str, str, pa.DataType]]:
        """(column, slot, type) of all columns but `place`."""
        counts = dict.fromkeys(_SLOTS, 0)
        for field in self.schema:
            if field.name != "place":
                kind = _kind_of(field.type)
                assert kind is not None  # see _plan_part
                yield field.name, f"{kind}_{counts[kind]}", field.type
                counts[kind] += 1

    def unpack(self, packed: pa.Table) -> pa.Table:
        """The result as the query gave it, in its order; `place` is the merchant's row in the
        block.
        """
        columns = {"place": packed.column(ROW)}
        for name, slot, kind in self.slots():
            columns[name] = _unpack(packed.column(slot), kind)
        table = pa.table([columns[name] for name in self.schema.names], self.schema.names)
        return table.sort_by(list(self.order)) if self.order else table


def cut_evenly(records: Ints, most_records: int) -> int:
    """How many merchants there are in each block, so that the fullest has about `most_records`
    waybills; a merchant with more has them in one block all the same.
    """
    size = MOST_MERCHANTS
    while size > FEWEST_MERCHANTS:
        starts = np.arange(0, len(records), size)
        if int(np.add.reduceat(records, starts).max(initial=0)) <= most_records:
            return size
        size //= 2
    return size


def compute_on_spark(
    connection: SparkConnection, survey: Survey, scratch: Path, most_records: int = MOST_RECORDS
) -> Iterator[pa.Table]:
    """The first pass of all merchants, a table a block, in their order; `scratch` is a folder that
    Spark's workers can write to.
    """
    size = cut_evenly(survey.records, most_records)
    asked = _ask_all(connection, survey)
    parts = [_plan_part(name, found) for name, found in asked.items()]
    slots = sorted({slot for part in parts for _, slot, _ in part.slots()})
    packed = [
        _pack(number, part, asked[part.name].table, slots, size)
        for number, part in enumerate(parts)
    ]
    table = reduce(lambda one, other: one.unionAll(other), packed)
    schema = pa.schema([*first_schema(survey.catalogue), (BLOCK, pa.int32()), (ROW, pa.int32())])
    work = _work_of(survey, parts)
    found = table.groupBy(BLOCK).applyInArrow(work, _spark_schema(schema))
    found.write.partitionBy(BLOCK).parquet(str(scratch))
    for number in range(-(-len(survey.records) // size)):
        yield _read_block(scratch / f"{BLOCK}={number}", first_schema(survey.catalogue))


def _read_block(folder: Path, schema: pa.Schema) -> pa.Table:
    files = [pq.read_table(path, partitioning=None) for path in sorted(folder.glob("*.parquet"))]
    table = pa.concat_tables(files).sort_by(ROW)
    return table.select(schema.names).cast(schema)


def _ask_all(connection: SparkConnection, survey: Survey) -> dict[str, Result]:
    """What every SQL file of a block gives, of all merchants, and in which order it is needed.

    Which files there are is seen by making a block of no merchants: what it fetches is asked.
    """
    as_of, references = survey.as_of, survey.lake.references
    _narrow_to_all(connection, survey)
    asked: dict[str, Result] = {}

    def fetch_from(values: Mapping[str, Value]) -> Callable[[str], pa.Table]:
        def fetch(name: str) -> pa.Table:
            asked[name] = connection.sql(render_sql(name, values))
            return _arrow_schema(asked[name].table).empty_table()

        return fetch

    of_year = year_values(as_of)
    for name in YEAR_TABLES:
        connection.execute(render_sql(name, of_year))
    year = make_year(fetch_from(of_year), 0, references)
    make_block(fetch_from(block_values(as_of)), as_of, [], survey.lake.calendar, year)
    asked[NAMES] = connection.sql("select place, merchant_id from listed order by place")
    sums = survey.network.sums
    told = {name: values for name, values in sums.items() if len(values)}
    places = np.arange(len(survey.records), dtype=np.int32)
    connection.register("told_network", pa.table({"place": places, **told}))
    asked[NETWORK] = connection.sql("select * from told_network order by place")
    return asked


def _narrow_to_all(connection: SparkConnection, survey: Survey) -> None:
    """As narrow.py, for all merchants: each rollup with its merchants' places."""
    connection.execute(
        "create or replace temp view wanted as select place, place as row_in_block from listed"
    )
    connection.execute(render_sql("block_places", {}))
    for name in dict.fromkeys((*YEAR_ROLLUPS, *BLOCK_ROLLUPS)):
        kind = "table" if name in READ_OFTEN else "view"
        view = render_sql("block_view", {}).replace("{kind}", kind).replace("{rollup}", name)
        origin = f"select * from {survey.rolled.select_from(name)}"
        connection.execute(view.replace("{origin}", origin))


def _plan_part(name: str, found: Result) -> Part:
    schema = _arrow_schema(found.table)
    for field in schema:
        if _kind_of(field.type) is None:
            raise NotForSpark(
                f"{name}.sql: {field.name} is of type {field.type}; give whole numbers, days,"
                " truths, texts or doubles"
            )
    return Part(name, schema, found.order)


def _kind_of(kind: pa.DataType) -> str | None:
    if pa.types.is_string(kind):
        return "word"
    if pa.types.is_float64(kind):
        return "fraction"
    is_whole = pa.types.is_integer(kind) or pa.types.is_date(kind) or pa.types.is_boolean(kind)
    return "number" if is_whole else None


def _pack(number: int, part: Part, table: DataFrame, slots: Sequence[str], size: int) -> DataFrame:
    given: dict[str, str] = {}
    for name, slot, kind in part.slots():
        column = f"`{name}`"
        given[slot] = f"unix_date({column})" if pa.types.is_date(kind) else column
    filled = [
        f"cast({given.get(slot, 'null')} as {_SLOTS[slot.split('_')[0]]}) as {slot}"
        for slot in slots
    ]
    return table.selectExpr(
        f"cast(place div {size} as int) as {BLOCK}",
        f"cast(place % {size} as int) as {ROW}",
        f"cast({number} as int) as part",
        *filled,
    )


def _unpack(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_date(kind):
        return column.cast(pa.int32()).cast(kind)
    return column.cast(kind)


def _work_of(survey: Survey, parts: Sequence[Part]) -> Callable[[Any, pa.Table], pa.Table]:
    """What a worker does with a block: all it needs goes with it, and none of the merchants."""
    as_of, lake, catalogue = survey.as_of, survey.lake, survey.catalogue
    calendar, references = lake.calendar, lake.references
    begun_on = survey.network.begun_on

    def work(key: tuple[pa.Scalar, ...], packed: pa.Table) -> pa.Table:
        found = {
            part.name: part.unpack(packed.filter(pc.equal(packed.column("part"), number)))
            for number, part in enumerate(parts)
        }
        names = found[NAMES].column("merchant_id").to_pylist()
        network = found[NETWORK]
        sums: dict[str, Ints | Floats] = {
            name: network.column(name).to_numpy()
            for name in network.column_names
            if name != "place"
        }
        year = make_year(found.__getitem__, len(names), references)
        block = make_block(found.__getitem__, as_of, names, calendar, year)
        table = compute_first(catalogue, block, sums, begun_on, references)
        rows = pa.array(np.arange(len(names), dtype=np.int32))
        blocks = pa.array(np.full(len(names), key[0].as_py(), np.int32))
        return table.append_column(BLOCK, blocks).append_column(ROW, rows)

    return work


def _arrow_schema(table: DataFrame) -> pa.Schema:
    from pyspark.sql.pandas.types import to_arrow_schema

    return to_arrow_schema(table.schema)


def _spark_schema(schema: pa.Schema) -> Any:
    from pyspark.sql.pandas.types import from_arrow_schema

    return from_arrow_schema(schema, prefer_timestamp_ntz=True)
