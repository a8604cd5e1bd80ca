"""Two snapshots and a policy come in; a report of what has moved goes out, as JSON data.

Every line has its PSI, what chance alone would give for these sample sizes, and a verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from app.monitoring.cutting import (
    MISSING,
    Counts,
    count_labels,
    cut_by_card,
    cut_columns,
    cut_numbers,
)
from app.monitoring.judged import Judged, judge_snapshot
from app.monitoring.psi import EMPTY, MODERATE, NOISE, VERDICTS, psi_of
from app.policies.policy import Policy
from app.policies.portfolio import PortfolioPipeline
from app.rules.rulesets import OUTCOMES
from app.rules.types import TEXT
from app.rules.vector import Column, column_of
from app.scoring.scorecard import Scorecard
from app.whitelists.build import PURPOSE

NOTE = {
    "zh": "PSI 的偶然预期为 (箱数−1)·(1/n+1/m)，按两个独立样本计算；两个快照多为同一批商户，"
    "实际偶然波动更小。",
    "en": "What chance gives, (B - 1) * (1/n + 1/m) on average, is that of two independent samples."
    " Two snapshots mostly hold the same merchants, so chance moves them less.",
}


def compare_snapshots(
    policy: Policy,
    before: pa.Table,
    after: pa.Table,
    progress: Callable[[int], object] | None = None,
) -> dict[str, Any]:
    """The whole report, each section sorted by importance: real drift first, the greatest first."""
    pipeline = PortfolioPipeline(policy, PURPOSE)
    was = judge_snapshot(policy, pipeline, before, progress)
    done = was.count
    now = judge_snapshot(
        policy, pipeline, after, None if progress is None else lambda n: progress(done + n)
    )
    sections = {
        "inputs": [*_inputs(policy, was, now)],
        "characteristics": [*_characteristics(policy, was, now)],
        "rules": [*_rules(was, now)],
        "results": [*_results(pipeline, was, now)],
    }
    for lines in sections.values():
        lines.sort(key=_importance)
    every = [one for lines in sections.values() for one in lines]
    real = [one for one in every if one["verdict"] not in (NOISE, EMPTY)]
    return {
        "merchants": {"before": was.count, "after": now.count},
        **sections,
        "largest_psi": max((one["psi"] for one in real), default=0.0),
        "drifted": [one["name"] for one in real if one["psi"] >= MODERATE],
        "not_comparable": [one["name"] for one in every if one["verdict"] == EMPTY],
        "lacking": {"before": _lacking(policy, was), "after": _lacking(policy, now)},
        "limits": {"before": _limits(was), "after": _limits(now)},
        "words": VERDICTS,
        "note": NOTE,
    }


def _importance(line: Mapping[str, Any]) -> tuple[int, float, str]:
    """What cannot be compared first, then real drift, noise, and what did not move at all."""
    psi = line["psi"]
    if psi is None:
        return 0, 0.0, line["name"]
    rank = 3 if psi == 0 else 2 if line["verdict"] == NOISE else 1
    return rank, -psi, line["name"]


def _lacking(policy: Policy, judged: Judged) -> list[str]:
    """Features that the policy reads and that the snapshot has no column for."""
    return sorted(
        name
        for name, one in policy.inputs.items()
        if one.origin == "features" and name not in judged.inputs
    )


def _line(kind: str, name: str, counts: Counts, **more: Any) -> dict[str, Any]:
    psi = psi_of(counts.before, counts.after)
    return {
        "kind": kind,
        "name": name,
        "psi": None if psi.verdict == EMPTY else psi.value,
        "expected_by_chance": psi.expected,
        "noise_limit": psi.noise_limit,
        "verdict": psi.verdict,
        **more,
        "bins": counts.shares(),
    }


def _inputs(policy: Policy, was: Judged, now: Judged) -> Iterator[dict[str, Any]]:
    """Each input that a snapshot has; one that only the other has is missing here."""
    cards = _cut_of_cards(policy)
    for name, one in policy.inputs.items():
        if name not in was.inputs and name not in now.inputs:
            continue
        nothing = column_of(one.type.kind, [None])
        columns = [judged.inputs.get(name, nothing) for judged in (was, now)]
        if name in cards:
            place, stage = cards[name]
            characteristic = stage[1].characteristics[place]
            counts = cut_by_card(
                characteristic, was.bins[stage[0]][place], now.bins[stage[0]][place]
            )
            cut = "scorecard"
        else:
            counts = cut_columns(columns[0], columns[1], (was.count, now.count))
            cut = "values" if one.type.kind in (TEXT, "boolean") else "deciles"
        missing = [_missing(column, j.count) for column, j in zip(columns, (was, now), strict=True)]
        yield _line(
            "input",
            name,
            counts,
            cut_by=cut,
            unit=one.unit,
            missing={"before": missing[0], "after": missing[1]},
        )


def _missing(column: Column, count: int) -> float:
    known = np.broadcast_to(column.known, (count,))
    return float(1 - known.mean()) if count else 0.0


def _cut_of_cards(policy: Policy) -> dict[str, tuple[int, tuple[str, Scorecard]]]:
    """input → its characteristic, where one scores it by itself."""
    found: dict[str, tuple[int, tuple[str, Scorecard]]] = {}
    for stage in policy.stages:
        if isinstance(stage.checked, Scorecard):
            for place, one in enumerate(stage.checked.characteristics):
                found.setdefault(one.written, (place, (stage.name, stage.checked)))
    return found


def _characteristics(policy: Policy, was: Judged, now: Judged) -> Iterator[dict[str, Any]]:
    """The bins of each characteristic, and how its mean points moved."""
    for stage in policy.stages:
        if not isinstance(stage.checked, Scorecard):
            continue
        for place, one in enumerate(stage.checked.characteristics):
            a, b = was.bins.get(stage.name), now.bins.get(stage.name)
            if a is None or b is None:
                continue
            points = np.array([*one.points, one.missing])
            mean = {"before": _mean(points[a[place]]), "after": _mean(points[b[place]])}
            yield _line(
                "characteristic", one.id, cut_by_card(one, a[place], b[place]), mean_points=mean
            )


def _rules(was: Judged, now: Judged) -> Iterator[dict[str, Any]]:
    for name in was.rules:
        a, b = was.rules[name], now.rules.get(name)
        if b is None:
            continue
        rates = [
            {"hit": hit / max(1, total), "unknown": unknown / max(1, total)}
            for hit, unknown, total in (
                (int(one[1]), int(one[2]), int(one.sum())) for one in (a, b)
            )
        ]
        kept = [place for place in range(3) if a[place] or b[place]]
        words = ("clear", "hit", "unknown")
        counts = Counts(
            tuple(words[p] for p in kept),
            tuple(int(a[p]) for p in kept),
            tuple(int(b[p]) for p in kept),
        )
        yield _line("rule", name, counts, before=rates[0], after=rates[1])


def _results(pipeline: PortfolioPipeline, was: Judged, now: Judged) -> Iterator[dict[str, Any]]:
    """Score, tier, outcome, and the limits of the approved."""
    means = {"before": _mean(was.scores), "after": _mean(now.scores)}
    yield _line("result", "score", cut_numbers(was.scores, now.scores), mean=means)
    words = [*pipeline.tiers, MISSING]
    tiers = [np.where(one.tiers < 0, len(words) - 1, one.tiers) for one in (was, now)]
    if pipeline.tiers:
        yield _line("result", "tier", count_labels(words, *tiers))
    outcomes = [one.outcomes.astype(np.int64) for one in (was, now)]
    yield _line("result", "outcome", count_labels(OUTCOMES, *outcomes))
    limits = [one.limits_fen[one.limits_fen >= 0].astype(float) for one in (was, now)]
    yield _line("result", "limit", cut_numbers(limits[0], limits[1], 100))


def _mean(values: NDArray[np.float64]) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None


def _limits(judged: Judged) -> dict[str, Any]:
    """Of the approved."""
    limits = judged.limits_fen[judged.limits_fen >= 0]
    return {
        "approved": len(limits),
        "total_fen": int(limits.sum()),
        "mean_fen": round(int(limits.sum()) / len(limits)) if len(limits) else None,
        "median_fen": int(np.median(limits)) if len(limits) else None,
    }
