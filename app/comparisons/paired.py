"""Decisions and what the shadow would have decided on the same inputs come in, pair by pair; how
outcomes move, who differs and why goes out as JSON data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from app.comparisons.chance import chance_of_pairs, say
from app.comparisons.recorded import Told
from app.rules.rulesets import OUTCOMES

MOST_EXAMPLES = 20


@dataclass(slots=True)
class _Sums:
    pairs: int = 0
    same: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    releases: set[int] = field(default_factory=set)
    matrix: Counter[tuple[str, str]] = field(default_factory=Counter)
    limits: Counter[str] = field(default_factory=Counter)
    rates: list[tuple[float, float]] = field(default_factory=list)
    tiers: Counter[tuple[str, str]] = field(default_factory=Counter)
    why: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, Any]] = field(default_factory=list)


def compare_pairs(pairs: Iterable[tuple[Told | str, Told | str]]) -> dict[str, Any]:
    """Active against shadow. A pair holds the decision (or why it is left out) and what the shadow
    says (or its error).
    """
    sums = _Sums()
    for active, shadow in pairs:
        if isinstance(active, str):
            sums.left_out[active] += 1
        elif isinstance(shadow, str):
            sums.errors[shadow] += 1
        else:
            _add(sums, active, shadow)
    in_ = sum(sums.matrix[was, "approve"] for was in OUTCOMES if was != "approve")
    out = sum(sums.matrix["approve", now] for now in OUTCOMES if now != "approve")
    chance = chance_of_pairs(in_, out)
    return {
        "pairs": sums.pairs,
        "same": sums.same,
        "active_releases": sorted(sums.releases),
        "errors": dict(sums.errors.most_common(10)),
        "error_count": sums.errors.total(),
        "left_out": dict(sums.left_out),
        "migration": {was: {now: sums.matrix[was, now] for now in OUTCOMES} for was in OUTCOMES},
        "approved_only_by_shadow": in_,
        "approved_only_by_active": out,
        "test": {"chance": chance, "said": say(chance if sums.pairs else None)},
        "limits": dict(sums.limits),
        "price": _price(sums.rates),
        "tiers_moved": {f"{was} → {now}": n for (was, now), n in sums.tiers.most_common()},
        "why": dict(sums.why.most_common()),
        "examples": sums.examples,
    }


def _add(sums: _Sums, active: Told, shadow: Told) -> None:
    sums.pairs += 1
    sums.releases.add(active.release)
    sums.matrix[active.outcome, shadow.outcome] += 1
    before, after = active.limit_fen or 0, shadow.limit_fen or 0
    sums.limits["active_fen"] += before
    sums.limits["shadow_fen"] += after
    if active.outcome == shadow.outcome == "approve":
        kind = "raised" if after > before else "lowered" if after < before else "same"
        sums.limits[kind] += 1
        if active.daily_rate is not None and shadow.daily_rate is not None:
            sums.rates.append((active.daily_rate, shadow.daily_rate))
    if active.tier != shadow.tier:
        sums.tiers[active.tier or "none", shadow.tier or "none"] += 1
    given = (active.outcome, before, active.daily_rate, active.tier, active.reasons)
    if given == (shadow.outcome, after, shadow.daily_rate, shadow.tier, shadow.reasons):
        sums.same += 1
        return
    why = _explain(active, shadow)
    if active.outcome != shadow.outcome:
        sums.why.update(why)
    if len(sums.examples) < MOST_EXAMPLES:
        sums.examples.append(
            {
                "decision_id": active.id,
                "merchant_id": active.merchant_id,
                "active": _show(active),
                "shadow": _show(shadow),
                "why": why,
            }
        )


def _explain(active: Told, shadow: Told) -> list[str]:
    """What only one of the two found: rules, rows, else reasons."""
    before, after = set(active.hits), set(shadow.hits)
    why = [f"only active: {one}" for one in active.hits if one not in after]
    why += [f"only shadow: {one}" for one in shadow.hits if one not in before]
    if not why:
        why = [f"only active: {one}" for one in active.reasons if one not in shadow.reasons]
        why += [f"only shadow: {one}" for one in shadow.reasons if one not in active.reasons]
    return why


def _show(told: Told) -> dict[str, Any]:
    return {
        "release": told.release,
        "outcome": told.outcome,
        "tier": told.tier,
        "limit_fen": told.limit_fen,
        "daily_rate": told.daily_rate,
        "reasons": list(told.reasons),
    }


def _price(rates: list[tuple[float, float]]) -> dict[str, float | None]:
    """Mean daily rates of those whom both approve."""
    if not rates:
        return {"active": None, "shadow": None}
    size = len(rates)
    return {
        "active": sum(one for one, _ in rates) / size,
        "shadow": sum(other for _, other in rates) / size,
    }
