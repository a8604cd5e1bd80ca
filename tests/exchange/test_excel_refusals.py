"""What cannot be brought back is named by sheet and cell, all at once, and nothing is written."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import Any

import pytest

from tests.exchange.desk import FILES, Desk

TIERING, POLICY = "rulesets/loan/tiering.yaml", "rulesets/loan/policy.yaml"
BAD: list[tuple[str, str, str, Any, str]] = [
    ("tiering", "T-A", "score", datetime.date(2026, 1, 2), "made a date or time"),
    ("tiering", "T-A", "score", "=1+1", "a formula stands here"),
    ("tiering", "T-A", "score", "#NAME?", "error #NAME?"),
    ("tiering", "T-A", "score", ">> 15", ""),
    ("tiering", "T-A", "score", "15 % 2", "'%'"),
    ("tiering", "T-A", "share", "<= 50", "range"),
    ("tiering", "T-A", "grade", '"Z"', "'Z'"),
    ("tiering", "T-A", "then", "declin", "'declin'"),
    ("tiering", "T-C", "reason", "NOT_ADMITED", "NOT_ADMITTED"),
    ("tiering", "T-A", "for", "review, drawdon", "'drawdon'"),
    ("admission", "A-1", "when", "cod_month < 6", "cod_months"),
    ("admission", "A-1", "when", "cod_months < 1,000", ""),
    ("admission", "A-1", "when", None, "'when'"),
    ("policy", "cap", "value", "many", "'many' is no number"),
    ("policy", "cap", "value", True, "not TRUE"),
    ("limit", "limit 额度", "value", "min(cap, raisd)", "raised"),
    ("limit", "minimum.amount 最低额度", "value", "1.2.3", "no number"),
    ("scorecard", "tenure >= 24", "when", ">= 30", ""),
    ("scorecard", "tenure >= 24", "points", "ten", "no number"),
    ("scorecard.characteristics", "tenure", "input", "cod_month", "cod_months"),
]


@pytest.mark.parametrize(("sheet", "line", "key", "value", "said"), BAD)
def test_a_bad_cell_is_named(
    desk: Desk, sheet: str, line: str, key: str, value: Any, said: str
) -> None:
    with desk.open() as book:
        cell = book.set(sheet, line, key, value)
    output = desk.refused()
    assert output.startswith(f"{cell}: "), output
    assert said in output
    for word in ("None", "NoneType", "dict", "Traceback"):
        assert word not in output


def test_all_bad_cells_are_named_in_one_pass(desk: Desk) -> None:
    with desk.open() as book:
        cells = [
            book.set("tiering", "T-A", "score", datetime.time(8, 30)),
            book.set("tiering", "T-B", "then", "declin"),
            book.set("admission", "A-1", "when", "cod_month < 6"),
            book.set("policy", "cap", "value", "many"),
            book.set("scorecard", "tenure >= 24", "points", "x"),
        ]
    output = desk.refused()
    assert [cell for cell in cells if f"{cell}: " not in output] == []
    assert output.count("!") >= len(cells)
    assert "nothing was written" in output


def test_a_term_that_is_read_cannot_go(desk: Desk) -> None:
    with desk.open() as book:
        book.clear("policy", "cap")
    assert "limit!B4: unknown input 'cap'" in desk.refused()


def test_a_locked_id_stays(desk: Desk) -> None:
    with desk.open() as book:
        cell = book.set("tiering", "T-B", "id", "T-BB")
    output = desk.refused()
    assert f"{cell}: 'T-B' stays as it is, not 'T-BB'" in output
    assert "write a new one" in output


def test_an_id_twice(desk: Desk) -> None:
    with desk.open() as book:
        row = book.add("tiering", {"id": "T-B", "score": ">= 3", "tier": "C"})
    assert f"tiering!A{row}: the id 'T-B'" in desk.refused()


def test_a_new_rule_without_an_id(desk: Desk) -> None:
    with desk.open() as book:
        values = {"when": "debt > 5", "then": "refer", "reason": "NOT_ADMITTED"}
        row = book.add("admission", values)
    assert f"admission!A{row}: " in desk.refused()


def test_merged_cells(desk: Desk) -> None:
    with desk.open() as book:
        book["tiering"].merge_cells("B2:B3")
    output = desk.refused()
    assert "tiering!B2:B3: cells are merged here" in output
    assert "unmerge" in output


def test_a_remark_beside_the_columns(desk: Desk) -> None:
    with desk.open() as book:
        book["tiering"]["M3"] = "ask Li"
    assert "tiering!M3: this stands in no column" in desk.refused()


def test_a_sheet_too_many(desk: Desk) -> None:
    with desk.open() as book:
        book.book.create_sheet("my notes")["A1"] = "x"
    assert "my notes: there is no such sheet" in desk.refused()


def test_a_sheet_renamed(desk: Desk) -> None:
    with desk.open() as book:
        book["tiering"].title = "tiers"
    output = desk.refused()
    assert "tiers" in output
    assert "tiering" in output


def test_a_sheet_deleted(desk: Desk) -> None:
    with desk.open() as book:
        del book.book["tiering"]
    assert "tiering: this sheet is gone" in desk.refused()


def test_a_column_deleted_or_renamed(desk: Desk) -> None:
    with desk.open() as book:
        book["tiering"].delete_cols(2)
        book["admission"]["D1"] = "condition"
    output = desk.refused()
    assert "tiering: the columns 条件 score are gone" in output
    assert "admission!D1: there is no column 'condition'" in output


def test_columns_in_another_order_are_no_change(desk: Desk) -> None:
    before = desk.files()
    with desk.open() as book:
        there = book["tiering"]
        for row in range(1, there.max_row + 1):
            one, other = there.cell(row, 2), there.cell(row, 3)
            one.value, other.value = other.value, one.value
    assert "nothing was changed" in desk.bring()
    assert desk.files() == before


def test_otherwise_cannot_go(desk: Desk) -> None:
    with desk.open() as book:
        book.delete("tiering", "otherwise 其余")
    assert "tiering: the line 'otherwise 其余' is gone" in desk.refused()


def test_the_hidden_sheet_gone(desk: Desk) -> None:
    with desk.open() as book:
        del book.book["_chengxin"]
    assert "was not exported by chengxin" in desk.refused()


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"PK\x03\x04rubbish"])
def test_a_file_that_is_no_workbook(desk: Desk, content: bytes) -> None:
    desk.book.write_bytes(content)
    output = desk.refused()
    assert "xlsx" in output
    assert "save it as" in output


def test_another_product(desk: Desk) -> None:
    assert "is a workbook of 'loan', not of 'lend'" in desk.refused("--product", "lend")


def test_places_that_cannot_be_written_are_said(desk: Desk) -> None:
    (desk.folder / "file").write_text("x")
    for words, said in (
        (("export", "loan", "--excel", str(desk.folder / "a.xls")), "ends in .xlsx"),
        (("export", "loan", "--excel", str(desk.folder / "file/a.xlsx")), "cannot be written"),
        (("schema", "--write", str(desk.folder / "file/a")), "cannot be written"),
        (("import", str(desk.folder / "none.xlsx")), "cannot be read"),
    ):
        result = desk.run(*words)
        assert said in str(result.exception), (words, result.output)


# --- the files changed since


def test_changed_since_is_refused_and_brought_in_with_force(desk: Desk) -> None:
    with desk.open() as book:
        book.set("tiering", "T-A", "score", ">= 16")
    desk.change(TIERING, "'>= 10', tier: B", "'>= 9', tier: B")
    assert "changed since" in (output := desk.refused())
    assert TIERING in output
    assert "--force" in output
    desk.bring("--force")
    wanted = FILES[TIERING].replace(">= 15", ">= 16").replace(">= 10", ">= 9")
    assert desk.files()[TIERING].decode() == wanted


def test_the_same_cell_changed_on_both_sides(desk: Desk) -> None:
    with desk.open() as book:
        cell = book.set("tiering", "T-B", "score", ">= 8")
        book.set("tiering", "T-A", "score", ">= 16")
    desk.change(TIERING, "'>= 10', tier: B", "'>= 9', tier: B")
    output = desk.refused("--force")
    assert f"{cell}: changed here, and in the files since: from '>= 10' to '>= 9'" in output
    assert "T-A" not in output


def test_the_same_change_on_both_sides_is_none(desk: Desk) -> None:
    with desk.open() as book:
        book.set("tiering", "T-B", "score", ">= 9")
    desk.change(TIERING, "'>= 10', tier: B", "'>= 9', tier: B")
    assert "nothing was changed" in desk.bring("--force")


def test_deleted_here_and_changed_there(desk: Desk) -> None:
    with desk.open() as book:
        book.delete("tiering", "T-B")
    desk.change(TIERING, "'>= 10', tier: B", "'>= 9', tier: B")
    assert "'T-B' was deleted here, and changed in the files since" in desk.refused("--force")


def test_changed_here_and_deleted_there(desk: Desk) -> None:
    with desk.open() as book:
        cell = book.set("tiering", "T-B", "score", ">= 8")
    desk.change(TIERING, "  - {id: T-B, score: '>= 10', tier: B}\n", "")
    assert f"{cell}: the line is no longer in the files" in desk.refused("--force")


def test_rows_added_on_both_sides(desk: Desk) -> None:
    with desk.open() as book:
        book.add("tiering", {"id": "T-Y", "score": ">= 3", "tier": "C"})
    new = """{id: T-N, score: ">= 20", tier: A}"""
    desk.change(TIERING, "  # the best\n", f"  - {new}\n  # the best\n")
    desk.bring("--force")
    text = desk.files()[TIERING].decode()
    assert text.index("T-N") < text.index("T-A") < text.index("T-C") < text.index("T-Y")


def test_a_new_id_that_the_files_have_since(desk: Desk) -> None:
    with desk.open() as book:
        book.add("tiering", {"id": "T-N", "score": ">= 3", "tier": "C"})
    desk.change(
        TIERING, "  # the best\n", """  - {id: T-N, score: ">= 20", tier: A}\n  # the best\n"""
    )
    assert "the id 'T-N'" in desk.refused("--force")


