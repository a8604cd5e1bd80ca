"""An .xlsx file comes in; what its sheets say, line by line, goes out, with every cell that cannot
be read.
"""

from __future__ import annotations

import unicodedata
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from app.errors import ChengxinError
from app.exchange.base import Base, NotOurs, unpack
from app.exchange.cells import BadCell, read_cell
from app.exchange.sheets import NUMBER, Sheet
from app.exchange.workbook import BASE_SHEET, GUIDE_SHEET, INPUTS_SHEET, KEY_HEADER, REASONS_SHEET
from app.rules.problems import suggest

LARGEST_FILE = 30_000_000
MOST_LINES, MOST_COLUMNS = 5_000, 400


class UnreadableWorkbook(ChengxinError):
    """The file is no workbook that can be read."""


@dataclass(frozen=True, slots=True)
class CellProblem:
    """What is wrong with a cell: `tiering!C4`, the message, and what to write instead."""

    cell: str
    message: str
    hint: str | None = None

    def __str__(self) -> str:
        return f"{self.cell}: {self.message}" + (f"\n    {self.hint}" if self.hint else "")

    def as_json(self) -> dict[str, str | None]:
        return {"cell": self.cell, "message": self.message, "hint": self.hint}


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One line of a sheet: its row there, its hidden key, its cells; `bad` names those that cannot
    be read.
    """

    row: int
    key: str | None
    cells: dict[str, str | None]
    bad: frozenset[str] = frozenset()


@dataclass(slots=True)
class ReadSheet:
    """What a sheet says. `places`: column key → number of the column in the file."""

    of: Sheet
    lines: list[ReadLine] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)

    def cell(self, row: int, key: str) -> str:
        """The name of a cell for a reader."""
        return f"{self.of.name}!{get_column_letter(self.places.get(key, 1))}{row}"


def read_workbook(path: Path) -> tuple[Base, list[ReadSheet], list[CellProblem]]:
    """What the workbook was exported from, what it says now, and what cannot be read. Raises
    UnreadableWorkbook, NotOurs.
    """
    written, computed = _open(path, False), _open(path, True)
    if BASE_SHEET not in written.sheetnames:
        raise NotOurs(
            f"{path} was not exported by chengxin, or its hidden sheet is gone; export one with"
            " `chengxin policy export PRODUCT --excel FILE.xlsx`"
        )
    rows = written[BASE_SHEET].iter_rows(max_col=1, values_only=True)
    base = unpack(str(value) for (value,) in rows if value is not None)
    problems: list[CellProblem] = []
    sheets: list[ReadSheet] = []
    for sheet in base.sheets:
        if sheet.name not in written.sheetnames:
            problems.append(
                CellProblem(sheet.name, "this sheet is gone", "export the workbook anew")
            )
            continue
        one = _Reader(sheet, written[sheet.name], computed[sheet.name], problems).read()
        sheets.append(one)
    ours = {GUIDE_SHEET, REASONS_SHEET, INPUTS_SHEET, BASE_SHEET, *(s.name for s in base.sheets)}
    for name in written.sheetnames:
        if name not in ours:
            hint = "delete it; a new stage is written in policy.yaml"
            problems.append(CellProblem(name, "there is no such sheet in the policy", hint))
    return base, sheets, problems


def _open(path: Path, values: bool) -> Any:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise UnreadableWorkbook(f"{path} has more than {LARGEST_FILE:,} bytes")
        return load_workbook(path, data_only=values)
    except OSError as error:
        raise UnreadableWorkbook(f"{path} cannot be read: {error.strerror or error}") from None
    except UnreadableWorkbook:
        raise
    except zipfile.BadZipFile:
        raise UnreadableWorkbook(
            f"{path} is no .xlsx workbook; save it as “Excel 2007–365 (.xlsx)”"
        ) from None
    except Exception as error:  # a damaged workbook fails in many ways inside openpyxl
        raise UnreadableWorkbook(
            f"{path} cannot be read as an .xlsx workbook ({type(error).__name__});"
            " open it in Excel or LibreOffice and save it as .xlsx"
        ) from error


class _Reader:
    """Reads one sheet: `written` with formulas, `computed` with their results."""

    def __init__(
        self, of: Sheet, written: Worksheet, computed: Worksheet, problems: list[CellProblem]
    ) -> None:
        self.written, self.computed, self.problems = written, computed, problems
        self.read_sheet = ReadSheet(of)
        self.known = {line.key: line for line in of.lines}
        self.key_place: int | None = None

    def read(self) -> ReadSheet:
        sheet = self.read_sheet
        if not self._read_heads() or not self._is_small():
            sheet.lines = [
                ReadLine(0, line.key, dict(line.cells)) for line in sheet.of.lines
            ]  # nothing of it is taken, nothing counts as deleted
            return sheet
        self._refuse_merged()
        for row in range(2, self.written.max_row + 1):
            line = self._read_line(row)
            if line is not None:
                sheet.lines.append(line)
        self._refuse_strays()
        return sheet

    def _is_small(self) -> bool:
        if self.written.max_row <= MOST_LINES and self.written.max_column <= MOST_COLUMNS:
            return True
        self._say(
            f"{self.read_sheet.of.name}",
            f"the sheet has {self.written.max_row:,} lines and {self.written.max_column:,} columns",
            f"at most {MOST_LINES:,} and {MOST_COLUMNS} are read; delete what is empty",
        )
        return False

    def _read_heads(self) -> bool:
        of, places = self.read_sheet.of, self.read_sheet.places
        wanted = {_plain(column.header): column.key for column in of.columns}
        for place in range(1, min(self.written.max_column, MOST_COLUMNS) + 1):
            head = self.written.cell(1, place).value
            name = _plain(str(head)) if head is not None else ""
            cell = f"{of.name}!{get_column_letter(place)}1"
            if name == KEY_HEADER:
                self.key_place = place
            elif name in wanted and wanted[name] in places:
                self._say(cell, f"the column '{head}' stands here a second time", "delete it")
            elif name in wanted:
                places[wanted[name]] = place
            elif name:
                hint = suggest(name, wanted) or f"columns are {', '.join(wanted)}"
                self._say(
                    cell, f"there is no column '{head}'", f"{hint}; remarks belong into comments"
                )
        gone = [one.header for one in of.columns if one.key not in places]
        if gone:
            self._say(of.name, f"the columns {', '.join(gone)} are gone", "put their titles back")
        return not gone

    def _refuse_merged(self) -> None:
        for area in self.written.merged_cells.ranges:
            if area.max_row > 1:
                name = f"{self.read_sheet.of.name}!{area.coord}"
                self._say(name, "cells are merged here", "unmerge them and fill in each of them")

    def _refuse_strays(self) -> None:
        """What is written beside the columns would be lost."""
        ours = {*self.read_sheet.places.values(), self.key_place}
        for place in range(1, self.written.max_column + 1):
            if place in ours or self.written.cell(1, place).value is not None:
                continue
            for row in range(2, self.written.max_row + 1):
                if self.written.cell(row, place).value is not None:
                    name = f"{self.read_sheet.of.name}!{get_column_letter(place)}{row}"
                    self._say(name, "this stands in no column", "put remarks into comments")
                    break

    def _read_line(self, row: int) -> ReadLine | None:
        of, places = self.read_sheet.of, self.read_sheet.places
        key = self._key(row)
        known = self.known.get(key) if key is not None else None
        cells: dict[str, str | None] = {}
        bad: set[str] = set()
        for column in of.columns:
            place = places[column.key]
            kind = of.kind_of(known, column.key)
            try:
                cells[column.key] = read_cell(self._value(row, place, kind), kind)
            except BadCell as error:
                self._say(self.read_sheet.cell(row, column.key), error.message, error.hint)
                cells[column.key] = known.cells.get(column.key) if known is not None else None
                bad.add(column.key)
        if not bad and all(text is None for text in cells.values()):
            return None
        return ReadLine(row, key, cells, frozenset(bad))

    def _key(self, row: int) -> str | None:
        if self.key_place is None:
            return None
        value = self.written.cell(row, self.key_place).value
        return None if value is None else str(value)

    def _value(self, row: int, place: int, kind: str) -> Any:
        cell = self.written.cell(row, place)
        if cell.data_type == "e":
            raise BadCell(f"the spreadsheet shows the error {cell.value}", "write the value itself")
        if cell.data_type != "f":
            return cell.value
        result = self.computed.cell(row, place).value
        if kind != NUMBER:
            raise BadCell(
                f"a formula stands here ({str(cell.value)[:60]})",
                "write the text itself; one that starts with = needs the cell's format Text",
            )
        if not isinstance(result, (int, float)) or isinstance(result, bool):
            raise BadCell("a formula without a number as its result", "write the number itself")
        return result

    def _say(self, cell: str, message: str, hint: str | None = None) -> None:
        self.problems.append(CellProblem(cell, message, hint))


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())
