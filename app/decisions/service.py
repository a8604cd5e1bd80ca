"""The entry for the edges: a `Decider` keeps compiled releases and the newest snapshot at hand,
decides, records and replays.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from app.decisions.decide import Clock, LivePolicy, decide_on, find_features
from app.decisions.drawing import draw_part
from app.decisions.intake import Reader
from app.decisions.ports import (
    ActiveRelease,
    Beside,
    Claim,
    DecisionRequest,
    DecisionStore,
    FeatureRow,
    RecordedDecision,
    SnapshotRow,
)
from app.decisions.record import (
    ALONE,
    CHALLENGER,
    CIRCUMSTANCES,
    judged_part,
    record_bytes,
    refer_stopped,
)
from app.decisions.shadows import Answered, ShadowJudge
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

    def __init__(
        self,
        store: DecisionStore,
        clock: Callable[[], datetime] | None = None,
        count_shadow: Callable[[str, str], None] = lambda product, result: None,
    ) -> None:
        self._store = store
        self._shadows = ShadowJudge(store, count_shadow)
        self._beside: dict[str, Beside] = {}
        self._broken: dict[tuple[str, int], BrokenRelease] = {}
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
        beside = self._beside.get(request.policy)
        part = ALONE
        if beside is not None:
            part = draw_part(request.policy, request.merchant_id, live.release.number, beside)
            if part.role == CHALLENGER and beside.challenger is not None:
                live = self._compiled(request.policy, beside.challenger)
        snapshot = self._snapshot_for(request)
        clock = Clock()
        row = find_features(self._store, snapshot, request.merchant_id)
        clock.lap("find_features")
        record = decide_on(live, request, row, snapshot, at, part, clock)
        if not record["engines_agree"]:
            self.disagreements += 1
        made = RecordedDecision(
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
        stored = self._store.record(made)
        if beside is not None and beside.shadow is not None and stored is made:
            self._run_shadow(made, request, row, snapshot, beside.shadow)
        return stored

    def _run_shadow(
        self,
        made: RecordedDecision,
        request: DecisionRequest,
        row: FeatureRow | None,
        snapshot: SnapshotRow | None,
        number: int,
    ) -> None:
        self._shadows.take(
            Answered(
                made.id,
                made.decided_at,
                request,
                row,
                snapshot,
                number,
                lambda: self._compiled_apart(request.policy, number),
            )
        )

    def finish(self) -> None:
        """Wait for what runs in the shadow of decisions that were answered."""
        self._shadows.finish()

    def is_stopped(self, product: str) -> bool:
        """Whether everything of the product refers now."""
        self._look()
        beside = self._beside.get(product)
        return beside is not None and beside.is_stopped

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
            beside = self._store.beside()
            snapshot = self._store.latest_snapshot()
            self._active, self._beside, self._snapshot = active, beside, snapshot
            self._looked_at = now

    def _compiled(self, product: str, number: int) -> LivePolicy:
        live = self._live.get((product, number))
        if live is None:
            with self._lock:
                live = self._live.get((product, number)) or self._load(product, number)
                self._live[product, number] = live
        return live

    def _compiled_apart(self, product: str, number: int) -> LivePolicy:
        """The same without the lock: nobody who is to be answered waits for a shadow."""
        live = self._live.get((product, number))
        if live is None:
            live = self._live[product, number] = self._load(product, number)
        return live

    def _load(self, product: str, number: int) -> LivePolicy:
        """Raises BrokenRelease; the first time, that is also kept in the audit trail."""
        try:
            return load_live(self._store.load_release(product, number))
        except BrokenRelease as broken:
            if (product, number) not in self._broken:
                self._broken[product, number] = broken
                with contextlib.suppress(ChengxinError):  # the refusal stands without it
                    self._store.note_tampering(product, number, str(broken))
            raise

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
        if record.get("stopped"):
            judgement = refer_stopped(judgement)
        again = orjson.loads(orjson.dumps(judged_part(live.policy, judgement)))
        again["release_sha256"] = live.release.sha256
        differences = {
            key: (record.get(key), value)
            for key, value in again.items()
            if key not in CIRCUMSTANCES and orjson.dumps(record.get(key)) != orjson.dumps(value)
        }
        return ReplayReport(decision_id, not differences, differences)


def load_live(release: ActiveRelease) -> LivePolicy:
    """A stored release, verified against its hashes and compiled. Raises BrokenRelease."""
    found = release.tampering
    if sha256_of(release.bundle_json) != release.sha256:
        found = "it was changed after it was published"
    if found is not None:
        raise BrokenRelease(
            f"release {release.number} of '{release.product}' is not used: {found};"
            f" see chengxin policy audit {release.product} --verify"
        )
    policy = check_policy(documents_of(orjson.loads(release.bundle_json)))
    return LivePolicy(release, policy, Reader(policy), {})
