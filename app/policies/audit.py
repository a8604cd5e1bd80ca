"""The audit trail as a chain: each event of a product carries the SHA-256 of the one before it.
Entries and the head that is kept beside them come in; what is not as it was written goes out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from app.policies.release_records import Release, ReleaseEvent

BEGINNING = "0" * 64  # what the first event of a product has for the one before


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An event as it is stored. `sequence` counts within the product, from 1; `detail_json` is the
    text whose hash was taken.
    """

    sequence: int
    event: ReleaseEvent
    detail_json: str | None
    previous_sha256: str
    sha256: str


@dataclass(frozen=True, slots=True)
class AuditHead:
    """How long a product's chain is, and the hash of its last event."""

    product: str
    count: int
    sha256: str


@dataclass(frozen=True, slots=True)
class AuditProblem:
    """A place of the trail that is not as it was written."""

    product: str
    sequence: int | None
    code: str
    message: str

    def as_json(self) -> dict[str, Any]:
        return {
            "product": self.product,
            "sequence": self.sequence,
            "code": self.code,
            "message": self.message,
        }


def hash_event(
    event: ReleaseEvent, sequence: int, detail_json: str | None, previous_sha256: str
) -> str:
    """The SHA-256 of everything that an event says, and of the hash of the one before."""
    said = [
        event.product,
        sequence,
        event.number,
        event.event,
        event.actor,
        event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        detail_json,
        previous_sha256,
    ]
    text = json.dumps(said, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def verify_chain(
    product: str, entries: Sequence[AuditEntry], head: AuditHead | None
) -> list[AuditProblem]:
    """Changed, missing and added events of one product, in order."""
    problems: list[AuditProblem] = []

    def tell(sequence: int | None, code: str, message: str) -> None:
        problems.append(AuditProblem(product, sequence, code, message))

    expected, previous = 1, BEGINNING
    for entry in entries:
        if entry.sequence > expected:
            gap = entry.sequence - expected
            tell(expected, "missing", f"{gap} event(s) are missing before event {entry.sequence}")
        elif entry.sequence < expected:
            tell(entry.sequence, "twice", f"there is more than one event {entry.sequence}")
        elif entry.previous_sha256 != previous:
            tell(entry.sequence, "unlinked", "it does not follow the event before it")
        own = hash_event(entry.event, entry.sequence, entry.detail_json, entry.previous_sha256)
        if own != entry.sha256:
            tell(entry.sequence, "changed", "it is not as it was written: its hash is another")
        expected, previous = entry.sequence + 1, entry.sha256
    count, last = (head.count, head.sha256) if head else (0, BEGINNING)
    if expected - 1 < count:
        gap = count - expected + 1
        tell(expected, "missing", f"the last {gap} event(s) are missing")
    elif expected - 1 > count:
        tell(count + 1, "added", f"{expected - 1 - count} event(s) follow the last that was kept")
    elif previous != last and not problems:
        tell(count or None, "changed", "the last event is not the one that was kept last")
    return problems


def verify_releases(
    product: str, entries: Sequence[AuditEntry], releases: Sequence[Release]
) -> list[AuditProblem]:
    """Where the trail and the releases' own rows tell two stories: files, approvals, and releases
    that nobody published.
    """
    published: dict[int, str] = {}
    approved: dict[int, tuple[str, Any, Any]] = {}
    for entry in entries:
        event, detail = entry.event, entry.event.detail or {}
        if event.event == "published":
            published[event.number] = detail.get("sha256", "")
        elif event.event == "approved":
            approved[event.number] = (event.actor, detail.get("sha256"), detail.get("evidence"))
        elif event.event == "approval_voided":
            approved.pop(event.number, None)
    problems = []
    known = {release.number for release in releases}
    for number in sorted(set(published) - known):
        text = f"release {number} was published and is not there any more"
        problems.append(AuditProblem(product, None, "release-missing", text))
    for release in releases:
        for text in _tell_differences(release, published, approved):
            message = f"release {release.number}: {text}"
            problems.append(AuditProblem(product, None, "release-changed", message))
    return problems


def _tell_differences(
    release: Release, published: dict[int, str], approved: dict[int, tuple[str, Any, Any]]
) -> list[str]:
    found = []
    if hashlib.sha256(release.bundle_json.encode()).hexdigest() != release.sha256:
        found.append("its files do not have its hash")
    if published.get(release.number) != release.sha256:
        found.append("its hash is not the one that was published")
    if release.evidence_json is not None:
        own = hashlib.sha256(release.evidence_json.encode()).hexdigest()
        if own != release.evidence_sha256:
            found.append("its evidence does not have its hash")
    row = None
    if release.approved_by is not None:
        row = (release.approved_by, release.approved_sha256, release.approved_evidence_sha256)
    if row != approved.get(release.number):
        found.append("its approval is not the one in the trail")
    return found
