"""Import of a Parquet file, against DuckDB reading and rewriting the same file by month."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

from benchmarks.table import Row, print_table

ROWS = 5_000_000
SMOKE_ROWS = 50_000
TARGET = 5.0
# The month of the file in the way of the lake, for the floor.
FLOOR = """
import duckdb, json, resource, sys, time
con = duckdb.connect(config={"threads": 2, "memory_limit": "1500MB",
    "preserve_insertion_order": False, "temp_directory": sys.argv[2] + ".spill"})
con.execute("SET enable_progress_bar = false")
started = time.perf_counter()
con.execute(f"COPY (SELECT *, year(created_at) * 12 + month(created_at) - 1 AS month"
    f" FROM read_parquet({chr(39)}{sys.argv[1]}{chr(39)}))"
    f" TO '{sys.argv[2]}' (FORMAT parquet, PARTITION_BY (month))")
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(json.dumps({"seconds": seconds, "peak": peak}))
"""
OURS = """
import json, resource, sys, time
from pathlib import Path
from app.waybills.intake import import_files, open_intake
intake = open_intake(Path(sys.argv[2]), b"benchmark " * 3, Path("rulesets"), 1500)
started = time.perf_counter()
(report,) = import_files(intake, [Path(sys.argv[1])], "tms")
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(json.dumps({"seconds": seconds, "peak": peak, "new": report.new}))
"""


def write_file(path: Path, rows: int) -> None:
    """Waybills of 24 months with every column: 60,000 shippers and 1 million consignees per 5
    million rows; shippers are no more than 60,000.
    """
    merchants, consignees = min(60_000, max(10, rows // 83)), max(100, rows // 5)
    with duckdb.connect(config={"threads": 2}) as con:
        con.execute(
            f"""COPY (SELECT 'W' || lpad(i::VARCHAR, 10, '0') AS waybill_no,
                'M' || m AS shipper_id, 'C' || c AS consignee_id, 'K' || h % 12 AS carrier_id,
                'O' || h % 50 AS outlet_id, '货物' || h % 500 AS goods_name,
                'cat' || h % 16 AS goods_category, (h % 20 + 1)::BIGINT AS pieces,
                (h % 100000 / 100)::DOUBLE AS weight_kg, (h % 1000 / 100)::DOUBLE AS volume_m3,
                (h % 20000 / 100)::DECIMAL(18,2) AS freight,
                ['prepaid', 'collect', 'monthly'][(h % 3 + 1)::INTEGER] AS freight_payment,
                (h % 800000 / 100)::DECIMAL(18,2) AS cod_amount,
                (h % 800000 / 100)::DECIMAL(18,2) AS cod_amount_first,
                4::DECIMAL(18,2) AS cod_fee, (h % 900000 / 100)::DECIMAL(18,2) AS declared_value,
                (h % 2700 / 100)::DECIMAL(18,2) AS insured_fee, '临沂' AS origin,
                '城市' || h % 200 AS destination,
                TIMESTAMP '2024-01-01' + to_seconds(s) AS created_at,
                TIMESTAMP '2024-01-03' + to_seconds(s) AS signed_at,
                TIMESTAMP '2024-01-03' + to_seconds(s + 60) AS cod_collected_at,
                TIMESTAMP '2024-01-08' + to_seconds(s) AS cod_paid_at, 'cod_paid' AS status,
                NULL::VARCHAR AS return_of, 'P' || h % 300 AS operator,
                '王' || m AS shipper_name, (13000000000 + m * 7919)::VARCHAR AS shipper_phone,
                '李' || c AS consignee_name, (13500000000 + c * 7)::VARCHAR AS consignee_phone
            FROM (SELECT i, hash(i) % 1000000007 AS h, (hash(i * 3) % {merchants})::BIGINT AS m,
                    (hash(i * 5) % {consignees})::BIGINT AS c,
                    (hash(i * 7) % 63072000)::BIGINT AS s
                FROM range({rows}) t(i))) TO '{path}' (FORMAT parquet)"""
        )


def measure(program: str, *arguments: Path) -> dict[str, float]:
    """Run a program in a process of its own; what it printed: seconds, peak MB."""
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=Path(__file__).resolve().parents[1],
        env={**os.environ},
        capture_output=True,
        text=True,
        check=True,
    )
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def run(smoke: bool = False, rows: int | None = None) -> list[Row]:
    """Time the floor and the import on a file made for it."""
    count = rows or (SMOKE_ROWS if smoke else ROWS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "waybills.parquet"
        write_file(file, count)
        floor = measure(FLOOR, file, folder / "floor")
        ours = measure(OURS, file, folder / "lake")
        if ours["new"] != count:
            raise AssertionError(f"{ours['new']} of {count} rows went in")
    ratio = ours["seconds"] / floor["seconds"]
    note = f"peak {ours['peak']:,.0f} MB, floor {floor['peak']:,.0f} MB"
    return [Row(f"import {count:,} rows", floor["seconds"], ours["seconds"], ratio, TARGET, note)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--rows", type=int)
    chosen = parser.parse_args()
    print_table(run(chosen.smoke, chosen.rows))
