"""`chengxin eval` as an analyst and a test bench use it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli import chengxin
from app.errors import ChengxinError
from app.settings import PROJECT_FOLDER


def evaluate(*words: str) -> Result:
    return CliRunner().invoke(chengxin, ["eval", *words])


@pytest.mark.parametrize(
    ("expression", "given", "types", "shown"),
    [
        ("x + 1", '{"x": 1}', "{}", "2.0"),
        ("x < 12", '{"x": 11}', "{}", "true"),
        ("x < 12", '{"x": null}', "{}", "null (unknown)"),
        ('行业 = "五金"', '{"行业": "五金"}', "{}", "true"),
        ('t = "A"', '{"t": null}', "{}", "null (unknown)"),
        ("sales >= 500_000", '{"sales": 499999.99}', '{"sales": "money"}', "false"),
        ("sales >= 500_000", '{"sales": 500000.00}', '{"sales": "money"}', "true"),
        ("sales * 0.333", '{"sales": 1.00}', '{"sales": "money"}', "0.33"),
    ],
)
def test_one_expression(expression: str, given: str, types: str, shown: str) -> None:
    result = evaluate(expression, "--given", given, "--types", types)
    assert (result.exit_code, result.output.strip()) == (0, shown)
    for engine in ("scalar", "numpy", "durable"):
        words = (expression, "--given", given, "--types", types, "--engine", engine)
        assert evaluate(*words).output.strip() == shown


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("slaes > 1", "--given", '{"sales": 1}'), "did you mean 'sales'?"),
        (("x >", "--given", '{"x": 1}'), "expression:1:4: a value is expected"),
        (("x > 1", "--given", "[1]"), "--given must be a JSON object"),
        (("x > 1", "--given", "{"), "--given is not JSON"),
        (("x > 1", "--given", '{"x": 1}', "--types", '{"x": "fen"}'), "no type 'fen'"),
        (("x > 1", "--given", '{"x": 1.001}', "--types", '{"x": "money"}'), "two decimals"),
    ],
)
def test_bad_input_says_what_to_write(words: tuple[str, ...], says: str) -> None:
    error = evaluate(*words).exception
    assert isinstance(error, ChengxinError)
    assert says in str(error)


def test_neither_or_both_is_wrong_use(tmp_path: Path) -> None:
    assert evaluate().exit_code == 2
    path = write_cases(tmp_path, [case("x > 1", [({"x": 2}, True)])])
    assert evaluate("x > 1", "--cases", str(path)).exit_code == 2


def case(expression: str, rows: list[tuple[dict[str, Any], Any]]) -> dict[str, Any]:
    return {"expression": expression, "rows": [{"given": g, "result": r} for g, r in rows]}


def write_cases(folder: Path, cases: list[dict[str, Any]]) -> Path:
    path = folder / "cases.json"
    path.write_text(json.dumps({"inputs": {"x": "number", "t": "text"}, "cases": cases}))
    return path


def test_cases_print_a_list_of_results_per_case(tmp_path: Path) -> None:
    path = write_cases(
        tmp_path,
        [
            case("x > 1", [({"x": 2}, True), ({"x": None}, None), ({"x": "2"}, None)]),
            case("x / 0", [({"x": 2, "t": "A"}, None)]),
        ],
    )
    done = run("eval", "--cases", str(path), "--json")
    assert json.loads(done.stdout) == [[True, None, None], [None]]
    assert done.returncode == 0
    assert "2 of 2 cases as expected" in done.stderr


def test_a_wrong_result_or_expression_is_a_no(tmp_path: Path) -> None:
    path = write_cases(
        tmp_path, [case("x > 1", [({"x": 2}, False)]), case("x > t", [({"x": 2}, False)])]
    )
    done = run("eval", "--cases", str(path), "--engine", "numpy", "--json")
    assert done.returncode == 1
    results = json.loads(done.stdout)
    assert results[0] == [True]
    assert "a text cannot stand beside a number" in results[1]["error"]
    assert "0 of 2 cases as expected" in done.stderr


def test_true_is_not_one(tmp_path: Path) -> None:
    path = write_cases(tmp_path, [case("x > 1", [({"x": 2}, 1)])])
    assert run("eval", "--cases", str(path), "--json").returncode == 1


@pytest.mark.parametrize("text", ["", "[]", '{"inputs": {"x": "fen"}, "cases": []}', "[" * 100_000])
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cases.json"
    path.write_text(text)
    done = run("eval", "--cases", str(path))
    assert done.returncode == 2
    assert str(path) in done.stderr
    assert "Traceback" not in done.stderr


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *words],
        cwd=PROJECT_FOLDER,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
