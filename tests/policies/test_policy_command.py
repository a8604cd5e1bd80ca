"""`chengxin policy …` as an analyst uses it: a copy of the shipped files, a database, the command
line.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli import chengxin
from app.errors import ChengxinError
from app.settings import PROJECT_FOLDER


class Desk:
    """An analyst's desk: own files, own home; `run` gives status, output and error text of a
    command.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
        self.rulesets = folder / "rulesets"
        shutil.copytree(PROJECT_FOLDER / "rulesets", self.rulesets)
        shutil.copytree(PROJECT_FOLDER / "scorecards", folder / "scorecards")
        monkeypatch.setenv("CHENGXIN_RULESETS", str(self.rulesets))
        monkeypatch.setenv("CHENGXIN_SCORECARDS", str(folder / "scorecards"))
        monkeypatch.setenv("CHENGXIN_HOME", str(folder / "home"))
        monkeypatch.setenv("DATABASE_URL", database_url)

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(chengxin, ["policy", *words])

    def fine(self, *words: str) -> str:
        result = self.run(*words)
        assert result.exit_code == 0, (result.output, result.exception)
        return result.stdout

    def data(self, *words: str) -> Any:
        return json.loads(self.fine(*words, "--json"))

    def refused(self, *words: str) -> str:
        """The message of a refusal; `chengxin` makes status 2 of it."""
        result = self.run(*words)
        assert isinstance(result.exception, ChengxinError), result.output
        return str(result.exception)

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.rulesets / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> Desk:
    return Desk(tmp_path, monkeypatch, sqlite_url)


def test_check_says_that_all_is_well(desk: Desk) -> None:
    assert re.fullmatch(
        r"fapiaodai: no problems, \d+ cases\nwuliudai: no problems, \d+ cases\n", desk.fine("check")
    )
    assert desk.data("check", "wuliudai") == {
        "products": ["wuliudai"],
        "problems": [],
        "warnings": [],
    }


def test_check_tells_every_mistake_with_place_and_caret(desk: Desk) -> None:
    desk.edit("wuliudai/admission.yaml", "when: cod_months < 12", "when: cod_month < 12")
    desk.edit("wuliudai/admission.yaml", "reason: IDLE", "reason: IDEL")
    desk.edit("wuliudai/tiering.yaml", '">= 65"', ">= 65")
    result = desk.run("check")
    assert result.exit_code == 1
    assert "quote-needed" in result.stdout, "a file that is no YAML hides what depends on it"
    desk.edit("wuliudai/tiering.yaml", "score: >= 65", 'score: ">= 65"')
    result = desk.run("check")
    assert result.exit_code == 1
    head, _, rest = result.stdout.partition("\n\n")
    assert head.split("\n") == [
        "rulesets/wuliudai/admission.yaml:8:11: error: unknown input 'cod_month' [unknown-name]",
        "        when: cod_month < 12",
        "              ^^^^^^^^^",
        "    did you mean 'cod_months', 'cod_min_month', 'cod_avg_month'?",
    ]
    assert "reasons.yaml has no reason 'IDEL' [unknown-reason]" in rest
    assert result.stderr.strip() == "2 problems"


def test_check_gives_places_as_data(desk: Desk) -> None:
    desk.edit("catalogue.yaml", "  age:\n    type: integer", "  age:\n    type: whole")
    result = desk.run("check", "--json")
    assert result.exit_code == 1
    codes = [(p["code"], p["file"]) for p in json.loads(result.stdout)["problems"]]
    assert codes.count(("bad-choice", "rulesets/catalogue.yaml")) == 1, "shared files are told once"


def test_an_unknown_product_is_wrong_use(desk: Desk) -> None:
    assert "did you mean 'wuliudai'?" in desk.refused("check", "wuliuday")
    assert "did you mean 'wuliudai'?" in desk.refused("test", "wuliuday")


def test_test_tells_what_was_expected_and_given(desk: Desk) -> None:
    assert "all cases hold" in desk.fine("test", "wuliudai")
    desk.edit("wuliudai/limit.yaml", "round_down_to: 1_000", "round_down_to: 100")
    result = desk.run("test", "wuliudai")
    assert result.exit_code == 1
    assert "just below the cap\n    limit: expected 499_000, scalar gives 499_900" in result.stdout
    failed = json.loads(desk.run("test", "wuliudai", "--json").stdout)["wuliudai"]
    assert failed["failed"] == len({d["case"] for d in failed["differences"]}) > 3


