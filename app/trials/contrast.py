"""Two policies and many merchants come in; the merchants whom they judge differently go out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from app.policies.pipeline import Pipeline
from app.policies.policy import Policy
from app.policies.portfolio import PortfolioJudgement, PortfolioPipeline, build_portfolio
from app.rules.arithmetic import Mask
from app.rules.rulesets import Formula, Table
from app.rules.vector import Column, Money, Number, Truth, Words
from app.scoring.compiled import CompiledScorecard


class Contrast:
    """The two for one purpose, compiled once."""

    def __init__(self, policy: Policy, other: Policy, purpose: str) -> None:
        self.purpose = purpose
        self._both = [(one, PortfolioPipeline(one, purpose)) for one in (policy, other)]
        self.alone = [Pipeline(one, purpose) for one in (policy, other)]

    def decided(self, columns: Mapping[str, Column], count: int) -> Mask:
        """Where outcome, reasons, score, tier, limit or rate differ."""
        first, second = (
            pipeline.judge(build_portfolio(policy, self.purpose, columns, count))
            for policy, pipeline in self._both
        )
        found: Mask = (
            (first.outcomes != second.outcomes)
            | (first.limits_fen != second.limits_fen)
            | _differ(first.scores, second.scores)
            | _differ(first.daily_rates, second.daily_rates)
            | (_tiers(first) != _tiers(second))
            | _reasons_differ(first, second)
        )
        return found

    def marks(self, columns: Mapping[str, Column], count: int, which: int) -> Any:
        """One number a merchant, equal where one of the policies (0 or 1) says the same."""
        policy, pipeline = self._both[which]
        judged = pipeline.judge(build_portfolio(policy, self.purpose, columns, count))
        words = {word: n for n, word in enumerate(judged.reason_words)}
        columns_of: list[Any] = [
            judged.outcomes,
            judged.limits_fen,
            np.nan_to_num(judged.scores, nan=-1e9),
        ]
        columns_of += [np.nan_to_num(judged.daily_rates, nan=-1.0), judged.tiers]
        table = np.column_stack([*columns_of, _reason_table(judged, words)]).astype(np.float64)
        weights = np.random.default_rng(1).random(64)
        return table[:, :64] @ weights[: min(64, table.shape[1])]

    def given(self, columns: Mapping[str, Column], count: int) -> Mask:
        """Where what tables give, or the limit, differs, whatever the outcome."""
        first, second = (
            _give(
                policy,
                pipeline,
                build_portfolio(policy, self.purpose, columns, count).columns,
                count,
            )
            for policy, pipeline in zip((one for one, _ in self._both), self.alone, strict=True)
        )
        found = np.zeros(count, bool)
        for name in first.keys() & second.keys():
            found |= first[name] != second[name]
        return found


def _give(
    policy: Policy, pipeline: Pipeline, inputs: Mapping[str, Column], count: int
) -> dict[str, Any]:
    columns = dict(inputs)
    for _, stage in pipeline.stages:
        if isinstance(stage, CompiledScorecard):
            result, _ = stage.judge_columns(columns, count)
        else:
            result = stage.judge_columns(columns, count)
        columns.update(result.gives)
    names = ["limit"] if any(isinstance(s.checked, Formula) for s in policy.stages) else []
    for one in policy.stages:
        if isinstance(one.checked, Table):
            names += one.checked.outputs
    return {name: np.broadcast_to(_plain(columns[name]), (count,)) for name in names}


def _plain(column: Column) -> Any:
    """One comparable value a row; all nulls are equal."""
    match column:
        case Number(values=values):
            return np.where(values == values, values, -np.inf)
        case Money(fens=fens):
            return np.where(column.known, fens, np.int64(-(2**62)))
        case Words(codes=codes, words=words):
            return np.array([*words, "\x00"], dtype=object)[codes]
        case Truth(true=true, false=false):
            return true.astype(np.int8) - false.astype(np.int8)
    raise AssertionError(column)


def _differ(one: Any, other: Any) -> Mask:
    found: Mask = (one != other) & ((one == one) | (other == other))
    return found


def _tiers(judged: PortfolioJudgement) -> Any:
    return np.array([*judged.tier_words, ""], dtype=object)[judged.tiers]


def _reasons_differ(first: PortfolioJudgement, second: PortfolioJudgement) -> Mask:
    words = {word: n for n, word in enumerate({*first.reason_words, *second.reason_words})}
    one, other = _reason_table(first, words), _reason_table(second, words)
    width = max(one.shape[1], other.shape[1])
    one, other = (
        np.pad(t, ((0, 0), (0, width - t.shape[1])), constant_values=-1) for t in (one, other)
    )
    found: Mask = (one != other).any(axis=1)
    return found


def _reason_table(judged: PortfolioJudgement, words: Mapping[str, int]) -> Any:
    """Merchants × ranks: the number of the reason, -1 after the last."""
    starts = judged.reason_starts
    counts = np.diff(starts)
    table = np.full((len(counts), int(counts.max(initial=0))), -1, dtype=np.int32)
    numbers = np.array([words[word] for word in judged.reason_words], dtype=np.int32)
    owners = np.repeat(np.arange(len(counts)), counts)
    ranks = np.arange(len(judged.reason_codes)) - np.repeat(starts[:-1], counts)
    table[owners, ranks] = numbers[judged.reason_codes]
    return table
