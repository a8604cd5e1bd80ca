"""Checked rulesets made ready to run, for one purpose: judged for one merchant, or for columns of
merchants.

A compiled ruleset is another type than the checked one; what it gives is plain data: one result and
one trace a stage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.rules.program import build_program
from app.rules.rulesets import Formula, Rules, Table
from app.rules.scalar import compile_scalar
from app.rules.stages import (
    CLEAR,
    RESULT_WORDS,
    UNKNOWN,
    Conditions,
    Results,
    Seen,
    StageColumns,
    StageResult,
    Values,
    applies,
    full,
    graver,
    not_applicable,
    outcome_column,
)
from app.rules.types import Type
from app.rules.vector import Column, Money, Number, Truth, VectorProgram, Words, column_of

TABLE_CONFLICT = "TABLE_CONFLICT"  # several rows of a unique table fit
CONFLICT, UNDECIDED = -(2**31), -(2**31) + 1  # in a column of row positions


class CompiledRules:
    """A ruleset of kind rules, for one purpose."""

    def __init__(self, rules: Rules, stage: str, purpose: str) -> None:
        self.header, self.stage = rules.header, stage
        self.applies = applies(rules.header.purposes, purpose)
        self.rules = rules.rules
        here = (
            [rule for rule in rules.rules if applies(rule.purposes, purpose)]
            if self.applies
            else []
        )
        self.judged = here
        self.conditions = Conditions([rule.when for rule in here])
        self._idle = [rule.id for rule in rules.rules if rule not in here]
        self._hits, self._outcome = f"{stage}_hits", f"{stage}_outcome"
        self._clear_words = dict.fromkeys((rule.id for rule in here), CLEAR)
        self._seen = Seen()

    def judge(self, values: Values) -> StageResult:
        return self.judge_with(self.conditions.scalar(values), values)

    def judge_with(self, results: Results, values: Values) -> StageResult:
        """The stage from the conditions' results, whichever evaluator gave them."""
        return self._seen.get(results) or self._seen.keep(results, self._build(results, values))

    def _build(self, results: Results, values: Values) -> StageResult:
        if not self.applies:
            return not_applicable(self.stage, {self._hits: 0.0, self._outcome: "approve"})
        stage = StageResult(results=results)
        words = dict(self._clear_words)
        hits = 0
        for index, result in enumerate(results):
            if result is False:
                continue
            rule = self.judged[index]
            words[rule.id] = RESULT_WORDS[result]
            if result is None:
                stage.is_unknown = True
                stage.unknown_inputs += self.conditions.missing(index, values)
                continue
            hits += 1
            stage.reasons.append((rule.then, rule.reason))
            if rule.then != "flag":
                stage.outcome = graver(stage.outcome, rule.then)
        if stage.is_unknown:
            stage.unknown_inputs = list(dict.fromkeys(stage.unknown_inputs))
            stage.outcome = graver(stage.outcome, self.header.unknown)
        return self._complete(stage, hits, words)

    def _complete(self, stage: StageResult, hits: int, words: dict[str, str]) -> StageResult:
        stage.gives = {self._hits: float(hits), self._outcome: stage.outcome}
        trace = stage.begin_trace(self.stage)
        trace["rules"] = words
        if self._idle:
            trace["not_applicable"] = self._idle
        return stage

    def judge_columns(self, columns: Mapping[str, Column], count: int) -> StageColumns:
        stage = StageColumns(np.zeros(count, bool), np.zeros(count, bool))
        hits: NDArray[Any] = np.zeros(count, np.uint8 if len(self.judged) < 256 else np.int64)
        results = self.conditions.vector.run(columns)
        for rule, names, column in zip(self.judged, self.conditions.inputs, results, strict=True):
            assert isinstance(column, Truth)
            hit = full(column.true, count)
            if stage.add(rule.then, rule.reason, hit):
                hits += hit.view(np.uint8)
            if not column.all_known:
                unknown = full(~column.known, count)
                stage.raise_outcome(self.header.unknown, unknown)
                stage.add_unknown(names, unknown)
        stage.gives = {
            f"{self.stage}_hits": Number(hits.astype(np.float64), True),
            f"{self.stage}_outcome": outcome_column(stage.declined, stage.referred),
        }
        return stage


