"""Whole tables and rules, written at random, against brute force over every merchant."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from app.policies.examine import examine
from app.rules.compiled import CompiledTable
from app.rules.program import build_program
from app.rules.rulesets import Rules, Table
from app.rules.scalar import compile_scalar
from tests.lint.products import warnings_of

ADMISSION, TIERING = "rulesets/loan/admission.yaml", "rulesets/loan/tiering.yaml"
AGES = st.sampled_from(["-", "< 20", ">= 20", "[20..40)", "> 40", "[30..60]", "20", "not(40)"])
GRADES = st.sampled_from(["-", '"A"', '"A", "B"', 'not("B")', '"C"'])
LISTED = st.sampled_from(["-", "true", "false"])
ROWS = st.lists(st.tuples(AGES, GRADES, LISTED, st.sampled_from("XY")), min_size=1, max_size=4)
MERCHANTS = [
    {"age": age, "grade": grade, "is_listed": listed}
    for age in (None, 0.0, 19.0, 20.0, 21.0, 30.0, 39.0, 40.0, 41.0, 60.0, 61.0, 130.0)
    for grade in (None, "A", "B", "C")
    for listed in (None, True, False)
]
KNOWN = [merchant for merchant in MERCHANTS if None not in merchant.values()]
NAMES = ("age", "grade", "is_listed")


def _table(hit: str, rows: list[tuple[str, str, str, str]]) -> str:
    lines = [
        f"  - {{id: R-{number}, age: '{age}', grade: '{grade}', "
        f"is_listed: '{listed}', tier: {tier}}}"
        for number, (age, grade, listed, tier) in enumerate(rows)
    ]
    head = f"kind: table\nhit: {hit}\ninputs: [age, grade, is_listed]\noutputs: [tier]\nrows:\n"
    end = "otherwise: {tier: A, then: decline, reason: NOT_ADMITTED}\n"
    return head + "\n".join(lines) + "\n" + end


def _told(hit: str, rows: list[tuple[str, str, str, str]]) -> tuple[dict[str, set[str]], Table]:
    """The words of each code's messages that name rows or columns; and the table."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        found = warnings_of(root, {TIERING: _table(hit, rows)})
        looked = examine("loan", root / "rulesets", root / "scorecards")
    assert looked.policy is not None
    (table,) = (s.checked for s in looked.policy.stages if isinstance(s.checked, Table))
    told: dict[str, set[str]] = {}
    for one in found:
        if one.place.file.endswith("tiering.yaml"):
            told.setdefault(one.code, set()).add(one.message)
    return told, table


def _chosen(table: Table, merchant: dict[str, object]) -> str | None:
    """The row that fits first, `otherwise`, or None where that is unknown."""
    stage = CompiledTable(table, "tiering", "drawdown").judge(merchant)
    row = stage.trace["row"]
    return None if row == "unknown" else row


@settings(max_examples=25, deadline=None)
@given(ROWS)
def test_the_rows_that_are_never_reached(rows: list[tuple[str, str, str, str]]) -> None:
    told, table = _told("first", rows)
    reached = {_chosen(table, merchant) for merchant in MERCHANTS}
    lost = {f"R-{number}" for number in range(len(rows))} - reached
    said = {message.split()[2] for message in told.get("row-unreachable", ())}
    assert said == lost
    known = {_chosen(table, merchant) for merchant in KNOWN}
    assert ("otherwise-unreachable" in told) == ("otherwise" not in known)


@settings(max_examples=25, deadline=None)
@given(ROWS)
def test_the_rows_that_overlap(rows: list[tuple[str, str, str, str]]) -> None:
    told, table = _told("unique", rows)
    conditions = [compile_scalar(build_program([row.condition])) for row in table.rows]
    wanted = {
        f"the rows R-{first} and R-{second} both"
        for second in range(len(rows))
        for first in range(second)
        if any(conditions[first](m)[0] and conditions[second](m)[0] for m in MERCHANTS)
    }
    said = {" ".join(message.split()[:6]) for message in told.get("rows-overlap", ())}
    assert said == wanted


@settings(max_examples=15, deadline=None)
@given(ROWS)
def test_the_columns_that_never_matter(rows: list[tuple[str, str, str, str]]) -> None:
    told, table = _told("first", rows)
    idle = set()
    for place, name in enumerate(NAMES):
        shorter = [(*row[:place], "-", *row[place + 1 :]) for row in rows]
        _, other = _told("first", shorter)  # type: ignore[arg-type]
        if all(
            _outputs(table, merchant) == _outputs(other, merchant)
            for merchant in MERCHANTS
            if merchant[name] is not None
        ):
            idle.add(name)
    assert {message.split()[2] for message in told.get("column-without-effect", ())} == idle


def _outputs(table: Table, merchant: dict[str, object]) -> object:
    stage = CompiledTable(table, "tiering", "drawdown").judge(merchant)
    return stage.gives, stage.outcome, stage.is_unknown


CONDITIONS = st.sampled_from(
    [
        "age < 20",
        "age <= 19",
        "age < 30",
        "not(age >= 30)",
        "age < 20 or age > 60",
        "age > 60",
        "age between 61 and 100",
        'grade = "A"',
        'grade in ("A", "B")',
        'grade != "C"',
        "is_listed",
        'is_listed and grade = "A"',
        "is_listed and age < 20",
        "age = 20",
        "age = null",
        "age = null or age < 20",
    ]
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(CONDITIONS, st.sampled_from(["decline", "refer"])), max_size=4))
def test_the_rules_that_others_imply(rules: list[tuple[str, str]]) -> None:
    lines = [
        f"  - {{id: R-{number}, when: '{when}', then: {then}, reason: NOT_ADMITTED}}"
        for number, (when, then) in enumerate([*rules, ("age < 18", "flag")])
    ]
    text = "kind: rules\nunknown: refer\nrules:\n" + "\n".join(lines) + "\n"
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        found = warnings_of(root, {ADMISSION: text})
        looked = examine("loan", root / "rulesets", root / "scorecards")
    assert looked.policy is not None
    checked = next(s.checked for s in looked.policy.stages if isinstance(s.checked, Rules))
    said = {
        one.message.split()[0] for one in found if one.code in ("implied-rule", "same-condition")
    }
    hits = [
        [compile_scalar(build_program([rule.when]))(m)[0] is True for m in MERCHANTS + SIXTY]
        for rule in checked.rules
    ]
    implied = {
        one.id
        for place, one in enumerate(checked.rules)
        for other_place, other in enumerate(checked.rules)
        if place != other_place
        and one.then == other.then
        and set(one.when.inputs()) & set(other.when.inputs())
        and all(b or not a for a, b in zip(hits[place], hits[other_place], strict=True))
        and (hits[place] != hits[other_place] or other_place < place)
    }
    assert said == implied


SIXTY = [
    {"age": age, "grade": grade, "is_listed": listed}
    for age in (29.0, 59.0, 62.0, 99.0, 100.0, 101.0)
    for grade in (None, "A", "B", "C")
    for listed in (None, True, False)
]
