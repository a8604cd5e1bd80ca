"""A checked scorecard made ready to score one merchant or columns of them; both add the same points
in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.rules.arithmetic import Floats
from app.rules.program import build_program
from app.rules.scalar import compile_scalar
from app.rules.stages import StageColumns, StageResult
from app.rules.vector import Column, Money, Number, Truth, VectorProgram, Words
from app.scoring.scorecard import Characteristic, Scorecard

MISSING = "missing"
NO_LOSS = np.iinfo(np.int16).max
WITHOUT_SCORE = "refer"  # the outcome where nothing is known to score


class CompiledScorecard:
    """Gives `score`. It never declines by itself: tiers do.

    Where every characteristic that reads data is missing there is no score: silence earns no
    points. `data`: the names of the catalogue's inputs, in contrast to what earlier stages gave.
    """

    def __init__(self, card: Scorecard, stage: str, data: frozenset[str]) -> None:
        self.card, self.stage = card, stage
        reads = [tuple(dict.fromkeys(c.term.inputs())) for c in card.characteristics]
        self._of_data = [place for place, names in enumerate(reads) if not data.isdisjoint(names)]
        self._data_inputs = tuple(
            dict.fromkeys(n for place in self._of_data for n in reads[place] if n in data)
        )
        program = build_program([c.term for c in card.characteristics])
        self._scalar = compile_scalar(program)
        self._vector = VectorProgram(program)
        self._tables = [np.array([*c.points, c.missing]) for c in card.characteristics]
        self._losses: list[list[float]] = [
            [round(c.best - p, 9) for p in (*c.points, c.missing)] for c in card.characteristics
        ]
        self._points = [(*c.points, c.missing) for c in card.characteristics]
        self._score = _write_scorer(card.characteristics, self._losses)
        self.reason_codes = tuple(dict.fromkeys(c.reason for c in card.characteristics))
        self._code_numbers = [self.reason_codes.index(c.reason) for c in card.characteristics]
        self._loss_ranks = self._rank_losses()

    def judge(self, values: Mapping[str, Any]) -> StageResult:
        """Score, and in the trace per characteristic: value, bin, points, the points lost against
        its best bin.
        """
        found = self._scalar(values)
        score, rows = self._score(found)
        stage = StageResult()
        nothing = bool(self._of_data) and all(found[place] is None for place in self._of_data)
        if nothing:
            stage.outcome, stage.is_unknown = WITHOUT_SCORE, True
            stage.unknown_inputs = [name for name in self._data_inputs if values[name] is None]
        stage.gives = {"score": None if nothing else score}
        trace = stage.begin_trace(self.stage)
        trace["score"] = stage.gives["score"]
        trace["characteristics"] = rows
        return stage

    def reasons(self, trace: Mapping[str, Any], most: int) -> list[str]:
        """The codes of the characteristics that lost points, most lost first; ties in the card's
        order.
        """
        rows = trace["characteristics"]
        ranked = sorted(
            (i for i, row in enumerate(rows) if row["lost"] > 0), key=lambda i: -rows[i]["lost"]
        )
        codes = dict.fromkeys(self.card.characteristics[i].reason for i in ranked)
        return list(codes)[:most]

    def judge_columns(
        self, columns: Mapping[str, Column], count: int
    ) -> tuple[StageColumns, NDArray[np.int8]]:
        """The stage, and the bin of each characteristic and merchant (characteristics × count; the
        last bin is missing).
        """
        score: Floats = np.zeros(count)
        bins = np.empty((len(self._tables), count), dtype=np.int8)
        found = self._vector.run(columns)
        for place, column in enumerate(found):
            at = _bins(self.card.characteristics[place], column, count)
            bins[place] = at
            score += self._tables[place][at]
        stage = StageColumns(np.zeros(count, bool), np.zeros(count, bool))
        all_known = True
        if self._of_data and not any(found[place].all_known for place in self._of_data):
            last = np.array([len(self._tables[place]) - 1 for place in self._of_data], np.int8)
            nothing = (bins[self._of_data] == last[:, None]).all(axis=0)
            score[nothing] = np.nan
            stage.raise_outcome(WITHOUT_SCORE, nothing)
            stage.add_unknown(self._data_inputs, nothing)
            all_known = not nothing.any()
        stage.gives = {"score": Number(score, all_known)}
        return stage, bins

    def reason_columns(self, bins: NDArray[np.int8], most: int) -> list[NDArray[np.int8]]:
        """`reasons` of many merchants: for each place, the number of its code in `reason_codes`, -1
        for none.
        """
        grid = np.full((len(self.reason_codes), bins.shape[1]), NO_LOSS, dtype=np.int16)
        for place, row in enumerate(bins):
            of_code = grid[self._code_numbers[place]]
            np.minimum(of_code, self._loss_ranks[place][row], out=of_code)
        merchants = np.arange(bins.shape[1])
        found = []
        for _ in range(min(most, len(self.reason_codes))):
            best = grid.argmin(axis=0).astype(np.int8)
            found.append(np.where(grid[best, merchants] == NO_LOSS, np.int8(-1), best))
            grid[best, merchants] = NO_LOSS
        return found

    def _rank_losses(self) -> list[NDArray[np.int16]]:
        """Per characteristic and bin: its place among all losses, most points first, ties in the
        card's order.
        """
        pairs = sorted(
            {
                (-lost, place)
                for place, losses in enumerate(self._losses)
                for lost in losses
                if lost > 0
            }
        )
        ranks = {pair: rank for rank, pair in enumerate(pairs)}
        return [
            np.array([ranks.get((-lost, place), NO_LOSS) for lost in losses], dtype=np.int16)
            for place, losses in enumerate(self._losses)
        ]


Scorer = Callable[[Sequence[Any]], tuple[float, list[dict[str, Any]]]]


def _write_scorer(characteristics: Sequence[Characteristic], losses: list[list[float]]) -> Scorer:
    """A function from the characteristics' values (None: missing) to the score and the trace's
    rows.

    Its text is made of fixed patterns, indices and the repr of numbers; points are added in the
    card's order.
    """
    lines, points, rows, words = ["def score(v):"], [], [], []
    for place, (c, lost) in enumerate(zip(characteristics, losses, strict=True)):
        points.append((*c.points, c.missing))
        labels = (*c.labels, MISSING)
        rows.append(
            [
                {"id": c.id, "value": None, "bin": label, "points": won, "lost": gone}
                for label, won, gone in zip(labels, points[-1], lost, strict=True)
            ]
        )
        words.append(c.words)
        lines += [f"    x{place} = v[{place}]", f"    a{place} = {_bin_text(place, c)}"]
    total = " + ".join(["0.0", *(f"points[{i}][a{i}]" for i in range(len(points)))])
    shown = ", ".join(f'{{**rows[{i}][a{i}], "value": x{i}}}' for i in range(len(points)))
    lines.append(f"    return {total}, [{shown}]")
    scope: dict[str, Any] = {"__builtins__": {}, "points": points, "rows": rows, "words": words}
    exec(compile("\n".join(lines), "<scorecard>", "exec"), scope)
    scorer: Scorer = scope["score"]
    return scorer


def _bin_text(place: int, characteristic: Characteristic) -> str:
    """The bin of the value `x…`; the last one (-1) is missing."""
    if characteristic.words:
        rest = characteristic.words.get("", -1)
        return f"-1 if x{place} is None else words[{place}].get(x{place}, {rest})"
    text = str(len(characteristic.edges))
    for position in range(len(characteristic.edges) - 1, -1, -1):
        edge, included = characteristic.edges[position]
        text = f"{position} if x{place} {'<' if included else '<='} {edge!r} else ({text})"
    return f"-1 if x{place} is None else ({text})"


def _bins(characteristic: Characteristic, column: Column, count: int) -> NDArray[np.int8]:
    last = np.int8(len(characteristic.points))
    match column:
        case Words(codes, words, _):
            rest = characteristic.words.get("", int(last))
            table = np.array([*(characteristic.words.get(w, rest) for w in words), last], np.int8)
            return np.broadcast_to(table[codes], (count,))
        case Truth(true, false, _):
            yes, no = characteristic.words[True], characteristic.words[False]
            at = np.where(true, yes, np.where(false, no, last)).astype(np.int8)
            return np.broadcast_to(at, (count,))
        case Number(values=values):
            found = _count_edges(characteristic, values)
        case Money(fens, _):
            found = _count_edges(characteristic, fens)
    return np.broadcast_to(
        found if column.all_known else np.where(column.known, found, last), (count,)
    )


def _count_edges(characteristic: Characteristic, values: NDArray[Any]) -> NDArray[np.int8]:
    """How many edges each value has passed: its bin."""
    at = np.zeros(len(values), dtype=np.int8)
    for edge, included in characteristic.edges:
        passed = values >= edge if included else values > edge
        at += passed.view(np.int8)
    return at
