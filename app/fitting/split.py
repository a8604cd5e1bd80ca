"""A frame comes in; which rows are learned from and which are held out goes out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from app.fitting.errors import BadData
from app.fitting.frame import Frame

LEAST_OF_EACH = 30  # bads, and goods, in the rows that are learned from
FEW = 200  # below this a warning


@dataclass(frozen=True, slots=True)
class Split:
    """`train` is the mask of the rows that are learned from; the others are held out."""

    train: NDArray[np.bool_]
    how: str


def split_frame(frame: Frame, holdout: float, split_date: date | None, seed: int) -> Split:
    """By date where one is given, else at random, stratified by the target. Raises BadData."""
    if split_date is not None:
        split = _split_by_date(frame, split_date)
    elif holdout == 0:
        split = Split(np.ones(len(frame.bad), bool), "no rows held out")
        frame.warnings.append("no rows were held out: the measures are flattering")
    else:
        split = _split_at_random(frame, holdout, seed)
    _check_size(frame, split)
    _check_held(frame, split)
    return split


def _split_by_date(frame: Frame, split_date: date) -> Split:
    if frame.dates is None:
        raise BadData("--split-date needs --date-column, the column that holds the dates")
    train = frame.dates < np.datetime64(split_date)
    if train.all() or not train.any():
        first, last = frame.dates.min(), frame.dates.max()
        raise BadData(
            f"--split-date {split_date} leaves all rows on one side; dates run from {first}"
            f" to {last}"
        )
    return Split(train, f"rows before {split_date} learned from, the others held out")


def _split_at_random(frame: Frame, holdout: float, seed: int) -> Split:
    """Rows with one id stay together; each id is as bad as its worst row."""
    draw = np.random.default_rng(seed)
    count = len(frame.bad)
    groups = np.arange(count) if frame.ids is None else frame.ids
    size = int(groups.max()) + 1
    bad_groups = np.bincount(groups, frame.bad, size) > 0
    held = np.zeros(size, bool)
    for kind in (bad_groups, ~bad_groups):
        places = np.flatnonzero(kind)
        held[draw.permutation(places)[: round(len(places) * holdout)]] = True
    if size < count:
        frame.warnings.append(
            f"ids stand {count / size:.1f} times on average; rows of one id stay on one side of"
            " the split"
        )
    if not held.any():
        raise BadData(
            f"--holdout {holdout:g} of {size:,} {'rows' if size == count else 'ids'} leaves nothing"
            " to hold out; raise it, or write --holdout 0"
        )
    how = f"{holdout:.0%} of the rows held out at random, stratified by the target"
    return Split(~held[groups], how)


def _check_size(frame: Frame, split: Split) -> None:
    bads = int(frame.bad[split.train].sum())
    goods = int(split.train.sum()) - bads
    for word, count in (("bad", bads), ("good", goods)):
        if count < LEAST_OF_EACH:
            raise BadData(
                f"there are only {count} {word} rows to learn from; at least {LEAST_OF_EACH} are"
                " needed"
            )
        if count < FEW:
            frame.warnings.append(
                f"there are only {count} {word} rows to learn from: all measures are rough"
            )


def _check_held(frame: Frame, split: Split) -> None:
    """Warn where what was held out can tell little."""
    rows = int((~split.train).sum())
    bads = int(frame.bad[~split.train].sum())
    for word, count in (("bad", bads), ("good", rows - bads)):
        if rows and not count:
            frame.warnings.append(
                f"no {word} row is held out: AUC and KS of the rows held out cannot be told"
            )
        elif rows and count < LEAST_OF_EACH:
            frame.warnings.append(
                f"only {count} {word} rows are held out: their measures are rough"
            )
