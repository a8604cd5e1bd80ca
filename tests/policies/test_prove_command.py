"""`chengxin policy prove` as an analyst uses it, and `always:` as `policy check` reads it."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli import chengxin
from app.errors import ChengxinError
from app.policies.examine import examine, freeze, thaw
from app.settings import PROJECT_FOLDER

needs_solver = pytest.mark.skipif(
    importlib.util.find_spec("z3") is None, reason="the extra 'prove' is not installed"
)
ALWAYS = "always:\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("rulesets", "scorecards"):
        shutil.copytree(PROJECT_FOLDER / name, tmp_path / name)
        monkeypatch.setenv(f"CHENGXIN_{name.upper()}", str(tmp_path / name))
    monkeypatch.setenv("CHENGXIN_HOME", str(tmp_path / "home"))
    return tmp_path


def _state(folder: Path, *statements: str) -> None:
    """Put these statements in the place of the shipped ones."""
    path = folder / "rulesets" / "wuliudai" / "policy.yaml"
    kept = path.read_text(encoding="utf-8").split(ALWAYS)[0]
    listed = "".join(f"  - {one}\n" for one in statements)
    path.write_text(kept + (ALWAYS + listed if listed else ""), encoding="utf-8")


def _run(*words: str) -> Result:
    return CliRunner().invoke(chengxin, ["policy", *words])


@needs_solver
def test_a_refuted_statement_is_shown_with_its_merchant_and_trace(folder: Path) -> None:
    _state(
        folder, "{that: limit <= 399_000, for: [drawdown]}", "{that: score <= 100, for: [drawdown]}"
    )
    result = _run("prove", "wuliudai")
    assert result.exit_code == 1, result.output
    lines = result.stdout.splitlines()
    assert lines[0].startswith("wuliudai: 1 of 2 proven in ")
    assert lines[1:3] == [
        "  refuted  limit <= 399_000  (drawdown)",
        "  proven   score <= 100  (drawdown)",
    ]
    assert lines[4] == "  refuted: limit <= 399_000, for drawdown"
    assert lines[5] == "    the merchant of the cases, with given: {}"
    assert lines[6] == "    approve, tier A, score 89, limit 400_000, daily rate 0.00019"
    assert "      tiering      approve, row T-A" in lines


@needs_solver
def test_a_direction_is_proven_after_an_expression_that_rounds(folder: Path) -> None:
    first = "{that: limit <= 0.2 * cod_settled_12m + 0.01 and limit <= 2.5 * cod_median_month + 1}"
    where = "where: cod_months * 0.3 > 1"
    _state(folder, first, f"{{limit: never falls with, input: cod_median_month, {where}}}")
    result = _run("prove", "wuliudai", "--json")
    assert result.exit_code == 0, result.output
    assert {one["verdict"] for one in json.loads(result.stdout)["wuliudai"]} == {"proven"}


@needs_solver
def test_json_has_the_merchant_as_cases_give_it(folder: Path) -> None:
    _state(folder, "{limit: never falls with, input: other_exposure, for: [drawdown]}")
    result = _run("prove", "wuliudai", "--json")
    assert result.exit_code == 1, result.output
    (finding,) = json.loads(result.stdout)["wuliudai"]
    assert finding["verdict"] == "refuted"
    assert finding["statement"] == "limit never falls with other_exposure"
    less, more = finding["counterexample"]
    assert less["given"]["other_exposure"] < more["given"]["other_exposure"]
    assert (less["limit_fen"] or 0) > (more["limit_fen"] or 0)
    assert less["evaluators_agree"] and more["evaluators_agree"]
    same = {name for name in less["given"] if less["given"][name] == more["given"][name]}
    assert same == less["given"].keys() - {"other_exposure"}
    assert [stage["stage"] for stage in less["stages"]][:2] == ["admission", "antifraud"]
    _is_approved_case(folder, less)


def _is_approved_case(folder: Path, shown: dict[str, Any]) -> None:
    """The merchant, pasted as a case, holds."""
    expected = {"outcome": shown["outcome"], "limit": (shown["limit_fen"] or 0) // 100 or None}
    case = {"base": shown["given"], "cases": [{"case": "shown", "expect": expected}]}
    cases = folder / "rulesets" / "wuliudai" / "cases"
    (cases / "shown.yaml").write_text(json.dumps(case), encoding="utf-8")
    assert _run("test", "wuliudai").exit_code == 0


@needs_solver
def test_a_limit_without_a_minimum_goes_down_to_zero_and_not_below(folder: Path) -> None:
    path = folder / "rulesets" / "wuliudai" / "limit.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(x for x in lines if not x.startswith("minimum")), encoding="utf-8")
    _state(
        folder,
        "{that: limit >= 0, for: [drawdown]}",
        "{that: limit > 0, for: [drawdown]}",
    )
    result = _run("prove", "wuliudai", "--json")
    least, above = json.loads(result.stdout)["wuliudai"]
    assert least["verdict"] == "proven"
    assert above["verdict"] == "refuted"
    assert above["counterexample"][0]["outcome"] == "approve"
    assert above["counterexample"][0]["limit_fen"] == 0


@needs_solver
def test_shipped_policies_are_proven(folder: Path) -> None:
    result = _run("prove", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert set(found) == {"fapiaodai", "wuliudai"}
    assert all(len(some) == 20 for some in found.values())


@needs_solver
def test_nothing_stated_is_said(folder: Path) -> None:
    _state(folder)
    result = _run("prove", "wuliudai")
    assert result.exit_code == 0
    assert result.stdout.startswith("wuliudai: nothing is stated")


def test_without_the_solver_it_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "z3" else find(name, *rest)
    )
    result = _run("prove", "wuliudai")
    assert isinstance(result.exception, ChengxinError)
    assert str(result.exception) == (
        "policy prove needs the solver z3, which is not installed;"
        " install it with: .venv/bin/pip install -e '.[prove]'"
    )


REFUSED = {
    "{that: limt <= 500_000}": ("unknown-name", "unknown input 'limt'", "did you mean 'limit'?"),
    "{that: limit}": ("wrong-type", "what must always hold must be true or false, not money", None),
    "{that: 'tier = \"F\"'}": ("unknown-category", "there is no category 'F' here", None),
    "{limit: never raises with, input: other_exposure}": (
        "bad-choice",
        "'limit' is 'never raises with'; it must be one of never rises with, never falls with",
        "did you mean 'never rises with', 'never falls with'?",
    ),
    "{limit: never rises with, input: other_exposur}": (
        "unknown-name",
        "unknown input 'other_exposur'",
        "did you mean 'other_exposure'?",
    ),
    "{outcome: never worsens with, input: region}": (
        "no-order",
        "the values of 'region' have no order, so nothing can rise with it",
        "name an input that is a number, an amount or true or false",
    ),
    "{unknown: never approves, except: [amont]}": (
        "unknown-name",
        "unknown input 'amont'",
        "did you mean 'amount'?",
    ),
    "{always: limit <= 500_000}": (
        "key-missing",
        "a statement needs 'that', 'unknown' or one of outcome, limit, score, daily_rate",
        "as in {that: limit <= 500_000} or {limit: never rises with, input: NAME}",
    ),
    "{that: limit <= 500_000, fur: [drawdown]}": (
        "unknown-key",
        "a statement has no key 'fur'",
        "did you mean 'for'?",
    ),
}


@pytest.mark.parametrize("statement", REFUSED)
def test_check_reads_the_statements(folder: Path, statement: str) -> None:
    code, message, hint = REFUSED[statement]
    _state(folder, statement)
    result = _run("check", "wuliudai", "--json")
    assert result.exit_code == 1
    (problem,) = json.loads(result.stdout)["problems"]
    assert (problem["code"], problem["message"]) == (code, message)
    assert hint is None or problem["hint"] == hint
    assert problem["file"] == "rulesets/wuliudai/policy.yaml"
    text = (folder / problem["file"]).read_text(encoding="utf-8").splitlines()
    assert text[problem["line"] - 1].strip() == f"- {statement}"


def test_a_release_holds_the_statements_and_the_inputs_they_name(folder: Path) -> None:
    _state(folder, "{that: cod_amt_24m != null or true}", "{unknown: never approves}")
    looked = examine("wuliudai", folder / "rulesets", folder / "scorecards")
    assert looked.policy is not None and "cod_amt_24m" not in looked.policy.inputs
    thawed = thaw(freeze(looked))
    assert thawed.always == looked.policy.always
