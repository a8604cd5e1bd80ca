"""Binned columns come in; those that stay, and the logistic regression over their WoE, go out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.fitting.binning import Binning
from app.fitting.errors import BadData, NoFitExtra

Mask = NDArray[np.bool_]
INVERSE_PENALTY = 1e4  # so weak that it moves nothing but a column that separates perfectly
LEAST_WEIGHT = 1e-3  # a coefficient below this earns no points worth having


@dataclass(frozen=True, slots=True)
class Choice:
    """What selection allows. least_iv: below it a column says nothing. most_correlation: of two
    columns whose WoE correlate more, the one with less IV goes. most: of the rest the best by IV.
    """

    least_iv: float = 0.02
    most_correlation: float = 0.8
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Regression:
    """ln(good : bad) = intercept + Σ coefficients · WoE; every coefficient is above 0."""

    binnings: tuple[Binning, ...]
    coefficients: tuple[float, ...]
    intercept: float

    def log_odds(self) -> NDArray[np.float64]:
        """Of every row."""
        found = np.full(len(self.binnings[0].at), self.intercept)
        for binning, coefficient in zip(self.binnings, self.coefficients, strict=True):
            found += coefficient * binning.woes
        return found


def select(
    binnings: Sequence[Binning], choice: Choice, train: Mask, left_out: dict[str, str]
) -> list[Binning]:
    """Those that stay, the greatest IV first; why the others went is added to `left_out`."""
    ranked = sorted(binnings, key=lambda one: (-one.iv, one.name))
    kept: list[Binning] = []
    columns: list[NDArray[np.float64]] = []
    for one in ranked:
        if one.iv < choice.least_iv:
            left_out[one.name] = f"its IV {one.iv:.4f} is below {choice.least_iv:g}"
            continue
        if choice.most is not None and len(kept) == choice.most:
            left_out[one.name] = f"{choice.most} others have more IV"
            continue
        woes = one.woes[train]
        woes = (woes - woes.mean()) / (woes.std() or 1)
        close = [
            (abs(float((woes * other).mean())), name.name)
            for other, name in zip(columns, kept, strict=True)
        ]
        most, name = max(close, default=(0.0, ""))
        if most > choice.most_correlation:
            left_out[one.name] = f"its WoE correlates {most:.2f} with '{name}', which has more IV"
            continue
        kept.append(one)
        columns.append(woes)
    if not kept:
        raise BadData(f"no column has an IV of {choice.least_iv:g} or more; lower --min-iv")
    return kept


def regress(
    binnings: Sequence[Binning], bad: Mask, train: Mask, left_out: dict[str, str]
) -> Regression:
    """Fit, drop the column with the most negative coefficient, and fit again, until none is left: a
    negative one would give fewer points to the better bins.
    """
    kept = list(binnings)
    while kept:
        weights, intercept = _fit(np.column_stack([b.woes[train] for b in kept]), ~bad[train])
        worst = int(np.argmin(weights))
        if weights[worst] > LEAST_WEIGHT:
            kept_all = sorted(
                zip(kept, weights.tolist(), strict=True), key=lambda pair: -pair[0].iv
            )
            return Regression(
                tuple(one for one, _ in kept_all), tuple(w for _, w in kept_all), intercept
            )
        left_out[kept[worst].name] = (
            f"beside the others its coefficient is {weights[worst]:.3f}: it would turn its points"
            " upside down"
        )
        del kept[worst]
    raise BadData("no column keeps a coefficient of its own sign; look for one that leaks")


def _fit(woes: NDArray[np.float64], good: Mask) -> tuple[NDArray[np.float64], float]:
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError:
        raise NoFitExtra(
            "scorecard fit needs the extra 'fit': run pip install -e '.[fit]'"
        ) from None
    model = LogisticRegression(C=INVERSE_PENALTY, max_iter=1000, tol=1e-8)
    model.fit(woes, good.astype(int))
    return model.coef_[0], float(model.intercept_[0])
