"""The schemas of rulesets of the three kinds, and of scorecards."""

from __future__ import annotations

from app.exchange.schemas.names import Names
from app.exchange.schemas.parts import (
    EXPRESSION,
    FOR,
    NUMBER,
    OPTIONAL,
    OPTIONAL_NUMBER,
    OPTIONAL_UNKNOWN,
    SCALAR,
    SCALARS,
    TEST,
    TITLE,
    UNKNOWN,
    Schema,
    each,
    keys,
    listed,
    named,
    offered,
    one_of,
    reason,
    said,
)
from app.rules.rulesets import UNKNOWN_OUTCOMES

KINDS = ("rules", "table", "formula")
NEEDS_REASON: Schema = {
    "if": {"properties": {"then": {"type": "string"}}, "required": ["then"]},
    "then": {"required": ["reason"], "properties": {"reason": {"not": {"type": "null"}}}},
}
ID = said(
    SCALAR, "编号；统计按编号延续，不要改", "An id; statistics follow it, so it stays", "ADM-001"
)


def kind(words: tuple[str, ...]) -> Schema:
    return said(
        one_of(words), "规则集的种类", "rules: all are judged; table: rows; formula: a limit"
    )


def rules(names: Names | None) -> Schema:
    then = said(
        one_of(("decline", "refer", "flag")), "命中的结果", "What a hit leads to", "decline"
    )
    when = said(EXPRESSION, "命中的条件", "The condition of a hit", "cod_months < 12")
    rule = {"id": ID, "title": TITLE, "for": FOR, "when": when, "then": then}
    head = {"kind": kind(("rules",)), "title": TITLE, "unknown": UNKNOWN, "for": FOR}
    one = keys({**rule, "reason": reason(names)}, "id when then reason")
    all_of = said(
        listed(one, 1), "规则；全部判断，取最重的结果", "All are judged; the gravest wins"
    )
    return keys({**head, "rules": all_of}, "kind unknown rules")


def table(names: Names | None) -> Schema:
    row = _row(names)
    name = named(names.columns) if names else SCALAR
    computed = {
        "name": said(SCALAR, "计算列的名称", "The name of the computed column", "ratio_x"),
        "is": said(EXPRESSION, "计算列的算式", "What it is", "other_exposure / cap"),
    }
    column = {"anyOf": [name, keys(computed, "name is")]}
    head = {"kind": kind(("table",)), "title": TITLE, "unknown": OPTIONAL_UNKNOWN, "for": FOR}
    hit = one_of(("first", "unique"))
    body = {
        "hit": said(
            hit, "命中方式", "first: the first row that fits; unique: only one may fit", "first"
        ),
        "inputs": said(listed(column, 1), "判断列", "The columns of tests, in order", ["score"]),
        "outputs": said(SCALARS, "输出列", "The columns of outputs", ["tier"]),
        "rows": said(listed(row, 1), "从上到下的行", "The rows, from the top down"),
        "otherwise": said(row, "没有一行符合时", "What holds where no row fits"),
    }
    return keys({**head, **body}, "kind hit inputs outputs rows otherwise")


def _row(names: Names | None) -> Schema:
    then = said(one_of(UNKNOWN_OUTCOMES, True), "该行的结果", "What the row leads to", "decline")
    end: Schema = {
        "then": then,
        "reason": reason(names, True),
        "for": FOR,
        "id": {**ID, **OPTIONAL},
    }
    if names is not None:
        for name, meaning in names.columns.items():
            end.setdefault(
                name, {**offered(names.outputs.get(name, ()), OPTIONAL), "description": meaning}
            )
    return {"type": "object", "properties": end, "additionalProperties": OPTIONAL, **NEEDS_REASON}


def formula(names: Names | None) -> Schema:
    head = {"kind": kind(("formula",)), "title": TITLE, "unknown": OPTIONAL_UNKNOWN, "for": FOR}
    then = said(
        one_of(UNKNOWN_OUTCOMES), "不足时的结果", "What a smaller limit leads to", "decline"
    )
    amount = said(NUMBER, "最低额度，元", "The smallest limit, in yuan", 10_000)
    minimum = keys({"amount": amount, "then": then, "reason": reason(names)}, "amount then reason")
    value = said(
        OPTIONAL, "一个算式", "An expression; it may use those above", "1.25 * cod_median_month"
    )
    body = {
        "let": said(each(value), "中间值，按顺序", "Values in order; each may use those above"),
        "limit": said(
            EXPRESSION, "额度，元", "The limit, in yuan", "min(cap, 0.2 * cod_settled_12m)"
        ),
        "round_down_to": said(OPTIONAL_NUMBER, "向下取整到，元", "Rounded down to, in yuan", 1_000),
        "minimum": said(minimum, "低于此额度时", "What holds for a limit below this"),
    }
    return keys({**head, **body}, "kind limit")


def ruleset(names: Names | None) -> Schema:
    """Any of the three; `kind` decides."""
    by_kind = zip(KINDS, (rules, table, formula), strict=True)
    cases = [
        {
            "if": {"properties": {"kind": {"const": word}}, "required": ["kind"]},
            "then": build(names),
        }
        for word, build in by_kind
    ]
    return {
        "type": "object",
        "properties": {"kind": kind(KINDS)},
        "required": ["kind"],
        "allOf": cases,
    }


def scorecard(names: Names | None) -> Schema:
    points = said(NUMBER, "分值", "The points of this bin", 15)
    bin_ = keys({"when": TEST, "points": points}, "when points")
    subject = {"oneOf": [{"required": ["input"]}, {"required": ["value"]}]}
    inputs = names.meanings if names else {}
    item = {
        "id": ID,
        "title": TITLE,
        "dimension": said(SCALAR, "所属维度", "One of the dimensions above", "operation"),
        "input": said(offered(inputs, SCALAR), "变量", "The input that is binned", "cod_months"),
        "value": said(EXPRESSION, "算式，代替变量", "An expression instead of an input", "a / b"),
        "reason": said(reason(names), "失分的原因", "The reason when points are lost here"),
        "missing": said(NUMBER, "缺失时的分值", "The points when the value is missing", 0),
        "bins": said(listed(bin_, 1), "分箱，无空隙", "The bins, without gaps or overlaps"),
    }
    found = keys(item, "id dimension reason missing bins", **subject)
    most = said(NUMBER, "该维度的最高分", "The best bins of the dimension add up to this", 45)
    body = {
        "scorecard": said(SCALAR, "评分卡的名称", "The name of the scorecard", "wuliudai"),
        "title": TITLE,
        "dimensions": said(
            each(most), "维度与最高分", "Dimensions and the greatest points of each"
        ),
        "characteristics": said(listed(found, 1), "评分项", "What is binned, in order"),
    }
    return keys(body, "scorecard dimensions characteristics")
