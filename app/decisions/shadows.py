"""What a release in the shadow would have decided: a decision that was answered comes in, and a
record of its own goes to the store, from a thread beside the one that answers.

The answer never waits for it and never fails by it. Where more comes than can be judged, the rest
is dropped and counted.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, Full, Queue

from app.decisions.decide import Clock, LivePolicy, decide_on
from app.decisions.ports import (
    DecisionRequest,
    DecisionStore,
    FeatureRow,
    RecordedShadow,
    SnapshotRow,
)
from app.decisions.record import SHADOW, Part, record_bytes

MOST_WAITING = 1_000
MOST_AT_ONCE = 20  # records of one commit
SECONDS_AT_END = 5.0  # what a process that ends waits for those under way
RECORDED, FAILED, DROPPED, LOST = "recorded", "failed", "dropped", "lost"
Count = Callable[[str, str], None]  # told of a product and one of the four


@dataclass(frozen=True, slots=True)
class Answered:
    """A decision that was answered, with all that it was made from."""

    decision_id: str
    at: datetime
    request: DecisionRequest
    row: FeatureRow | None
    snapshot: SnapshotRow | None
    release: int  # of the shadow
    load: Callable[[], LivePolicy]


class ShadowJudge:
    """Judges answered decisions by the release in the shadow, one after the other. Its thread is
    started by the first of them.
    """

    def __init__(self, store: DecisionStore, count: Count) -> None:
        self._store, self._count = store, count
        self._waiting: Queue[Answered] = Queue(MOST_WAITING)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def take(self, answered: Answered) -> None:
        """Have a decision judged soon; drop it where too many wait."""
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="shadow", daemon=True)
                    self._thread.start()
                    atexit.register(self.finish)
        try:
            self._waiting.put_nowait(answered)
        except Full:
            self._count(answered.request.policy, DROPPED)

    def finish(self, seconds: float = SECONDS_AT_END) -> bool:
        """Wait until all is recorded, so long at most; whether it is."""
        with self._waiting.all_tasks_done:
            return self._waiting.all_tasks_done.wait_for(
                lambda: not self._waiting.unfinished_tasks, seconds
            )

    def _run(self) -> None:
        while True:
            some = [self._waiting.get(), *self._more()]
            try:
                self._record([self._judge(one) for one in some])
            finally:
                for _ in some:
                    self._waiting.task_done()

    def _more(self) -> Iterator[Answered]:
        for _ in range(MOST_AT_ONCE - 1):
            try:
                yield self._waiting.get_nowait()
            except Empty:
                return

    def _judge(self, one: Answered) -> RecordedShadow:
        part = Part(role=SHADOW)
        try:
            record = decide_on(
                one.load(), one.request, one.row, one.snapshot, one.at, part, Clock()
            )
            record["id"] = one.decision_id
        except Exception as error:  # whatever it is, it is the shadow's own affair
            said = f"{type(error).__name__}: {error}"
            record = {"id": one.decision_id, "outcome": "error", "error": said[:2_000]}
        return RecordedShadow(
            one.decision_id,
            one.release,
            one.at,
            one.request.policy,
            record["outcome"],
            record_bytes(record),
        )

    def _record(self, shadows: list[RecordedShadow]) -> None:
        try:
            self._store.record_shadows(shadows)
        except Exception:  # the database is away or busy: the decisions themselves are kept
            results = [LOST] * len(shadows)
        else:
            results = [FAILED if one.outcome == "error" else RECORDED for one in shadows]
        for one, result in zip(shadows, results, strict=True):
            self._count(one.policy, result)
