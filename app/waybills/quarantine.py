"""The lake's quarantine files come in; the refused rows go out as records, in the order of imports
and lines.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from app.errors import ChengxinError
from app.waybills.lake import Lake
from app.waybills.personal import quote

COLUMNS = ("import_id", "source", "file", "line", "position", "field", "value", "code", "reason")


class UnknownImport(ChengxinError):
    """No import has this id."""


@dataclass(frozen=True, slots=True)
class Listed:
    """`count` records wait in all, `rows` has the first of them."""

    count: int
    rows: list[dict[str, Any]]

    def as_json(self) -> dict[str, Any]:
        return {"count": self.count, "rows": self.rows}


def list_quarantine(lake: Path, import_id: str | None, limit: int) -> Listed:
    """Records of one import or of all:

    COLUMNS and `raw`, the row as it came. Raises UnknownImport.
    """
    entries = Lake(lake).imports()
    if import_id is not None:
        entries = [entry for entry in entries if entry.id == import_id]
        if not entries:
            raise UnknownImport(
                f"no import is called '{import_id[:60]}'; `chengxin waybills imports` lists them"
            )
    files = [str(lake / entry.quarantine_file) for entry in entries if entry.quarantine_file]
    if not files:
        return Listed(0, [])
    table = f"read_parquet([{', '.join(quote(file) for file in files)}], hive_partitioning = false)"
    with duckdb.connect(config={"threads": 1}) as con:
        count = con.execute(f"SELECT count(*) FROM {table}").fetchone()
        records = con.execute(
            f"SELECT {', '.join(COLUMNS)}, raw FROM {table}"
            " ORDER BY import_id, line, position LIMIT ?",
            [limit],
        ).fetchall()
    rows = [
        {**dict(zip(COLUMNS, record[:-1], strict=True)), "raw": json.loads(record[-1] or "null")}
        for record in records
    ]
    return Listed(int(count[0]) if count else 0, rows)
