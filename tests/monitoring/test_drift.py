"""PSI against numbers counted by hand, and planted drift through the command."""

from __future__ import annotations

import json
import math
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner

from app.cli import chengxin
from app.monitoring.cutting import cut_numbers
from app.monitoring.psi import chi_square_99, psi_of
from tests.comparisons.desk import Desk, make_features


def test_psi_by_hand() -> None:
    # 50% and 50% become 25% and 75%: -0.25 ln 0.5 + 0.25 ln 1.5 = 0.25 ln 3
    found = psi_of([500, 500], [250, 750])
    assert found.value == pytest.approx(0.25 * math.log(3))
    assert found.expected == pytest.approx(2 / 1000)
    assert found.verdict == "large"
    assert psi_of([1, 1], [1, 1]).value == 0
    assert psi_of([5, 5], [3, 7]).verdict == "noise"  # ten rows say nothing
    assert psi_of([0, 10], [0, 20]).expected == 0  # a bin that is empty in both does not count
    assert math.isfinite(psi_of([10, 0], [5, 5]).value)


@pytest.mark.parametrize(("degrees", "value"), [(1, 6.635), (9, 21.666), (20, 37.566)])
def test_the_noise_limit_is_chi_square(degrees: int, value: float) -> None:
    assert chi_square_99(degrees) == pytest.approx(value, rel=0.02)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> Desk:
    return Desk(tmp_path, monkeypatch, sqlite_url)


def run(*words: str, status: int = 0) -> Any:
    days = ["--from", "2026-09-30", "--to", "2026-10-31", "--policy", "wuliudai", "--json"]
    result = CliRunner().invoke(chengxin, ["monitor", "drift", *days, *words])
    assert result.exit_code == status, (result.output, result.exception)
    return json.loads(result.stdout)


def test_planted_drift_is_found_and_only_it(desk: Desk, tmp_path: Path) -> None:
    before, after = make_features(2_000, seed=1), make_features(2_000, seed=2)
    moved = [None if one is None else one * 2 for one in after.column("cod_months").to_pylist()]
    place = after.column_names.index("cod_months")
    after = after.set_column(place, "cod_months", pa.array(moved, after.column(place).type))
    desk.keep_snapshot(date(2026, 9, 30), before)
    desk.keep_snapshot(date(2026, 10, 31), after)
    page = tmp_path / "drift.html"
    found = run("--draft", "--html", str(page), "--fail-above", "0.25", status=1)
    assert [one["name"] for one in found["inputs"] if one["psi"] >= 0.1] == ["cod_months"]
    assert found["inputs"][0]["name"] == "cod_months"
    assert [one["name"] for one in found["rules"] if one["psi"] >= 0.1] == ["admission/ADM-001"]
    assert "cod_months" in page.read_text(encoding="utf-8")


def test_samples_of_one_portfolio_do_not_drift(desk: Desk) -> None:
    desk.publish()
    desk.keep_snapshot(date(2026, 9, 30), make_features(1_000, seed=1))
    desk.keep_snapshot(date(2026, 10, 31), make_features(1_000, seed=2))
    assert run("--fail-above", "0.1")["drifted"] == []


def test_a_snapshot_against_itself_does_not_move(desk: Desk) -> None:
    desk.keep_snapshot(date(2026, 9, 30), make_features(500, seed=1))
    desk.keep_snapshot(date(2026, 10, 31), make_features(500, seed=1))
    found = run("--draft", "--fail-above", "0")
    every = [one for key in ("inputs", "characteristics", "rules", "results") for one in found[key]]
    assert {one["psi"] for one in every} == {0}
    assert found["lacking"] == {"before": [], "after": []} and found["not_comparable"] == []


def test_a_feature_that_a_snapshot_lacks_is_named(desk: Desk, tmp_path: Path) -> None:
    features, page = make_features(500, seed=1), tmp_path / "drift.html"
    desk.keep_snapshot(date(2026, 9, 30), features)
    desk.keep_snapshot(date(2026, 10, 31), features.drop_columns(["sign_rate"]))
    found = run("--draft", "--html", str(page), "--fail-above", "0.25", status=1)
    assert found["lacking"] == {"before": [], "after": ["sign_rate"]}
    assert found["inputs"][0]["name"] == "sign_rate"
    assert found["inputs"][0]["missing"]["after"] == 1
    assert "快照缺少 not in the snapshot 后 after: sign_rate" in page.read_text(encoding="utf-8")
    # Nobody is approved without it, so the limits of the approved have nothing to be compared with.
    assert found["not_comparable"] == ["limit"]
    limit = found["results"][0]
    assert (limit["name"], limit["psi"], limit["verdict"]) == ("limit", None, "empty")


def test_values_of_another_type_are_missing(desk: Desk) -> None:
    features = make_features(300, seed=1)
    place = features.column_names.index("sign_rate")
    desk.keep_snapshot(date(2026, 9, 30), features)
    texts = features.set_column(place, "sign_rate", pa.array(["0.9"] * 300))
    desk.keep_snapshot(date(2026, 10, 31), texts)
    first = run("--draft")["inputs"][0]
    assert (first["name"], first["missing"]["after"]) == ("sign_rate", 1)


def test_an_empty_snapshot_is_refused(desk: Desk) -> None:
    desk.keep_snapshot(date(2026, 9, 30), make_features(10))
    desk.keep_snapshot(date(2026, 10, 31), make_features(10).slice(0, 0))
    days = ["--from", "2026-09-30", "--to", "2026-10-31", "--policy", "wuliudai", "--draft"]
    result = CliRunner().invoke(chengxin, ["monitor", "drift", *days])
    assert result.exit_code != 0
    assert "snapshot s-2026-10-31 has no merchants" in str(result.exception)


@pytest.mark.parametrize(
    ("values", "labels"),
    [([5.0] * 20, ["5"]), ([0.0] * 19 + [3.0], ["0", "> 0"]),
     ([1e6 * one for one in range(1, 11)], ["≤ 1,000,000", "(1,000,000 .. 2,000,000]"])],
)  # fmt: skip
def test_bins_are_named_as_people_write(values: list[float], labels: list[str]) -> None:
    column = np.array(values)
    assert list(cut_numbers(column, column).labels[: len(labels)]) == labels


def test_one_side_without_rows_has_no_psi() -> None:
    assert psi_of([3, 4], [0, 0]).verdict == "empty"
    assert psi_of([0, 0], [0, 0]).verdict == "stable"
