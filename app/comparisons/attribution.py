"""Which part of a change swapped which merchant: shares that add up to the swaps, exactly.

A merchant's swap is +1 (now approved) or -1 (no longer approved). Its share for a part is how much
that part moves the outcome when it joins the others, averaged over the orders in which the parts
can be taken (Shapley's value). With at most EXACT parts all orders count; with more, the order of
the policy and its reverse; with more than MOST, the parts of a stage count as one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.comparisons.parts import Part, group_parts, list_parts, mix
from app.policies.pipeline import Compiled, compile_stage
from app.policies.policy import Policy
from app.policies.portfolio import PortfolioPipeline, build_portfolio
from app.rules.arithmetic import Floats
from app.rules.vector import Column, Money, Number, Truth, Words, rows_of

EXACT, MOST = 4, 12
METHODS = {
    "one": "there is one changed part: it has every swap",
    "exact": "average over all orders in which the changed parts can be taken (Shapley)",
    "two": "average of the order of the policy and its reverse",
}
Mask = NDArray[np.bool_]
Choice = frozenset[int]
Parts = frozenset[Part]
State = tuple[Mapping[str, Column], Mask]  # columns after a stage, and who is refused so far


@dataclass(frozen=True, slots=True)
class Attribution:
    """`shares`: parts × swapped merchants; each column adds up to +1 or -1."""

    method: str
    parts: tuple[str, ...]
    shares: Floats


def attribute(
    before: Policy,
    after: Policy,
    judge_before: PortfolioPipeline,
    columns: Mapping[str, Column],
    was: Mask,
    now: Mask,
) -> Attribution:
    """The shares of the swapped merchants, whose `columns` these are; `was`, `now`: approved by the
    one policy and by the other; `judge_before`: the one policy, compiled.
    """
    parts = list_parts(before, after)
    groups: dict[str, tuple[Part, ...]] = {part.label: (part,) for part in parts}
    if len(groups) < len(parts) or len(parts) > MOST:
        groups = group_parts(parts)
    names, members = tuple(groups), list(groups.values())
    known: dict[Choice, Mask] = {frozenset(): was, frozenset(range(len(names))): now}
    between = _Between(before, after, judge_before, columns, len(was))

    def approved(taken: Choice) -> Mask:
        if taken not in known:
            known[taken] = between.approved([part for place in taken for part in members[place]])
        return known[taken]

    places = range(len(names))
    method = "one" if len(names) < 2 else "exact" if len(names) <= EXACT else "two"
    orders = [*permutations(places)] if method == "exact" else [tuple(places), tuple(places)[::-1]]
    moved = np.zeros((len(names), len(was)), np.int64)
    for order in orders if len(was) else ():
        taken: Choice = frozenset()
        for place in order:
            following = taken | {place}
            moved[place] += approved(following).astype(np.int64) - approved(taken)
            taken = following
    return Attribution(METHODS[method], names, moved / len(orders))


class _Between:
    """Whom the policies between two approve. A stage is compiled once for each set of its parts,
    and judged once for each way to arrive at it.
    """

    def __init__(
        self,
        before: Policy,
        after: Policy,
        judge_before: PortfolioPipeline,
        columns: Mapping[str, Column],
        count: int,
    ) -> None:
        self._before, self._after, self._purpose = before, after, judge_before.purpose
        self._columns, self._count = columns, count
        self._compiled: dict[tuple[str, Parts], Compiled] = {
            (name, frozenset()): stage for name, stage in judge_before.stages
        }
        self._judged: dict[tuple[Parts, ...], State] = {}

    def approved(self, taken: Sequence[Part]) -> Mask:
        """Who is approved by `before` with these parts of `after`."""
        policy = mix(self._before, self._after, taken)
        path: tuple[Parts, ...] = (frozenset(part for part in taken if part.stage is None),)
        if path not in self._judged:
            inputs = build_portfolio(policy, self._purpose, self._columns, self._count).columns
            ready = {name: rows_of(one, 0, self._count) for name, one in inputs.items()}
            self._judged[path] = ready, np.zeros(self._count, bool)
        columns, refused = self._judged[path]
        for stage in policy.stages:
            own = frozenset(part for part in taken if part.stage == stage.name)
            path = (*path, own)
            if path not in self._judged:
                if (stage.name, own) not in self._compiled:
                    compiled = compile_stage(policy, stage, self._purpose)
                    self._compiled[stage.name, own] = compiled
                given, worse = self._judge(self._compiled[stage.name, own], columns)
                self._judged[path] = {**columns, **given}, refused | worse
            columns, refused = self._judged[path]
        return ~refused

    def _judge(
        self, stage: Compiled, columns: Mapping[str, Column]
    ) -> tuple[Mapping[str, Column], Mask]:
        told = stage.judge_columns(dict(columns), self._count)
        result = told[0] if isinstance(told, tuple) else told
        return result.gives, result.declined | result.referred


def take_rows(columns: Mapping[str, Column], rows: NDArray[Any]) -> dict[str, Column]:
    """Those rows of every column; a constant stays itself."""
    return {name: _take(column, rows) for name, column in columns.items()}


def _take(column: Column, rows: NDArray[Any]) -> Column:
    match column:
        case Truth(true, false, _):
            return Truth(true[rows], false[rows])
        case Number(values=values):
            return Number(values[rows])
        case Money(fens, mask):
            return Money(fens[rows], None if mask is None else mask[rows])
        case Words(codes, words, _):
            return Words(codes[rows], words)
