"""A whitelist → a file (Parquet or CSV by its ending), written whole or not at all."""

from __future__ import annotations

import secrets
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from app.errors import ChengxinError

ENDINGS = (".parquet", ".csv")


class UnknownEnding(ChengxinError):
    """The file's ending says neither Parquet nor CSV."""


def check_ending(path: Path) -> None:
    """Raises UnknownEnding before any work is done."""
    if path.suffix.lower() not in ENDINGS:
        raise UnknownEnding(
            f"{path} ends in neither .parquet nor .csv; the ending says what is written"
        )


def write_whitelist(table: pa.Table, path: Path) -> None:
    """Parquet keeps reasons as a list; CSV joins them with semicolons. An older file is replaced in
    one step.
    """
    check_ending(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        if path.suffix.lower() == ".csv":
            place = table.column_names.index("reasons")
            joined = pc.binary_join(table.column("reasons"), ";")
            pa_csv.write_csv(table.set_column(place, "reasons", joined), draft)
        else:
            pq.write_table(table, draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
