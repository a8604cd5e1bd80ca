"""Counts by bin of two samples come in; their population stability index (PSI) goes out, with what
chance alone would give samples of these sizes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

MODERATE, LARGE = 0.1, 0.25
Z99 = 2.3263478740408408  # the 99% point of the normal distribution
NOISE, STABLE, MODERATE_WORD, LARGE_WORD = "noise", "stable", "moderate", "large"
EMPTY = "empty"
VERDICTS = {
    NOISE: {"zh": "抽样波动", "en": "noise: samples of this size differ as much by chance"},
    STABLE: {"zh": "稳定", "en": "stable: below 0.1"},
    MODERATE_WORD: {"zh": "中度漂移", "en": "moderate drift: 0.1 to 0.25, look at it"},
    LARGE_WORD: {"zh": "显著漂移", "en": "large drift: 0.25 or more, act on it"},
    EMPTY: {"zh": "无法比较", "en": "nothing to compare: one side has no such merchants"},
}


@dataclass(frozen=True, slots=True)
class Psi:
    """`expected`: the mean of what chance alone gives; `noise_limit`: what chance alone
    exceeds once in a hundred times. Where one sample is empty there is no value (NaN).
    """

    value: float
    expected: float
    noise_limit: float

    @property
    def verdict(self) -> str:
        """noise | stable | moderate | large | empty."""
        if math.isnan(self.value):
            return EMPTY
        if self.value <= max(self.expected, self.noise_limit) and self.value > 0:
            return NOISE
        if self.value < MODERATE:
            return STABLE
        return MODERATE_WORD if self.value < LARGE else LARGE_WORD


def psi_of(before: Sequence[float], after: Sequence[float]) -> Psi:
    """Σ (q − p) · ln(q / p) over the bins, p and q their shares before and after.

    Bins that are empty on both sides do not count; one that is empty on one side gets half a row
    there. Without drift the expected value is (B − 1) · (1/n + 1/m) for B bins and samples of n and
    m rows, and PSI / (1/n + 1/m) is distributed about as chi-square with B − 1 degrees of freedom
    (Yurdakul and Naranjo 2020, "Statistical properties of the population stability index").
    """
    if len(before) != len(after):
        raise ValueError("both samples need the same bins")
    n, m = sum(before), sum(after)
    if not n or not m:
        return Psi(math.nan if n or m else 0.0, 0.0, 0.0)
    value, bins = 0.0, 0
    for a, b in zip(before, after, strict=True):
        if not a and not b:
            continue
        bins += 1
        p, q = (a or 0.5) / n, (b or 0.5) / m
        value += (q - p) * math.log(q / p)
    spread = 1 / n + 1 / m
    return Psi(value, (bins - 1) * spread, chi_square_99(bins - 1) * spread)


def chi_square_99(degrees: int) -> float:
    """The 99% point of chi-square, by Wilson and Hilferty's cube (within 2% of the true one)."""
    if degrees < 1:
        return 0.0
    part = 2 / (9 * degrees)
    return float(degrees * (1 - part + Z99 * math.sqrt(part)) ** 3)
