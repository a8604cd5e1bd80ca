"""Small labelled files and the command over them."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from click.testing import CliRunner, Result

from app.cli import chengxin

COUNT = 900


def draw_columns(seed: int = 4) -> dict[str, list[Any]]:
    """bad, and x: the more the better."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=COUNT).round(3)
    bad = draw.random(COUNT) < 1 / (1 + np.exp(0.6 + 1.3 * x))
    return {"bad": [int(one) for one in bad], "x": x.tolist()}


def write_csv(path: Path, columns: dict[str, Any], encoding: str = "utf-8") -> Path:
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


def run_fit(data: Path, *words: str, target: str = "bad", out: str = "c.yaml") -> Result:
    """Writes beside the data."""
    fixed = ["--target", target, "--name", "c", "--out", str(data.parent / out), "--json"]
    return CliRunner().invoke(chengxin, ["scorecard", "fit", str(data), *fixed, *words])


def fit_card(data: Path, *words: str, **more: Any) -> tuple[dict[str, Any], Any]:
    """What the model card says, and the card's YAML as read by any reader of YAML."""
    result = run_fit(data, *words, **more)
    assert result.exit_code == 0, (result.output, result.exception)
    out = data.parent / more.get("out", "c.yaml")
    return json.loads(result.stdout), yaml.safe_load(out.read_text(encoding="utf-8"))


def refusal(data: Path, *words: str, **more: Any) -> str:
    """What the command says when it cannot go on."""
    result = run_fit(data, *words, **more)
    assert result.exit_code != 0, result.output
    return str(result.exception)


def bins_of(card: Any, name: str) -> list[tuple[str, int]]:
    one = next(one for one in card["characteristics"] if one["id"] == name)
    return [(each["when"], each["points"]) for each in one["bins"]]


def warned(told: dict[str, Any], part: str) -> bool:
    return any(part in one for one in told["warnings"])


def rises(points: Sequence[float]) -> bool:
    return list(points) == sorted(points)
