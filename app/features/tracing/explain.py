"""One value of a snapshot with all that stands behind it: a snapshot, the lake, a merchant and a
feature come in; the value, its definition, what it was computed from and its waybills go out.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from app.errors import ChengxinError
from app.features.calendar import AsOf
from app.features.catalogue import Feature, FeatureCatalogue
from app.features.knowledge import narrow_to
from app.features.lake import Import, LakeState
from app.features.snapshots import Snapshot
from app.features.tracing.carriage import carriage_traces
from app.features.tracing.files import Bill, Files
from app.features.tracing.fraud import fraud_traces
from app.features.tracing.growth import growth_traces
from app.features.tracing.parties import party_traces
from app.features.tracing.peers import peer_traces
from app.features.tracing.rows import Own, read_bills
from app.features.tracing.scale import scale_traces
from app.features.tracing.stability import stability_traces
from app.features.tracing.traced import SHOWN, Side, Trace, Traced
from app.features.tracing.variety import variety_traces

THREADS = 2
CLOSE = 1e-9  # of a ratio: sums of fractions may be taken in another order
Json = dict[str, Any]


class CannotTrace(ChengxinError):
    """A value cannot be traced; the message says why."""


@dataclass(frozen=True, slots=True)
class Traceable:
    """What a trace needs: the snapshot, the lake as it is now, and the catalogue."""

    snapshot: Snapshot
    lake: LakeState
    catalogue: FeatureCatalogue
    memory_limit_mb: int


def all_traces() -> dict[str, Trace]:
    """How every feature is traced, by name; a new feature is added to one of these modules."""
    own = {
        **scale_traces(),
        **stability_traces(),
        **variety_traces(),
        **growth_traces(),
        **fraud_traces(),
        **carriage_traces(),
        **party_traces(),
    }
    return own | peer_traces(own)


def find_feature(catalogue: FeatureCatalogue, name: str) -> Feature:
    """The entry of the catalogue. Raises CannotTrace."""
    for feature in catalogue.features:
        if feature.name == name:
            return feature
    near = difflib.get_close_matches(name, catalogue.names, 3, 0.5)
    hint = f"; did you mean {', '.join(near)}?" if near else "; see chengxin features docs"
    raise CannotTrace(f"there is no feature '{name}'{hint}")


@contextmanager
def open_own(given: Traceable, merchant_id: str) -> Iterator[tuple[Own, Json]]:
    """The merchant's waybills as the snapshot counted them, and its row there.

    Raises CannotTrace.
    """
    row = given.snapshot.find(merchant_id)
    as_of = AsOf(given.snapshot.meta.as_of)
    if row is None:
        raise CannotTrace(
            f"snapshot {given.snapshot.id} has no merchant '{merchant_id}': none of its waybills"
            f" was known and created before {as_of.day}"
        )
    lake = as_it_was(given.lake, given.snapshot)
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"set threads = {THREADS}")
        connection.execute(f"set memory_limit = '{given.memory_limit_mb}MB'")
        connection.execute("set enable_progress_bar = false")
        files = Files(connection, lake, as_of)
        bills = read_bills(files, merchant_id)
        index = _read_index(given.snapshot, row, as_of)
        path = given.snapshot.path
        yield (
            Own(
                merchant_id, as_of, files, bills, index, row.get("industry"),
                lambda columns: pq.read_table(path, columns=columns, partitioning=None),
            ),
            row,
        )  # fmt: skip


def as_it_was(lake: LakeState, snapshot: Snapshot) -> LakeState:
    """The lake with the imports that the snapshot was built from. Raises CannotTrace where one is
    not there any more.
    """
    kept = {found.id: found for found in lake.imports}
    wanted: list[Import] = []
    for told in snapshot.provenance["imports"]:
        found = kept.get(told["id"])
        if found is None or found.sha256 != told["sha256"]:
            raise CannotTrace(
                f"snapshot {snapshot.id} was built from import {told['id']} ({told['file']}),"
                " which is not in the lake any more; restore it from a backup"
            )
        wanted.append(found)
    ids = {found.id for found in wanted}
    return narrow_to(lake, tuple(found for found in lake.imports if found.id in ids))


def _read_index(snapshot: Snapshot, row: Json, as_of: AsOf) -> dict[int, float]:
    """The seasonal index of Mk by k, as the snapshot has it for the merchant's industry."""
    seasons = snapshot.provenance.get("season", {}).get("industries", {})
    missing = json.loads(row["missing"])
    common = seasons.get("*")
    season = common if missing.get("industry") != "SOURCE_LACKS" else None
    if row.get("industry") is not None:
        season = seasons.get(row["industry"], common)
    if season is None:
        return {}
    found = {}
    for name, value in season["index"].items():
        year, month = (int(part) for part in name.split("-"))
        found[as_of.month(0) - (year * 12 + month - 1)] = value
    return found


