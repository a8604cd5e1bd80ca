"""What deciding needs from outside (releases, snapshots, a place to record), as small frozen
records and one Protocol.

`app.storage` implements `DecisionStore` over SQLite and PostgreSQL; tests may pass one that keeps
things in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class DecisionRequest:
    """What the caller asks. `facts` are as received (JSON values, money in yuan); they are checked
    against the catalogue.

    `as_of`: decide as at the day of that snapshot instead of now (command line only; the API never
    sets it).
    """

    policy: str
    merchant_id: str
    purpose: str  # preapproval | drawdown | review
    facts: dict[str, Any]
    amount_fen: int | None = None
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class ActiveRelease:
    """The release of a product that is active at the moment."""

    product: str
    number: int
    sha256: str
    bundle_json: str  # canonical JSON; its SHA-256 is `sha256`


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """A published feature snapshot."""

    id: str
    as_of: date


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """One merchant in one snapshot. `values_json`: {feature: value, money in fen, null for
    missing};
    `missing_json`: {feature: reason code}."""

    snapshot: SnapshotRow
    merchant_id: str
    values_json: str
    missing_json: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Who may repeat a request: the caller's key, its Idempotency-Key and the hash of the body that
    came with it.
    """

    api_key_id: str
    idempotency_key: str
    body_sha256: str


@dataclass(frozen=True, slots=True)
class RecordedDecision:
    """A decision as it is stored: the columns that are searched, and the whole record as one JSON
    text.
    """

    id: str
    decided_at: datetime
    merchant_id: str
    policy: str
    release: int
    purpose: str
    outcome: str
    record_json: bytes
    claim: Claim | None = None


class DecisionStore(Protocol):
    """Reads are cheap and never block a writer; `record` returns only after its one row is
    committed.
    """

    def active_releases(self, at: datetime) -> dict[str, tuple[int, str]]:
        """Product → (number, sha256) of the release that is active at `at`. One cheap query."""

    def load_release(self, product: str, number: int) -> ActiveRelease:
        """The release with its bundle."""

    def latest_snapshot(self) -> SnapshotRow | None:
        """The newest published snapshot (by as-of day, then by publication)."""

    def snapshot_of(self, as_of: date) -> SnapshotRow | None:
        """The newest published snapshot of that as-of day."""

    def features_of(self, snapshot: SnapshotRow, merchant_id: str) -> FeatureRow | None:
        """The merchant's features in that snapshot; None where it has no such merchant."""

    def record(self, decision: RecordedDecision) -> RecordedDecision:
        """Insert and commit. If the claim's (api_key_id, idempotency_key) exists already, nothing
        is inserted and the stored decision is returned instead (the caller compares
        `claim.body_sha256`).
        """

    def find_decision(self, decision_id: str) -> RecordedDecision | None:
        """A recorded decision by its id."""
