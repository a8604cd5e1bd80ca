"""A stored decision, its record and its release come in; what does not fit together goes out: a
decision is explained only by the rules that made it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from app.decisions.decide import LivePolicy
from app.decisions.ports import RecordedDecision
from app.errors import ChengxinError

SEARCHED = ("id", "merchant_id", "policy", "release", "purpose", "outcome")


class TamperedRecord(ChengxinError):
    """A record is not what was stored, or not of the release that it names."""


def read_record(stored: RecordedDecision) -> dict[str, Any]:
    """The record as data. Raises TamperedRecord where it is no JSON object."""
    try:
        record = orjson.loads(stored.record_json)
    except orjson.JSONDecodeError:
        record = None
    if not isinstance(record, dict):
        raise TamperedRecord(
            f"the record of decision {stored.id} cannot be read: it is no JSON object;"
            " restore it from a backup"
        )
    return record


def list_faults(live: LivePolicy, stored: RecordedDecision, record: Mapping[str, Any]) -> list[str]:
    """What a reader has to know, in sentences; empty where all fits."""
    faults = [
        f"the record says {name} {record.get(name)!r}, its row in the table {kept!r}"
        for name in SEARCHED
        if record.get(name) != (kept := getattr(stored, name))
    ]
    named, has = record.get("release_sha256"), live.release.sha256
    if named != has:
        faults.append(
            f"the record was made with a release {stored.release} of '{stored.policy}' with the"
            f" hash {str(named)[:12]}…, and release {stored.release} has {has[:12]}…"
        )
    return faults


def refuse_faults(decision_id: str, faults: list[str]) -> None:
    """Raises TamperedRecord where there are any."""
    if faults:
        raise TamperedRecord(
            f"decision {decision_id} is not explained: {'; '.join(faults)};"
            f" see chengxin decision explain {decision_id} --for auditor"
        )
