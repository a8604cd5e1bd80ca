"""The sheets of a product come in, an .xlsx file that is pleasant to edit goes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from app.exchange.base import Base, pack
from app.exchange.columns import describe_input
from app.exchange.guide import GUIDE
from app.exchange.sheets import NUMBER, Column, Line, Sheet
from app.rules.catalogue import Input

GUIDE_SHEET, REASONS_SHEET, INPUTS_SHEET = "说明 README", "原因 reasons", "变量 inputs"
BASE_SHEET, KEY_HEADER = "_chengxin", "_key"
SPARE_LINES = 20  # empty lines below, ready to be written in
HEAD = PatternFill("solid", fgColor="1F4E78")
LOCKED = PatternFill("solid", fgColor="EDEDED")
EDGE = Border(*(Side("thin", color="BFBFBF"),) * 4)


def write_workbook(
    path: Path,
    base: Base,
    inputs: Mapping[str, Input],
    reasons: Sequence[tuple[str, str, str]],
    advance: Callable[[], object] = lambda: None,
) -> None:
    """Write the workbook; `reasons` as (code, zh, en). `advance` is called once a sheet."""
    book = Workbook()
    guide = book.active
    assert isinstance(guide, Worksheet)
    _write_guide(guide, base)
    for sheet in base.sheets:
        _write_sheet(book.create_sheet(sheet.name), sheet)
        advance()
    _write_list(
        book.create_sheet(REASONS_SHEET), ("代码 code", "中文 zh", "英文 en"), reasons, (28, 60, 70)
    )
    meant = [(name, *describe_input(one).split("\n", 2)) for name, one in inputs.items()]
    heads = ("变量 input", "类型 type", "含义 zh", "meaning en")
    _write_list(book.create_sheet(INPUTS_SHEET), heads, meant, (28, 40, 70, 80))
    hidden = book.create_sheet(BASE_SHEET)
    for place, piece in enumerate(pack(base), start=1):
        _set_text(hidden.cell(place, 1), piece)
    hidden.sheet_state = "hidden"
    hidden.protection.sheet = True
    book.save(path)


def _write_guide(sheet: Worksheet, base: Base) -> None:
    sheet.title = GUIDE_SHEET
    sheet.column_dimensions["A"].width = 34
    sheet.column_dimensions["B"].width = 110
    lines: list[tuple[str, str]] = [(f"产品 product: {base.product}", ""), *GUIDE, ("", "")]
    lines += [(one.name, f"{one.title} — {one.file}") for one in base.sheets]
    for place, (left, right) in enumerate(lines, start=1):
        for column, text in ((1, left), (2, right)):
            cell = sheet.cell(place, column)
            _set_text(cell, text)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.cell(place, 1).font = Font(bold=True, size=14 if place == 1 else 11)
    sheet.protection.sheet = True


def _write_list(
    sheet: Worksheet,
    heads: Sequence[str],
    lines: Sequence[Sequence[str]],
    widths: Sequence[int],
) -> None:
    for column, (head, width) in enumerate(zip(heads, widths, strict=True), start=1):
        _style_head(sheet, column, head, width)
    for place, line in enumerate(lines, start=2):
        for column, text in enumerate(line, start=1):
            cell = sheet.cell(place, column)
            _set_text(cell, text)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "B2"
    sheet.protection.sheet = True


def _write_sheet(sheet: Worksheet, of: Sheet) -> None:
    last = len(of.columns) + 1
    for place, column in enumerate(of.columns, start=1):
        _style_head(sheet, place, column.header, column.width)
        if column.note:
            note = Comment(column.note, "chengxin", height=180, width=360)
            sheet.cell(1, place).comment = note
    _style_head(sheet, last, KEY_HEADER, 10)
    sheet.column_dimensions[get_column_letter(last)].hidden = True
    for row, line in enumerate(of.lines, start=2):
        for place, column in enumerate(of.columns, start=1):
            _write_cell(sheet.cell(row, place), of, column, line)
        _set_text(sheet.cell(row, last), line.key)
    bottom = len(of.lines) + 1 + SPARE_LINES
    for row in range(len(of.lines) + 2, bottom + 1):
        for place, column in enumerate(of.columns, start=1):
            _write_cell(sheet.cell(row, place), of, column, None)
        sheet.cell(row, last).protection = Protection(locked=False)
    _add_choices(sheet, of, bottom)
    sheet.freeze_panes = "B2"
    _protect(sheet)


def _write_cell(cell: Cell | MergedCell, of: Sheet, column: Column, line: Line | None) -> None:
    text = line.cells.get(column.key) if line is not None else None
    kind = of.kind_of(line, column.key)
    cell.border = EDGE
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    if kind != NUMBER:
        cell.number_format = "@"
    if text is not None:
        if kind == NUMBER:
            _set_number(cell, text)
        else:
            _set_text(cell, text)
    if line is not None and column.key in line.fixed:
        cell.fill = LOCKED
    else:
        cell.protection = Protection(locked=False)


def _set_text(cell: Cell | MergedCell, text: str) -> None:
    """A text that stays one, whatever it starts with."""
    cell.value = text
    cell.data_type = "s"
    cell.number_format = "@"
    if text[:1] in ("=", "+", "-", "@", "'"):
        cell.quotePrefix = True


def _set_number(cell: Cell | MergedCell, text: str) -> None:
    number = Decimal(text.replace("_", ""))
    whole = number == number.to_integral_value()
    cell.value = int(number) if whole and abs(number) < 10**15 else float(number)
    cell.number_format = "#,##0" if whole and abs(number) >= 1000 else "General"


def _style_head(sheet: Worksheet, column: int, text: str, width: int) -> None:
    cell = sheet.cell(1, column)
    _set_text(cell, text)
    cell.fill, cell.font, cell.border = HEAD, Font(bold=True, color="FFFFFF"), EDGE
    cell.alignment = Alignment(wrap_text=True, vertical="center")
    sheet.column_dimensions[get_column_letter(column)].width = width


def _add_choices(sheet: Worksheet, of: Sheet, bottom: int) -> None:
    """Lists to choose from; a list too long for one cell's rule is taken from its sheet."""
    for place, column in enumerate(of.columns, start=1):
        listed = _list_of(column) if column.choices else None
        if listed is None:
            continue
        letter = get_column_letter(place)
        rule = DataValidation("list", listed, allow_blank=True)
        rule.errorStyle = "stop" if column.is_closed else "warning"
        rule.error = f"{column.header}: {', '.join(column.choices)[:180]}"
        rule.showErrorMessage = True
        rule.add(f"{letter}2:{letter}{bottom}")
        sheet.add_data_validation(rule)


def _list_of(column: Column) -> str | None:
    written = ",".join(column.choices)
    if len(written) <= 250 and not any("," in one or '"' in one for one in column.choices):
        return f'"{written}"'
    source = {"reason": REASONS_SHEET, "input": INPUTS_SHEET}.get(column.key)
    if source is None:
        return None
    return f"'{source}'!$A$2:$A${len(column.choices) + 1}"


def _protect(sheet: Worksheet) -> None:
    """Without a password: it keeps ids from being overwritten by accident, nobody from working."""
    protection: Any = sheet.protection
    protection.sheet = True
    for allowed in ("formatCells", "formatColumns", "formatRows", "insertRows", "deleteRows"):
        setattr(protection, allowed, False)
    for allowed in ("sort", "autoFilter"):
        setattr(protection, allowed, False)
