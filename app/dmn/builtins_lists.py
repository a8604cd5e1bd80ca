"""FEEL's functions on lists."""

from __future__ import annotations

from decimal import Decimal
from functools import cmp_to_key, reduce
from typing import Any

from app.dmn.errors import FeelFault
from app.dmn.moments import Length, Months
from app.dmn.signatures import Room
from app.dmn.values import ARITHMETIC, Function, compare, cut, equal

feel = Room()


def _numbers(items: list[Any]) -> list[Decimal]:
    if not all(isinstance(item, Decimal) for item in items):
        raise FeelFault("every item must be a number")
    return items


def _extreme(items: list[Any], sign: int) -> Any:
    def better(one: Any, two: Any) -> Any:
        order = compare(two, one)
        if order is None:
            raise FeelFault("the items have no order")
        return two if order == sign else one

    if len(items) == 1 and compare(items[0], items[0]) is None:
        raise FeelFault("the items have no order")
    return reduce(better, items) if items else None


@feel("min(list: list)")
def _min(items: list[Any]) -> Any:
    return _extreme(items, -1)


@feel("max(list: list)")
def _max(items: list[Any]) -> Any:
    return _extreme(items, 1)


@feel("sum(list: list)")
def _sum(items: list[Any]) -> Any:
    if items and all(isinstance(item, Months) for item in items):
        return Months(sum(item.months for item in items))
    if items and all(isinstance(item, Length) for item in items):
        return Length(sum(item.nanos for item in items))
    return reduce(ARITHMETIC.add, _numbers(items)) if items else None


@feel("mean(list: list)")
def _mean(items: list[Any]) -> Any:
    if not items:
        return None
    return ARITHMETIC.divide(reduce(ARITHMETIC.add, _numbers(items)), Decimal(len(items)))


@feel("product(list: list)")
def _product(items: list[Any]) -> Any:
    return reduce(ARITHMETIC.multiply, _numbers(items)) if items else None


@feel("median(list: list)")
def _median(items: list[Any]) -> Any:
    ordered, half = sorted(_numbers(items)), len(items) // 2
    if not items or len(items) % 2:
        return ordered[half] if items else None
    return ARITHMETIC.divide(ARITHMETIC.add(ordered[half - 1], ordered[half]), Decimal(2))


@feel("stddev(list: list)")
def _stddev(items: list[Any]) -> Any:
    if len(items) < 2:
        raise FeelFault("stddev wants two numbers or more")
    mean = _mean(items)
    squares = [ARITHMETIC.power(ARITHMETIC.subtract(i, mean), 2) for i in items]
    return ARITHMETIC.sqrt(ARITHMETIC.divide(_sum(squares), Decimal(len(items) - 1)))


@feel("mode(list: list)")
def _mode(items: list[Any]) -> list[Decimal]:
    counts: dict[Decimal, int] = {}
    for item in _numbers(items):
        counts[item] = counts.get(item, 0) + 1
    return sorted(item for item, count in counts.items() if count == max(counts.values()))


@feel("all(list: list)")
def all_of(items: list[Any]) -> bool | None:
    """False if an item is false, true if all are true, else null."""
    if any(item is False for item in items):
        return False
    return True if all(item is True for item in items) else None


@feel("any(list: list)")
def any_of(items: list[Any]) -> bool | None:
    """True if an item is true, false if all are false, else null."""
    if any(item is True for item in items):
        return True
    return False if all(item is False for item in items) else None


for _name, _work in {"min": _min, "max": _max, "sum": _sum, "mean": _mean, "product": _product,
                     "median": _median, "stddev": _stddev, "mode": _mode, "all": all_of,
                     "any": any_of}.items():  # fmt: skip

    def _spread(*items: Any, work: Any = _work) -> Any:
        return work(list(items))

    feel(f"{_name}(first: Any, second: Any, rest...: Any)")(_spread)


@feel("count(list: list)")
def _count(items: list[Any]) -> Decimal:
    return Decimal(len(items))


@feel("list contains(list: list, element: Any)")
def _contains(items: list[Any], element: Any) -> bool:
    return any(equal(item, element) is True for item in items)


@feel("append(list: list, item...: Any)")
def _append(items: list[Any], *more: Any) -> list[Any]:
    return [*items, *more]


@feel("concatenate(list...: list)")
def _concatenate(*lists: list[Any]) -> list[Any]:
    return [item for one in lists for item in one]


@feel("union(list...: list)")
def _union(*lists: list[Any]) -> list[Any]:
    return _distinct(_concatenate(*lists))


@feel("distinct values(list: list)")
def _distinct(items: list[Any]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        if not any(equal(item, other) is True for other in found):
            found.append(item)
    return found


@feel("flatten(list: list)")
def _flatten(items: list[Any]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        found += _flatten(item) if isinstance(item, list) else [item]
    return found


@feel("reverse(list: list)")
def _reverse(items: list[Any]) -> list[Any]:
    return items[::-1]


@feel("index of(list: list, match: Any)")
def _index_of(items: list[Any], match: Any) -> list[Decimal]:
    return [Decimal(n) for n, item in enumerate(items, 1) if equal(item, match) is True]


def _place(items: list[Any], position: Decimal) -> int:
    at = cut(position, "the position")
    if not 0 < abs(at) <= len(items):
        raise FeelFault(f"there is no position {at} in a list of {len(items)}")
    return at - 1 if at > 0 else len(items) + at


@feel("sublist(list: list, start position: number, length?: number)")
def _sublist(items: list[Any], start: Decimal, length: Decimal | None = None) -> list[Any]:
    begin = _place(items, start)
    if length is None:
        return items[begin:]
    end = begin + cut(length, "the length")
    if length < 0 or end > len(items):
        raise FeelFault("sublist: the length goes beyond the list")
    return items[begin:end]


@feel("insert before(list: list, position: number, newItem: Any)")
def _insert(items: list[Any], position: Decimal, item: Any) -> list[Any]:
    at = _place(items, position)
    return [*items[:at], item, *items[at:]]


@feel("remove(list: list, position: number)")
def _remove(items: list[Any], position: Decimal) -> list[Any]:
    at = _place(items, position)
    return items[:at] + items[at + 1 :]


@feel("list replace(list: list, position: number, newItem: Any)")
def _replace(items: list[Any], position: Decimal, item: Any) -> list[Any]:
    at = _place(items, position)
    return [*items[:at], item, *items[at + 1 :]]


@feel("list replace(list: list, match: function, newItem: Any)")
def _replace_where(items: list[Any], match: Function, item: Any) -> list[Any]:
    fits = [match.call(each, item) for each in items]
    if not all(isinstance(fit, bool) for fit in fits):
        raise FeelFault("list replace: the function must give true or false")
    return [item if fit else each for fit, each in zip(fits, items, strict=True)]


@feel("sort(list: list, precedes: function)")
def _sort(items: list[Any], precedes: Function) -> list[Any]:
    def order(one: Any, two: Any) -> int:
        return -1 if precedes.call(one, two) is True else int(precedes.call(two, one) is True)

    return sorted(items, key=cmp_to_key(order))


@feel("sort(list: list)")
def _sort_plain(items: list[Any]) -> list[Any]:
    if any(compare(items[0], item) is None for item in items):
        raise FeelFault("sort: the items have no order; give a function")
    return sorted(items, key=cmp_to_key(lambda one, two: compare(one, two) or 0))
