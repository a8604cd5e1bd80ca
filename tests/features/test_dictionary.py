"""The page of all features: each with its meaning in both languages, in the catalogue's order."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from app.cli import chengxin
from tests.features.lakes import load_catalogue


def test_every_feature_stands_on_the_page(tmp_path: Path) -> None:
    out = tmp_path / "features.md"
    result = CliRunner().invoke(chengxin, ["features", "docs", "--out", str(out)])
    assert result.exit_code == 0, result.output
    features = load_catalogue().features
    assert f"{len(features)} features" in result.output
    rows = {
        line.split("`")[1]: line
        for line in out.read_text("utf-8").splitlines()
        if line.startswith("| `")
    }
    assert set(rows) == {feature.name for feature in features}
    for feature in features:
        row = rows[feature.name].replace("\\|", "|")
        assert feature.zh in row
        assert feature.en in row
        assert rows[feature.name].count(" | ") == 4, "five cells"
