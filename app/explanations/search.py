"""A merchant's values and a goal come in; the smallest changes that reach it go out.

Fewest inputs first, then the least cost. Levers that act through the score alone are taken together
(`scoring`); all others are tried in every combination of their landmarks, state after state of the
formula, level after level of how many inputs move. A level is judged whole before the next begins,
so what is found first is the smallest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np

from app.explanations.bulk import Bulk, Goal
from app.explanations.demands import Demands
from app.explanations.landmarks import bisect, list_landmarks
from app.explanations.levers import Lever
from app.explanations.reach import can_meet
from app.explanations.reading import Reading, read_pipeline
from app.explanations.scoring import Way, acts_through_score_alone, list_ways
from app.explanations.states import Needs, State, list_states
from app.policies.pipeline import Pipeline
from app.rules.types import BOOLEAN, MONEY

MOST_ROWS = 120_000  # judged in all: about a second
BLOCK = 20_000
ALTERNATIVES = 3
Row = tuple[dict[str, Any], float]  # moves, cost


@dataclass(frozen=True, slots=True)
class Found:
    """`changes`: the smallest first, then others of the same number of inputs. `exact`: nothing
    smaller exists. `searched`: every change of up to so many inputs was tried. `exhausted`: there
    are no more. `blocked_rules`: (stage, rule id) of refusals that no lever touches; `blocked_by`:
    inputs that these rules read.
    """

    changes: tuple[Mapping[str, Any], ...]
    exact: bool
    searched: int
    exhausted: bool
    blocked_rules: tuple[tuple[str, str], ...] = ()
    rows: int = 0


def search(pipeline: Pipeline, values: Mapping[str, Any], levers: list[Lever], goal: Goal) -> Found:
    """The smallest changes of `levers` with which `pipeline` meets `goal`."""
    return _Search(pipeline, values, levers, goal).run()


class _Search:
    def __init__(
        self, pipeline: Pipeline, values: Mapping[str, Any], levers: list[Lever], goal: Goal
    ) -> None:
        self._pipeline, self._values, self._goal = pipeline, values, goal
        self._levers = {lever.name: lever for lever in levers}
        self._reading: Reading = read_pipeline(pipeline)
        self._bulk = Bulk(pipeline, values)
        self._candidates, self._complete = list_landmarks(self._levers, self._reading, values)
        known = dict(values)
        for _, stage in pipeline.stages:
            known.update(stage.judge(known).gives)
        self._demands = Demands(pipeline, self._reading, self._levers, known)
        self._forced, self._blocked = self._demands.settle(self._candidates)
        self._rows = 0
        self._needs: dict[tuple[int, frozenset[str]], tuple[list[Needs], bool]] = {}

    def run(self) -> Found:
        if self._blocked or not can_meet(self._pipeline, self._values, self._levers, self._goal):
            return Found((), True, 0, True, tuple(self._blocked))
        alone = [
            n for n in self._levers if acts_through_score_alone(n, self._levers, self._reading)
        ]
        self._outer = [name for name in self._levers if name not in alone]
        forced = frozenset(self._forced)
        ways = list_ways(
            [self._levers[name] for name in alone],
            self._candidates,
            self._reading,
            forced,
            len(alone),
        )
        states = self._find_states()
        most = len(self._outer) + len(alone)
        for level in range(max(1, len(forced)), most + 1):
            found = self._judge_level(level, states, ways)
            if found:
                changes = [self._polish(moves) for moves, _ in self._pick(found)]
                changes.sort(key=self._cost)
                return Found(tuple(changes), self._complete, level, False, (), self._rows)
            if self._rows > MOST_ROWS:
                return Found((), self._complete, level - 1, False, (), self._rows)
        return Found((), self._complete, most, self._complete, (), self._rows)

    # --- states of the formula ---

    def _find_states(self) -> list[State]:
        formula = self._reading.formula
        least = formula.formula.minimum_fen if formula is not None else None
        if self._goal.limit_fen is not None:
            least = max(least or 0, self._goal.limit_fen)
        asked = sorted(self._reading.against_limit)
        aims = [self._values[n] for n in asked if isinstance(self._values.get(n), int)]
        found = list_states(
            self._levers, self._reading, self._values, self._candidates, least, aims
        )
        self._complete &= found.complete
        self._flows = found.flows
        for name in asked:
            lever = self._levers.get(name)
            for limit in found.limits if lever is not None else ():
                assert lever is not None
                fresh = lever.allows(limit) and limit != lever.now
                if (
                    fresh
                    and limit not in self._candidates[name]
                    and self._demands.is_clear(name, limit)
                ):
                    self._candidates[name].append(limit)
        return found.states

    # --- one level ---

    def _judge_level(
        self, level: int, states: list[State], ways: Mapping[int, Mapping[float, Way]]
    ) -> list[Row]:
        found: list[Row] = []
        block: list[dict[str, Any]] = []
        seen: set[tuple[tuple[str, Any], ...]] = set()
        for moves in self._rows_of(level, states, ways):
            key = tuple(sorted(moves.items()))
            if key in seen:
                continue
            seen.add(key)
            block.append(moves)
            if len(block) >= BLOCK:
                found += self._judge_block(block)
                block = []
            if self._rows + len(block) > MOST_ROWS:
                self._complete = False
                self._rows += 1
                break
        return found + self._judge_block(block)

    def _rows_of(
        self, level: int, states: list[State], ways: Mapping[int, Mapping[float, Way]]
    ) -> Iterator[dict[str, Any]]:
        """Every change of `level` inputs that may do."""
        for state in states:
            must, free = self._split(state)
            for count in range(len(must), min(level, len(self._outer)) + 1):
                options = list((ways.get(level - count) or {}).values())
                if not options or not must <= set(self._outer):
                    continue
                for others in combinations(free, count - len(must)):
                    names = tuple(name for name in self._outer if name in must or name in others)
                    for chosen in self._choices(state, names):
                        for combination in product(*chosen):
                            moves = dict(zip(names, combination, strict=True))
                            for way in options:
                                yield {**moves, **way.moves}

    def _split(self, state: State) -> tuple[set[str], list[str]]:
        """Which of the outer levers have to move in this state, and which may."""
        pinned = {n for n, value in state.pinned.items() if value != self._levers[n].now}
        must = (self._forced & set(self._outer)) | pinned
        if self._forced & state.pinned.keys() - pinned:
            return {"?"}, []  # it has to move, and stays in this state
        return must, [name for name in self._outer if name not in must | state.pinned.keys()]

    def _choices(self, state: State, names: tuple[str, ...]) -> list[list[list[Any]]]:
        """The values of each of `names`, if they and no others of the outer levers move; one list
        for each way in which the limit can become large enough.
        """
        if state.aim is None:
            return self._with_needs(state, names, {})
        moving = self._flows.names & set(names)
        key = (id(state), moving)  # the states live as long as the search
        if key not in self._needs:
            self._needs[key] = self._flows.needs(state.known, state.aim, moving)
        ways, is_least = self._needs[key]
        self._complete &= is_least
        return [choice for needs in ways for choice in self._with_needs(state, names, needs)]

    def _with_needs(
        self, state: State, names: tuple[str, ...], needs: Mapping[str, Any]
    ) -> list[list[list[Any]]]:
        chosen = []
        for name in names:
            lever = self._levers[name]
            need = needs.get(name, lever.now)
            allowed = [state.pinned[name]] if name in state.pinned else self._candidates[name]
            if need > lever.now:
                allowed = [value for value in allowed if value >= need]
            elif need < lever.now:
                allowed = [value for value in allowed if value <= need]
            extra = [need, *self._pushed(name, names, needs)]
            allowed = [*allowed, *(v for v in dict.fromkeys(extra) if self._is_fresh(name, v))]
            if not allowed:
                return []
            chosen.append(list(dict.fromkeys(allowed)))
        return [chosen]

    def _is_fresh(self, name: str, value: Any) -> bool:
        lever = self._levers[name]
        return value != lever.now and lever.allows(value) and self._demands.is_clear(name, value)

    def _pushed(self, name: str, names: tuple[str, ...], needs: Mapping[str, Any]) -> Iterator[Any]:
        """What a flow needs, the input that bounds it may have to follow."""
        for other in names:
            need = needs.get(other)
            is_bound = self._levers[other].one.never_above == name
            if is_bound and need is not None and need > self._levers[name].now:
                yield need

    def _judge_block(self, block: list[dict[str, Any]]) -> list[Row]:
        if not block:
            return []
        self._rows += len(block)
        block = [moves for moves in block if self._is_possible(moves)]
        names = {name for moves in block for name in moves}
        columns = {
            name: np.array(
                [moves.get(name, self._levers[name].now) for moves in block],
                dtype={BOOLEAN: bool, MONEY: np.int64}.get(
                    self._levers[name].one.type.kind, np.float64
                ),
            )
            for name in names
        }
        if not block:
            return []
        met = self._bulk.meet(self._goal, columns, len(block))
        return [(block[i], self._cost(block[i])) for i in np.flatnonzero(met).tolist()]

    def _is_possible(self, moves: Mapping[str, Any]) -> bool:
        """Whether no input passes the one that it can never exceed, unless it did before."""
        return all(self._keeps_bound(name, moves) for name in moves)

    def _keeps_bound(self, name: str, moves: Mapping[str, Any]) -> bool:
        bound = self._levers[name].one.never_above
        top, before = self._values.get(bound or ""), self._levers[name].now
        if bound is None or top is None or before > top:
            return True
        return bool(moves[name] <= moves.get(bound, top))

    def _cost(self, moves: Mapping[str, Any]) -> float:
        return float(sum(self._levers[name].cost(value) for name, value in moves.items()))

    # --- the result ---

    def _pick(self, found: list[Row]) -> list[Row]:
        """The cheapest change of each set of inputs, the cheapest sets first."""
        best: dict[tuple[str, ...], Row] = {}
        for moves, cost in found:
            names = tuple(sorted(moves))
            if names not in best or cost < best[names][1]:
                best[names] = (moves, cost)
        return sorted(best.values(), key=lambda row: row[1])[:ALTERNATIVES]

    def _polish(self, moves: Mapping[str, Any]) -> dict[str, Any]:
        """Each value moved back towards the present one as far as the goal allows."""
        polished = dict(moves)
        for name in sorted(moves, key=lambda n: -self._levers[n].cost(moves[n])):
            lever = self._levers[name]
            if lever.is_boolean:
                continue

            def is_met(value: Any, name: str = name) -> bool:
                trial = {**polished, name: value}
                return self._is_possible(trial) and self._meets(trial)

            if not is_met(lever.now):
                polished[name] = bisect(lever, lever.now, polished[name], is_met)
        return {name: polished[name] for name in self._levers if name in polished}

    def _meets(self, moves: Mapping[str, Any]) -> bool:
        judged = self._pipeline.judge({**self._values, **moves}, None, "scalar")
        return self._goal.is_met(judged.outcome, judged.tier, judged.limit_fen)
