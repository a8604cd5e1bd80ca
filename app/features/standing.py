"""Which snapshot stands for which inputs: a hash of inputs comes in; the snapshot that was built
from them goes out, so that nothing is computed twice.

`lake/features/inputs/<hash>.json` names the snapshot. It is an index and no more: without it a
build computes again and comes to the same snapshot. Snapshots themselves never change.
"""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

from app.features.snapshots import Snapshot, snapshot_folder


def find_standing(lake: Path, as_of: date, inputs_sha256: str) -> Snapshot | None:
    """The committed snapshot of a day that was built from these inputs; None where none is known,
    or where it is not there whole any more.
    """
    told = _read(_place(lake, inputs_sha256))
    if told is None or told.get("as_of") != as_of.isoformat():
        return None
    path = snapshot_folder(lake, as_of) / f"{told.get('id')}.parquet"
    provenance = _read(path.with_suffix(".json"))
    if provenance is None or not path.is_file():
        return None
    is_same = provenance.get("content_sha256") == told.get("content_sha256")
    return Snapshot(path, provenance) if is_same else None


def note_standing(lake: Path, inputs_sha256: str, snapshot: Snapshot) -> None:
    """Note which snapshot these inputs gave."""
    path = _place(lake, inputs_sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = ("id", "as_of", "content_sha256")
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    draft.write_text(json.dumps({key: snapshot.provenance[key] for key in kept}) + "\n", "utf-8")
    draft.replace(path)


def noted_snapshots(lake: Path) -> dict[str, str]:
    """The id of every snapshot that was ever noted, with its day."""
    found = {}
    for path in (lake / "features" / "inputs").glob("*.json"):
        told = _read(path)
        if told is not None and not path.name.startswith("."):
            found[str(told.get("id"))] = str(told.get("as_of"))
    return found


def _place(lake: Path, inputs_sha256: str) -> Path:
    return lake / "features" / "inputs" / f"{inputs_sha256}.json"


def _read(path: Path) -> dict[str, Any] | None:
    try:
        told = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None
