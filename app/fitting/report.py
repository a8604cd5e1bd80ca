"""A fit comes in; its model card as JSON data goes out."""

from __future__ import annotations

import importlib.metadata
import platform
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.fitting.binning import Binning
from app.fitting.fit import Fit
from app.fitting.measures import band_scores, curve_of
from app.fitting.writing import dimension_of
from app.monitoring.psi import psi_of
from app.policies.documents import sha256_of
from app.rules.types import MONEY

Mask = NDArray[np.bool_]
PACKAGES = ("chengxin", "optbinning", "scikit-learn", "ortools", "numpy")
CURVE_POINTS = 200
LIMITS = (
    {
        "zh": "样本只含有表现的客户；从未放款者的表现未知（未做拒绝推断），对其评分属外推。",
        "en": "The sample holds only rows whose outcome is known. Of those who never got a loan"
        " nothing was learned (no reject inference): scoring them is extrapolation.",
    },
    {
        "zh": "预测不良率按样本不良率校准；若样本经过抽样，须按实际不良率重新校准后方可用于定价。",
        "en": "Predicted bad rates are those of this sample. Where it was drawn with another bad"
        " rate than the portfolio's, recalibrate before pricing by them.",
    },
    {
        "zh": "评分卡反映样本期的关系；请定期用 chengxin monitor drift 监测漂移，"
        "并以新表现重新验证。",
        "en": "The card holds the relations of the sample's time. Watch chengxin monitor drift, and"
        " validate it again when new outcomes are known.",
    },
    {
        "zh": "分箱权重是统计关联，并非因果；字段含义、合规性与公平性须由人工审核。",
        "en": "Points are associations, not causes. Meaning, legality and fairness of each input"
        " are for people to judge.",
    },
)


def describe_fit(fit: Fit) -> dict[str, Any]:
    """The whole card. Same data, wishes and versions give the same content."""
    train, test = fit.split.train, ~fit.split.train
    wishes, scale = fit.wishes, fit.wishes.scale
    parts = {"train": train, **({"test": test} if test.any() else {})}
    return {
        "scorecard": wishes.name,
        "card_sha256": sha256_of(fit.text),
        "data": {
            "file": fit.frame.path.name,
            "sha256": fit.frame.sha256,
            "rows": len(fit.frame.bad),
            "target": wishes.wanted.target,
            "bad_value": wishes.wanted.bad_value,
            "id": wishes.wanted.id_column,
            "bad": int(fit.frame.bad.sum()),
            "bad_rate": float(fit.frame.bad.mean()),
            "dates": _dates(fit),
        },
        "split": {"how": fit.split.how, "seed": wishes.seed},
        "samples": {name: _sample(fit, mask) for name, mask in parts.items()},
        "rounding": {name: _rounding(fit, mask) for name, mask in parts.items()},
        "psi_train_test": _stability(fit, train, test),
        "calibration": {name: _bands(fit, mask) for name, mask in parts.items()},
        "curves": {name: _curve(fit, mask) for name, mask in parts.items()},
        "distribution": _distribution(fit, test if test.any() else train),
        "scaling": {
            "pdo": scale.pdo,
            "base_score": scale.base_score,
            "base_odds": scale.base_odds,
            "factor": scale.factor,
            "offset": scale.offset,
            "intercept": fit.regression.intercept,
            "formula": "score before rounding = offset + factor * ln(good : bad);"
            " ln(good : bad) = intercept + sum(coefficient * WoE)",
            "score_range": _range(fit),
        },
        "characteristics": [*_characteristics(fit)],
        "iv": [
            {"name": one.name, "iv": one.iv, "auc": one.auc, "used": one in fit.regression.binnings}
            for one in sorted(fit.binnings, key=lambda one: (-one.iv, one.name))
        ],
        "left_out": dict(fit.left_out),
        "warnings": list(fit.warnings),
        "limits_of_use": list(LIMITS),
        "choices": {
            "special_values": [str(code) for code in wishes.rules.special],
            "special": "own bins" if wishes.rules.own_special else "missing",
            "missing": "own bin" if wishes.rules.own_missing else "the worst bin's points",
            "max_bins": wishes.rules.max_bins,
            "min_iv": wishes.choice.least_iv,
            "max_correlation": wishes.choice.most_correlation,
            "most": wishes.choice.most,
            "money": "yuan" if wishes.wanted.money_in_yuan else "fen",
        },
        "versions": {
            **{name: _version(name) for name in PACKAGES},
            "python": platform.python_version(),
        },
    }


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "?"


def _dates(fit: Fit) -> dict[str, str] | None:
    dates = fit.frame.dates
    return None if dates is None else {"first": str(dates.min()), "last": str(dates.max())}


def _sample(fit: Fit, mask: Mask) -> dict[str, Any]:
    bad = fit.frame.bad[mask]
    curve = curve_of(fit.scores[mask], bad)
    predicted = fit.wishes.scale.bad_rate(fit.scores[mask])
    found: dict[str, Any] = {
        "rows": len(bad),
        "bad": int(bad.sum()),
        "bad_rate": float(bad.mean()),
        "auc": curve.auc if curve else None,
        "gini": 2 * curve.auc - 1 if curve else None,
        "ks": curve.ks if curve else None,
        "ks_score": curve.ks_score if curve else None,
        "mean_predicted_bad_rate": float(predicted.mean()),
        "brier": float(((predicted - bad) ** 2).mean()),
    }
    if fit.frame.dates is not None:
        dates = fit.frame.dates[mask]
        found["dates"] = {"first": str(dates.min()), "last": str(dates.max())}
    return found


