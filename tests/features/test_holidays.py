"""The calendar of festivals: right through 2035, and strict."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from lunardate import LunarDate

from app.features.holidays import NoFestival, load_calendar
from app.rules.problems import ProblemsFound
from tests.features.lakes import CATALOGUE

FILE = CATALOGUE.with_name("calendar.yaml")


def test_festivals_are_those_of_the_lunar_calendar() -> None:
    calendar = load_calendar(FILE)
    assert set(calendar.spring_festival) == set(range(2000, 2036))
    for year, day in calendar.spring_festival.items():
        assert LunarDate(year, 1, 1).to_solar_date() == day


def test_days_around_the_festival_are_closed() -> None:
    calendar = load_calendar(FILE)
    closed = [date(2026, 2, 7), date(2026, 2, 17), date(2026, 3, 3)]
    assert all(calendar.is_closed(day) for day in closed)
    assert not any(calendar.is_closed(day) for day in (date(2026, 2, 6), date(2026, 3, 4)))


def test_a_year_that_is_not_listed_is_an_error() -> None:
    with pytest.raises(NoFestival, match=r"2036.*2000 to 2035.*add the line"):
        load_calendar(FILE).is_closed(date(2036, 1, 1))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("  2026: 2026-02-17", "  2026: 2026-12-17", "cannot be on 2026-12-17"),
        ("  2026: 2026-02-17", "  2026: soon", "'soon' is no day"),
        ("  2026: 2026-02-17", "  next: 2026-02-17", "'next' is no year"),
        ("  days_after: 15", "  days_after: 1.5", "write whole days from 0 to 60"),
        ("  days_after: 15", "  days_afterwards: 15", "has no key 'days_afterwards'"),
        ("to: 2020-03-31", "to: 2019-03-31", "is before 'from'"),
        ("shocks:", "shock:", "did you mean 'shocks'"),
    ],
)
def test_mistakes_are_named_with_their_place(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = FILE.read_text("utf-8")
    assert old in text
    file = tmp_path / "calendar.yaml"
    file.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(ProblemsFound) as found:
        load_calendar(file)
    assert says in str(found.value)
    assert str(found.value).startswith("calendar.yaml:")
