"""Edits of an analyst in a workbook: each changes its own place in the files and nothing else."""

from __future__ import annotations

import pytest

from tests.exchange.desk import FILES, Desk, only_changes

ADMISSION, TIERING = "rulesets/loan/admission.yaml", "rulesets/loan/tiering.yaml"
LIMIT, POLICY, CARD = (
    "rulesets/loan/limit.yaml",
    "rulesets/loan/policy.yaml",
    "scorecards/loan.yaml",
)


def test_nothing_edited_changes_no_byte(desk: Desk) -> None:
    before = desk.files()
    assert "nothing was changed" in desk.bring()
    assert desk.files() == before


def test_a_threshold(desk: Desk) -> None:
    with desk.open() as book:
        book.set("admission", "A-1", "when", "cod_months < 9")
    with only_changes(desk, ADMISSION, "cod_months < 6 ", "cod_months < 9 "):
        assert "A-1" in desk.bring()


def test_a_folded_condition(desk: Desk) -> None:
    with desk.open() as book:
        book.set("admission", "A-2", "when", "age < 22 or age > 60")
    was = ">-\n      age < 20\n      or age > 60"
    with only_changes(desk, ADMISSION, was, "age < 22 or age > 60"):
        desk.bring()


def test_outcome_reason_title_and_purposes(desk: Desk) -> None:
    with desk.open() as book:
        book.set("admission", "A-1", "title.en", "Months: enough")
        book.set("admission", "A-3", "then", "decline")
        book.set("admission", "A-3", "for", "review")
    desk.bring()
    text = desk.files()[ADMISSION].decode()
    assert 'title: {zh: 月数, en: "Months: enough"}' in text
    assert "then: decline, reason: NOT_ADMITTED, for: [review]}" in text


@pytest.mark.parametrize("typed", [">= 16", "＞＝１６", "≥16", " >= 16  ", ">=\u00a016", "> = 16"])
def test_a_test_however_it_is_typed(desk: Desk, typed: str) -> None:
    with desk.open() as book:
        book.set("tiering", "T-A", "score", typed)
    desk.bring()
    text = desk.files()[TIERING].decode()
    assert text.replace('">= 16"', '">= 15"').replace('">=16"', '">= 15"') == FILES[TIERING]


@pytest.mark.parametrize("typed", ["<= 60%", "<=60 ％", "≤０.６", "<= 0.60"])
def test_a_share_typed_as_percent(desk: Desk, typed: str) -> None:
    with desk.open() as book:
        book.set("tiering", "T-A", "share", typed)
        book.set("scorecard", "concentration < 0.5", "when", "< 60%")
        book.set("scorecard", "concentration >= 0.5", "when", ">= 60 %")
    desk.bring()
    text = desk.files()[TIERING].decode().replace('"<=0.6"', '"<= 0.6"').replace("0.60", "0.6")
    assert text == FILES[TIERING].replace("<= 0.5", "<= 0.6")
    assert desk.files()[CARD].decode() == FILES[CARD].replace("0.5", "0.6")


@pytest.mark.parametrize(
    ("sheet", "line", "key", "value", "written"),
    [
        ("policy", "cap", "value", "600,000", "cap: 600_000 "),
        ("policy", "cap", "value", "６００，０００．５０", "cap: 600_000.5 "),
        ("policy", "cap", "value", "=3*200000", None),
        ("policy", "cap", "value", 0.1 + 0.2, "cap: 0.3 "),
        ("policy", "cap", "value", 1e9, "cap: 1_000_000_000 "),
        ("scorecard", "tenure [12..24)", "points", "5.5", "points: 5.5}"),
        ("scorecard", "tenure [12..24)", "points", "250%", "points: 2.5}"),
        ("tiering", "T-A", "score", 18, 'score: "18"'),
        ("tiering", "T-C", "tier", 1, "tier: 1, then"),
        ("admission", "A-1", "title.zh", 2026, "{zh: 2026,"),
        ("admission", "A-1", "title.en", 12345.5, "en: 12345.5}"),
        ("admission", "A-1", "title.en", True, "en: true}"),
        ("admission", "A-1", "title.en", "null", 'en: "null"}'),
        ("admission", "A-1", "title.en", "NULL", 'en: "NULL"}'),
        ("admission", "A-1", "title.en", "- a # b", 'en: "- a # b"}'),
        ("admission", "A-1", "title.zh", "月数，满", "{zh: 月数，满,"),
    ],
)
def test_numbers_and_texts_typed_as_each_other(
    desk: Desk, sheet: str, line: str, key: str, value: object, written: str | None
) -> None:
    before = desk.files()
    with desk.open() as book:
        book.set(sheet, line, key, value)
    if written is None:  # nothing has computed the formula
        assert "without a number as its result" in desk.refused()
        return
    desk.bring()
    after = desk.files()
    (name,) = (name for name in after if after[name] != before[name])
    assert written in after[name].decode()


