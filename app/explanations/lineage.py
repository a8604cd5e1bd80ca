"""A record's snapshot, its provenance and the lake as it is now come in; the lineage of the data
goes out: the snapshot, and each imported file with its hash, its arrival and where it lies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from app.decisions.decide import SHANGHAI
from app.waybills.lake import Lake, LakeDamaged

Json = dict[str, Any]
KEYS = ("content_sha256", "catalogue_sha256", "calendar_sha256", "cut_off_at", "built_at")
NOT_IN_LAKE = "not in the lake any more"
OTHER_IMPORT = "the lake has another import under this id"


@dataclass(frozen=True, slots=True)
class KeptImport:
    """An import as the lake has it now. `waybill_files` are relative to the lake."""

    sha256: str
    arrived_at: str
    waybill_files: tuple[str, ...]


def read_imports(lake: Path) -> dict[str, KeptImport]:
    """The imports that the lake's manifest names, by id; none where there is no lake to read."""
    try:
        manifest = Lake(lake).manifest()
    except (LakeDamaged, OSError):
        return {}
    files: dict[str, list[str]] = {entry.id: [] for entry in manifest.imports}
    for names in manifest.months.values():
        for name in names:
            files.get(Path(name).stem, []).append(str(name))
    return {
        entry.id: KeptImport(entry.sha256, entry.arrived_at, tuple(sorted(files[entry.id])))
        for entry in manifest.imports
    }


def tell_lineage(
    snapshot: Mapping[str, Any] | None,
    provenance: Mapping[str, Any] | None,
    kept: Mapping[str, KeptImport],
) -> Json | None:
    """None where the merchant was in no snapshot."""
    if snapshot is None:
        return None
    told: Json = {"snapshot": dict(snapshot), "provenance_known": bool(provenance)}
    if not provenance:
        return told
    arrivals = provenance.get("arrivals", {})
    known = {key: provenance[key] for key in KEYS if key in provenance}
    return told | {
        **{key: _zoned(value) if key == "cut_off_at" else value for key, value in known.items()},
        "counts": provenance.get("counts"),
        "imports": [
            _tell_import(one, arrivals.get(one["id"]), kept.get(one["id"]))
            for one in provenance.get("imports", [])
        ],
    }


def _tell_import(one: Mapping[str, Any], arrived_at: str | None, found: KeptImport | None) -> Json:
    if found is not None and found.sha256 != one["sha256"]:
        return {**one, "arrived_at": _zoned(arrived_at), "lake": OTHER_IMPORT}
    if found is None:
        return {**one, "arrived_at": _zoned(arrived_at), "lake": NOT_IN_LAKE}
    return {
        **one,
        "arrived_at": _zoned(arrived_at or found.arrived_at),
        "lake": "there",
        "waybill_files": list(found.waybill_files),
    }


def _zoned(local: str | None) -> str | None:
    """A time of the lake, which is local, with its zone."""
    if not local:
        return None
    at = datetime.fromisoformat(local)
    return at.isoformat() if at.tzinfo else at.replace(tzinfo=SHANGHAI).isoformat()
