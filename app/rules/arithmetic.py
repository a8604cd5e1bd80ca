"""The operations that are more than one machine instruction, once for one merchant and once for
columns, equal to the bit.

Numbers are float64; NaN stands for null in columns and never reaches one merchant. Money is whole
fen within ±2^53, so that float64 holds every amount exactly. Null comes out where a result is
infinite or beyond that bound.
"""

from __future__ import annotations

import math
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
)

import numpy as np
from numpy.typing import NDArray

from app.rules.types import LARGEST_FEN

Floats = NDArray[np.float64]
Fens = NDArray[np.int64]
Mask = NDArray[np.bool_]

ROUNDINGS = {
    "decimal": ROUND_HALF_EVEN,
    "round_up": ROUND_UP,
    "round_down": ROUND_DOWN,
    "round_half_up": ROUND_HALF_UP,
    "round_half_down": ROUND_HALF_DOWN,
    "floor": ROUND_FLOOR,
    "ceiling": ROUND_CEILING,
}
_WIDE = Context(prec=400)


def round_to_fen(amount: float) -> int | None:
    """Half away from zero to a whole fen; None beyond ±2^53."""
    size = abs(amount)
    if not size <= LARGEST_FEN:
        return None
    whole = math.floor(size)
    whole += size - whole >= 0.5
    return -whole if amount < 0 else whole


def round_column_to_fen(amounts: Floats) -> tuple[Fens, Mask | None]:
    """`round_to_fen` of a column; the mask says where there is a result, None: everywhere."""
    whole = np.rint(amounts)
    # rint goes to the even neighbour; half goes away from zero here
    apart = amounts - whole
    if np.fmax.reduce(apart, initial=0) >= 0.5:  # fmax passes over the NaN of nulls
        whole += (apart == 0.5) & (amounts > 0)
    if np.fmin.reduce(apart, initial=0) <= -0.5:
        whole -= (apart == -0.5) & (amounts < 0)
    if amounts.max(initial=0) <= LARGEST_FEN and amounts.min(initial=0) >= -LARGEST_FEN:
        return whole.astype(np.int64), None
    known = np.abs(amounts) <= LARGEST_FEN
    return np.where(known, whole, 0.0).astype(np.int64), known


def round_number(value: float, decimals: int, rounder: str) -> float | None:
    """A number rounded as its shortest decimal form reads (2.675 to two places half up is 2.68), as
    in decimal arithmetic.
    """
    if decimals == 0 and rounder in ("floor", "ceiling"):
        return float(math.floor(value) if rounder == "floor" else math.ceil(value))
    exact = Decimal(repr(value))
    exponent = exact.as_tuple().exponent
    if isinstance(exponent, int) and exponent >= -decimals:
        return value + 0.0  # no rounding gives minus zero
    result = float(exact.quantize(Decimal(1).scaleb(-decimals), ROUNDINGS[rounder], _WIDE)) + 0.0
    return result if math.isfinite(result) else None


def round_column(values: Floats, decimals: int, rounder: str) -> Floats:
    if decimals == 0 and rounder in ("floor", "ceiling"):
        return (np.floor(values) if rounder == "floor" else np.ceil(values)) + 0.0
    found = [
        math.nan if v != v else _or_nan(round_number(v, decimals, rounder)) for v in values.tolist()
    ]
    return np.array(found, dtype=np.float64)


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def round_money(fen: int, decimals: int, rounder: str) -> int | None:
    """Money rounded to a decimal place of a yuan: 0 whole yuan, -3 whole thousands.

    2 decimals and more change nothing; None beyond ±2^53.
    """
    if decimals >= 2:
        return fen
    rounded = _round_to_unit(fen, 10 ** (2 - decimals), rounder)
    return rounded if abs(rounded) <= LARGEST_FEN else None


def _round_to_unit(fen: int, unit: int, rounder: str) -> int:
    match rounder:
        case "floor":
            return fen // unit * unit
        case "ceiling":
            return -(-fen // unit) * unit
    size, sign = abs(fen), -1 if fen < 0 else 1
    whole, left = size // unit, size % unit
    match rounder:
        case "round_up":
            whole += left > 0
        case "round_half_up":
            whole += 2 * left >= unit
        case "round_half_down":
            whole += 2 * left > unit
        case "decimal":
            whole += 2 * left > unit or (2 * left == unit and whole % 2 == 1)
    return sign * whole * unit


def round_money_column(fens: Fens, decimals: int, rounder: str) -> Fens:
    """`round_money` of a column; the caller leaves out what passed ±2^53."""
    if decimals >= 2:
        return fens
    unit = np.int64(10 ** (2 - decimals))
    if rounder == "floor":
        return fens // unit * unit
    if rounder == "ceiling":
        return -(-fens // unit) * unit
    sizes = np.abs(fens)
    whole, left = sizes // unit, sizes % unit
    match rounder:
        case "round_up":
            whole += left > 0
        case "round_half_up":
            whole += 2 * left >= unit
        case "round_half_down":
            whole += 2 * left > unit
        case "decimal":
            whole += (2 * left > unit) | ((2 * left == unit) & (whole % 2 == 1))
    return np.where(fens < 0, -1, 1) * whole * unit
