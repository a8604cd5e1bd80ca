"""FEEL's functions on lists and further ones on numbers and texts."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal
from functools import cmp_to_key
from typing import Any

from app.dmn.errors import FeelFault
from app.dmn.values import ARITHMETIC, Function, equal, whole


def _scaled(value: Decimal, scale: Any, mode: str) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-whole(scale, "the scale")), mode)


def _modulo(one: Decimal, two: Decimal) -> Decimal:
    if two == 0:
        raise FeelFault("modulo: division by zero")
    rest = ARITHMETIC.remainder(one, two)
    return rest + two if rest and (rest < 0) != (two < 0) else rest


def _distinct(items: list[Any]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        if not any(equal(item, other) for other in found):
            found.append(item)
    return found


def _flatten(items: list[Any]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        found += _flatten(item) if isinstance(item, list) else [item]
    return found


def _sort(items: list[Any], before: Function) -> list[Any]:
    def order(one: Any, two: Any) -> int:
        return -1 if before.call(one, two) is True else int(before.call(two, one) is True)

    return sorted(items, key=cmp_to_key(order))


def _places(items: list[Any], wanted: Any) -> list[Decimal]:
    return [Decimal(n) for n, item in enumerate(items, 1) if equal(item, wanted)]


def _remove(items: list[Any], at: Any) -> list[Any]:
    place = whole(at, "the position")
    if not 0 < abs(place) <= len(items):
        raise FeelFault("remove: the position is outside the list")
    place = place - 1 if place > 0 else len(items) + place
    return items[:place] + items[place + 1 :]


LISTS = {
    "round up": Function(("n", "scale"), lambda n, s: _scaled(n, s, ROUND_UP)),
    "round down": Function(("n", "scale"), lambda n, s: _scaled(n, s, ROUND_DOWN)),
    "round half up": Function(("n", "scale"), lambda n, s: _scaled(n, s, ROUND_HALF_UP)),
    "round half down": Function(("n", "scale"), lambda n, s: _scaled(n, s, ROUND_HALF_DOWN)),
    "decimal": Function(("n", "scale"), lambda n, s: _scaled(n, s, ROUND_HALF_EVEN)),
    "modulo": Function(("dividend", "divisor"), _modulo),
    "sqrt": Function(("number",), ARITHMETIC.sqrt),
    "reverse": Function(("list",), lambda items: list(reversed(items))),
    "distinct values": Function(("list",), _distinct),
    "flatten": Function(("list",), _flatten),
    "concatenate": Function(("list",), lambda *lists: [i for one in lists for i in one], True),
    "union": Function(("list",), lambda *lists: _distinct([i for one in lists for i in one]), True),
    "index of": Function(("list", "match"), _places),
    "remove": Function(("list", "position"), _remove),
    "sort": Function(("list", "precedes"), _sort),
}
