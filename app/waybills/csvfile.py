"""A CSV file of an unknown encoding comes in; Arrow batches of texts with exact line numbers go
out, streaming.

What cannot be read as a row (too many or few fields, NUL, a broken quote, damaged characters, a
line of megabytes) becomes a
row of nulls with a fault, for the quarantine. What makes the rest of the file unreadable
refuses the file.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import pyarrow as pa

from app.errors import ChengxinError
from app.waybills.columns import BY_NAME, check_names

ROWS_PER_BATCH = 20_000
LONGEST_LINE = 200_000  # characters; a waybill has some hundreds
MOST_LINES_PER_RECORD = 50  # a quote that is open for longer was never closed
CHUNK = 1 << 20
FAULT_COLUMNS = ("fault_code", "fault_field", "fault_value", "fault_reason")
ENCODINGS = ("utf-8", "gb18030", "gbk", "gb2312")


class UnreadableFile(ChengxinError):
    """The file cannot be read as waybills at all; the message says where and what to do."""


class _LineTooLong(Exception):
    """A line beyond LONGEST_LINE; the rest of it has been skipped."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a record of the file is no row."""

    code: str
    field: str | None
    value: str | None
    reason: str


def detect_encoding(path: Path) -> str:
    """`utf-8` or `gb18030` (which contains GBK), judged over the whole file in bounded memory.

    A UTF-8 file with a few damaged bytes is still UTF-8. Raises UnreadableFile for UTF-16 and
    for other binary content.
    """
    damaged = 0
    wide = 0
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    with path.open("rb") as file:
        start = file.read(4)
        if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            raise UnreadableFile(f"{path.name}: is UTF-16; save it as CSV in UTF-8 or GBK")
        if start == b"PAR1":
            raise UnreadableFile(f"{path.name}: is a Parquet file; give it a name in .parquet")
        if start == b"PK\x03\x04" or start == b"\xd0\xcf\x11\xe0":
            raise UnreadableFile(f"{path.name}: is an Excel workbook; save it as CSV in UTF-8")
        file.seek(0)
        while chunk := file.read(CHUNK):
            if chunk.isascii() and not damaged and not wide:
                continue
            text = decoder.decode(chunk)
            damaged += text.count("\ufffd")
            wide += sum(1 for char in text if char > "\x7f") if damaged else not text.isascii()
    return "utf-8" if damaged == 0 or wide > 10 * damaged else "gb18030"


