"""The story of a fit: a labelled file and wishes come in, a card that the engine has read back and
everything that is known of it go out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.errors import ChengxinError
from app.fitting.binning import Binning, BinningRules, bin_column
from app.fitting.errors import BadData
from app.fitting.frame import Candidate, Frame, Wanted, read_frame
from app.fitting.measures import curve_of
from app.fitting.points import Points, Scale, give_points
from app.fitting.regression import Choice, Regression, regress, select
from app.fitting.split import Split, split_frame
from app.fitting.writing import Label, name_reasons, write_card
from app.rules.catalogue import Input
from app.rules.document import load_yaml
from app.rules.problems import Problem, render
from app.rules.scope import Scope
from app.rules.types import BOOLEAN, MONEY, TEXT
from app.rules.vector import Column, Money, Number, Truth, Words
from app.scoring.compiled import CompiledScorecard
from app.scoring.scorecard import read_scorecard

LEAKS_ABOVE = 0.95
PERFECT_ABOVE = 1 - 1e-9
PERFECT = (
    "it tells bad from good without a fault, as only the outcome does, or what is known after it"
)
Progress = Callable[[int, int, str], object]  # done, of how many, what is next


@dataclass(frozen=True, slots=True)
class Wishes:
    """Everything that the user chose beside the file."""

    name: str
    wanted: Wanted
    rules: BinningRules = field(default_factory=BinningRules)
    choice: Choice = field(default_factory=Choice)
    scale: Scale = field(default_factory=Scale)
    holdout: float = 0.3
    split_date: date | None = None
    seed: int = 0
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fit:
    """What came out. exact: the score before rounding; scores: as the engine gives them from the
    written card. left_out: column → why.
    """

    wishes: Wishes
    frame: Frame
    split: Split
    binnings: tuple[Binning, ...]
    regression: Regression
    points: Points
    reasons: tuple[str, ...]
    text: str
    exact: NDArray[np.float64]
    scores: NDArray[np.float64]
    left_out: Mapping[str, str]
    warnings: tuple[str, ...]


class Unfit(ChengxinError):
    """The engine does not take the written card: a fault of this program, told with its place."""


def fit_scorecard(
    path: Path, wishes: Wishes, catalogue: Mapping[str, Input], progress: Progress | None = None
) -> Fit:
    """Read, split, bin, select, regress, give points, write, read back. Raises BadData."""
    frame = read_frame(path, wishes.wanted, catalogue)
    split = split_frame(frame, wishes.holdout, wishes.split_date, wishes.seed)
    left_out, warnings = dict(frame.left_out), list(frame.warnings)
    binnings = _bin(frame, split, wishes, left_out, progress)
    if not binnings:
        told = "; ".join(f"'{name}': {why}" for name, why in left_out.items())
        raise BadData(f"no column can be used: {told}")
    kept = select(binnings, wishes.choice, split.train, left_out)
    regression, points = _regress_to_points(kept, frame, split, wishes.scale, left_out)
    warnings += _warn(regression, frame, split.train)
    reasons = tuple(name_reasons(regression.binnings, wishes.reasons))
    strangers = sorted(set(wishes.reasons) - {one.name for one in regression.binnings})
    if strangers:
        warnings.append(f"reasons are given for columns that the card lacks: {_list(strangers)}")
    label = Label(wishes.name, tuple(_comments(frame, split, wishes)))
    text = write_card(label, regression, points, reasons)
    scores = score_by_engine(text, wishes.name, regression)
    if not np.array_equal(scores, points.score(regression)):
        raise Unfit(
            "the engine scores the written card otherwise than the fit: tell the developers"
        )
    return Fit(
        wishes,
        frame,
        split,
        tuple(binnings),
        regression,
        points,
        reasons,
        text,
        wishes.scale.score(regression.log_odds()),
        scores,
        left_out,
        tuple(warnings),
    )


def _bin(
    frame: Frame,
    split: Split,
    wishes: Wishes,
    left_out: dict[str, str],
    progress: Progress | None,
) -> list[Binning]:
    found = []
    total = len(frame.candidates)
    for done, candidate in enumerate(frame.candidates):
        if progress is not None:
            progress(done, total, candidate.name)
        one = bin_column(candidate, frame.bad, split.train, wishes.rules)
        if isinstance(one, str):
            perfect = auc_alone(candidate, frame.bad, split.train) > PERFECT_ABOVE
            left_out[candidate.name] = PERFECT if perfect else one
        else:
            found.append(one)
    if progress is not None:
        progress(total, total, "")
    return found


def _regress_to_points(
    kept: list[Binning], frame: Frame, split: Split, scale: Scale, left_out: dict[str, str]
) -> tuple[Regression, Points]:
    """Again without those whose points are all the same after rounding, until there are none."""
    while True:
        regression = regress(kept, frame.bad, split.train, left_out)
        points = give_points(regression, scale, split.train)
        idle = [
            one
            for one, table in zip(regression.binnings, points.table, strict=True)
            if len(set(table)) == 1
        ]
        if not idle:
            return regression, points
        for one in idle:
            left_out[one.name] = "beside the others all its bins would get the same whole points"
        kept = [one for one in regression.binnings if one not in idle]


def _warn(regression: Regression, frame: Frame, train: NDArray[np.bool_]) -> list[str]:
    found = []
    for candidate in frame.candidates:
        auc = auc_alone(candidate, frame.bad, train)
        if auc > LEAKS_ABOVE:
            found.append(
                f"{candidate.name}: alone it tells bad from good with an AUC of {auc:.3f}; it may"
                " be something that was known only afterwards. Leave it out with"
                f" --exclude {candidate.name} unless you know better"
            )
    for one in regression.binnings:
        missing = one.groups[-1]
        if missing.is_own and missing.woe > 0:
            found.append(
                f"{one.name}: a missing value earns more than the average; make sure that nobody"
                " can gain by silence, or use --missing worst"
            )
        best = max((group.woe for group in one.groups if group.kind == "bin"), default=math.inf)
        for group in one.groups:
            if group.kind == "special" and group.woe > best:
                found.append(
                    f"{one.name}: the special code in '{group.label}' earns more than any number;"
                    " make sure that it means something good"
                )
    return found


def auc_alone(candidate: Candidate, bad: NDArray[np.bool_], train: NDArray[np.bool_]) -> float:
    """How well a column's own values tell bad from good, whichever way they point; texts by the bad
    rate of each.
    """
    here = candidate.known & train
    values, labels = candidate.values[here], bad[here]
    if not candidate.is_number and len(values):
        codes = values.astype(int)
        rates = np.bincount(codes, labels) / np.maximum(np.bincount(codes), 1)
        values = rates[codes]
    curve = curve_of(values, labels) if len(values) else None
    return max(curve.auc, 1 - curve.auc) if curve else 0.5


def _comments(frame: Frame, split: Split, wishes: Wishes) -> list[str]:
    scale, count = wishes.scale, len(frame.bad)
    return [
        "Made by chengxin scorecard fit from labelled data; its model card says how good it is.",
        f"data: {frame.path.name}, {count:,} rows, sha256 {frame.sha256}",
        f"target {wishes.wanted.target}; {split.how}; seed {wishes.seed}",
        f"{scale.pdo:g} points double the odds of good to bad; {scale.base_score:g} points stand"
        f" for {scale.base_odds:g} : 1",
    ]


def _list(names: list[str]) -> str:
    return ", ".join(names)


# --- the written card, read back ---


def score_by_engine(text: str, name: str, regression: Regression) -> NDArray[np.float64]:
    """The scores that the numpy evaluator gives from the card's text. Raises Unfit."""
    types = {one.name: one.candidate.of for one in regression.binnings}
    problems: list[Problem] = []
    card = read_scorecard(load_yaml(f"{name}.yaml", text), Scope(types), problems)
    if card is None or problems:
        raise Unfit("\n".join(render(one) for one in problems))
    compiled = CompiledScorecard(card, "scorecard", frozenset())
    columns = {one.name: column_of_candidate(one) for one in regression.binnings}
    stage, _ = compiled.judge_columns(columns, len(regression.binnings[0].at))
    score = stage.gives["score"]
    assert isinstance(score, Number)
    return score.values


def column_of_candidate(binning: Binning) -> Column:
    """The column as the engine would hold it."""
    one = binning.candidate
    if one.of.kind == BOOLEAN:
        return Truth(one.known & (one.values == 1), one.known & (one.values == 0))
    if one.of.kind == TEXT:
        return Words(np.where(one.known, one.values, -1).astype(np.int32), one.words)
    if one.of.kind == MONEY:
        return Money(np.where(one.known, one.values, 0).astype(np.int64), one.known)
    return Number(np.where(one.known, one.values, np.nan))
