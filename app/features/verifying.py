"""Whether snapshots are what their provenance says: a lake comes in; what is damaged, and where,
goes out. Everything is read and hashed again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from app.features.season_file import ENDING
from app.features.snapshots import Snapshot, hash_provenance, snapshot_id
from app.features.standing import noted_snapshots
from app.waybills.inputs import hash_file
from app.waybills.lake import Lake

NEEDED = ("id", "as_of", "content_sha256", "catalogue_sha256", "features", "imports", "counts")


@dataclass(frozen=True, slots=True)
class Verified:
    """A snapshot, named by its file in the lake, and what is wrong with it."""

    as_of: str
    id: str
    path: Path
    faults: list[str]


def list_files(lake: Path, as_of: date | None) -> list[Path]:
    """What is to be verified: the provenance file of each snapshot, and tables without one."""
    day = as_of.isoformat() if as_of else "*"
    found = [p for p in (lake / "features").glob(f"as_of={day}/*.json") if p.name[0] != "."]
    committed = {path.with_suffix(".parquet") for path in found}
    tables = (lake / "features").glob(f"as_of={day}/*.parquet")
    alone = [path for path in tables if path.name[0] != "." and path not in committed]
    return sorted([*found, *alone])


def verify_files(lake: Path, files: list[Path]) -> Iterator[Verified]:
    """Verify one after the other, as they are asked for."""
    ledger = {entry.id: entry.sha256 for entry in Lake(lake).imports()}
    for path in files:
        day = path.parent.name.removeprefix("as_of=")
        try:
            faults = list(_find_faults(path, ledger))
        except (OSError, pa.ArrowException) as error:
            faults = [f"cannot be read: {str(error).splitlines()[0][:200]}"]
        yield Verified(day, path.stem, path, faults)


def find_lost(lake: Path, as_of: date | None) -> list[tuple[str, str]]:
    """(day, id) of snapshots that were built and whose provenance is not there any more."""
    day = as_of.isoformat() if as_of else None
    there = {path.stem for path in (lake / "features").glob("as_of=*/*.json")}
    noted = noted_snapshots(lake).items()
    return sorted((on, id_) for id_, on in noted if id_ not in there and on == (day or on))


def _find_faults(path: Path, ledger: dict[str, str]) -> Iterator[str]:
    if path.suffix == ".parquet":
        yield "has no provenance: a killed build left it, or its .json file was removed"
        return
    told = _read_provenance(path)
    if isinstance(told, str):
        yield told
        return
    if told["id"] != path.stem or told["as_of"] != path.parent.name.removeprefix("as_of="):
        yield f"the provenance is of another snapshot, {told['id']} as of {told['as_of']}"
    if snapshot_id(told, told["content_sha256"]) != told["id"]:
        yield "the provenance was changed: its id does not follow from hashes and imports"
    elif told.get("provenance_sha256") not in (None, hash_provenance(told)):
        yield "the provenance was changed: it has not the SHA-256 that it names"
    yield from _find_table_faults(Snapshot(path.with_suffix(".parquet"), told))
    yield from _find_season_faults(path, told)
    for one in told["imports"]:
        if one["id"] not in ledger:
            yield f"import {one['id']} ({one['file']}) is not in the lake any more"
        elif ledger[one["id"]] != one["sha256"]:
            yield f"import {one['id']} in the lake is of another file than {one['file']}"


def _read_provenance(path: Path) -> dict[str, Any] | str:
    try:
        told = json.loads(path.read_text("utf-8"))
    except ValueError:
        return "the provenance is no JSON"
    if not isinstance(told, dict):
        return "the provenance is no JSON object"
    absent = [name for name in NEEDED if name not in told]
    return f"the provenance lacks {', '.join(absent)}" if absent else told


def _find_table_faults(snapshot: Snapshot) -> Iterator[str]:
    if not snapshot.path.is_file():
        yield "the table is missing"
        return
    with pq.ParquetFile(snapshot.path) as file:
        names, rows = file.schema_arrow.names, file.metadata.num_rows
    told = snapshot.provenance
    if names != ["merchant_id", *told["features"], "missing"]:
        yield "the table has other columns than the provenance names"
    if rows != told["counts"]["merchants"]:
        yield f"the table has {rows} merchants, the provenance says {told['counts']['merchants']}"
    if told.get("file_sha256") not in (None, hash_file(snapshot.path)):
        yield "the file of the table was changed: its SHA-256 is not the provenance's"
    found = snapshot.hash_content()
    if found != told["content_sha256"]:
        yield f"content SHA-256 is {found}, the provenance says {told['content_sha256']}"


def _find_season_faults(path: Path, told: dict[str, Any]) -> Iterator[str]:
    if "season" not in told:
        return
    season = path.with_name(f"{path.stem}{ENDING}")
    if not season.is_file():
        yield f"{season.name} is missing"
    elif hashlib.sha256(season.read_bytes()).hexdigest() != told["season"]["sha256"]:
        yield f"{season.name} was changed: its SHA-256 is not the provenance's"
