"""A stored decision, its release and its snapshot come in; what an auditor checks goes out: hashes
verified now, who did what when, the lineage down to the imported files, every input with its
origin, and the replay.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Mapping
from typing import Any

import rfc8785

from app.decisions.decide import LivePolicy
from app.decisions.ports import RecordedDecision
from app.decisions.service import ReplayReport
from app.explanations.lineage import KeptImport, tell_lineage
from app.policies.documents import sha256_of
from app.policies.release_records import Release

Json = dict[str, Any]


def explain_auditor(
    live: LivePolicy,
    stored: RecordedDecision,
    record: Mapping[str, Any],
    release: Release | None,
    provenance: Mapping[str, Any] | None,
    kept: Mapping[str, KeptImport],
    replay: ReplayReport,
    faults: list[str],
) -> Json:
    """The explanation as JSON data. `release`: as it is kept now; `provenance`: of the snapshot,
    None where it is not known here any more; `kept`: imports that the lake has; `faults`: what does
    not fit together.
    """
    claim = stored.claim
    return {
        "merchant_id": record["merchant_id"],
        "decided_at": record["decided_at"],
        "purpose": record["purpose"],
        "amount_fen": record["amount_fen"],
        "outcome": record["outcome"],
        "reasons": list(record["reasons"]),
        "role": record.get("role"),
        "experiment": record.get("experiment"),
        "stopped": record.get("stopped", False),
        "faults": faults,
        "release": _release(live, record, release),
        "engines": record["engines"],
        "engines_agree": record["engines_agree"],
        "lineage": tell_lineage(record["snapshot"], provenance, kept),
        "inputs": _inputs(live, record),
        "missing": dict(record["missing"]),
        "trace_with": _trace_with(record),
        "replay": {"same": replay.same, "differences": replay.differences},
        "idempotency": None
        if claim is None
        else {
            "api_key_id": claim.api_key_id,
            "idempotency_key": claim.idempotency_key,
            "body_sha256": claim.body_sha256,
        },
        "record": {
            "canonical_sha256": hashlib.sha256(rfc8785.dumps(dict(record))).hexdigest(),
            "stored_sha256": hashlib.sha256(stored.record_json).hexdigest(),
        },
    }


def _release(live: LivePolicy, record: Mapping[str, Any], release: Release | None) -> Json:
    told: Json = {
        "product": record["policy"],
        "number": record["release"],
        "sha256": record["release_sha256"],
        "verified": sha256_of(live.release.bundle_json) == record["release_sha256"],
    }
    if release is None:
        return told
    return told | {
        "status_now": release.status,
        "author": release.author,
        "why": release.why,
        "published_at": release.published_at.isoformat(),
        "approved_by": release.approved_by,
        "approved_at": release.approved_at and release.approved_at.isoformat(),
        "approved_sha256": release.approved_sha256,
        "active_from": release.active_from and release.active_from.isoformat(),
        "retired_at": release.retired_at and release.retired_at.isoformat(),
        "evidence_sha256": release.evidence_sha256,
    }


def _trace_with(record: Mapping[str, Any]) -> str | None:
    """The command that leads a feature of the record back to its waybills; None where the merchant
    was in no snapshot.
    """
    snapshot = record["snapshot"]
    if snapshot is None:
        return None
    return (
        f"chengxin features explain {shlex.quote(record['merchant_id'])} FEATURE"
        f" --as-of {snapshot['as_of']} --snapshot {snapshot['id']}"
    )


def _inputs(live: LivePolicy, record: Mapping[str, Any]) -> list[Json]:
    return [
        {
            "input": name,
            "value": record["inputs"].get(name),
            "origin": "assumed" if name in record["assumed"] else one.origin,
            "missing": record["missing"].get(name),
        }
        for name, one in live.policy.inputs.items()
    ]
