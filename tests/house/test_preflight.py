"""What a machine lacks is named with the line that installs it, before pip runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import PROJECT_FOLDER

PREFLIGHT = PROJECT_FOLDER / ".ci" / "preflight"


def check(python: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(PREFLIGHT), python],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        check=False,
    )


def pretend(folder: Path, body: str) -> str:
    """A stand-in for a Python that lacks something; what it is asked stands in $2."""
    path = folder / "python3"
    path.write_text(f'#!/bin/sh\ncase "$2" in\n{body}\n*) exec {sys.executable} "$@" ;;\nesac\n')
    path.chmod(0o755)
    return str(path)


def test_a_machine_without_python() -> None:
    result = check("python-that-is-not-there")
    assert result.returncode == 1
    assert "sudo apt-get install python3 python3-venv python3-dev build-essential" in result.stderr


def test_an_old_python_is_named_with_its_version(tmp_path: Path) -> None:
    old = pretend(tmp_path, '*version_info*) exit 1 ;;\n"") echo "Python 3.9.2"; exit 0 ;;')
    result = check(old)
    assert result.returncode == 1
    assert "is Python 3.9.2; Python 3.11 or newer is needed" in result.stderr


@pytest.mark.parametrize(
    ("body", "environment", "package"),
    [
        ("*ensurepip*) exit 1 ;;", {}, "python3-venv"),
        ("*never*) ;;", {"CC": "false"}, "build-essential"),
        ("*sysconfig*) echo /nonexistent ;;", {}, "python3-dev"),
    ],
)
def test_what_lacks_is_named(
    tmp_path: Path, body: str, environment: dict[str, str], package: str
) -> None:
    result = check(pretend(tmp_path, body), **environment)
    assert result.returncode == 1
    assert "sudo apt-get install" in result.stderr
    assert package in result.stderr.rpartition("apt-get install")[2]


def test_all_that_lacks_stands_in_one_line(tmp_path: Path) -> None:
    bare = pretend(tmp_path, "*ensurepip*) exit 1 ;;\n*sysconfig*) echo /nonexistent ;;")
    last = check(bare, CC="false").stderr.strip().splitlines()[-1]
    assert last.strip() == "sudo apt-get install python3-venv build-essential python3-dev"


def test_this_machine_has_all(tmp_path: Path) -> None:
    result = check(sys.executable)
    if "python3-dev" in result.stderr or "build-essential" in result.stderr:
        pytest.skip("this machine has no compiler: installed from somewhere else")
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
