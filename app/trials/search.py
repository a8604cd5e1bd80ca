"""A policy, a mutant and the merchants of the cases come in; a merchant whom the two judge
differently goes out, as near to the `base` of a file of cases as was found.

Merchants are tried in growing circles: those of the cases; one input changed that the mutated part
reads; any one input changed; all amounts in proportion; the places between two tries where a
judgement turns; two inputs changed; and a fixed sample of several. Each circle is judged at once,
in columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.policies.cases import Case, CaseFile
from app.policies.policy import Policy
from app.policies.trials import verdict_of
from app.rules.arithmetic import Mask
from app.rules.types import MONEY
from app.rules.vector import Column
from app.trials.contrast import Contrast
from app.trials.crowd import Crowd, Rows, values_of_column
from app.trials.landmarks import FACTORS, find_landmarks, scaled, scaled_all
from app.trials.reads import inputs_of
from app.trials.turning import find_turns

MOST_ROWS = 120_000  # of one circle
MOST_ALONE = 1_500  # merchants that are judged one by one
MOST_PAIRS = 250_000
MOST_TURNED = 6  # inputs
SAMPLE = 60_000
Looks = Callable[[Mapping[str, Column], int], Mask]


@dataclass(frozen=True, slots=True)
class Found:
    """A merchant that tells the two apart. `file`: where a case of it fits, None where there is no
    file for that purpose; `given`: what differs from the file's base; `values`: all.
    """

    purpose: str
    file: CaseFile | None
    given: Mapping[str, Any]
    values: Mapping[str, Any]


class Search:
    """Ready for one mutant after another."""

    def __init__(self, policy: Policy, cases: Sequence[Case], files: Sequence[CaseFile]) -> None:
        self.policy = policy
        self.files = files
        self._starts: dict[str, list[Mapping[str, Any]]] = {}
        for file in files:
            self._starts.setdefault(file.purpose, []).append(file.base)
        for case in cases:
            self._starts.setdefault(case.purpose, []).append(case.values)

    def find(self, mutant: Policy, stage: str, item: str) -> Found | None:
        """A merchant that tells the mutant from the policy, None where none was found."""
        reads = [n for n in inputs_of(self.policy, stage, item) if n in self.policy.inputs]
        marks = find_landmarks([self.policy, mutant])
        nearby = [n for n in inputs_of(self.policy, stage, "") if n in self.policy.inputs]
        tries = [_Try(self, mutant, purpose, reads, nearby, marks) for purpose in self._starts]
        for circle in range(len(_CIRCLES)):
            for one in tries:
                found = one.look(circle, one.contrast.decided)
                if found is not None:
                    return one.shrink(found, one.contrast.decided, stage)
        for circle in (0, 1, 2, 3, 6):
            for one in tries:
                found = one.look(circle, one.contrast.given)
                if found is not None:
                    return one.shrink(found, one.contrast.given, stage)
        for one in tries:
            found = one.look_alone()
            if found is not None:
                return one.shrink(found, one.differ_alone, stage)
        return None

    def starts_of(self, purpose: str) -> list[Mapping[str, Any]]:
        return self._starts[purpose]


class _Try:
    """One mutant for one purpose."""

    def __init__(
        self,
        search: Search,
        mutant: Policy,
        purpose: str,
        reads: Sequence[str],
        nearby: Sequence[str],
        marks: Mapping[str, Sequence[Any]],
    ) -> None:
        self.search, self.purpose, self.reads, self.marks = search, purpose, reads, marks
        self.nearby = nearby  # what the stage reads
        self.contrast = Contrast(search.policy, mutant, purpose)
        self.crowd = Crowd(search.policy)
        self.starts = self.crowd.rows(search.starts_of(purpose))

    def look(self, circle: int, looks: Looks) -> Mapping[str, Any] | None:
        """The first merchant of a circle, of those with the fewest differences, that tells."""
        for rows in _CIRCLES[circle](self):
            for start in range(0, len(rows), MOST_ROWS):
                part = rows[start : start + MOST_ROWS]
                differ = looks(self.crowd.columns(part, self.purpose), len(part))
                if differ.any():
                    return self.crowd.merchant(self._nearest(part[differ]))
        return None

    def _nearest(self, rows: Rows) -> Any:
        """The row with the fewest differences from some file's base."""
        bases = [f.base for f in self.search.files if self.fits(f)]
        if not bases:
            return rows[0]
        far = [(rows != base).sum(axis=1) for base in self.crowd.rows(bases)]
        return rows[int(np.min(far, axis=0).argmin())]

    def shrink(self, values: Mapping[str, Any], looks: Looks, stage: str) -> Found:
        """The merchant with as much as possible of a file's base."""
        file = self._file_for(values, stage)
        if file is None:
            return Found(self.purpose, None, values, values)
        now = {name: values.get(name) for name in self.crowd.names}
        while True:
            names = [name for name, value in now.items() if value != file.base.get(name)]
            tried = [{**now, name: file.base.get(name)} for name in names]
            if not tried:
                break
            rows = np.concatenate([self.crowd.rows([one]) for one in tried])
            differ = looks(self.crowd.columns(rows, self.purpose), len(rows))
            if not differ.any():
                break
            now = tried[int(differ.argmax())]
        given = {name: value for name, value in now.items() if value != file.base.get(name)}
        return Found(self.purpose, file, given, now)

    def _file_for(self, values: Mapping[str, Any], stage: str) -> CaseFile | None:
        """The stage's own file, else the one whose base is nearest."""
        files = [file for file in self.search.files if self.fits(file)]
        own = [file for file in files if file.path.stem == stage]
        near = sorted(files, key=lambda f: sum(values[n] != f.base.get(n) for n in values))
        return next(iter([*own, *near]), None)

    # --- circles ----------------------------------------------------------------------------------

    def cases(self) -> Iterator[Rows]:
        yield self.starts

    def one_that_is_read(self) -> Iterator[Rows]:
        for name in self.reads:
            yield self.vary(self.starts, name)

    def any_one(self) -> Iterator[Rows]:
        few = self.starts[:80]
        for name in self.crowd.names:
            if name not in self.reads:
                yield self.vary(few, name)

    def together(self) -> Iterator[Rows]:
        """All amounts of money in proportion: what bounds a limit often binds only so."""
        inputs = self.search.policy.inputs
        amounts = [n for n in self.crowd.names if inputs[n].type.kind == MONEY]
        found = []
        for row in self.starts[:60]:
            merchant = self.crowd.merchant(row)
            wider = {name: scaled_all(inputs[name].type, merchant[name]) for name in amounts}
            for place in range(len(FACTORS)):
                found.append({**merchant, **{n: values[place] for n, values in wider.items()}})
        yield self.crowd.rows(found)

    def turning(self) -> Iterator[Rows]:
        """Between two values of an input that are judged differently, the two neighbours between
        which the judgement turns, for either policy.
        """
        for name in self.reads[:MOST_TURNED]:
            few = self.starts[:60]
            values = {*self.marks[name], *self._scaled(few, name)}
            yield from find_turns(self.crowd, self.contrast, few, name, values)

    def two(self) -> Iterator[Rows]:
        few, left = self.starts[:: max(1, len(self.starts) // 8)], MOST_PAIRS
        for name in self.reads:
            first = self.vary(few, name)
            for other in self.crowd.names:
                if other != name and left > 0:
                    rows = self.vary(first, other)
                    left -= len(rows)
                    yield rows

    def several(self) -> Iterator[Rows]:
        """A fixed sample: of what is read, of that with up to four extremes, of everything."""
        chance = np.random.default_rng(0)
        yield self._sample(chance, self.starts, self.reads, 0.5, self.marks)
        bases = self.starts[: max(1, len([f for f in self.search.files if self.fits(f)]))]
        ends = {n: [values[0], *values[1:2], values[-1]] for n, values in self.marks.items()}
        rows = self._sample(chance, bases, self.reads[:1], 1.0, self.marks)
        others = [name for name in self.nearby if name not in self.reads[:1]]
        yield self._sample(chance, rows, others, 3 / max(3, len(others)), ends)
        names = self.crowd.names
        yield self._sample(chance, self.starts, names, min(0.5, 4 / len(names)), self.marks)

    def _sample(
        self,
        chance: np.random.Generator,
        starts: Rows,
        names: Sequence[str],
        share: float,
        values: Mapping[str, Sequence[Any]],
    ) -> Rows:
        """Merchants of `starts`, in whom each input is changed with that probability."""
        at_random = len(starts) < SAMPLE
        rows = starts[chance.integers(len(starts), size=SAMPLE)] if at_random else starts.copy()
        for name in names:
            places = [self.crowd.place(name, value) for value in values[name]]
            changed = chance.random(SAMPLE) < share
            picked = chance.choice(np.array(places, dtype=np.int32), size=SAMPLE)
            rows[changed, self.crowd.column[name]] = picked[changed]
        return rows

    def fits(self, file: CaseFile) -> bool:
        return file.purpose == self.purpose

    def vary(self, rows: Rows, name: str) -> Rows:
        """Each row with each landmark of the input, and with parts and multiples of its own."""
        many = self.crowd.vary(rows, name, self.marks[name])
        values = self._scaled(rows, name)
        return np.concatenate([many, self.crowd.vary(rows, name, values)]) if values else many

    def _scaled(self, rows: Rows, name: str) -> list[Any]:
        """Parts and multiples of what some of these merchants have."""
        own = sorted({int(place) for place in rows[:, self.crowd.column[name]]})[:3]
        of = self.search.policy.inputs[name].type
        return [moved for place in own for moved in scaled(of, self.crowd.value(name, place))]

    # --- one by one -------------------------------------------------------------------------------

    def look_alone(self) -> Mapping[str, Any] | None:
        """As `look`, for what only one merchant's judgement tells: hits, rows, unknowns."""
        left = MOST_ALONE
        for circle in (self.cases, self.one_that_is_read):
            for rows in circle():
                part = rows[:left]
                left -= len(part)
                differ = self._differ_rows(part)
                if differ.any():
                    return self.crowd.merchant(self._nearest(part[differ]))
        return None

    def differ_alone(self, columns: Mapping[str, Column], count: int) -> Mask:
        """As `Contrast.decided`, by hits, rows and unknowns; the merchants are read back."""
        merchants = _read_back(columns, count)
        return np.array([self._differs(one) for one in merchants], dtype=bool)

    def _differ_rows(self, rows: Rows) -> Mask:
        return self.differ_alone(self.crowd.columns(rows, self.purpose), len(rows))

    def _differs(self, values: Mapping[str, Any]) -> bool:
        first, second = (
            verdict_of(pipeline.judge(values, engines="scalar")) for pipeline in self.contrast.alone
        )
        return first != second


_CIRCLES: tuple[Callable[[_Try], Iterator[Rows]], ...] = (
    _Try.cases,
    _Try.one_that_is_read,
    _Try.any_one,
    _Try.together,
    _Try.turning,
    _Try.two,
    _Try.several,
)


def _read_back(columns: Mapping[str, Column], count: int) -> list[dict[str, Any]]:
    """Columns as merchants again."""
    lists = {name: values_of_column(column) for name, column in columns.items()}
    return [{name: values[row] for name, values in lists.items()} for row in range(count)]
