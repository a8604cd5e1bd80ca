"""Cases come in once; then, mutant by mutant, whether any of them would fail by it goes out.

All cases of a purpose are judged at once in columns. What columns do not give (rules that hit,
rows, what stages give, unknowns) is asked of the cases that expect it, one by one, and only where
nothing else has failed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from app.policies.cases import Case
from app.policies.pipeline import Pipeline
from app.policies.policy import Policy
from app.policies.portfolio import PortfolioJudgement, PortfolioPipeline, build_portfolio
from app.policies.trials import differs, judge_case, values_of
from app.rules.rulesets import OUTCOMES
from app.rules.vector import Column, column_of

ALONE = frozenset({"rows", "hits", "gives", "unknowns"})


class _Together:
    """The cases of one purpose as columns, and what they expect as arrays."""

    def __init__(self, policy: Policy, purpose: str, cases: Sequence[Case]) -> None:
        self.purpose, self.cases = purpose, cases
        given = [values_of(policy, case) for case in cases]
        self.columns: Mapping[str, Column] = {
            name: column_of(one.type.kind, [values[name] for values in given])
            for name, one in policy.inputs.items()
        }
        wanted = [case.expected for case in cases]
        self.outcomes = _wanted(wanted, "outcome", lambda value: OUTCOMES.index(value))
        self.limits = _wanted(wanted, "limit_fen", lambda value: -1 if value is None else value)
        self.scores = _wanted(wanted, "score", _number)
        self.rates = _wanted(wanted, "daily_rate", _number)
        self.tiers = [(row, one["tier"]) for row, one in enumerate(wanted) if "tier" in one]
        self.reasons = [
            (row, tuple(one["reasons"])) for row, one in enumerate(wanted) if "reasons" in one
        ]
        self.alone = [case for case in cases if ALONE & case.expected.keys()]

    def fails(self, policy: Policy) -> bool:
        portfolio = build_portfolio(policy, self.purpose, self.columns, len(self.cases))
        judged = PortfolioPipeline(policy, self.purpose).judge(portfolio)
        return (
            _differs(judged.outcomes, self.outcomes)
            or _differs(judged.scores, self.scores)
            or _differs(judged.limits_fen, self.limits)
            or _differs(judged.daily_rates, self.rates)
            or any(tier_of(judged, row) != tier for row, tier in self.tiers)
            or any(judged.reasons_of(row) != codes for row, codes in self.reasons)
        )

    def fails_alone(self, policy: Policy) -> bool:
        if not self.alone:
            return False
        pipeline = Pipeline(policy, self.purpose)
        return any(differs(case, judge_case(pipeline, case, "scalar")) for case in self.alone)


class Watch:
    """The cases of a policy, ready to be asked of many mutants."""

    def __init__(self, policy: Policy, cases: Sequence[Case]) -> None:
        purposes = dict.fromkeys(case.purpose for case in cases)
        sizes = {name: [c for c in cases if c.purpose == name] for name in purposes}
        self._groups = [
            _Together(policy, name, mine)
            for name, mine in sorted(sizes.items(), key=lambda one: -len(one[1]))
        ]

    def notices(self, mutant: Policy) -> bool:
        """Whether some case fails by this policy."""
        return any(group.fails(mutant) for group in self._groups) or any(
            group.fails_alone(mutant) for group in self._groups
        )


def tier_of(judged: PortfolioJudgement, row: int) -> str | None:
    code = int(judged.tiers[row])
    return judged.tier_words[code] if code >= 0 else None


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _wanted(wanted: Sequence[Mapping[str, Any]], key: str, read: Any) -> tuple[Any, Any]:
    """(rows, what they expect)."""
    rows = [row for row, one in enumerate(wanted) if key in one]
    return np.array(rows, dtype=np.intp), np.array([read(wanted[row][key]) for row in rows])


def _differs(found: Any, wanted: tuple[Any, Any]) -> bool:
    rows, values = wanted
    if not len(rows):
        return False
    is_number = values.dtype.kind == "f"
    return not np.array_equal(found[rows], values, equal_nan=is_number)
