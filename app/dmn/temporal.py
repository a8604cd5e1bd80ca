"""Temporal values from text and to text (ISO 8601, XML Schema, and `@Zone/Name`)."""

from __future__ import annotations

import re
from typing import Any

from app.dmn.errors import FeelFault
from app.dmn.moments import (
    DAY,
    SECOND,
    Date,
    Length,
    Moment,
    Months,
    Time,
    Zone,
    checked,
    from_ordinal,
    zone_named,
)  # fmt: skip

YEARS = re.compile(r"(-?)P(?=\d)(?:(\d+)Y)?(?:(\d+)M)?")
DAYS = re.compile(
    r"(-?)P(?=\d|T\d)(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d*))?S)?)?",
)
DATE = re.compile(r"(-?)((?:[1-9]\d{4,8})|\d{4})-(\d\d)-(\d\d)", re.ASCII)
TIME = re.compile(
    r"(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:(Z)|([+-])(\d\d):(\d\d)(?::(\d\d))?|@([\w/+-]+))?",
    re.ASCII,
)
MOST_DIGITS = 24


def read_date(text: str) -> Date:
    """A date of ISO 8601; the year has four to nine digits."""
    match = DATE.fullmatch(text)
    if not match:
        raise FeelFault(f"'{text}' is not a date; write yyyy-mm-dd")
    year = int(match[2])
    return checked(-year if match[1] else year, int(match[3]), int(match[4]))


def read_time(text: str) -> Time:
    """A time of day, with an offset or `@Zone/Name` where given."""
    match = TIME.fullmatch(text)
    if not match:
        raise FeelFault(f"'{text}' is not a time; write hh:mm:ss")
    hour, minute, second = (int(match[n]) for n in (1, 2, 3))
    end_of_day = (hour, minute, second) == (24, 0, 0) and not int(match[4] or 0)
    if (hour > 23 and not end_of_day) or minute > 59 or second > 59:
        raise FeelFault(f"'{text}' is not a time of day")
    hour %= 24
    nanos = ((hour * 60 + minute) * 60 + second) * SECOND
    return Time(nanos + _fraction(match[4]), _zone(match, text))


def _fraction(digits: str | None) -> int:
    return int((digits or "0")[:9].ljust(9, "0"))


def _zone(match: re.Match[str], text: str) -> Zone | None:
    if match[5]:
        return Zone(0)
    if match[10]:
        zone_named(match[10])
        return Zone(0, match[10])
    if not match[6]:
        return None
    hours, minutes, seconds = int(match[7]), int(match[8]), int(match[9] or 0)
    offset = (hours * 60 + minutes) * 60 + seconds
    if minutes > 59 or seconds > 59 or offset > 18 * 3600:
        raise FeelFault(f"'{text}' has no offset between -18:00 and +18:00")
    return Zone(-offset if match[6] == "-" else offset)


def read_moment(text: str) -> Moment:
    """A date and time; a date alone is its midnight."""
    day, mark, rest = text.partition("T")
    moment = Moment(read_date(day), read_time(rest) if mark else Time(0))
    if rest.startswith("24"):
        return Moment(from_ordinal(moment.day.ordinal() + 1), moment.time)
    return moment


def read_duration(text: str) -> Months | Length:
    """A duration of years and months, or of days and time."""
    if len(text) > 4 * MOST_DIGITS:
        raise FeelFault("the text of a duration is too long")
    if match := YEARS.fullmatch(text):
        months = int(match[2] or 0) * 12 + int(match[3] or 0)
        return Months(-months if match[1] else months)
    if match := DAYS.fullmatch(text):
        days, hours, minutes, seconds = (int(match[n] or 0) for n in (2, 3, 4, 5))
        nanos = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * SECOND
        nanos += _fraction(match[6])
        return Length(-nanos if match[1] else nanos)
    raise FeelFault(f"'{text}' is not a duration; write for example P1Y2M or P3DT4H")


def read_any(text: str) -> Any:
    """The temporal value of a text such as `@"2024-01-31"`."""
    for read in (read_duration, read_date, read_time, read_moment):
        try:
            return read(text)
        except FeelFault:
            continue
    raise FeelFault(f"'{text}' is not a date, a time or a duration")


def write(value: Any) -> str:
    """A temporal value as FEEL's `string` gives it."""
    if isinstance(value, Months):
        years, months = divmod(abs(value.months), 12)
        body = (f"{years}Y" if years else "") + (f"{months}M" if months or not years else "")
        return ("-" if value.months < 0 else "") + "P" + body
    if isinstance(value, Length):
        return _write_length(value.nanos)
    if isinstance(value, Date):
        sign = "-" if value.year < 0 else ""
        return f"{sign}{abs(value.year):04}-{value.month:02}-{value.day:02}"
    if isinstance(value, Moment):
        return write(value.day) + "T" + write(value.time)
    if isinstance(value, Time):
        seconds, nanos = divmod(value.nanos, SECOND)
        clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        clock += f".{nanos:09}".rstrip("0") if nanos else ""
        return clock + (_write_zone(value.zone) if value.zone else "")
    raise FeelFault("this value is neither a date, a time nor a duration")


def _write_zone(zone: Zone) -> str:
    if zone.name:
        return "@" + zone.name
    if zone.offset == 0:
        return "Z"
    size = abs(zone.offset)
    text = f"{'-' if zone.offset < 0 else '+'}{size // 3600:02}:{size // 60 % 60:02}"
    return text + (f":{size % 60:02}" if size % 60 else "")


def _write_length(nanos: int) -> str:
    size = abs(nanos)
    days, rest = divmod(size, DAY)
    seconds, fraction = divmod(rest, SECOND)
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    tail = f"{seconds}" + (f".{fraction:09}".rstrip("0") if fraction else "")
    clock = f"{hours}H" * bool(hours) + f"{minutes}M" * bool(minutes)
    clock += f"{tail}S" * (tail != "0")
    body = f"{days}D" * bool(days) + ("T" + clock) * bool(clock)
    return ("-" if nanos < 0 else "") + "P" + (body or "T0S")
