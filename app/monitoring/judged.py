"""A snapshot and a policy come in; what every input, rule and stage said of its merchants goes out.

A block of merchants at a time, through the numpy evaluator, as a whitelist is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from app.policies.policy import Policy
from app.policies.portfolio import PortfolioPipeline, build_portfolio, read_block
from app.rules.compiled import CompiledRules
from app.rules.stages import full
from app.rules.vector import BLOCK, Column, Truth, rows_of
from app.scoring.compiled import CompiledScorecard
from app.whitelists.build import PURPOSE
from app.whitelists.columns import columns_of

CLEAR, HIT, UNKNOWN = 0, 1, 2


@dataclass(slots=True)
class Judged:
    """rules: 'stage/id' → merchants clear, hit and unknown. bins: of each characteristic, the
    bin of every merchant (the last is missing), by stage. Limits in fen, -1 where not approved.
    """

    count: int
    inputs: Mapping[str, Column]
    rules: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    bins: dict[str, NDArray[np.int8]] = field(default_factory=dict)
    outcomes: NDArray[np.int8] = field(default_factory=lambda: np.empty(0, np.int8))
    scores: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    tiers: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    limits_fen: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))


def judge_snapshot(
    policy: Policy,
    pipeline: PortfolioPipeline,
    features: pa.Table,
    progress: Callable[[int], object] | None = None,
) -> Judged:
    """Judge every merchant for the purpose of whitelists."""
    given = columns_of(features, policy)
    count = features.num_rows
    portfolio = build_portfolio(policy, PURPOSE, given, count)
    inputs = {name: portfolio.columns[name] for name in given}
    judged = Judged(count, inputs)
    blocks: list[tuple[NDArray[np.generic], ...]] = []
    bins: dict[str, list[NDArray[np.int8]]] = {}
    for start in range(0, count, BLOCK):
        stop = min(start + BLOCK, count)
        columns = {name: rows_of(portfolio.columns[name], start, stop) for name in pipeline.inputs}
        blocks.append(_judge_block(pipeline, columns, stop - start, judged, bins))
        if progress is not None:
            progress(stop)
    if blocks:
        outcomes, scores, tiers, limits = (
            np.concatenate(part) for part in zip(*blocks, strict=True)
        )
        judged.outcomes = outcomes.astype(np.int8)
        judged.scores = scores.astype(np.float64)
        judged.tiers = tiers.astype(np.int32)
        judged.limits_fen = limits.astype(np.int64)
    judged.bins = {name: np.concatenate(parts, axis=1) for name, parts in bins.items()}
    return judged


def _judge_block(
    pipeline: PortfolioPipeline,
    columns: dict[str, Column],
    count: int,
    judged: Judged,
    bins: dict[str, list[NDArray[np.int8]]],
) -> tuple[NDArray[np.generic], ...]:
    declined, referred = np.zeros(count, bool), np.zeros(count, bool)
    for _, stage in pipeline.stages:
        if isinstance(stage, CompiledRules):
            _count_rules(stage, columns, count, judged.rules)
        if isinstance(stage, CompiledScorecard):
            result, placed = stage.judge_columns(columns, count)
            bins.setdefault(stage.stage, []).append(placed)
        else:
            result = stage.judge_columns(columns, count)
        columns.update(result.gives)
        declined |= result.declined
        referred |= result.referred
    outcomes = np.maximum(declined.view(np.int8) * np.int8(2), referred.view(np.int8))
    scores, tiers, limits, _ = read_block(columns, outcomes == 0, pipeline.tiers)
    return outcomes, scores, tiers, limits


def _count_rules(
    stage: CompiledRules,
    columns: Mapping[str, Column],
    count: int,
    found: dict[str, NDArray[np.int64]],
) -> None:
    for rule, truth in zip(stage.judged, stage.conditions.vector.run(columns), strict=True):
        assert isinstance(truth, Truth)
        hits = int(full(truth.true, count).sum())
        clear = int(full(truth.false, count).sum())
        counts = found.setdefault(f"{stage.stage}/{rule.id}", np.zeros(3, np.int64))
        counts += (clear, hits, count - clear - hits)
