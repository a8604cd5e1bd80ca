"""What `for`, `some` and `every` run over, boxed or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from app.dmn.errors import FeelFault, FeelLimit
from app.dmn.moments import Date, from_ordinal
from app.dmn.values import Range, compare, cut

MOST_TURNS = 1_000_000
Scope = dict[str, Any]
Domain = Callable[[Scope], list[Any]]


def items_of(value: Any) -> list[Any]:
    """The turns over a value: of a list its items, of a range its whole steps."""
    if value is None:
        raise FeelFault("for, some, every: null is no list")
    if isinstance(value, Range):
        return closed_steps(value)
    return value if isinstance(value, list) else [value]


def closed_steps(interval: Range) -> list[Any]:
    """The whole numbers or days of a range, without its ends where they are open."""
    if interval.low is None or interval.high is None:
        raise FeelFault("an iteration needs a range with two ends")
    if (compare(interval.low, interval.high) or 0) > 0:
        raise FeelFault("the range ends before it begins; write for i in 3..1 to count down")
    found = steps(interval.low, interval.high)
    found = found if interval.low_closed else found[1:]
    return found if interval.high_closed else found[:-1]


def steps(low: Any, high: Any) -> list[Any]:
    """`low..high`, upwards or downwards."""
    if isinstance(low, Date) and isinstance(high, Date):
        return [from_ordinal(n) for n in _counted(low.ordinal(), high.ordinal())]
    if not isinstance(low, Decimal) or not isinstance(high, Decimal):
        raise FeelFault("an iteration runs from number to number, or from date to date")
    if low != low.to_integral_value() or high != high.to_integral_value():
        raise FeelFault("an iteration runs over whole numbers")
    return [Decimal(n) for n in _counted(cut(low, "the start"), cut(high, "the end"))]


def _counted(low: int, high: int) -> range:
    if abs(high - low) > MOST_TURNS:
        raise FeelLimit("an iteration has too many turns")
    step = 1 if high >= low else -1
    return range(low, high + step, step)


def turns(scope: Scope, domains: list[tuple[str, Domain]]) -> Iterator[Scope]:
    """The scopes of all turns; a later domain sees the names of the earlier ones."""
    if not domains:
        yield scope
        return
    (name, domain), rest = domains[0], domains[1:]
    for item in domain(scope):
        yield from turns({**scope, name: item}, rest)
