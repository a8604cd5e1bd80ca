"""Splits and special codes come in; bins of numbers as tests of the ruleset language go out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


def shortest_between(below: float, above: float, step: Decimal | None, scale: int) -> Decimal:
    """The shortest decimal that is more than `below` and at most `above` (both divided by `scale`):
    it splits the same rows. `step`: the smallest unit that may be written, None for any.
    """
    low, high = Decimal(repr(below)) / scale, Decimal(repr(above)) / scale
    exponent = max(low.copy_abs(), high.copy_abs(), Decimal(1)).adjusted() + 1
    least = step.adjusted() if step is not None else -340
    while exponent >= least:
        unit = Decimal(1).scaleb(exponent)
        found = ((low / unit).to_integral_value(ROUND_FLOOR) + 1) * unit
        if low < found <= high and below < float(found * scale) <= above:
            return found
        exponent -= 1
    return high


def write_number(value: Decimal) -> str:
    """As it stands in a ruleset: no exponent, thousands with an underscore."""
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    sign, text = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, dot, rest = text.partition(".")
    if whole.strip("0") == "" and rest.strip("0") == "":
        return "0"
    return f"{sign}{int(whole):_}{dot}{rest}"


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval of values and the group (a place in a list of groups) that it belongs to."""

    low: Decimal | None
    has_low: bool
    high: Decimal | None
    has_high: bool
    group: int

    def write(self) -> str:
        """The cell."""
        if self.low is None and self.high is None:
            return "-"
        if self.low is None:
            assert self.high is not None
            return f"{'<=' if self.has_high else '<'} {write_number(self.high)}"
        if self.high is None:
            return f"{'>=' if self.has_low else '>'} {write_number(self.low)}"
        left, right = "[" if self.has_low else "(", "]" if self.has_high else ")"
        return f"{left}{write_number(self.low)}..{write_number(self.high)}{right}"

    def holds(self, values: NDArray[np.float64], scale: int) -> NDArray[np.bool_]:
        """Which values lie in it (values are `scale` times what is written)."""
        low = -math.inf if self.low is None else float(self.low * scale)
        high = math.inf if self.high is None else float(self.high * scale)
        above = values >= low if self.has_low else values > low
        below = values <= high if self.has_high else values < high
        return above & below


def lay_out(
    splits: Sequence[Decimal],
    codes: Sequence[tuple[Decimal, int]],
    ordinary: NDArray[np.float64],
    scale: int,
) -> list[Interval]:
    """Intervals in order that cover all numbers: bins 0 to len(splits) of ordinary values, with the
    special codes cut out as `(code, group)`.

    A stretch beside a code without ordinary values joins that code.
    """
    cuts = sorted(
        {(split, True) for split in splits}
        | {(code, included) for code, _ in codes for included in (True, False)},
        key=lambda cut: (cut[0], not cut[1]),
    )
    of_code = dict(codes)
    ends: list[tuple[Decimal | None, bool]] = [(None, False), *cuts, (None, False)]
    found: list[Interval] = []
    for (low, has_low), (high, next_has) in pairwise(ends):
        is_code = low is not None and low == high
        if is_code:
            assert low is not None
            group = of_code[low]
        else:
            group = sum(1 for split in splits if low is not None and split <= low)
        found.append(Interval(low, has_low, high, high is not None and not next_has, group))
    return _join(_absorb(found, len(splits), ordinary, scale))


def _absorb(
    intervals: list[Interval], last: int, ordinary: NDArray[np.float64], scale: int
) -> list[Interval]:
    """Give empty stretches to the code after them, or else to the code before."""
    found = list(intervals)
    for place, one in enumerate(found):
        if one.group > last or one.holds(ordinary, scale).any():
            continue
        after = found[place + 1].group if place + 1 < len(found) else -1
        before = found[place - 1].group if place else -1
        group = after if after > last else before
        if group > last:
            found[place] = Interval(one.low, one.has_low, one.high, one.has_high, group)
    return found


def _join(intervals: list[Interval]) -> list[Interval]:
    """Neighbours of one group become one interval."""
    found = [intervals[0]]
    for one in intervals[1:]:
        before = found[-1]
        if before.group == one.group:
            found[-1] = Interval(before.low, before.has_low, one.high, one.has_high, one.group)
        else:
            found.append(one)
    return found
