"""A workbook that LibreOffice opened and saved is the same to us, with edits and without."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import chengxin
from app.settings import PROJECT_FOLDER
from tests.exchange.desk import FILES, Desk

pytestmark = pytest.mark.skipif(
    shutil.which("soffice") is None, reason="LibreOffice (soffice) is not installed"
)


def convert(books: list[Path], *kinds: str) -> list[Path]:
    """Open and save by LibreOffice, to each kind in turn; the last ones' paths."""
    for place, kind in enumerate(kinds):
        out = books[0].parent / f"{kind}{place}"
        profile = f"-env:UserInstallation=file://{books[0].parents[1] / 'profile'}"
        command = ["soffice", profile, "--headless", "--convert-to", kind, "--outdir", str(out)]
        subprocess.run([*command, *map(str, books)], check=True, capture_output=True, timeout=180)
        books = [out / f"{book.stem}.{kind}" for book in books]
    return books


def test_shipped_products_come_back_by_way_of_ods(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for room in ("rulesets", "scorecards"):
        shutil.copytree(PROJECT_FOLDER / room, tmp_path / room)
        monkeypatch.setenv(f"CHENGXIN_{room.upper()}", str(tmp_path / room))
    (tmp_path / "books").mkdir()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.yaml")}
    books = [tmp_path / "books" / f"{product}.xlsx" for product in ("wuliudai", "fapiaodai")]
    for book in books:
        words = ["policy", "export", book.stem, "--excel", str(book)]
        assert CliRunner().invoke(chengxin, words).exit_code == 0
    for book in convert(books, "ods", "xlsx"):
        result = CliRunner().invoke(chengxin, ["policy", "import", str(book)])
        assert result.exit_code == 0, result.output
        assert "nothing was changed" in result.output
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.yaml")} == before


def test_edits_come_back(desk: Desk) -> None:
    with desk.open() as book:
        book.set("tiering", "T-A", "score", ">= 16")
        book.set("policy", "cap", "value", "=300000*2")  # LibreOffice computes it
        book.set("policy", "day_count", "value", "365")
        book.add("tiering", {"id": "T-X", "score": ">= 12", "grade": '"B"', "tier": "B"}, "T-B")
        book.delete("tiering", "T-C")
        book.set("scorecard", "concentration < 0.5", "when", "< 0.60")
        book.set("scorecard", "concentration >= 0.5", "when", ">= 0.60")
        book.set("admission", "A-1", "when", "cod_months < 9")
    (desk.book,) = convert([desk.book], "ods", "xlsx")
    desk.bring()
    files = {name: desk.files()[name].decode() for name in FILES}
    wanted = dict(FILES)
    wanted["rulesets/loan/policy.yaml"] = (
        FILES["rulesets/loan/policy.yaml"].replace("500_000", "600_000").replace("360", "365")
    )
    admission = FILES["rulesets/loan/admission.yaml"]
    wanted["rulesets/loan/admission.yaml"] = admission.replace("months < 6", "months < 9")
    lines = FILES["rulesets/loan/tiering.yaml"].replace(">= 15", ">= 16").splitlines(keepends=True)
    lines = [line for line in lines if "T-C" not in line]
    new = """  - {id: T-X, score: ">= 12", grade: '"B"', tier: B}\n"""
    lines.insert(lines.index("  # the good\n"), new)
    wanted["rulesets/loan/tiering.yaml"] = "".join(lines)
    card = FILES["scorecards/loan.yaml"].replace("< 0.5", "< 0.60").replace(">= 0.5", ">= 0.60")
    wanted["scorecards/loan.yaml"] = card
    assert files == wanted


def test_what_a_spreadsheet_makes_of_typing_is_named_after_it_too(desk: Desk) -> None:
    with desk.open() as book:
        cell = book.set("tiering", "T-A", "score", "=DATE(2026,1,2)")
        other = book.set("tiering", "T-B", "grade", "=1/0")
        third = book.set("policy", "cap", "value", "=1/0")
    (desk.book,) = convert([desk.book], "xlsx")
    output = desk.refused()
    assert [one for one in (cell, other, third) if f"{one}: " not in output] == []
