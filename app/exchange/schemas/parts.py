"""The pieces that schemas are made of: scalars as an editor reads them, keys, lists, words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from app.exchange.schemas.names import Names, meaning_of
from app.rules.catalogue import Input
from app.rules.rulesets import PURPOSES, UNKNOWN_OUTCOMES

Schema = dict[str, Any]
DIGIT = r"[^\u0000-/:-\u007f]"  # a digit of any script: editors know no \p{Nd} without flags
NUMBER_PATTERN = rf"^[+-]?{DIGIT}({DIGIT}|_)*(\.{DIGIT}({DIGIT}|_)*)?([eE][+-]?{DIGIT}+)?$"
SCALAR: Schema = {"type": ["string", "number", "boolean"]}
OPTIONAL: Schema = {"type": ["string", "number", "boolean", "null"]}
NUMBER: Schema = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": NUMBER_PATTERN}]}
OPTIONAL_NUMBER: Schema = {"anyOf": [NUMBER, {"type": "null"}]}
SCALARS: Schema = {"anyOf": [{"type": "array", "items": OPTIONAL}, OPTIONAL]}


def said(schema: Schema, zh: str, en: str, *examples: Any) -> Schema:
    """The schema with what an editor shows on hovering, and examples that it offers."""
    more = {"examples": list(examples)} if examples else {}
    return {**schema, "description": f"{zh}\n{en}", **more}


def keys(properties: Schema, required: str = "", **more: Any) -> Schema:
    """A mapping of these keys and no others; `required`: those that must stand there."""
    known = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**known, **({"required": required.split()} if required else {}), **more}


def each(value: Schema, **more: Any) -> Schema:
    """A mapping of any names."""
    return {"type": "object", "additionalProperties": value, **more}


def listed(item: Schema, least: int = 0) -> Schema:
    return {"type": "array", "items": item, "minItems": least}


def one_of(words: Any, optional: bool = False) -> Schema:
    return {"enum": [*words, *([None] if optional else [])]}


def named(names: Iterable[str] | Mapping[str, str], optional: bool = False) -> Schema:
    """One of these names and nothing else; in the forms that an editor makes of them (`no`)."""
    meanings = names if isinstance(names, Mapping) else dict.fromkeys(names, "")
    forms = {form: meanings[name] for name in meanings for form in forms_of(name)}
    if optional:
        forms[None] = ""
    found: Schema = {"enum": list(forms)}
    if any(forms.values()):
        found["enumDescriptions"] = list(forms.values())
    return found


def offered(names: Iterable[str] | Mapping[str, str], other: Schema) -> Schema:
    """These names are offered, anything of `other` is allowed."""
    known = names if isinstance(names, Mapping) else tuple(names)
    return {"anyOf": [named(known), other]} if known else other


def forms_of(name: str) -> list[Any]:
    """What editors make of a name that stands in a file without quotes: itself, and what YAML 1.1
    takes it for, where that is no text.
    """
    try:
        read = yaml.safe_load(name)
    except (yaml.YAMLError, ValueError):
        return [name]
    return [name, read] if isinstance(read, (bool, int, float)) else [name]


WORDS = keys(
    {"zh": said(SCALAR, "中文", "In Chinese"), "en": said(SCALAR, "英文", "In English")}, "zh en"
)
TITLE = said(WORDS, "标题", "The title, in both languages", {"zh": "准入", "en": "Admission"})
TRUTH = one_of([True, False, "true", "false"])
EXPRESSION = said(
    SCALAR, "规则语言的表达式", "An expression of the ruleset language", "cod_months < 12"
)
TEST = said(
    SCALAR,
    "一个判断；以 > 或 [ 开头须加引号",
    'A test; one that starts with > or [ must be quoted, as in ">= 85"',
    ">= 85",
    "[12..24)",
    '"A", "B"',
)
FOR = said(
    {"anyOf": [listed(one_of(PURPOSES)), one_of(PURPOSES)]},
    "适用的用途；不写表示全部",
    "The purposes it applies to; all when left out",
    ["drawdown", "review"],
)
UNKNOWN = said(
    one_of(UNKNOWN_OUTCOMES), "数据缺失时的结果", "What an unknown condition leads to", "refer"
)
OPTIONAL_UNKNOWN = {**UNKNOWN, "enum": [*UNKNOWN_OUTCOMES, None]}


def reason(names: Names | None, optional: bool = False) -> Schema:
    known = named(names.reasons, optional) if names else OPTIONAL if optional else SCALAR
    return said(
        known, "reasons.yaml 中的原因代码", "A reason code of reasons.yaml", "SHORT_HISTORY"
    )


def value_of(one: Input) -> Schema:
    """A value of an input in a case."""
    known: Schema = {"anyOf": [NUMBER, {"type": "null"}]}
    if one.type.declared == "boolean":
        known = one_of([True, False, "true", "false"], optional=True)
    elif one.type.values:
        known = named(one.type.values, optional=True)
    elif one.type.declared in ("text", "category"):
        known = OPTIONAL
    return {**known, "description": meaning_of(one)}


def values_of(names: Names | None) -> Schema:
    """Values of inputs by name."""
    if names is None:
        return each(OPTIONAL)
    return keys({name: value_of(one) for name, one in names.inputs.items()})
