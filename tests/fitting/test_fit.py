"""Data with known log-odds → a card: order, calibration, points, all evaluators, clear refusals."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from app.cli import chengxin
from app.errors import ChengxinError
from app.fitting.fit import Fit, Wishes, column_of_candidate, fit_scorecard
from app.fitting.frame import Wanted
from app.fitting.intervals import lay_out, shortest_between
from app.fitting.measures import curve_of
from app.rules.document import load_yaml
from app.rules.scope import Scope
from app.rules.vector import values_of
from app.scoring.compiled import CompiledScorecard
from app.scoring.scorecard import read_scorecard

pytest.importorskip("optbinning")
COUNT = 4_000


def write_data(folder: Path, **more: list[str]) -> Path:
    """x lowers the odds of bad, code -9 is risky, blanks are average, city b is bad."""
    draw = np.random.default_rng(1)
    x, city = draw.normal(0, 1, COUNT).round(3), draw.integers(0, 3, COUNT)
    blank, code = draw.random(COUNT) < 0.1, draw.random(COUNT) < 0.1
    odds = np.where(blank, 0.0, np.where(code, 1.5, -1.2 * x)) + (city == 1) * 1.0 - 1.5
    bad = draw.random(COUNT) < 1 / (1 + np.exp(-odds))
    columns = {
        "merchant_id": [f"m{place}" for place in range(COUNT)],
        "bad": [str(int(one)) for one in bad],
        "x": ["" if b else "-9" if c else str(v) for v, b, c in zip(x, blank, code, strict=True)],
        "city": ["abc"[place] for place in city],
        "same": ["7"] * COUNT,
        **more,
    }
    path = folder / "data.csv"
    rows = [",".join(row) for row in zip(*columns.values(), strict=True)]
    path.write_text("\n".join([",".join(columns), *rows]), encoding="utf-8")
    return path


def fit(path: Path, **more: Any) -> Fit:
    from app.fitting.binning import BinningRules

    wanted = Wanted("bad", id_column="merchant_id")
    return fit_scorecard(path, Wishes("c", wanted, BinningRules((Decimal(-9),)), **more), {})


def test_order_calibration_and_points(tmp_path: Path) -> None:
    found = fit(write_data(tmp_path))
    assert {one.name for one in found.regression.binnings} == {"x", "city"}
    assert "constant" in found.left_out["same"]
    x = next(one for one in found.regression.binnings if one.name == "x")
    ordinary = [group.woe for group in x.groups if group.kind == "bin"]
    assert ordinary == sorted(ordinary)  # monotone: more x, fewer bads
    scale = found.wishes.scale
    held = ~found.split.train
    predicted = scale.bad_rate(found.scores[held])
    assert abs(predicted.mean() - found.frame.bad[held].mean()) < 0.03
    # Before rounding the score is an affine image of the log-odds; rounding moves it a little.
    log_odds = found.regression.log_odds()
    assert np.allclose(found.exact, scale.offset + scale.factor * log_odds)
    assert scale.score(np.log(np.array([20.0])))[0] == pytest.approx(600)
    assert scale.score(np.log(np.array([40.0])))[0] == pytest.approx(620)
    assert np.abs(found.exact - found.scores).max() <= 2


def test_the_evaluators_agree_on_the_card(tmp_path: Path) -> None:
    found = fit(write_data(tmp_path))
    types = {one.name: one.candidate.of for one in found.regression.binnings}
    problems: list[Any] = []
    card = read_scorecard(load_yaml("c.yaml", found.text), Scope(types), problems)
    assert card is not None and problems == []
    compiled = CompiledScorecard(card, "scorecard", frozenset())
    columns = {
        one.name: values_of(column_of_candidate(one), COUNT) for one in found.regression.binnings
    }
    for row in range(0, COUNT, 40):
        alone = compiled.judge({name: values[row] for name, values in columns.items()})
        assert alone.gives["score"] == found.scores[row]


def test_the_same_seed_gives_the_same_card(tmp_path: Path) -> None:
    path = write_data(tmp_path)
    assert fit(path).text == fit(path).text


def test_measures_agree_with_sklearn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    draw = np.random.default_rng(3)
    bad, scores = draw.random(500) < 0.3, draw.integers(0, 40, 500).astype(float)
    curve = curve_of(scores, bad)
    assert curve is not None
    assert curve.auc == pytest.approx(metrics.roc_auc_score(~bad, scores))
    false, true, _ = metrics.roc_curve(~bad, scores, drop_intermediate=False)
    assert curve.ks == pytest.approx(np.abs(true - false).max())


def test_special_codes_are_cut_out_of_the_bins() -> None:
    codes = [(Decimal(-9), 2), (Decimal(-8), 3)]
    bins = lay_out([Decimal(5)], codes, np.array([0.0, 4.0, 6.0]), 1)
    assert [(one.write(), one.group) for one in bins] == [
        ("<= -9", 2), ("(-9..-8]", 3), ("(-8..5)", 0), (">= 5", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("below", "above", "step", "scale", "found"),
    [(11, 12, 1, 1, "12"), (0.12, 0.34, None, 1, "0.2"), (-0.5, 0.3, None, 1, "0"),
     (1_234_500, 1_999_900, "0.01", 100, "13000")],
)  # fmt: skip
def test_cuts_are_short_and_split_the_same_rows(
    below: float, above: float, step: Any, scale: int, found: str
) -> None:
    unit = None if step is None else Decimal(step)
    assert shortest_between(float(below), float(above), unit, scale) == Decimal(found)


def run(*words: str) -> Result:
    return CliRunner().invoke(chengxin, ["scorecard", "fit", *words])


def test_the_command_writes_card_and_page(tmp_path: Path) -> None:
    leak = write_data(tmp_path).read_text().splitlines()[1:]
    path = write_data(tmp_path, after=[f"{row.split(',')[1]}.5" for row in leak])
    outs = [tmp_path / name for name in ("c.yaml", "c.html", "r.yaml", "i.yaml")]
    result = run(
        str(path), "--target", "bad", "--id", "merchant_id", "--name", "c", "--special-values",
        "-9", "--out", str(outs[0]), "--card", str(outs[1]), "--write-reasons", str(outs[2]),
        "--write-inputs", str(outs[3]),
    )  # fmt: skip
    assert result.exit_code == 0, (result.output, result.exception)
    assert all(one.stat().st_size for one in outs)
    assert "warning: after: alone it tells bad from good" in result.output
    told = json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))
    assert told["samples"]["test"]["gini"] == pytest.approx(2 * told["samples"]["test"]["auc"] - 1)
    assert "<script" not in outs[1].read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("target", "said"),
    [("bda", "no column 'bda'"), ("city", "write 1 for bad"), ("same", "has the value '7'")],
)
def test_a_bad_target_is_named(tmp_path: Path, target: str, said: str) -> None:
    path = write_data(tmp_path)
    with pytest.raises(ChengxinError, match=said):
        fit_scorecard(path, Wishes("c", Wanted(target)), {})


def test_too_few_bads(tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    rows = [f"{int(place < 9)},{place}" for place in range(500)]
    path.write_text("\n".join(["bad,x", *rows]))
    with pytest.raises(ChengxinError, match="only 6 bad rows"):
        fit_scorecard(path, Wishes("c", Wanted("bad")), {})