def test_a_product_without_cases_is_not_tested(desk: Desk) -> None:
    shutil.rmtree(desk.rulesets / "wuliudai" / "cases")
    result = desk.run("test", "wuliudai")
    assert (result.exit_code, "there are no cases" in result.stdout) == (1, True)
    assert desk.run("publish", "wuliudai", "--by", "Li Na", "--why", "x").exit_code == 1
    assert desk.data("list")["wuliudai"] == []


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("wuliudai/admission.yaml", "cod_months < 12", "cod_month < 12"),
        ("wuliudai/admission.yaml", "cod_months < 12", "cod_months < 13"),
        ("wuliudai/cases/limit.yaml", "limit: 35_000", "limit: 36_000"),
    ],
)
def test_nothing_is_published_that_fails(desk: Desk, file: str, old: str, new: str) -> None:
    desk.edit(file, old, new)
    result = desk.run("publish", "wuliudai", "--by", "Li Na", "--why", "x")
    assert (result.exit_code, result.stderr.strip().split("\n")[-1]) == (1, "nothing was published")
    told = desk.run("publish", "wuliudai", "--by", "Li Na", "--why", "x", "--json")
    assert told.exit_code == 1
    assert json.loads(told.stdout)
    assert desk.data("list")["wuliudai"] == []


def test_the_whole_life_by_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    desk = Desk(tmp_path, monkeypatch, database_url)
    wang = ("--by", "Wang Fang", "--despite", "published in a hurry")
    first = desk.data("publish", "wuliudai", "--by", "Li Na", "--why", "first", "--quick")
    assert (first["number"], first["status"], first["is_new"]) == (1, "published", True)
    assert first["evidence"]["parts"]["cases"]["engines"] == ["scalar", "durable", "numpy"]
    again = desk.data("publish", "wuliudai", "--by", "Li Na", "--why", "first")
    assert (again["number"], again["is_new"], again["sha256"]) == (1, False, first["sha256"])
    assert "somebody else" in desk.refused("approve", "wuliudai", "--by", " LI NA ")
    assert "first chengxin policy approve" in desk.refused(
        "activate", "wuliudai", "1", "--by", "Wang Fang"
    )
    assert desk.data("approve", "wuliudai", *wang)["status"] == "approved"
    assert desk.data("activate", "wuliudai", "--by", "Wang Fang")["status"] == "active"
    desk.edit("wuliudai/policy.yaml", "tenor_months: 12", "tenor_months: 6")
    second = desk.data("publish", "wuliudai", "--by", "Li Na", "--why", "shorter", "--quick")
    assert (second["number"], second["sha256"] != first["sha256"]) == (2, True)
    desk.fine("approve", "wuliudai", "2", *wang)
    planned = desk.data("activate", "wuliudai", "--by", "Wang Fang", "--at", "2099-01-01 08:00")
    assert (planned["status"], planned["active_from"]) == ("planned", "2099-01-01T00:00:00+00:00")
    assert desk.data("show", "wuliudai")["number"] == 1
    desk.fine("retire", "wuliudai", "2", "--by", "Wang Fang", "--why", "not needed")
    desk.fine("activate", "wuliudai", "2", "--by", "Wang Fang")
    assert desk.data("show")[0]["number"] == 2
    assert "is active again" in desk.fine(
        "rollback", "wuliudai", "--by", "Zhao Min", "--why", "too short"
    )
    rows = {row["number"]: row["status"] for row in desk.data("list")["wuliudai"]}
    assert rows == {1: "active", 2: "retired"}
    text = desk.fine("show", "wuliudai", "2")
    assert "rolled_back by Zhao Min (too short)" in text
    assert "hold by scalar, durable, numpy" in text
    assert "published in a hurry" in text


def test_times_are_local_unless_they_say_otherwise() -> None:
    from app.commands.policy_common import BadTime, read_time

    assert read_time("2026-12-01").isoformat() == "2026-11-30T16:00:00+00:00"
    assert read_time("2026-12-01 08:30").isoformat() == "2026-12-01T00:30:00+00:00"
    assert read_time("2026-12-01T08:30+00:00").isoformat() == "2026-12-01T08:30:00+00:00"
    for text in ("tomorrow", "", "2026-13-01", "08:00"):
        with pytest.raises(BadTime, match="write a time such as 2026-12-01"):
            read_time(text)