def _rounding(fit: Fit, mask: Mask) -> dict[str, Any] | None:
    bad = fit.frame.bad[mask]
    before, after = curve_of(fit.exact[mask], bad), curve_of(fit.scores[mask], bad)
    if before is None or after is None:
        return None
    return {
        "auc_before": before.auc,
        "auc_after": after.auc,
        "auc_cost": before.auc - after.auc,
        "ks_before": before.ks,
        "ks_after": after.ks,
        "ks_cost": before.ks - after.ks,
        "largest_shift": float(np.abs(fit.exact[mask] - fit.scores[mask]).max()),
    }


def _stability(fit: Fit, train: Mask, test: Mask) -> dict[str, Any] | None:
    """PSI of the score, by deciles of the rows that were learned from."""
    if not test.any():
        return None
    cuts = np.unique(np.quantile(fit.scores[train], np.arange(1, 10) / 10, method="lower"))
    size = len(cuts) + 1
    counts = [
        np.bincount(np.searchsorted(cuts, fit.scores[mask]), minlength=size).tolist()
        for mask in (train, test)
    ]
    found = psi_of(*counts)
    return {
        "psi": found.value,
        "expected_by_chance": found.expected,
        "noise_limit": found.noise_limit,
        "verdict": found.verdict,
        "cuts": cuts.tolist(),
        "train": counts[0],
        "test": counts[1],
    }


def _bands(fit: Fit, mask: Mask) -> list[dict[str, Any]]:
    scores = fit.scores[mask]
    return [
        {
            "low": band.low,
            "high": band.high,
            "count": band.count,
            "bad": band.bad,
            "bad_rate": band.bad_rate,
            "predicted": band.expected,
        }
        for band in band_scores(scores, fit.frame.bad[mask], fit.wishes.scale.bad_rate(scores))
    ]


def _curve(fit: Fit, mask: Mask) -> dict[str, list[float]] | None:
    curve = curve_of(fit.scores[mask], fit.frame.bad[mask])
    if curve is None:
        return None
    at = np.unique(np.linspace(0, len(curve.bads) - 1, CURVE_POINTS).round().astype(int))
    scores = np.concatenate([curve.scores[:1], curve.scores])
    return {
        "score": scores[at].tolist(),
        "bads": np.round(curve.bads[at], 6).tolist(),
        "goods": np.round(curve.goods[at], 6).tolist(),
    }


def _distribution(fit: Fit, mask: Mask) -> dict[str, list[float]]:
    """Bads and goods in about 20 steps of whole points."""
    scores, bad = fit.scores[mask], fit.frame.bad[mask]
    low, high = float(scores.min()), float(scores.max())
    step = max(1.0, np.ceil((high - low + 1) / 20))
    edges = np.arange(np.floor(low / step) * step, high + step + 0.5, step)
    return {
        "edges": edges.tolist(),
        "bads": np.histogram(scores[bad], edges)[0].tolist(),
        "goods": np.histogram(scores[~bad], edges)[0].tolist(),
    }


def _range(fit: Fit) -> list[int]:
    return [sum(min(t) for t in fit.points.table), sum(max(t) for t in fit.points.table)]


def _characteristics(fit: Fit) -> Any:
    rows = zip(
        fit.regression.binnings,
        fit.regression.coefficients,
        fit.points.table,
        fit.reasons,
        strict=True,
    )
    for binning, coefficient, points, reason in rows:
        yield {
            "name": binning.name,
            "dimension": dimension_of(binning),
            "type": binning.candidate.of.declared,
            "reason": reason,
            "unit": "yuan" if binning.candidate.of.kind == MONEY else None,
            "direction": binning.candidate.direction,
            "iv": binning.iv,
            "auc": binning.auc,
            "coefficient": coefficient,
            "bins": [*_groups(fit, binning, points)],
        }


def _groups(fit: Fit, binning: Binning, points: tuple[int, ...]) -> Any:
    """Bins as counted: those of numbers in order, special codes, missing last."""
    train, bad = fit.split.train, fit.frame.bad
    size = len(binning.groups)
    held = np.bincount(binning.at[~train], minlength=size)
    held_bad = np.bincount(binning.at[~train & bad], minlength=size)
    bads, rows = int(bad[train].sum()), int(train.sum())
    for place, group in enumerate(binning.groups):
        good = group.count - group.bad
        yield {
            "bin": group.label,
            "kind": group.kind,
            "count": group.count,
            "share": group.count / rows,
            "bad": group.bad,
            "bad_rate": group.bad / group.count if group.count else None,
            "woe": group.woe,
            "own_woe": group.is_own,
            "iv": (good / (rows - bads) - group.bad / bads) * group.woe if group.count else 0.0,
            "points": points[place],
            "test_count": int(held[place]),
            "test_bad_rate": float(held_bad[place] / held[place]) if held[place] else None,
        }
