"""An analyst's desk: own files with comments and many ways of writing, a workbook made of them, and
edits in it as a spreadsheet would leave them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from app.cli import chengxin
from app.errors import ChengxinError
from tests.rejected.readers import BASE_OF_LINT

FILES = {
    "rulesets/loan/policy.yaml": """# The loan.
policy: loan
title: {zh: 贷, en: Loan}
terms:
  cap: 500_000        # yuan
  # days of a year
  day_count: 360
stages:
  - {stage: admission, ruleset: admission.yaml}
  - {stage: scorecard, scorecard: loan.yaml}
  - {stage: tiering, ruleset: tiering.yaml}
  - {stage: limit, ruleset: limit.yaml}
""",
    "rulesets/loan/admission.yaml": """# Who is let in.
kind: rules
title: {zh: 准入, en: "Admission"}
unknown: refer
rules:
  # half a year
  - id: A-1
    title: {zh: 月数, en: Months}
    when: cod_months < 6   # agreed in May
    then: decline
    reason: SHORT_HISTORY

  # the age of the owner
  - id: A-2
    when: >-
      age < 20
      or age > 60
    then: decline
    reason: NOT_ADMITTED
  # on a list
  - {id: A-3, when: is_listed, then: refer, reason: NOT_ADMITTED, for: [drawdown, review]}
# the end
""",
    "rulesets/loan/tiering.yaml": """kind: table
hit: first
inputs: [score, grade, share]
outputs: [tier]
rows:
  # the best
  - {id: T-A, score: ">= 15", grade: '"A"', share: "<= 0.5", tier: A}   # few
  # the good
  - {id: T-B, score: '>= 10', tier: B}
  - {id: T-C, score: ">= 5",  tier: C, then: refer, reason: NOT_ADMITTED}
otherwise: {tier: D, then: decline, reason: NOT_ADMITTED}
""",
    "rulesets/loan/limit.yaml": """kind: formula
let:
  factor: if tier = "A" then 0.3 else 0.1   # of a year
  raised: turnover * factor
limit: min(cap, raised) - debt
round_down_to: 1_000
minimum: {amount: 10_000, then: decline, reason: NOT_ADMITTED}
""",
    "scorecards/loan.yaml": """scorecard: loan
dimensions: {operation: 20}
characteristics:
  # how long
  - {id: tenure, dimension: operation, input: cod_months, reason: SHORT_HISTORY, missing: 0,
     bins: [{when: "< 12", points: 0}, {when: "[12..24)", points: 5}, {when: ">= 24", points: 10}]}
  - id: concentration
    dimension: operation
    input: share
    reason: NOT_ADMITTED
    missing: 0
    bins:
      - {when: "< 0.5", points: 10}   # spread
      - {when: ">= 0.5", points: 0}
""",
}


class Book:
    """An open workbook; lines are known by their id or name, columns by their key."""

    def __init__(self, book: Workbook) -> None:
        self.book = book

    def __getitem__(self, sheet: str) -> Worksheet:
        found = self.book[sheet]
        assert isinstance(found, Worksheet)
        return found

    def row(self, sheet: str, name: str) -> int:
        """The row of a line; of bins, `tenure >= 24` and `tenure missing 缺失`."""
        there = self[sheet]
        for row in range(2, there.max_row + 1):
            first, second = (there.cell(row, column).value for column in (1, 2))
            if first is not None and name in (first, f"{first} {second}"):
                return row
        raise AssertionError(f"{sheet} has no line {name}")

    def cell(self, sheet: str, name: str, key: str) -> Cell:
        return self[sheet].cell(self.row(sheet, name), self.column(sheet, key))

    def column(self, sheet: str, key: str) -> int:
        heads = [str(cell.value).split()[-1] for cell in self[sheet][1]]
        return heads.index(key) + 1

    def set(self, sheet: str, name: str, key: str, value: Any) -> str:
        """Type a value; the cell's name is given back."""
        cell = self.cell(sheet, name, key)
        cell.value = value
        return f"{sheet}!{cell.coordinate}"

    def add(self, sheet: str, values: dict[str, Any], above: str | None = None) -> int:
        """A new line, in the first empty row or in a row inserted above another."""
        there = self[sheet]
        if above is not None:
            row = self.row(sheet, above)
            there.insert_rows(row)
        else:
            row = next(n for n in range(2, 500) if all(c.value is None for c in there[n]))
        for key, value in values.items():
            there.cell(row, self.column(sheet, key)).value = value
        return row

    def delete(self, sheet: str, name: str) -> None:
        self[sheet].delete_rows(self.row(sheet, name))

    def clear(self, sheet: str, name: str, *kept: str) -> None:
        """Empty all white cells of a line."""
        row = self.row(sheet, name)
        for cell in self[sheet][row]:
            if not cell.protection.locked:
                cell.value = None

    def move_up(self, sheet: str, name: str, above: str) -> None:
        """Cut a whole line and insert it above another."""
        there, row = self[sheet], self.row(sheet, name)
        values = [cell.value for cell in there[row]]
        there.delete_rows(row)
        target = self.row(sheet, above)
        there.insert_rows(target)
        for column, value in enumerate(values, start=1):
            there.cell(target, column).value = value


class Desk:
    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.book = folder, folder / "book.xlsx"
        for room in ("rulesets", "scorecards"):
            shutil.copytree(BASE_OF_LINT / room, folder / room)
            monkeypatch.setenv(f"CHENGXIN_{room.upper()}", str(folder / room))
        monkeypatch.setenv("CHENGXIN_HOME", str(folder / "home"))
        for name, text in FILES.items():
            (folder / name).write_text(text, "utf-8")
        self.export()

    def run(self, *words: str) -> Result:
        result = CliRunner().invoke(chengxin, ["policy", *words])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            assert isinstance(result.exception, ChengxinError), result.exception
        return result

    def export(self) -> None:
        assert self.run("export", "loan", "--excel", str(self.book)).exit_code == 0

    def bring(self, *options: str) -> str:
        """Import the workbook, which must succeed; what was said."""
        result = self.run("import", str(self.book), *options)
        assert result.exit_code == 0, (result.output, result.exception)
        return result.output

    def refused(self, *options: str) -> str:
        """Import the workbook, which must change no byte; what was said."""
        before = self.files()
        result = self.run("import", str(self.book), *options)
        assert result.exit_code != 0, result.output
        assert self.files() == before
        if isinstance(result.exception, ChengxinError):
            return str(result.exception)
        return result.output

    @contextmanager
    def open(self) -> Iterator[Book]:
        book = load_workbook(self.book)
        yield Book(book)
        book.save(self.book)

    def files(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for room in ("rulesets", "scorecards")
            for path in (self.folder / room).rglob("*")
            if path.is_file()
        }

    def change(self, name: str, was: str, now: str) -> None:
        """Change a file by hand."""
        path = self.folder / name
        text = path.read_bytes().decode()
        assert text.count(was) == 1, (was, text)
        path.write_bytes(text.replace(was, now).encode())


@contextmanager
def only_changes(desk: Desk, name: str, was: str, now: str) -> Iterator[None]:
    """What happens inside must replace this text of one file by that one, and nothing else."""
    before = desk.files()
    assert before[name].decode().count(was) == 1, was
    yield
    after = desk.files()
    assert after[name].decode() == before[name].decode().replace(was, now)
    assert {**after, name: b""} == {**before, name: b""}
