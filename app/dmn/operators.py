"""The operators of FEEL on values: comparison, arithmetic, membership, paths."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from app.dmn import temporal_math
from app.dmn.errors import FeelFault
from app.dmn.moments import Date, Length, Moment, Months, Time
from app.dmn.values import ARITHMETIC, Range, compare, equal, kind_of, within


def ordered(sign: str, one: Any, two: Any) -> Any:
    """A comparison of two values, in three-valued logic."""
    if sign in ("=", "!="):
        same = equal(one, two)
        if same is None:
            raise FeelFault(f"{kind_of(one)} {sign} {kind_of(two)} compares different types")
        return same if sign == "=" else not same
    order = compare(one, two)
    if order is None:
        if one is None or two is None:
            return None
        raise FeelFault(f"{kind_of(one)} {sign} {kind_of(two)} is not defined")
    return {"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[sign]


def between(value: Any, low: Any, high: Any) -> bool | None:
    """`value between low and high`, both ends included."""
    if low is None or high is None:
        return None
    return within(value, Range(low, high, True, True))


def fits_one(value: Any, wanted: Any) -> bool | None:
    """`value in wanted`, and what a table's cell means."""
    if isinstance(wanted, Range) and not isinstance(value, Range):
        return within(value, wanted)
    if isinstance(wanted, list):
        if isinstance(value, list) and equal(value, wanted):
            return True
        return any(fits_one(value, item) is True for item in wanted)
    return equal(value, wanted)


def arithmetic(sign: str, one: Any, two: Any) -> Any:
    """`one sign two`; null where one of them is null."""
    if one is None or two is None:
        return None
    if isinstance(one, Decimal) and isinstance(two, Decimal):
        return calculate(sign, one, two)
    if isinstance(one, str) and isinstance(two, str) and sign == "+":
        return one + two
    if sign in "+-":
        return temporal_math.add(one, two) if sign == "+" else temporal_math.subtract(one, two)
    return _scale(sign, one, two)


def calculate(sign: str, one: Decimal, two: Decimal) -> Decimal:
    """Arithmetic of numbers with 34 digits; a fault where there is no finite result."""
    if sign == "/" and two == 0:
        raise FeelFault("division by zero")
    work = {"+": ARITHMETIC.add, "-": ARITHMETIC.subtract, "*": ARITHMETIC.multiply,
            "/": ARITHMETIC.divide, "**": ARITHMETIC.power}  # fmt: skip
    return work[sign](one, two)


def _scale(sign: str, one: Any, two: Any) -> Any:
    """A duration times or by a number, or by a duration of its kind."""
    if sign == "/" and type(one) is type(two) and isinstance(one, Months | Length):
        first = one.months if isinstance(one, Months) else one.nanos
        second = two.months if isinstance(two, Months) else two.nanos
        return calculate("/", Decimal(first), Decimal(second))
    if sign == "*" and isinstance(one, Decimal):
        one, two = two, one
    if sign in ("*", "/") and isinstance(two, Decimal):
        return temporal_math.scaled(one, sign, two)
    raise FeelFault(f"{kind_of(one)} {sign} {kind_of(two)} is not defined")


def part_of(value: Any, name: str) -> Any:
    """A part of a context, of a temporal value or of a range."""
    if isinstance(value, dict):
        if name not in value:
            raise FeelFault(f"the context has no '{name}'")
        return value[name]
    if isinstance(value, Range):
        ends = {"start": value.low, "end": value.high, "start included": value.low_closed,
                "end included": value.high_closed}  # fmt: skip
        if name in ends:
            return ends[name]
    if isinstance(value, Date | Time | Moment | Months | Length):
        try:
            return temporal_math.part(value, name)
        except KeyError:
            pass
    raise FeelFault(f"a {kind_of(value)} has no '{name}'")
