"""Counts and amounts of two groups come in; intervals and the odds that chance alone would do as
much go out.

Wilson's interval for a share (Wilson 1927); the normal interval for a mean; Pearson's χ² for
counts, in its closed forms for one and two degrees of freedom; Welch's difference of means by the
normal distribution; McNemar's exact test for pairs; Holm's correction for several tests.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist, fmean, variance

CONFIDENCE = 0.95
CHANCE = 0.05  # below it, groups are said to differ by more than chance
FEWEST_EXPECTED = 5.0  # of a cell, for χ² to say anything (Cochran's rule)
FEWEST_FOR_MEANS = 30
_NORMAL = NormalDist()
_Z = _NORMAL.inv_cdf(0.5 + CONFIDENCE / 2)


def interval_of_share(count: int, size: int) -> tuple[float, float] | None:
    """Wilson's interval; None of nobody."""
    if size == 0:
        return None
    share, z2 = count / size, _Z * _Z
    middle = (share + z2 / (2 * size)) / (1 + z2 / size)
    half = _Z * math.sqrt(share * (1 - share) / size + z2 / (4 * size * size)) / (1 + z2 / size)
    return max(0.0, middle - half), min(1.0, middle + half)


def interval_of_mean(values: Sequence[float]) -> tuple[float, float] | None:
    """By the normal distribution; None of fewer than two."""
    if len(values) < 2:
        return None
    half = _Z * math.sqrt(variance(values) / len(values))
    mean = fmean(values)
    return mean - half, mean + half


def chance_of_counts(one: Mapping[str, int], other: Mapping[str, int]) -> float | None:
    """The odds that two groups drawn from one would differ so much in up to three kinds; None where
    they are too few to say.
    """
    kinds = [kind for kind in {**one, **other} if one.get(kind, 0) + other.get(kind, 0)]
    sizes = sum(one.values()), sum(other.values())
    if not all(sizes):
        return None
    if len(kinds) < 2:
        return 1.0 if min(sizes) >= FEWEST_EXPECTED else None
    total = sum(sizes)
    square = 0.0
    for kind in kinds:
        both = one.get(kind, 0) + other.get(kind, 0)
        for group, size in ((one, sizes[0]), (other, sizes[1])):
            expected = both * size / total
            if expected < FEWEST_EXPECTED:
                return None
            square += (group.get(kind, 0) - expected) ** 2 / expected
    if len(kinds) == 2:
        return math.erfc(math.sqrt(square / 2))
    if len(kinds) == 3:
        return math.exp(-square / 2)
    raise ValueError(f"{len(kinds)} kinds; at most three can be tested")


def chance_of_means(one: Sequence[float], other: Sequence[float]) -> float | None:
    """The same of two means; None where either has fewer than 30."""
    if min(len(one), len(other)) < FEWEST_FOR_MEANS:
        return None
    error = math.sqrt(variance(one) / len(one) + variance(other) / len(other))
    difference = abs(fmean(one) - fmean(other))
    if error == 0.0:
        return 1.0 if difference == 0.0 else 0.0
    return math.erfc(difference / error / math.sqrt(2))


def chance_of_pairs(only_one: int, only_other: int) -> float:
    """McNemar's exact test: pairs that differ should fall to either side as a coin does."""
    size, fewer = only_one + only_other, min(only_one, only_other)
    if size == 0:
        return 1.0
    if size > 1_000:  # the normal form, with its correction
        return math.erfc(max(0.0, abs(only_one - only_other) - 1) / math.sqrt(2 * size))
    tail: float = sum(math.comb(size, k) for k in range(fewer + 1)) / 2**size
    return min(1.0, 2 * tail)


def correct_for_many(chances: Mapping[str, float]) -> dict[str, float]:
    """Holm's correction: of twenty tests one is below 0.05 by chance."""
    corrected: dict[str, float] = {}
    highest = 0.0
    for place, name in enumerate(sorted(chances, key=lambda one: chances[one])):
        highest = max(highest, min(1.0, chances[name] * (len(chances) - place)))
        corrected[name] = highest
    return corrected


def say(chance: float | None) -> str:
    """In plain words."""
    if chance is None:
        return "too few to say"
    shown = "p < 0.0001" if chance < 0.0001 else f"p = {chance:.4f}"
    if chance < CHANCE:
        return f"the two differ by more than chance ({shown})"
    return f"no more than chance would do ({shown})"
