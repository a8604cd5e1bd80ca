"""FEEL's built-in functions, as far as they are built; any other name gives null and a message."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import reduce
from typing import Any

from app.dmn import temporal
from app.dmn.builtins_lists import LISTS
from app.dmn.errors import FeelFault
from app.dmn.values import ARITHMETIC, Function, compare, equal, kind_of, whole


def _negate(value: Any) -> bool | None:
    return not value if isinstance(value, bool) else None


def _all(*values: Any) -> bool | None:
    items = _items(values)
    if any(item is False for item in items):
        return False
    return True if all(item is True for item in items) else None


def _any(*values: Any) -> bool | None:
    items = _items(values)
    if any(item is True for item in items):
        return True
    return False if all(item is False for item in items) else None


def _items(values: tuple[Any, ...]) -> list[Any]:
    return values[0] if len(values) == 1 and isinstance(values[0], list) else list(values)


def _numbers(values: tuple[Any, ...]) -> list[Decimal]:
    items = _items(values)
    if not all(isinstance(item, Decimal) for item in items):
        raise FeelFault("every item must be a number")
    return items


def _extreme(values: tuple[Any, ...], sign: int) -> Any:
    def better(one: Any, two: Any) -> Any:
        order = compare(two, one)
        if order is None:
            raise FeelFault("min, max: the items have no order")
        return two if order == sign else one

    items = _items(values)
    return reduce(better, items) if items else None


def _sum(*values: Any) -> Any:
    items = _numbers(values)
    return reduce(ARITHMETIC.add, items) if items else None


def _mean(*values: Any) -> Any:
    items = _numbers(values)
    return ARITHMETIC.divide(reduce(ARITHMETIC.add, items), Decimal(len(items))) if items else None


def _rounded(value: Any, mode: str) -> Any:
    if not isinstance(value, Decimal):
        raise FeelFault("a number is wanted")
    return value.to_integral_value(mode)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise FeelFault(f"a text is wanted, not a {kind_of(value)}")
    return value


def _string(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:f}" if isinstance(value, Decimal) else temporal.write(value)


def _substring(text: Any, start: Any, length: Any = None) -> str:
    at, size = whole(start, "the start"), None if length is None else whole(length, "the length")
    if at == 0 or abs(at) > len(_text(text)):
        raise FeelFault("substring: the start is outside the text")
    begin = at - 1 if at > 0 else len(text) + at
    return str(text[begin:] if size is None else text[begin : begin + size])


BUILTINS = {
    **LISTS,
    "not": Function(("negand",), _negate),
    "all": Function(("list",), _all, True),
    "any": Function(("list",), _any, True),
    "sum": Function(("list",), _sum, True),
    "mean": Function(("list",), _mean, True),
    "min": Function(("list",), lambda *v: _extreme(v, -1), True),
    "max": Function(("list",), lambda *v: _extreme(v, 1), True),
    "count": Function(("list",), lambda v: Decimal(len(_items((v,))))),
    "abs": Function(("n",), abs),
    "floor": Function(("n",), lambda v: _rounded(v, ROUND_FLOOR)),
    "ceiling": Function(("n",), lambda v: _rounded(v, ROUND_CEILING)),
    "string": Function(("from",), _string),
    "string length": Function(("string",), lambda v: Decimal(len(_text(v)))),
    "upper case": Function(("string",), lambda v: _text(v).upper()),
    "lower case": Function(("string",), lambda v: _text(v).lower()),
    "contains": Function(("string", "match"), lambda v, m: _text(m) in _text(v)),
    "starts with": Function(("string", "match"), lambda v, m: _text(v).startswith(_text(m))),
    "ends with": Function(("string", "match"), lambda v, m: _text(v).endswith(_text(m))),
    "substring": Function(("string", "start position", "length"), _substring, True),
    "list contains": Function(("list", "element"), lambda v, e: any(equal(i, e) for i in v)),
    "append": Function(("list", "item"), lambda v, *i: [*_items((v,)), *i], True),
    "date": Function(("from",), lambda v: temporal.read_date(_text(v))),
    "time": Function(("from",), lambda v: temporal.read_time(_text(v))),
    "date and time": Function(("from",), lambda v: temporal.read_moment(_text(v))),
    "duration": Function(("from",), lambda v: temporal.read_duration(_text(v))),
}
