"""What was examined and what survived come in; the cases that would help go out: for each survivor
that nobody argues for, and for each part that no case reaches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from app.policies.cases import load_case_files
from app.policies.examine import Examined
from app.policies.policy import Policy, check_policy
from app.rules.catalogue import read_catalogue
from app.rules.problems import ProblemsFound
from app.trials.coverage import Coverage, Part
from app.trials.mutation import Survivor
from app.trials.noticed import Watch
from app.trials.reach import Reach
from app.trials.suggest import Suggested, Suggester


@dataclass(frozen=True, slots=True)
class Advice:
    """What would help against a survivor, or a gap: a case; one that was advised before for
    something else, `again`; nothing that was found.
    """

    of: Survivor | Part
    suggested: Suggested | None
    again: bool = False


class Adviser:
    """Advice on one product; cases that were advised once count for what comes later."""

    def __init__(self, looked: Examined) -> None:
        if looked.policy is None or looked.documents is None or looked.folder is None:
            raise ProblemsFound(looked.problems)
        self._policy: Policy = looked.policy
        catalogue = read_catalogue(looked.documents.catalogue, [])
        files = load_case_files(looked.folder / "cases", catalogue)
        folder = looked.folder / "cases"
        self._suggester = Suggester(self._policy, looked.cases, files, catalogue, folder)
        self._reach = Reach(self._policy, looked.cases, files)
        self._advised: list[tuple[Suggested, Watch]] = []

    def on_survivors(
        self, survivors: Sequence[Survivor], advance: Callable[[int, int], object]
    ) -> Iterator[Advice]:
        """Advice on each, in their order."""
        for done, one in enumerate(survivors):
            advance(done, len(survivors))
            mutant = check_policy(one.mutant.documents)
            before = next((case for case, watch in self._advised if watch.notices(mutant)), None)
            if before is not None:
                yield Advice(one, before, again=True)
                continue
            found = self._suggester.suggest(
                mutant, one.mutant.stage, one.mutant.item, one.mutant.words
            )
            self._keep(found)
            yield Advice(one, found)

    def on_gaps(self, coverage: Coverage) -> Iterator[Advice]:
        """Advice on each part that neither the cases nor what was advised before reach."""
        advised = [case.case for case, _ in self._advised]
        for part in coverage.missing:
            reached = next((c for c in advised if self._reach.reaches(part, c)), None)
            if reached is not None:
                yield Advice(part, next(c for c, _ in self._advised if c.case is reached), True)
                continue
            found = self._reach.find(part)
            written = None
            if found is not None:
                name = f"{part.item}: {part.way}"
                seen = self._reach.verdict(found)
                written = self._suggester.write_gap(found, seen, part.stage, name)
                self._keep(written)
                if written is not None:
                    advised.append(written.case)
            yield Advice(part, written)

    def _keep(self, found: Suggested | None) -> None:
        if found is not None:
            self._advised.append((found, Watch(self._policy, [found.case])))
