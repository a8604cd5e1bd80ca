"""Concrete merchants go through the real evaluators; whether a statement is broken there comes out,
with the judgements.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.policies.always import UPWARDS, Direction, Holds, Silence, Statement
from app.policies.pipeline import Judgement, Pipeline
from app.policies.policy import Policy
from app.policies.portfolio import PortfolioPipeline, build_portfolio
from app.proofs.decisions import silent_inputs
from app.rules.program import build_program
from app.rules.scalar import compile_scalar
from app.rules.stages import GRAVITY
from app.rules.vector import column_of

Merchant = Mapping[str, Any]  # name → inside value, None for missing


@dataclass(frozen=True, slots=True)
class Judged:
    """A merchant and what the evaluators say of it. `gives`: what stages gave, over the inputs;
    limit and price as the decision has them. agreed: the three evaluators say the same.
    """

    merchant: Merchant
    judgement: Judgement
    gives: Mapping[str, Any]
    agreed: bool


class Evaluators:
    """The scalar evaluator, durable-rules and numpy, for one policy and purpose."""

    def __init__(self, policy: Policy, purpose: str) -> None:
        self.policy, self.purpose = policy, purpose
        self._pipeline = Pipeline(policy, purpose)
        self._columns = PortfolioPipeline(policy, purpose)

    def judge(self, merchant: Merchant) -> Judged:
        values = {name: merchant[name] for name in self.policy.inputs}
        judgement = self._pipeline.judge(values, engines="both")
        known = dict(merchant)
        for _, stage in self._pipeline.stages:
            known.update(stage.judge(known).gives)
        known["outcome"] = judgement.outcome
        known["limit"] = judgement.limit_fen
        known["daily_rate"] = judgement.daily_rate
        agreed = not judgement.disagreements and self._agrees(values, judgement)
        return Judged(merchant, judgement, known, agreed)

    def _agrees(self, values: Merchant, judgement: Judgement) -> bool:
        columns = {
            name: column_of(one.type.kind, [values[name]])
            for name, one in self.policy.inputs.items()
        }
        portfolio = build_portfolio(self.policy, self.purpose, columns, 1)
        row = self._columns.judge(portfolio)
        limit = int(row.limits_fen[0])
        return row.outcome_of(0) == judgement.outcome and limit == (
            -1 if judgement.limit_fen is None else judgement.limit_fen
        )

    def breaks(self, statement: Statement, judged: Sequence[Judged]) -> bool:
        """Whether these merchants (two for a direction) break the statement."""
        match statement.claim:
            case Holds(term):
                return _evaluate(term, judged[0]) is False
            case Silence(excepted):
                silent = silent_inputs(self.policy, self.purpose, excepted, judged[0].merchant)
                return bool(silent) and judged[0].judgement.outcome == "approve"
            case Direction() as claim:
                return _moves(claim, *judged)


def _evaluate(term: Any, judged: Judged) -> Any:
    return compile_scalar(build_program([term]))(judged.gives)[0]


def _moves(claim: Direction, one: Judged, other: Judged) -> bool:
    less, more = one.merchant[claim.input], other.merchant[claim.input]
    if less is None or more is None or not less < more:
        return False
    if claim.where is not None and not all(_evaluate(claim.where, j) for j in (one, other)):
        return False
    before, after = one.gives.get(claim.output), other.gives.get(claim.output)
    if claim.output == "outcome":
        before, after = GRAVITY[one.judgement.outcome], GRAVITY[other.judgement.outcome]
    elif claim.output == "limit":
        before, after = before or 0, after or 0
    if before is None or after is None:
        return False
    return bool(before < after if claim.verb in UPWARDS else before > after)
