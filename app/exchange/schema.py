"""A JSON Schema (2020-12) for every kind of YAML file, for editors: completion, hover, red lines.

It never refuses what `policy check` accepts. Our loader keeps scalars as texts; an editor makes
numbers, true and false of some, so both forms are allowed.
"""

from __future__ import annotations

from typing import Any

from app.policies.always import DIRECTIONS as CLAIMS
from app.policies.reasons import SERVICE_CODES
from app.rules.catalogue import DIRECTIONS, ORIGINS, WAYS
from app.rules.rulesets import OUTCOMES, PURPOSES, UNKNOWN_OUTCOMES
from app.rules.types import DECLARED
from app.waybills.cleaning import CODE_NAMES, KINDS, PARTY_MARKS

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
DIGIT = r"[^\u0000-/:-\u007f]"  # a digit of any script: editors know no \p{Nd} without flags
NUMBER_PATTERN = rf"^[+-]?{DIGIT}({DIGIT}|_)*(\.{DIGIT}({DIGIT}|_)*)?([eE][+-]?{DIGIT}+)?$"
SCALAR: Schema = {"type": ["string", "number", "boolean"]}
OPTIONAL: Schema = {"type": ["string", "number", "boolean", "null"]}
NUMBER: Schema = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": NUMBER_PATTERN}]}
SCALARS: Schema = {"anyOf": [{"type": "array", "items": OPTIONAL}, OPTIONAL]}


def said(schema: Schema, zh: str, en: str) -> Schema:
    """The schema with what an editor shows on hovering."""
    return {**schema, "description": f"{zh}\n{en}"}


def keys(properties: Schema, required: str = "", **more: Any) -> Schema:
    known = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**known, **({"required": required.split()} if required else {}), **more}


def each(value: Schema, **more: Any) -> Schema:
    return {"type": "object", "additionalProperties": value, **more}


def listed(item: Schema, least: int = 0) -> Schema:
    return {"type": "array", "items": item, "minItems": least}


def one_of(words: Any, optional: bool = False) -> Schema:
    return {"enum": [*words, *([None] if optional else [])]}


WORDS = keys({"zh": SCALAR, "en": SCALAR}, "zh en")
TRUTH = one_of([True, False, "true", "false"])
REASON = said(SCALAR, "reasons.yaml 中的原因代码", "A reason code of reasons.yaml")
EXPRESSION = said(SCALAR, "规则语言的表达式", "An expression, as in cod_months < 12")
TEST = said(
    SCALAR, "判断，如 >= 85、[12..24)；须加引号", 'A test in quotes, as in ">= 85" or "[12..24)"'
)
FOR = said(
    {"anyOf": [listed(one_of(PURPOSES)), one_of(PURPOSES)]},
    "适用的用途；不写表示全部",
    "The purposes it applies to; all when left out",
)
UNKNOWN = said(one_of(UNKNOWN_OUTCOMES), "数据缺失时的结果", "What an unknown condition leads to")
NEEDS_REASON: Schema = {
    "if": {"properties": {"then": {"type": "string"}}, "required": ["then"]},
    "then": {"required": ["reason"], "properties": {"reason": {"not": {"type": "null"}}}},
}
OPTIONAL_UNKNOWN = {**UNKNOWN, "enum": [*UNKNOWN_OUTCOMES, None]}


def _rules() -> Schema:
    then = said(one_of(("decline", "refer", "flag")), "命中的结果", "What a hit leads to")
    rule = {"id": SCALAR, "title": WORDS, "for": FOR, "when": EXPRESSION, "then": then}
    head = {"kind": {"const": "rules"}, "title": WORDS, "unknown": UNKNOWN, "for": FOR}
    one = keys({**rule, "reason": REASON}, "id when then reason")
    return keys({**head, "rules": listed(one, 1)}, "kind unknown rules")


def _table() -> Schema:
    end = {"then": one_of(UNKNOWN_OUTCOMES, True), "reason": OPTIONAL, "for": FOR, "id": OPTIONAL}
    row = {"type": "object", "properties": end, "additionalProperties": OPTIONAL, **NEEDS_REASON}
    column = {"anyOf": [SCALAR, keys({"name": SCALAR, "is": EXPRESSION}, "name is")]}
    head = {"kind": {"const": "table"}, "title": WORDS, "unknown": OPTIONAL_UNKNOWN, "for": FOR}
    hit = said(one_of(("first", "unique")), "命中方式", "first: the first row that fits")
    body = {"hit": hit, "inputs": listed(column, 1), "outputs": SCALARS}
    rows = {"rows": listed(row, 1), "otherwise": row}
    return keys({**head, **body, **rows}, "kind hit inputs outputs rows otherwise")


def _formula() -> Schema:
    head = {"kind": {"const": "formula"}, "title": WORDS, "unknown": OPTIONAL_UNKNOWN, "for": FOR}
    minimum = {"amount": NUMBER, "then": one_of(UNKNOWN_OUTCOMES), "reason": REASON}
    unit = {"anyOf": [NUMBER, {"type": "null"}]}
    body = {"let": each(OPTIONAL), "limit": EXPRESSION, "round_down_to": unit}
    return keys({**head, **body, "minimum": keys(minimum, "amount then reason")}, "kind limit")


