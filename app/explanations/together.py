"""A change comes in; the same change with everything moved that cannot stay behind goes out.

Who sells more, sells more in all the sums that sales are counted in. The catalogue names such
inputs (`moves_with: cod_amt_12m`): they grow in one proportion. What a member of the group bounds
(`never_above`) grows with it. The least growth that reaches the goal is found by exact bisection,
between the thresholds that the group passes on its way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from app.explanations.bulk import Goal
from app.explanations.reading import Test, read_pipeline
from app.policies.pipeline import Judgement, Pipeline
from app.rules.catalogue import Input
from app.rules.types import MONEY

MOST_TIMES = 1_000  # nobody grows further
SMALLEST_STEP = 10_000  # steps in which a base that is no money is counted, a one of it


@dataclass(frozen=True, slots=True)
class Group:
    """`base`: the member by which growth is told; `sums`: all that grow, the base among them;
    `changes`: members that compare with an earlier period; `carried`: what a member bounds.
    """

    base: str
    sums: tuple[str, ...]
    changes: tuple[str, ...]
    carried: tuple[str, ...]

    @property
    def members(self) -> tuple[str, ...]:
        return self.sums + self.changes

    def steady(self) -> Group:
        """The same when sales have grown and stayed: compared with a year before, nothing moves."""
        return replace(self, changes=())


@dataclass(frozen=True, slots=True)
class Grown:
    """`moves`: every input that moves and its value, `others` among them; `factor`: of the base."""

    group: Group
    factor: float
    moves: Mapping[str, Any]
    judged: Judgement
    others: Mapping[str, Any]


def list_groups(inputs: Mapping[str, Input], values: Mapping[str, Any]) -> list[Group]:
    """The groups of inputs that have values; a group whose base has none, or 0, cannot grow."""
    bases = dict.fromkeys(one.moves_with for one in inputs.values() if one.moves_with)
    groups = []
    for base in bases:
        members = tuple(
            name
            for name, one in inputs.items()
            if base in (name, one.moves_with) and _can_grow(one, values.get(name))
        )
        carried = tuple(
            name
            for name, one in inputs.items()
            if one.never_above in members
            and name not in members
            and _can_grow(one, values.get(name))
        )
        if base in members and inputs[base].unit != "change" and values[base] > 0:
            changes = tuple(name for name in members if inputs[name].unit == "change")
            sums = tuple(name for name in members if name not in changes)
            groups.append(Group(base, sums, changes, carried))
    return groups


def _can_grow(one: Input, value: Any) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and one.family != "fraud"


def grow(
    pipeline: Pipeline,
    values: Mapping[str, Any],
    missing: Mapping[str, str],
    goal: Goal,
    group: Group,
    others: Mapping[str, Any],
) -> Grown | None:
    """The least growth of the group with which, and with `others` moved, the goal is met, decided
    by both engines; None where no growth does.
    """
    inputs = pipeline.policy.inputs
    base = values[group.base]
    unit = 1 if inputs[group.base].type.kind == MONEY else SMALLEST_STEP
    now = round(base * unit)

    def move(step: int) -> dict[str, Any] | None:
        times = Fraction(step, now)
        found = dict(others)
        for name in (*group.members, *group.carried):
            grown = _times(inputs[name], values[name], times)
            if not _is_in_range(inputs[name], grown):
                return None
            found[name] = max(grown, found.get(name, grown)) if name in group.carried else grown
        return found

    def is_met(step: int) -> bool:
        moves = move(step)
        if moves is None:
            return False
        judged = pipeline.judge({**values, **moves}, missing, "scalar")
        return goal.is_met(judged.outcome, judged.tier, judged.limit_fen)

    tests = read_pipeline(pipeline).tests
    near = now
    for far in _steps(inputs, values, group, tests, now):
        if is_met(far):
            break
        near = far
    else:
        return None
    while far - near > 1:
        middle = (near + far) // 2
        near, far = (near, middle) if is_met(middle) else (middle, far)
    moves = move(far)
    assert moves is not None
    moves = {name: to for name, to in moves.items() if to != values[name]}
    judged = pipeline.judge({**values, **moves}, missing, "both")
    if judged.disagreements or not goal.is_met(judged.outcome, judged.tier, judged.limit_fen):
        return None
    return Grown(group, far / now, moves, judged, others)


def _steps(
    inputs: Mapping[str, Input],
    values: Mapping[str, Any],
    group: Group,
    tests: Mapping[str, Sequence[Test]],
    now: int,
) -> list[int]:
    """Where the base stands when some member passes a threshold, from near to far; doublings
    between them, for what is not a threshold of one input.
    """
    found = {now * 2**power for power in range(1, 11) if 2**power <= MOST_TIMES}
    for name in (*group.members, *group.carried):
        for _, constant in tests.get(name, []):
            times = _times_to(inputs[name], values[name], constant)
            if times is not None and 1 <= times <= MOST_TIMES:
                at = int(times * now)
                found |= {at - 1, at, at + 1, at + 2}
    return sorted(step for step in found if step > now)


def _times(one: Input, value: Any, times: Fraction) -> Any:
    """The value when sales grow so many times; a change against an earlier period grows as a
    whole.
    """
    if one.type.kind == MONEY:
        return int(Fraction(value) * times + Fraction(1, 2))
    if one.unit == "change":
        return float((1 + Fraction(value)) * times - 1)
    grown = Fraction(value) * times
    return float(int(grown)) if one.type.declared == "integer" else float(grown)


def _times_to(one: Input, value: Any, constant: Any) -> Fraction | None:
    """How many times sales must grow for the value to reach the constant."""
    if isinstance(constant, bool) or not isinstance(constant, (int, float)):
        return None
    shift = 1 if one.unit == "change" else 0
    start = Fraction(value) + shift
    return None if start <= 0 else (Fraction(constant) + shift) / start


def _is_in_range(one: Input, value: Any) -> bool:
    scale = 100 if one.type.kind == MONEY else 1
    low, high = one.type.low, one.type.high
    return (low is None or value >= low * scale) and (high is None or value <= high * scale)
