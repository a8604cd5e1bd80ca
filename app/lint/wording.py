"""Values, ranges and merchants as an analyst writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.lint.domains import Domain
from app.lint.search import Merchant, nice_between
from app.lint.values import LARGEST_FLOAT, OTHER, TRUE
from app.rules.types import BOOLEAN, LARGEST_FEN, MONEY, TEXT

MOST_SHOWN = 6  # names of a merchant


def write_number(value: float, kind: str) -> str:
    """A number as it stands in a file: money in yuan, thousands apart."""
    if kind == MONEY:
        sign, size = ("-" if value < 0 else ""), abs(int(value))
        fen = f".{size % 100:02}" if size % 100 else ""
        return f"{sign}{size // 100:_}{fen}"
    if value % 1 == 0 and abs(value) < 1e16:
        return f"{int(value):_}"
    return f"{value:.15g}" if float(f"{value:.15g}") == value else repr(value)


def write_value(value: Any, domain: Domain) -> str:
    """One value, given as a set that holds it alone (or, of an interval, one of them)."""
    if domain.kind == BOOLEAN:
        return {True: "true", False: "false"}[value == TRUE] if value in (1, 2) else "null"
    if domain.kind == TEXT:
        text = next(iter(value))
        return "null" if text is None else "another text" if text == OTHER else f'"{text}"'
    low, high, _ = value
    if low is None:
        return "null"
    return write_number(nice_between(domain, low, high), domain.kind)


def write_range(domain: Domain) -> str:
    """From where to where an input goes: `from 0 to 600`."""
    most = LARGEST_FEN if domain.kind == MONEY or domain.is_whole else LARGEST_FLOAT
    low, high = write_number(domain.low, domain.kind), write_number(domain.high, domain.kind)
    if domain.low <= -most and domain.high >= most:
        return "any number"
    if domain.high >= most:
        return f"at least {low}"
    return f"at most {high}" if domain.low <= -most else f"from {low} to {high}"


def write_interval(low: float, high: float, domain: Domain) -> str:
    """The values between two others, both included, in few digits."""
    ends = [_short(low, domain), _short(high, domain)]
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def _short(value: float, domain: Domain) -> str:
    """A float beside a threshold reads as the threshold."""
    if domain.kind == MONEY or domain.is_whole:
        return write_number(value, domain.kind)
    return write_number(float(f"{value:.9g}"), domain.kind)


def write_merchant(merchant: Merchant, domains: Mapping[str, Domain]) -> str:
    """`score 85, tier "A"`: the values of a merchant."""
    shown = [f"{name} {write_value(value, domains[name])}" for name, value in merchant.items()]
    return ", ".join(shown[:MOST_SHOWN]) + (", …" if len(shown) > MOST_SHOWN else "")
