"""FEEL's dates, times and durations: wider than Python's (years of nine digits, nanoseconds)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.dmn.errors import FeelFault

SECOND = 1_000_000_000
DAY_SECONDS = 86_400
DAY = DAY_SECONDS * SECOND
MOST_YEAR = 999_999_999
CYCLE = 400  # years after which the calendar repeats itself


@dataclass(frozen=True, slots=True)
class Months:
    """A duration of years and months."""

    months: int


@dataclass(frozen=True, slots=True)
class Length:
    """A duration of days and time, in nanoseconds."""

    nanos: int


@dataclass(frozen=True, slots=True)
class Date:
    """A day of the Gregorian calendar, also before its invention."""

    year: int
    month: int
    day: int

    def ordinal(self) -> int:
        """Days since 1970-01-01 (Howard Hinnant, days_from_civil)."""
        year = self.year - (self.month <= 2)
        era, of_era = divmod(year, CYCLE)
        of_year = (153 * ((self.month + 9) % 12) + 2) // 5 + self.day - 1
        return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


@dataclass(frozen=True, slots=True)
class Zone:
    """An offset from UTC in seconds, or a name of the zone database."""

    offset: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day in nanoseconds, with or without a zone."""

    nanos: int
    zone: Zone | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """A date and time."""

    day: Date
    time: Time

    @property
    def local(self) -> int:
        """Nanoseconds since 1970-01-01 on the clock of its place."""
        return self.day.ordinal() * DAY + self.time.nanos


def from_ordinal(days: int) -> Date:
    """The date so many days after 1970-01-01 (Howard Hinnant, civil_from_days)."""
    era, of_era = divmod(days + 719_468, 146_097)
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return checked(era * CYCLE + year + (month <= 2), month, of_year - (153 * shifted + 2) // 5 + 1)


def from_local(nanos: int, zone: Zone | None) -> Moment:
    """The moment so many nanoseconds after 1970-01-01, on the clock of its place."""
    days, rest = divmod(nanos, DAY)
    return Moment(from_ordinal(days), Time(rest, zone))


def days_of(year: int, month: int) -> int:
    """The number of days of a month."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def checked(year: int, month: int, day: int) -> Date:
    """A date, or a fault if the calendar does not have it."""
    if abs(year) > MOST_YEAR:
        raise FeelFault(f"the year {year} has more than nine digits")
    if not 1 <= month <= 12:
        raise FeelFault(f"there is no month {month}")
    if not 1 <= day <= days_of(year, month):
        raise FeelFault(f"the month {year}-{month:02} has no day {day}")
    return Date(year, month, day)


@lru_cache(maxsize=256)
def zone_named(name: str) -> ZoneInfo:
    """A zone of the database, or a fault."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise FeelFault(f"there is no time zone '{name}'") from error


def offset_of(moment: Moment) -> int | None:
    """Seconds east of UTC at a moment; null without a zone.

    The rules of a named zone outside the years 1800 to 2199 are those of the same year in a
    later or earlier cycle of 400 years.
    """
    zone = moment.time.zone
    if zone is None or not zone.name:
        return None if zone is None else zone.offset
    year = moment.day.year
    if not 1800 <= year < 2200:
        year = 1800 + year % CYCLE
    clock = datetime(year, moment.day.month, moment.day.day, tzinfo=zone_named(zone.name))
    clock += timedelta(seconds=moment.time.nanos // SECOND)
    found = clock.utcoffset()
    return 0 if found is None else round(found.total_seconds())


def instant(moment: Moment) -> int:
    """Nanoseconds since 1970-01-01 UTC; a moment without a zone counts as UTC."""
    return moment.local - (offset_of(moment) or 0) * SECOND


def midnight(day: Date) -> Moment:
    """A date as a moment: its midnight in UTC, as the standard has it."""
    return Moment(day, Time(0, Zone(0)))


def at_instant(nanos: int, zone: Zone) -> Moment:
    """The moment of a zone at an instant of UTC."""
    if not zone.name:
        return from_local(nanos + zone.offset * SECOND, zone)
    rough = from_local(nanos, Zone(0)).day.year
    shift = 0
    if not 1801 <= rough < 2199:
        shift = rough // CYCLE * CYCLE - 2000
    base = from_local(nanos, Zone(0))
    moved = Moment(Date(base.day.year - shift, base.day.month, base.day.day), base.time)
    second = moved.local // SECOND
    there = datetime.fromtimestamp(0, UTC) + timedelta(seconds=second)
    found = there.astimezone(zone_named(zone.name)).utcoffset() or timedelta(0)
    return from_local(nanos + round(found.total_seconds()) * SECOND, zone)
