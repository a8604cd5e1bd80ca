"""FEEL's functions on numbers and on booleans."""

from __future__ import annotations

import re
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Decimal,
    InvalidOperation,
)  # fmt: skip
from typing import Any

from app.dmn.errors import FeelFault
from app.dmn.moments import Length, Months
from app.dmn.signatures import Room
from app.dmn.values import ARITHMETIC, cut, whole

feel = Room()
MOST_SCALE, LEAST_SCALE = 6176, -6111
PLAIN = re.compile(r"-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def _scaled(value: Decimal, scale: Any, mode: str) -> Decimal:
    places = cut(scale, "the scale")
    if not LEAST_SCALE <= places <= MOST_SCALE:
        raise FeelFault(f"the scale lies between {LEAST_SCALE} and {MOST_SCALE}")
    try:
        return value.quantize(Decimal((0, (1,), -places)), mode, ARITHMETIC)
    except InvalidOperation:
        if value == value.to_integral_value() or places > ARITHMETIC.prec:
            return value  # there is nothing to round
        raise


@feel("decimal(n: number, scale: number)")
def _decimal(n: Decimal, scale: Any) -> Decimal:
    return _scaled(n, scale, ROUND_HALF_EVEN)


@feel("floor(n: number)", "floor(n: number, scale: number)")
def _floor(n: Decimal, scale: Any = 0) -> Decimal:
    return _scaled(n, scale, ROUND_FLOOR)


@feel("ceiling(n: number)", "ceiling(n: number, scale: number)")
def _ceiling(n: Decimal, scale: Any = 0) -> Decimal:
    return _scaled(n, scale, ROUND_CEILING)


@feel("round up(n: number, scale: number)")
def _round_up(n: Decimal, scale: Any) -> Decimal:
    return _scaled(n, scale, ROUND_UP)


@feel("round down(n: number, scale: number)")
def _round_down(n: Decimal, scale: Any) -> Decimal:
    return _scaled(n, scale, ROUND_DOWN)


@feel("round half up(n: number, scale: number)")
def _round_half_up(n: Decimal, scale: Any) -> Decimal:
    return _scaled(n, scale, ROUND_HALF_UP)


@feel("round half down(n: number, scale: number)")
def _round_half_down(n: Decimal, scale: Any) -> Decimal:
    return _scaled(n, scale, ROUND_HALF_DOWN)


@feel("abs(n: number|ym|dt)")
def _abs(n: Any) -> Any:
    if isinstance(n, Months):
        return Months(abs(n.months))
    return Length(abs(n.nanos)) if isinstance(n, Length) else n.copy_abs()


@feel("modulo(dividend: number, divisor: number)")
def _modulo(dividend: Decimal, divisor: Decimal) -> Decimal:
    if divisor == 0:
        raise FeelFault("modulo: division by zero")
    rest = ARITHMETIC.remainder(dividend, divisor)
    return ARITHMETIC.add(rest, divisor) if rest and (rest < 0) != (divisor < 0) else rest


@feel("sqrt(number: number)")
def _sqrt(number: Decimal) -> Decimal:
    if number < 0:
        raise FeelFault("a negative number has no root")
    return ARITHMETIC.sqrt(number)


@feel("log(number: number)")
def _log(number: Decimal) -> Decimal:
    if number <= 0:
        raise FeelFault("the number must be above zero")
    return ARITHMETIC.ln(number)


@feel("exp(number: number)")
def _exp(number: Decimal) -> Decimal:
    return ARITHMETIC.exp(number)


@feel("odd(number: number)")
def _odd(number: Decimal) -> bool:
    return whole(number, "the number") % 2 == 1


@feel("even(number: number)")
def _even(number: Decimal) -> bool:
    return whole(number, "the number") % 2 == 0


@feel("number(from: string)",
      "number(from: string, grouping separator?: string, decimal separator?: string)")  # fmt: skip
def _number(text: str, grouping: str | None = None, point: str | None = None) -> Decimal:
    if grouping not in (None, " ", ",", "."):
        raise FeelFault("the grouping separator is a blank, ',' or '.'")
    if point not in (None, ",", "."):
        raise FeelFault("the decimal separator is ',' or '.'")
    if grouping is not None and grouping == point:
        raise FeelFault("the two separators must differ")
    plain = text if grouping is None else text.replace(grouping, "")
    plain = plain.replace(point, ".") if point else plain
    if not PLAIN.fullmatch(plain):
        raise FeelFault(f"'{text}' is not a number")
    return ARITHMETIC.create_decimal(plain)


@feel("not(negand: Any)")
def _not(negand: Any) -> bool | None:
    return not negand if isinstance(negand, bool) else None
