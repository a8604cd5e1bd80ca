"""Both engines over the same lakes: the same snapshot, to the bit, night after night."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from app.features.build import Built, build_snapshot
from app.features.calendar import AsOf
from app.features.knowledge import narrow_to
from app.features.lake import LakeState
from app.features.spark.engine import SparkEngine
from tests.features.lakes import load_catalogue
from tests.features.spark.odd_lake import draw_waybills, odd_lake

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SPARK = SparkEngine("local[2]", most_records=40)  # of many blocks, whose merchants are few


def build_on_spark(lake: LakeState, as_of: date) -> Built:
    return build_snapshot(lake, load_catalogue(), AsOf(as_of), 512, engine=SPARK)


def build_on_one(lake: LakeState, folder: Path, as_of: date) -> Built:
    """DuckDB's snapshot of the same waybill files, in a folder of its own."""
    folder.mkdir(exist_ok=True)
    return build_snapshot(replace(lake, folder=folder), load_catalogue(), AsOf(as_of), 512)


def assert_equal(found: Built, expected: Built) -> None:
    tables = [built.snapshot.read() for built in (found, expected)]
    for name in tables[0].column_names:
        one, other = (table.column(name).to_pylist() for table in tables)
        assert one == other, name
    assert tables[0].schema == tables[1].schema
    told, wanted = found.snapshot.provenance, expected.snapshot.provenance
    assert told["content_sha256"] == wanted["content_sha256"]
    assert told["id"] == wanted["id"], "one content has one id, whichever engine made it"
    assert (told["engine"], wanted["engine"]) == ("spark", "duckdb")
    assert told["counts"] == wanted["counts"] and told["codes"] == wanted["codes"]
    assert told["season"] == wanted["season"]


@pytest.mark.slow
def test_nights_are_equal(spark: SparkSession, tmp_path: Path) -> None:
    folder = tmp_path / "lake [1], 湖"
    old = draw_waybills(1, 420, 425, "a")
    # A new day, and late waybills of an old month, one of them a return of an old waybill.
    late = draw_waybills(2, 12, 3, "b", start=200)
    late[0] = replace(late[0], return_of=old[3].waybill_no, source=old[3].source)
    new = [*late, *draw_waybills(3, 20, 1, "c", start=423)]
    lake = odd_lake(folder, {"000001-a": old, "000002-b": new})
    for path in sorted((folder / "waybills").glob("*/000001-a.parquet"))[::2]:
        table = pq.read_table(path, partitioning=None)  # as of before the column was known
        pq.write_table(table.drop_columns(["shipper_card_hash"]), path)

    before = narrow_to(lake, tuple(found for found in lake.imports if found.id != "000002-b"))
    night = date(2025, 11, 28)
    built = build_on_spark(before, night)
    assert_equal(built, build_on_one(before, tmp_path / "one", night))
    assert built.reused_rollups == 0

    next_night = date(2025, 11, 29)
    again = build_on_spark(lake, next_night)
    assert_equal(again, build_on_one(lake, tmp_path / "one", next_night))
    assert 0 < again.made_rollups < built.made_rollups, "months that nothing changed in stand"
    assert again.reused_rollups > 0
    assert not list((folder / "features" / ".spark").iterdir()), "no scratch is left"
