"""What deciding needs from outside (releases, snapshots, a place to record), as small frozen
records and one Protocol.

`app.storage` implements `DecisionStore` over SQLite and PostgreSQL; tests may pass one that keeps
things in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    tampering: str | None = None  # what of it is not as its hashes say; such a release is not used


@dataclass(frozen=True, slots=True)
class Beside:
    """What holds for a product beside its active release; absent where nothing does.

    `share`: of all merchants, the challenger's. `experiment`: the salt by which they are drawn.
    """

    is_stopped: bool = False
    shadow: int | None = None
    challenger: int | None = None
    share: float = 0.0
    experiment: str = ""


@dataclass(frozen=True, slots=True)
class HeldSnapshot:
    """A newer snapshot that was not published, because its data break expectations (their names);
    `since` is when the first such one was held.
    """

    id: str
    as_of: date
    since: datetime
    expectations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """A published feature snapshot; `newer_held` where a newer one waits to be mended."""

    id: str
    as_of: date
    newer_held: HeldSnapshot | None = None


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


@dataclass(frozen=True, slots=True)
class RecordedShadow:
    """What a release in the shadow would have decided; `outcome` is `error` where it failed."""

    decision_id: str
    release: int
    decided_at: datetime
    policy: str
    outcome: str
    record_json: bytes


class DecisionStore(Protocol):
    """Reads are cheap and never block a writer; `record` returns only after its one row is
    committed.
    """

    def active_releases(self, at: datetime) -> dict[str, tuple[int, str]]:
        """Product → (number, sha256) of the release that is active at `at`. One cheap query."""

    def beside(self) -> dict[str, Beside]:
        """Product → what holds beside its active release, where anything does. One cheap query."""

    def load_release(self, product: str, number: int) -> ActiveRelease:
        """The release with its bundle."""

    def note_tampering(self, product: str, number: int, why: str) -> None:
        """Keep in the audit trail that a release was refused for what is not as its hashes say."""

    def latest_snapshot(self) -> SnapshotRow | None:
        """The newest published snapshot (by as-of day, then by publication), with the newer one
        that is held, where there is one.
        """

    def snapshot_of(self, as_of: date) -> SnapshotRow | None:
        """The newest published snapshot of that as-of day."""

    def features_of(self, snapshot: SnapshotRow, merchant_id: str) -> FeatureRow | None:
        """The merchant's features in that snapshot; None where it has no such merchant."""

    def record(self, decision: RecordedDecision) -> RecordedDecision:
        """Insert and commit. If the claim's (api_key_id, idempotency_key) exists already, nothing
        is inserted and the stored decision is returned instead (the caller compares
        `claim.body_sha256`).
        """

    def record_shadows(self, shadows: Sequence[RecordedShadow]) -> None:
        """Insert and commit, all at once."""

    def find_decision(self, decision_id: str) -> RecordedDecision | None:
        """A recorded decision by its id."""