def _scorecard() -> Schema:
    bin_ = keys({"when": TEST, "points": NUMBER}, "when points")
    one = {"id": SCALAR, "title": WORDS, "dimension": SCALAR, "input": SCALAR, "value": EXPRESSION}
    rest = {"reason": REASON, "missing": NUMBER, "bins": listed(bin_, 1)}
    subject = {"oneOf": [{"required": ["input"]}, {"required": ["value"]}]}
    item = keys({**one, **rest}, "id dimension reason missing bins", **subject)
    head = {"scorecard": SCALAR, "title": WORDS, "dimensions": each(NUMBER)}
    body = {"characteristics": listed(item, 1)}
    return keys({**head, **body}, "scorecard dimensions characteristics")


def _policy() -> Schema:
    file = {"stage": SCALAR, "ruleset": SCALAR, "scorecard": SCALAR}
    subject = {"oneOf": [{"required": ["ruleset"]}, {"required": ["scorecard"]}]}
    claims = [keys({"that": EXPRESSION, "for": FOR}, "that")]
    for output, verbs in CLAIMS.items():
        more = {"input": SCALAR, "where": OPTIONAL, "for": FOR}
        claims.append(keys({output: one_of(verbs), **more}, f"{output} input"))
    never = {"unknown": {"const": "never approves"}, "except": SCALARS, "for": FOR}
    purpose = keys({"assume": each(OPTIONAL)})
    body = {
        "policy": SCALAR,
        "title": WORDS,
        "terms": each(NUMBER),
        "purposes": keys(dict.fromkeys(PURPOSES, purpose)),
        "stages": listed(keys(file, "stage", **subject), 1),
        "always": listed({"anyOf": [*claims, keys(never, "unknown")]}),
    }
    return keys(body, "policy title stages")


def _catalogue() -> Schema:
    number = {"anyOf": [NUMBER, {"type": "null"}]}
    one = {
        "type": one_of(DECLARED),
        "values": SCALARS,
        "unit": OPTIONAL,
        "from": one_of(ORIGINS),
        "range": SCALARS,
        "max_age_days": number,
        "direction": one_of(DIRECTIONS, True),
        "family": OPTIONAL,
        "meaning": WORDS,
        "merchant_can": one_of(WAYS, True),
        "plain": WORDS,
        "never_above": OPTIONAL,
    }
    category = {"properties": {"type": {"const": "category"}}, "required": ["type"]}
    named = {"if": category, "then": {"required": ["values"]}}
    return keys({"inputs": each(keys(one, "type from meaning", **named))}, "inputs")


def _reasons() -> Schema:
    one = {"merchant": WORDS, "staff": WORDS, "merchant_may_see": TRUTH, "advice": WORDS}
    seen = {"properties": {"merchant_may_see": {"enum": [True, "true"]}}}
    told = {"if": seen, "then": {"required": ["merchant"]}}
    codes = each(keys(one, "staff merchant_may_see", **told), required=list(SERVICE_CODES))
    return keys({"reasons": codes, "notices": each({})}, "reasons")


def _cases() -> Schema:
    number = {"anyOf": [NUMBER, {"type": "null"}]}
    expect = {
        "outcome": one_of(OUTCOMES),
        **dict.fromkeys(("reasons", "hits", "unknowns"), SCALARS),
        **dict.fromkeys(("score", "daily_rate", "limit"), number),
        "tier": OPTIONAL,
        "row": {"type": "object"},
        "gives": {"type": "object"},
    }
    case = {"case": SCALAR, "given": each(OPTIONAL), "expect": keys(expect, minProperties=1)}
    body = {"base": each(OPTIONAL), "purpose": one_of(PURPOSES, True)}
    return keys({**body, "cases": listed(keys(case, "case expect"), 1)}, "base cases")


def _accepted() -> Schema:
    lint = keys({"code": SCALAR, "at": SCALAR, "why": SCALAR}, "code at why")
    survivor = keys({"mutant": SCALAR, "why": SCALAR}, "mutant why")
    body = keys({"lint": listed(lint), "survivors": listed(survivor)})
    return {**body, "type": ["object", "null"]}


def _cleaning() -> Schema:
    texts = ("voided_statuses", "returned_statuses", "placeholder_names", "test_words")
    one = {
        "title": {},
        "kind": one_of(KINDS),
        "switched_off": listed(one_of(CODE_NAMES)),
        "self_deal_by": listed(one_of(PARTY_MARKS)),
        **dict.fromkeys(texts, listed(OPTIONAL)),
        "test_amounts": listed(SCALAR),
        "amount_outlier": SCALAR,
        "amount_outlier_medians": SCALAR,
    }
    return keys({"sources": each(keys(one), required=["default"])}, "sources")


BUILDERS = {
    "policy": _policy,
    "rules": _rules,
    "table": _table,
    "formula": _formula,
    "scorecard": _scorecard,
    "catalogue": _catalogue,
    "reasons": _reasons,
    "cases": _cases,
    "accepted": _accepted,
    "cleaning": _cleaning,
}


def schema_of(kind: str) -> Schema:
    """The schema of a kind of file, a key of BUILDERS."""
    return {"$schema": DIALECT, "title": f"chengxin {kind}", **BUILDERS[kind]()}
