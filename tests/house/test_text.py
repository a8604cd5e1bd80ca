"""The project speaks only of itself, needs no internet in a browser, and its files stand alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import PROJECT_FOLDER

FOLDERS = ("app", "benchmarks", "docs", "migrations", "rulesets", "scorecards", "tests", ".ci")
# These may read what lies beside the checkout, and skip when it is not there.
MAY_READ_BESIDE = ("tests/", "benchmarks/", ".ci/")
TEXT_ENDINGS = {
    ".py", ".md", ".yaml", ".sql", ".html", ".cfg", ".toml", ".txt", ".json", ".css", ".js", "",
}  # fmt: skip
PLACE = re.compile(r"(?<![\w.])/(?:work|tmp|home|root)/\w")
BESIDE = "../" + "shared"
ADDRESS = re.compile(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", re.IGNORECASE)


def list_texts() -> Iterator[tuple[str, str]]:
    """(path inside the project, content) of every text file that belongs to the project."""
    roots = [path for path in PROJECT_FOLDER.iterdir() if path.is_file()]
    for folder in FOLDERS:
        roots += (PROJECT_FOLDER / folder).rglob("*")
    for path in sorted(roots):
        is_built = "__pycache__" in path.parts or path.name.startswith(".coverage")
        if path.is_file() and path.suffix in TEXT_ENDINGS and not is_built:
            yield path.relative_to(PROJECT_FOLDER).as_posix(), path.read_text(encoding="utf-8")


def test_the_walk_sees_the_project() -> None:
    names = {name for name, _ in list_texts()}
    assert names >= {"setup.cfg", "Makefile", "README.md", ".ci/run", "app/cli.py"}
    assert len(names) > 50


def test_no_file_names_a_place_of_one_machine() -> None:
    named = [
        f"{name}: {match.group()}"
        for name, text in list_texts()
        if not name.startswith("tests/")
        for match in PLACE.finditer(text)
    ]
    assert named == []


def test_only_tests_and_benchmarks_read_what_lies_beside() -> None:
    named = [
        name
        for name, text in list_texts()
        if BESIDE in text and not name.startswith(MAY_READ_BESIDE)
    ]
    assert named == []


def test_pages_load_nothing_from_the_internet() -> None:
    pages = list((PROJECT_FOLDER / "app").rglob("*.html"))
    foreign = [str(path) for path in pages if ADDRESS.search(path.read_text(encoding="utf-8"))]
    assert foreign == []


@pytest.mark.parametrize("folder", sorted(p.name for p in (PROJECT_FOLDER / "app").iterdir()))
def test_python_packages_can_be_imported_by_name(folder: str) -> None:
    path = PROJECT_FOLDER / "app" / folder
    if not path.is_dir() or folder == "__pycache__":
        return
    modules = [module for module in path.rglob("*.py") if "sql" not in module.parts]
    assert not modules or (path / "__init__.py").exists()


def test_modules_open_with_a_sentence() -> None:
    silent = [
        name
        for name, text in list_texts()
        if name.startswith("app/") and name.endswith(".py") and text.strip()
        if Path(name).name != "__init__.py" and not text.lstrip().startswith(('"""', 'r"""'))
    ]
    assert silent == []
