"""A checked policy over columns of merchants, in numpy, a block at a time: the same judgement as
`pipeline` gives one by one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.policies.pipeline import CODE_OF_MISSING, Pipeline, explains_by_score
from app.policies.policy import Policy, reasons_used
from app.policies.ranking import BlockReasons
from app.policies.reasons import DATA_MISSING
from app.rules.arithmetic import Fens, Floats, Mask
from app.rules.catalogue import WRONG_TYPE, WRONG_VALUE
from app.rules.rulesets import OUTCOMES, Table
from app.rules.stages import StageColumns
from app.rules.types import Type
from app.rules.vector import BLOCK, Column, Money, Number, Truth, Words, column_of, rows_of
from app.scoring.compiled import CompiledScorecard

THREADS = min(4, os.cpu_count() or 1)  # numpy lets go of the interpreter while it computes
Wrong = Mapping[str, tuple[str, Mask]]


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Inputs of many merchants. `columns`: every input of the policy; `wrong`: input → (reason,
    mask of values that do not count).
    """

    count: int
    columns: Mapping[str, Column]
    wrong: Wrong


@dataclass(frozen=True, slots=True)
class PortfolioJudgement:
    """One row a merchant. `outcomes`: 0 approve, 1 refer, 2 decline. Limits (fen, -1 none) and
    rates (NaN none) only on approve.

    tiers: codes into `tier_words`, -1 none. Reasons of merchant i: codes
    `reason_codes[reason_starts[i]:reason_starts[i+1]]` into `reason_words`, ranked.
    """

    outcomes: NDArray[np.int8]
    scores: Floats
    tiers: NDArray[np.int32]
    tier_words: tuple[str, ...]
    limits_fen: Fens
    daily_rates: Floats
    reason_starts: NDArray[np.int64]
    reason_codes: NDArray[np.int32]
    reason_words: tuple[str, ...]

    def reasons_of(self, row: int) -> tuple[str, ...]:
        codes = self.reason_codes[self.reason_starts[row] : self.reason_starts[row + 1]]
        return tuple(self.reason_words[code] for code in codes.tolist())

    def outcome_of(self, row: int) -> str:
        return OUTCOMES[int(self.outcomes[row])]


class PortfolioPipeline:
    """A policy compiled for one purpose and for columns."""

    def __init__(self, policy: Policy, purpose: str) -> None:
        self._pipeline = Pipeline(policy, purpose)
        self.inputs, self.purpose = self._pipeline.inputs, purpose
        self.stages = self._pipeline.stages
        self._numbers = {code: number for number, code in enumerate(sorted(reasons_used(policy)))}
        self.tiers = _tier_words(policy)

    def judge(
        self,
        portfolio: Portfolio,
        progress: Callable[[int], None] | None = None,
    ) -> PortfolioJudgement:
        """Judge every merchant; `progress` is told how many are done. Memory beyond the result is
        that of a block a thread.
        """
        bounds = [
            (start, min(start + BLOCK, portfolio.count))
            for start in range(0, portfolio.count, BLOCK)
        ]
        blocks = []
        with ThreadPoolExecutor(THREADS) as pool:
            for stop, block in zip(
                bounds,
                pool.map(lambda ends: self._judge_block(portfolio, *ends), bounds),
                strict=True,
            ):
                blocks.append(block)
                if progress is not None:
                    progress(stop[1])
        if not blocks:
            blocks.append(_nothing())
        outcomes, scores, tier_codes, limits, rates, counts, codes = (
            np.concatenate(part) for part in zip(*blocks, strict=True)
        )
        starts = np.zeros(len(outcomes) + 1, dtype=np.int64)
        np.cumsum(counts, out=starts[1:])
        return PortfolioJudgement(
            outcomes,
            scores,
            tier_codes,
            self.tiers,
            limits,
            rates,
            starts,
            codes,
            tuple(self._numbers),
        )

    def _judge_block(
        self,
        portfolio: Portfolio,
        start: int,
        stop: int,
    ) -> tuple[NDArray[Any], ...]:
        count = stop - start
        columns = {name: rows_of(portfolio.columns[name], start, stop) for name in self.inputs}
        wrong = {name: (why, mask[start:stop]) for name, (why, mask) in portfolio.wrong.items()}
        declined, referred = np.zeros(count, bool), np.zeros(count, bool)
        events = BlockReasons(self._numbers)
        unknown = np.zeros(count, bool)
        card: CompiledScorecard | None = None
        bins: NDArray[np.int8] | None = None
        for _, stage in self._pipeline.stages:
            if isinstance(stage, CompiledScorecard):
                card = stage
                result, bins = stage.judge_columns(columns, count)
            else:
                result = stage.judge_columns(columns, count)
            columns.update(result.gives)
            declined |= result.declined
            referred |= result.referred
            for kind, code, mask in result.events:
                events.add(kind, code, mask)
            if result.unknowns:
                self._add_unknowns(events, result, columns, wrong, unknown)
            if card is not None and bins is not None and not isinstance(stage, CompiledScorecard):
                graver = result.declined | result.referred
                for _, mask in result.unknowns:
                    graver &= ~mask
                if explains_by_score(stage, "refer") and graver.any():
                    events.add_score(card, bins, graver)
        outcomes = np.maximum(declined.view(np.int8) * np.int8(2), referred.view(np.int8))
        counts, codes = events.rank(count)
        approved = outcomes == 0
        return (outcomes, *read_block(columns, approved, self.tiers), counts, codes)

    def _add_unknowns(
        self,
        events: BlockReasons,
        stage: StageColumns,
        columns: Mapping[str, Column],
        wrong: Wrong,
        before: Mask,
    ) -> None:
        """The code of each null that mattered: missing, or of a wrong type or value.

        Where a stage is unknown though all inputs that it reads are known, something is missing,
        unless a stage `before` was unknown already: then that is why.
        """
        whole = np.zeros(len(before), bool)
        for _, mask in stage.unknowns:
            whole |= mask
        if not wrong:
            events.add("unknown", DATA_MISSING, whole)
        else:
            explained = before.copy()
            for names, mask in stage.unknowns:
                for name in names:
                    if name in self.inputs:
                        null = mask & ~np.broadcast_to(columns[name].known, mask.shape)
                        explained |= null
                        why, bad = wrong.get(name, (WRONG_VALUE, None))
                        if bad is not None:
                            events.add("unknown", CODE_OF_MISSING[why], null & bad)
                            null = null & ~bad
                        events.add("unknown", DATA_MISSING, null)
            events.add("unknown", DATA_MISSING, whole & ~explained)
        before |= whole


