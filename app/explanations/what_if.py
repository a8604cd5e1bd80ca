"""A recorded decision and a goal come in; the smallest change of what the merchant can influence
that would have reached the goal goes out, verified by deciding it with both engines.

Everything comes from the record and its release, so it says of that decision what was true then.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from app.decisions.decide import LivePolicy
from app.errors import ChengxinError
from app.explanations.bulk import Goal
from app.explanations.levers import Lever, list_levers
from app.explanations.search import Found, search
from app.explanations.together import Group, Grown, grow, list_groups
from app.policies.pipeline import Judgement, Pipeline
from app.policies.policy import Policy
from app.policies.reasons import ENGINE_DISAGREEMENT, NO_SNAPSHOT, PRODUCT_STOPPED
from app.rules.rulesets import Formula, Rules, Table
from app.rules.types import LARGEST_FEN, whole_fen

# Refusals that have nothing to do with the merchant: whatever it does, these stay.
NOT_THE_MERCHANTS = (PRODUCT_STOPPED, ENGINE_DISAGREEMENT, NO_SNAPSHOT)
GOALS = "approve, next-tier or limit=YUAN, as in limit=120000"


class BadGoal(ChengxinError):
    """A goal that what-if does not know; the message says what can be written."""


def what_if(
    live: LivePolicy, record: Mapping[str, Any], asked: str | None = None
) -> dict[str, Any]:
    """The answer as JSON data; money in fen. `asked`: see `read_goal`.

    status: `met` the decision reaches the goal already; `found`; `nothing` no change of what the
    merchant can influence suffices; `none_small` no change of up to `searched` inputs does.
    """
    goal = read_goal(asked, live.policy, record)
    answer: dict[str, Any] = {
        "decision_id": record["id"],
        "goal": {"name": goal.name, "tiers": goal.tiers, "limit_fen": goal.limit_fen},
    }
    values = dict(record["inputs"])
    at_best = goal.tiers is not None and not goal.tiers
    if at_best or goal.is_met(record["outcome"], record["tier"], record["limit_fen"]):
        return answer | {"status": "met", "exact": True, "searched": 0, "changes": []}
    outside = [code for code in NOT_THE_MERCHANTS if code in record["reasons"]]
    if outside:
        blocked = {"rules": [], "missing": [], "reasons": outside}
        return answer | {
            "status": "nothing",
            "exact": True,
            "searched": 0,
            "changes": [],
            "blocked": blocked,
        }
    levers = list_levers(live.policy, values, record["assumed"])
    pipeline = live.pipeline(record["purpose"])
    found = search(pipeline, values, levers, goal)
    by_name = {lever.name: lever for lever in levers}
    changes = []
    for moves in found.changes:
        judged = pipeline.judge({**values, **moves}, record["missing"], "both")
        if judged.disagreements or not goal.is_met(judged.outcome, judged.tier, judged.limit_fen):
            continue
        change = {
            "moves": [_move(by_name[name], to) for name, to in moves.items()],
            "then": _then(live.policy, judged),
            "verified": True,
        }
        changes.append(change | _together(pipeline, record, goal, moves))
    status = "found" if changes else "nothing" if found.exhausted else "none_small"
    return answer | {
        "status": status,
        "exact": found.exact,
        "searched": found.searched,
        "changes": changes,
        "blocked": _blocked(live.policy, record, found),
        "levers": list(by_name),
    }


def _then(policy: Policy, judged: Judgement) -> dict[str, Any]:
    rate = judged.daily_rate
    return {
        "outcome": judged.outcome,
        "score": judged.score,
        "tier": judged.tier,
        "limit_fen": judged.limit_fen,
        "daily_rate": rate,
        "yearly_rate": None if rate is None else round(rate * policy.day_count, 6),
    }


def _together(
    pipeline: Pipeline, record: Mapping[str, Any], goal: Goal, moves: Mapping[str, Any]
) -> dict[str, Any]:
    """The same change with all that cannot stay behind, where a sum of sales has to rise."""
    values = record["inputs"]
    for group in list_groups(pipeline.policy.inputs, values):
        moved = [name for name in moves if name in group.sums]
        if not moved or any(moves[name] < values[name] for name in moved):
            continue
        found = [
            grown
            for kind in (group, group.steady())
            if (grown := _grow(pipeline, record, goal, kind, moves)) is not None
        ]
        if found:
            least = min(found, key=lambda grown: (grown.factor, len(grown.others)))
            return {"together": _tell_grown(pipeline.policy, values, least)}
    return {}


def _grow(
    pipeline: Pipeline,
    record: Mapping[str, Any],
    goal: Goal,
    group: Group,
    moves: Mapping[str, Any],
) -> Grown | None:
    values, missing = record["inputs"], record["missing"]
    others = {name: to for name, to in moves.items() if name not in group.members}
    grown = grow(pipeline, values, missing, goal, group, others)
    if grown is None:
        return None
    for name in others:  # what the growth makes needless
        fewer = {other: to for other, to in grown.others.items() if other != name}
        again = grow(pipeline, values, missing, goal, group, fewer)
        if again is not None and again.factor <= grown.factor:
            grown = again
    return grown


def _tell_grown(policy: Policy, values: Mapping[str, Any], grown: Grown) -> dict[str, Any]:
    return {
        "input": grown.group.base,
        "factor": round(grown.factor, 6),
        "steady": not grown.group.changes,
        "moves": [
            {"input": name, "from": values[name], "to": to, "how": policy.inputs[name].merchant_can}
            for name, to in grown.moves.items()
        ],
        "grows": [*grown.group.members, *grown.group.carried],
        "then": _then(policy, grown.judged),
        "verified": True,
    }


def read_goal(asked: str | None, policy: Policy, record: Mapping[str, Any]) -> Goal:
    """`approve`, `next-tier`, `limit=YUAN`; None: approve, or the next tier where it was approved.

    Raises BadGoal.
    """
    name = asked or ("next-tier" if record["outcome"] == "approve" else "approve")
    if name == "approve":
        return Goal(name)
    if name == "next-tier":
        better = better_tiers(policy, record["tier"])
        if not better and record["outcome"] != "approve" and record["tier"] is not None:
            better = (record["tier"],)  # in the best tier, and refused for another reason
        return Goal(name, tiers=better)
    key, _, text = name.partition("=")
    try:
        fen = whole_fen(Decimal(text.replace("_", "").replace(",", "")))
    except (InvalidOperation, AssertionError):
        fen = None
    if key != "limit" or fen is None or not 0 < fen <= LARGEST_FEN:
        raise BadGoal(f"there is no goal '{name[:40]}'; goals are {GOALS}")
    if not any(isinstance(stage.checked, Formula) for stage in policy.stages):
        raise BadGoal("this policy gives no limit; goals are approve and next-tier")
    return Goal(name, limit_fen=fen)


def better_tiers(policy: Policy, tier: str | None) -> tuple[str, ...]:
    """The tiers that stand above this one in the table that gives them, rows top-down."""
    for stage in policy.stages:
        if isinstance(stage.checked, Table) and "tier" in stage.checked.outputs:
            place = list(stage.checked.outputs).index("tier")
            rows = (*stage.checked.rows, stage.checked.otherwise)
            order = [t for t in dict.fromkeys(row.outputs[place] for row in rows) if t is not None]
            return tuple(order[: order.index(tier)] if tier in order else order)
    raise BadGoal("this policy has no tiers; goals are approve and limit=YUAN")


def _move(lever: Lever, to: Any) -> dict[str, Any]:
    return {"input": lever.name, "from": lever.now, "to": to, "how": lever.one.merchant_can}


def _blocked(policy: Policy, record: Mapping[str, Any], found: Found) -> dict[str, Any]:
    """What no lever touches: rules that refuse, and missing inputs that mattered."""
    reasons = {
        (stage.name, rule.id): rule.reason
        for stage in policy.stages
        if isinstance(stage.checked, Rules)
        for rule in stage.checked.rules
    }
    return {
        "rules": [
            {"stage": stage, "rule": rule, "reason": reasons[stage, rule]}
            for stage, rule in found.blocked_rules
        ],
        "missing": list(record["unknowns"]) if not found.changes else [],
        "reasons": [],
    }