def test_comments_written_since_are_kept(desk: Desk) -> None:
    with desk.open() as book:
        book.set("tiering", "T-A", "score", ">= 16")
    desk.change(TIERING, "# few", "# very few")
    desk.bring("--force")
    assert desk.files()[TIERING].decode() == FILES[TIERING].replace("# few", "# very few").replace(
        ">= 15", ">= 16"
    )


def test_edited_and_imported_again_and_again(desk: Desk) -> None:
    with desk.open() as book:
        book.set("tiering", "T-A", "score", ">= 16")
        book.add("tiering", {"id": "T-Y", "score": ">= 3", "tier": "C"})
        book.set("scorecard", "tenure [12..24)", "when", "[12..18)")
        values = {"characteristic": "tenure", "when": "[18..24)", "points": 7}
        book.add("scorecard", values, "tenure >= 24")
        book.delete("admission", "A-1")
    desk.bring()
    once = desk.files()
    assert "nothing was changed" in desk.bring()
    assert desk.files() == once
    with desk.open() as book:
        book.set("tiering", "T-B", "score", ">= 9")
        book.set("scorecard", "tenure [18..24)", "points", 8)
        book.set("scorecard", "concentration >= 0.5", "points", 1)
    # a line that was new then is new still for this workbook, and says otherwise now
    assert "export it anew" in desk.refused()


