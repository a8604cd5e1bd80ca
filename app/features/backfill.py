"""Builds of one day or of many: days, a lake and a way to compute come in; the snapshot of each day
goes out, computed only where no snapshot of the same inputs stands.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.errors import ChengxinError
from app.features.build import Built
from app.features.calendar import AsOf, month_of
from app.features.catalogue import FeatureCatalogue
from app.features.inputs import hash_inputs
from app.features.knowledge import (
    Knowledge,
    know,
    left_out,
    refuse_unknown,
    settle_knowledge,
)
from app.features.lake import EmptyLake, Import, LakeState
from app.features.snapshots import list_snapshots, mark_current
from app.features.standing import find_standing, note_standing

STEPS = ("day", "week", "month")
MOST_DAYS = 4_000


class WrongDays(ChengxinError):
    """The days of a backfill cannot be told."""


@dataclass(frozen=True, slots=True)
class DayBuilt:
    """What became of a day: `stood` when nothing had to be computed; `left_out` are imports that
    were not known; `built` is None where nothing of before the day was known, and `why` says so.
    """

    as_of: date
    built: Built | None
    stood: bool = False
    knowledge: Knowledge | None = None
    left_out: tuple[Import, ...] = ()
    why: str = ""

    @property
    def made(self) -> Built:
        """What was built or found. Raises EmptyLake where nothing was known."""
        if self.built is None:
            raise EmptyLake(self.why)
        return self.built


@dataclass(frozen=True, slots=True)
class Plan:
    """How days are built: what is asked of `known_at` (see `settle_knowledge`), and whether what
    stands is computed `again`.
    """

    lake: LakeState
    catalogue: FeatureCatalogue
    now: datetime
    known_at: str | None = None
    again: bool = False
    engine: str = "duckdb"


Compute = Callable[[LakeState, AsOf], Built]


def list_days(first: date, last: date, every: str) -> list[date]:
    """The days from `first` to `last`, both counted, a day, a week or a month apart. From the 31st
    on by months it is the last day where a month is shorter. Raises WrongDays.
    """
    if last < first:
        raise WrongDays(f"--to {last} lies before --as-of {first}; write the earlier day first")
    days = list(_iter_days(first, last, every))
    if len(days) > MOST_DAYS:
        raise WrongDays(
            f"{len(days)} days are more than the {MOST_DAYS} of one backfill;"
            " write --every week or --every month, or fewer days"
        )
    return days


def _iter_days(first: date, last: date, every: str) -> Iterator[date]:
    if every == "month":
        for month in range(month_of(first), month_of(last) + 1):
            year, place = divmod(month, 12)
            longest = calendar.monthrange(year, place + 1)[1]
            day = date(year, place + 1, min(first.day, longest))
            if day <= last:
                yield day
        return
    step = timedelta(days=7 if every == "week" else 1)
    for number in range((last - first) // step + 1):
        yield first + number * step


def build_day(plan: Plan, day: date, compute: Compute) -> DayBuilt:
    """Build one day, or find it standing. Raises EmptyLake, WrongMoment."""
    as_of, lake = AsOf(day), plan.lake
    lake.months_until(as_of)  # raises EmptyLake where there is nothing at all
    standing = [found.provenance for found in list_snapshots(lake.folder, day)]
    knowledge = settle_knowledge(lake, as_of, plan.known_at, plan.now, standing)
    known = know(lake, knowledge)
    refuse_unknown(lake, known, as_of)
    inputs = hash_inputs(known, plan.catalogue, as_of, plan.engine)
    missed = tuple(left_out(lake, known, as_of))
    found = None if plan.again else find_standing(lake.folder, day, inputs)
    if found is not None:
        mark_current(lake.folder, found)
        return DayBuilt(day, Built(found, False, 0, 0, {}), True, knowledge, missed)
    built = compute(known, as_of)
    note_standing(lake.folder, inputs, built.snapshot)
    mark_current(lake.folder, built.snapshot)
    return DayBuilt(day, built, False, knowledge, missed)


def build_days(plan: Plan, days: list[date], compute: Compute) -> Iterator[DayBuilt]:
    """Build day after day, each told as soon as it is done; days that nothing is known of are told
    too. A second run finds standing what a first one has done.
    """
    for day in days:
        try:
            yield build_day(plan, day, compute)
        except EmptyLake as error:
            yield DayBuilt(day, None, why=str(error))
