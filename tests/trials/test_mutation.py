"""What small changes of a policy its cases notice, on policies whose mutants can be counted; a
suggested case, put into the files, notices its mutant.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.commands.policy import policy
from app.policies.documents import documents_of
from app.policies.examine import examine, freeze
from app.policies.policy import check_policy
from app.settings import PROJECT_FOLDER
from app.trials.mutants import list_mutants
from app.trials.mutation import MutationReport, run_mutants
from tests.trials.small import ELEVEN, MISSING, RULE, TWELVE, look, write_cases, write_product

EVERY = TWELVE + ELEVEN + MISSING


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHENGXIN_RULESETS", str(tmp_path / "rulesets"))
    monkeypatch.setenv("CHENGXIN_SCORECARDS", str(tmp_path / "scorecards"))
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(policy, list(words))


def report_of(folder: Path) -> MutationReport:
    looked = look(folder)
    assert looked.documents is not None
    return run_mutants(looked.documents, looked.cases, accepted=looked.accepted.survivors)


def survivors_of(folder: Path) -> set[str]:
    return {one.mutant.name for one in report_of(folder).survivors}


def test_every_mutant_of_one_rule_is_listed_and_noticed(folder: Path) -> None:
    write_product(folder, {"rules": RULE}, EVERY)
    looked = look(folder)
    assert looked.documents is not None and looked.policy is not None
    names = {one.name for one in list_mutants(looked.documents, looked.policy)}
    assert names == {
        "rules.yaml R-1: cod_months < 12 → cod_months <= 12",
        "rules.yaml R-1: cod_months < 12 → cod_months > 12",
        "rules.yaml R-1: cod_months < 12 → cod_months < 13",
        "rules.yaml R-1: cod_months < 12 → cod_months < 11",
        "rules.yaml R-1: decline → refer",
        "rules.yaml R-1: decline → flag",
        "rules.yaml unknown: refer → decline",
    }
    report = report_of(folder)
    assert (report.killed, report.survivors, report.score) == (7, (), 1.0)


@pytest.mark.parametrize(
    ("cases", "survivors"),
    [
        (
            ELEVEN + MISSING,
            {"R-1: cod_months < 12 → cod_months <= 12", "R-1: cod_months < 12 → cod_months < 13"},
        ),
        (
            TWELVE + MISSING,
            {
                "R-1: cod_months < 12 → cod_months > 12",
                "R-1: cod_months < 12 → cod_months < 11",
                "R-1: decline → refer",
                "R-1: decline → flag",
            },
        ),
        (TWELVE + ELEVEN, {"unknown: refer → decline"}),
    ],
)
def test_without_a_case_its_mutants_survive_until_the_suggested_ones_are_written(
    folder: Path, cases: str, survivors: set[str]
) -> None:
    write_product(folder, {"rules": RULE}, cases)
    assert survivors_of(folder) == {f"rules.yaml {name}" for name in survivors}
    told = run("test", "loan", "--mutate")
    assert told.exit_code == 1
    assert all(name in told.stdout for name in survivors)
    written = run("cases", "loan", "--suggest", "--write", "all")
    assert written.exit_code == 0, written.output
    assert survivors_of(folder) == set()
    again = run("test", "loan", "--mutate")
    assert again.exit_code == 0
    assert "7 of 7 small changes (100.0%)" in again.stdout


def test_a_suggested_case_notices_the_mutant_made_by_hand(folder: Path) -> None:
    write_product(folder, {"rules": RULE}, ELEVEN)
    found = json.loads(run("test", "loan", "--mutate", "--json").stdout)["loan"]["mutation"]
    name = "rules.yaml R-1: cod_months < 12 → cod_months < 13"
    one = next(one for one in found["survivors"] if one["mutant"] == name)
    path = folder / "rulesets/loan/cases/all.yaml"
    path.write_text(path.read_text(encoding="utf-8") + one["suggested"]["yaml"], encoding="utf-8")
    assert run("test", "loan").exit_code == 0
    rules = folder / "rulesets/loan/rules.yaml"
    rules.write_text(RULE.replace("< 12", "< 13"), encoding="utf-8")
    failed = run("test", "loan")
    assert failed.exit_code == 1
    assert one["suggested"]["case"] in failed.stdout


def test_an_argued_survivor_is_no_failure_and_an_idle_argument_is_told(folder: Path) -> None:
    accepted = (
        "survivors:\n"
        '  - {mutant: "rules.yaml unknown: refer → decline", why: nobody has no history}\n'
        '  - {mutant: "rules.yaml R-9: left out", why: it was here}\n'
    )
    write_product(folder, {"rules": RULE}, TWELVE + ELEVEN, accepted=accepted)
    report = report_of(folder)
    assert (report.killed, report.argued, report.unargued) == (6, 1, ())
    assert report.unmatched == ("rules.yaml R-9: left out",)
    told = run("test", "loan", "--mutate")
    assert told.exit_code == 0
    assert "accepts a survivor that there is not: rules.yaml R-9: left out" in told.stdout


def test_what_no_valid_merchant_tells_apart_counts_neither_way(folder: Path) -> None:
    """Months are whole and not below 0: `> -1` and `>= -1` are the same rule."""
    rule = RULE.replace("cod_months < 12", "cod_months > -1")
    write_product(folder, {"rules": rule}, ELEVEN)
    report = report_of(folder)
    same = {"R-1: cod_months > -1 → cod_months >= -1", "R-1: cod_months > -1 → cod_months > -2"}
    names = {one.mutant.name for one in report.survivors}
    assert report.same == 2
    assert names.isdisjoint(f"rules.yaml {name}" for name in same)


TABLE = """\
kind: table
title: {zh: 档, en: Tiers}
unknown: refer
hit: first
inputs: [cod_months]
outputs: [tier]
rows:
  - {id: T-A, cod_months: ">= 24", tier: A}
  - {id: T-B, cod_months: ">= 12", tier: B}
