"""A column and the target come in; bins with counts, WoE and IV go out.

optbinning finds where to cut (docs/decisions/0020-scorecards-from-data.md); what a bin is worth is
counted here, over the bins as they are written into the scorecard.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.fitting.errors import NoFitExtra
from app.fitting.frame import Candidate
from app.fitting.intervals import lay_out, shortest_between
from app.fitting.measures import curve_of
from app.rules.types import BOOLEAN, MONEY

Mask = NDArray[np.bool_]
TOO_FEW = 30  # rows; below this a special group's own rate is an accident
RARE_SHARE = 0.01  # categories below this share of the rows are taken together
TRENDS = {"higher_is_better": "descending", "lower_is_better": "ascending"}  # of the bad rate
TIME_LIMIT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that get the same points. kind: bin | special | missing | other. Counts are of the rows
    that are learned from. `is_own`: its WoE comes from its own rows, not from the worst bin.
    """

    kind: str
    label: str
    count: int
    bad: int
    woe: float
    is_own: bool


@dataclass(frozen=True, slots=True)
class Binning:
    """`cells`: the tests of the scorecard's bins in order, with the place of each one's group; the
    last group is missing. `at`: the group of every row.
    """

    candidate: Candidate
    groups: tuple[Group, ...]
    cells: tuple[tuple[str, int], ...]
    at: NDArray[np.intp]
    iv: float
    auc: float

    @property
    def name(self) -> str:
        return self.candidate.name

    @property
    def woes(self) -> NDArray[np.float64]:
        """The WoE of every row."""
        return np.array([group.woe for group in self.groups])[self.at]


@dataclass(frozen=True, slots=True)
class BinningRules:
    """What the user chose. special: codes in the unit of the file. own_special: each its own bin;
    else they count as missing. own_missing: missing earns what its rows say; else the worst bin's
    points.
    """

    special: tuple[Decimal, ...] = ()
    own_special: bool = True
    own_missing: bool = True
    max_bins: int | None = None
    money_in_yuan: bool = False


def bin_column(candidate: Candidate, bad: Mask, train: Mask, rules: BinningRules) -> Binning | str:
    """The bins of a column, or why it has none."""
    known = candidate.known & train
    if not known.any():
        return "it has no values in the rows that are learned from"
    values = candidate.values[known]
    if (values == values[0]).all() and known.sum() == train.sum():
        return f"it is constant: every row has {_show(candidate, float(values[0]))}"
    if candidate.is_number:
        cells, at, kinds = _cut_numbers(candidate, bad, train, rules)
    else:
        cells, at, kinds = _group_words(candidate, bad, train)
    found = _count(candidate, cells, at, kinds, bad, train, rules)
    if sum(1 for group in found.groups if group.count) < 2:
        direction = TRENDS.get(candidate.direction)
        against = (
            f"; the catalogue says {candidate.direction}, and by the data no cut agrees with that"
            if direction
            else ""
        )
        return f"no cut tells bad from good{against}"
    return found


def _show(candidate: Candidate, value: float) -> str:
    return f"{value:g}" if candidate.is_number else f"'{candidate.words[int(value)]}'"


Cut = tuple[list[tuple[str, int]], NDArray[np.intp], list[str]]  # cells, group of rows, kinds


def _cut_numbers(candidate: Candidate, bad: Mask, train: Mask, rules: BinningRules) -> Cut:
    is_money = candidate.of.kind == MONEY
    scale = 100 if is_money else 1
    unit = 100 if is_money and rules.money_in_yuan else 1
    codes = [code for code in rules.special if (candidate.values == float(code * unit)).any()]
    special = np.isin(candidate.values, [float(code * unit) for code in codes])
    ordinary = candidate.known & ~special
    x, y = candidate.values[ordinary & train], bad[ordinary & train]
    step = {"integer": Decimal(1), "money": Decimal("0.01")}.get(candidate.of.declared)
    splits = [
        shortest_between(below, above, step, scale)
        for below, above in _find_splits(candidate, x, y, rules)
    ]
    last = len(splits)
    written = [(code * unit / scale) for code in codes]
    kinds = ["bin"] * (last + 1)
    if rules.own_special:
        kinds += ["special"] * len(codes) + ["missing"]
        groups = [last + 1 + place for place in range(len(codes))]
    else:
        kinds += ["missing"]
        groups = [last + 1] * len(codes)
    intervals = lay_out(splits, list(zip(written, groups, strict=True)), x, scale)
    at = np.full(len(bad), len(kinds) - 1, dtype=np.intp)
    for one in intervals:
        with np.errstate(invalid="ignore"):
            at[one.holds(candidate.values, scale)] = one.group
    return [(one.write(), one.group) for one in intervals], at, kinds


def _find_splits(
    candidate: Candidate, x: NDArray[np.float64], y: Mask, rules: BinningRules
) -> list[tuple[float, float]]:
    """Cuts that keep the bad rate monotone, in the declared direction where there is one: the
    values on both sides of each.

    Ranks are cut in place of values: the order is the same, and no value is too small or too great
    for the trees that optbinning begins with, which compute in float32.
    """
    if len(x) < 2 * TOO_FEW or y.all() or not y.any() or (x == x[0]).all():
        return []
    found = optimal_binning(
        name=candidate.name,
        dtype="numerical",
        monotonic_trend=TRENDS.get(candidate.direction, "auto_asc_desc"),
        max_n_bins=rules.max_bins,
        time_limit=TIME_LIMIT_SECONDS,
    )
    values, ranks = np.unique(x, return_inverse=True)
    places = sorted({math.ceil(split) for split in _fit(found, ranks.astype(float), y)})
    return [(float(values[p - 1]), float(values[p])) for p in places if 0 < p < len(values)]


