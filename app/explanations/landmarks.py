"""Levers and what the policy compares them with come in; the values at which anything changes go
out: of every cell of a lever's values the one nearest to the present value.

A test cuts values at its constant, so the nearest value of a cell is the present one, the constant,
or the value beside it. That is complete for inputs that are compared with constants only. Where
inputs meet, the cut is found by exact bisection for the present value and every landmark of the
others: in the cheapest change one of the two stands at a landmark of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from itertools import islice, product
from typing import Any

from app.explanations.levers import Lever
from app.explanations.reading import Reading, Test, holds
from app.explanations.slopes import asked_by_if, read_outside_ifs, slope
from app.rules.program import build_program
from app.rules.scalar import compile_scalar
from app.rules.terms import Term

Candidates = dict[str, list[Any]]  # lever → values, the present one not among them
MOST_PARTNERS = 60


def list_landmarks(
    levers: Mapping[str, Lever], reading: Reading, values: Mapping[str, Any]
) -> tuple[Candidates, bool]:
    """The candidates of every lever, and whether they are complete."""
    found: Candidates = {
        name: nearest_of_cells(lever, reading.tests.get(name, [])) for name, lever in levers.items()
    }
    own = {name: list(values_of) for name, values_of in found.items()}
    complete = _meet_once(levers, reading)
    for term in reading.couplings:
        complete &= _add_couplings(found, own, levers, term, values)
    _follow_bounds(found, levers)
    return found, complete


def _meet_once(levers: Mapping[str, Lever], reading: Reading) -> bool:
    """Whether no lever meets other levers in two different ways."""
    meetings: dict[str, set[frozenset[str]]] = {}
    for term in reading.couplings:
        names = frozenset(name for name in term.inputs() if name in levers)
        for name in names:
            meetings.setdefault(name, set()).add(names)
    return all(len(one) == 1 for one in meetings.values())


def nearest_of_cells(lever: Lever, tests: Iterable[Test]) -> list[Any]:
    """The nearest value of each cell but the present one's."""
    if lever.is_boolean:
        return [value for value in (False, True) if lever.allows(value) and value != lever.now]
    tests = list(dict.fromkeys(tests))
    seen = {tuple(holds(lever.now, test) for test in tests)}
    points = {p for _, constant in tests for p in _around(lever, constant) if lever.allows(p)}
    nearest = []
    for point in sorted(points, key=lambda p: (abs(p - lever.now), p)):
        cell = tuple(holds(point, test) for test in tests)
        if cell not in seen:
            seen.add(cell)
            nearest.append(point)
    return nearest


def _around(lever: Lever, constant: Any) -> list[Any]:
    if isinstance(constant, bool) or not isinstance(constant, (int, float)):
        return []
    if not lever.is_whole:
        return [lever.beside(constant, False), constant, lever.beside(constant, True)]
    kind = int if lever.one.type.kind == "money" else float
    whole = {kind(math.floor(constant)), kind(math.ceil(constant))}
    return [p for w in whole for p in (lever.beside(w, False), w, lever.beside(w, True))]


def bisect(lever: Lever, near: Any, far: Any, is_met: Callable[[Any], bool]) -> Any:
    """The value nearest to `near` for which `is_met`, which holds at `far` and not at `near` and
    changes once between.
    """
    while True:
        middle = near + (far - near) / 2
        if lever.is_whole:
            kind = int if lever.one.type.kind == "money" else float
            middle = kind((int(near) + int(far)) // 2)
        if middle in (near, far):
            return far
        if is_met(middle):
            far = middle
        else:
            near = middle


def _add_couplings(
    found: Candidates,
    own: Candidates,
    levers: Mapping[str, Lever],
    term: Term,
    values: Mapping[str, Any],
) -> bool:
    """Where the comparison turns, for each of its levers; False where it may turn more than once or
    there are too many partners to try.
    """
    if any(values.get(name) is None for name in term.inputs()):
        return True  # it is unknown, wherever the others stand
    judge = compile_scalar(build_program([term]))
    names = [name for name in dict.fromkeys(term.inputs()) if name in levers]
    asked, outside = asked_by_if(term), read_outside_ifs(term)
    complete = True
    for name in names:
        lever = levers[name]
        if lever.is_boolean:
            continue
        if name in asked:  # its own landmarks cut it, unless it acts in two ways
            complete &= name not in outside
            continue
        left, right = (slope(arg, name, levers, values) for arg in term.args)
        complete &= left is not None and right is not None and left * right <= 0
        complete &= term.op not in ("eq", "ne")
        others = [other for other in names if other != name]
        choices = [[values[other], *own[other]] for other in others]
        complete &= math.prod(len(choice) for choice in choices) <= MOST_PARTNERS
        for combination in islice(product(*choices), MOST_PARTNERS):
            given = {**values, **dict(zip(others, combination, strict=True))}

            def truth(value: Any, given: dict[str, Any] = given, name: str = name) -> Any:
                return judge({**given, name: value})[0]

            at_now = truth(lever.now)
            for end in {lever.low, lever.high} - {lever.now}:
                if truth(end) is not None and truth(end) != at_now:
                    turn = bisect(lever, lever.now, end, lambda v: truth(v) != at_now)  # noqa: B023
                    if turn not in found[name]:
                        found[name].append(turn)
    return complete


def _follow_bounds(found: Candidates, levers: Mapping[str, Lever]) -> None:
    """An input that must stay below another pushes it along: the bound gets the same landmarks."""
    for name, lever in levers.items():
        bound = levers.get(lever.one.never_above or "")
        if bound is None or bound.one.type.kind != lever.one.type.kind:
            continue
        for value in found[name]:
            if value > bound.now and bound.allows(value) and value not in found[bound.name]:
                found[bound.name].append(value)
