"""Levers that act through the score alone come in; for each number of levers and each number of
points that they can win together, the cheapest way goes out.

Points add up, so ways are combined lever after lever; nothing is lost by keeping only the cheapest
way to each (count, points): all that the rest of the policy sees of these levers is their points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.explanations.landmarks import Candidates
from app.explanations.levers import Lever
from app.explanations.reading import Reading
from app.scoring.scorecard import Characteristic

DIGITS = 9


@dataclass(frozen=True, slots=True)
class Way:
    """Levers moved, and what that costs."""

    cost: float
    moves: Mapping[str, Any] = field(default_factory=dict)


def points_of(one: Characteristic, value: Any) -> float:
    """The points of a known value."""
    if one.words:
        return one.points[one.words.get(value, one.words.get("", 0))]
    passed: list[bool] = [
        value >= edge if included else value > edge for edge, included in one.edges
    ]
    return one.points[passed.count(True)]


def acts_through_score_alone(name: str, levers: Mapping[str, Lever], reading: Reading) -> bool:
    """Whether nothing but one characteristic, and rules that read no other lever and that nobody
    counts, depends on the input.
    """
    bounded = any(lever.one.never_above == name for lever in levers.values())
    coupled = any(name in set(term.inputs()) for term in reading.couplings)
    if bounded or coupled or levers[name].one.never_above or name in reading.against_limit:
        return False
    if name in reading.named_outside_rules or len(reading.cards.get(name, [])) > 1:
        return False
    for stage in reading.rules:
        names = [set(term.inputs()) for term in stage.conditions.terms]
        if not any(name in read for read in names):
            continue
        counted = {f"{stage.stage}_hits", f"{stage.stage}_outcome"} & reading.names_read
        alone = all(not (read - {name}) for read in names if name in read)
        if counted or not alone:
            return False
    return True


def list_ways(
    levers: Sequence[Lever],
    candidates: Candidates,
    reading: Reading,
    forced: frozenset[str],
    most: int,
) -> dict[int, dict[float, Way]]:
    """Number of levers moved → points won → the cheapest way. Levers in `forced` move always."""
    ways: dict[int, dict[float, Way]] = {0: {0.0: Way(0.0)}}
    for lever in levers:
        steps = _steps_of(lever, candidates[lever.name], reading.cards.get(lever.name, []))
        if lever.name not in forced:
            steps = [step for step in steps if step[0] != 0]
        grown: dict[int, dict[float, Way]] = {} if lever.name in forced else _copied(ways)
        for count, by_points in ways.items():
            if count >= most:
                continue
            there = grown.setdefault(count + 1, {})
            for points, way in by_points.items():
                for won, cost, value in steps:
                    total = round(points + won, DIGITS)
                    known = there.get(total)
                    if known is None or way.cost + cost < known.cost:
                        there[total] = Way(way.cost + cost, {**way.moves, lever.name: value})
        ways = {count: by_points for count, by_points in grown.items() if by_points}
    return ways


def _copied(ways: dict[int, dict[float, Way]]) -> dict[int, dict[float, Way]]:
    return {count: dict(by_points) for count, by_points in ways.items()}


def _steps_of(
    lever: Lever, values: Sequence[Any], cards: Sequence[Characteristic]
) -> list[tuple[float, float, Any]]:
    """(points won, cost, value) of every candidate."""
    return [
        (
            round(sum(points_of(c, value) - points_of(c, lever.now) for c in cards), DIGITS),
            lever.cost(value),
            value,
        )
        for value in values
    ]
