"""What a release and its audit trail are, where they are kept, and what can be read from them:
which release decides at a moment, in
which state each stands, which one was active before."""

from __future__ import annotations

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


@dataclass(frozen=True, slots=True)
class Release:
    """A release as it is stored. `bundle_json` is canonical JSON and `sha256` its hash; times are
    UTC.
    """

    product: str
    number: int
    sha256: str
    bundle_json: str
    author: str
    why: str
    published_at: datetime
    status: str  # published | approved | active | retired
    evidence: dict[str, Any] | None = None
    approved_by: str | None = None
    approved_at: datetime | None = None
    active_from: datetime | None = None
    retired_at: datetime | None = None

    def __str__(self) -> str:
        return f"release {self.number} of {self.product}"


@dataclass(frozen=True, slots=True)
class ReleaseEvent:
    """One step of the audit trail. `event`: published, approved, activated, superseded, rolled_back
    or retired.
    """

    product: str
    number: int
    event: str
    actor: str
    at: datetime
    detail: dict[str, Any] | None = None


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


def list_active_before(events: Sequence[ReleaseEvent], at: datetime) -> list[int]:
    """The numbers that were active before the present one, oldest first, without those that were
    rolled back or retired.
    """
    activations: list[ReleaseEvent] = []
    for event in events:
        if event.event == "activated" and "back_from" not in (event.detail or {}):
            activations.append(event)
        elif event.event in ("rolled_back", "retired"):
            activations = [one for one in activations if one.number != event.number]
    begun = sorted((e for e in activations if _moment_of_effect(e) <= at), key=_moment_of_effect)
    latest_first = dict.fromkeys(event.number for event in reversed(begun))
    return list(latest_first)[:0:-1]


def _moment_of_effect(event: ReleaseEvent) -> datetime:
    if event.event == "activated" and event.detail and "active_from" in event.detail:
        return datetime.fromisoformat(event.detail["active_from"])
    return event.at
