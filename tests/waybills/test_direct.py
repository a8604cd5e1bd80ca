"""The short way of sound Parquet rows gives what the long way of CSV gives."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.waybills.columns import LAKE_COLUMNS
from app.waybills.quarantine import list_quarantine
from tests.waybills.conftest import SOUND, Workbench

CONTENT = ", ".join(name for name in LAKE_COLUMNS if name != "import_id")
TYPES: dict[str, Any] = {
    "created_at": datetime.fromisoformat,
    "signed_at": datetime.fromisoformat,
    "cod_amount": float,
    "cod_amount_first": float,
    "freight": float,
}
CHANGES: list[dict[str, Any]] = [
    {},
    {"created_at": "1999-12-30 10:00:00"},
    {"created_at": ""},
    {"cod_amount": "12.345"},
    {"cod_amount": "-5"},
    {"cod_amount": "-5", "status": "作废"},
    {"status": " 退货 "},
    {"shipper_name": "经理"},
    {"shipper_name": "长" * 129},
    {"shipper_name": "短" + " " * 400},
    {"goods_name": "x" * 501},
    {"consignee_phone": "+86 138-1234-5678"},
    {"shipper_name": "", "shipper_phone": ""},
    {"consignee_id": " "},
    {"signed_at": "2024-01-01 10:00:00"},
    {"cod_amount": "2000", "cod_amount_first": "1000"},
]


def make_rows(seed: int) -> list[dict[str, Any]]:
    """Rows with all that can be wrong, numbers that repeat and numbers that conflict."""
    draw = random.Random(seed)
    rows = [
        {
            **SOUND,
            "waybill_no": f"W{draw.randrange(150)}",
            "created_at": f"2024-0{draw.randint(1, 4)}-05 08:03:00",
            "signed_at": "2024-05-07 10:00:00",
            "goods_name": "",
            **draw.choice(CHANGES),
        }
        for _ in range(200)
    ]
    return rows + [dict(row) for row in draw.sample(rows, 30)]


def write_parquet(folder: Path, rows: list[dict[str, Any]], name: str = "a.parquet") -> Path:
    """The same values as in CSV, with the types that Parquet needs."""
    path = folder / name
    typed = [
        {column: (value or None) and TYPES.get(column, str)(value) for column, value in row.items()}
        for row in rows
    ]
    pq.write_table(pa.Table.from_pylist(typed), path)
    return path


def outcome(bench: Workbench) -> tuple[Any, Any]:
    """Lake rows and quarantine, without what names the file."""
    waiting = list_quarantine(bench.lake.path, None, 10_000).rows
    told = Counter((row["code"], row["field"], row["position"]) for row in waiting)
    return bench.rows(CONTENT), told


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_both_ways_agree(bench: Workbench, tmp_path: Path, seed: int) -> None:
    """Over two imports, the second of which repeats and contradicts the first."""
    (tmp_path / "long").mkdir()
    long = Workbench(tmp_path / "long")
    for rows in (make_rows(seed), make_rows(seed + 100)):
        short_report = bench.load(write_parquet(tmp_path, rows))
        long_report = long.load(long.write_csv(rows))
        ignored = ("file", "import_id", "seconds", "warnings")
        one, two = short_report.as_json(), long_report.as_json()
        assert {k: v for k, v in one.items() if k not in ignored} == {
            k: v for k, v in two.items() if k not in ignored
        }
    assert one["new"] and one["conflict"] and one["duplicate"] and one["quarantined"]
    assert outcome(bench) == outcome(long)


def test_nul_in_a_text_waits(bench: Workbench, tmp_path: Path) -> None:
    rows = [{**SOUND, "waybill_no": f"W{i}"} for i in range(3)]
    rows[1]["goods_name"] = "五\0金"
    rows[0]["goods_name"] = rows[2]["goods_name"] = "五金"
    report = bench.load(write_parquet(tmp_path, rows))
    assert (report.new, report.quarantined) == (2, {"NUL": 1})


def test_files_have_the_columns_of_the_lake(bench: Workbench, tmp_path: Path) -> None:
    """Written the short way and the long way, in order; one import, two files of the month."""
    rows = [{**SOUND, "waybill_no": f"W{min(i, 3)}"} for i in range(5)]
    report = bench.load(write_parquet(tmp_path, rows))
    assert (report.new, report.duplicate) == (4, 1)
    (paths,) = bench.lake.months().values()
    assert [path.stem for path in paths] == [report.import_id] * 2
    with duckdb.connect() as con:
        for path in paths:
            found = con.execute(
                "SELECT * FROM read_parquet(?, hive_partitioning = false)", [str(path)]
            )
            assert tuple(one[0] for one in found.description or []) == LAKE_COLUMNS
    assert [row["repeats"] for row in bench.rows("repeats, waybill_no")] == [0, 0, 0, 1]
