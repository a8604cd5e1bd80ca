"""A snapshot comes in; a Parquet or CSV file, or lines to be read by a person, go out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from app.errors import ChengxinError
from app.features.catalogue import FeatureCatalogue
from app.features.snapshots import Snapshot


class WrongEnding(ChengxinError):
    """The file cannot be told to be Parquet or CSV by its name, or cannot be written there."""


def export_snapshot(snapshot: Snapshot, out: Path) -> int:
    """Write all rows in the order of merchant_id, money in fen; return how many. A file there
    before is replaced whole.

    Raises WrongEnding.
    """
    with pq.ParquetFile(snapshot.path) as source:
        tables = (source.read_row_group(group) for group in range(source.num_row_groups))
        return _replace(out, source.schema_arrow, tables)


def write_table(table: pa.Table, out: Path) -> int:
    """Write a table as export_snapshot does. Raises WrongEnding."""
    return _replace(out, table.schema, iter([table]))


def _replace(out: Path, schema: pa.Schema, tables: Iterator[pa.Table]) -> int:
    if out.suffix not in (".parquet", ".csv"):
        raise WrongEnding(f"{out}: end the file name in .parquet or .csv")
    if not out.absolute().parent.is_dir():
        raise WrongEnding(
            f"{out}: the folder {out.absolute().parent} does not exist; make it first"
        )
    draft = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    try:
        count = _write(draft, out.suffix, schema, tables)
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)
    return count


def _write(draft: Path, ending: str, schema: pa.Schema, tables: Iterator[pa.Table]) -> int:
    count = 0
    opener = pq.ParquetWriter if ending == ".parquet" else pyarrow.csv.CSVWriter
    with opener(draft, schema) as writer:
        for table in tables:
            writer.write_table(table)
            count += table.num_rows
    return count


def describe_row(
    catalogue: FeatureCatalogue, row: Mapping[str, Any], missing: Mapping[str, str]
) -> Iterator[str]:
    """A line a feature, by family: name, value in the unit that a reader writes, unit, meaning."""
    family = ""
    for feature in catalogue.features:
        if feature.name not in row:
            continue
        if feature.family != family:
            family = feature.family
            yield f"\n{family}"
        shown = _show(feature.type, row[feature.name], missing.get(feature.name, ""))
        yield f"  {feature.name:<24}{shown:>22} {feature.unit:<13} {feature.en}"


def _show(kind: str, value: bool | int | float | str | None, reason: str) -> str:
    if value is None:
        return reason
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if kind == "money":
        sign, fen = ("-" if value < 0 else ""), abs(int(value))
        return f"{sign}{fen // 100:,}.{fen % 100:02d}"
    return f"{value:,}" if kind == "integer" else f"{value:.6g}"
