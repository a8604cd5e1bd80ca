"""The columns of each shape of sheet, with what an analyst reads on their headers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from app.exchange.sheets import CHOICE, EXPRESSION, ID, NAMES, NUMBER, TEST, TEXT, Column
from app.rules.catalogue import Input
from app.rules.rulesets import PURPOSES, UNKNOWN_OUTCOMES

TEST_NOTE = (
    '一个判断，如 >= 85、[12..24)、"A", "B"；留空表示任何值都符合。\n'
    'A test such as >= 85, [12..24) or "A", "B"; an empty cell fits everything.'
)
EXPRESSION_NOTE = "规则语言的表达式。\nAn expression of the ruleset language."
ID_NOTE = (
    "编号不改：统计按编号延续。新行写新编号。\n"
    "An id stays the same for good, since statistics follow it; a new row gets a new one."
)
FOR_NOTE = (
    f"用途，以逗号分隔：{'、'.join(PURPOSES)}；留空表示全部。\n"
    f"Purposes after commas: {', '.join(PURPOSES)}; empty: all of them."
)


def columns_of_terms() -> tuple[Column, ...]:
    return (
        Column("name", "名称 name", ID, 22, ID_NOTE),
        Column("value", "数值 value", NUMBER, 18, "一个数字。\nOne number."),
    )


def columns_of_rules(reasons: tuple[str, ...]) -> tuple[Column, ...]:
    outcomes = ("decline", "refer", "flag")
    return (
        Column("id", "编号 id", ID, 12, ID_NOTE),
        Column("title.zh", "中文标题 title.zh", TEXT, 30),
        Column("title.en", "英文标题 title.en", TEXT, 34),
        Column("when", "条件 when", EXPRESSION, 46, EXPRESSION_NOTE),
        Column("then", "结果 then", CHOICE, 12, _one_of(outcomes), outcomes),
        Column("reason", "原因 reason", CHOICE, 24, _reasons_note(), reasons),
        _purposes(),
    )


def columns_of_table(
    tests: list[Any],
    outputs: Mapping[str, tuple[str, ...]],
    numeric: Collection[str],
    inputs: Mapping[str, Input],
    reasons: tuple[str, ...],
) -> tuple[Column, ...]:
    columns = [Column("id", "编号 id", ID, 12, ID_NOTE)]
    for test in tests:
        name = test if isinstance(test, str) else test["name"]
        note = TEST_NOTE
        if name in inputs:
            note = f"{describe_input(inputs[name])}\n\n{TEST_NOTE}"
        elif not isinstance(test, str):
            note = f"{name} = {test['is']}\n\n{TEST_NOTE}"
        columns.append(Column(name, f"条件 {name}", TEST, max(16, len(name) + 8), note))
    for name, values in outputs.items():
        kind = NUMBER if name in numeric else TEXT
        choices = () if name in numeric else values
        columns.append(
            Column(name, f"输出 {name}", kind, max(12, len(name) + 8), "", choices, False)
        )
    then = Column("then", "结果 then", CHOICE, 12, _one_of(UNKNOWN_OUTCOMES), UNKNOWN_OUTCOMES)
    reason = Column("reason", "原因 reason", CHOICE, 24, _reasons_note(), reasons)
    return (*columns, then, reason, _purposes())


def columns_of_formula() -> tuple[Column, ...]:
    return (
        Column("name", "名称 name", ID, 26, ID_NOTE),
        Column("value", "算式 value", EXPRESSION, 100, EXPRESSION_NOTE),
    )


def columns_of_bins(characteristics: tuple[str, ...]) -> tuple[Column, ...]:
    note = "评分项的编号，见下一张表。\nThe id of a characteristic; the next sheet lists them."
    return (
        Column("characteristic", "评分项 characteristic", ID, 24, note, characteristics, False),
        Column("when", "分箱 when", TEST, 26, TEST_NOTE),
        Column("points", "分值 points", NUMBER, 12, "一个数字。\nOne number."),
    )


def columns_of_characteristics(
    dimensions: tuple[str, ...], inputs: tuple[str, ...], reasons: tuple[str, ...]
) -> tuple[Column, ...]:
    return (
        Column("id", "编号 id", ID, 20, ID_NOTE),
        Column("title.zh", "中文标题 title.zh", TEXT, 26),
        Column("title.en", "英文标题 title.en", TEXT, 32),
        Column("dimension", "维度 dimension", CHOICE, 16, "", dimensions, False),
        Column("input", "变量 input", CHOICE, 26, _subject_note(), inputs, False),
        Column("value", "算式 value", EXPRESSION, 34, _subject_note()),
        Column("reason", "原因 reason", CHOICE, 26, _reasons_note(), reasons),
    )


def columns_of_dimensions() -> tuple[Column, ...]:
    note = "该维度的最高分。\nThe greatest points of the dimension."
    return (
        Column("name", "维度 name", ID, 22, ID_NOTE),
        Column("value", "最高分 points", NUMBER, 16, note),
    )


def describe_input(one: Input) -> str:
    """What an input means, in both languages, with its type and range."""
    said = [one.type.declared, *([one.unit] if one.unit else [])]
    low, high = one.type.low, one.type.high
    if low is not None or high is not None:
        said.append(f"{'…' if low is None else low} – {'…' if high is None else high}")
    if one.type.values:
        said.append(", ".join(f'"{value}"' for value in one.type.values))
    return (
        f"{one.name} ({'; '.join(said)})\n{one.meaning.get('zh', '')}\n{one.meaning.get('en', '')}"
    )


def _one_of(words: tuple[str, ...]) -> str:
    return f"可选：{'、'.join(words)}。\nOne of {', '.join(words)}."


def _reasons_note() -> str:
    return "reasons.yaml 中的原因代码。\nA code of reasons.yaml; the sheet `reasons` lists them."


def _subject_note() -> str:
    return "变量与算式二者只填一个。\nAn input or an expression, not both."


def _purposes() -> Column:
    return Column("for", "适用 for", NAMES, 20, FOR_NOTE)
