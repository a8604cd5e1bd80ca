"""FEEL's functions on dates, times and durations."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from app.dmn import temporal
from app.dmn.errors import FeelFault
from app.dmn.moments import (
    SECOND,
    Date,
    Length,
    Moment,
    Months,
    Time,
    Zone,
    checked,
    from_ordinal,
    midnight,
)  # fmt: skip
from app.dmn.signatures import Room
from app.dmn.temporal_math import months_between
from app.dmn.values import whole

feel = Room()
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
          "October", "November", "December")  # fmt: skip


@feel("date(from: string)")
def _date(text: str) -> Date:
    return temporal.read_date(text)


@feel("date(from: date|moment)")
def _date_of(value: Date | Moment) -> Date:
    return value.day if isinstance(value, Moment) else value


@feel("date(year: number, month: number, day: number)")
def _date_from(year: Any, month: Any, day: Any) -> Date:
    return checked(whole(year, "the year"), whole(month, "the month"), whole(day, "the day"))


@feel("time(from: string)")
def _time(text: str) -> Time:
    return temporal.read_time(text)


@feel("time(from: time|date|moment)")
def _time_of(value: Time | Date | Moment) -> Time:
    if isinstance(value, Date):
        value = midnight(value)
    return value.time if isinstance(value, Moment) else value


@feel("time(hour: number, minute: number, second: number, offset?: dt)")
def _time_from(hour: Any, minute: Any, second: Any, offset: Length | None = None) -> Time:
    hours, minutes = whole(hour, "the hour"), whole(minute, "the minute")
    if not (0 <= hours < 24 and 0 <= minutes < 60 and 0 <= second < 60):
        raise FeelFault(f"there is no time {hours}:{minutes}:{second}")
    nanos = (hours * 60 + minutes) * 60 * SECOND + int(second * SECOND)
    if offset is None:
        return Time(nanos)
    if abs(offset.nanos) > 18 * 3600 * SECOND:
        raise FeelFault("an offset lies between -18 and 18 hours")
    return Time(nanos, Zone(int(offset.nanos / SECOND)))


@feel("date and time(from: string)")
def _moment(text: str) -> Moment:
    return temporal.read_moment(text)


@feel("date and time(date: date|moment, time: time)")
def _moment_from(day: Date | Moment, time: Time) -> Moment:
    return Moment(_date_of(day), time)


@feel("date and time(from: moment)")
def _moment_of(value: Moment) -> Moment:
    return value


@feel("date and time(from: moment, timezone: string)")
def _moment_there(value: Moment, timezone: str) -> Moment:
    from app.dmn.moments import at_instant, instant, zone_named

    zone_named(timezone)
    return at_instant(instant(value), Zone(0, timezone))


@feel("duration(from: string)")
def _duration(text: str) -> Any:
    return temporal.read_duration(text)


@feel("duration(from: ym|dt)")
def _duration_of(value: Any) -> Any:
    return value


@feel("years and months duration(from: date|moment, to: date|moment)")
def _months(start: Any, end: Any) -> Months:
    return months_between(start, end)


def _day(value: Date | Moment) -> Date:
    return _date_of(value)


@feel("day of year(date: date|moment)")
def _day_of_year(date: Any) -> Decimal:
    day = _day(date)
    return Decimal(day.ordinal() - Date(day.year, 1, 1).ordinal() + 1)


@feel("day of week(date: date|moment)")
def _day_of_week(date: Any) -> str:
    return DAYS[(_day(date).ordinal() + 3) % 7]


@feel("month of year(date: date|moment)")
def _month_of_year(date: Any) -> str:
    return MONTHS[_day(date).month - 1]


@feel("week of year(date: date|moment)")
def _week_of_year(date: Any) -> Decimal:
    """The week of ISO 8601: the one that holds the year's Thursday."""
    days = _day(date).ordinal()
    thursday = days - (days + 3) % 7 + 3
    first = Date(from_ordinal(thursday).year, 1, 1).ordinal()
    return Decimal((thursday - first) // 7 + 1)


@feel("now()")
def _now() -> Moment:
    now = datetime.now().astimezone()
    offset = now.utcoffset()
    nanos = ((now.hour * 60 + now.minute) * 60 + now.second) * SECOND + now.microsecond * 1000
    zone = Zone(0 if offset is None else int(offset.total_seconds()))
    return Moment(Date(now.year, now.month, now.day), Time(nanos, zone))


@feel("today()")
def _today() -> Date:
    return _now().day