class CompiledTable:
    """A ruleset of kind table, for one purpose."""

    def __init__(self, table: Table, stage: str, purpose: str) -> None:
        self.header, self.stage, self.hit = table.header, stage, table.hit
        self.applies = applies(table.header.purposes, purpose)
        self.outputs: Mapping[str, Type] = table.outputs
        self.rows = (
            [row for row in table.rows if applies(row.purposes, purpose)] if self.applies else []
        )
        self.otherwise = table.otherwise
        self.conditions = Conditions([row.condition for row in self.rows])
        self.reads = frozenset(name for subject in table.subjects for name in subject.inputs())
        self._seen = Seen()
        self._all_rows = [*self.rows, self.otherwise]
        self._gives = [dict(zip(self.outputs, row.outputs, strict=True)) for row in self._all_rows]
        self._nothing: dict[str, Any] = dict.fromkeys(self.outputs)
        self._ids = [row.id for row in self.rows]

    def judge(self, values: Values) -> StageResult:
        return self.judge_with(self.conditions.scalar(values), values)

    def judge_with(self, results: Results, values: Values) -> StageResult:
        """The stage from the rows' results, whichever evaluator gave them."""
        return self._seen.get(results) or self._seen.keep(results, self._build(results, values))

    def _build(self, results: Results, values: Values) -> StageResult:
        if not self.applies:
            return not_applicable(self.stage, dict(self._nothing))
        position, open_ones = self._find(results)
        stage = StageResult(results=results)
        if position is None:
            return self._complete_unknown(stage, open_ones, values)
        row = self._all_rows[position]
        stage.gives = self._gives[position]
        if row.then and row.reason:
            stage.outcome = row.then
            stage.reasons = [(row.then, row.reason)]
        trace = stage.begin_trace(self.stage)
        trace["row"] = row.id
        trace["tested"] = self._tested(results[: position + 1])
        trace["outputs"] = stage.gives
        return stage

    def _complete_unknown(
        self, stage: StageResult, open_ones: list[int], values: Values
    ) -> StageResult:
        """It is unknown which row fits; or, without open rows, several fit."""
        stage.outcome = self.header.unknown
        stage.gives = self._nothing
        if open_ones:
            stage.is_unknown = True
            names = [name for i in open_ones for name in self.conditions.missing(i, values)]
            stage.unknown_inputs = list(dict.fromkeys(names))
        else:
            stage.reasons = [(self.header.unknown, TABLE_CONFLICT)]
        trace = stage.begin_trace(self.stage)
        trace["row"] = UNKNOWN
        trace["tested"] = self._tested(stage.results)
        return stage

    def _find(self, results: Sequence[bool | None]) -> tuple[int | None, list[int]]:
        """The row's position (`otherwise` stands after the last row).

        None when it is unknown which: then the positions of the rows that might fit, or none where
        several rows of a unique table fit.
        """
        if self.hit == "first":
            for position, result in enumerate(results):
                if result is not False:
                    return (position, []) if result else (None, [position])
            return len(self.rows), []
        true = [position for position, result in enumerate(results) if result]
        if len(true) > 1:
            return None, []
        if None in results:
            return None, [position for position, result in enumerate(results) if result is None]
        return (true[0] if true else len(self.rows)), []

    def _tested(self, results: Results) -> dict[str, str]:
        return {row: RESULT_WORDS[result] for row, result in zip(self._ids, results, strict=False)}

    def judge_columns(self, columns: Mapping[str, Column], count: int) -> StageColumns:
        stage = StageColumns(np.zeros(count, bool), np.zeros(count, bool))
        if not self.applies:
            stage.gives = self._outputs(np.full(count, CONFLICT, np.int32))
            return stage
        truths = [t for t in self.conditions.vector.run(columns) if isinstance(t, Truth)]
        chosen = self._choose(truths, count)
        for position, row in enumerate([*self.rows, self.otherwise]):
            if row.then and row.reason:
                stage.add(row.then, row.reason, chosen == position)
        if (chosen < 0).any():
            stage.add(self.header.unknown, TABLE_CONFLICT, chosen == CONFLICT)
            stage.raise_outcome(self.header.unknown, chosen < 0)
            for position, names in enumerate(self.conditions.inputs):
                if self.hit == "first":
                    stopped = chosen == -1 - position
                else:
                    stopped = (chosen == UNDECIDED) & full(~truths[position].known, count)
                stage.add_unknown(names, stopped)
        stage.gives = self._outputs(chosen)
        return stage

    def _outputs(self, chosen: NDArray[np.int32]) -> dict[str, Column]:
        rows = [*self.rows, self.otherwise]
        return {
            name: _pick(of.kind, [row.outputs[place] for row in rows], chosen)
            for place, (name, of) in enumerate(self.outputs.items())
        }

    def _choose(self, truths: Sequence[Truth], count: int) -> NDArray[np.int32]:
        """The position of each merchant's row. Below 0 where it is unknown: -1 - position of the
        row that stopped the search of a first-hit table; UNDECIDED or CONFLICT (several rows fit)
        for a unique one.
        """
        chosen = np.full(count, len(self.rows), dtype=np.int32)
        if self.hit == "first":
            for position in range(len(truths) - 1, -1, -1):
                truth = truths[position]
                chosen[full(truth.true, count)] = position
                if not truth.all_known:
                    chosen[full(~truth.known, count)] = -1 - position
            return chosen
        hits, unknown = np.zeros(count, np.int32), np.zeros(count, bool)
        for position, truth in enumerate(truths):
            true = full(truth.true, count)
            chosen[true] = position
            hits += true
            if not truth.all_known:
                unknown |= full(~truth.known, count)
        chosen[unknown] = UNDECIDED
        chosen[hits > 1] = CONFLICT
        return chosen


