"""Decisions that were recorded while a challenger ran come in; what it did differently from the
champion, and whether that is more than chance, goes out as JSON data.

Merchants were drawn, not decisions: of each merchant the last decision counts, once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

from app.comparisons.chance import (
    chance_of_counts,
    chance_of_means,
    correct_for_many,
    interval_of_mean,
    interval_of_share,
    say,
)
from app.rules.rulesets import OUTCOMES

ROLES = ("champion", "challenger")
MOST_REASONS = 30


@dataclass(frozen=True, slots=True)
class Told:
    """What is read of a recorded decision. `limit_fen` and `daily_rate` only on approve. `hits`:
    rules that were hit, as `stage/rule`, and rows that were chosen, as `stage=row`.
    """

    id: str
    merchant_id: str
    role: str
    release: int
    outcome: str
    tier: str | None
    limit_fen: int | None
    daily_rate: float | None
    reasons: tuple[str, ...]
    hits: tuple[str, ...] = ()


def tell(record: Mapping[str, Any]) -> Told:
    """From a record."""
    return Told(
        record["id"],
        record["merchant_id"],
        record.get("role", "champion"),
        record["release"],
        record["outcome"],
        record["tier"],
        record["limit_fen"],
        record["daily_rate"],
        tuple(record["reasons"]),
        tuple(_hits(record["stages"])),
    )


def _hits(stages: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    for stage in stages:
        for rule, result in stage.get("rules", {}).items():
            if result == "hit":
                yield f"{stage['stage']}/{rule}"
        if "row" in stage:
            yield f"{stage['stage']}={stage['row']}"


def compare_roles(decisions: Iterable[Told]) -> dict[str, Any]:
    """Champion against challenger. `decisions`: in the order of time."""
    counted: Counter[str] = Counter()
    last: dict[str, dict[str, Told]] = {role: {} for role in ROLES}
    for one in decisions:
        counted[one.role] += 1
        last[one.role][one.merchant_id] = one
    # a share that grew moves merchants over: they count where they were decided last
    for merchant in last[ROLES[0]].keys() & last[ROLES[1]].keys():
        older = min(ROLES, key=lambda role: last[role][merchant].id)
        del last[older][merchant]
    groups = [list(last[role].values()) for role in ROLES]
    described = {
        role: {"decisions": counted[role], **_describe(group)}
        for role, group in zip(ROLES, groups, strict=True)
    }
    return {"groups": described, **_test(*groups)}


def _describe(group: Sequence[Told]) -> dict[str, Any]:
    size = len(group)
    outcomes = Counter(one.outcome for one in group)
    approved = [one for one in group if one.outcome == "approve"]
    tiers = Counter(one.tier or "none" for one in approved)
    limits = [one.limit_fen or 0 for one in approved]
    rates = [one.daily_rate for one in approved if one.daily_rate is not None]
    exposures = _exposures(group)
    reasons = Counter(code for one in group for code in one.reasons)
    return {
        "merchants": size,
        "releases": sorted({one.release for one in group}),
        "outcomes": {name: _share(outcomes[name], size) for name in OUTCOMES},
        "tiers": {name: _share(tiers[name], len(approved)) for name in sorted(tiers)},
        "limits": {
            "total_fen": sum(limits),
            "mean_fen": round(fmean(limits)) if limits else None,
            "median_fen": round(median(limits)) if limits else None,
            "interval_fen": _rounded(interval_of_mean(limits)),
        },
        "exposure_per_merchant": {
            "mean_fen": round(fmean(exposures)) if exposures else None,
            "interval_fen": _rounded(interval_of_mean(exposures)),
        },
        "price": {
            "mean_daily_rate": fmean(rates) if rates else None,
            "interval": interval_of_mean(rates),
        },
        "reasons": {code: _share(n, size) for code, n in reasons.most_common(MOST_REASONS)},
    }


def _test(one: Sequence[Told], other: Sequence[Told]) -> dict[str, Any]:
    """Each question with the odds of chance, and in words."""
    outcomes = [Counter(told.outcome for told in group) for group in (one, other)]
    approved = [[told for told in group if told.outcome == "approve"] for group in (one, other)]
    chances = {
        "outcomes": chance_of_counts(*outcomes),
        "approved": chance_of_counts(*map(_approved_or_not, (one, other))),
        "exposure_per_merchant": chance_of_means(*map(_exposures, (one, other))),
        "limits_of_approved": chance_of_means(*([t.limit_fen or 0 for t in g] for g in approved)),
        "price_of_approved": chance_of_means(
            *([t.daily_rate for t in g if t.daily_rate is not None] for g in approved)
        ),
    }
    codes = sorted({code for told in (*one, *other) for code in told.reasons})
    by_code = {}
    for code in codes:
        chance = chance_of_counts(_with_or_not(code, one), _with_or_not(code, other))
        if chance is not None:
            by_code[code] = chance
    tested = correct_for_many(by_code)
    return {
        "tests": {name: {"chance": p, "said": say(p)} for name, p in chances.items()},
        "reasons_that_differ": [code for code, p in tested.items() if p < 0.05],
    }


def _approved_or_not(group: Sequence[Told]) -> dict[str, int]:
    count = sum(told.outcome == "approve" for told in group)
    return {"approve": count, "other": len(group) - count}


def _with_or_not(code: str, group: Sequence[Told]) -> dict[str, int]:
    count = sum(code in told.reasons for told in group)
    return {"with": count, "without": len(group) - count}


def _exposures(group: Sequence[Told]) -> list[float]:
    """The limit of each merchant, 0 where it is not approved."""
    return [float(told.limit_fen or 0) for told in group]


def _share(count: int, size: int) -> dict[str, Any]:
    share = count / size if size else None
    return {"count": count, "share": share, "interval": interval_of_share(count, size)}


def _rounded(interval: tuple[float, float] | None) -> list[int] | None:
    return None if interval is None else [round(interval[0]), round(interval[1])]
