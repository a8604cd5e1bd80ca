"""Evidence: what was run on a release before somebody approves it, part by part. A part comes in as
data; out comes what stands in the way of an approval.

A part is `{"status": …, "said": one sentence, …}`, and more where there is more to say. The parts
are gathered by `app.evidence`; here is only what they mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PARTS = ("cases", "coverage", "lint", "mutation", "proofs", "simulation")
FINE = "fine"  # was run, and there is nothing to say against it
NOT_NEEDED = "not_needed"  # there is nothing to run, and `said` has why
OPEN = "open"  # was run, and leaves something to be argued
NOT_RUN = "not_run"  # was not run, and `said` has why
FAILED = "failed"  # was run, and forbids an approval
STATUSES = (FINE, NOT_NEEDED, OPEN, NOT_RUN, FAILED)


@dataclass(frozen=True, slots=True)
class Obstacles:
    """What keeps evidence from being approved: `fatal` whatever anybody says, `arguable` unless the
    approver says why it may be. Each is a part with its sentence.
    """

    fatal: tuple[str, ...]
    arguable: tuple[str, ...]


def find_obstacles(evidence: Mapping[str, Any] | None) -> Obstacles:
    """Part by part, in their order. What is absent, or has a status that is none, counts as not
    run.
    """
    parts = (evidence or {}).get("parts", {})
    fatal, arguable = [], []
    for name in PARTS:
        part = parts.get(name) or {"status": NOT_RUN, "said": "it was not run"}
        status, said = part.get("status"), f"{name}: {part.get('said', '')}"
        if status == FAILED:
            fatal.append(said)
        elif status not in (FINE, NOT_NEEDED):
            arguable.append(said)
    return Obstacles(tuple(fatal), tuple(arguable))
