"""What is said in several places is said alike: versions, make targets, settings."""

from __future__ import annotations

import configparser
import importlib.metadata
import inspect
import re
import tomllib

import app.settings
from app.settings import PROJECT_FOLDER

SETTING = re.compile(r"\b(CHENGXIN_[A-Z_]+|DATABASE_URL)\b")


def read(name: str) -> str:
    return (PROJECT_FOLDER / name).read_text(encoding="utf-8")


def read_setup() -> configparser.ConfigParser:
    setup = configparser.ConfigParser()
    setup.read_string(read("setup.cfg"))
    return setup


def test_the_changelog_begins_with_the_packaged_version() -> None:
    version = read_setup()["metadata"]["version"]
    first = re.search(r"^## (\S+)", read("CHANGELOG.md"), re.MULTILINE)
    assert first is not None
    assert first.group(1) == version


def test_the_installed_package_is_this_one() -> None:
    assert importlib.metadata.version("chengxin") == read_setup()["metadata"]["version"]


def test_one_oldest_python() -> None:
    setup = read_setup()
    oldest = setup["options"]["python_requires"].removeprefix(">=")
    assert setup["mypy"]["python_version"] == oldest
    ruff = tomllib.loads(read("pyproject.toml"))["tool"]["ruff"]
    assert ruff["target-version"] == "py" + oldest.replace(".", "")
    assert f"sys.version_info < ({oldest.replace('.', ', ')})" in read(".ci/preflight")


def test_make_targets_in_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    assert targets >= {"run", "test", "install", "check", "bench", "clean"}
    for path in [*PROJECT_FOLDER.glob("*.md"), *(PROJECT_FOLDER / "docs").rglob("*.md")]:
        named = set(re.findall(r"`make ([a-z]+)", path.read_text(encoding="utf-8")))
        assert named <= targets, f"{path.name}: {named - targets}"


def test_the_operator_page_explains_every_setting_and_no_other() -> None:
    known = set(SETTING.findall(inspect.getsource(app.settings)))
    assert "CHENGXIN_HOME" in known
    assert set(SETTING.findall(read("docs/operator.md"))) == known


def test_every_dependency_has_bounds() -> None:
    loose = [
        line
        for line in read_setup()["options"]["install_requires"].split("\n")
        if line and not re.search(r"[<>=]=", line)
    ]
    assert loose == []
