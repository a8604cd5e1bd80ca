"""A product's files, a version to hold them against and a snapshot come in; one look at them goes
out: problems, warnings, cases and what they reach, what changed in words, and what it does to the
portfolio.

Nothing here raises for bad files: what cannot be done is a note, and the rest is done. Columns of
the snapshot and the judgement of the version that stands are kept from one look to the next.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from app.comparisons.diff import diff_policies
from app.comparisons.judging import Kept, prepare_versions
from app.comparisons.simulate import simulate_snapshot
from app.errors import ChengxinError
from app.features.snapshots import Snapshot
from app.lint.lint import lint_policy, lint_shared
from app.policies.documents import list_products
from app.policies.examine import Examined, examine
from app.policies.policy import Policy
from app.policies.trials import Difference, run_cases
from app.rules.problems import Problem
from app.trials.coverage import Coverage, measure_coverage
from app.trials.story import tell_case


@dataclass(frozen=True, slots=True)
class Against:
    """A policy that stands, what it is called, and what tells it from another."""

    name: str
    policy: Policy
    mark: str


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen. `warnings`: as `policy check` has them; `story`: what each stage said of the
    first failing case; `report`: as a simulation gives it. None: it could not be told.
    """

    product: str
    against: str | None
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] | None
    cases: int | None
    differences: tuple[Difference, ...]
    story: tuple[str, ...]
    coverage: Coverage | None
    changes: tuple[str, ...] | None
    report: dict[str, Any] | None
    notes: tuple[str, ...]
    seconds: float

    @property
    def failing(self) -> int:
        """How many cases do not hold."""
        return len({one.case.place for one in self.differences})

    @property
    def is_fine(self) -> bool:
        """Whether there is no problem and no warning, and every case holds."""
        quiet = not self.problems and not self.warnings
        return quiet and bool(self.cases) and not self.differences


@dataclass(slots=True)
class Bench:
    """What stays warm between two looks. `find_against` and `find_snapshot` are asked each time: a
    release may be activated and a snapshot built meanwhile.
    """

    product: str
    rulesets: Path
    scorecards: Path
    find_against: Callable[[Policy | None], tuple[Against | None, list[str]]]
    find_snapshot: Callable[[], Snapshot]
    _features: tuple[Path, pa.Table] | None = None
    _kept: tuple[tuple[str, Path] | None, Kept] = field(default_factory=lambda: (None, {}))

    def look(self) -> Look:
        """Check, test, compare and simulate what the files say now."""
        begun = time.perf_counter()
        notes: list[str] = []
        looked = self._examine(notes)
        policy = looked.policy if looked is not None else None
        against, said = self.find_against(policy)
        notes += said
        differences: list[Difference] = []
        story: tuple[str, ...] = ()
        problems: tuple[Problem, ...] = looked.problems if looked is not None else ()
        warnings: tuple[Problem, ...] | None = None
        coverage = None
        changes: tuple[str, ...] | None = None
        report = None
        if looked is not None and policy is not None:
            problems, warnings = self._lint(looked, notes)
            differences = run_cases(policy, looked.cases)
            story = tuple(tell_case(policy, differences[0].case)) if differences else ()
            coverage = measure_coverage(policy, looked.cases, looked.documents)
            if not looked.cases:
                notes.append("there are no cases")
            if against is not None:
                changes = tuple(str(one) for one in diff_policies(against.policy, policy))
                report = self._simulate(against, policy, notes)
        elif looked is not None:
            notes.append("cases and simulation wait until the problems are mended")
        return Look(
            self.product,
            against.name if against is not None else None,
            problems,
            warnings,
            len(looked.cases) if looked is not None and policy is not None else None,
            tuple(differences),
            story,
            coverage,
            changes,
            report,
            tuple(notes),
            time.perf_counter() - begun,
        )

    def _examine(self, notes: list[str]) -> Examined | None:
        try:
            return examine(self.product, self.rulesets, self.scorecards)
        except (ChengxinError, OSError) as error:
            notes.append(str(error))
            return None

    def _lint(
        self, looked: Examined, notes: list[str]
    ) -> tuple[tuple[Problem, ...], tuple[Problem, ...] | None]:
        """Problems of rulesets/accepted.yaml; and the warnings of the product's files, of the
        catalogue and of the reasons, which only all products together can tell.
        """
        try:
            others = [name for name in list_products(self.rulesets) if name != self.product]
            rest = (examine(name, self.rulesets, self.scorecards) for name in others)
            shared = lint_shared([looked, *rest], self.rulesets, self.scorecards)
        except (ChengxinError, OSError) as error:
            notes.append(f"no warnings: {error}")
            return (), None
        return shared.problems, tuple(sorted({*lint_policy(looked), *shared.warnings}))

    def _simulate(
        self, against: Against, policy: Policy, notes: list[str]
    ) -> dict[str, Any] | None:
        try:
            snapshot = self.find_snapshot()
            if self._features is None or self._features[0] != snapshot.path:
                self._features = snapshot.path, snapshot.read()
        except (ChengxinError, OSError, pa.ArrowException) as error:
            notes.append(f"not simulated: {error}")
            return None
        of = against.mark, snapshot.path
        if self._kept[0] != of:
            self._kept = of, {}
        return simulate_snapshot(
            prepare_versions(against.policy, policy),
            snapshot.meta.as_of,
            snapshot.id,
            self._features[1],
            kept=self._kept[1],
        )
