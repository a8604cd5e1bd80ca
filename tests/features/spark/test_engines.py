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
from app.features.lake import LakeState
from app.features.spark.engine import SparkEngine
from tests.features.lakes import Waybill, load_catalogue
from tests.features.spark.odd_lake import draw_waybills, odd_lake

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SPARK = SparkEngine("local[2]")


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
    lake_folder = tmp_path / "lake [1], 湖"
    old = draw_waybills(1, 420, 425, "a")
    imports: dict[str, list[Waybill]] = {"000001-a": old}
    first = odd_lake(lake_folder, imports)
    night = date(2025, 11, 28)
    built = build_on_spark(first, night)
    assert_equal(built, build_on_one(first, tmp_path / "one", night))
    assert built.made_rollups > 0

    # A new day, and late waybills of two old months, one of them a return of an old waybill.
    late = draw_waybills(2, 12, 3, "b", start=200)
    late[0] = replace(late[0], return_of=old[3].waybill_no, source=old[3].source)
    imports["000002-b"] = [*late, *draw_waybills(3, 20, 1, "c", start=423)]
    second = odd_lake(lake_folder, imports)
    next_night = date(2025, 11, 29)
    again = build_on_spark(second, next_night)
    assert_equal(again, build_on_one(second, tmp_path / "one", next_night))
    assert 0 < again.made_rollups < built.made_rollups, "months that nothing changed in stand"
    assert again.reused_rollups > 0

    # The same once more: nothing is rolled up again, and the snapshot is there already.
    third = build_on_spark(second, next_night)
    assert (third.made_rollups, third.is_new) == (0, False)
    assert third.snapshot.id == again.snapshot.id
    left = [path.name for path in (lake_folder / "features").rglob(".*") if path.is_dir()]
    assert not list((lake_folder / "features" / ".spark").iterdir()), left


@pytest.mark.slow
def test_files_of_before_a_column(spark: SparkSession, tmp_path: Path) -> None:
    """Waybill files of before a column was known lie beside files that have it; a month of T is
    cut, and some months have no waybills.
    """
    waybills = draw_waybills(5, 60, 40, "a") + draw_waybills(6, 40, 30, "b", start=150)
    lake = odd_lake(
        tmp_path / "lake", {"000001-a": waybills, "000002-b": draw_waybills(7, 30, 60, "c")}
    )
    for path in sorted((tmp_path / "lake" / "waybills").glob("*/000001-a.parquet"))[::2]:
        table = pq.read_table(path, partitioning=None)
        pq.write_table(table.drop_columns(["shipper_card_hash"]), path)
    plain = replace(lake, outlier_rules={}, carriage_rules={})
    for state, day in ((plain, date(2025, 4, 1)),):
        assert_equal(build_on_spark(state, day), build_on_one(state, tmp_path / f"one {day}", day))
