"""A number as it is written, and what it is compared with, come in; the numbers beside it go out,
written in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from app.rules.types import MONEY, NUMBER, Type

FEN = Decimal("0.01")
SMALL = Decimal("0.0001")  # the small step of ratios and other numbers
PERCENT = Decimal("0.01")  # of a constant that nothing is compared with


@dataclass(frozen=True, slots=True)
class Measure:
    """What a number is compared with: its kind; `unit` where its values are that far apart."""

    kind: str
    unit: Decimal | None = None


def measure_of(kind: str, of: Type | None = None, unit: Decimal | None = None) -> Measure:
    """The measure of a value of that kind; `of`: its declared type, where it has one."""
    if kind == MONEY:
        return Measure(MONEY, FEN)
    if of is not None and of.declared == "integer":
        return Measure(NUMBER, Decimal(1))
    return Measure(kind, unit)


def read_literal(written: str) -> Decimal:
    return Decimal(written.replace("_", ""))


def beside(written: str, measure: Measure | None) -> Iterator[str]:
    """The numbers one step above and below. A measure: a threshold, moved by the unit, or by its
    last written digit and a small step; none: a constant, by its last digit and by one percent.
    """
    number = read_literal(written)
    if measure is not None and measure.unit is not None:
        steps = [measure.unit]
    elif measure is not None:
        digit = _last_digit(number, written)
        steps = [digit, *([SMALL] if digit > SMALL else [])]
    else:
        digit, share = _last_digit(number, written), abs(number) * PERCENT
        steps = [digit, *([share] if 0 < share < digit else [])]
    for step in steps:
        for moved in (number + step, number - step):
            yield write(moved, "_" in written)


def _last_digit(number: Decimal, written: str) -> Decimal:
    """One in the last written place; in the last that is not zero, for whole numbers: 100_000 for
    500_000.
    """
    if "." in written or "e" in written.lower() or not number:
        exponent = number.as_tuple().exponent
    else:
        exponent = number.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return Decimal(1).scaleb(exponent)


def write(number: Decimal, grouped: bool) -> str:
    """The number without zeros at its end; `500_000.01` where it is grouped."""
    if number == number.to_integral_value():
        number = number.quantize(Decimal(1))
    else:
        number = number.normalize()
    return f"{number:,f}".replace(",", "_" if grouped else "")
