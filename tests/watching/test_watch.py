"""`policy watch` as an analyst uses it: an edit, and what is seen of it; bad files never end it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.settings import PROJECT_FOLDER
from tests.comparisons.desk import Desk, make_features

ADMISSION = "rulesets/wuliudai/admission.yaml"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> Desk:
    found = Desk(tmp_path, monkeypatch, sqlite_url)
    found.keep_snapshot(date(2026, 10, 31), make_features(600))
    return found


def look(desk: Desk, *words: str, status: int = 0) -> dict[str, Any]:
    return desk.data("watch", "wuliudai", "--once", *words, status=status)  # type: ignore[no-any-return]


def test_one_look_is_what_the_commands_say(desk: Desk) -> None:
    desk.publish()
    desk.edit(ADMISSION, "cod_amt_12m < 500_000", "cod_amt_12m < 400_000")
    seen = look(desk, status=1)
    simulated = desk.data("simulate", "wuliudai", "--as-of", "2026-10-31")
    assert seen["report"] == simulated["days"][0]
    assert seen["report"]["swapped_in"]["count"] > 0
    assert any("threshold 500,000 → 400,000" in change for change in seen["changes"])
    tested = desk.data("test", "wuliudai", status=1)["wuliudai"]
    assert seen["failing"] == tested["failed"] > 0
    text = desk.run("watch", "wuliudai", "--once").output
    assert f"{seen['failing']} fail" in text
    assert "threshold 500,000 → 400,000" in text
    assert f"swapped in: {seen['report']['swapped_in']['count']:,}" in text


def test_warnings_coverage_and_the_story_of_a_failing_case(desk: Desk) -> None:
    """Each as its own command says it."""
    desk.publish()
    desk.edit(ADMISSION, "age < 20 or age > 60", "age < 20 or age > 150")
    desk.edit("rulesets/wuliudai/limit.yaml", "yoy_3m < -0.30 then 0.6", "yoy_3m < -0.35 then 0.6")
    seen = look(desk, status=1)
    assert seen["warnings"] == desk.data("check", "wuliudai", status=1)["warnings"]
    assert [one["code"] for one in seen["warnings"]] == ["threshold-outside-range"]
    tested = desk.data("test", "wuliudai", status=1)["wuliudai"]
    assert seen["coverage"] == tested["coverage"]
    assert seen["story"][0].startswith("admission: ")
    text = desk.run("watch", "wuliudai", "--once").output
    assert "warnings: 1;" in text
    assert f"coverage: {seen['coverage']['covered']} of {seen['coverage']['total']} parts" in text
    assert f"      {seen['story'][0]}\n" in text
    price = seen["report"]["price"]["after"]["mean_daily_rate"]
    assert f"→ {price:.4%} a day" in text
    tiers = seen["report"]["tiers"]
    before, after = tiers["approved_before"]["A"], tiers["approved_after"]["A"]
    assert before > 0
    assert f"tiers    A {before} → {after}" in text


def test_a_warning_is_not_fine(desk: Desk) -> None:
    """Something that nothing else notices: no case fails, and a name is read no more."""
    path = desk.rulesets / "wuliudai/accepted.yaml"
    path.write_text("lint: []\n", "utf-8")
    seen = look(desk, status=1)
    assert seen["failing"] == 0
    assert {one["code"] for one in seen["warnings"]} == {"points-against-direction", "term-unread"}
    assert not seen["fine"]


def test_problems_stand_alone(desk: Desk) -> None:
    desk.publish()
    desk.edit(ADMISSION, "cod_amt_12m < 500_000", "cod_amt_12n < 500_000")
    seen = look(desk, status=1)
    assert [one["code"] for one in seen["problems"]] == ["unknown-name"]
    assert seen["report"] is None
    assert seen["cases"] is None
    assert "^" in desk.run("watch", "wuliudai", "--once").output


def test_what_is_missing_is_told_and_the_rest_done(desk: Desk) -> None:
    shutil.rmtree(desk.lake)
    seen = look(desk)
    assert seen["cases"] > 0
    assert seen["failing"] == 0
    assert any("nothing of 'wuliudai' is published" in note for note in seen["notes"])
    assert any("no feature snapshot" in note for note in seen["notes"])
    shutil.rmtree(desk.rulesets / "wuliudai/cases")
    assert not look(desk, status=1)["fine"]


def test_against_a_folder(desk: Desk, tmp_path: Path) -> None:
    desk.edit(ADMISSION, "cod_amt_12m < 500_000", "cod_amt_12m < 400_000")
    seen = look(desk, "--against", str(PROJECT_FOLDER), status=1)
    assert seen["report"]["swapped_in"]["count"] > 0
    assert desk.run("watch", "wuliudai", "--against", str(tmp_path / "no")).exception is not None


def test_saves_are_seen_until_it_is_interrupted(desk: Desk) -> None:
    """Broken text, a rename over the file, a folder that goes and comes back; then Ctrl-C."""
    desk.publish()
    path = desk.folder / ADMISSION
    text = path.read_text("utf-8")
    command = [sys.executable, "-m", "app.cli", "policy", "watch", "wuliudai", "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=PROJECT_FOLDER, env=os.environ
    ) as watching:
        assert watching.stdout is not None

        def until(wanted: Any) -> dict[str, Any]:
            for line in watching.stdout:  # type: ignore[union-attr]
                seen: dict[str, Any] = json.loads(line)
                if wanted(seen):
                    return seen
            raise AssertionError("it ended by itself")

        try:
            until(lambda seen: seen["fine"])
            path.write_text(text[: len(text) // 2] + '\n  "', "utf-8")
            until(lambda seen: seen["problems"])
            draft = path.with_suffix(".yaml.swp")
            draft.write_text(text.replace("< 500_000", "< 400_000"), "utf-8")
            draft.replace(path)
            until(lambda seen: seen["report"] and seen["report"]["swapped_in"]["count"])
            moved = desk.folder / "elsewhere"
            desk.rulesets.rename(moved)
            until(lambda seen: any("no policy.yaml" in note for note in seen["notes"]))
            (moved / "wuliudai/admission.yaml").write_text(text, "utf-8")
            moved.rename(desk.rulesets)
            until(lambda seen: seen["fine"])
            watching.send_signal(signal.SIGINT)
            assert watching.wait(20) == 0
        finally:
            watching.kill()
