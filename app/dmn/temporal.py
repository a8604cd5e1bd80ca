"""Dates, times and durations: from text, to text, and their arithmetic (microseconds at finest)."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from app.dmn.errors import FeelFault
from app.dmn.values import Months

YEARS = re.compile(r"(-?)P(?=\d)(?:(\d+)Y)?(?:(\d+)M)?")
DAYS = re.compile(
    r"(-?)P(?=\d|T\d)(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?"
)
DATE = re.compile(r"\d{4}-\d\d-\d\d")
TIME = re.compile(r"(\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d:\d\d|@[\w/+-]+)?")


def read_date(text: str) -> date:
    """A date of ISO 8601, years 1 to 9999."""
    if not DATE.fullmatch(text):
        raise FeelFault(f"'{text}' is not a date; write yyyy-mm-dd")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise FeelFault(f"'{text}' is not a date: {error}") from error


def read_time(text: str) -> time:
    """A time of day, with an offset or `@Zone/Name` where given."""
    match = TIME.fullmatch(text)
    if not match:
        raise FeelFault(f"'{text}' is not a time; write hh:mm:ss")
    try:
        zone = match[2] or ""
        if zone.startswith("@"):
            return time.fromisoformat(match[1]).replace(tzinfo=ZoneInfo(zone[1:]))
        return time.fromisoformat(match[1] + zone)
    except (ValueError, KeyError) as error:
        raise FeelFault(f"'{text}' is not a time: {error}") from error


def read_moment(text: str) -> datetime:
    """A date and time; a date alone is its midnight."""
    day, _, rest = text.partition("T")
    return datetime.combine(read_date(day), read_time(rest) if rest else time(0))


def read_duration(text: str) -> Months | timedelta:
    """A duration of years and months, or of days and time."""
    if match := YEARS.fullmatch(text):
        months = int(match[2] or 0) * 12 + int(match[3] or 0)
        return Months(-months if match[1] else months)
    if match := DAYS.fullmatch(text):
        try:
            length = timedelta(
                days=int(match[2] or 0),
                hours=int(match[3] or 0),
                minutes=int(match[4] or 0),
                seconds=float(match[5] or 0),
            )
        except OverflowError as error:
            raise FeelFault(f"'{text}' is too long a duration") from error
        return -length if match[1] else length
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
    if isinstance(value, timedelta):
        return _write_length(value)
    if isinstance(value, datetime):
        return value.date().isoformat() + "T" + write(value.timetz())
    if isinstance(value, time):
        text = value.replace(tzinfo=None).isoformat()
        text = text.rstrip("0") if "." in text else text
        if isinstance(value.tzinfo, ZoneInfo):
            return f"{text}@{value.tzinfo.key}"
        if value.tzinfo is None:
            return text
        offset = value.isoformat()[-6:]
        return text + ("Z" if offset == "+00:00" else offset)
    return str(value.isoformat())


def _write_length(value: timedelta) -> str:
    size = abs(value)
    hours, rest = divmod(size.seconds, 3600)
    minutes, whole = divmod(rest, 60)
    seconds = f"{Decimal(whole) + Decimal(size.microseconds) / 1_000_000:f}"
    seconds = seconds.rstrip("0").rstrip(".") if "." in seconds else seconds
    clock = f"{hours}H" * bool(hours) + f"{minutes}M" * bool(minutes)
    clock += f"{seconds}S" * (seconds != "0")
    body = f"{size.days}D" * bool(size.days) + ("T" + clock) * bool(clock)
    return ("-" if value < timedelta(0) else "") + "P" + (body or "T0S")


def add_months(day: Any, months: int) -> Any:
    """A date or moment, so many months later; the day is cut to the month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise FeelFault("a date outside the years 1 to 9999")
    return day.replace(
        year=year, month=month + 1, day=min(day.day, calendar.monthrange(year, month + 1)[1])
    )


def add(left: Any, right: Any) -> Any:
    """A temporal value and a duration, or two durations of one kind."""
    if isinstance(left, Months) and isinstance(right, Months):
        return Months(left.months + right.months)
    if isinstance(right, date | time) and not isinstance(left, date | time):
        left, right = right, left
    if isinstance(right, Months) and isinstance(left, date):
        return add_months(left, right.months)
    if isinstance(right, timedelta):
        if isinstance(left, time):
            moment = datetime.combine(date(2000, 1, 2), left)
            return (
                moment + timedelta(seconds=right.seconds, microseconds=right.microseconds)
            ).timetz()
        if isinstance(left, timedelta | datetime):
            return left + right
        if isinstance(left, date):
            return (datetime.combine(left, time(0)) + right).date()
    raise FeelFault("+ does not fit these types")


def subtract(left: Any, right: Any) -> Any:
    """The time between two values, or a value a duration earlier."""
    if isinstance(right, Months):
        return add(left, Months(-right.months))
    if isinstance(right, timedelta):
        return add(left, -right)
    if isinstance(left, date) and isinstance(right, date):
        first, second = _moment(left), _moment(right)
        if (first.tzinfo is None) != (second.tzinfo is None):
            raise FeelFault("one of the two moments has no time zone")
        return first - second
    if isinstance(left, time) and isinstance(right, time):
        day = date(2000, 1, 2)
        return subtract(datetime.combine(day, left), datetime.combine(day, right))
    raise FeelFault("- does not fit these types")


def _moment(value: date) -> datetime:
    if isinstance(value, datetime):
        return value
    return datetime.combine(value, time(0, tzinfo=UTC))
