"""The values of FEEL: null, boolean, number, text, list, context, temporal values, ranges."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import Any

from app.dmn.errors import FeelFault
from app.dmn.moments import SECOND, Date, Length, Moment, Months, Time, instant

MOST_WHOLE = Decimal("1e18")
ARITHMETIC = Context(prec=34, Emax=6144, Emin=-6143)


@dataclass(frozen=True)
class Range:
    """An interval; an end that is None is open to infinity.

    `sign` is set where the text was a comparison such as `(> 5)`; `(= 5)` and `(!= 5)` have
    their value in both ends.
    """

    low: Any
    high: Any
    low_closed: bool
    high_closed: bool
    sign: str = ""


@dataclass(frozen=True, eq=False)
class Function:
    """Something that can be called, with the names of its parameters.

    `types` and `result` are declared types, `shape` is the type that its body shows; None is Any.
    `owner` knows the item definitions that these types may name.
    `bind` takes the arguments of a built-in function and their names.
    """

    parameters: tuple[str, ...]
    call: Callable[..., Any]
    types: tuple[Any, ...] = ()
    result: Any = None
    shape: Any = None
    owner: Any = None
    bind: Callable[[list[Any], list[str]], list[Any]] | None = field(default=None, repr=False)


KINDS: dict[type, str] = {
    bool: "boolean", Decimal: "number", str: "string", Moment: "date and time", Date: "date",
    Time: "time", Length: "days and time duration", Months: "years and months duration",
    list: "list", dict: "context", Range: "range", Function: "function",
}  # fmt: skip


def kind_of(value: Any) -> str:
    """The FEEL type of a value, as `instance of` names it."""
    return KINDS.get(type(value), "null")


def equal(left: Any, right: Any) -> bool | None:
    """FEEL's `=`: null equals only null; values of different types give null."""
    if left is None or right is None:
        return left is right
    if type(left) is not type(right):
        return None
    if isinstance(left, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(equal(left[k], right[k]) for k in left)
    if isinstance(left, Range):
        if left.sign != right.sign:
            return False
        ends = (left.low_closed, left.high_closed) == (right.low_closed, right.high_closed)
        return bool(ends and equal(left.low, right.low) and equal(left.high, right.high))
    if isinstance(left, Time | Moment):
        return _same_second(left, right)
    return bool(left == right)


def _same_second(left: Time | Moment, right: Time | Moment) -> bool:
    """The standard compares hour, minute and second; the suite leaves out their fractions."""
    one, two = _clock(left), _clock(right)
    return one[0] == two[0] and one[1] // SECOND == two[1] // SECOND


def identical(left: Any, right: Any) -> bool:
    """FEEL's `is`: the same value of the same type, zone and fractions included."""
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(identical, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(identical(left[k], right[k]) for k in left)
    return bool(left == right)


def _clock(value: Time | Moment) -> tuple[bool, int]:
    """Whether a time has a zone, and where it lies in UTC."""
    if isinstance(value, Moment):
        return value.time.zone is not None, instant(value)
    if value.zone is None:
        return False, value.nanos
    return True, instant(Moment(Date(1970, 1, 1), value))


def compare(left: Any, right: Any) -> int | None:
    """-1, 0 or 1; null where the two have no order."""
    if type(left) is not type(right):
        return None
    one: Any
    two: Any
    if isinstance(left, Decimal | str):
        one, two = left, right
    elif isinstance(left, Date):
        one, two = left.ordinal(), right.ordinal()
    elif isinstance(left, Length):
        one, two = left.nanos, right.nanos
    elif isinstance(left, Months):
        one, two = left.months, right.months
    elif isinstance(left, Time | Moment):
        (zoned, one), (also, two) = _clock(left), _clock(right)
        if zoned != also and isinstance(left, Time):
            return None
    else:
        return None
    return int(one > two) - int(one < two)


def within(value: Any, interval: Range) -> bool | None:
    """Whether a value lies in a range; null where they cannot be compared."""
    if interval.sign in ("=", "!="):
        same = equal(value, interval.low)
        return same if interval.sign == "=" or same is None else not same
    if not interval.sign and (interval.low is None or interval.high is None):
        return None
    low = 1 if interval.low is None else compare(value, interval.low)
    high = -1 if interval.high is None else compare(value, interval.high)
    if low is None or high is None:
        return None
    return (low > 0 or (low == 0 and interval.low_closed)) and (
        high < 0 or (high == 0 and interval.high_closed)
    )


def from_json(value: Any) -> Any:
    """A JSON value as a FEEL value; temporal values come as texts and are typed by the model.

    `2.0` is the same JSON number as `2`: zeros at the end of a fraction are dropped.
    """
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):
        return from_json(Decimal(repr(value))) if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return _without_zeros(value)
    if isinstance(value, list):
        return [from_json(item) for item in value]
    return {str(key): from_json(item) for key, item in value.items()}


def _without_zeros(value: Decimal) -> Decimal:
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int) or exponent >= 0:
        return value
    text = "".join(map(str, digits))
    zeros = min(len(text) - len(text.rstrip("0")), -exponent)
    return Decimal((sign, digits[: len(digits) - zeros], exponent + zeros)) if value else Decimal(0)


def whole(value: Any, what: str) -> int:
    """A number that must be whole, as an int."""
    if not isinstance(value, Decimal) or value != value.to_integral_value():
        raise FeelFault(f"{what} must be a whole number")
    return cut(value, what)


def cut(value: Decimal, what: str) -> int:
    """A number as an int, without what stands after its point."""
    if abs(value) > MOST_WHOLE:
        raise FeelFault(f"{what} is too large")
    return int(value)