def explain(own: Own, row: Json, given: Traceable, name: str) -> Json:
    """Everything about one value, as JSON data; `waybills` holds a row each. Raises CannotTrace."""
    feature = find_feature(given.catalogue, name)
    trace = all_traces().get(name)
    if trace is None or name not in row:
        raise CannotTrace(
            f"snapshot {given.snapshot.id} has no feature '{name}'; build the day again"
        )
    traced = trace(own)
    value, reason = row[name], json.loads(row["missing"]).get(name)
    told = given.snapshot.provenance
    return {
        "merchant_id": own.merchant_id,
        "feature": name,
        "value": value,
        "reason": reason,
        "snapshot": {
            key: told.get(key)
            for key in ("id", "as_of", "cut_off_at", "known_at", "built_at", "content_sha256")
        },
        "definition": {
            "type": feature.type, "unit": "fen" if feature.type == "money" else feature.unit,
            "family": feature.family, "zh": feature.zh, "en": feature.en,
        },
        "window": {"from": traced.first_on.isoformat(), "to": traced.last_on.isoformat()},
        "from_waybills": {"value": traced.value, "reason": traced.reason},
        "agrees": agrees(value, reason, traced),
        "why_not": None if agrees(value, reason, traced) else _why_not(given),
        "sides": [_tell_side(side) for side in traced.sides],
        "numbers": traced.numbers,
        "groups": traced.groups,
        "parties": traced.parties,
        "waybills": list_waybills(own, traced),
    }  # fmt: skip


def agrees(value: Any, reason: str | None, traced: Traced) -> bool:
    """Whether the value computed from the waybills is the snapshot's."""
    if value is None or traced.value is None:
        return value is None and traced.value is None and reason == traced.reason
    if isinstance(value, float):
        return math.isclose(value, traced.value, rel_tol=CLOSE, abs_tol=CLOSE)
    return bool(value == traced.value)


def _why_not(given: Traceable) -> str:
    """What has changed since the snapshot was built, by its provenance."""
    told, lake = given.snapshot.provenance, given.lake
    now = {
        "the catalogue": (told.get("catalogue_sha256"), given.catalogue.sha256),
        "calendar.yaml": (told.get("calendar_sha256"), lake.calendar.sha256),
        "the reference files": (told.get("references"), lake.references.marks),
    }
    changed = [name for name, (then, new) in now.items() if then != new]
    if changed:
        return f"changed since the snapshot was built: {', '.join(changed)}"
    return (
        "cleaning.yaml or the program may have changed since the snapshot was built; chengxin"
        " features verify tells whether its file is whole"
    )


def _tell_side(side: Side) -> Json:
    return {
        "name": side.name,
        "en": side.en,
        "zh": side.zh,
        "how": side.how,
        "unit": side.unit,
        "waybills": len(side.gives),
        "total": None if side.how == SHOWN else side.total,
    }


def list_waybills(own: Own, traced: Traced) -> list[Json]:
    """Each waybill of the sides once, in order, with what it gives to which side."""
    found: dict[tuple[str, str], tuple[Bill, Json]] = {}
    for side in traced.sides:
        for bill, value in side.gives:
            key = bill.source, bill.waybill_no
            found.setdefault(key, (bill, {}))[1][side.name] = value
    imports = {one.id: one for one in own.files.lake.imports}
    rows = sorted(found.values(), key=lambda pair: (pair[0].created_at, pair[0].waybill_no))
    return [_tell_bill(own, bill, gives, imports.get(bill.import_id)) for bill, gives in rows]


def _tell_bill(own: Own, bill: Bill, gives: Json, found: Import | None) -> Json:
    is_own = bill.merchant_id == own.merchant_id
    return {
        "gives": gives,
        "source": bill.source,
        "waybill_no": bill.waybill_no,
        "merchant_id": bill.merchant_id,
        "consignee_id": bill.consignee_id,
        "day": bill.day.isoformat(),
        "created_at": bill.created_at.isoformat(),
        "status": bill.status,
        "is_bill": bill.is_bill,
        "entered_fen": bill.cod_fen,
        "first_entered_fen": bill.cod_first_fen,
        "counted_fen": bill.amount_fen if is_own else None,
        "codes": bill.codes,
        "returned_by": bill.returned_by,
        "import_id": bill.import_id,
        "file": found.file if found else None,
        "arrived_at": found.arrived_at if found else None,
    }


def as_table(waybills: list[Json]) -> pa.Table:
    """The waybills for a file: what each gives as JSON text, codes with commas."""
    rows = [
        {
            **row,
            "gives": json.dumps(row["gives"], ensure_ascii=False),
            "codes": ",".join(row["codes"]),
        }
        for row in waybills
    ]
    return pa.Table.from_pylist(rows) if rows else pa.table({"waybill_no": pa.array([], "string")})
