"""Scores and a target (1 bad, 0 good) come in; how well they tell the two apart goes out.

Higher scores are better, so a good card gives bads lower scores. Ties count half.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Labels = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Curve:
    """Shares of bads and of goods at or below each distinct score, from (0, 0) to (1, 1)."""

    scores: Array
    bads: Array
    goods: Array

    @property
    def auc(self) -> float:
        """The chance that a good scores above a bad (Mann–Whitney), ties counted half."""
        widths = np.diff(self.goods)
        return float((widths * (self.bads[1:] + self.bads[:-1]) / 2).sum())

    @property
    def ks(self) -> float:
        """Kolmogorov–Smirnov: the greatest distance between the two shares."""
        return float(np.abs(self.bads - self.goods).max())

    @property
    def ks_score(self) -> float:
        """The score at which that distance stands."""
        place = int(np.abs(self.bads - self.goods).argmax())
        return float(self.scores[max(place - 1, 0)])


def curve_of(scores: Array, bad: Labels) -> Curve | None:
    """The curve; None where there is no bad or no good."""
    if bad.all() or not bad.any():
        return None
    values, at = np.unique(scores, return_inverse=True)
    bads = np.bincount(at[bad], minlength=len(values)).cumsum()
    goods = np.bincount(at[~bad], minlength=len(values)).cumsum()
    first = np.zeros(1)
    return Curve(
        values,
        np.concatenate([first, bads / bads[-1]]),
        np.concatenate([first, goods / goods[-1]]),
    )


@dataclass(frozen=True, slots=True)
class Band:
    """One score band: from the lowest to the highest score in it."""

    low: float
    high: float
    count: int
    bad: int
    expected: float  # the mean of the predicted bad rates

    @property
    def bad_rate(self) -> float:
        return self.bad / self.count


def band_scores(scores: Array, bad: Labels, predicted: Array, most: int = 10) -> list[Band]:
    """Up to `most` bands of about equal size, the lowest scores first; equal scores stay in one."""
    if not len(scores):
        return []
    cuts = np.unique(np.quantile(scores, np.arange(1, most) / most, method="lower"))
    at = np.searchsorted(cuts, scores, side="left")
    bands = []
    for place in np.unique(at):
        here = at == place
        bands.append(
            Band(
                float(scores[here].min()),
                float(scores[here].max()),
                int(here.sum()),
                int(bad[here].sum()),
                float(predicted[here].mean()),
            )
        )
    return bands
