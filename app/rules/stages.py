"""What every compiled stage shares: its conditions, and what it says of one merchant or of a block
of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from app.rules.arithmetic import Mask
from app.rules.program import build_program
from app.rules.rulesets import OUTCOMES
from app.rules.scalar import compile_scalar
from app.rules.terms import Term
from app.rules.vector import Column, VectorProgram, Words

Values = Mapping[str, Any]
Results = tuple[bool | None, ...]
HIT, CLEAR, UNKNOWN = "hit", "clear", "unknown"
RESULT_WORDS: dict[bool | None, str] = {True: HIT, False: CLEAR, None: UNKNOWN}


class Conditions:
    """Boolean terms for the scalar and the numpy evaluator; a pipeline asks durable-rules for all
    its stages at once.
    """

    def __init__(self, terms: Sequence[Term]) -> None:
        self.terms = tuple(terms)
        self.inputs = tuple(tuple(dict.fromkeys(term.inputs())) for term in terms)
        program = build_program(terms)
        self.scalar = compile_scalar(program)
        self.vector = VectorProgram(program)

    def missing(self, index: int, values: Values) -> list[str]:
        """The names that condition reads and that are null."""
        return [name for name in self.inputs[index] if values[name] is None]


@dataclass(slots=True)
class StageResult:
    """What one stage said of one merchant. Merchants with the same results share it: never change
    one.

    outcome: approve | refer | decline. reasons: (outcome or flag, code) in order; unknown_inputs:
    names that were null and mattered. results: of the stage's conditions. gives: values for later
    stages. trace: JSON data for the record.
    """

    outcome: str = "approve"
    reasons: list[tuple[str, str]] = field(default_factory=list)
    is_unknown: bool = False
    unknown_inputs: list[str] = field(default_factory=list)
    results: Results = ()
    gives: dict[str, Any] = field(default_factory=dict)
    trace: dict[str, Any] = field(default_factory=dict)

    def begin_trace(self, stage: str) -> dict[str, Any]:
        """The keys that every stage's trace begins with; call it when outcome and reasons stand."""
        self.trace = {"stage": stage, "outcome": self.outcome}
        if self.reasons:
            self.trace["reasons"] = [code for _, code in self.reasons]
        if self.is_unknown:
            self.trace["unknown"] = self.unknown_inputs
        return self.trace


class Seen(dict[Results, StageResult]):
    """Stage results by the results of the conditions: without an unknown, those alone decide what a
    stage says.
    """

    MOST = 4_096

    def keep(self, results: Results, stage: StageResult) -> StageResult:
        """Remember it for the next merchant with the same results, as long as there is room."""
        if None not in results and len(self) < self.MOST:
            self[results] = stage
        return stage


@dataclass(slots=True)
class StageColumns:
    """What one stage said of a block of merchants.

    declined, referred: masks of the stage's outcome. events: (outcome or flag, code, mask) in the
    order in which one merchant's reasons stand. unknowns: (names read, mask) where something that
    mattered was null.
    """

    declined: Mask
    referred: Mask
    events: list[tuple[str, str, Mask]] = field(default_factory=list)
    unknowns: list[tuple[tuple[str, ...], Mask]] = field(default_factory=list)
    gives: dict[str, Column] = field(default_factory=dict)

    def raise_outcome(self, outcome: str, mask: Mask) -> None:
        """Make the outcome at least this grave where the mask is set."""
        if outcome == "decline":
            self.declined |= mask
        elif outcome == "refer":
            self.referred |= mask

    def add(self, outcome: str, code: str, mask: Mask) -> bool:
        """A reason where the mask is set; False where it is nowhere."""
        if not mask.any():
            return False
        self.events.append((outcome, code, mask))
        self.raise_outcome(outcome, mask)
        return True

    def add_unknown(self, names: tuple[str, ...], mask: Mask) -> None:
        if mask.any():
            self.unknowns.append((names, mask))


NOT_APPLICABLE = "not_applicable"


def not_applicable(stage: str, gives: dict[str, Any]) -> StageResult:
    """What a stage says that is not for this purpose."""
    return StageResult(gives=gives, trace={"stage": stage, "outcome": NOT_APPLICABLE})


def applies(purposes: frozenset[str] | None, purpose: str) -> bool:
    return purposes is None or purpose in purposes


def full(mask: Mask, count: int) -> Mask:
    """A mask with one row a merchant (a constant has one row in all)."""
    return mask if len(mask) == count else np.broadcast_to(mask, (count,)).copy()


GRAVITY = {"approve": 0, "refer": 1, "decline": 2}


def graver(one: str, other: str) -> str:
    return one if GRAVITY[one] >= GRAVITY[other] else other


def outcome_column(declined: Mask, referred: Mask) -> Words:
    """The outcome of each merchant, as codes into OUTCOMES."""
    codes = np.maximum(declined.view(np.int8) * np.int8(2), referred.view(np.int8))
    return Words(codes.astype(np.int32), OUTCOMES, True)
