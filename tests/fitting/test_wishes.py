"""What the options of `scorecard fit` do to the card."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.fitting.data import (
    COUNT,
    bins_of,
    draw_columns,
    fit_card,
    refusal,
    rises,
    warned,
    write_csv,
)

pytest.importorskip("optbinning")
DAYS = [str(date(2025, 1, 1) + timedelta(days=place // 3)) for place in range(COUNT)]


def test_the_direction_of_the_catalogue_holds(tmp_path: Path) -> None:
    columns = draw_columns()
    # cod_months is better when higher and the data agrees; void_rate is better when lower, and the
    # data says the contrary; the same column under a name of its own follows the data.
    upside_down = [round(1 / (1 + np.exp(-value)), 3) for value in columns["x"]]
    months = [round(24 + 6 * value) for value in columns["x"]]
    data = {"bad": columns["bad"], "cod_months": months, "void_rate": upside_down}
    told, card = fit_card(write_csv(tmp_path / "d.csv", data))
    assert rises([points for _, points in bins_of(card, "cod_months")])
    assert "by the data no cut agrees" in told["left_out"]["void_rate"]
    free = {"bad": columns["bad"], "my_rate": upside_down}
    _, card = fit_card(write_csv(tmp_path / "e.csv", free))
    assert len(bins_of(card, "my_rate")) > 1


def test_rows_from_a_day_on_are_held_out(tmp_path: Path) -> None:
    data = write_csv(tmp_path / "d.csv", {**draw_columns(), "day": DAYS})
    told, _ = fit_card(data, "--date-column", "day", "--split-date", "2025-08-01")
    train, test = told["samples"]["train"], told["samples"]["test"]
    assert train["dates"] == {"first": "2025-01-01", "last": "2025-07-31"}
    assert test["dates"] == {"first": "2025-08-01", "last": DAYS[-1]}
    assert test["rows"] == sum(day >= "2025-08-01" for day in DAYS)
    assert "leaves all rows on one side" in refusal(
        data, "--date-column", "day", "--split-date", "2035-01-01"
    )
    assert "its values are no dates" in refusal(data, "--date-column", "x")


def test_a_holdout_without_a_class_is_told(tmp_path: Path) -> None:
    columns = draw_columns()
    columns["bad"] = [one if day < "2025-08-01" else 0
                      for one, day in zip(columns["bad"], DAYS, strict=True)]  # fmt: skip
    data = write_csv(tmp_path / "d.csv", {**columns, "day": DAYS})
    told, _ = fit_card(data, "--date-column", "day", "--split-date", "2025-08-01",
                       "--card", str(tmp_path / "c.html"))  # fmt: skip
    assert told["samples"]["test"]["auc"] is None
    assert warned(told, "no bad row is held out")


def test_special_codes_as_bins_or_as_missing(tmp_path: Path) -> None:
    columns = draw_columns()
    columns["x"] = [-9 if place % 6 == 0 else one for place, one in enumerate(columns["x"])]
    data = write_csv(tmp_path / "d.csv", columns)
    own, card = fit_card(data, "--special-values", "-9")
    first = card["characteristics"][0]
    kinds = {group["kind"]: group for group in own["characteristics"][0]["bins"]}
    assert kinds["special"]["count"] > 0 and kinds["missing"]["count"] == 0
    assert first["bins"][0]["when"] == "<= -9"
    assert first["missing"] == min(one["points"] for one in first["bins"])  # no row to learn from
    as_missing, card = fit_card(data, "--special-values", "-9", "--special", "missing")
    first = card["characteristics"][0]
    kinds = {group["kind"]: group for group in as_missing["characteristics"][0]["bins"]}
    assert "special" not in kinds
    assert kinds["missing"]["count"] == own["characteristics"][0]["bins"][-2]["count"]
    assert first["bins"][0] == {"when": "<= -9", "points": first["missing"]}


def test_money_in_fen_and_in_yuan_give_one_card(tmp_path: Path) -> None:
    columns = draw_columns()
    yuan = [round(100_000 * float(np.exp(one / 2)), 2) for one in columns["x"]]
    fen = pa.table({"bad": columns["bad"], "cod_amt_12m": [round(one * 100) for one in yuan]})
    pq.write_table(fen, tmp_path / "fen.parquet")
    csv = write_csv(tmp_path / "yuan.csv", {"bad": columns["bad"], "cod_amt_12m": yuan})
    _, one = fit_card(tmp_path / "fen.parquet", out="one.yaml")
    _, other = fit_card(csv, "--money", "yuan", out="other.yaml")
    assert one == other
    edge = bins_of(one, "cod_amt_12m")[0][0]  # such as '< 48_000', in yuan
    assert 20_000 < float(edge.removeprefix("< ").replace("_", "")) < 200_000


def test_reasons_are_those_that_were_given(tmp_path: Path) -> None:
    columns = draw_columns()
    columns["y"] = [round(one + (place % 7) / 3, 3) for place, one in enumerate(columns["x"])]
    data = write_csv(tmp_path / "d.csv", {**columns, "X": columns["x"][::-1]})
    given = tmp_path / "given.yaml"
    given.write_text("x: LOW_VOLUME\nnobody: LOW_NOBODY\n", encoding="utf-8")
    block = tmp_path / "block.yaml"
    told, card = fit_card(data, "--reasons", str(given), "--write-reasons", str(block),
                          "--max-correlation", "1", "--min-iv", "0")  # fmt: skip
    reasons = {one["id"]: one["reason"] for one in card["characteristics"]}
    assert reasons["x"] == "LOW_VOLUME"
    assert warned(told, "the card lacks: nobody")
    written = block.read_text(encoding="utf-8")
    assert "below the line 'reasons:'" in written
    assert "LOW_VOLUME" not in written  # reasons.yaml has it
    for name in set(reasons) - {"x"}:
        assert f"  {reasons[name]}:\n" in written
    given.write_text("x: low volume!\n", encoding="utf-8")
    assert "the code 'low volume!' of 'x'" in refusal(data, "--reasons", str(given))
    given.write_text("- x\n", encoding="utf-8")
    assert "write a line `column: REASON_CODE`" in refusal(data, "--reasons", str(given))


def test_two_names_that_differ_in_capitals_have_two_reasons(tmp_path: Path) -> None:
    columns, other = draw_columns(1), draw_columns(1)
    shuffled = [one * 0.7 + (place % 5) / 4 for place, one in enumerate(other["x"])]
    _, card = fit_card(
        write_csv(tmp_path / "d.csv", {**columns, "X": shuffled}), "--max-correlation", "1"
    )
    reasons = [one["reason"] for one in card["characteristics"]]
    assert len(reasons) == len(set(reasons))