def read_block(
    columns: Mapping[str, Column], approved: Mask, tiers: tuple[str, ...]
) -> tuple[NDArray[Any], ...]:
    """Scores, tiers, limits and rates of a block, from what its stages gave."""
    count = len(approved)
    score, tier = columns.get("score"), columns.get("tier")
    limit, rate = columns.get("limit"), columns.get("daily_rate")
    scores = (
        np.broadcast_to(score.values, (count,))
        if isinstance(score, Number)
        else np.full(count, np.nan)
    )
    codes = np.full(count, -1, dtype=np.int32)
    if isinstance(tier, Words):
        numbers = np.array([*(tiers.index(word) for word in tier.words), -1], dtype=np.int32)
        codes = np.broadcast_to(numbers[tier.codes], (count,))
    fens = np.full(count, -1, dtype=np.int64)
    if isinstance(limit, Money):
        fens = np.where(approved & limit.known, limit.fens, np.int64(-1))
    rates = (
        np.where(approved, rate.values, np.nan)
        if isinstance(rate, Number)
        else np.full(count, np.nan)
    )
    return scores, codes, fens, rates


def _tier_words(policy: Policy) -> tuple[str, ...]:
    """The values that the policy's table gives as `tier`."""
    for stage in policy.stages:
        if isinstance(stage.checked, Table) and "tier" in stage.checked.outputs:
            return stage.checked.outputs["tier"].values or ()
    return ()


def _nothing() -> tuple[NDArray[Any], ...]:
    return (
        np.empty(0, np.int8),
        np.empty(0),
        np.empty(0, np.int32),
        np.empty(0, np.int64),
        np.empty(0),
        np.empty(0, np.int64),
        np.empty(0, np.int32),
    )


# --- intake ---


def build_portfolio(
    policy: Policy, purpose: str, columns: Mapping[str, Column], count: int
) -> Portfolio:
    """The inputs of many merchants, checked like one merchant's: values outside type or range do
    not count.

    Inputs that are not in `columns` (the bank's facts, in a whitelist) are what the purpose
    assumes, else null.
    """
    assumed = policy.assumed.get(purpose, {})
    checked: dict[str, Column] = {}
    wrong: dict[str, tuple[str, Mask]] = {}
    for name, one in policy.inputs.items():
        column = columns.get(name)
        if column is None:
            checked[name] = column_of(one.type.kind, [assumed.get(name)])
            continue
        checked[name], bad, why = _check_column(one.type, column)
        if bad is not None and bad.any():
            wrong[name] = (why, np.broadcast_to(bad, (count,)))
    return Portfolio(count, checked, wrong)


def _check_column(of: Type, column: Column) -> tuple[Column, Mask | None, str]:
    """The column with values that do not count made null, their mask (None: all count), and why."""
    match of.kind, column:
        case "number", Number(values=values):
            low = -np.inf if of.low is None else float(of.low)
            high = np.inf if of.high is None else float(of.high)
            whole = of.declared == "integer"
            if _fits(values, low, high, whole):
                return column, None, WRONG_VALUE
            outside = column.known & ~((values >= low) & (values <= high))
            if whole:
                outside |= column.known & (values % 1 != 0)
            return Number(np.where(outside, np.nan, values)), outside, WRONG_VALUE
        case "money", Money(fens, _):
            low_fen = -(2**53) if of.low is None else int(of.low * 100)
            high_fen = 2**53 if of.high is None else int(of.high * 100)
            if len(fens) and fens.min() >= low_fen and fens.max() <= high_fen:
                return column, None, WRONG_VALUE
            known = column.known
            outside = known & ~((fens >= low_fen) & (fens <= high_fen))
            return Money(np.where(outside, 0, fens), known & ~outside), outside, WRONG_VALUE
        case "text", Words(codes, words, _):
            if of.values is None:
                return column, None, WRONG_VALUE
            strange = np.array([*(word not in of.values for word in words), False], dtype=bool)[
                codes
            ]
            return Words(np.where(strange, np.int32(-1), codes), words), strange, WRONG_VALUE
        case "boolean", Truth():
            return column, None, WRONG_TYPE
    null = column_of(of.kind, [None] * len(column.known))
    return null, column.known, WRONG_TYPE


def _fits(values: Floats, low: float, high: float, whole: bool) -> bool:
    """Whether all known values count; NaN passes through fmin and fmax."""
    if not len(values):
        return True
    least, most = np.fmin.reduce(values), np.fmax.reduce(values)
    if least < low or most > high or np.isinf(least) or np.isinf(most):
        return False
    if not whole:
        return True
    fractions = np.count_nonzero(np.floor(values) != values)
    return bool(fractions == 0 or fractions == np.count_nonzero(values != values))
