"""The entry for the edges: a `Decider` keeps compiled releases and the newest snapshot at hand,
decides, records and replays.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from app.decisions.decide import LivePolicy, decide
from app.decisions.intake import Reader
from app.decisions.ports import (
    ActiveRelease,
    Claim,
    DecisionRequest,
    DecisionStore,
    RecordedDecision,
    SnapshotRow,
)
from app.decisions.record import CIRCUMSTANCES, judged_part, record_bytes
from app.errors import ChengxinError
from app.policies.documents import documents_of, sha256_of
from app.policies.policy import check_policy
from app.rules.problems import suggest
from app.rules.rulesets import PURPOSES

LOOK_AGAIN_SECONDS = (
    1.0  # a new release or snapshot is live at most this long after it is committed
)


class UnknownPolicy(ChengxinError):
    """No release of that product was ever activated."""


class UnknownPurpose(ChengxinError):
    """The purpose is none of preapproval, drawdown, review."""


class NoActiveRelease(ChengxinError):
    """No release of that product is active now."""


class NoSuchSnapshot(ChengxinError):
    """There is no published snapshot of the day that was asked for."""


class NoSuchDecision(ChengxinError):
    """There is no decision with that id."""


class BrokenRelease(ChengxinError):
    """A stored release does not have the hash it was approved with; it is not used."""


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """`differences`: key → (recorded, now); empty when the replay gives the same to the byte."""

    decision_id: str
    same: bool
    differences: dict[str, tuple[Any, Any]]


class Decider:
    """Decides with the release that is active, over the newest snapshot. One a process; safe to
    share between threads.
    """

    def __init__(self, store: DecisionStore, clock: Callable[[], datetime] | None = None) -> None:
        self._store = store
        self._clock = clock or (lambda: datetime.now(UTC))
        self._lock = threading.Lock()
        self._looked_at = float("-inf")
        self._active: dict[str, tuple[int, str]] = {}
        self._snapshot: SnapshotRow | None = None
        self._live: dict[tuple[str, int], LivePolicy] = {}
        self.disagreements = 0  # decisions in which the engines differed: an alarm when above 0

    def decide(self, request: DecisionRequest, claim: Claim | None = None) -> RecordedDecision:
        """Decide, record, and return what is stored: with a claim that was made before, the
        decision of that time.

        Raises UnknownPolicy, NoActiveRelease, UnknownPurpose, NoSuchSnapshot, BadFacts.
        """
        if request.purpose not in PURPOSES:
            raise UnknownPurpose(
                f"there is no purpose '{request.purpose}'; purposes are {', '.join(PURPOSES)}"
            )
        at = self._clock()
        live = self.live_policy(request.policy)
        snapshot = self._snapshot_for(request)
        record = decide(live, request, self._store, snapshot, at)
        if not record["engines_agree"]:
            self.disagreements += 1
        return self._store.record(
            RecordedDecision(
                id=record["id"],
                decided_at=at,
                merchant_id=request.merchant_id,
                policy=request.policy,
                release=live.release.number,
                purpose=request.purpose,
                outcome=record["outcome"],
                record_json=record_bytes(record),
                claim=claim,
            )
        )

    def live_policy(self, product: str) -> LivePolicy:
        """The active release of a product, compiled. Raises UnknownPolicy or NoActiveRelease."""
        self._look()
        active = self._active.get(product)
        if active is None:
            known = sorted(self._active)
            hint = suggest(product, known) or f"active policies are {', '.join(known) or '(none)'}"
            raise (NoActiveRelease if not known else UnknownPolicy)(
                f"no release of '{product}' is active; {hint}"
            )
        return self._compiled(product, active[0])

    def _snapshot_for(self, request: DecisionRequest) -> SnapshotRow | None:
        if request.as_of is None:
            return self._snapshot
        found = self._store.snapshot_of(request.as_of)
        if found is None:
            raise NoSuchSnapshot(
                f"no snapshot of {request.as_of} is published;"
                f" build it with `chengxin features build --as-of {request.as_of}`"
            )
        return found

    def _look(self) -> None:
        """Learn of new releases and snapshots, at most once a second, both at once."""
        now = time.monotonic()
        if now - self._looked_at < LOOK_AGAIN_SECONDS:
            return
        with self._lock:
            if now - self._looked_at < LOOK_AGAIN_SECONDS:
                return
            active = self._store.active_releases(self._clock())
            snapshot = self._store.latest_snapshot()
            self._active, self._snapshot, self._looked_at = active, snapshot, now

    def _compiled(self, product: str, number: int) -> LivePolicy:
        live = self._live.get((product, number))
        if live is None:
            with self._lock:
                live = self._live.get((product, number)) or load_live(
                    self._store.load_release(product, number)
                )
                self._live[product, number] = live
        return live

    def find(self, decision_id: str) -> RecordedDecision:
        """A recorded decision. Raises NoSuchDecision."""
        stored = self._store.find_decision(decision_id)
        if stored is None:
            raise NoSuchDecision(f"there is no decision {decision_id}")
        return stored

    def release_of(self, product: str, number: int) -> ActiveRelease:
        """A release by its number, active or not."""
        return self._store.load_release(product, number)

    def replay(self, decision_id: str) -> ReplayReport:
        """Judge a recorded decision again, from its record and its release alone. Raises
        NoSuchDecision.
        """
        stored = self.find(decision_id)
        record = orjson.loads(stored.record_json)
        live = self._compiled(stored.policy, stored.release)
        judgement = live.pipeline(record["purpose"]).judge(
            record["inputs"], record["missing"], "both"
        )
        again = orjson.loads(orjson.dumps(judged_part(live.policy, judgement)))
        again["release_sha256"] = live.release.sha256
        differences = {
            key: (record.get(key), value)
            for key, value in again.items()
            if key not in CIRCUMSTANCES and orjson.dumps(record.get(key)) != orjson.dumps(value)
        }
        return ReplayReport(decision_id, not differences, differences)


def load_live(release: ActiveRelease) -> LivePolicy:
    """A stored release, verified against its hash and compiled. Raises BrokenRelease."""
    if sha256_of(release.bundle_json) != release.sha256:
        raise BrokenRelease(
            f"release {release.number} of '{release.product}' was changed after it was published;"
            " it is not used"
        )
    policy = check_policy(documents_of(orjson.loads(release.bundle_json)))
    return LivePolicy(release, policy, Reader(policy), {})
