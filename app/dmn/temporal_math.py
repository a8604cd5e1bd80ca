"""Arithmetic and parts of dates, times and durations."""

from __future__ import annotations

from decimal import Context, Decimal
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
    at_instant,
    checked,
    days_of,
    from_local,
    from_ordinal,
    instant,
    midnight,
    offset_of,
)  # fmt: skip


def add_months(day: Date, months: int) -> Date:
    """A date so many months later; the day is cut to the month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return checked(year, month + 1, min(day.day, days_of(year, month + 1)))


def add(left: Any, right: Any) -> Any:
    """A temporal value and a duration, or two durations of one kind."""
    if isinstance(left, Months) and isinstance(right, Months):
        return Months(left.months + right.months)
    if isinstance(left, Length) and isinstance(right, Length):
        return Length(left.nanos + right.nanos)
    if isinstance(left, Months | Length):
        left, right = right, left
    if isinstance(right, Months):
        if isinstance(left, Date):
            return add_months(left, right.months)
        if isinstance(left, Moment):
            return Moment(add_months(left.day, right.months), left.time)
    if isinstance(right, Length):
        if isinstance(left, Time):
            return Time((left.nanos + right.nanos) % DAY, left.zone)
        if isinstance(left, Date):
            return from_ordinal((left.ordinal() * DAY + right.nanos) // DAY)
        if isinstance(left, Moment):
            zone = left.time.zone
            if zone is not None and zone.name:
                return at_instant(instant(left) + right.nanos, zone)
            return from_local(left.local + right.nanos, zone)
    raise FeelFault("+ does not fit these types")


def subtract(left: Any, right: Any) -> Any:
    """The time between two values, or a value a duration earlier."""
    if isinstance(right, Months) and not isinstance(left, Length):
        return add(left, Months(-right.months))
    if isinstance(right, Length) and not isinstance(left, Months):
        return add(left, Length(-right.nanos))
    if isinstance(left, Date | Moment) and isinstance(right, Date | Moment):
        first = midnight(left) if isinstance(left, Date) else left
        second = midnight(right) if isinstance(right, Date) else right
        if (first.time.zone is None) != (second.time.zone is None):
            raise FeelFault("one of the two moments has no time zone")
        return Length(instant(first) - instant(second))
    if isinstance(left, Time) and isinstance(right, Time):
        if (left.zone is None) != (right.zone is None):
            raise FeelFault("one of the two times has no time zone")
        day = Date(1970, 1, 1)
        return Length(instant(Moment(day, left)) - instant(Moment(day, right)))
    raise FeelFault("- does not fit these types")


def months_between(start: Date | Moment, end: Date | Moment) -> Months:
    """The whole months from one date or moment to another; the time of day does not count."""
    first, last = _places(start), _places(end)
    months = (last[0] - first[0]) * 12 + last[1] - first[1]
    if months > 0 and last[2:] < first[2:]:
        months -= 1
    elif months < 0 and last[2:] > first[2:]:
        months += 1
    return Months(months)


def _places(value: Date | Moment) -> tuple[int, int, int]:
    day = value.day if isinstance(value, Moment) else value
    return day.year, day.month, day.day


def scaled(value: Any, sign: str, number: Decimal) -> Any:
    """A duration times or by a number: whole months, or whole nanoseconds."""
    if sign == "/" and number == 0:
        raise FeelFault("division by zero")
    if isinstance(value, Months | Length):
        size = Decimal(value.months if isinstance(value, Months) else value.nanos)
        wide = Context(prec=80)
        found = wide.multiply(size, number) if sign == "*" else wide.divide(size, number)
        if abs(found.adjusted()) > 40:
            raise FeelFault("the duration is too long")
        return Months(int(found)) if isinstance(value, Months) else Length(int(found))
    raise FeelFault("only a duration is multiplied or divided by a number here")


def part(value: Any, name: str) -> Any:
    """A part of a temporal value, as `.year`; KeyError where it has none of this name."""
    if isinstance(value, Months):
        years, months = divmod(abs(value.months), 12)
        sign = -1 if value.months < 0 else 1
        return Decimal(sign * {"years": years, "months": months}[name])
    if isinstance(value, Length):
        size, sign = abs(value.nanos), -1 if value.nanos < 0 else 1
        seconds = size // SECOND
        if name == "seconds":
            return sign * (Decimal(seconds % 60) + Decimal(size % SECOND) / SECOND)
        return Decimal(sign * {"days": size // DAY, "hours": seconds // 3600 % 24,
                               "minutes": seconds // 60 % 60}[name])  # fmt: skip
    if isinstance(value, Date):
        if name == "weekday":
            return Decimal((value.ordinal() + 3) % 7 + 1)
        return Decimal({"year": value.year, "month": value.month, "day": value.day}[name])
    if isinstance(value, Moment):
        if name in ("year", "month", "day", "weekday"):
            return part(value.day, name)
        if name == "time offset":
            offset = offset_of(value)
            return None if offset is None else Length(offset * SECOND)
        return part(value.time, name)
    return _part_of_time(value, name)


def _part_of_time(value: Time, name: str) -> Any:
    seconds = value.nanos // SECOND
    if name == "second":
        fraction = Decimal(value.nanos % SECOND) / SECOND
        return seconds % 60 + fraction if fraction else Decimal(seconds % 60)
    if name == "timezone":
        return value.zone.name or None if value.zone else None
    if name == "time offset":
        if value.zone is None:
            return None
        return Length((offset_of(Moment(Date(1970, 1, 1), value)) or 0) * SECOND)
    return Decimal({"hour": seconds // 3600, "minute": seconds // 60 % 60}[name])