def test_a_new_line_whose_id_is_a_number(desk: Desk) -> None:
    with desk.open() as book:
        book.add("tiering", {"id": 2001, "score": 3, "tier": "C"})
    desk.bring()
    assert '  - {id: 2001, score: "3", tier: C}\n' in desk.files()[TIERING].decode()


def test_full_width_of_what_stands_there_is_no_change(desk: Desk) -> None:
    before = desk.files()
    with desk.open() as book:
        book.set("tiering", "T-A", "score", "＞＝ １５ ")
        book.set("tiering", "T-A", "grade", "“A”")
        book.set("policy", "cap", "value", "５００，０００")
    assert "nothing was changed" in desk.bring()
    assert desk.files() == before


def test_a_cell_filled_and_a_cell_emptied(desk: Desk) -> None:
    with desk.open() as book:
        book.set("tiering", "T-A", "share", None)
        book.set("tiering", "T-B", "share", "< 0.8")
    desk.bring()
    text = desk.files()[TIERING].decode()
    assert """{id: T-A, score: ">= 15", grade: '"A"', tier: A}   # few""" in text
    assert """{id: T-B, score: '>= 10', share: "< 0.8", tier: B}""" in text


def test_new_rows_at_the_end_and_between(desk: Desk) -> None:
    with desk.open() as book:
        book.add("tiering", {"id": "T-X", "score": ">= 12", "grade": '"B"', "tier": "B"}, "T-B")
        book.add("tiering", {"id": "T-Y", "score": ">= 3", "tier": "C"})
    with only_changes(
        desk,
        TIERING,
        FILES[TIERING][FILES[TIERING].index("  # the good") : FILES[TIERING].index("otherwise")],
        """  - {id: T-X, score: ">= 12", grade: '"B"', tier: B}
  # the good
  - {id: T-B, score: '>= 10', tier: B}
  - {id: T-C, score: ">= 5",  tier: C, then: refer, reason: NOT_ADMITTED}
  - {id: T-Y, score: ">= 3", tier: C}
""",
    ):
        desk.bring()


@pytest.mark.parametrize("how", ["delete", "clear"])
def test_a_deleted_row_goes_with_the_comment_above_it(desk: Desk, how: str) -> None:
    with desk.open() as book:
        getattr(book, how)("tiering", "T-B")
    was = "  # the good\n  - {id: T-B, score: '>= 10', tier: B}\n"
    with only_changes(desk, TIERING, was, ""):
        assert "T-B" in desk.bring()


def test_a_moved_row_takes_its_comment_along(desk: Desk) -> None:
    with desk.open() as book:
        book.move_up("tiering", "T-B", "T-A")
    first = """  # the best
  - {id: T-A, score: ">= 15", grade: '"A"', share: "<= 0.5", tier: A}   # few
"""
    second = "  # the good\n  - {id: T-B, score: '>= 10', tier: B}\n"
    with only_changes(desk, TIERING, first + second, second + first):
        desk.bring()


def test_rows_sorted_without_the_hidden_column_are_moved(desk: Desk) -> None:
    with desk.open() as book:
        there, last = book["tiering"], book.column("tiering", "_key")
        one, other = book.row("tiering", "T-B"), book.row("tiering", "T-C")
        for column in range(1, last):
            first, second = there.cell(one, column), there.cell(other, column)
            first.value, second.value = second.value, first.value
    second = "  # the good\n  - {id: T-B, score: '>= 10', tier: B}\n"
    third = """  - {id: T-C, score: ">= 5",  tier: C, then: refer, reason: NOT_ADMITTED}\n"""
    with only_changes(desk, TIERING, second + third, third + second):
        desk.bring()


def test_a_copied_row_is_a_new_one(desk: Desk) -> None:
    with desk.open() as book:
        there, row = book["tiering"], book.row("tiering", "T-B")
        there.insert_rows(row + 1)
        for cell in there[row]:
            there.cell(row + 1, cell.column).value = cell.value
        there.cell(row + 1, 1).value, there.cell(row + 1, 2).value = "T-B2", ">= 7"
    desk.bring()
    old = "  - {id: T-B, score: '>= 10', tier: B}\n"
    new = """  - {id: T-B2, score: ">= 7", tier: B}\n"""
    assert desk.files()[TIERING].decode() == FILES[TIERING].replace(old, old + new)


def test_a_deleted_term(desk: Desk) -> None:
    with desk.open() as book:
        book.clear("policy", "day_count")
    with only_changes(desk, POLICY, "  # days of a year\n  day_count: 360\n", ""):
        desk.bring()


