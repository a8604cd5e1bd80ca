"""A part of a policy that no case reaches comes in; a merchant who reaches it goes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.policies.cases import Case, CaseFile
from app.policies.pipeline import Pipeline
from app.policies.policy import Policy
from app.policies.trials import values_of, verdict_of
from app.rules.problems import Place
from app.trials.coverage import Part, measure_coverage
from app.trials.crowd import Crowd
from app.trials.landmarks import find_landmarks
from app.trials.reads import inputs_of
from app.trials.search import Found

FEW = 12  # merchants to begin with
BATCH = 200
MOST_TRIED = 12_000


class Reach:
    """Ready for one part after another."""

    def __init__(self, policy: Policy, cases: Sequence[Case], files: Sequence[CaseFile]) -> None:
        self._policy, self._files = policy, files
        self._marks = find_landmarks([policy])
        self._starts: dict[str, list[Mapping[str, Any]]] = {}
        for file in files:
            self._starts.setdefault(file.purpose, []).append(file.base)
        for case in cases:
            self._starts.setdefault(case.purpose, []).append(case.values)

    def reaches(self, part: Part, *cases: Case) -> bool:
        """Whether one of the cases reaches the part."""
        wanted = (part.stage, part.item, part.way)
        covered = measure_coverage(self._policy, cases).covered
        return any((one.stage, one.item, one.way) == wanted for one in covered)

    def find(self, part: Part) -> Found | None:
        """A merchant, with as much as possible of a file's base; None where none was found."""
        tried = 0
        for batch in self._batches(part):
            tried += len(batch)
            if self.reaches(part, *batch):
                while len(batch) > 1:
                    half = batch[: len(batch) // 2]
                    batch = half if self.reaches(part, *half) else batch[len(batch) // 2 :]
                return self._shrink(part, batch[0])
            if tried > MOST_TRIED:
                break
        return None

    def verdict(self, found: Found) -> dict[str, Any]:
        case = _case(found.purpose, found.values)
        judged = Pipeline(self._policy, found.purpose).judge(
            values_of(self._policy, case), engines="scalar"
        )
        return verdict_of(judged)

    def _batches(self, part: Part) -> Iterator[list[Case]]:
        """Merchants with one input changed, then with two."""
        item = inputs_of(self._policy, part.stage, part.item)
        names = [name for name in item if name in self._policy.inputs]
        for both in (False, True):
            for purpose, starts in self._starts.items():
                crowd = Crowd(self._policy)
                rows = crowd.rows(starts)
                few = rows[:: max(1, len(rows) // FEW)]
                for place, name in enumerate(names):
                    many = crowd.vary(few, name, self._marks[name])
                    pairs: list[str | None] = [*names[place + 1 :]] if both else [None]
                    for other in pairs:
                        wide = (
                            many if other is None else crowd.vary(many, other, self._marks[other])
                        )
                        for start in range(0, len(wide), BATCH):
                            part_rows = wide[start : start + BATCH]
                            yield [_case(purpose, crowd.merchant(row)) for row in part_rows]

    def _shrink(self, part: Part, case: Case) -> Found:
        files = [file for file in self._files if file.purpose == case.purpose]
        if not files:
            return Found(case.purpose, None, case.values, case.values)
        own = [file for file in files if file.path.stem == part.stage]
        file = (own or files)[0]
        now = dict(case.values)
        for name in list(now):
            tried = {**now, name: file.base.get(name)}
            if now[name] != tried[name] and self.reaches(part, replace(case, values=tried)):
                now = tried
        given = {name: value for name, value in now.items() if value != file.base.get(name)}
        return Found(case.purpose, file, given, now)


def _case(purpose: str, values: Mapping[str, Any]) -> Case:
    return Case("", Place("", 0, 0), purpose, values, {})
