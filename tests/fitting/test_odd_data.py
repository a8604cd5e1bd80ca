"""Files as they come: each a clear message or a right result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fitting.data import COUNT, draw_columns, fit_card, refusal, warned, write_csv

pytest.importorskip("optbinning")


@pytest.mark.parametrize(
    ("words", "bad_value"),
    [((0, 1), None), (("false", "true"), None), (("False", "True"), "True"), (("N", "Y"), "Y"),
     (("0.0", "1.0"), "1"), ((2, 1), "1")],
)  # fmt: skip
def test_targets_of_all_kinds(tmp_path: Path, words: tuple[Any, Any], bad_value: Any) -> None:
    columns = draw_columns()
    plain, card = fit_card(write_csv(tmp_path / "p.csv", columns), out="p.yaml")
    columns["bad"] = [words[one] for one in columns["bad"]]
    option = () if bad_value is None else ("--bad-value", bad_value)
    told, same = fit_card(write_csv(tmp_path / "d.csv", columns), *option)
    assert same == card and told["samples"] == plain["samples"]


@pytest.mark.parametrize(
    ("change", "words", "said"),
    [
        ({"bad": ["Y", "N"] * (COUNT // 2)}, (), "or name the value that means bad"),
        ({"bad": ["Y", "N"] * (COUNT // 2)}, ("--bad-value", "y"), "it has N, Y"),
        ({"bad": [0] * COUNT}, (), "every row is good"),
        ({"bad": ["", *([0, 1] * (COUNT // 2))][:COUNT]}, (), "(the first is data row 1)"),
        ({"m": ["one"] * COUNT}, ("--id", "m"), "of 1 ids leaves nothing to hold out"),
        ({"m": ["", *"a" * (COUNT - 1)]}, ("--id", "m"), "1 rows have no id"),
        ({}, ("--id", "bad"), "that column is the target"),
        ({}, ("--exclude", "xx"), "did you mean 'x'"),
        ({}, ("--exclude", "x"), "no column that can be used"),
        ({}, ("--special-values", "-9;-8"), "'-9;-8' is no number"),
        ({}, ("--pdo", "0.01"), "raise --pdo"),
        ({}, ("--pdo", "nan"), "--pdo nan: write a number"),
        ({}, ("--base-score", "inf"), "--base-score inf: write a number"),
    ],
)
def test_what_cannot_be_used_is_told(
    tmp_path: Path, change: dict[str, Any], words: tuple[str, ...], said: str
) -> None:
    assert said in refusal(write_csv(tmp_path / "d.csv", {**draw_columns(), **change}), *words)


def test_ten_rows(tmp_path: Path) -> None:
    columns = {name: values[:10] for name, values in draw_columns().items()}
    assert "rows to learn from; at least 30" in refusal(write_csv(tmp_path / "d.csv", columns))


def test_columns_that_cannot_be_characteristics(tmp_path: Path) -> None:
    columns = draw_columns()
    x = columns["x"]
    told, card = fit_card(
        write_csv(
            tmp_path / "d.csv",
            {
                **columns,
                "my x": x, "2x": x, "min": x, "score": x, "额度": x[::-1],
                "empty": [""] * COUNT,
                "names": [f"n{place}" for place in range(COUNT)],
                "texts": [f"{place:,}" for place in range(1000, 1000 + COUNT)],
                "known_later": [2 * one + at / COUNT for at, one in enumerate(columns["bad"])],
            },
        ),
        "--min-iv", "0",
    )  # fmt: skip
    why = told["left_out"]
    for name in ("my x", "2x", "min"):
        assert "cannot be the name of an input" in why[name]
    assert "a policy gives a value of that name" in why["score"]
    assert why["empty"] == "it has no values"
    assert f"{COUNT} different texts" in why["names"]
    assert "numbers are written as texts, such as '1,000'" in why["texts"]
    assert "without a fault" in why["known_later"]
    assert {one["id"] for one in card["characteristics"]} <= {"x", "额度"}


def test_the_outcome_alone_is_no_scorecard(tmp_path: Path) -> None:
    columns = draw_columns()
    data = write_csv(tmp_path / "d.csv", {"bad": columns["bad"], "late_days": columns["bad"]})
    assert "'late_days': it tells bad from good without a fault" in refusal(data)


def test_bads_on_one_side_of_each_cut_and_no_goods(tmp_path: Path) -> None:
    columns = draw_columns()
    columns["x"] = [5.0 if x < -0.8 and not bad else x
                    for bad, x in zip(columns["bad"], columns["x"], strict=True)]  # fmt: skip
    told, card = fit_card(write_csv(tmp_path / "d.csv", columns))
    points = [one["points"] for one in card["characteristics"][0]["bins"]]
    assert max(points) - min(points) < 400  # finite, though some value has no good at all
    assert told["samples"]["train"]["auc"] > 0.7


def test_infinities_count_as_missing(tmp_path: Path) -> None:
    columns = draw_columns()
    columns["x"] = ["inf" if place % 9 == 0 else one for place, one in enumerate(columns["x"])]
    told, _ = fit_card(write_csv(tmp_path / "d.csv", columns))
    assert warned(told, "x: 100 values are infinite")
    assert told["characteristics"][0]["bins"][-1]["count"] > 30


def test_tiny_and_huge_numbers_are_cut_as_well_as_others(tmp_path: Path) -> None:
    columns = draw_columns()
    plain, _ = fit_card(write_csv(tmp_path / "p.csv", columns))
    for factor in (1e-9, 1e12):
        columns["x"] = [one * factor for one in draw_columns()["x"]]
        told, _ = fit_card(write_csv(tmp_path / "d.csv", columns))
        assert told["samples"] == plain["samples"]


def test_a_file_in_gbk_is_read(tmp_path: Path) -> None:
    draw = np.random.default_rng(2)
    columns = draw_columns()
    towns = [("北京", "上海")[int(draw.random() < 0.2 + 0.5 * one)] for one in columns["bad"]]
    _, card = fit_card(write_csv(tmp_path / "d.csv", {**columns, "城市": towns}, encoding="gbk"))
    town = next(one for one in card["characteristics"] if one["id"] == "城市")
    assert {one["when"] for one in town["bins"]} >= {'"北京"', '"上海"'}


def test_other_outcomes_than_bad_and_good_are_told(tmp_path: Path) -> None:
    columns = draw_columns()
    columns["bad"] = ["bad" if one else ("good", "pending")[place % 2]
                      for place, one in enumerate(columns["bad"])]  # fmt: skip
    told, _ = fit_card(write_csv(tmp_path / "d.csv", columns), "--bad-value", "bad")
    assert warned(told, "all count as good: good, pending")
