"""The lake's manifest: which waybill files count, and the ledger of imports.

Replaced whole, so an import shows wholly or not at all.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from app.errors import ChengxinError

FORMAT = 1


class LakeBusy(ChengxinError):
    """Another import is writing."""


class LakeDamaged(ChengxinError):
    """The manifest cannot be read, or names a file that is not there."""


@dataclass(frozen=True, slots=True)
class ImportEntry:
    """One committed import.

    Counts: received = new + duplicate + conflict + the sum of `quarantined`.

    `months` maps month → new rows; `conflict_months` lists the months of older waybills that
    conflicts count against;
    a rollup of any month in `touched_months` is stale after this import. Files are relative to
    the lake. `history`: its rows were known in their own time; `recorded_at`: when it was imported,
    where `arrived_at` was given and is another moment.
    """

    id: str
    source: str
    file: str
    sha256: str
    arrived_at: str
    cleaning_sha256: str
    received: int
    new: int
    duplicate: int
    conflict: int
    quarantined: dict[str, int]
    codes: dict[str, int]
    statuses: dict[str, int]
    months: dict[int, int]
    conflict_months: list[int]
    quarantine_file: str | None
    conflicts_file: str | None
    seconds: float
    warnings: list[str] = field(default_factory=list)
    history: bool = False
    recorded_at: str | None = None

    @property
    def touched_months(self) -> list[int]:
        return sorted({*self.months, *self.conflict_months})


@dataclass(frozen=True, slots=True)
class Manifest:
    """A committed state of the lake:

    `version` counts commits from 0 (empty), `months` maps month → files, oldest import first.
    """

    version: int = 0
    months: dict[int, tuple[str, ...]] = field(default_factory=dict)
    imports: tuple[ImportEntry, ...] = ()

    def find(self, sha256: str, source: str) -> ImportEntry | None:
        """The import of the same bytes under the same source, if there was one."""
        for entry in self.imports:
            if entry.sha256 == sha256 and entry.source == source:
                return entry
        return None

    def with_import(self, entry: ImportEntry, files: dict[int, list[str]]) -> Manifest:
        """The next state, with the files of one more import."""
        months = dict(self.months)
        for month, names in files.items():
            months[month] = (*months.get(month, ()), *names)
        return Manifest(self.version + 1, dict(sorted(months.items())), (*self.imports, entry))

    def named_files(self) -> set[str]:
        """Every file of the lake that counts, relative to it."""
        named = {name for names in self.months.values() for name in names}
        for entry in self.imports:
            named |= {name for name in (entry.quarantine_file, entry.conflicts_file) if name}
        return named


class Lake:
    """The lake in a folder. Reading needs no lock; `writing()` gives the one writer's."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def manifest(self) -> Manifest:
        """The state that is committed now; an empty one where nothing was imported.

        Raises LakeDamaged.
        """
        try:
            return _parse(self.manifest_path.read_bytes())
        except FileNotFoundError:
            return Manifest()
        except (ValueError, KeyError, TypeError) as error:
            raise LakeDamaged(
                f"{self.manifest_path}: is no manifest of a lake; restore it from a backup"
            ) from error

    @property
    def manifest_path(self) -> Path:
        return self.path / "manifest.json"

    def version(self) -> int:
        """Number of commits so far."""
        return self.manifest().version

    def state_hash(self) -> str:
        """SHA-256 of the manifest, which changes with every commit; of b'' for no lake."""
        try:
            return hashlib.sha256(self.manifest_path.read_bytes()).hexdigest()
        except FileNotFoundError:
            return hashlib.sha256(b"").hexdigest()

    def months(self) -> dict[int, list[Path]]:
        """Waybill files by month (year * 12 + month - 1), months ascending, oldest import first."""
        return {
            month: [self.path / name for name in names]
            for month, names in self.manifest().months.items()
        }

    def imports(self) -> list[ImportEntry]:
        """The ledger, oldest first."""
        return list(self.manifest().imports)

    def conflict_files(self) -> list[Path]:
        """Files (source, waybill_no, merchant_id, month) of conflicts with waybills of an older
        import.
        """
        return [self.path / e.conflicts_file for e in self.imports() if e.conflicts_file]

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the writer's lock and sweep the debris of killed imports.

        Raises LakeBusy at once when it is taken.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / ".lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                holder = lock.read(40).strip()
                raise LakeBusy(
                    f"another import is writing to {self.path}"
                    f"{f' (process {holder})' if holder else ''}; try again when it has ended"
                ) from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            self._sweep()
            yield

    @property
    def work_folder(self) -> Path:
        """Where an import works; emptied when the next one starts."""
        return self.path / "tmp"

    def clear_work(self) -> None:
        shutil.rmtree(self.work_folder, ignore_errors=True)

    def commit(self, manifest: Manifest) -> None:
        """Make a state the committed one, durably.

        The files that it names must be on disk (`sync_file`).
        """
        payload = {
            "format": FORMAT,
            "version": manifest.version,
            "months": {str(month): list(names) for month, names in manifest.months.items()},
            "imports": [asdict(entry) for entry in manifest.imports],
        }
        fresh = self.path / ".manifest.json.new"
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(payload, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.manifest_path)
        sync_folder(self.path)

    def _sweep(self) -> None:
        self.clear_work()
        named = self.manifest().named_files()
        for folder in ("waybills", "quarantine", "conflicts"):
            for path in sorted((self.path / folder).glob("**/*.parquet*")):
                if str(path.relative_to(self.path)) not in named:
                    path.unlink()


def sync_file(path: Path) -> None:
    """Wait until a file's bytes and its name are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Wait until a folder's list of names is on disk."""
    sync_file(path)


def _parse(text: bytes) -> Manifest:
    payload: dict[str, Any] = json.loads(text)
    if payload["format"] != FORMAT:
        raise ValueError("format")
    known = {one.name for one in fields(ImportEntry)}
    entries = []
    for raw in payload["imports"]:
        values = {key: value for key, value in raw.items() if key in known}
        values["months"] = {int(month): count for month, count in values["months"].items()}
        entries.append(ImportEntry(**values))
    months = {int(month): tuple(names) for month, names in payload["months"].items()}
    return Manifest(int(payload["version"]), months, tuple(entries))
