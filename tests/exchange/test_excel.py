"""A workbook there and back, on the command line, with real .xlsx files and LibreOffice."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from openpyxl import load_workbook

from app.cli import chengxin
from app.settings import PROJECT_FOLDER


class Desk:
    """Own files; a workbook exported from them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.book = folder, folder / "book.xlsx"
        for name in ("rulesets", "scorecards"):
            shutil.copytree(PROJECT_FOLDER / name, folder / name)
            monkeypatch.setenv(f"CHENGXIN_{name.upper()}", str(folder / name))
        monkeypatch.setenv("CHENGXIN_HOME", str(folder / "home"))
        assert self.run("export", "wuliudai", "--excel", str(self.book)).exit_code == 0

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(chengxin, ["policy", *words])

    def edit(self, sheet: str, **cells: Any) -> None:
        book = load_workbook(self.book)
        for name, value in cells.items():
            book[sheet][name] = value
        book.save(self.book)

    def files(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for name in ("rulesets", "scorecards")
            for path in (self.folder / name).rglob("*.yaml")
        }


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, monkeypatch)


def test_nothing_edited_changes_no_byte(desk: Desk) -> None:
    before = desk.files()
    result = desk.run("import", str(desk.book))
    assert result.exit_code == 0, result.output
    assert desk.files() == before


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_changes_no_byte(desk: Desk) -> None:
    before = desk.files()
    out = desk.folder / "converted"
    profile = f"-env:UserInstallation=file://{desk.folder / 'profile'}"
    command = ["soffice", profile, "--headless", "--convert-to", "xlsx", "--outdir", str(out)]
    subprocess.run([*command, str(desk.book)], check=True, capture_output=True, timeout=120)
    result = desk.run("import", str(out / "book.xlsx"))
    assert result.exit_code == 0, result.output
    assert desk.files() == before


def test_only_the_changed_place_is_replaced(desk: Desk) -> None:
    before = desk.files()
    desk.edit("admission", D2="cod_months ＜ 15")
    result = desk.run("import", str(desk.book))
    assert result.exit_code == 0, result.output
    name = "rulesets/wuliudai/admission.yaml"
    expected = before[name].replace(b"when: cod_months < 12", b"when: cod_months < 15")
    assert desk.files() == {**before, name: expected}
    assert "ADM-001: threshold 12 → 15" in result.output


def test_a_bad_cell_is_named_and_nothing_is_written(desk: Desk) -> None:
    before = desk.files()
    desk.edit("admission", D2="cod_months < 15", E4="declin")
    desk.edit("policy", B2="many")
    result = desk.run("import", str(desk.book))
    assert result.exit_code == 1
    assert "admission!E4: 'then' is 'declin'" in result.output
    assert "policy!B2: 'many' is no number" in result.output
    assert desk.files() == before
