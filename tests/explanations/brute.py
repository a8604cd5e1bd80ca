"""Every value of a grid, of one input and of two together: the cheapest change that does.

The grids know nothing of how what-if finds its landmarks: one input is tried at every number that
stands anywhere in the policy, the values beside it, and many steps from near to far; two inputs at
the numbers that stand beside each of them, and steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.explanations.bulk import Bulk, Goal
from app.explanations.levers import Lever
from app.explanations.reading import read_pipeline
from app.policies.pipeline import Pipeline
from app.rules.compiled import CompiledFormula, CompiledRules, CompiledTable
from app.rules.terms import Term
from app.rules.types import BOOLEAN, MONEY
from app.scoring.compiled import CompiledScorecard


def cheapest(
    pipeline: Pipeline, values: Mapping[str, Any], levers: Sequence[Lever], goal: Goal, most: int
) -> tuple[int, float, dict[str, Any]] | None:
    """(inputs, cost, moves) of the smallest change of up to `most` (1 or 2) inputs on the grid."""
    bulk = Bulk(pipeline, values)
    numbers = _numbers_of(pipeline)
    fine = [_grid(lever, numbers, 200) for lever in levers]
    tests = read_pipeline(pipeline).tests
    own = [_grid(one, [c for _, c in tests.get(one.name, [])], 8) for one in levers]
    for count in range(1, most + 1):
        best: tuple[int, float, dict[str, Any]] | None = None
        for chosen in combinations(range(len(levers)), count):
            grids = [(fine if count == 1 else own)[place] for place in chosen]
            names = [levers[place].name for place in chosen]
            meshes = [mesh.ravel() for mesh in np.meshgrid(*grids, indexing="ij")]
            moved = dict(zip(names, meshes, strict=True))
            size = len(meshes[0])
            if not size:
                continue
            met = bulk.meet(goal, moved, size) & _keeps_bounds(levers, values, moved, size)
            for place in np.flatnonzero(met).tolist():
                moves = {name: column[place].item() for name, column in moved.items()}
                cost = sum(levers[p].cost(moves[levers[p].name]) for p in chosen)
                if best is None or cost < best[1]:
                    best = count, cost, moves
        if best is not None:
            return best
    return None


def _grid(lever: Lever, numbers: Iterable[Any], steps: int) -> NDArray[Any]:
    if lever.one.type.kind == BOOLEAN:
        return np.array([not lever.now] if lever.allows(not lever.now) else [], bool)
    is_money = lever.one.type.kind == MONEY
    found: set[Any] = set()
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            continue
        for scaled in (number, number * 100) if is_money else (number,):
            centre = int(scaled) if is_money else float(scaled)
            found |= {centre, lever.beside(centre, True), lever.beside(centre, False)}
    size = max(abs(lever.now), 100_000 if is_money else 1)
    for power in np.geomspace(0.001, 20, steps).tolist():
        for step in (power, -power):
            moved = lever.now + size * step
            found.add(int(moved) if is_money else round(moved) if lever.is_whole else moved)
    kept = sorted(v for v in found if lever.allows(v) and v != lever.now)
    return np.array(kept, np.int64 if is_money else np.float64)


def _keeps_bounds(
    levers: Sequence[Lever], values: Mapping[str, Any], moved: Mapping[str, Any], size: int
) -> NDArray[Any]:
    kept = np.ones(size, bool)
    for lever in levers:
        bound = lever.one.never_above
        if bound is None or lever.name not in moved or values.get(bound) is None:
            continue
        if lever.now <= values[bound]:
            kept &= moved[lever.name] <= moved.get(bound, values[bound])
    return kept


def _numbers_of(pipeline: Pipeline) -> list[Any]:
    found: set[Any] = set()
    for _, stage in pipeline.stages:
        match stage:
            case CompiledRules() | CompiledTable():
                for term in stage.conditions.terms:
                    found |= _constants(term)
            case CompiledFormula():
                found |= _constants(stage.formula.limit)
            case CompiledScorecard():
                found |= {edge for one in stage.card.characteristics for edge, _ in one.edges}
    return sorted(v for v in found if isinstance(v, (int, float)) and not isinstance(v, bool))


def _constants(term: Term) -> set[Any]:
    own = {term.payload} if term.op == "const" else set()
    return own.union(*(_constants(arg) for arg in term.args))
