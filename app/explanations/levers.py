"""A policy and a merchant's values come in; the levers go out: what the merchant can move, how far,
and what a step costs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.policies.policy import Policy
from app.rules.catalogue import Input
from app.rules.rulesets import Rules
from app.rules.types import BOOLEAN, MONEY, NUMBER

MOST_FEN = 10**13  # a hundred billion yuan: beyond every merchant, far below what money can hold
MOST_NUMBER = 1e9
MOST_MONTHS_TO_WAIT = 120
TINY = 1e-12  # beside 0, where the next float is no number that anybody measures


@dataclass(frozen=True, slots=True)
class Lever:
    """One input that the merchant can move. `low`, `high`: the reachable values, the present one
    among them; inside values (fen for money).
    """

    name: str
    one: Input
    now: Any
    low: Any
    high: Any

    @property
    def is_boolean(self) -> bool:
        return self.one.type.kind == BOOLEAN

    @property
    def is_whole(self) -> bool:
        return self.one.type.kind == MONEY or self.one.type.declared == "integer"

    def allows(self, value: Any) -> bool:
        return bool(self.low <= value <= self.high)

    def cost(self, value: Any) -> float:
        """How far `value` is: shares in points, months to wait in years, all else relative to what
        is there now.
        """
        if self.is_boolean:
            return float(value != self.now)
        distance = abs(value - self.now)
        if self.one.merchant_can == "wait":
            return float(distance / 12)
        if self.one.type.declared == "ratio":
            return float(distance)
        least = {"money": 100_000, "integer": 1}.get(self.one.type.declared, 0.05)
        return float(distance / max(abs(self.now), least))

    def beside(self, value: Any, up: bool) -> Any:
        """The next value that this input can have."""
        if self.one.type.kind == MONEY:
            return value + 1 if up else value - 1
        if self.is_whole:
            return value + 1.0 if up else value - 1.0
        if value == 0:
            return TINY if up else -TINY
        return math.nextafter(value, math.inf if up else -math.inf)


def list_levers(
    policy: Policy, values: Mapping[str, Any], fixed: Mapping[str, Any] | None = None
) -> list[Lever]:
    """The inputs that the release lets a merchant move, in the catalogue's order.

    Left out: what is missing, what was assumed (`fixed`), and every input that a rule reads whose
    reason the merchant may not see: a change that mentions it would speak of that rule.
    """
    silent = _read_by_hidden_rules(policy)
    found = []
    for name, one in policy.inputs.items():
        now = values.get(name)
        hidden = one.family == "fraud" or name in silent or name in (fixed or {})
        if one.merchant_can is None or now is None or hidden or one.type.kind not in _KINDS:
            continue
        lever = _lever(name, one, now)
        if lever.low < lever.high:
            found.append(lever)
    return found


_KINDS = (BOOLEAN, MONEY, NUMBER)


def _lever(name: str, one: Input, now: Any) -> Lever:
    if one.type.kind == BOOLEAN:
        low = now if one.merchant_can == "raise" else False
        high = now if one.merchant_can == "lower" else True
        return Lever(name, one, now, low, high)
    is_money = one.type.kind == MONEY
    most: Any = MOST_FEN if is_money else MOST_NUMBER
    factor = 100 if is_money else 1
    low = -most if one.type.low is None else max(-most, _inside(one.type.low * factor, is_money))
    high = most if one.type.high is None else min(most, _inside(one.type.high * factor, is_money))
    if one.merchant_can == "wait":
        high = min(high, now + MOST_MONTHS_TO_WAIT)
    if one.merchant_can in ("raise", "wait"):
        low = now
    if one.merchant_can == "lower":
        high = now
    return Lever(name, one, now, min(low, now), max(high, now))


def _inside(value: Any, is_money: bool) -> Any:
    return int(value) if is_money else float(value)


def _read_by_hidden_rules(policy: Policy) -> set[str]:
    return {
        name
        for stage in policy.stages
        if isinstance(stage.checked, Rules)
        for rule in stage.checked.rules
        if not policy.reasons[rule.reason].merchant_may_see
        for name in rule.when.inputs()
    }
