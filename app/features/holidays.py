"""`rulesets/calendar.yaml` comes in; the days on which trade stands still, and the times of shocks,
go out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from app.errors import ChengxinError
from app.rules.document import Scalar, load_yaml
from app.rules.fields import Fields
from app.rules.problems import Problem, ProblemsFound

FILE = "calendar.yaml"


class NoFestival(ChengxinError):
    """The calendar does not reach as far as the days that are asked for; says which year to add."""


@dataclass(frozen=True, slots=True)
class Shock:
    """A time in which a fall says nothing of one merchant; both days belong to it."""

    first: date
    last: date
    title: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Calendar:
    """Spring Festivals by year, how long trade stands still around them, and shocks."""

    spring_festival: Mapping[int, date]
    days_before: int
    days_after: int
    shocks: tuple[Shock, ...]
    sha256: str

    def festival_of(self, year: int) -> date:
        """The first day of the first lunar month. Raises NoFestival."""
        found = self.spring_festival.get(year)
        if found is None:
            years = sorted(self.spring_festival)
            reach = f"{years[0]} to {years[-1]}" if years else "no year"
            raise NoFestival(
                f"{FILE} has no Spring Festival for {year} (it has {reach});"
                f" add the line `{year}: YYYY-MM-DD` under `spring_festival:`"
            )
        return found

    def is_closed(self, day: date) -> bool:
        """Whether carriers stand still on this day. Raises NoFestival."""
        festival = self.festival_of(day.year)
        before = timedelta(days=self.days_before)
        return festival - before <= day < festival + timedelta(days=self.days_after)


def load_calendar(path: Path) -> Calendar:
    """Read and check a calendar file. Raises ProblemsFound with everything that is wrong in it."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ChengxinError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    problems: list[Problem] = []
    fields = Fields(load_yaml(path.name, text), "the calendar", problems)
    festivals = _read_festivals(fields, problems)
    closed = fields.fields("closed", "'closed'")
    days = [_read_days(closed, key) if closed else 0 for key in ("days_before", "days_after")]
    if closed is not None:
        closed.finish()
    shocks = tuple(
        shock
        for node in fields.sequence("shocks", required=False)
        if (shock := _read_shock(Fields(node, "a shock", problems))) is not None
    )
    fields.finish()
    if problems:
        raise ProblemsFound(problems)
    return Calendar(festivals, days[0], days[1], shocks, hashlib.sha256(text.encode()).hexdigest())


def _read_festivals(fields: Fields, problems: list[Problem]) -> dict[int, date]:
    found: dict[int, date] = {}
    for key, node in fields.mapping("spring_festival"):
        day = _read_date(node, problems) if isinstance(node, Scalar) else None
        if not isinstance(node, Scalar):
            problems.append(node.problem("wrong-kind", f"'{key.text}' must be one day"))
        if not (key.text.isdecimal() and len(key.text) == 4):
            problems.append(key.problem("bad-name", f"'{key.text}' is no year, as in 2026"))
        elif day is not None and (day.year != int(key.text) or not 1 <= day.month <= 2):
            problems.append(
                node.problem(
                    "wrong-value",
                    f"the Spring Festival of {key.text} cannot be on {day}",
                    "it lies between 21 January and 20 February of its year",
                )
            )
        elif day is not None:
            found[int(key.text)] = day
    return found


def _read_shock(fields: Fields) -> Shock | None:
    first, last = (_read_date_of(fields, key) for key in ("from", "to"))
    title = fields.words("title")
    fields.finish()
    if first is None or last is None:
        return None
    if last < first:
        node = fields.node_of("to")
        assert node is not None
        fields.problems.append(node.problem("wrong-value", f"{last} is before 'from', {first}"))
    return Shock(first, last, title)


def _read_date_of(fields: Fields, key: str) -> date | None:
    node = fields.scalar(key)
    return _read_date(node, fields.problems) if node is not None else None


def _read_date(node: Scalar, problems: list[Problem]) -> date | None:
    try:
        return date.fromisoformat(node.text)
    except ValueError:
        problems.append(
            node.problem("wrong-value", f"'{node.text[:40]}' is no day", "write it as 2026-02-17")
        )
        return None


def _read_days(fields: Fields, key: str) -> int:
    number = fields.number(key)
    if number is None:
        return 0
    if number != int(number) or not 0 <= number <= 60:
        node = fields.node_of(key)
        assert node is not None
        fields.problems.append(
            node.problem("wrong-value", f"'{key}' is {number}", "write whole days from 0 to 60")
        )
    return int(number)
