"""What the cases reach, and the trace of a case that fails: as an analyst meets them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.commands.policy import policy
from app.policies.examine import examine
from app.settings import PROJECT_FOLDER
from app.trials.coverage import measure_coverage


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("rulesets", "scorecards"):
        shutil.copytree(PROJECT_FOLDER / name, tmp_path / name)
    monkeypatch.setenv("CHENGXIN_RULESETS", str(tmp_path / "rulesets"))
    monkeypatch.setenv("CHENGXIN_SCORECARDS", str(tmp_path / "scorecards"))
    return tmp_path


def run(*options: str) -> Result:
    return CliRunner().invoke(policy, ["test", "wuliudai", *options])


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("product", ["wuliudai", "fapiaodai"])
def test_the_cases_of_the_shipped_policies_reach_everything(product: str) -> None:
    looked = examine(product, PROJECT_FOLDER / "rulesets", PROJECT_FOLDER / "scorecards")
    assert looked.policy is not None
    found = measure_coverage(looked.policy, looked.cases, looked.documents)
    assert found.missing == ()
    assert found.total > 150


def test_without_cases_nothing_is_reached() -> None:
    looked = examine("wuliudai", PROJECT_FOLDER / "rulesets", PROJECT_FOLDER / "scorecards")
    assert looked.policy is not None
    assert measure_coverage(looked.policy, []).covered == ()


def test_a_bound_that_no_case_reaches_is_named_with_its_line(folder: Path) -> None:
    cases = folder / "rulesets/wuliudai/cases"
    for path in cases.glob("*.yaml"):
        if path.name != "antifraud.yaml":
            path.unlink()
    limit = (folder / "rulesets/wuliudai/limit.yaml").read_text(encoding="utf-8").splitlines()
    line = 1 + next(n for n, text in enumerate(limit) if text.startswith("limit:"))
    told = run()
    assert told.exit_code == 0
    assert f"rulesets/wuliudai/limit.yaml:{line}: limit: min binds at settled_bound" in told.output
    assert "tiering.yaml" in told.output
    assert "of 214 parts" in told.output  # what could be reached does not depend on the cases
    assert run("--require-coverage").exit_code == 1
    missing = json.loads(run("--json").output)["wuliudai"]["coverage"]["missing"]
    assert {"stage": "tiering", "item": "T-D", "way": "row"}.items() <= next(
        one.items() for one in missing if one["item"] == "T-D"
    )


def test_a_moved_threshold_fails_and_shows_the_stages(folder: Path) -> None:
    edit(folder / "rulesets/wuliudai/admission.yaml", "cod_months < 12", "cod_months < 13")
    told = run()
    assert told.exit_code == 1
    assert "admission: decline (ADM-001 hit)" in told.output
    assert "read cod_months 12" in told.output
    found = json.loads(run("--json").output)["wuliudai"]
    assert found["failed"] == len(found["traces"]) > 0
    assert found["traces"][0]["stages"][0]["rules"]["ADM-001"] == "hit"


def test_a_condition_that_cannot_be_unknown_needs_no_such_case() -> None:
    looked = examine("wuliudai", PROJECT_FOLDER / "rulesets", PROJECT_FOLDER / "scorecards")
    assert looked.policy is not None
    found = measure_coverage(looked.policy, looked.cases)
    ways = {(one.item, one.way) for one in found.covered}
    assert ("REQ-001", "clear") in ways
    assert ("REQ-001", "unknown") not in ways
    assert ("REQ-002", "unknown") in ways  # the limit may be missing
