"""From a labelled file to a policy that decides, as docs/analyst.md says: fit, paste, check, test
in all three evaluators.
"""

from __future__ import annotations

import csv
import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from app.cli import chengxin
from app.settings import PROJECT_FOLDER
from tests.fitting.data import draw_columns, fit_card, write_csv

pytest.importorskip("optbinning")
HELOC = PROJECT_FOLDER.parent / "shared/data/heloc/heloc.csv"
POLICY = """policy: fitted
title: {zh: 试点, en: Trial}
terms: {cap: 200_000}
stages:
  - {stage: scorecard, scorecard: c.yaml}
  - {stage: tiering, ruleset: tiering.yaml}
  - {stage: limit, ruleset: limit.yaml}
"""
TIERING = """kind: table
unknown: refer
hit: first
inputs: [score]
outputs: [tier]
rows:
  - {id: T-A, score: ">= {a}", tier: A}
  - {id: T-B, score: ">= {b}", tier: B}
otherwise: {tier: E, then: decline, reason: SCORE_TOO_LOW}
"""
LIMIT = """kind: formula
unknown: refer
limit: 'if tier = "A" then cap else 100_000'
"""


class Analyst:
    """Copies of the shipped files with a product `fitted` around the card c.yaml."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        shutil.copytree(PROJECT_FOLDER / "rulesets", folder / "rulesets")
        shutil.copytree(PROJECT_FOLDER / "scorecards", folder / "scorecards")
        patch.setenv("CHENGXIN_RULESETS", str(folder / "rulesets"))
        patch.setenv("CHENGXIN_SCORECARDS", str(folder / "scorecards"))

    def paste(self, file: str, key: str, block: Path) -> None:
        path = self.folder / "rulesets" / file
        old = path.read_text(encoding="utf-8")
        assert f"\n{key}:\n" in old
        new = old.replace(f"\n{key}:\n", f"\n{key}:\n{block.read_text(encoding='utf-8')}", 1)
        path.write_text(new, encoding="utf-8")

    def write_policy(self, low: int, high: int, cases: Any) -> None:
        home = self.folder / "rulesets" / "fitted"
        (home / "cases").mkdir(parents=True)
        tiering = TIERING.replace("{a}", str(high)).replace("{b}", str(low))
        for name, text in (("policy", POLICY), ("tiering", tiering), ("limit", LIMIT)):
            (home / f"{name}.yaml").write_text(text, encoding="utf-8")
        text = yaml.safe_dump(cases, allow_unicode=True, sort_keys=False)
        (home / "cases" / "card.yaml").write_text(text, encoding="utf-8")

    def data(self, *words: str) -> Any:
        result = CliRunner().invoke(chengxin, ["policy", *words, "fitted", "--json"])
        assert result.stdout, (result.output, result.exception)
        return json.loads(result.stdout)


def make_cases(
    card: Any, rows: list[dict[str, Any]], low: int, high: int
) -> dict[str, list[dict[str, Any]] | dict[str, Any]]:
    """Rows as cases, scored by this independent reading of the card."""
    cases = []
    for place, row in enumerate(rows):
        score = sum(points_of(one, row[one["input"]]) for one in card["characteristics"])
        tier = "A" if score >= high else "B" if score >= low else "E"
        outcome = "decline" if tier == "E" else "approve"
        expect = {"outcome": outcome, "score": score, "tier": tier}
        cases.append({"case": f"row {place}", "given": row, "expect": expect})
    return {"base": dict(rows[0]), "cases": cases}


def points_of(one: Any, value: Any) -> int:
    if value is None:
        return int(one["missing"])
    for each in one["bins"]:
        if fits(each["when"], value):
            return int(each["points"])
    raise AssertionError((one["id"], value))


def fits(cell: str, value: Any) -> bool:
    """A bin's test, read without the engine."""
    if cell == "-":
        return True
    if isinstance(value, bool):
        return cell == json.dumps(value)
    if isinstance(value, str):
        return value in json.loads(f"[{cell}]")
    if ".." in cell:
        low, high = (float(part.replace("_", "")) for part in cell[1:-1].split(".."))
        above = value >= low if cell[0] == "[" else value > low
        return above and (value <= high if cell[-1] == "]" else value < high)
    sign, number = cell.split(" ")
    edge = float(number.replace("_", ""))
    return {"<": value < edge, "<=": value <= edge, ">": value > edge, ">=": value >= edge}[sign]


def follow_the_docs(
    analyst: Analyst, data: Path, rows: list[dict[str, Any]], *words: str
) -> dict[str, Any]:
    blocks = [data.parent / name for name in ("reasons-block.yaml", "inputs-block.yaml")]
    told, card = fit_card(
        data, "--write-reasons", str(blocks[0]), "--write-inputs", str(blocks[1]), *words
    )
    shutil.copy(data.parent / "c.yaml", analyst.folder / "scorecards" / "c.yaml")
    analyst.paste("reasons.yaml", "reasons", blocks[0])
    analyst.paste("catalogue.yaml", "inputs", blocks[1])
    bands = told["calibration"]["train"]
    low, high = int(bands[3]["low"]), int(bands[7]["low"])
    used = [one["input"] for one in card["characteristics"]]
    kept = [{name: row[name] for name in used} for row in rows]
    draw = random.Random(3)
    for row in kept[::4]:
        row[draw.choice(used)] = None
    analyst.write_policy(low, high, make_cases(card, kept, low, high))
    found = analyst.data("check")
    assert found["problems"] == []
    assert [one for one in found["warnings"] if one["file"] == "scorecards/c.yaml"] == []
    tested = analyst.data("test")["fitted"]
    assert (tested["engines"], tested["failed"]) == (["scalar", "durable", "numpy"], 0), tested
    return told


@pytest.mark.parametrize("special", ["own", "missing"])
def test_texts_truths_codes_and_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, special: str
) -> None:
    columns, draw = draw_columns(), random.Random(1)
    bad = columns["bad"]
    towns = ["五金", "it's", 'a "b"', "c: d"]
    columns["x"] = [-9 if draw.random() < 0.1 else None if draw.random() < 0.1 else one
                    for one in columns["x"]]  # fmt: skip
    columns["trade"] = [draw.choice(towns[: 2 + one]) for one in bad]
    columns["has_shop"] = [draw.random() < 0.7 - 0.4 * one for one in bad]
    columns["月数"] = [max(0, round(20 - 8 * one + draw.gauss(0, 6))) for one in bad]
    rows = [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]
    words = {**columns, "has_shop": [str(one).lower() for one in columns["has_shop"]]}
    told = follow_the_docs(
        Analyst(tmp_path, monkeypatch), write_csv(tmp_path / "d.csv", words), rows[:16],
        "--special-values", "-9", "--min-iv", "0", "--special", special,
    )  # fmt: skip
    assert set(told["new_inputs"]) == {"x", "trade", "has_shop", "月数"}


def test_home_equity_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not HELOC.exists():
        pytest.skip("there is no heloc.csv beside the checkout")
    with HELOC.open(newline="") as file:
        rows = [
            {name: int(value) for name, value in row.items() if name != "RiskPerformance"}
            for row in csv.DictReader(file)
        ]
    data = tmp_path / "heloc.csv"
    shutil.copy(HELOC, data)
    told = follow_the_docs(
        Analyst(tmp_path, monkeypatch), data, rows[::800], "--target", "RiskPerformance",
        "--bad-value", "Bad", "--special-values", "-7,-8,-9",
    )  # fmt: skip
    assert told["samples"]["test"]["auc"] > 0.78
