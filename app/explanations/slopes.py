"""Whether a term rises or falls with one of its inputs, told from its text alone, by the signs of
what it is multiplied with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.explanations.levers import Lever
from app.rules.terms import Term

RISES, FALLS, FLAT = 1, -1, 0
KEEPS = ("floor", "ceiling", "decimal", "round_up", "round_down", "round_half_up")


def slope(
    term: Term, name: str, levers: Mapping[str, Lever], values: Mapping[str, Any]
) -> int | None:
    """1 where the term never falls with the input, -1 where it never rises, 0 where it does not
    depend on it, None where that cannot be told.
    """
    if name not in set(term.inputs()):
        return FLAT
    if term.op == "input":
        return RISES
    slopes = [slope(arg, name, levers, values) for arg in term.args]
    match term.op:
        case "add" | "min" | "max":
            return _join(slopes)
        case "sub":
            return _join([slopes[0], _turned(slopes[1])])
        case "neg":
            return _turned(slopes[0])
        case "mul" | "div":
            return _scaled(term, slopes, levers, values)
        case "if" if slopes[0] == FLAT:
            return _join(slopes[1:])
    if term.op in KEEPS:
        return slopes[0]
    return None


def _join(slopes: list[int | None]) -> int | None:
    told = {one for one in slopes if one != FLAT}
    return told.pop() if len(told) == 1 else None


def _turned(one: int | None) -> int | None:
    return None if one is None else -one


def _scaled(
    term: Term, slopes: list[int | None], levers: Mapping[str, Lever], values: Mapping[str, Any]
) -> int | None:
    left, right = (is_never_negative(arg, levers, values) for arg in term.args)
    if term.op == "div":
        slopes = [slopes[0], _turned(slopes[1])]
    if slopes[0] != FLAT and not right:
        return None
    if slopes[1] != FLAT and not left:
        return None
    return _join(slopes)


def is_never_negative(term: Term, levers: Mapping[str, Lever], values: Mapping[str, Any]) -> bool:
    """Whether the term's value, where it has one, is at least 0, wherever the levers stand."""
    match term.op:
        case "const":
            return isinstance(term.payload, (int, float)) and term.payload >= 0
        case "input":
            lever = levers.get(term.payload)
            low = values.get(term.payload) if lever is None else lever.low
            return isinstance(low, (int, float)) and low >= 0
        case "add" | "mul" | "div" | "min" | "max" | "if":
            parts = term.args[1:] if term.op == "if" else term.args
            return all(is_never_negative(part, levers, values) for part in parts)
        case "abs":
            return True
    return False


def asked_by_if(term: Term) -> set[str]:
    """The names that stand in the condition of an `if`."""
    asked = {name for arg in term.args for name in asked_by_if(arg)}
    return asked | set(term.args[0].inputs()) if term.op == "if" else asked


def read_outside_ifs(term: Term) -> set[str]:
    """The names that stand anywhere but in the condition of an `if`."""
    if term.op == "input":
        return {term.payload}
    parts = term.args[1:] if term.op == "if" else term.args
    return {name for part in parts for name in read_outside_ifs(part)}
