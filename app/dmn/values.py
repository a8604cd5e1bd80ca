"""The values of FEEL: null, boolean, number, text, list, context, temporal values, ranges."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Context, Decimal
from typing import Any

from app.dmn.errors import FeelFault

ARITHMETIC = Context(prec=34)


@dataclass(frozen=True)
class Months:
    """A duration of years and months."""

    months: int


@dataclass(frozen=True)
class Range:
    """An interval; an end that is None is open to infinity."""

    low: Any
    high: Any
    low_closed: bool
    high_closed: bool


@dataclass(frozen=True)
class Function:
    """Something that can be called, with the names of its parameters."""

    parameters: tuple[str, ...]
    call: Callable[..., Any]
    variadic: bool = False


def kind_of(value: Any) -> str:
    """The FEEL type of a value, as `instance of` names it."""
    kinds: list[tuple[Any, str]] = [
        (bool, "boolean"),
        (Decimal, "number"),
        (str, "string"),
        (datetime, "date and time"),
        (date, "date"),
        (time, "time"),
        (timedelta, "days and time duration"),
        (Months, "years and months duration"),
        (list, "list"),
        (dict, "context"),
        (Range, "range"),
        (Function, "function"),
    ]
    return next((name for kind, name in kinds if isinstance(value, kind)), "null")


def equal(left: Any, right: Any) -> bool | None:
    """FEEL's `=`: null equals only null; values of different types give null."""
    if left is None or right is None:
        return left is right
    if kind_of(left) != kind_of(right):
        return None
    if isinstance(left, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(equal(left[k], right[k]) for k in left)
    return bool(left == right)


def compare(left: Any, right: Any) -> int | None:
    """-1, 0 or 1; null where the two have no order."""
    ordered = (Decimal, str, date, time, timedelta, Months)
    if kind_of(left) != kind_of(right) or not isinstance(left, ordered):
        return None
    if isinstance(left, bool):
        return None
    if isinstance(left, Months):
        left, right = left.months, right.months
    try:
        return int(left > right) - int(left < right)
    except TypeError:
        return None


def within(value: Any, interval: Range) -> bool | None:
    """Whether a value lies in a range; null where they cannot be compared."""
    low = 1 if interval.low is None else compare(value, interval.low)
    high = -1 if interval.high is None else compare(value, interval.high)
    if low is None or high is None:
        return None
    return (low > 0 or (low == 0 and interval.low_closed)) and (
        high < 0 or (high == 0 and interval.high_closed)
    )


def from_json(value: Any) -> Any:
    """A JSON value as a FEEL value; temporal values come as texts and are typed by the model."""
    if isinstance(value, bool) or value is None or isinstance(value, str | Decimal):
        return value
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(repr(value)) if math.isfinite(value) else None
    if isinstance(value, list):
        return [from_json(item) for item in value]
    return {str(key): from_json(item) for key, item in value.items()}


def whole(value: Any, what: str) -> int:
    """A number that must be whole, as an int."""
    if not isinstance(value, Decimal) or value != value.to_integral_value():
        raise FeelFault(f"{what} must be a whole number")
    return int(value)
