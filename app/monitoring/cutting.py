"""A column of a reference and of a later snapshot comes in; bins with the counts of both go out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.rules.vector import Column, Money, Number, Truth, Words
from app.scoring.scorecard import Characteristic

MISSING = "missing"
OTHERS = "others"
BINS = 10
MOST_WORDS = 20  # of the reference; other texts are taken together


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows by bin in both snapshots. Bins that are empty in both are left out."""

    labels: tuple[str, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]

    def shares(self) -> list[dict[str, object]]:
        n, m = max(1, sum(self.before)), max(1, sum(self.after))
        return [
            {"bin": label, "before": a, "after": b, "before_share": a / n, "after_share": b / m}
            for label, a, b in zip(self.labels, self.before, self.after, strict=True)
        ]


def count_labels(
    labels: Sequence[str], before: NDArray[np.integer], after: NDArray[np.integer]
) -> Counts:
    """Places in `labels`, of each row, as counts."""
    size = len(labels)
    a, b = np.bincount(before, minlength=size), np.bincount(after, minlength=size)
    kept = [place for place in range(size) if a[place] or b[place]]
    return Counts(
        tuple(labels[place] for place in kept),
        tuple(int(a[place]) for place in kept),
        tuple(int(b[place]) for place in kept),
    )


def cut_columns(before: Column, after: Column, count: tuple[int, int]) -> Counts:
    """Numbers by deciles of the reference, texts and booleans by value, missing by itself."""
    if isinstance(before, Truth) and isinstance(after, Truth):
        places = [
            _wide(np.where(one.true, 1, np.where(one.false, 0, 2)), size)
            for one, size in zip((before, after), count, strict=True)
        ]
        return count_labels(("false", "true", MISSING), *places)
    if isinstance(before, Words) and isinstance(after, Words):
        return _cut_words(before, after, count)
    x, y = numbers_of(before, count[0]), numbers_of(after, count[1])
    return cut_numbers(x, y, 100 if isinstance(before, Money) else 1)


def numbers_of(column: Column, count: int) -> NDArray[np.float64]:
    """A column of numbers or money as float64, NaN where it is missing."""
    if isinstance(column, Money):
        found = np.where(column.known, column.fens.astype(np.float64), np.nan)
    elif isinstance(column, Number):
        found = column.values
    else:
        raise TypeError("only numbers and money are cut by value")
    return np.array(np.broadcast_to(found, (count,)))


def cut_numbers(
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    scale: int = 1,
    edges: Sequence[tuple[float, bool]] | None = None,
    labels: Sequence[str] | None = None,
) -> Counts:
    """By the `edges` of a scorecard (value, whether it belongs to the upper bin) and its labels, or
    by deciles of `before`. A value that many rows share is a bin of its own where it is a decile.
    """
    if edges is None:
        known = before[~np.isnan(before)]
        edges = _deciles(known if len(known) else after[~np.isnan(after)])
    if labels is None:
        labels = _label(edges, scale)
    places = []
    for values in (before, after):
        at = np.zeros(len(values), dtype=np.int64)
        with np.errstate(invalid="ignore"):
            for edge, included in edges:
                at += (values >= edge) if included else (values > edge)
        at[np.isnan(values)] = len(edges) + 1
        places.append(at)
    return count_labels([*labels, MISSING], *places)


def cut_by_card(
    characteristic: Characteristic, before: NDArray[np.int8], after: NDArray[np.int8]
) -> Counts:
    """The scorecard's own bins, as it placed each row; the last is missing."""
    labels = [*characteristic.labels, MISSING]
    return count_labels(labels, before.astype(np.int64), after.astype(np.int64))


def _deciles(known: NDArray[np.float64]) -> list[tuple[float, bool]]:
    """Edges at the deciles: values up to and with an edge lie below it."""
    if not len(known):
        return []
    cuts = np.unique(np.quantile(known, np.arange(1, BINS) / BINS, method="lower"))
    edges: list[tuple[float, bool]] = []
    # A decile that is the least value would leave everything else in one bin with it.
    for cut in cuts.tolist():
        edges.append((cut, False))
    if len(cuts) == 1 and (known >= cuts[0]).all() and (known > cuts[0]).mean() < 1 / BINS:
        edges.insert(0, (float(cuts[0]), True))
    return edges


def _label(edges: Sequence[tuple[float, bool]], scale: int) -> list[str]:
    if not edges:
        return ["all"]
    words = [_write(edge / scale) for edge, _ in edges]
    labels = [f"{'<' if edges[0][1] else '≤'} {words[0]}"]
    for place in range(1, len(edges)):
        if edges[place - 1] == (edges[place][0], True) and not edges[place][1]:
            labels.append(words[place])  # one value
            continue
        left = "[" if edges[place - 1][1] else "("
        right = ")" if edges[place][1] else "]"
        labels.append(f"{left}{words[place - 1]} .. {words[place]}{right}")
    labels.append(f"{'≥' if edges[-1][1] else '>'} {words[-1]}")
    return labels


def _write(value: float) -> str:
    """With the digits that tell one edge from the next, thousands with commas."""
    if abs(value) >= 1000:
        return f"{value:,.2f}".removesuffix(".00")
    return f"{value:.6g}"


def _cut_words(before: Words, after: Words, count: tuple[int, int]) -> Counts:
    codes = [_wide(one.codes, size) for one, size in zip((before, after), count, strict=True)]
    sizes = np.bincount(codes[0][codes[0] >= 0], minlength=len(before.words))
    common = [before.words[place] for place in np.argsort(-sizes, kind="stable")[:MOST_WORDS]]
    labels = [*common, OTHERS, MISSING]
    places = []
    for one, of in zip((before, after), codes, strict=True):
        table = [common.index(word) if word in common else len(common) for word in one.words]
        places.append(np.array([*table, len(common) + 1], dtype=np.int64)[of])
    return count_labels(labels, *places)


def _wide(array: NDArray[np.integer], count: int) -> NDArray[np.integer]:
    return np.broadcast_to(array, (count,))
