"""One hash of all that the values of a snapshot depend on: the lake as it is known, the catalogue
and the as-of day come in; a SHA-256 goes out, before anything is computed.

Two builds with the same hash have the same values. Everything in a `LakeState` counts unless it is
named in EXEMPT, so that what is added to it is never forgotten; the rest is the program itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from functools import cache
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from app.features.calendar import AsOf
from app.features.catalogue import FeatureCatalogue
from app.features.lake import LakeState

# Where the lake lies changes no value, nor does how its state was chosen; what months and imports
# say is told by `_tell_lake` for the months that count, and rules of sources likewise.
EXEMPT = frozenset({"folder", "told"})
_CUT = frozenset({"months", "imports", "invoice_sources", "outlier_rules", "carriage_rules"})
PACKAGES = ("app.features", "app.waybills")
OTHER_FOLDERS = ("__pycache__", "tracing")  # a trace reads values and makes none
LIBRARIES = ("duckdb", "numpy", "scipy", "pyarrow", "sqlglot")


def hash_inputs(
    lake: LakeState, catalogue: FeatureCatalogue, as_of: AsOf, engine: str = "duckdb"
) -> str:
    """The hash of the inputs of a build. Raises EmptyLake."""
    content = {
        "as_of": as_of.day.isoformat(),
        "catalogue": catalogue.sha256,
        "lake": _tell_lake(lake, as_of),
        "program": hash_program(),
        "engine": engine,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _tell_lake(lake: LakeState, as_of: AsOf) -> dict[str, Any]:
    """What a build of this day can see of a lake: later months and imports are left out."""
    months = lake.months_until(as_of)
    imports = lake.imports_of(months)
    sources = {found.source for found in imports}
    told: dict[str, Any] = {
        field.name: tell(getattr(lake, field.name))
        for field in fields(lake)
        if field.name not in EXEMPT | _CUT
    }
    told["months"] = {str(month): lake.marks_of(month) for month in months}
    told["imports"] = [
        [found.id, found.source, found.file, found.sha256, found.mark, found.conflicts is not None]
        for found in imports
    ]
    told["invoice_sources"] = sorted(lake.invoice_sources & sources)
    for name in ("outlier_rules", "carriage_rules"):
        rules = getattr(lake, name).items()
        told[name] = {source: tell(rule) for source, rule in rules if source in sources}
    return told


def tell(value: Any) -> Any:
    """A value as JSON data that is the same for equal values only.

    Raises TypeError for what it does not know: better no hash than a wrong one.
    """
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, (date, Path)):
        return str(value)
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    if is_dataclass(value) and not isinstance(value, type):
        parts = {field.name: tell(getattr(value, field.name)) for field in fields(value)}
        return [type(value).__name__, parts]
    if isinstance(value, Mapping):
        pairs = [[tell(key), tell(found)] for key, found in value.items()]
        return sorted(pairs, key=lambda pair: json.dumps(pair[0], sort_keys=True))
    if isinstance(value, (set, frozenset)):
        return sorted((tell(one) for one in value), key=lambda one: json.dumps(one, sort_keys=True))
    if isinstance(value, (list, tuple)):
        return [tell(one) for one in value]
    raise TypeError(f"an input of a build of type {type(value).__name__} has no hash")


@cache
def hash_program() -> str:
    """The hash of the texts that values are computed by, Python and SQL, and of the versions of the
    libraries that compute with them.
    """
    content = hashlib.sha256()
    for package in PACKAGES:
        for name, text in sorted(_texts(resources.files(package))):
            content.update(f"{package}/{name} {len(text)}\n".encode() + text)
    for library in LIBRARIES:
        content.update(f"{library} {metadata.version(library)}\n".encode())
    return content.hexdigest()


def _texts(folder: Traversable, prefix: str = "") -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for one in folder.iterdir():
        if one.is_dir() and one.name not in OTHER_FOLDERS:
            found += _texts(one, f"{prefix}{one.name}/")
        elif one.name.endswith((".py", ".sql", ".yaml", ".csv")):
            found.append((prefix + one.name, one.read_bytes()))
    return found
