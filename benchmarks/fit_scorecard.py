"""A scorecard of `chengxin scorecard fit`, rounded to whole points and scored by the rules engine,
beside optbinning's own Scorecard on the same split of home-equity data.

Measured on the rows held out: AUC, Gini and KS. The floor is optbinning's. The noise of such a
sample is in the note (the standard error of the AUC by Hanley and McNeil).
"""

from __future__ import annotations

import math
import warnings
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from app.fitting.binning import BinningRules
from app.fitting.fit import Fit, Wishes, fit_scorecard
from app.fitting.frame import Wanted
from app.fitting.measures import Curve, curve_of
from benchmarks._merchants import ROOT
from benchmarks.table import Row

DATA = ROOT / "../shared/data/heloc/heloc.csv"
TARGET, CODES = "RiskPerformance", (-7, -8, -9)
AT_LEAST = 0.99


def run(smoke: bool) -> list[Row]:
    """One split in a smoke run, five otherwise; the rows are means over the splits."""
    if not DATA.exists():
        print(f"fit_scorecard: skipped, there is no {DATA.name} beside the checkout")
        return []
    found = [_compare(DATA, seed) for seed in range(1 if smoke else 5)]
    rows = []
    for place, name in enumerate(("AUC", "Gini", "KS")):
        theirs = float(np.mean([one[0][place] for one in found]))
        ours = float(np.mean([one[1][place] for one in found]))
        noise = found[0][2] * (2 if name == "Gini" else 1)
        note = (
            f"{len(found)} split(s), standard error of one {'about ' * (name == 'KS')}{noise:.4f}"
        )
        rows.append(
            Row(f"held out: {name}", theirs, ours, ours / theirs, AT_LEAST, note, "", at_most=False)
        )
    return rows


def _compare(path: Path, seed: int) -> tuple[list[float], list[float], float]:
    """AUC, Gini and KS of optbinning's card and of ours, and the standard error of the AUC."""
    rules = BinningRules(tuple(Decimal(code) for code in CODES))
    fit = fit_scorecard(path, Wishes("heloc", Wanted(TARGET, "Bad"), rules, seed=seed), {})
    held = ~fit.split.train
    bad = fit.frame.bad[held]
    ours = curve_of(fit.scores[held], bad)
    theirs = curve_of(_score_by_optbinning(path, fit)[held], bad)
    assert ours is not None and theirs is not None
    return _measures(theirs), _measures(ours), _error(ours.auc, int(bad.sum()), int((~bad).sum()))


def _measures(curve: Curve) -> list[float]:
    return [curve.auc, 2 * curve.auc - 1, curve.ks]


def _error(auc: float, bad: int, good: int) -> float:
    one, other = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = auc * (1 - auc) + (bad - 1) * (one - auc**2) + (good - 1) * (other - auc**2)
    return math.sqrt(spread / (bad * good))


def _score_by_optbinning(path: Path, fit: Fit) -> Any:
    """Scores of all rows by optbinning's Scorecard, fitted to the same rows."""
    import pandas as pd
    from optbinning import BinningProcess, Scorecard
    from sklearn.linear_model import LogisticRegression

    data = pd.read_csv(path)
    names = [name for name in data.columns if name != TARGET]
    process = BinningProcess(names, special_codes=list(CODES))
    card = Scorecard(
        process,
        LogisticRegression(max_iter=1000),
        scaling_method="pdo_odds",
        scaling_method_params={"pdo": 20, "odds": 20, "scorecard_points": 600},
        rounding=True,
    )
    train = fit.split.train
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        card.fit(
            data.loc[train, names], fit.frame.bad[train].astype(int), metric_special="empirical"
        )
        scores = np.asarray(card.score(data[names]), float)
    # Its points may rise with risk, by its options; ours fall. Turned so that higher is better.
    return scores if scores[~fit.frame.bad].mean() > scores[fit.frame.bad].mean() else -scores
