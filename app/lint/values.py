"""Sets of values: what an operation can give when its operands lie in given sets.

A number or an amount is an interval with both ends included, `(low, high, may be null)`; its ends
are None where it can only be null. A truth is a mask of TRUE, FALSE and NULL; a text is a set of
texts, with None for null and `OTHER` for every text that no condition names. Ends are computed by
the operations of the evaluators themselves: rounding never turns the order of two numbers, so an
interval always holds every result.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.rules.arithmetic import round_money, round_number, round_to_fen
from app.rules.program import Operation, Program
from app.rules.types import BOOLEAN, LARGEST_FEN, MONEY, NUMBER, TEXT

TRUE, FALSE, NULL = 1, 2, 4
BELOW, EQUAL, ABOVE = 1, 2, 4
_HOLDS = {
    "lt": BELOW,
    "le": BELOW | EQUAL,
    "eq": EQUAL,
    "ne": BELOW | ABOVE,
    "ge": EQUAL | ABOVE,
    "gt": ABOVE,
}
OTHER = "\0other"  # a text that no condition names
LARGEST_FLOAT = sys.float_info.max
SMALLEST_FLOAT = 5e-324

Interval = tuple[Any, Any, bool]
ONLY_NULL: Interval = (None, None, True)
Value = Any  # Interval, a mask or a frozenset, by the kind of the operation
Env = Mapping[str, Value]
Taker = Callable[[Sequence[Value], Operation, Sequence[Operation]], Value]


def possible(program: Program, env: Env, orders: Mapping[int, str] | None = None) -> list[Value]:
    """The set of values of every operation, operands before their use.

    `orders`: comparison → the name under which `env` says how its two sides may stand to one
    another, as a mask of BELOW, EQUAL and ABOVE (of the side that is computed first).
    """
    found: list[Value] = []
    operations = program.operations
    for operation in operations:
        op = operation.op
        if op == "input":
            found.append(env[operation.payload])
        elif op == "const":
            found.append(constant(operation.payload, operation.kind))
        else:
            found.append(_TAKERS[op](found, operation, operations))
            if orders and len(found) - 1 in orders and orders[len(found) - 1] in env:
                allowed = _allowed(operation, env[orders[len(found) - 1]])
                found[-1] &= allowed | NULL
    return found


def _allowed(operation: Operation, order: int) -> int:
    """The results of a comparison whose sides stand to one another as `order` says."""
    one, other = operation.args
    wanted = _HOLDS[operation.op]
    if one > other:  # the mask is of the side that is computed first
        order = (order & EQUAL) | (ABOVE if order & BELOW else 0) | (BELOW if order & ABOVE else 0)
    return (TRUE if order & wanted else 0) | (FALSE if order & ~wanted else 0)


def constant(value: Any, kind: str) -> Value:
    """The set that holds one value only; None is null."""
    if kind == BOOLEAN:
        return NULL if value is None else TRUE if value else FALSE
    if kind == TEXT:
        return frozenset((value,))
    return ONLY_NULL if value is None else (value, value, False)


def is_single(value: Value, kind: str) -> bool:
    """Whether the set holds one value only."""
    if kind == BOOLEAN:
        return value in (TRUE, FALSE, NULL)
    if kind == TEXT:
        return len(value) == 1 and OTHER not in value
    low, high, null = value
    return low is None or (low == high and not null)


def join(one: Value, other: Value, kind: str) -> Value:
    """The smallest set that holds both."""
    if kind in (BOOLEAN, TEXT):
        return one | other
    if one[0] is None or other[0] is None:
        known = other if one[0] is None else one
        return (known[0], known[1], True)
    return (min(one[0], other[0]), max(one[1], other[1]), one[2] or other[2])


# --- numbers ---


def _bound(low: Any, high: Any, null: bool, most: Any) -> Interval:
    """Results beyond what can be held are null."""
    if low > most or high < -most:
        return ONLY_NULL
    return (max(low, -most), min(high, most), null or high > most or low < -most)


def _most(kind: str) -> Any:
    return LARGEST_FEN if kind == MONEY else LARGEST_FLOAT


def _add(found: Sequence[Value], operation: Operation, _: Sequence[Operation]) -> Interval:
    a, b = (found[i] for i in operation.args)
    if a[0] is None or b[0] is None:
        return ONLY_NULL
    return _bound(a[0] + b[0], a[1] + b[1], a[2] or b[2], _most(operation.kind))


def _sub(found: Sequence[Value], operation: Operation, _: Sequence[Operation]) -> Interval:
    a, b = (found[i] for i in operation.args)
    if a[0] is None or b[0] is None:
        return ONLY_NULL
    if operation.args[0] == operation.args[1]:
        return (a[0] - a[0], a[0] - a[0], a[2])
    return _bound(a[0] - b[1], a[1] - b[0], a[2] or b[2], _most(operation.kind))


def _fens(low: float, high: float, null: bool) -> Interval:
    """Products and quotients of money are rounded to a whole fen."""
    if low > LARGEST_FEN or high < -LARGEST_FEN:
        return ONLY_NULL
    first, last = round_to_fen(max(low, -LARGEST_FEN)), round_to_fen(min(high, LARGEST_FEN))
    return (first, last, null or high > LARGEST_FEN or low < -LARGEST_FEN)


def _mul(found: Sequence[Value], operation: Operation, _: Sequence[Operation]) -> Interval:
    a, b = (found[i] for i in operation.args)
    if a[0] is None or b[0] is None:
        return ONLY_NULL
    corners = [x * y for x in a[:2] for y in b[:2]]
    if operation.args[0] == operation.args[1] and a[0] < 0 < a[1]:
        corners = [0.0, *corners[::3]]
    low, high, null = min(corners), max(corners), a[2] or b[2]
    if operation.kind == MONEY:
        return _fens(low, high, null)
    return _bound(low, high, null, LARGEST_FLOAT)


def _div(found: Sequence[Value], operation: Operation, all_: Sequence[Operation]) -> Interval:
    a, b = (found[i] for i in operation.args)
    if a[0] is None or b[0] is None or b[0] == b[1] == 0:
        return ONLY_NULL
    null = a[2] or b[2] or b[0] <= 0 <= b[1]
    least: Any = 1 if all_[operation.args[1]].kind == MONEY else SMALLEST_FLOAT
    corners: list[float] = []
    for low, high in ((b[0], min(b[1], -least)), (max(b[0], least), b[1])):
        if low <= high:
            corners += [_quotient(x, y) for x in a[:2] for y in (low, high)]
    low, high = min(corners), max(corners)
    if operation.kind == MONEY:
        return _fens(low, high, null)
    return _bound(low, high, null, LARGEST_FLOAT)


def _quotient(x: Any, y: Any) -> float:
    try:
        return float(x / y)
    except OverflowError:
        return float("inf") if (x > 0) == (y > 0) else float("-inf")


def _neg(found: Sequence[Value], operation: Operation, _: Sequence[Operation]) -> Interval:
    low, high, null = found[operation.args[0]]
    return ONLY_NULL if low is None else (-high, -low, null)


def _abs(found: Sequence[Value], operation: Operation, _: Sequence[Operation]) -> Interval:
    low, high, null = found[operation.args[0]]
    if low is None:
        return ONLY_NULL
    least = 0 * low if low <= 0 <= high else min(abs(low), abs(high))
    return (least, max(abs(low), abs(high)), null)


def _extreme(found: Sequence[Value], operation: Operation, _: Sequence[Operation]) -> Interval:
    a, b = (found[i] for i in operation.args)
    if a[0] is None or b[0] is None:
        return ONLY_NULL
    take = min if operation.op == "min" else max
    return (take(a[0], b[0]), take(a[1], b[1]), a[2] or b[2])


def _round(found: Sequence[Value], operation: Operation, _: Sequence[Operation]) -> Interval:
    low, high, null = found[operation.args[0]]
    if low is None:
        return ONLY_NULL
    most = _most(operation.kind)
    rounder = round_money if operation.kind == MONEY else round_number
    first = rounder(low, operation.payload, operation.op)
    last = rounder(high, operation.payload, operation.op)
    if first is None and last is None:
        return (-most, most, True)
    return (
        -most if first is None else first,
        most if last is None else last,
        null or first is None or last is None,
    )


def _if(found: Sequence[Value], operation: Operation, _: Sequence[Operation]) -> Value:
    condition, then, otherwise = (found[i] for i in operation.args)
    parts: list[Value] = []
    if condition & TRUE:
        parts.append(then)
    if condition & FALSE:
        parts.append(otherwise)
    if condition & NULL:
        parts.append(constant(None, operation.kind))
    result = parts[0]
    for part in parts[1:]:
        result = join(result, part, operation.kind)
    return result


# --- truth ---


def _compare(found: Sequence[Value], operation: Operation, all_: Sequence[Operation]) -> int:
    op = operation.op
    one, other = operation.args
    a, b = found[one], found[other]
    kind = all_[one].kind
    if kind in (NUMBER, MONEY):
        return _compare_numbers(op, a, b, one == other)
    if kind == TEXT:
        return _compare_texts(op, a, b, one == other)
    mask = NULL if (a | b) & NULL else 0
    same = (a & TRUE and b & TRUE) or (a & FALSE and b & FALSE)
    apart = (a & TRUE and b & FALSE) or (a & FALSE and b & TRUE)
    if one == other:
        same, apart = a & (TRUE | FALSE), 0
    return mask | _equality(op, bool(same), bool(apart))


def _equality(op: str, same: bool, apart: bool) -> int:
    yes, no = (TRUE, FALSE) if op == "eq" else (FALSE, TRUE)
    return (yes if same else 0) | (no if apart else 0)


def _compare_numbers(op: str, a: Interval, b: Interval, is_same: bool) -> int:
    if a[0] is None or b[0] is None:
        return NULL
    mask = NULL if a[2] or b[2] else 0
    if is_same:
        return mask | (TRUE if op in ("eq", "le", "ge") else FALSE)
    if op in ("gt", "ge"):
        a, b = b, a
    if op in ("lt", "gt"):
        return mask | (TRUE if a[0] < b[1] else 0) | (FALSE if a[1] >= b[0] else 0)
    if op in ("le", "ge"):
        return mask | (TRUE if a[0] <= b[1] else 0) | (FALSE if a[1] > b[0] else 0)
    meet = a[0] <= b[1] and b[0] <= a[1]
    single = a[0] == a[1] == b[0] == b[1]
    return mask | _equality(op, meet, not single)


def _compare_texts(op: str, a: frozenset[Any], b: frozenset[Any], is_same: bool) -> int:
    mask = NULL if None in a or None in b else 0
    known, others = a - {None}, b - {None}
    if not known or not others:
        return NULL
    if is_same:
        return mask | _equality(op, True, False)
    shared = known & others
    single = len(known) == len(others) == 1 and OTHER not in known
    return mask | _equality(op, bool(shared), not (shared and single))


def _logic(found: Sequence[Value], operation: Operation, _: Sequence[Operation]) -> int:
    decides, rest = (FALSE, TRUE) if operation.op == "and" else (TRUE, FALSE)
    masks = [found[i] for i in operation.args]
    result = 0
    if any(mask & decides for mask in masks):
        result |= decides
    if all(mask & rest for mask in masks):
        result |= rest
    if all(mask & (rest | NULL) for mask in masks) and any(mask & NULL for mask in masks):
        result |= NULL
    return result


def _not(found: Sequence[Value], operation: Operation, _: Sequence[Operation]) -> int:
    mask: int = found[operation.args[0]]
    return (mask & NULL) | (FALSE if mask & TRUE else 0) | (TRUE if mask & FALSE else 0)


def _is_null(found: Sequence[Value], operation: Operation, all_: Sequence[Operation]) -> int:
    value, kind = found[operation.args[0]], all_[operation.args[0]].kind
    if kind == BOOLEAN:
        null, known = bool(value & NULL), bool(value & (TRUE | FALSE))
    elif kind == TEXT:
        null, known = None in value, value != {None}
    else:
        null, known = value[2], value[0] is not None
    return (TRUE if null else 0) | (FALSE if known else 0)


_TAKERS: dict[str, Taker] = {
    "add": _add,
    "sub": _sub,
    "mul": _mul,
    "div": _div,
    "neg": _neg,
    "abs": _abs,
    "min": _extreme,
    "max": _extreme,
    "if": _if,
    "and": _logic,
    "or": _logic,
    "not": _not,
    "is_null": _is_null,
    **dict.fromkeys(("eq", "ne", "lt", "le", "gt", "ge"), _compare),
    **dict.fromkeys(
        (
            "decimal",
            "round_up",
            "round_down",
            "round_half_up",
            "round_half_down",
            "floor",
            "ceiling",
        ),
        _round,
    ),
}
