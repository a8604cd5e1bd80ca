"""Two compiled policies and the columns of a portfolio come in; both judgements go out.

A stage that means the same in both and reads the same values is judged once for both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.policies.pipeline import Compiled
from app.policies.policy import Checked, Policy
from app.policies.portfolio import (
    THREADS,
    Portfolio,
    PortfolioJudgement,
    PortfolioPipeline,
    build_portfolio,
    read_block,
)
from app.rules.rulesets import Formula, Rules, Table
from app.rules.stages import StageColumns
from app.rules.vector import BLOCK, Column, rows_of
from app.scoring.scorecard import Scorecard
from app.whitelists.build import PURPOSE

Block = tuple[NDArray[Any], ...]  # outcomes, scores, tiers, limits, rates


@dataclass(frozen=True, slots=True)
class JudgedBlock:
    """What `before` gives for a block of merchants: the columns that it took, the result of each
    stage, and the block's answer.
    """

    inputs: dict[str, Column]
    results: list[StageColumns]
    answer: Block


Kept = dict[int, JudgedBlock]  # by the first merchant of the block


@dataclass(frozen=True, slots=True)
class Versions:
    """Two policies ready to judge: the one that stands (`before`) and the one that may come.

    shared: for each stage of `after`, the place in `before` of the same one that reads the same
    values, or None. changed: inputs that the two do not take in the same way.
    """

    before: Policy
    after: Policy
    judge_before: PortfolioPipeline
    judge_after: PortfolioPipeline
    shared: tuple[int | None, ...]
    changed: frozenset[str]


def prepare_versions(before: Policy, after: Policy) -> Versions:
    """Compile both for the purpose of whitelists, and find what they share."""
    changed = frozenset(_changed_inputs(before, after))
    pipelines = PortfolioPipeline(before, PURPOSE), PortfolioPipeline(after, PURPOSE)
    return Versions(before, after, *pipelines, tuple(_share(before, after, set(changed))), changed)


def _changed_inputs(before: Policy, after: Policy) -> Iterator[str]:
    assumed = [policy.assumed.get(PURPOSE, {}) for policy in (before, after)]
    for name, one in after.inputs.items():
        other = before.inputs.get(name)
        same = other is not None and (other.type, other.origin) == (one.type, one.origin)
        if not same or assumed[0].get(name) != assumed[1].get(name):
            yield name


def _share(before: Policy, after: Policy, changed: set[str]) -> Iterator[int | None]:
    """`changed`: names that do not hold the same values; grows with what changed stages give."""
    places = {stage.name: place for place, stage in enumerate(before.stages)}
    given: set[str] = set()  # by stages of `after` that are shared
    owners = {name: stage.name for stage in before.stages for name in _given_by(stage)}
    for stage in after.stages:
        place = places.get(stage.name)
        reads = set(_read_by(stage.checked))
        derived = {name for name in reads if name in owners}
        if (
            place is not None
            and before.stages[place].checked == stage.checked
            and not reads & changed
            and derived <= given
        ):
            given.update(_given_by(stage))
            yield place
        else:
            changed.update(_given_by(stage))
            yield None


def _given_by(stage: Any) -> tuple[str, ...]:
    match stage.checked:
        case Rules():
            return f"{stage.name}_hits", f"{stage.name}_outcome"
        case Table(outputs=outputs):
            return tuple(outputs)
        case Formula():
            return ("limit",)
    return ("score",)


def _read_by(checked: Checked) -> Iterator[str]:
    match checked:
        case Rules(rules=rules):
            terms = [rule.when for rule in rules]
        case Table(rows=rows, subjects=subjects):
            terms = [*subjects, *(row.condition for row in rows)]
        case Formula(limit=limit, lets=lets):
            terms = [limit, *(term for _, term, _ in lets)]
        case Scorecard(characteristics=characteristics):
            terms = [one.term for one in characteristics]
    for term in terms:
        yield from term.inputs()


def judge_both(
    versions: Versions,
    columns: tuple[Mapping[str, Column], Mapping[str, Column]],
    count: int,
    progress: Callable[[int], None] | None = None,
    kept: Kept | None = None,
) -> tuple[PortfolioJudgement, PortfolioJudgement]:
    """Every merchant by both policies, without reasons; `progress` is told how many are done.

    `columns`: as the one reads them and as the other does (a type may differ). `kept`: where what
    `before` gave is kept for the next time, and found again. The caller has one for each `before`
    and snapshot.
    """
    before = build_portfolio(versions.before, PURPOSE, columns[0], count)
    after = build_portfolio(versions.after, PURPOSE, columns[1], count)
    bounds = [(start, min(start + BLOCK, count)) for start in range(0, count, BLOCK)]
    blocks: list[tuple[Block, Block]] = []
    with ThreadPoolExecutor(THREADS) as pool:
        found = pool.map(lambda ends: _judge_block(versions, before, after, kept, *ends), bounds)
        for (_, stop), pair in zip(bounds, found, strict=True):
            blocks.append(pair)
            if progress is not None:
                progress(stop)
    return (
        _join([block[0] for block in blocks], versions.judge_before),
        _join([block[1] for block in blocks], versions.judge_after),
    )


def _judge_block(
    versions: Versions,
    before: Portfolio,
    after: Portfolio,
    kept: Kept | None,
    start: int,
    stop: int,
) -> tuple[Block, Block]:
    count = stop - start
    one = None if kept is None else kept.get(start)
    if one is None:
        one = _judge_before(versions.judge_before, before, start, stop)
        if kept is not None:
            kept[start] = one
    others = dict(one.inputs)
    for name in versions.changed:
        others[name] = rows_of(after.columns[name], start, stop)
    other_results = []
    for (_, stage), place in zip(versions.judge_after.stages, versions.shared, strict=True):
        result = _judge_stage(stage, others, count) if place is None else one.results[place]
        other_results.append(result)
        others.update(other_results[-1].gives)
    return one.answer, _finish(others, other_results, versions.judge_after, count)


def _judge_before(
    pipeline: PortfolioPipeline, before: Portfolio, start: int, stop: int
) -> JudgedBlock:
    count = stop - start
    inputs = {name: rows_of(one, start, stop) for name, one in before.columns.items()}
    columns, results = dict(inputs), []
    for _, stage in pipeline.stages:
        results.append(_judge_stage(stage, columns, count))
        columns.update(results[-1].gives)
    return JudgedBlock(inputs, results, _finish(columns, results, pipeline, count))


def _judge_stage(stage: Compiled, columns: dict[str, Column], count: int) -> StageColumns:
    told = stage.judge_columns(columns, count)
    return told[0] if isinstance(told, tuple) else told


def _finish(
    columns: Mapping[str, Column],
    results: list[StageColumns],
    pipeline: PortfolioPipeline,
    count: int,
) -> Block:
    declined, referred = np.zeros(count, bool), np.zeros(count, bool)
    for result in results:
        declined |= result.declined
        referred |= result.referred
    outcomes = np.maximum(declined.view(np.int8) * np.int8(2), referred.view(np.int8))
    return outcomes, *read_block(columns, outcomes == 0, pipeline.tiers)


def _join(blocks: list[Block], pipeline: PortfolioPipeline) -> PortfolioJudgement:
    if not blocks:
        return pipeline.judge(Portfolio(0, {}, {}))
    outcomes, scores, tiers, limits, rates = (
        np.concatenate(part) for part in zip(*blocks, strict=True)
    )
    nothing = np.zeros(len(outcomes) + 1, np.int64), np.empty(0, np.int32), ()
    return PortfolioJudgement(outcomes, scores, tiers, pipeline.tiers, limits, rates, *nothing)
