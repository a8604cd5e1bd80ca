"""Snapshots in the lake: tables of blocks come in; an immutable Parquet file and its provenance go
out, visible together or not at all.

`lake/features/as_of=D/<id>.parquet` is written first and `<id>.json` last, each under another name
until it is whole: the JSON is the commit.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from app.errors import ChengxinError
from app.features.catalogue import FeatureCatalogue
from app.features.content import ContentHash, iter_texts
from app.features.ports import FeatureTexts, SnapshotMeta
from app.waybills.inputs import hash_file


class NoSnapshot(ChengxinError):
    """There is no snapshot of that day; the message says how to build one."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A committed snapshot: where it lies and what its provenance says."""

    path: Path
    provenance: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.provenance["id"])

    @property
    def meta(self) -> SnapshotMeta:
        """What publishing needs to know."""
        told = self.provenance
        return SnapshotMeta(
            id=self.id,
            as_of=date.fromisoformat(told["as_of"]),
            cut_off_at=datetime.fromisoformat(told["cut_off_at"]),
            built_at=datetime.fromisoformat(told["built_at"]),
            merchant_count=told["counts"]["merchants"],
            catalogue_sha256=told["catalogue_sha256"],
            content_sha256=told["content_sha256"],
            provenance_json=json.dumps(told, ensure_ascii=False, sort_keys=True),
        )

    def read(self) -> pa.Table:
        """The whole snapshot, in the order of merchant_id."""
        return pq.read_table(self.path, partitioning=None)

    def texts(self) -> Iterator[FeatureTexts]:
        """Rows for look-up, a row group at a time."""
        with pq.ParquetFile(self.path) as file:
            for group in range(file.num_row_groups):
                yield from iter_texts(file.read_row_group(group))

    def find(self, merchant_id: str) -> dict[str, Any] | None:
        """One merchant's row; None where the snapshot has no such merchant."""
        found = pq.read_table(
            self.path, filters=[("merchant_id", "=", merchant_id)], partitioning=None
        ).to_pylist()
        return found[0] if found else None

    def hash_content(self) -> str:
        """The content hash, computed again from the file; equals `content_sha256` of the
        provenance.
        """
        content = ContentHash()
        with pq.ParquetFile(self.path) as file:
            for group in range(file.num_row_groups):
                content.add(file.read_row_group(group))
        return content.hexdigest()


def snapshot_folder(lake: Path, as_of: date) -> Path:
    """Where the snapshots of a day lie."""
    return lake / "features" / f"as_of={as_of.isoformat()}"


def list_snapshots(lake: Path, as_of: date | None = None) -> list[Snapshot]:
    """Committed snapshots, of one day or of all, by as-of day and then by when they were built."""
    day = as_of.isoformat() if as_of else "*"
    found = []
    for told in (lake / "features").glob(f"as_of={day}/*.json"):
        if not told.name.startswith("."):
            found.append(
                Snapshot(told.with_suffix(".parquet"), json.loads(told.read_text("utf-8")))
            )
    return sorted(found, key=lambda s: (s.provenance["as_of"], s.provenance["built_at"], s.id))


def mark_current(lake: Path, snapshot: Snapshot) -> None:
    """Make a snapshot the one of its day: what the last build gave, though it may have stood before
    others of that day were built.
    """
    path = _current_place(lake, snapshot.provenance["as_of"])
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    draft.write_text(json.dumps({"id": snapshot.id}) + "\n", "utf-8")
    draft.replace(path)


def _current_place(lake: Path, day: str) -> Path:
    return lake / "features" / "current" / f"{day}.json"


