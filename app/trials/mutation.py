"""A policy's documents and its cases come in; which small changes the cases would notice, and which
would survive, goes out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from app.policies.accepted import AcceptedSurvivor
from app.policies.cases import Case
from app.policies.documents import Documents
from app.policies.policy import Policy, check_policy, read_policy
from app.trials.equivalent import is_same_in_range
from app.trials.mutants import Mutant, list_mutants
from app.trials.noticed import Watch


@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant that no case notices. `why`: the argument for leaving it so, "" without one."""

    mutant: Mutant
    why: str = ""

    def as_json(self) -> dict[str, Any]:
        one = self.mutant
        found = {"mutant": one.name, "stage": one.stage, "file": one.shown, "line": one.line}
        return {
            **found,
            "item": one.item,
            "words": one.words,
            **({"why": self.why} if self.why else {}),
        }


@dataclass(frozen=True, slots=True)
class MutationReport:
    """What became of every mutant. `same`: how many no valid merchant can tell from the policy, by
    the ranges of its inputs; they count neither way. `unmatched`: acceptances that no survivor
    needs.
    """

    killed: int
    survivors: tuple[Survivor, ...]
    same: int
    unmatched: tuple[str, ...] = ()

    @property
    def unargued(self) -> tuple[Survivor, ...]:
        return tuple(one for one in self.survivors if not one.why)

    @property
    def argued(self) -> int:
        return len(self.survivors) - len(self.unargued)

    @property
    def total(self) -> int:
        return self.killed + len(self.survivors)

    @property
    def score(self) -> float:
        """The share that is killed; 1 where there is nothing to kill."""
        return self.killed / self.total if self.total else 1.0

    def as_json(self) -> dict[str, Any]:
        return {
            "killed": self.killed,
            "survived": len(self.survivors),
            "argued": self.argued,
            "equivalent_by_range": self.same,
            "score": round(self.score, 4),
            "survivors": [one.as_json() for one in self.survivors],
            "unmatched": list(self.unmatched),
        }


def run_mutants(
    documents: Documents,
    cases: Sequence[Case],
    advance: Callable[[int, int], object] = lambda done, total: None,
    accepted: Sequence[AcceptedSurvivor] = (),
    policy: Policy | None = None,
) -> MutationReport:
    """Try every mutant on the cases, which must hold on the policy itself; `advance` is told how
    many of how many are done. Raises ProblemsFound where the documents have problems.
    """
    policy = policy or check_policy(documents)
    watch = Watch(policy, cases)
    arguments = {one.mutant: one.why for one in accepted}
    mutants = list(list_mutants(documents, policy))
    killed = same = 0
    survivors: list[Survivor] = []
    for done, mutant in enumerate(mutants):
        advance(done, len(mutants))
        changed, problems = read_policy(mutant.documents)
        if problems or changed is None:
            continue
        if watch.notices(changed):
            killed += 1
        elif is_same_in_range(policy, changed, mutant.stage):
            same += 1
        else:
            survivors.append(Survivor(mutant, arguments.get(mutant.name, "")))
    advance(len(mutants), len(mutants))
    names = {one.mutant.name for one in survivors}
    unmatched = tuple(name for name in arguments if name not in names)
    return MutationReport(killed, tuple(survivors), same, unmatched)
