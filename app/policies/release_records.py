"""What a release and its audit trail are, where they are kept, and what can be read from them:
which release decides at a moment, in
which state each stands, which one was active before."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from app.errors import ChengxinError

PUBLISHED, APPROVED, PLANNED, ACTIVE, RETIRED = (
    "published",
    "approved",
    "planned",
    "active",
    "retired",
)


class ReleaseRefused(ChengxinError):
    """A step that the life of a release does not allow; the message says which and what to do."""


class ReleaseTampered(ReleaseRefused):
    """A stored release, or its evidence, does not have the hash that it was kept or approved with;
    it is not used.
    """


@dataclass(frozen=True, slots=True)
class Release:
    """A release as it is stored. `bundle_json` and `evidence_json` are canonical JSON, beside each
    its hash; `approved_…` are the two hashes that were approved, `despite` what the approver said
    of what the evidence lacks. Times are UTC.
    """

    product: str
    number: int
    sha256: str
    bundle_json: str
    author: str
    why: str
    published_at: datetime
    status: str  # published | approved | active | retired
    evidence_json: str | None = None
    evidence_sha256: str | None = None
    approved_by: str | None = None
    approved_at: datetime | None = None
    approved_sha256: str | None = None
    approved_evidence_sha256: str | None = None
    despite: str | None = None
    active_from: datetime | None = None
    retired_at: datetime | None = None

    def __str__(self) -> str:
        return f"release {self.number} of {self.product}"

    @property
    def evidence(self) -> dict[str, Any] | None:
        """What was run on it, part by part."""
        return None if self.evidence_json is None else json.loads(self.evidence_json)


EVENTS = (
    "published",
    "evidence",
    "approved",
    "approval_voided",
    "planned",
    "activated",
    "superseded",
    "rolled_back",
    "retired",
    "shadow_on",
    "shadow_off",
    "challenge_on",
    "challenge_share",
    "challenge_off",
    "stopped",
    "resumed",
    "refused",
    "tampering_found",
)
STARTS = ("activated", "planned")
OF_THE_PRODUCT = 0  # the number of events that concern no single release


@dataclass(frozen=True, slots=True)
class ReleaseEvent:
    """One step of the audit trail. `event` is one of EVENTS; `number` the release, or
    OF_THE_PRODUCT.
    """

    product: str
    number: int
    event: str
    actor: str
    at: datetime
    detail: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ProductSettings:
    """What holds for a product beside its active release: whether it is stopped, which release runs
    in its shadow, which is the challenger.

    `share` is the challenger's, in hundredths of a percent of all merchants; `experiment` names the
    draw of merchants, and is the salt of their hash.
    """

    product: str
    stopped_at: datetime | None = None
    stopped_by: str | None = None
    stopped_why: str | None = None
    shadow: int | None = None
    challenger: int | None = None
    share: int = 0
    experiment: str | None = None

    @property
    def is_stopped(self) -> bool:
        return self.stopped_at is not None


class ReleaseStore(Protocol):
    """Where releases are kept. Reads see committed steps only."""

    def alone(self, product: str) -> AbstractContextManager[object]:
        """One transaction, alone within the product; what is written inside is kept wholly or not
        at all.
        """

    def releases_of(self, product: str) -> list[Release]:
        """All releases of a product, by number."""

    def events_of(self, product: str) -> list[ReleaseEvent]:
        """The audit trail of a product, oldest first."""

    def products(self) -> list[str]:
        """Products that have a release."""

    def add(self, release: Release, event: ReleaseEvent) -> None:
        """Keep a new release. Only inside `alone`."""

    def change(self, release: Release, event: ReleaseEvent) -> None:
        """Keep the new state of a release (its bundle and author stay). Only inside `alone`."""

    def note(self, event: ReleaseEvent) -> None:
        """Keep an event that changes no release. Only inside `alone`."""

    def settings_of(self, product: str) -> ProductSettings:
        """What holds for the product; the defaults where nothing was ever set."""

    def set_settings(self, settings: ProductSettings, event: ReleaseEvent) -> None:
        """Keep the product's new settings, and the event. Only inside `alone`."""


def active_release(releases: Sequence[Release], at: datetime) -> Release | None:
    """The one that decides at `at`: of those active, the one whose time came last."""
    begun = [
        release
        for release in releases
        if release.status == ACTIVE
        and release.active_from is not None
        and release.active_from <= at
    ]
    return max(begun, key=lambda release: (release.active_from, release.number), default=None)


def describe_standing(release: Release, releases: Sequence[Release], at: datetime) -> str:
    """The state in a word: published, approved, planned (active from a later time), active,
    retired.
    """
    if release.status != ACTIVE:
        return release.status
    if release.active_from is not None and release.active_from > at:
        return PLANNED
    current = active_release(releases, at)
    return ACTIVE if current is not None and current.number == release.number else RETIRED


def fold_name(name: str) -> str:
    """A person's name as it is compared: width, case, and blanks do not make another person."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def canonical_detail(detail: dict[str, Any] | None) -> str | None:
    """The text under which an event's detail or a release's evidence is kept."""
    if detail is None:
        return None
    return json.dumps(detail, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def sha256_of_text(text: str) -> str:
    """The SHA-256 of a text, as it stands beside what is kept."""
    return hashlib.sha256(text.encode()).hexdigest()


def describe_tampering(release: Release) -> str | None:
    """What of a stored release is not what its hashes say, in words; None where all is whole."""
    if sha256_of_text(release.bundle_json) != release.sha256:
        return "its files were changed after it was published"
    evidence = release.evidence_json
    if (None if evidence is None else sha256_of_text(evidence)) != release.evidence_sha256:
        return "its evidence was changed after it was gathered"
    if release.approved_sha256 is None:
        return None
    if release.approved_sha256 != release.sha256:
        return "its files are not those that were approved"
    if release.approved_evidence_sha256 != release.evidence_sha256:
        return "its evidence is not what was approved"
    return None


def list_active_before(events: Sequence[ReleaseEvent], at: datetime) -> list[int]:
    """The numbers that were active before the present one, oldest first, without those that were
    rolled back or retired.
    """
    activations: list[ReleaseEvent] = []
    for event in events:
        if event.event in STARTS and "back_from" not in (event.detail or {}):
            activations.append(event)
        elif event.event in ("rolled_back", "retired"):
            activations = [one for one in activations if one.number != event.number]
    begun = sorted((e for e in activations if _moment_of_effect(e) <= at), key=_moment_of_effect)
    latest_first = dict.fromkeys(event.number for event in reversed(begun))
    return list(latest_first)[:0:-1]


def _moment_of_effect(event: ReleaseEvent) -> datetime:
    if event.event in STARTS and event.detail and "active_from" in event.detail:
        return datetime.fromisoformat(event.detail["active_from"])
    return event.at
