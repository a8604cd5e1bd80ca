"""What explanations read beside a record: releases as they are kept, where a snapshot came from,
and the imports of the lake.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from peewee import Database

from app.explanations.explain import Archive
from app.explanations.lineage import KeptImport, read_imports
from app.policies.release_records import Release
from app.storage.features import SqlFeatureStore
from app.storage.releases import SqlReleaseStore


def open_archive(database: Database, lake: Path) -> Archive:
    """The archive over this database and the lake's manifest, each read when it is asked for."""

    def find_release(product: str, number: int) -> Release | None:
        releases = SqlReleaseStore(database).releases_of(product)
        return next((one for one in releases if one.number == number), None)

    def find_provenance(snapshot_id: str) -> dict[str, Any] | None:
        row = SqlFeatureStore(database).describe(snapshot_id)
        return None if row is None else json.loads(row.meta_json)

    def find_imports() -> Mapping[str, KeptImport]:
        return read_imports(lake)

    return Archive(find_release, find_provenance, find_imports)
