"""Rows of moved inputs come in; outcome, tier and limit of each go out, judged in numpy by the same
compiled stages as a portfolio.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.policies.pipeline import Pipeline
from app.rules.types import BOOLEAN, MONEY
from app.rules.vector import Column, Money, Number, Truth, Words, column_of
from app.scoring.compiled import CompiledScorecard


@dataclass(frozen=True, slots=True)
class Goal:
    """What is to be reached, always with `approve`: any, one of `tiers`, at least `limit_fen`."""

    name: str
    tiers: tuple[str, ...] | None = None
    limit_fen: int | None = None

    def is_met(self, outcome: str, tier: str | None, limit_fen: int | None) -> bool:
        if outcome != "approve" or (self.tiers is not None and tier not in self.tiers):
            return False
        return self.limit_fen is None or (limit_fen is not None and limit_fen >= self.limit_fen)


class Bulk:
    """One merchant's inputs, of which some are moved, in a policy for one purpose."""

    def __init__(self, pipeline: Pipeline, values: Mapping[str, Any]) -> None:
        self._pipeline = pipeline
        self._kinds = {name: one.type.kind for name, one in pipeline.policy.inputs.items()}
        self._base: dict[str, Column] = {
            name: column_of(self._kinds[name], [values.get(name)]) for name in pipeline.inputs
        }

    def meet(self, goal: Goal, moved: Mapping[str, NDArray[Any]], count: int) -> NDArray[Any]:
        """A mask of the rows that meet the goal. `moved`: input → a value for each row."""
        columns = dict(self._base)
        for name, values in moved.items():
            columns[name] = _known(self._kinds[name], values)
        refused = np.zeros(count, bool)
        for _, stage in self._pipeline.stages:
            if isinstance(stage, CompiledScorecard):
                result, _ = stage.judge_columns(columns, count)
            else:
                result = stage.judge_columns(columns, count)
            columns.update(result.gives)
            refused |= result.declined | result.referred
        met = ~refused
        if goal.tiers is not None:
            met &= _is_in(columns.get("tier"), goal.tiers, count)
        if goal.limit_fen is not None:
            limit = columns.get("limit")
            assert isinstance(limit, Money)
            met &= np.broadcast_to(limit.known & (limit.fens >= goal.limit_fen), (count,))
        return met


def _known(kind: str, values: NDArray[Any]) -> Column:
    if kind == BOOLEAN:
        return Truth(values, ~values, True)
    return Money(values) if kind == MONEY else Number(values, True)


def _is_in(tier: Column | None, tiers: tuple[str, ...], count: int) -> NDArray[Any]:
    if not isinstance(tier, Words):
        return np.zeros(count, bool)
    wanted = np.array([*(word in tiers for word in tier.words), False], dtype=bool)
    return np.broadcast_to(wanted[tier.codes], (count,))