otherwise: {tier: C, then: decline, reason: SHORT_HISTORY}
"""
FORMULA = """\
kind: formula
title: {zh: 额, en: Limit}
unknown: refer
let:
  factor: if tier = "A" then 2.0 else 1.0
limit: min(0.1 * cod_settled_12m * factor, cod_amt_12m / 10)
round_down_to: 1_000
minimum: {amount: 10_000, then: decline, reason: LIMIT_TOO_SMALL}
"""
MONEY = "cod_months: 24, cod_settled_12m: 900_000, cod_amt_12m: 3_000_000"


def test_from_one_case_the_suggested_ones_leave_no_survivor(folder: Path) -> None:
    """Tiers, a limit with bounds that are computed, and a share of two amounts."""
    share = RULE.replace("cod_months < 12", "cod_settled_12m / cod_amt_12m < 0.15")
    only = "  - case: usual\n    given: {}\n    expect: {outcome: approve}\n"
    stages = {"share": share, "tiering": TABLE, "limit": FORMULA}
    write_product(folder, stages, only, MONEY)
    assert len(survivors_of(folder)) > 25
    written = run("cases", "loan", "--suggest", "--write", "all")
    assert written.exit_code == 0, written.output
    report = report_of(folder)
    assert [one.mutant.name for one in report.survivors] == []
    assert report.killed > 50
    assert "no case reaches" not in run("test", "loan").stdout


def test_cases_that_fail_are_mended_first(folder: Path) -> None:
    wrong = TWELVE.replace("approve", "decline")
    write_product(folder, {"rules": RULE}, wrong)
    told = run("test", "loan", "--mutate")
    assert told.exit_code == 1
    assert "first all cases must hold" in told.stdout
    assert run("cases", "loan", "--suggest").exit_code != 0


def test_what_cannot_be_appended_leaves_the_file_as_it_was(folder: Path) -> None:
    write_product(folder, {"rules": RULE}, TWELVE)
    path = folder / "rulesets/loan/cases/all.yaml"
    flow = "cases: [{case: twelve, given: {cod_months: 12}, expect: {outcome: approve}}]"
    path.write_text(f"base: {{cod_months: 24}}\n{flow}\n", encoding="utf-8")
    before = path.read_bytes()
    told = run("cases", "loan", "--suggest", "--write", "all")
    assert told.exit_code == 1
    assert "nothing was written" in told.output
    assert path.read_bytes() == before


def test_names_do_not_depend_on_lines_and_are_the_same_in_a_release(folder: Path) -> None:
    write_product(folder, {"rules": RULE}, EVERY)
    looked = look(folder)
    assert looked.documents is not None and looked.policy is not None
    names = [one.name for one in list_mutants(looked.documents, looked.policy)]
    rules = folder / "rulesets/loan/rules.yaml"
    rules.write_text("# more\n\n" + RULE, encoding="utf-8")
    moved = look(folder)
    assert moved.documents is not None and moved.policy is not None
    assert [one.name for one in list_mutants(moved.documents, moved.policy)] == names
    released = documents_of(json.loads(freeze(moved)))
    assert [one.name for one in list_mutants(released, check_policy(released))] == names
    assert len(set(names)) == len(names)


def test_a_purpose_without_a_file_gets_a_whole_one_only_if_needed(folder: Path) -> None:
    write_product(folder, {"rules": RULE}, TWELVE)
    write_cases(folder, TWELVE)
    told = json.loads(run("cases", "loan", "--suggest", "--json").stdout)["loan"]
    files = {one["suggested"]["file"] for one in told["suggested"]}
    assert files == {"all.yaml"}
    assert told["written"] == []


@pytest.mark.slow
@pytest.mark.parametrize("product", ["wuliudai", "fapiaodai"])
def test_no_small_change_of_the_shipped_policies_goes_unnoticed(product: str) -> None:
    looked = examine(product, PROJECT_FOLDER / "rulesets", PROJECT_FOLDER / "scorecards")
    assert looked.documents is not None
    report = run_mutants(looked.documents, looked.cases, accepted=looked.accepted.survivors)
    assert [one.mutant.name for one in report.unargued] == []
    assert report.unmatched == ()
    assert report.total > 700
    assert replace(report, survivors=()).score == 1.0