class CompiledFormula:
    """A ruleset of kind formula, for one purpose. A limit is never below 0."""

    def __init__(self, formula: Formula, stage: str, purpose: str) -> None:
        self.header, self.stage, self.formula = formula.header, stage, formula
        self.applies = applies(formula.header.purposes, purpose)
        self.names = [name for name, _, _ in formula.lets]
        terms = [formula.limit, *(term for _, term, _ in formula.lets)]
        terms += [term for choice in formula.choices for term in choice.terms]
        self.inputs = tuple(dict.fromkeys(formula.limit.inputs()))
        self.kinds = [term.kind for term in terms]
        self.scalar = compile_scalar(build_program(terms))
        self.vector = VectorProgram(build_program([formula.limit]))

    def judge(self, values: Values) -> StageResult:
        if not self.applies:
            return not_applicable(self.stage, {"limit": None})
        results = self.scalar(values)
        exact = results[0]
        stage = StageResult()
        limit = None
        if exact is None:
            stage.is_unknown = True
            stage.unknown_inputs = [name for name in self.inputs if values[name] is None]
            stage.outcome = self.header.unknown
        else:
            unit = self.formula.round_down_to_fen
            limit = max(0, exact // unit * unit)
            least = self.formula.minimum_fen
            if least is not None and limit < least and self.formula.reason:
                stage.outcome = self.formula.then
                stage.reasons = [(self.formula.then, self.formula.reason)]
        stage.gives = {"limit": limit}
        trace = stage.begin_trace(self.stage)
        trace["let"] = dict(zip(self.names, results[1:], strict=False))
        trace["exact_fen"] = exact
        trace["limit_fen"] = limit
        trace["binding"] = self._binding(results[1 + len(self.names) :])
        return stage

    def _binding(self, results: Sequence[Any]) -> dict[str, str | None]:
        """For each `min`: the text of the operand that is the least, the first of equals; None
        where one is unknown.
        """
        found: dict[str, str | None] = {}
        at = 0
        for choice in self.formula.choices:
            operands = results[at : at + len(choice.terms)]
            at += len(choice.terms)
            known = None not in operands
            found[choice.of] = choice.written[operands.index(min(operands))] if known else None
        return found

    def judge_columns(self, columns: Mapping[str, Column], count: int) -> StageColumns:
        stage = StageColumns(np.zeros(count, bool), np.zeros(count, bool))
        if not self.applies:
            stage.gives = {"limit": Money(np.zeros(count, np.int64), np.zeros(count, bool))}
            return stage
        exact = self.vector.run(columns)[0]
        assert isinstance(exact, Money)
        known = full(exact.known, count)
        fens = np.broadcast_to(exact.fens, (count,))
        unit = np.int64(self.formula.round_down_to_fen)
        limits = np.maximum(fens // unit * unit, 0)
        if not exact.all_known:
            stage.raise_outcome(self.header.unknown, ~known)
            stage.add_unknown(self.inputs, ~known)
        least = self.formula.minimum_fen
        if least is not None and self.formula.reason:
            stage.add(self.formula.then, self.formula.reason, known & (limits < least))
        stage.gives = {"limit": Money(np.where(known, limits, 0), known)}
        return stage


def _pick(kind: str, values: list[Any], chosen: NDArray[np.int32]) -> Column:
    """The row's output for each merchant; null where the row is unknown or gives none."""
    at = np.where(chosen < 0, np.int32(len(values)), chosen)
    table = column_of(kind, [*values, None])
    match table:
        case Number():
            return Number(table.values[at])
        case Truth():
            return Truth(table.true[at], table.false[at])
        case Money():
            return Money(table.fens[at], table.known[at])
        case Words():
            return Words(table.codes[at], table.words)
