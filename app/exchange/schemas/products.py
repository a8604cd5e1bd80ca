"""The schemas of a product's own files beside its rulesets: policy, cases, what was accepted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.exchange.schemas.names import Names
from app.exchange.schemas.parts import (
    EXPRESSION,
    FOR,
    NUMBER,
    OPTIONAL,
    OPTIONAL_NUMBER,
    SCALAR,
    SCALARS,
    WORDS,
    Schema,
    each,
    keys,
    listed,
    named,
    offered,
    one_of,
    said,
    values_of,
)
from app.policies.always import DIRECTIONS
from app.rules.rulesets import OUTCOMES, PURPOSES


def policy(names: Names | None) -> Schema:
    files = names.files if names else {}
    stage = {
        "stage": said(SCALAR, "阶段的名称", "The name of the stage", "admission"),
        "ruleset": said(
            offered(files.get("ruleset", ()), SCALAR),
            "本产品文件夹中的规则集",
            "A ruleset file in this product's folder",
            "admission.yaml",
        ),
        "scorecard": said(
            offered(files.get("scorecard", ()), SCALAR),
            "scorecards 文件夹中的评分卡",
            "A file of the scorecards folder",
            "wuliudai.yaml",
        ),
    }
    subject = {"oneOf": [{"required": ["ruleset"]}, {"required": ["scorecard"]}]}
    assumed = said(
        values_of(names), "银行尚未提供、假定的数据", "Bank facts that nobody knows yet, as assumed"
    )
    purpose = said(keys({"assume": assumed}), "该用途", "What holds for this purpose")
    term = said(NUMBER, "一个数字", "One number", 500_000)
    body = {
        "policy": said(SCALAR, "产品，与文件夹同名", "The product; its folder's name", "wuliudai"),
        "title": said(WORDS, "标题", "The title, in both languages"),
        "terms": said(each(term), "产品参数", "Terms of the product; names in expressions"),
        "purposes": said(
            keys(dict.fromkeys(PURPOSES, purpose)), "各用途的假定", "What is assumed, by purpose"
        ),
        "stages": said(listed(keys(stage, "stage", **subject), 1), "按顺序的阶段", "In order"),
        "always": said(
            listed({"anyOf": _statements(names)}),
            "对任何商户都必须成立",
            "What must hold for every merchant; `policy prove` decides it",
        ),
    }
    return keys(body, "policy title stages")


def _statements(names: Names | None) -> list[Schema]:
    known = named(names.meanings) if names else SCALAR
    which = said(known, "变量", "The input that grows", "other_exposure")
    where = said(OPTIONAL, "只在此条件下", "Only where this is true", "top1_share != null")
    that = said(EXPRESSION, "必须成立的条件", "What must be true", "limit <= 500_000")
    claims = [keys({"that": that, "for": FOR}, "that")]
    for output, verbs in DIRECTIONS.items():
        verb = said(one_of(verbs), "不会怎样", f"What {output} never does", verbs[0])
        more = {"input": which, "where": where, "for": FOR}
        claims.append(keys({output: verb, **more}, f"{output} input"))
    never = said(one_of(("never approves",)), "缺失永不通过", "A missing input never lets through")
    listed_inputs = {"anyOf": [listed(known), known]} if names else SCALARS
    excepted = said(listed_inputs, "例外的变量", "Inputs that may be missing", ["amount"])
    return [*claims, keys({"unknown": never, "except": excepted, "for": FOR}, "unknown")]


def cases(names: Names | None) -> Schema:
    reasons = names.reasons if names else {}
    texts = {
        "reasons": said(_some(reasons), "全部原因，按顺序", "All reasons, in order", ["LOW_SCORE"]),
        "hits": said(
            _some(names.rules if names else ()),
            "命中的规则",
            "All rules that were hit",
            ["ADM-001"],
        ),
        "unknowns": said(
            _some(names.meanings if names else ()), "缺失的变量", "Inputs that were missing"
        ),
    }
    rows = {
        stage: said(offered(ids, SCALAR), "命中的行", "The row that was taken")
        for stage, ids in (names.rows if names else {}).items()
    }
    gives = {
        name: said(offered(values, OPTIONAL), "阶段的输出", "What the stage gave")
        for name, values in (names.outputs if names else {}).items()
    }
    tiers = names.outputs.get("tier", ()) if names else ()
    expect = {
        "outcome": said(one_of(OUTCOMES), "决定", "The decision", "decline"),
        **texts,
        "score": said(OPTIONAL_NUMBER, "评分", "The score", 88),
        "daily_rate": said(OPTIONAL_NUMBER, "日利率", "The daily rate", 0.00019),
        "limit": said(OPTIONAL_NUMBER, "额度，元", "The limit, in yuan", 35_000),
        "tier": said(offered(tiers, OPTIONAL), "等级", "The tier", "A"),
        "row": said(
            {"type": "object", "properties": rows},
            "各表命中的行",
            "The row of each table, by stage",
            {"tiering": "T-A"},
        ),
        "gives": said(
            {"type": "object", "properties": gives},
            "各阶段的输出，不论决定如何",
            "What the stages gave, whatever the outcome",
            {"limit": 120_000},
        ),
    }
    expected = said(
        keys(expect, minProperties=1), "期望", "What is expected", {"outcome": "decline"}
    )
    case = {
        "case": said(SCALAR, "案例的名称", "What the case shows", "eleven months is too short"),
        "given": said(values_of(names), "与 base 不同之处", "What differs from `base`"),
        "expect": expected,
    }
    body = {
        "base": said(
            values_of(names), "每个变量的通常值", "A usual value of every input; null: missing"
        ),
        "purpose": said(one_of(PURPOSES, True), "用途", "The purpose; drawdown when left out"),
        "cases": said(listed(keys(case, "case expect"), 1), "案例", "The cases, in order"),
    }
    return keys(body, "base cases")


def _some(names: Iterable[str] | Mapping[str, str]) -> Schema:
    """A list of names, or one; these are offered."""
    one = offered(names, OPTIONAL)
    return {"anyOf": [listed(one), one]}


def accepted(_: Names | None) -> Schema:
    why = said(SCALAR, "理由", "Why it is meant all the same")
    lint = {
        "code": said(SCALAR, "提示的代码", "The code of the warning", "points-against-direction"),
        "at": said(
            SCALAR,
            "文件与编号",
            "FILE NAME, NAME … or FILE family FAMILY or FILE",
            "tiering.yaml T-A",
        ),
        "why": why,
    }
    mutant = said(SCALAR, "变异", "The mutant, as `policy test --mutate` writes it")
    survivor = keys({"mutant": mutant, "why": why}, "mutant why")
    body = {
        "lint": said(listed(keys(lint, "code at why")), "保留的提示", "Warnings that are meant"),
        "survivors": said(listed(survivor), "保留的变异", "Mutants that no case needs to kill"),
    }
    return {**keys(body), "type": ["object", "null"]}
