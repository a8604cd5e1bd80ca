"""Where measures and reports lie: `lake/quality/`. Measures are derived from the lake's files, so
what is missing is made; reports are written once and never changed.

`measures/<import_id>.days.parquet` and `.values.parquet` are those of one import. When there are
many, they are packed into one file of each kind, which names its imports.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from app.quality.columns import MEASURES
from app.quality.measure import measure_days, measure_values, open_engine
from app.waybills.lake import ImportEntry, Manifest, sync_file, sync_folder

KINDS = ("days", "values")
MOST_FILES = 64  # of single imports, before they are packed
# Measures of another list are not read: they are made anew from the lake.
FORMAT = hashlib.sha256(json.dumps([1, *MEASURES]).encode()).hexdigest()[:8]

Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Measures:
    """The files that hold the measures of some imports (of packs also those of others)."""

    days: tuple[Path, ...]
    values: tuple[Path, ...]
    imports: tuple[str, ...]


class QualityStore:
    """The folder `lake/quality` of a lake."""

    def __init__(self, lake: Path, memory_limit_mb: int) -> None:
        self.lake = lake
        self.folder = lake / "quality"
        self.measures = self.folder / f"measures-{FORMAT}"
        self.memory_limit_mb = memory_limit_mb

    def gather(
        self,
        manifest: Manifest,
        imports: Sequence[ImportEntry],
        tell: Tell = lambda done, total: None,
    ) -> Measures:
        """The measures of these imports, made where they are not there yet."""
        wanted = [entry for entry in imports if entry.new]
        with self._lock():
            packs = self._list_packs()
            packed = {one for ids in packs.values() for one in ids}
            lacking = [
                entry
                for entry in wanted
                if entry.id not in packed and not self._single(entry.id, KINDS[-1]).exists()
            ]
            for done, entry in enumerate(lacking):
                tell(done, len(lacking))
                self._measure(manifest, entry)
            singles = [entry.id for entry in wanted if entry.id not in packed]
            if len(singles) > MOST_FILES:
                self._pack(singles, packs)
                packs, singles = self._list_packs(), []
            ids = tuple(entry.id for entry in wanted)
            days, values = (
                tuple(
                    [self._pack_path(name, kind) for name in packs]
                    + [self._single(one, kind) for one in singles]
                )
                for kind in KINDS
            )
            return Measures(days, values, ids)

    def write_import_report(self, import_id: str, report: dict[str, Any]) -> Path:
        """Keep the report of an import; one that is there stays."""
        return self._write_once(self.folder / f"{import_id}.json", report)

    def write_build_report(self, report: dict[str, Any]) -> Path:
        """Keep the report of a build or a check; the same report is kept once."""
        digest = hashlib.sha256(_canonical({**report, "made_at": None})).hexdigest()[:12]
        name = f"{report['snapshot'] or report['as_of']}-{digest}.json"
        return self._write_once(self.folder / "builds" / name, report)

    def read_import_report(self, import_id: str) -> dict[str, Any] | None:
        """The report of an import, None where none was written."""
        return _read(self.folder / f"{import_id}.json")

    def list_import_reports(self) -> list[dict[str, Any]]:
        """All reports of imports, oldest import first."""
        found = (_read(path) for path in sorted(self.folder.glob("[0-9]*.json")))
        return [one for one in found if one is not None]

    def list_build_reports(self, as_of: str | None = None) -> list[dict[str, Any]]:
        """All reports of builds and checks, or those of a day, by day and then by time."""
        found = [_read(path) for path in (self.folder / "builds").glob("*.json")]
        kept = [one for one in found if one and as_of in (None, one["as_of"])]
        return sorted(kept, key=lambda one: (one["as_of"], one["made_at"]))

    def _measure(self, manifest: Manifest, entry: ImportEntry) -> None:
        files = [
            self.lake / name
            for month in entry.months
            for name in manifest.months.get(month, ())
            if Path(name).stem == entry.id
        ]
        with open_engine(self.memory_limit_mb, self.folder / ".spill") as engine:
            for kind, measure in zip(KINDS, (measure_days, measure_values), strict=True):
                table = measure(engine, files, entry.id, entry.source)
                _write_table(table, self._single(entry.id, kind))

    def _pack(self, singles: Sequence[str], packs: dict[str, list[str]]) -> None:
        """One pack of all packs and single files, then these go."""
        ids = sorted({*singles, *(one for known in packs.values() for one in known)})
        name = f"{len(ids):06d}-{hashlib.sha256(json.dumps(ids).encode()).hexdigest()[:12]}"
        for kind in reversed(KINDS):  # the file of days is the commit
            old = [self._pack_path(known, kind) for known in packs]
            old += [self._single(one, kind) for one in singles]
            table = pa.concat_tables([pq.read_table(path) for path in old])
            table = table.replace_schema_metadata({"imports": json.dumps(ids)})
            _write_table(table.sort_by([("source", "ascending"), ("day", "ascending")]),
                         self._pack_path(name, kind))  # fmt: skip
        for kind in KINDS:
            for known in packs:
                self._pack_path(known, kind).unlink(missing_ok=True)
            for one in singles:
                self._single(one, kind).unlink(missing_ok=True)

    def _list_packs(self) -> dict[str, list[str]]:
        """The newest whole pack and its imports; what a killed packing left beside it goes."""
        paths = sorted(self.measures.glob("pack-*.days.parquet"))
        for path in paths[:-1]:
            for kind in KINDS:
                path.with_name(path.name.replace(".days.", f".{kind}.")).unlink(missing_ok=True)
        if not paths:
            return {}
        name = paths[-1].name.removeprefix("pack-").removesuffix(".days.parquet")
        metadata = pq.read_schema(paths[-1]).metadata
        return {name: json.loads(metadata[b"imports"])}

    def _single(self, import_id: str, kind: str) -> Path:
        return self.measures / f"{import_id}.{kind}.parquet"

    def _pack_path(self, name: str, kind: str) -> Path:
        return self.measures / f"pack-{name}.{kind}.parquet"

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        self.measures.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _write_once(self, path: Path, report: dict[str, Any]) -> Path:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f".{path.name}.{os.getpid()}")
            draft.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", "utf-8")
            sync_file(draft)
            draft.replace(path)
            sync_folder(path.parent)
        return path


def _write_table(table: pa.Table, path: Path) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    pq.write_table(table, draft, compression="zstd")
    draft.replace(path)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    return found


def _canonical(report: dict[str, Any]) -> bytes:
    return json.dumps(report, ensure_ascii=False, sort_keys=True).encode()