def _group_words(candidate: Candidate, bad: Mask, train: Mask) -> Cut:
    """Texts in groups; those that are rare, or that no row had, in the bin of all others."""
    codes = np.where(candidate.known, candidate.values, -1).astype(int)
    counts = np.bincount(codes[candidate.known & train], minlength=len(candidate.words))
    if candidate.of.kind == BOOLEAN:
        groups = [[0], [1]]
    else:
        least = max(TOO_FEW, RARE_SHARE * train.sum())
        common = [place for place, count in enumerate(counts) if count >= least]
        groups = _find_groups(candidate, codes, common, bad, train)
    table = np.full(len(candidate.words) + 1, len(groups), dtype=np.intp)
    for group, places in enumerate(groups):
        table[places] = group
    kinds, needs_rest = ["bin"] * len(groups), True
    if candidate.of.kind == BOOLEAN:
        needs_rest = False
    elif candidate.of.values is not None:
        named = {candidate.words[place] for places in groups for place in places}
        needs_rest = not named.issuperset(candidate.of.values)
    if needs_rest:
        kinds.append("other")
    table[-1] = len(kinds)
    kinds.append("missing")
    cells = [
        (", ".join(_quote(candidate, p) for p in places), g) for g, places in enumerate(groups)
    ]
    if needs_rest:
        cells.append(("-", len(groups)))
    return cells, table[codes], kinds


def _find_groups(
    candidate: Candidate, codes: NDArray[np.intp], common: Sequence[int], bad: Mask, train: Mask
) -> list[list[int]]:
    sizes = np.bincount(codes[train & (codes >= 0)], minlength=len(candidate.words))
    bads = np.bincount(codes[train & bad & (codes >= 0)], minlength=len(candidate.words))
    # optbinning merges a category that has only bads, or only goods, into the others.
    pure = [[p for p in common if bads[p] == sizes[p]], [p for p in common if not bads[p]]]
    mixed = [p for p in common if 0 < bads[p] < sizes[p]]
    groups = [group for group in pure if group]
    here = np.isin(codes, mixed) & train
    if len(mixed) < 2:
        return [*groups, mixed] if mixed else groups
    found = optimal_binning(name=candidate.name, dtype="categorical", time_limit=TIME_LIMIT_SECONDS)
    splits = _fit(found, codes[here], bad[here])
    mixed_groups = [sorted(int(one) for one in group) for group in splits]
    return [*groups, *(mixed_groups or [mixed])]


def _quote(candidate: Candidate, place: int) -> str:
    word = candidate.words[place]
    if candidate.of.kind == BOOLEAN:
        return word
    return json.dumps(word, ensure_ascii=not word.isprintable())


def optimal_binning(**options: Any) -> Any:
    """An OptimalBinning of optbinning. Raises NoFitExtra."""
    try:
        from optbinning import OptimalBinning
    except ImportError:
        raise NoFitExtra(
            "scorecard fit needs the extra 'fit': run pip install -e '.[fit]'"
        ) from None
    return OptimalBinning(**options)


def _fit(binning: Any, x: NDArray[Any], y: Mask) -> Sequence[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        binning.fit(x, y.astype(int))
    return list(binning.splits)


# --- what bins are worth ---


def _count(
    candidate: Candidate,
    cells: list[tuple[str, int]],
    at: NDArray[np.intp],
    kinds: list[str],
    bad: Mask,
    train: Mask,
    rules: BinningRules,
) -> Binning:
    size = len(kinds)
    counts = np.bincount(at[train], minlength=size)
    bads = np.bincount(at[train & bad], minlength=size)
    goods = counts - bads
    woes = [
        weigh(int(b), int(g), int(bads.sum()), int(goods.sum()))
        for b, g in zip(bads, goods, strict=True)
    ]
    own = [
        _speaks(kind, int(b), int(g), rules) for kind, b, g in zip(kinds, bads, goods, strict=True)
    ]
    worst = min([woe for woe, is_own in zip(woes, own, strict=True) if is_own], default=0.0)
    woes = [woe if is_own else min(worst, 0.0) for woe, is_own in zip(woes, own, strict=True)]
    iv = sum(
        (g / goods.sum() - b / bads.sum()) * woe
        for b, g, woe in zip(bads, goods, woes, strict=True)
    )
    labels = _label(cells, kinds)
    groups = tuple(
        Group(kind, label, int(n), int(b), woe, is_own)
        for kind, label, n, b, woe, is_own in zip(
            kinds, labels, counts, bads, woes, own, strict=True
        )
    )
    curve = curve_of(np.array(woes)[at[train]], bad[train])
    return Binning(candidate, groups, tuple(cells), at, float(iv), curve.auc if curve else 0.5)


def weigh(bad: int, good: int, all_bad: int, all_good: int) -> float:
    """WoE: ln of the group's share of goods over its share of bads. Half a row is added to each
    where a group has none of one kind.
    """
    b, g = float(bad), float(good)
    if not bad or not good:
        b, g = b + 0.5, g + 0.5
    return float(np.log((g / all_good) / (b / all_bad)))


def _speaks(kind: str, bad: int, good: int, rules: BinningRules) -> bool:
    """Whether a group's own rows say what it is worth."""
    if kind == "bin":
        return bad + good > 0
    if kind == "missing" and not rules.own_missing:
        return False
    return bad + good >= TOO_FEW


def _label(cells: list[tuple[str, int]], kinds: list[str]) -> list[str]:
    labels = []
    for group, kind in enumerate(kinds):
        written = [when for when, of in cells if of == group]
        if kind == "missing":
            written.append("missing")
        labels.append("; ".join(written))
    return labels
