"""The frame around the benchmarks: targets are judged on their side, failures are not hidden."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest
from rich.console import Console

import benchmarks.__main__ as command
from benchmarks.table import Row, print_table


@pytest.mark.parametrize(
    ("ratio", "target", "at_most", "reached"),
    [
        (2.0, 3.0, True, True),
        (3.0, 3.0, True, True),
        (3.01, 3.0, True, False),
        (0.6, 0.5, False, True),
        (0.4, 0.5, False, False),
        (None, 3.0, True, None),
        (2.0, None, True, None),
    ],
)
def test_a_target_is_judged_on_its_side(
    ratio: float | None, target: float | None, at_most: bool, reached: bool | None
) -> None:
    row = Row("x", 1.0, 2.0, ratio, target, at_most=at_most)
    assert row.reached() is reached


def test_a_missed_target_is_seen_without_colours() -> None:
    shown = io.StringIO()
    print_table([Row("slow", 1.0, 9.0, 9.0, 3.0)], Console(file=shown, width=100))
    assert " NO " in shown.getvalue()
    assert "≤ 3" in shown.getvalue()


def test_an_unknown_benchmark_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        command.main(["no_such_benchmark"])
    assert stop.value.code == 2
    assert "no_such_benchmark" in capsys.readouterr().err


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Row] | Exception]:
    """Benchmarks that give these rows, or fail with this error, in place of the real ones."""
    given: dict[str, list[Row] | Exception] = {}

    def make(name: str) -> ModuleType:
        def run(smoke: bool) -> list[Row]:
            result = given[name]
            if isinstance(result, Exception):
                raise result
            return result

        module = ModuleType(f"benchmarks.{name}")
        module.run = run  # type: ignore[attr-defined]
        return module

    for name in ("one", "two"):
        monkeypatch.setitem(sys.modules, f"benchmarks.{name}", make(name))
    monkeypatch.setattr(command, "find_benchmarks", lambda: ["one", "two"])
    return given


def test_status_tells_missed_targets_but_not_in_a_smoke_run(
    pretended: dict[str, list[Row] | Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    pretended |= {"one": [Row("a", 1.0, 2.0, 2.0, 3.0)], "two": [Row("b", 1.0, 4.0, 4.0, 3.0)]}
    assert command.main(["one"]) == 0
    assert command.main([]) == 1
    assert "target missed: b" in capsys.readouterr().err
    assert command.main(["--smoke"]) == 0


def test_a_benchmark_that_fails_does_not_hide_the_others(
    pretended: dict[str, list[Row] | Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    pretended |= {"one": OSError("no disk"), "two": [Row("b", 1.0, 2.0, 2.0, 3.0)]}
    assert command.main(["--smoke", "--json"]) == 1
    said = capsys.readouterr()
    assert [row["what"] for row in json.loads(said.out)] == ["b"]
    assert "failed: one" in said.err


def test_every_module_with_a_run_is_found() -> None:
    folder = Path(command.__file__).parent
    with_run = {path.stem for path in folder.glob("*.py") if "\ndef run(" in path.read_text()}
    private = {name for name in with_run if name.startswith("_")}
    assert set(command.find_benchmarks()) == with_run - private