def test_a_limit_without_a_minimum(desk: Desk) -> None:
    with desk.open() as book:
        for name in ("minimum.amount 最低额度", "minimum.then 不足时", "minimum.reason 不足原因"):
            book.set("limit", name, "value", None)
    with only_changes(
        desk, LIMIT, "minimum: {amount: 10_000, then: decline, reason: NOT_ADMITTED}\n", ""
    ):
        desk.bring()


def test_a_deleted_characteristic_goes_with_its_bins(desk: Desk) -> None:
    with desk.open() as book:
        for line in ("tenure < 12", "tenure [12..24)", "tenure >= 24", "tenure missing 缺失"):
            book.clear("scorecard", line)
        book.clear("scorecard.characteristics", "tenure")
        book.set("scorecard.dimensions", "operation", "points", 10)
    desk.bring()
    text = desk.files()[CARD].decode()
    head, _, rest = FILES[CARD].partition("  # how long\n")
    rest = rest[rest.index("  - id: concentration") :]
    assert text == head.replace("20}", "10}") + rest


def test_a_new_rule_and_a_deleted_one(desk: Desk) -> None:
    with desk.open() as book:
        book.delete("admission", "A-1")
        new = {"id": "A-4", "when": "turnover < 1_000", "then": "refer", "reason": "NOT_ADMITTED"}
        book.add("admission", {**new, "title.zh": "货款", "title.en": "Turnover"})
    desk.bring()
    text = desk.files()[ADMISSION].decode()
    assert "A-1" not in text
    assert "half a year" not in text
    assert (
        "  - {id: A-4, title: {zh: 货款, en: Turnover}, when: turnover < 1_000, then: refer,"
        " reason: NOT_ADMITTED}\n# the end\n"
        in text
        or "  - id: A-4\n    title: {zh: 货款, en: Turnover}\n    when: turnover < 1_000\n" in text
    )


def test_points_and_a_new_bin(desk: Desk) -> None:
    with desk.open() as book:
        book.set("scorecard", "tenure [12..24)", "when", "[12..18)")
        values = {"characteristic": "tenure", "when": "[18..24)", "points": 7}
        book.add("scorecard", values, "tenure >= 24")
    now = '[12..18)", points: 5}, {when: "[18..24)", points: 7}, {when'
    with only_changes(desk, CARD, '[12..24)", points: 5}, {when', now):
        desk.bring()


def test_a_new_bin_written_below_all_others(desk: Desk) -> None:
    with desk.open() as book:
        book.set("scorecard", "tenure >= 24", "when", "[24..36)")
        values = {"characteristic": "tenure", "when": ">= 36", "points": 10}
        book.add("scorecard", values)
    now = '"[24..36)", points: 10}, {when: ">= 36", points: 10}]}'
    with only_changes(desk, CARD, '">= 24", points: 10}]}', now):
        desk.bring()


def test_a_deleted_bin_in_a_block(desk: Desk) -> None:
    with desk.open() as book:
        book.delete("scorecard", "concentration >= 0.5")
        book.set("scorecard", "concentration < 0.5", "when", ">= 0")
    was = '      - {when: "< 0.5", points: 10}   # spread\n      - {when: ">= 0.5", points: 0}\n'
    with only_changes(desk, CARD, was, '      - {when: ">= 0", points: 10}   # spread\n'):
        desk.bring()


def test_points_for_missing_and_of_a_dimension(desk: Desk) -> None:
    with desk.open() as book:
        book.set("scorecard", "tenure missing 缺失", "points", 3)
        book.set("scorecard", "tenure >= 24", "points", 12.5)
        book.set("scorecard.dimensions", "operation", "points", 22.5)
    desk.bring()
    text = desk.files()[CARD].decode()
    assert "missing: 3,\n" in text
    assert '">= 24", points: 12.5}' in text
    assert "dimensions: {operation: 22.5}" in text


def test_a_new_characteristic_with_its_bins(desk: Desk) -> None:
    with desk.open() as book:
        one = {"id": "owing", "dimension": "operation", "input": "debt", "reason": "NOT_ADMITTED"}
        book.add("scorecard.characteristics", one)
        for when, points in (("< 10_000", 5), (">= 10_000", 0), ("missing", 1)):
            book.add("scorecard", {"characteristic": "owing", "when": when, "points": points})
        book.set("scorecard.dimensions", "operation", "points", 25)
    desk.bring()
    text = desk.files()[CARD].decode()
    assert "owing" in text
    assert text.startswith(
        FILES["scorecards/loan.yaml"].replace("{operation: 20}", "{operation: 25}")
    )