def test_a_second_edit_after_an_import(desk: Desk) -> None:
    with desk.open() as book:
        book.set("tiering", "T-A", "score", ">= 16")
        book.add("tiering", {"id": "T-Y", "score": ">= 3", "tier": "C"})
        values = {"characteristic": "tenure", "when": "[18..24)", "points": 7}
        book.add("scorecard", values, "tenure >= 24")
        book.set("scorecard", "tenure [12..24)", "when", "[12..18)")
        book.delete("admission", "A-1")
    desk.bring()
    once = desk.files()
    with desk.open() as book:
        book.set("tiering", "T-B", "score", ">= 9")
        book.set("scorecard", "concentration >= 0.5", "points", 1)
    desk.bring()
    now = desk.files()
    assert now[TIERING] == once[TIERING].replace(b"'>= 10'", b"'>= 9'")
    card = "scorecards/loan.yaml"
    wanted = once[card].replace(b'">= 0.5", points: 0', b'">= 0.5", points: 1')
    assert now[card] == wanted
    desk.change(TIERING, "# few", "# very few")
    desk.bring()  # nothing that the workbook speaks of was changed by others
    desk.change(TIERING, '">= 16"', '">= 17"')
    assert "changed since" in desk.refused()


def test_a_comment_changed_since_is_said_too(desk: Desk) -> None:
    desk.change(TIERING, "# few", "# very few")
    assert "changed since" in desk.refused()
    assert "nothing was changed" in desk.bring("--force")


# --- all files or none


def test_a_failed_write_puts_everything_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with desk.open() as book:
        book.set("tiering", "T-A", "score", ">= 16")
        book.set("policy", "cap", "value", 600_000)
    replace, done = Path.replace, []

    def fail_second(self: Path, target: Any) -> Path:
        done.append(target)
        if len(done) == 2:
            raise OSError(28, os.strerror(28))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fail_second)
    output = desk.refused()
    assert "nothing was written" in output
    assert len(done) == 3  # two written, of which one failed, and one put back


def test_a_file_changed_while_it_is_imported(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.exchange import importing

    with desk.open() as book:
        book.set("tiering", "T-A", "score", ">= 16")
    found = importing.read_import(desk.book, desk.folder / "rulesets", desk.folder / "scorecards")
    desk.change(TIERING, "# few", "# very few")
    before = desk.files()
    with pytest.raises(importing.FilesChanged, match="changed just now"):
        importing.write_import(found)
    assert desk.files() == before
