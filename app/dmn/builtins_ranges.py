"""FEEL's functions on ranges and points (the standard's table of Allen's relations)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from app.dmn import temporal
from app.dmn.errors import FeelFault, FeelSyntaxError
from app.dmn.parser import Node, Parser
from app.dmn.signatures import Room
from app.dmn.values import Range, compare

feel = Room()
READERS: dict[str, Callable[[str], Any]] = {
    "date": temporal.read_date, "time": temporal.read_time,
    "date and time": temporal.read_moment, "duration": temporal.read_duration,
}  # fmt: skip


def _point(value: Any) -> Range:
    return Range(value, value, True, True)


def _order(one: Any, two: Any, side_one: int, side_two: int) -> int:
    """Compare two ends; null is minus infinity at a start (side -1) and plus at an end."""
    if one is None or two is None:
        return (0 if one is not None else side_one) - (0 if two is not None else side_two)
    order = compare(one, two)
    if order is None:
        raise FeelFault("the two values have no order")
    return order


def _starts_by(one: Range, two: Range) -> int:
    """Which of two ranges begins first; an open end begins after a closed one."""
    return _order(one.low, two.low, -1, -1) or int(two.low_closed) - int(one.low_closed)


def _ends_by(one: Range, two: Range) -> int:
    """Which of two ranges ends first; an open end ends before a closed one."""
    return _order(one.high, two.high, 1, 1) or int(one.high_closed) - int(two.high_closed)


def _apart(one: Range, two: Range) -> bool:
    """Whether one ends before two begins."""
    order = _order(one.high, two.low, 1, -1)
    return order < 0 or (order == 0 and not (one.high_closed and two.low_closed))


def _touch(one: Range, two: Range) -> bool:
    order = _order(one.high, two.low, 1, -1)
    return order == 0 and one.high_closed and two.low_closed


def _within(one: Range, two: Range) -> bool:
    return _starts_by(one, two) >= 0 and _ends_by(one, two) <= 0


def _overlaps_before(one: Range, two: Range) -> bool:
    return _starts_by(one, two) < 0 and not _apart(one, two) and _ends_by(one, two) <= 0


RELATIONS: dict[str, Callable[[Range, Range], bool]] = {
    "before": _apart,
    "after": lambda one, two: _apart(two, one),
    "meets": _touch,
    "met by": lambda one, two: _touch(two, one),
    "overlaps": lambda one, two: not _apart(one, two) and not _apart(two, one),
    "overlaps before": _overlaps_before,
    "overlaps after": lambda one, two: _overlaps_before(two, one),
    "finishes": lambda one, two: _ends_by(one, two) == 0 and _starts_by(one, two) >= 0,
    "finished by": lambda one, two: _ends_by(one, two) == 0 and _starts_by(one, two) <= 0,
    "includes": lambda one, two: _within(two, one),
    "during": _within,
    "starts": lambda one, two: _starts_by(one, two) == 0 and _ends_by(one, two) <= 0,
    "started by": lambda one, two: _starts_by(one, two) == 0 and _ends_by(one, two) >= 0,
    "coincides": lambda one, two: _starts_by(one, two) == 0 and _ends_by(one, two) == 0,
}
POINT = "number|string|date|time|moment|ym|dt"
RANGES = "(range1: range, range2: range)"
POINTS = f"(point1: {POINT}, point2: {POINT})"
POINT_FIRST = f"(point: {POINT}, range: range)"
POINT_LAST = f"(range: range, point: {POINT})"
FORMS = {
    "before": (RANGES, POINTS, POINT_FIRST, POINT_LAST),
    "after": (RANGES, POINTS, POINT_FIRST, POINT_LAST),
    "coincides": (RANGES, POINTS),
    "finishes": (RANGES, POINT_FIRST), "during": (RANGES, POINT_FIRST),
    "starts": (RANGES, POINT_FIRST), "finished by": (RANGES, POINT_LAST),
    "includes": (RANGES, POINT_LAST), "started by": (RANGES, POINT_LAST),
}  # fmt: skip


def _register(name: str, relation: Callable[[Range, Range], bool]) -> None:
    def work(one: Any, two: Any) -> bool:
        pair = [end if isinstance(end, Range) else _point(end) for end in (one, two)]
        return relation(pair[0], pair[1])

    feel(*(name + form for form in FORMS.get(name, (RANGES,))))(work)


for _name, _relation in RELATIONS.items():
    _register(_name, _relation)


@feel("range(from: string)")
def _range(text: str) -> Range:
    """A range whose ends are literals: `[1..2]`, `(@"2024-01-01"..@"2024-02-01"]`."""
    try:
        node = Parser(text.strip(), set()).whole()
    except FeelSyntaxError as error:
        raise FeelFault(f"'{text}' is not a range: {error}") from error
    if node[0] != "range":
        raise FeelFault(f"'{text}' is not a range; write for example [1..2]")
    low, high = _literal(node[1], text), _literal(node[2], text)
    order = compare(low, high) if type(low) is type(high) else None
    if order is None or order > 0:
        raise FeelFault(f"the ends of '{text}' are of different types or in the wrong order")
    return Range(low, high, node[3], node[4])


def _literal(node: Node, text: str) -> Any:
    if node[0] == "value" and node[1] is not None:
        return node[1]
    if node[0] == "at":
        return temporal.read_any(node[1])
    if node[0] == "minus" and node[1][0] == "value" and isinstance(node[1][1], Decimal):
        return node[1][1].copy_negate()
    if node[0] == "call" and node[1][0] == "name" and node[1][1] in READERS and len(node[2]) == 1:
        kind, *argument = node[2][0]
        if kind == "value" and isinstance(argument[0], str):
            return READERS[node[1][1]](argument[0])
    raise FeelFault(f"the ends of '{text}' must be literals")