def test_terms(desk: Desk) -> None:
    with desk.open() as book:
        book.set("policy", "cap", "value", 600000)
        book.add("policy", {"name": "floor", "value": 0.00019})
    now = "cap: 600_000        # yuan\n  # days of a year\n  day_count: 360\n  floor: 0.00019\n"
    was = "cap: 500_000        # yuan\n  # days of a year\n  day_count: 360\n"
    with only_changes(desk, POLICY, was, now):
        desk.bring()


def test_the_formula(desk: Desk) -> None:
    with desk.open() as book:
        book.set("limit", "factor", "value", 'if tier = "A" then 0.35 else 0.1')
        book.set("limit", "round_down_to 向下取整", "value", 500)
        book.set("limit", "minimum.amount 最低额度", "value", "20,000")
        book.set("limit", "minimum.then 不足时", "value", "refer")
    desk.bring()
    wanted = FILES[LIMIT].replace("0.3 else", "0.35 else").replace("to: 1_000", "to: 500")
    wanted = wanted.replace("{amount: 10_000, then: decline", "{amount: 20_000, then: refer")
    assert desk.files()[LIMIT].decode() == wanted


def test_a_new_value_of_the_formula(desk: Desk) -> None:
    with desk.open() as book:
        book.add("limit", {"name": "half", "value": "turnover / 2"}, "limit 额度")
        book.set("limit", "limit 额度", "value", "min(cap, raised, half) - debt")
    was = "  raised: turnover * factor\nlimit: min(cap, raised) - debt\n"
    now = (
        "  raised: turnover * factor\n  half: turnover / 2\nlimit: min(cap, raised, half) - debt\n"
    )
    with only_changes(desk, LIMIT, was, now):
        desk.bring()


def test_an_id_is_changed_by_deleting_and_writing_anew(desk: Desk) -> None:
    with desk.open() as book:
        book.delete("tiering", "T-C")
        new = {"id": "T-Z", "score": ">= 5", "tier": "C", "then": "refer"}
        book.add("tiering", {**new, "reason": "NOT_ADMITTED"})
    output = desk.bring()
    assert "T-C" in output
    assert "T-Z" in output


@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_breaks_and_marks_of_other_editors_stay(
    desk: Desk, line_break: str, mark: bytes
) -> None:
    for name, text in FILES.items():
        (desk.folder / name).write_bytes(mark + text.replace("\n", line_break).encode())
    desk.export()
    with desk.open() as book:
        book.set("tiering", "T-A", "score", ">= 17")
        book.delete("tiering", "T-B")
        book.add("tiering", {"id": "T-Y", "score": ">= 3", "tier": "C"})
        book.add("scorecard", {"characteristic": "concentration", "when": ">= 0.9", "points": 0})
        book.set("scorecard", "concentration >= 0.5", "when", "[0.5..0.9)")
    desk.bring()
    for name, content in desk.files().items():
        if name in FILES:
            assert content.startswith(mark)
            text = content.decode("utf-8-sig")
            assert text.count("\n") == text.count(line_break)
    assert "T-Y" in desk.files()[TIERING].decode()


def test_a_dry_run_shows_and_writes_nothing(desk: Desk) -> None:
    before = desk.files()
    with desk.open() as book:
        book.set("tiering", "T-A", "score", ">= 16")
    shown = desk.bring("--dry-run")
    assert "would be written: rulesets/loan/tiering.yaml" in shown
    assert desk.files() == before
    assert desk.bring().replace("written", "would be written") == shown
    assert '">= 16"' in desk.files()[TIERING].decode()


IN_BRACKETS = """rows: [{id: T-A, score: ">= 15", tier: A},   # first, the best
        # the second
        {id: T-B, score: ">= 10", tier: B},   # second
        # the third
        {id: T-C, score: ">= 5", tier: C}]
"""


@pytest.mark.parametrize(
    ("gone", "left"),
    [
        (
            "T-A",
            """rows: [{id: T-B, score: ">= 10", tier: B},   # second
        # the third
        {id: T-C, score: ">= 5", tier: C}]
""",
        ),
        (
            "T-B",
            """rows: [{id: T-A, score: ">= 15", tier: A},   # first, the best
        # the third
        {id: T-C, score: ">= 5", tier: C}]
""",
        ),
        (
            "T-C",
            """rows: [{id: T-A, score: ">= 15", tier: A},   # first, the best
        # the second
        {id: T-B, score: ">= 10", tier: B}   # second
        ]
""",
        ),
    ],
)
def test_comments_of_rows_in_brackets(desk: Desk, gone: str, left: str) -> None:
    old = FILES[TIERING]
    rows = old[old.index("rows:") : old.index("otherwise:")]
    desk.change(TIERING, rows, IN_BRACKETS)
    desk.export()
    with desk.open() as book:
        book.clear("tiering", gone)
        book.set("limit", "factor", "value", "0.3")  # for all tiers
    desk.bring()
    assert desk.files()[TIERING].decode() == old.replace(rows, left)