@pytest.mark.slow
def test_publishing_from_several_processes_gives_one_release(
    environment: dict[str, str], database: Any
) -> None:
    command = [sys.executable, "-m", "app.cli", "policy", "publish", "fapiaodai", "--quick"]
    running = [
        subprocess.Popen(
            [*command, "--by", f"analyst {n}", "--why", "race", "--json"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=PROJECT_FOLDER,
        )
        for n in range(4)
    ]
    answers = []
    for process in running:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        answers.append(json.loads(out))
    assert sum(answer["is_new"] for answer in answers) == 1
    assert {(answer["number"], answer["author"]) for answer in answers} == {
        (1, next(answer["author"] for answer in answers if answer["is_new"]))
    }


@pytest.mark.slow
def test_evidence_forbids_voids_and_is_shown(desk: Desk) -> None:
    publish = ("publish", "wuliudai", "--by", "Li Na", "--why")
    first = desk.data(*publish, "first", "--quick")
    parts = first["evidence"]["parts"]
    assert parts["proofs"] == {"status": "not_run", "said": "it was published with --quick"}
    assert "proofs: it was published" in desk.refused("approve", "wuliudai", "--by", "Wang")
    desk.fine("approve", "wuliudai", "--by", "Wang", "--despite", "a trial")
    gathered = json.loads(desk.run("evidence", "wuliudai", "1", "--by", "Li", "--json").stdout)
    assert (gathered["approval_voided"], gathered["status"]) == (True, "published")
    assert gathered["evidence"]["parts"]["proofs"]["status"] == "fine"
    assert gathered["evidence"]["parts"]["simulation"]["status"] == "not_needed"
    again = json.loads(desk.run("evidence", "wuliudai", "1", "--by", "Li", "--json").stdout)
    assert (again["is_changed"], again["evidence_sha256"]) == (False, gathered["evidence_sha256"])
    desk.fine("approve", "wuliudai", "--by", "Wang", "--despite", "a trial")
    shown = json.loads(desk.fine("show", "wuliudai", "--evidence"))
    assert shown["evidence_sha256"] == gathered["evidence_sha256"]

    desk.edit("wuliudai/policy.yaml", "limit <= 500_000", "limit <= 300_000")
    second = desk.data(*publish, "a statement that does not hold")
    assert second["evidence"]["parts"]["proofs"]["status"] == "failed"
    said = desk.refused("approve", "wuliudai", "2", "--by", "Wang", "--despite", "I want it")
    assert "refuted" in said
    desk.edit("wuliudai/cases/limit.yaml", "limit: 35_000", "limit: 36_000")
    desk.run("evidence", "wuliudai", "1", "--by", "Li")
    said = desk.refused("approve", "wuliudai", "1", "--by", "Wang", "--despite", "I want it")
    assert "cases: " in said
    events = [one["event"] for one in desk.data("audit", "wuliudai")]
    assert events == [
        "published", "refused", "approved", "evidence", "approval_voided", "approved",
        "published", "refused", "evidence", "approval_voided", "refused",
    ]  # fmt: skip
    assert json.loads(desk.fine("audit", "--verify", "--json"))["whole"] is True


@pytest.mark.parametrize("share", ["0", "0%", "101%", "1.5", "-5%", "ten", "0.12345", "", "nan"])
def test_shares_that_are_none(desk: Desk, share: str) -> None:
    told = desk.refused("challenge", "wuliudai", "1", "--by", "W", f"--share={share}")
    assert "write a share above 0%" in told


def test_options_that_do_not_go_together(desk: Desk) -> None:
    assert "--off" in desk.refused("shadow", "wuliudai", "--by", "W")
    assert "--off" in desk.refused("shadow", "wuliudai", "1", "--off", "--by", "W")
    assert "--share" in desk.refused("challenge", "wuliudai", "1", "--by", "W")
    assert "there is no log of 'nix'" in desk.refused("audit", "nix")
    assert "nothing of 'nix' is published" in desk.refused("compare", "nix")
