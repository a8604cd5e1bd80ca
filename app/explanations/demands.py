"""The rules of a policy and a merchant's levers come in; out goes what each rule demands of a
single lever: whether it has to move, and which of its values a rule refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.explanations.landmarks import Candidates
from app.explanations.levers import Lever
from app.explanations.reading import Reading
from app.policies.pipeline import Pipeline
from app.rules.compiled import CompiledRules


class Demands:
    """`known`: the merchant's values, and what the stages gave for them."""

    def __init__(
        self,
        pipeline: Pipeline,
        reading: Reading,
        levers: Mapping[str, Lever],
        known: Mapping[str, Any],
    ) -> None:
        self._inputs = pipeline.policy.inputs
        self._reading, self._levers, self._known = reading, levers, known

    def settle(self, candidates: Candidates) -> tuple[set[str], list[tuple[str, str]]]:
        """The levers that have to move, and the refusals (stage, rule id) that no lever touches.

        A rule that refuses must become clear. Where it reads one lever, that one has to move, and
        only to values that clear it: all others are taken out of `candidates`.
        """
        forced: set[str] = set()
        blocked: list[tuple[str, str]] = []
        for stage in self._reading.rules:
            results = stage.conditions.scalar(self._known)
            for place, rule in enumerate(stage.judged):
                names = set(rule.when.inputs())
                if not names <= self._inputs.keys():
                    continue
                read = sorted(names & self._levers.keys())
                refuses = results[place] is not False and (
                    rule.then != "flag" or results[place] is None
                )
                if refuses and not read:
                    blocked.append((stage.stage, rule.id))
                if len(read) != 1:
                    continue
                (name,) = read
                if refuses:
                    forced.add(name)
                candidates[name] = [
                    value
                    for value in candidates[name]
                    if not self._is_refused(stage, place, rule.then, name, value)
                ]
        return forced, blocked

    def is_clear(self, name: str, value: Any) -> bool:
        """Whether no rule that reads this lever alone refuses the value."""
        for stage in self._reading.rules:
            for place, rule in enumerate(stage.judged):
                if set(rule.when.inputs()) & self._levers.keys() == {name} and (
                    "limit" not in rule.when.inputs()
                    and self._is_refused(stage, place, rule.then, name, value)
                ):
                    return False
        return True

    def _is_refused(
        self, stage: CompiledRules, place: int, then: str, name: str, value: Any
    ) -> bool:
        result = stage.conditions.scalar({**self._known, name: value})[place]
        return result is None or (result is True and then != "flag")
