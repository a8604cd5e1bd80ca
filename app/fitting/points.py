"""A regression and a scale come in; whole points for every group go out.

Before rounding the score is an exact affine image of the log-odds: score = offset + factor ·
ln(good : bad), with factor = PDO / ln 2 and offset = base score − factor · ln(base odds).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.fitting.errors import BadData
from app.fitting.regression import Regression

LEAST_SPAN = 5  # whole points between the worst and the best score; with fewer, rounding is all


@dataclass(frozen=True, slots=True)
class Scale:
    """`pdo`: points that double the odds of good to bad; at `base_score` they are `base_odds`."""

    pdo: float = 20
    base_score: float = 600
    base_odds: float = 20

    @property
    def factor(self) -> float:
        return self.pdo / math.log(2)

    @property
    def offset(self) -> float:
        return self.base_score - self.factor * math.log(self.base_odds)

    def score(self, log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
        """The score before rounding."""
        return self.offset + self.factor * log_odds

    def bad_rate(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """The predicted bad rate at a score."""
        # Beyond 700 exp overflows; the rate is 0 or 1 long before.
        odds = np.clip((scores - self.offset) / self.factor, -700, 700)
        return 1 / (1 + np.exp(odds))


@dataclass(frozen=True, slots=True)
class Points:
    """`table`: of each characteristic, the whole points of its groups."""

    table: tuple[tuple[int, ...], ...]

    def score(self, regression: Regression) -> NDArray[np.float64]:
        """The rounded score of every row."""
        found = np.zeros(len(regression.binnings[0].at))
        for binning, points in zip(regression.binnings, self.table, strict=True):
            found += np.array(points, float)[binning.at]
        return found


def give_points(regression: Regression, scale: Scale, train: NDArray[np.bool_]) -> Points:
    """Each group's distance to its characteristic's worst group is rounded by itself; what all rows
    share is rounded once, so that the mean score stays, and spread evenly over the characteristics.
    """
    steps = []
    for binning, coefficient in zip(regression.binnings, regression.coefficients, strict=True):
        woes = np.array([group.woe for group in binning.groups])
        steps.append(np.round(scale.factor * coefficient * (woes - woes.min())).astype(int))
    if sum(int(step.max()) for step in steps) < LEAST_SPAN:
        raise BadData(
            f"a PDO of {scale.pdo:g} is so small that rounding to whole points leaves nothing;"
            " raise --pdo"
        )
    gained = sum(step[binning.at] for step, binning in zip(steps, regression.binnings, strict=True))
    exact = scale.score(regression.log_odds())
    shared = round(float((exact - gained)[train].mean()))
    share, more = divmod(shared, len(steps))
    table = [
        tuple(int(one) + share + (place < more) for one in step) for place, step in enumerate(steps)
    ]
    return Points(tuple(table))