class CsvRows:
    """One reading of a CSV file: the header is read and checked at once, the rows by `batches()`.

    Raises UnreadableFile and WrongColumns. `unknown` has the columns that are ignored.
    """

    def __init__(self, path: Path, encoding: str | None) -> None:
        self.name = path.name
        self.encoding = encoding or detect_encoding(path)
        if self.encoding not in ENCODINGS:
            raise UnreadableFile(
                f"encoding '{self.encoding}' is not known here; write one of {', '.join(ENCODINGS)}"
            )
        codec = "utf-8-sig" if self.encoding == "utf-8" else "gb18030"
        # surrogateescape keeps the place of a damaged byte; such a row goes to quarantine.
        self._file: TextIO = path.open(encoding=codec, errors="surrogateescape", newline="")
        self._lines = _Lines(self._file)
        csv.field_size_limit(LONGEST_LINE)
        self._reader = csv.reader(self._lines, strict=True)
        self.header = self._read_header()
        self.unknown = check_names(self.name, self.header)
        self._wanted = [(i, name) for i, name in enumerate(self.header) if name in BY_NAME]
        self.columns = tuple(name for _, name in self._wanted)

    def close(self) -> None:
        self._file.close()

    @property
    def schema(self) -> pa.Schema:
        """line INT64, the fault columns, then the known columns, all as texts."""
        texts = [(name, pa.string()) for name in (*FAULT_COLUMNS, *self.columns)]
        return pa.schema([("line", pa.int64()), *texts])

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Batches of at most ROWS_PER_BATCH rows in file order."""
        width = len(self.header)
        lines: list[int] = []
        rows: list[list[str]] = []
        faults: dict[int, Fault] = {}
        blank = [""] * width
        for line, row in self._records():
            if isinstance(row, Fault):
                faults[len(rows)] = row
                row = blank
            elif len(row) != width:
                reason = f"has {len(row)} fields where the header has {width}"
                faults[len(rows)] = Fault("FIELD_COUNT", None, None, reason)
                row = blank
            lines.append(line)
            rows.append(row)
            if len(rows) == ROWS_PER_BATCH:
                yield self._batch(lines, rows, faults)
                lines, rows, faults = [], [], {}
        if rows:
            yield self._batch(lines, rows, faults)

    def _batch(
        self, lines: list[int], rows: list[list[str]], faults: dict[int, Fault]
    ) -> pa.RecordBatch:
        return build_batch(
            self.schema,
            lines,
            {
                name: column
                for (_, name), column in zip(
                    self._wanted,
                    ([row[index] for row in rows] for index, _ in self._wanted),
                    strict=True,
                )
            },
            faults,
        )

    def _read_header(self) -> list[str]:
        try:
            header = next(self._reader, None)
        except (_LineTooLong, csv.Error) as error:
            raise UnreadableFile(f"{self.name}:1: the header line cannot be read") from error
        if header is None:
            raise UnreadableFile(f"{self.name}: is empty; the first line must name the columns")
        if len(header) == 1 and any(mark in header[0] for mark in "\t;|"):
            raise UnreadableFile(
                f"{self.name}:1: fields are not parted by commas; export with ',' as separator"
            )
        return [name.strip(" \ufeff\u3000") for name in header]

    def _records(self) -> Iterator[tuple[int, list[str] | Fault]]:
        """(line on which the record starts, fields or fault); blank lines are passed over."""
        while True:
            start = self._lines.number + 1
            try:
                row = next(self._reader)
            except StopIteration:
                return
            except _LineTooLong:
                reason = f"has a line of more than {LONGEST_LINE} characters"
                yield start, Fault("TOO_LONG", None, None, reason)
                continue
            except csv.Error as error:
                self._check_open_quote(start, error)
                yield start, Fault("CSV_SYNTAX", None, None, f"is no CSV record: {_explain(error)}")
                continue
            if not row:
                continue
            if self._lines.number - start >= MOST_LINES_PER_RECORD:
                raise self._unclosed(start)
            if self._lines.damaged_at and self._lines.damaged_at >= start:
                yield start, _find_damage(self.header, row)
                continue
            yield start, row

    def _check_open_quote(self, start: int, error: csv.Error) -> None:
        if "unexpected end of data" in str(error):
            raise self._unclosed(start)
        if self._lines.number - start >= MOST_LINES_PER_RECORD:
            raise self._unclosed(start)

    def _unclosed(self, start: int) -> UnreadableFile:
        return UnreadableFile(
            f'{self.name}:{start}: a quote (") is opened in the record that starts on this line'
            " and not closed; close it or write it twice"
        )


class _Lines:
    """Lines of a text file for the CSV reader; `number` is the last one read, `damaged_at` the
    last unclean one.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.number = 0
        self.damaged_at = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._file.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) == LONGEST_LINE and not line.endswith(("\n", "\r")):
            while (rest := self._file.readline(CHUNK)) and not rest.endswith(("\n", "\r")):
                pass
            raise _LineTooLong
        if "\0" in line or not (line.isascii() or _is_clean(line)):
            self.damaged_at = self.number
        return line


def build_batch(
    schema: pa.Schema, lines: list[int], columns: dict[str, list[str]], faults: dict[int, Fault]
) -> pa.RecordBatch:
    """An Arrow batch of the schema of `CsvRows.schema`; `faults` by position in the batch."""
    size = len(lines)
    arrays: list[pa.Array] = [pa.array(lines, pa.int64())]
    for name in FAULT_COLUMNS:
        if faults:
            attribute = name.removeprefix("fault_")
            values = [getattr(faults[i], attribute) if i in faults else None for i in range(size)]
            arrays.append(pa.array(values, pa.string()))
        else:
            arrays.append(pa.nulls(size, pa.string()))
    arrays += [pa.array(columns[field.name], pa.string()) for field in list(schema)[5:]]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _is_clean(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _find_damage(header: list[str], row: list[str]) -> Fault:
    """Name the first field with a NUL or with bytes that are no character; personal values are not
    repeated.
    """
    for name, value in zip(header, row, strict=False):
        nul = "\0" in value
        if nul or not _is_clean(value):
            shown = value.replace("\0", "\u2400").encode("utf-8", "replace").decode()[:200]
            field = BY_NAME.get(name)
            personal = field is None or field.is_personal
            reason = (
                "has a NUL character" if nul else "has bytes that are no text; check --encoding"
            )
            return Fault(
                "NUL" if nul else "ENCODING", name[:60], None if personal else shown, reason
            )
    return Fault("ENCODING", None, None, "has bytes that are no text; check --encoding")


def _explain(error: csv.Error) -> str:
    text = str(error)
    if "expected after" in text:
        return "text follows a closing quote"
    if "field larger" in text:
        return f"a field has more than {LONGEST_LINE} characters"
    return text
