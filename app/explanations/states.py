"""The formula of a limit comes in; its states go out, each with what every flow must reach for the
limit to be large enough.

A *state* settles all that the formula asks with `if` (tier, length of history, change of sales):
what is left then rises or falls with each *flow*. What one flow must reach when all others are as
good as can be is necessary; it is found by exact bisection over whole fen. Taken together these
values are the least ones wherever the formula is a `min` of the flows, and the search tries them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from app.explanations.landmarks import Candidates, bisect
from app.explanations.levers import Lever
from app.explanations.reading import Reading
from app.explanations.slopes import asked_by_if, read_outside_ifs, slope
from app.rules.compiled import CompiledFormula

MOST_STATES = 1_000


@dataclass(frozen=True, slots=True)
class State:
    """`pinned`: lever → the value that it has here (its present one where it does not move);
    `known`: all values in this state; `aim`: what the limit must reach, None where any will do.
    """

    pinned: Mapping[str, Any] = field(default_factory=dict)
    known: Mapping[str, Any] = field(default_factory=dict)
    aim: int | None = None


FREE = State()
Needs = dict[str, Any]  # flow → the value that it must reach


@dataclass(slots=True)
class Formulas:
    """`states`: every one in which the limit can be large enough; `flows`: what moves the limit by
    itself; `complete`: whether nothing was left out; `limits`: limits that are reached with the
    flows as they are.
    """

    states: list[State]
    flows: Flows
    complete: bool = True
    limits: tuple[int, ...] = ()


def list_states(
    levers: Mapping[str, Lever],
    reading: Reading,
    values: Mapping[str, Any],
    candidates: Candidates,
    least_fen: int | None,
    aims_fen: Sequence[int] = (),
) -> Formulas:
    """The states in which the limit reaches `least_fen` (None: any limit will do); for each of
    `aims_fen` also those in which it reaches that.
    """
    formula = reading.formula
    if formula is None:
        return Formulas([FREE], Flows(None, levers, {}))
    limit = formula.formula.limit
    asked = asked_by_if(limit)
    read = set(formula.inputs)
    moving = {name for name in read if name in levers and name not in asked}
    slopes = {name: slope(limit, name, levers, values) for name in moving}
    settled = sorted(read - moving)
    choices = [_choices_of(name, levers, reading, values, candidates) for name in settled]
    count = math.prod(len(choice or ()) for choice in choices)
    told = {name: one for name, one in slopes.items() if one}
    flows = Flows(formula, levers, told)
    both_ways = asked & read_outside_ifs(limit) & levers.keys()
    if both_ways or None in slopes.values() or None in choices or count > MOST_STATES:
        return Formulas([FREE], Flows(None, levers, {}), complete=False)
    limits: dict[int, None] = {}
    found = [FREE] if least_fen is None else []
    for combination in product(*(choice or () for choice in choices)):
        known = {**values, **dict(zip(settled, combination, strict=True))}
        pinned = {name: known[name] for name in settled if name in levers}
        for aim in dict.fromkeys([least_fen, *aims_fen]):
            if aim is not None and flows.can_reach(known, aim, frozenset(told)):
                found.append(State(pinned, known, aim))
        limits[limit_of(formula, known) or 0] = None
    return Formulas(found, flows, limits=tuple(limits))


def limit_of(formula: CompiledFormula, values: Mapping[str, Any]) -> int | None:
    """The limit as the stage gives it."""
    exact = formula.scalar(values)[0]
    unit = formula.formula.round_down_to_fen
    return None if exact is None else max(0, exact // unit * unit)


class Flows:
    """Levers that move a limit, each in one direction (`slopes`: 1 rises with it, -1 falls)."""

    def __init__(
        self,
        formula: CompiledFormula | None,
        levers: Mapping[str, Lever],
        slopes: Mapping[str, int],
    ) -> None:
        self._formula, self._levers = formula, levers
        self._best = {
            name: levers[name].high if rises > 0 else levers[name].low
            for name, rises in slopes.items()
        }
        self.names = frozenset(slopes)

    def can_reach(self, known: Mapping[str, Any], aim: int, moving: frozenset[str]) -> bool:
        """Whether the limit reaches `aim` when these flows are as good as can be."""
        return self._reaches({**known, **{name: self._best[name] for name in moving}}, aim)

    def needs(
        self, known: Mapping[str, Any], aim: int, moving: frozenset[str]
    ) -> tuple[list[Needs], bool]:
        """What the flows that move must reach, and whether that is the least; no needs where the
        limit cannot reach `aim` by them.

        What each must reach, all others at their best, is necessary. If all of it together is
        enough, it is the least. If not, they can stand in for one another: then each in turn makes
        up for what is left, and nothing says that the least is among these.
        """
        if not self.can_reach(known, aim, moving):
            return [], True
        best = {**known, **{name: self._best[name] for name in moving}}
        least = {name: self._reach(name, best, aim) for name in sorted(moving)}
        if self._reaches({**known, **least}, aim):
            return [least], True
        ways = []
        for name in least:
            others = {**known, **least, name: self._best[name]}
            if self._reaches(others, aim):
                ways.append({**least, name: self._reach(name, others, aim)})
        return ways or [{name: self._best[name] for name in moving}], False

    def _reach(self, name: str, others: Mapping[str, Any], aim: int) -> Any:
        lever = self._levers[name]

        def is_met(value: Any) -> bool:
            return self._reaches({**others, name: value}, aim)

        if is_met(lever.now):
            return lever.now
        return bisect(lever, lever.now, self._best[name], is_met)

    def _reaches(self, values: Mapping[str, Any], aim: int) -> bool:
        limit = None if self._formula is None else limit_of(self._formula, values)
        return limit is not None and limit >= aim


def _choices_of(
    name: str,
    levers: Mapping[str, Lever],
    reading: Reading,
    values: Mapping[str, Any],
    candidates: Candidates,
) -> list[Any] | None:
    """The values that something the formula asks for can have; None where they cannot be listed:
    a number that another stage computes.
    """
    if name in levers:
        return [values[name], *candidates[name]]
    if name in reading.outputs:
        return list(dict.fromkeys([*reading.outputs[name], None]))
    return [values[name]] if name in values else None
