"""What was known when: the lake as it is now and a moment of knowledge come in; the lake as it was
known then goes out.

What arrived later does not exist for a build: its waybills, its conflicts with older ones, the
originals that its return waybills name. See docs/decisions/0025-known-at.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from app.errors import ChengxinError
from app.features.calendar import AsOf
from app.features.lake import EmptyLake, Import, LakeState

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
OPENING = timedelta(hours=24)  # what arrives within a day of the first import opens the lake
NOW, END_OF_DAY, OPENED, GIVEN, LIVE = "now", "end_of_day", "opening", "given", "snapshot"
HOW_TO_WRITE = (
    "write now, end-of-day (what had arrived by the end of the day before --as-of), an import's id"
    " from chengxin waybills imports, or a moment such as 2026-10-31T23:59:59 (Asia/Shanghai; add"
    " Z or +00:00 for another zone)"
)
_IMPORT_ID = re.compile(r"\d{6}-[0-9a-f]{12}")
_INSTANT = timedelta(microseconds=1)
EVER = datetime(1, 1, 1)  # noqa: DTZ001 local time


class WrongMoment(ChengxinError):
    """A moment of knowledge that cannot be read, or that the lake has nothing of."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Known is what had arrived `at` this moment (Asia/Shanghai), that moment included, among the
    first `ledger` imports; all of them where it is None. `how` says who chose the moment.
    """

    at: datetime
    how: str
    ledger: int | None = None

    def covers(self, place: int, found: Import) -> bool:
        """Whether the import at this place of the ledger, from 0, was known."""
        if self.ledger is not None and place >= self.ledger:
            return False
        return found.history or arrival_of(found) <= self.at


def arrival_of(found: Import) -> datetime:
    """When an import arrived; ever, where the ledger does not say."""
    return datetime.fromisoformat(found.arrived_at) if found.arrived_at else EVER


def shanghai_now() -> datetime:
    """The local time that arrivals are written in."""
    return datetime.now(UTC).astimezone(SHANGHAI).replace(tzinfo=None)


def settle_knowledge(
    lake: LakeState,
    as_of: AsOf,
    asked: str | None,
    now: datetime,
    standing: Iterable[Mapping[str, Any]] = (),
) -> Knowledge:
    """The moment of knowledge for a build of `as_of`; `asked` is what the user wrote, None for the
    rule; `standing` are the provenances of that day's snapshots.

    The rule: a day that is not over is built with what is known now. A past day is built with what
    its last snapshot of before its end knew; without one, with what had arrived by the end of
    T − 1, or by the end of the lake's opening if that is later. Raises WrongMoment.
    """
    if asked is not None:
        return _read_asked(lake, as_of, asked, now)
    if as_of.day >= now.date():
        return Knowledge(now, NOW)
    live = [seen for told in standing if (seen := _seen_live(as_of.day, told)) is not None]
    if live:
        return max(live, key=lambda seen: seen.at)
    end = as_of.cut_off_at - _INSTANT
    arrivals = [arrival_of(found) for found in lake.imports if not found.history]
    opened = min(arrivals, default=EVER)
    if opened != EVER and opened + OPENING > end:
        return Knowledge(min(opened + OPENING, now), OPENED)
    return Knowledge(end, END_OF_DAY)


def _seen_live(day: date, told: Mapping[str, Any]) -> Knowledge | None:
    """What a snapshot knew, if it was built before its day was over with all that was known."""
    if told.get("known_by") != NOW:
        return None
    at = datetime.fromisoformat(told["known_at"])
    return Knowledge(at, LIVE, told["ledger"]) if at.date() <= day else None


def _read_asked(lake: LakeState, as_of: AsOf, asked: str, now: datetime) -> Knowledge:
    text = asked.strip()
    if text.lower() == "now":
        return Knowledge(now, NOW)
    if text.lower() in ("end-of-day", "end_of_day"):
        return Knowledge(as_of.cut_off_at - _INSTANT, END_OF_DAY)
    if _IMPORT_ID.fullmatch(text):
        for place, found in enumerate(lake.imports):
            if found.id == text:
                return Knowledge(arrival_of(found), GIVEN, place + 1)
        raise WrongMoment(f"--known-at {text}: the lake has no such import")
    return Knowledge(read_moment(text), GIVEN)


def read_moment(text: str) -> datetime:
    """A moment in Asia/Shanghai; a day is its last instant. Raises WrongMoment."""
    try:
        if len(text) == 10:
            return datetime.combine(date.fromisoformat(text), datetime.max.time())
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise WrongMoment(f"'{text}' is no moment; {HOW_TO_WRITE}") from None
    return moment.astimezone(SHANGHAI).replace(tzinfo=None) if moment.tzinfo else moment


def know(lake: LakeState, knowledge: Knowledge) -> LakeState:
    """The lake as it was known: other imports have neither waybills nor conflicts in it."""
    known = tuple(i for place, i in enumerate(lake.imports) if knowledge.covers(place, i))
    told = {
        "known_at": knowledge.at.isoformat(),
        "known_by": knowledge.how,
        "ledger": len(lake.imports) if knowledge.ledger is None else knowledge.ledger,
    }
    return replace(narrow_to(lake, known), told=told)


def narrow_to(lake: LakeState, imports: tuple[Import, ...]) -> LakeState:
    """The lake with these imports of it only."""
    if len(imports) == len(lake.imports):
        return lake
    ids = {found.id for found in imports}
    kept = {m: tuple(p for p in paths if p.stem in ids) for m, paths in lake.months.items()}
    return replace(lake, imports=imports, months={m: paths for m, paths in kept.items() if paths})


def left_out(lake: LakeState, known: LakeState, as_of: AsOf) -> list[Import]:
    """Imports with waybills of before the cut-off, or conflicts with such, that were not known."""
    ids = {found.id for found in known.imports}
    return [i for i in lake.imports_of(lake.months_until(as_of)) if i.id not in ids]


def refuse_unknown(lake: LakeState, known: LakeState, as_of: AsOf) -> None:
    """Raise EmptyLake where nothing of before the cut-off was known, though there is something."""
    last = max(lake.months_until(as_of))
    if any(month <= last for month in known.months):
        return
    first = min((arrival_of(found) for found in lake.imports), default=EVER)
    at = datetime.fromisoformat(known.told["known_at"]).replace(microsecond=0)
    raise EmptyLake(
        f"nothing of before {as_of.day} had arrived by {at} (Asia/Shanghai): the first import"
        f" arrived at {first}; choose a later --known-at. Waybills of the past that open a lake are"
        " imported with chengxin waybills import FILE --source NAME --history"
    )
