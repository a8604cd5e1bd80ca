"""A policy, a merchant's values and a goal come in; out goes whether the goal can be reached at
all, told from what no lever touches.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from app.explanations.bulk import Goal
from app.policies.pipeline import Pipeline
from app.rules.compiled import CompiledFormula, CompiledRules, CompiledTable
from app.rules.program import build_program
from app.rules.scalar import compile_scalar
from app.rules.stages import StageResult
from app.rules.terms import Term
from app.scoring.compiled import CompiledScorecard


def can_meet(
    pipeline: Pipeline, values: Mapping[str, Any], levers: Container[str], goal: Goal
) -> bool:
    """False only where a table has no row left that approves (for its tier, where the goal names
    tiers), because of conditions over inputs and results that no lever moves.
    """
    known, fixed = dict(values), {name for name in values if name not in levers}
    for _, stage in pipeline.stages:
        result: StageResult = stage.judge(known)
        known.update(result.gives)
        if not isinstance(stage, CompiledTable) or not stage.applies:
            pass
        elif not _has_row(stage, known, fixed, goal):
            return False
        if _read_by(stage) <= fixed:
            fixed.update(result.gives)
    return True


def _has_row(table: CompiledTable, known: Mapping[str, Any], fixed: set[str], goal: Goal) -> bool:
    at_tier = list(table.outputs).index("tier") if "tier" in table.outputs else None
    for place, row in enumerate([*table.rows, table.otherwise]):
        if row.then is not None:
            continue
        tier = None if at_tier is None else row.outputs[at_tier]
        if goal.tiers is not None and at_tier is not None and tier not in goal.tiers:
            continue
        is_last = place == len(table.rows)
        if is_last or not _is_excluded(row.condition, known, fixed):
            return True
    return False


def _is_excluded(term: Term, known: Mapping[str, Any], fixed: set[str]) -> bool:
    """Whether the condition can never be true."""
    if set(term.inputs()) <= fixed:
        return compile_scalar(build_program([term]))(known)[0] is not True
    if term.op == "and":
        return any(_is_excluded(part, known, fixed) for part in term.args)
    return term.op == "or" and all(_is_excluded(part, known, fixed) for part in term.args)


def _read_by(stage: object) -> set[str]:
    match stage:
        case CompiledRules() | CompiledTable():
            terms = stage.conditions.terms
        case CompiledFormula():
            return set(stage.inputs)
        case CompiledScorecard():
            terms = tuple(one.term for one in stage.card.characteristics)
        case _:
            return {"?"}
    return {name for term in terms for name in term.inputs()}
