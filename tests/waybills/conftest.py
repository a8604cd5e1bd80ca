"""What the tests of waybills share:

an intake on a lake of its own, files made from rows, a look into the lake.
"""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from app.waybills.cleaning import load_cleaning
from app.waybills.codes import name_codes
from app.waybills.intake import ImportReport, Intake, import_files
from app.waybills.lake import Lake

PROJECT = Path(__file__).resolve().parents[2]
ARRIVED = datetime(2024, 6, 1, 12, 0)  # noqa: DTZ001
KEY = b"a key for tests only"

# A sound waybill; tests change what they are about.
SOUND: dict[str, Any] = {
    "waybill_no": "W1",
    "shipper_id": "M1",
    "consignee_id": "C1",
    "created_at": "2024-01-05 08:03:00",
    "signed_at": "2024-01-07 10:00:00",
    "cod_amount": "1234.50",
    "cod_amount_first": "1234.50",
    "status": "signed",
    "return_of": "",
    "shipper_name": "王小明",
    "shipper_phone": "13812345678",
    "consignee_name": "李大力",
    "consignee_phone": "13987654321",
    "freight": "30",
}


class Workbench:
    """An intake in a temporary folder, with short ways to import rows and to read the lake back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        cleaning = load_cleaning(PROJECT / "rulesets" / "cleaning.yaml")
        self.intake = Intake(Lake(folder / "lake"), KEY, cleaning, 512)

    @property
    def lake(self) -> Lake:
        return self.intake.lake

    def write_csv(self, rows: list[dict[str, Any]], name: str = "a.csv", **more: Any) -> Path:
        columns = list(dict.fromkeys(key for row in rows for key in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
        path = self.folder / name
        path.write_bytes(text.getvalue().encode(more.get("encoding", "utf-8")))
        return path

    def load(self, path: Path, source: str = "tms", **more: Any) -> ImportReport:
        return import_files(self.intake, [path], source, arrived_at=ARRIVED, **more)[0]

    def load_rows(self, *changes: dict[str, Any], source: str = "tms") -> ImportReport:
        """Import SOUND with each of the changes as a CSV; numbers are W1, W2, … unless changed."""
        rows = [{**SOUND, "waybill_no": f"W{i}", **one} for i, one in enumerate(changes, 1)]
        return self.load(self.write_csv(rows), source)

    def rows(self, columns: str = "*", order: str = "waybill_no") -> list[dict[str, Any]]:
        """Rows of the whole lake, from the files that the manifest names."""
        files = [str(path) for paths in self.lake.months().values() for path in paths]
        if not files:
            return []
        with duckdb.connect() as con:
            found = con.execute(
                f"SELECT {columns} FROM read_parquet(?, hive_partitioning = false)"
                f" ORDER BY {order}",
                [files],
            )
            names = [one[0] for one in found.description or []]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def flags(self) -> list[list[str]]:
        """Names of the codes of each row, by waybill number."""
        return [name_codes(row["flags"]) for row in self.rows("waybill_no, flags")]


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)
