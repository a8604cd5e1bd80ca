"""`rulesets/reference/distances.csv` comes in; the road distance of lanes, and the least time that
goods need on them, go out. The file is optional.

A CSV file in UTF-8 with the columns `origin` (a town or an outlet, as waybills name it),
`destination` and `km`. A lane counts both ways unless the other way stands in the file itself.
Other columns are for people.
"""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

import duckdb
import pyarrow as pa

from app.features.reference_errors import BadReferenceList, refuse
from app.waybills.columns import LONGEST_TEXT

COLUMNS = ("origin", "destination", "km")
FASTEST_KM_AN_HOUR = 80
HANDLING_SECONDS = 2 * 3600
MOST_KM = 20_000


@dataclass(frozen=True, slots=True)
class Distances:
    """Metres by (origin, destination) as the file says them; `sha256` is of the file."""

    metres: dict[tuple[str, str], int]
    sha256: str

    def least_seconds(self) -> dict[tuple[str, str], int]:
        """What goods need at least on each lane, both ways: km ÷ 80 hours and 2 hours."""
        both = {(end, start): metres for (start, end), metres in self.metres.items()} | self.metres
        a_second = FASTEST_KM_AN_HOUR * 1000
        return {
            lane: -(-metres * 3600 // a_second) + HANDLING_SECONDS for lane, metres in both.items()
        }


def load_distances(path: Path) -> Distances | None:
    """The file's distances; None without a file. Raises BadReferenceList with all that is wrong."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadReferenceList(f"{path}: cannot be read: {error.strerror}") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadReferenceList(f"{path}: is not UTF-8 (byte {error.start}); save it so") from error
    return Distances(_read_rows(path, text), hashlib.sha256(content).hexdigest())


def _read_rows(path: Path, text: str) -> dict[tuple[str, str], int]:
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="")
    header = [name.strip() for name in reader.fieldnames or ()]
    if not set(COLUMNS) <= set(header) or len(header) != len(set(header)):
        raise BadReferenceList(f"{path}: line 1: write the header origin,destination,km, each once")
    reader.fieldnames = header
    found: dict[tuple[str, str], int] = {}
    lines: dict[tuple[str, str], int] = {}
    wrong: list[str] = []
    try:
        for row in reader:
            line = reader.line_num
            start, end, km = ((row.get(name) or "").strip() for name in COLUMNS)
            if not any(row.values()):
                continue
            metres = _read_metres(km)
            if not start or not end or max(len(start), len(end)) > LONGEST_TEXT:
                wrong.append(
                    f"line {line}: origin and destination must have 1 to {LONGEST_TEXT} characters"
                )
            elif metres is None:
                wrong.append(
                    f"line {line}: km '{km[:20]}' is no distance; write kilometres from 0.1 to"
                    f" {MOST_KM:,} with at most one decimal, such as 480"
                )
            elif lines.setdefault((start, end), line) != line:
                wrong.append(
                    f"line {line}: {start[:20]} to {end[:20]} stands in line {lines[start, end]}"
                    " already; keep one"
                )
            else:
                found[start, end] = metres
    except csv.Error as error:
        wrong.append(f"line {reader.line_num}: is no CSV: {error}")
    refuse(path, wrong)
    return found


def _read_metres(text: str) -> int | None:
    try:
        metres = Decimal(text) * 1000
    except InvalidOperation:
        return None
    if not metres.is_finite() or metres % 100 or not 100 <= metres <= MOST_KM * 1000:
        return None
    return int(metres)


def open_distances(connection: duckdb.DuckDBPyConnection, distances: Distances | None) -> None:
    """Make the table `distances` (origin, destination, least_seconds): keys of both ends."""
    found = distances.least_seconds() if distances is not None else {}
    told = pa.table(
        {
            "origin": pa.array([start for start, _ in found], pa.string()),
            "destination": pa.array([end for _, end in found], pa.string()),
            "least_seconds": pa.array(found.values(), pa.int64()),
        }
    )
    connection.register("told_distances", told)
    connection.execute(
        "create or replace table distances as select key_of(origin) as origin,"
        " key_of(destination) as destination, least_seconds from told_distances"
    )
    connection.unregister("told_distances")
