"""What is meant stands in accepted.yaml; the shipped policies have nothing else; a problem hides
nothing and invents nothing.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import chengxin
from app.lint.acceptance import CODES
from app.lint.lint import lint_policy, lint_shared
from app.policies.accepted import read_accepted
from app.policies.documents import list_products
from app.policies.examine import examine
from app.rules.problems import Problem, render
from app.settings import PROJECT_FOLDER
from tests.lint.products import examined, warnings_of
from tests.rejected.readers import BASE_OF_LINT, list_broken

RULESETS, SCORECARDS = PROJECT_FOLDER / "rulesets", PROJECT_FOLDER / "scorecards"
CARD, ACCEPTED = "scorecards/loan.yaml", "rulesets/loan/accepted.yaml"
HUMP = (
    (BASE_OF_LINT / CARD)
    .read_text("utf-8")
    .replace('">= 12", points: 10', '"[12..24)", points: 10}, {when: ">= 24", points: 4')
)


def test_the_shipped_policies_have_no_warning_that_is_not_accepted() -> None:
    looked = [examine(name, RULESETS, SCORECARDS) for name in list_products(RULESETS)]
    shared = lint_shared(looked, RULESETS, SCORECARDS)
    found = [*shared.problems, *shared.warnings]
    for one in looked:
        found += [*one.problems, *lint_policy(one)]
    assert [render(problem) for problem in found] == []


def test_the_codes_that_may_be_accepted_are_those_that_exist() -> None:
    broken = (name.removeprefix("lint/") for name in list_broken() if name.startswith("lint/"))
    assert {Path(name).stem.split("--")[0] for name in broken} == set(CODES)


@pytest.mark.parametrize("at", ["loan.yaml tenure", "loan.yaml tenure >= 24", "loan.yaml  tenure"])
def test_what_is_accepted_is_not_told(tmp_path: Path, at: str) -> None:
    assert [one.code for one in warnings_of(tmp_path, {CARD: HUMP})] == ["points-against-direction"]
    entry = f"lint:\n  - {{code: points-against-direction, at: '{at}', why: a hump}}\n"
    assert warnings_of(tmp_path, {CARD: HUMP, ACCEPTED: entry}) == []


def test_an_acceptance_of_another_place_or_code_takes_nothing(tmp_path: Path) -> None:
    entry = (
        "lint:\n"
        "  - {code: points-against-direction, at: loan.yaml concentration, why: a hump}\n"
        "  - {code: same-points, at: loan.yaml tenure, why: a hump}\n"
    )
    codes = [one.code for one in warnings_of(tmp_path, {CARD: HUMP, ACCEPTED: entry})]
    assert sorted(codes) == ["accepted-nothing", "accepted-nothing", "points-against-direction"]


def test_a_list_of_names_loses_only_those_that_are_gone(tmp_path: Path) -> None:
    entry = (
        "lint:\n  - {code: points-against-direction, at: 'loan.yaml tenure, gone', why: a hump}\n"
    )
    (one,) = warnings_of(tmp_path, {CARD: HUMP, ACCEPTED: entry})
    assert (one.code, one.line_text[one.place.column - 1 :][:4]) == ("accepted-nothing", "gone")


def test_a_family_of_inputs_is_accepted_at_once(tmp_path: Path) -> None:
    catalogue = (BASE_OF_LINT / "rulesets/catalogue.yaml").read_text("utf-8")
    more = "".join(
        f"  {name}: {{type: money, from: bank, family: scale, meaning: {{zh: 字, en: word}}}}\n"
        for name in ("one", "two")
    )
    files = {"rulesets/catalogue.yaml": catalogue + more}
    assert [p.code for p in _shared(tmp_path, files)] == ["input-unread"] * 2
    entry = "lint:\n  - {code: input-unread, at: catalogue.yaml family scale, why: later}\n"
    assert _shared(tmp_path, {**files, "rulesets/accepted.yaml": entry}) == []


def _shared(folder: Path, files: dict[str, str]) -> list[Problem]:
    looked = examined(folder, files)
    return list(lint_shared([looked], folder / "rulesets", folder / "scorecards").warnings)


def test_a_stage_with_a_problem_gives_no_warning_elsewhere(tmp_path: Path) -> None:
    files = {CARD: HUMP.replace("when: ", "wen: ", 1)}
    looked = examined(tmp_path, files)
    assert looked.problems
    assert lint_policy(looked) == [], "the tiers still read a score of any size"


def test_the_other_files_are_looked_at_beside_a_problem(tmp_path: Path) -> None:
    tiers = (BASE_OF_LINT / "rulesets/loan/tiering.yaml").read_text("utf-8")
    files = {
        "rulesets/loan/admission.yaml": "kind: rules\nunknown: refer\n",
        "rulesets/loan/tiering.yaml": tiers.replace('">= 5"', '">= 50"'),
    }
    looked = examined(tmp_path, files)
    assert {one.code for one in looked.problems} == {"key-missing"}
    assert [one.code for one in lint_policy(looked)] == ["threshold-outside-range"]


def test_what_a_product_with_problems_may_read_is_not_called_unread(tmp_path: Path) -> None:
    admission = (BASE_OF_LINT / "rulesets/loan/admission.yaml").read_text("utf-8")
    files = {"rulesets/loan/admission.yaml": admission.replace("cod_months < 6", "cod_month < 6")}
    assert _shared(tmp_path, files) == []


def test_no_accepted_file_accepts_nothing(tmp_path: Path) -> None:
    problems: list[Problem] = []
    accepted = read_accepted(tmp_path, tmp_path, problems)
    assert (accepted.lint, accepted.survivors, problems) == ((), (), [])


def test_check_tells_problems_first_and_then_warnings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(RULESETS, tmp_path / "rulesets")
    shutil.copytree(SCORECARDS, tmp_path / "scorecards")
    monkeypatch.setenv("CHENGXIN_RULESETS", str(tmp_path / "rulesets"))
    monkeypatch.setenv("CHENGXIN_SCORECARDS", str(tmp_path / "scorecards"))
    path = tmp_path / "rulesets/wuliudai/tiering.yaml"
    path.write_text(path.read_text("utf-8").replace('">= 85"', '">= 101"'), encoding="utf-8")
    result = CliRunner().invoke(chengxin, ["policy", "check", "wuliudai"])
    assert result.exit_code == 1
    assert "tiering.yaml:10:23: warning: 'score >= 101' never holds" in result.stdout
    assert result.stderr.strip() == "1 warning"
    only_errors = CliRunner().invoke(chengxin, ["policy", "check", "wuliudai", "--errors-only"])
    assert (only_errors.exit_code, "no problems" in only_errors.stdout) == (0, True)
    path = tmp_path / "rulesets/wuliudai/admission.yaml"
    path.write_text(path.read_text("utf-8").replace("overdue_now", "overdue"), encoding="utf-8")
    result = CliRunner().invoke(chengxin, ["policy", "check", "wuliudai"])
    kinds = [line.split(": ")[1] for line in result.stdout.split("\n") if "rulesets/" in line[:9]]
    assert kinds == ["error", "warning"]
    data = json.loads(
        CliRunner().invoke(chengxin, ["policy", "check", "wuliudai", "--json"]).stdout
    )
    assert [one["code"] for one in data["problems"]] == ["unknown-name"]
    assert [one["code"] for one in data["warnings"]] == ["threshold-outside-range"]
