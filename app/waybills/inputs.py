"""A file, or rows from memory, comes in; a relation that DuckDB can read goes out, with its
columns' types checked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from app.errors import ChengxinError
from app.waybills.columns import BY_NAME, FIELD_NAMES, Field, WrongColumns, check_names
from app.waybills.csvfile import (
    FAULT_COLUMNS,
    ROWS_PER_BATCH,
    CsvRows,
    Fault,
    UnreadableFile,
    build_batch,
)
from app.waybills.expressions import ColumnType
from app.waybills.personal import quote

EXPECTED = {
    "amount": "DECIMAL, a whole number, or DOUBLE (yuan)",
    "count": "a whole number",
    "weight": "a number (kilograms)",
    "volume": "a number (cubic metres)",
    "time": "TIMESTAMP or DATE",
}


@dataclass(frozen=True, slots=True)
class Input:
    """What one import reads: `relation` is SQL after FROM, `line` the SQL of the line number.

    `failure` gets the domain error that ended the reading, which the database would wrap.
    `types` has the column type of every known column that is there; `reader` has to be
    registered as `given_rows`.
    """

    name: str
    relation: str
    line: str
    types: dict[str, ColumnType]
    unknown: Sequence[str]
    has_faults: bool
    reader: pa.RecordBatchReader | None = None
    failure: list[ChengxinError] = field(default_factory=list)
    csv_rows: CsvRows | None = None

    def open(self, con: duckdb.DuckDBPyConnection) -> None:
        if self.reader is not None:
            con.register("given_rows", self.reader)

    def close(self) -> None:
        if self.csv_rows is not None:
            self.csv_rows.close()


def open_file(path: Path, encoding: str | None) -> Input:
    """A CSV or Parquet file, told apart by content. Raises UnreadableFile and WrongColumns."""
    if not path.is_file():
        raise UnreadableFile(f"{path}: there is no such file")
    with path.open("rb") as file:
        start = file.read(4)
    if start == b"PAR1" or (path.suffix.lower() in (".parquet", ".pq") and start != b""):
        return _open_parquet(path)
    rows = CsvRows(path, encoding)
    return _streamed(path.name, rows.schema, rows.batches(), rows.columns, rows.unknown, rows)


def open_rows(name: str, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Input:
    """Rows in memory, such as the body of a request:

    values are texts, numbers or null; `line` counts from 1.
    """
    unknown = check_names(name, list(columns))
    known = [column for column in FIELD_NAMES if column in columns]
    texts = [(column, pa.string()) for column in (*FAULT_COLUMNS, *known)]
    schema = pa.schema([("line", pa.int64()), *texts])
    return _streamed(name, schema, _row_batches(schema, known, rows), known, unknown, None)


def hash_file(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _streamed(
    name: str,
    schema: pa.Schema,
    batches: Iterator[pa.RecordBatch],
    columns: Sequence[str],
    unknown: Sequence[str],
    csv_rows: CsvRows | None,
) -> Input:
    failure: list[ChengxinError] = []

    def keep_failure() -> Iterator[pa.RecordBatch]:
        try:
            yield from batches
        except ChengxinError as error:
            failure.append(error)
            raise

    reader = pa.RecordBatchReader.from_batches(schema, keep_failure())
    types: dict[str, ColumnType] = dict.fromkeys(columns, "text")
    return Input(name, "given_rows", "line", types, unknown, True, reader, failure, csv_rows)


def _open_parquet(path: Path) -> Input:
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFile(
            f"{path.name}: is no readable Parquet file (cut off or damaged); send it again"
        ) from error
    unknown = check_names(path.name, schema.names)
    types: dict[str, ColumnType] = {}
    wrong: list[str] = []
    for name in schema.names:
        if name not in BY_NAME:
            continue
        found = schema.field(name).type
        kind = column_type(BY_NAME[name], found)
        if kind is None:
            expected = EXPECTED.get(BY_NAME[name].kind, "text")
            wrong.append(f"  column '{name}' is {found}; expected {expected}")
        else:
            types[name] = kind
    if wrong:
        raise WrongColumns(
            "\n".join([f"{path.name}: wrong column types, nothing was imported", *wrong])
        )
    literal = quote(_escape_glob(str(path.absolute())))
    relation = f"read_parquet({literal}, file_row_number = true, hive_partitioning = false)"
    return Input(path.name, relation, "file_row_number + 1", types, unknown, False)


def column_type(field: Field, found: pa.DataType) -> ColumnType | None:
    """How a Parquet column of this type is read for the field; None when it cannot be."""
    kinds = pa.types
    if kinds.is_null(found):
        return "absent"
    if kinds.is_dictionary(found):
        found = found.value_type
    if field.kind == "time":
        if kinds.is_timestamp(found):
            return "zoned" if found.tz is not None else "timestamp"
        return "date" if kinds.is_date(found) else None
    if field.kind in EXPECTED:
        if kinds.is_integer(found):
            return "integer"
        if kinds.is_decimal(found):
            return "cents" if found.scale <= 2 else "decimal"
        # 32 bits hold seven digits: an amount has already lost its fen there.
        single = kinds.is_float32(found) and field.kind != "amount"
        return "double" if kinds.is_float64(found) or single else None
    is_text = kinds.is_string(found) or kinds.is_large_string(found) or kinds.is_string_view(found)
    return "text" if is_text else None


def _row_batches(
    schema: pa.Schema, known: Sequence[str], rows: Iterable[Mapping[str, Any]]
) -> Iterator[pa.RecordBatch]:
    lines: list[int] = []
    columns: dict[str, list[Any]] = {name: [] for name in known}
    faults: dict[int, Fault] = {}
    for line, row in enumerate(rows, 1):
        position = len(lines)
        lines.append(line)
        for name in known:
            text = _as_text(row.get(name))
            if isinstance(text, Fault):
                faults.setdefault(position, Fault(text.code, name, text.value, text.reason))
                text = None
            columns[name].append(text)
        if len(lines) == ROWS_PER_BATCH:
            yield build_batch(schema, lines, columns, faults)
            lines, faults = [], {}
            columns = {name: [] for name in known}
    if lines:
        yield build_batch(schema, lines, columns, faults)


def _as_text(value: Any) -> str | Fault | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return Fault("WRONG_TYPE", None, None, "must be a text, a number or null")
    if isinstance(value, float):
        # Positional notation, because 1e-05 is how a float is printed and not how an
        # amount is written.
        return f"{value:.6f}".rstrip("0").rstrip(".") if value == value else "NaN"
    text = value if isinstance(value, str) else str(value) if abs(value) < 10**30 else "too large"
    if "\0" in text:
        return Fault("NUL", None, None, "has a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        return Fault("ENCODING", None, None, "has characters that are no text")
    return text


def hash_rows(rows: Sequence[Mapping[str, Any]]) -> str:
    """SHA-256 over the rows as canonical JSON, so that the same batch again is known."""
    text = json.dumps(rows, ensure_ascii=True, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _escape_glob(path: str) -> str:
    return "".join(f"[{char}]" if char in "*?[" else char for char in path)
