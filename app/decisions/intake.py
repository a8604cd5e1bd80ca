"""A merchant's features and the caller's facts → an inside value (or null, with its reason) for
every input that a policy reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson

from app.decisions.ports import FeatureRow
from app.errors import ChengxinError
from app.policies.policy import Policy
from app.policies.reasons import NO_SNAPSHOT
from app.rules.catalogue import (
    NOT_GIVEN,
    STALE,
    acceptor_of_fact,
    acceptor_of_stored,
    describe_expected,
)
from app.rules.problems import suggest


@dataclass(frozen=True, slots=True)
class FactProblem:
    """One fact that cannot be used: its name, what is wrong, what was expected."""

    name: str
    message: str


class BadFacts(ChengxinError):
    """Facts that cannot be used; `problems` has one entry a fact."""

    def __init__(self, problems: list[FactProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"fact '{p.name}': {p.message}" for p in problems))


@dataclass(slots=True)
class Intake:
    """`values`: an inside value or None for every input; `missing`: why those that are None are;
    `assumed`: which were assumed.
    """

    values: dict[str, Any] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    assumed: dict[str, Any] = field(default_factory=dict)


class Reader:
    """Reads inputs of one policy; the checks of each input are prepared once."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._features = [
            (name, one.max_age_days, acceptor_of_stored(one.type))
            for name, one in policy.inputs.items()
            if one.origin == "features"
        ]
        self._facts = {name: acceptor_of_fact(one.type) for name, one in policy.facts.items()}
        self._facts_read = [name for name, one in policy.inputs.items() if one.origin == "bank"]

    def read(
        self,
        purpose: str,
        row: FeatureRow | None,
        age_days: int,
        facts: Mapping[str, Any],
        amount_fen: int | None,
    ) -> Intake:
        """Everything the policy reads. Raises BadFacts."""
        intake = Intake()
        self._read_features(intake, row, age_days)
        self._read_facts(intake, facts)
        if "amount" in self._policy.inputs:
            intake.values["amount"] = amount_fen
            if amount_fen is None:
                intake.missing["amount"] = NOT_GIVEN
        for name, value in self._policy.assumed.get(purpose, {}).items():
            if intake.missing.get(name) == NOT_GIVEN:
                intake.values[name] = value
                intake.assumed[name] = value
                del intake.missing[name]
        return intake

    def _read_features(self, intake: Intake, row: FeatureRow | None, age_days: int) -> None:
        stored = orjson.loads(row.values_json) if row is not None else {}
        why = orjson.loads(row.missing_json) if row is not None else {}
        for name, max_age_days, accept in self._features:
            value, reason = accept(stored.get(name))
            if row is None:
                reason = NO_SNAPSHOT
            elif value is None:
                reason = reason or why.get(name, NOT_GIVEN)
            elif max_age_days is not None and age_days > max_age_days:
                value, reason = None, STALE
            intake.values[name] = value
            if reason is not None:
                intake.missing[name] = reason

    def _read_facts(self, intake: Intake, facts: Mapping[str, Any]) -> None:
        problems: list[FactProblem] = []
        found: dict[str, Any] = {}
        for name, value in facts.items():
            accept = self._facts.get(name)
            if accept is None:
                problems.append(FactProblem(name, self._explain_unknown(name)))
                continue
            found[name], reason = accept(value)
            if reason is not None:
                expected = describe_expected(self._policy.facts[name].type)
                problems.append(
                    FactProblem(name, f"{_shown(value)} was sent; expected is {expected}")
                )
        if problems:
            raise BadFacts(problems)
        for name in self._facts_read:
            value = found.get(name)
            intake.values[name] = value
            if value is None:
                intake.missing[name] = NOT_GIVEN

    def _explain_unknown(self, name: str) -> str:
        one = self._policy.inputs.get(name)
        if one is not None and one.origin == "features":
            return "the platform computes this from waybills; it cannot be sent"
        if one is not None:
            return "this is part of the request itself, not a fact"
        return (
            suggest(name, self._facts)
            or f"there is no such fact; facts are {', '.join(sorted(self._facts))}"
        )


def _shown(value: Any) -> str:
    """A received value, short and as JSON would write it."""
    if isinstance(value, Decimal):
        return str(value)[:40]
    try:
        return orjson.dumps(value).decode()[:40]
    except (TypeError, ValueError):
        return str(value)[:40]