def _find_current(lake: Path, as_of: date, found: list[Snapshot]) -> Snapshot | None:
    try:
        told = json.loads(_current_place(lake, as_of.isoformat()).read_text("utf-8"))
        return next((one for one in found if one.id == told["id"]), None)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def find_snapshot(lake: Path, as_of: date, snapshot_id: str | None = None) -> Snapshot:
    """The snapshot that the last build of a day gave, or the one with this id.

    Raises NoSnapshot.
    """
    found = list_snapshots(lake, as_of)
    if snapshot_id is not None:
        for one in found:
            if one.id == snapshot_id:
                return one
        raise NoSnapshot(
            f"no snapshot {snapshot_id} as of {as_of}; chengxin features list has those there are"
        )
    if not found:
        days = sorted({s.provenance["as_of"] for s in list_snapshots(lake)})
        known = f"; there are snapshots of {', '.join(days[-5:])}" if days else ""
        raise NoSnapshot(
            f"no feature snapshot as of {as_of}; run chengxin features build --as-of {as_of}{known}"
        )
    return _find_current(lake, as_of, found) or found[-1]


def snapshot_id(provenance: Mapping[str, Any], content_sha256: str) -> str:
    """The id that a snapshot of this content has."""
    inputs = [content_sha256, provenance["catalogue_sha256"], provenance["imports"]]
    digest = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
    return f"{provenance['as_of'].replace('-', '')}-{digest[:16]}"


def hash_provenance(told: Mapping[str, Any]) -> str:
    """The hash of all that a provenance says, but for this hash itself."""
    content = {key: value for key, value in told.items() if key != "provenance_sha256"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


class SnapshotDraft:
    """A snapshot being written: add tables in the order of merchants, then commit. Leaving without
    a commit leaves nothing visible.
    """

    def __init__(self, lake: Path, as_of: date, catalogue: FeatureCatalogue) -> None:
        self.folder = snapshot_folder(lake, as_of)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.content = ContentHash()
        self.merchants = 0
        self._path = self.folder / f".{os.getpid()}.parquet.tmp"
        self._writer = pq.ParquetWriter(self._path, catalogue.schema, compression="zstd")

    def __enter__(self) -> SnapshotDraft:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._writer.close()
        self._path.unlink(missing_ok=True)

    def add(self, table: pa.Table) -> None:
        """Write the next merchants."""
        self._writer.write_table(table)
        self.content.add(table)
        self.merchants += table.num_rows

    def commit(
        self, provenance: dict[str, Any], beside: Mapping[str, str] | None = None
    ) -> tuple[Snapshot, bool]:
        """Make the snapshot visible; False beside it when the same content from the same inputs
        stood there already.

        `provenance` holds everything but id and content hash; its `catalogue_sha256` and `imports`
        are part of the id. `beside` are texts that stand with it, by the ending of their file.
        """
        self._writer.close()
        content_sha256 = self.content.hexdigest()
        told = {
            "id": snapshot_id(provenance, content_sha256),
            "content_sha256": content_sha256,
            "file_sha256": hash_file(self._path),
            **provenance,
        }
        told["provenance_sha256"] = hash_provenance(told)
        path = self.folder / f"{told['id']}.parquet"
        standing = _read_whole(path)
        if standing is not None:
            return standing, False
        for ending, text in (beside or {}).items():
            draft = self.folder / f".{os.getpid()}{ending}.tmp"
            draft.write_text(text, "utf-8")
            _move(draft, self.folder / f"{told['id']}{ending}")
        _move(self._path, path)
        draft = self._path.with_suffix(".json")
        draft.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", "utf-8")
        _move(draft, path.with_suffix(".json"))
        return Snapshot(path, told), True


def _read_whole(path: Path) -> Snapshot | None:
    """The snapshot of this file, if it stands there whole; a damaged one is written again."""
    try:
        told = json.loads(path.with_suffix(".json").read_text("utf-8"))
        is_whole = told.get("file_sha256") in (None, hash_file(path))
    except (OSError, ValueError, AttributeError):
        return None
    return Snapshot(path, told) if is_whole else None


def sweep_drafts(lake: Path, as_of: date) -> None:
    """Remove what killed builds left in a day's folder: drafts, and files that no JSON commits.
    The caller holds the build lock.
    """
    for path in snapshot_folder(lake, as_of).glob("*"):
        commit = path.with_name(f"{path.name.split('.')[0]}.json")
        if path.name.startswith(".") or not commit.exists():
            path.unlink(missing_ok=True)


def _move(draft: Path, path: Path) -> None:
    for target in (draft, draft.parent):
        descriptor = os.open(target, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if target is draft:
            draft.replace(path)
