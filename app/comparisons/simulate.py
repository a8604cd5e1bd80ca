"""Two policies and one snapshot's features come in; what the one changes against the other goes
out, as JSON data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from app.comparisons.attribution import Attribution, attribute, take_rows
from app.comparisons.groups import group_swaps
from app.comparisons.judging import Kept, Versions, judge_both
from app.comparisons.outcomes import WARNING, align_outcomes, sum_outcomes
from app.policies.portfolio import PortfolioJudgement, build_portfolio
from app.rules.rulesets import OUTCOMES
from app.rules.vector import Column
from app.whitelists.build import PURPOSE
from app.whitelists.columns import columns_of

Mask = NDArray[np.bool_]
MOST_LISTED = 200  # swapped merchants of one direction that a report names


def simulate_snapshot(
    versions: Versions,
    as_of: date,
    snapshot_id: str,
    features: pa.Table,
    outcomes: pa.Table | None = None,
    progress: Callable[[int], None] | None = None,
    kept: Kept | None = None,
) -> dict[str, Any]:
    """The report of one as-of day. `outcomes`: as `read_outcomes` gives them; `kept`: as in
    `judge_both`.
    """
    old = columns_of(features, versions.before)
    columns = old, columns_of(features, versions.after) if versions.changed else old
    was, now = judge_both(versions, columns, features.num_rows, progress, kept)
    return {
        "as_of": as_of.isoformat(),
        "snapshot": snapshot_id,
        **compare(versions, columns, features, was, now, outcomes),
    }


def compare(
    versions: Versions,
    columns: tuple[Mapping[str, Column], Mapping[str, Column]],
    features: pa.Table,
    was: PortfolioJudgement,
    now: PortfolioJudgement,
    outcomes: pa.Table | None,
) -> dict[str, Any]:
    """All sections of a report."""
    approved = was.outcomes == 0, now.outcomes == 0
    sets = {
        "kept": approved[0] & approved[1],
        "swapped_in": ~approved[0] & approved[1],
        "swapped_out": approved[0] & ~approved[1],
        "refused": ~(approved[0] | approved[1]),
    }
    grouped, notes = group_swaps(features, was, now)
    report: dict[str, Any] = {
        "merchants": len(was.outcomes),
        "migration": _count_migration(was.outcomes, now.outcomes),
        **_describe_swaps(versions, columns, features, was, now, sets),
        "tiers": _count_tiers(was, now),
        "limits": _sum_limits(was, now, sets["kept"]),
        "price": {"before": _price(was), "after": _price(now)},
        "groups": grouped,
        "notes": notes,
    }
    if outcomes is not None:
        aligned = align_outcomes(outcomes, features.column("merchant_id").combine_chunks())
        report["outcomes"] = {
            "warning": WARNING,
            "strangers": aligned.strangers,
            "sets": sum_outcomes(aligned, sets),
        }
    return report


def _count_migration(was: NDArray[np.int8], now: NDArray[np.int8]) -> dict[str, dict[str, int]]:
    """Merchants by outcome before (outer) and after (inner)."""
    counts = np.bincount(was * np.int8(3) + now, minlength=9).reshape(3, 3).tolist()
    return {
        one: dict(zip(OUTCOMES, row, strict=True))
        for one, row in zip(OUTCOMES, counts, strict=True)
    }


def _describe_swaps(
    versions: Versions,
    columns: tuple[Mapping[str, Column], Mapping[str, Column]],
    features: pa.Table,
    was: PortfolioJudgement,
    now: PortfolioJudgement,
    sets: Mapping[str, Mask],
) -> dict[str, Any]:
    """Who was swapped in and out and why: the shares of the changed parts, and the first reason of
    the policy that refuses.
    """
    rows = np.flatnonzero(sets["swapped_in"] | sets["swapped_out"])
    swapped = take_rows({**columns[1], **columns[0]}, rows)
    comes = now.outcomes[rows] == 0
    shares = attribute(
        versions.before, versions.after, versions.judge_before, swapped, ~comes, comes
    )
    found: dict[str, Any] = {"attribution": {"method": shares.method, "parts": shares.parts}}
    sides = (
        ("swapped_in", comes, now, versions.before, columns[0], versions.judge_before),
        ("swapped_out", ~comes, was, versions.after, columns[1], versions.judge_after),
    )
    ids = features.column("merchant_id")
    for name, mask, giving, policy, read, pipeline in sides:
        own = rows[mask]
        picked = build_portfolio(policy, PURPOSE, take_rows(read, own), len(own))
        first = _first_reasons(pipeline.judge(picked))
        sign = 1 if name == "swapped_in" else -1
        total = shares.shares[:, mask]
        listed = ids.take(pa.array(own[:MOST_LISTED])).to_pylist()
        found[name] = {
            "count": len(own),
            "limit_fen": int(np.maximum(giving.limits_fen[own], 0).sum()),
            "by_part": {
                part: float(sign * one) + 0.0
                for part, one in zip(shares.parts, total.sum(axis=1), strict=True)
            },
            "by_first_reason": _count(first),
            "merchants": [*_list_merchants(listed, first, own, giving, sign * total, shares)],
            "not_listed": len(own) - len(listed),
        }
    return found


def _list_merchants(
    ids: Sequence[str],
    first: Sequence[str],
    rows: NDArray[np.intp],
    giving: PortfolioJudgement,
    shares: NDArray[np.float64],
    attribution: Attribution,
) -> Iterator[dict[str, Any]]:
    """The swapped merchants one by one: the limit given or lost, the reason, the parts."""
    for place, merchant in enumerate(ids):
        parts = {
            part: round(float(share), 6)
            for part, share in zip(attribution.parts, shares[:, place], strict=True)
            if share
        }
        yield {
            "merchant_id": merchant,
            "limit_fen": max(0, int(giving.limits_fen[rows[place]])),
            "first_reason": first[place],
            "parts": parts,
        }


def _first_reasons(judged: PortfolioJudgement) -> list[str]:
    """The first code of each; every refused merchant has one."""
    first = judged.reason_codes[judged.reason_starts[:-1]]
    return [judged.reason_words[code] for code in first.tolist()]


def _count(words: Sequence[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _count_tiers(was: PortfolioJudgement, now: PortfolioJudgement) -> dict[str, Any]:
    """Tiers of approved merchants before and after, and how tiers moved (of all merchants)."""
    words = [*dict.fromkeys([*was.tier_words, *now.tier_words]), "none"]
    numbers = []
    for judged in (was, now):
        codes = np.array([*map(words.index, judged.tier_words), len(words) - 1], dtype=np.int64)
        numbers.append(codes[judged.tiers])
    size = len(words)
    moved = np.bincount(numbers[0] * size + numbers[1], minlength=size * size)
    table = moved.reshape(size, size).tolist()
    approved = [
        np.bincount(codes[judged.outcomes == 0], minlength=size).tolist()
        for codes, judged in zip(numbers, (was, now), strict=True)
    ]
    return {
        "words": words,
        "approved_before": dict(zip(words, approved[0], strict=True)),
        "approved_after": dict(zip(words, approved[1], strict=True)),
        "moved": {
            one: dict(zip(words, row, strict=True)) for one, row in zip(words, table, strict=True)
        },
    }


def _sum_limits(was: PortfolioJudgement, now: PortfolioJudgement, kept: Mask) -> dict[str, Any]:
    """Limits of the approved (fen), and what became of the limits of those approved by both."""
    change = np.where(kept, now.limits_fen - was.limits_fen, 0)
    return {
        "before": _limits_of(was),
        "after": _limits_of(now),
        "kept": {
            "raised": int((change > 0).sum()),
            "raised_fen": int(change[change > 0].sum()),
            "lowered": int((change < 0).sum()),
            "lowered_fen": int(change[change < 0].sum()),
            "same": int((kept & (change == 0)).sum()),
        },
    }


def _limits_of(judged: PortfolioJudgement) -> dict[str, Any]:
    limits = judged.limits_fen[judged.limits_fen >= 0]
    total = int(limits.sum())
    return {
        "count": len(limits),
        "total_fen": total,
        "mean_fen": round(total / len(limits)) if len(limits) else None,
        "median_fen": int(np.median(limits)) if len(limits) else None,
    }


def _price(judged: PortfolioJudgement) -> dict[str, float | None]:
    """Mean daily rate of the approved: by head, and weighted by limit."""
    priced = ~np.isnan(judged.daily_rates) & (judged.limits_fen > 0)
    rates, limits = judged.daily_rates[priced], judged.limits_fen[priced]
    if not len(rates):
        return {"mean_daily_rate": None, "weighted_daily_rate": None}
    weighted = float((rates * limits).sum() / limits.sum())
    return {"mean_daily_rate": float(rates.mean()), "weighted_daily_rate": weighted}
