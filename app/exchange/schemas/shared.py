"""The schemas of the files that all products share: inputs, reasons, cleaning, the calendar."""

from __future__ import annotations

from app.exchange.schemas.names import Names
from app.exchange.schemas.parts import (
    NUMBER,
    OPTIONAL,
    OPTIONAL_NUMBER,
    SCALAR,
    SCALARS,
    TITLE,
    TRUTH,
    WORDS,
    Schema,
    each,
    keys,
    listed,
    named,
    offered,
    one_of,
    said,
)
from app.policies.reasons import NOTICES, SERVICE_CODES
from app.rules.catalogue import DIRECTIONS, ORIGINS, WAYS
from app.rules.types import DECLARED
from app.waybills.cleaning import CODE_NAMES, KINDS, PARTY_MARKS

DAY: Schema = {
    "anyOf": [
        {"type": "string", "pattern": r"^\d{4}-?(\d{2}-?\d{2}|W\d{2}(-?\d)?)$"},
        {"type": "integer"},
    ]
}


def catalogue(names: Names | None) -> Schema:
    families = {one.family for one in names.inputs.values() if one.family} if names else ()
    bounds = offered(names.meanings if names else (), OPTIONAL)
    one = {
        "type": said(one_of(DECLARED), "类型", "The type; money is in yuan", "ratio"),
        "values": said(SCALARS, "类别的取值", "The values of a category", ["A", "B"]),
        "unit": said(OPTIONAL, "单位", "The unit", "months"),
        "from": said(one_of(ORIGINS), "来源", "Where it comes from", "features"),
        "range": said(
            SCALARS, "有效范围，之外算缺失", "Valid values; others count as missing", [0, 600]
        ),
        "max_age_days": said(OPTIONAL_NUMBER, "最多几天", "Older counts as missing", 45),
        "direction": said(one_of(DIRECTIONS, True), "方向", "Which way is better"),
        "family": said(offered(sorted(families), OPTIONAL), "所属类", "Its family", "stability"),
        "meaning": said(WORDS, "含义", "What it means, with window and formula"),
        "merchant_can": said(one_of(WAYS, True), "商户能否改变", "How the merchant can move it"),
        "plain": said(WORDS, "给商户看的名称", "Its name for merchants; goes with merchant_can"),
        "never_above": said(bounds, "不会超过的变量", "An input that bounds it", "cod_amt_12m"),
        "moves_with": said(
            bounds, "同比例变动的变量", "An input that grows with it", "cod_amt_12m"
        ),
    }
    category = {"properties": {"type": {"const": "category"}}, "required": ["type"]}
    moved = {"if": {"required": ["merchant_can"]}, "then": {"required": ["plain"]}}
    valued = {"if": category, "then": {"required": ["values"]}}
    found = each(keys(one, "type from meaning", allOf=[valued, moved]))
    return keys({"inputs": said(found, "变量，按名称", "Every input, by name")}, "inputs")


def reasons(_: Names | None) -> Schema:
    one = {
        "merchant": said(WORDS, "给商户看的说明", "What the merchant reads"),
        "staff": said(WORDS, "给员工看的说明", "What staff reads"),
        "merchant_may_see": said(TRUTH, "商户能否看到", "false for fraud rules", True),
        "advice": said(WORDS, "商户可以怎样做", "What the merchant can do about it"),
    }
    seen = {"properties": {"merchant_may_see": {"enum": [True, "true"]}}}
    told = {"if": {**seen, "required": ["merchant_may_see"]}, "then": {"required": ["merchant"]}}
    codes = each(keys(one, "staff merchant_may_see", **told), required=list(SERVICE_CODES))
    notice = said(WORDS, "每份说明都有的文字", "What explanations for a merchant say")
    notices = keys(dict.fromkeys(NOTICES, notice))
    body = {
        "reasons": said(codes, "原因，按代码", "Every reason, by its code"),
        "notices": said(notices, "给商户的固定文字", "Texts beside the reasons of a merchant"),
    }
    return keys(body, "reasons")


def cleaning(_: Names | None) -> Schema:
    words = listed(OPTIONAL)
    one = {
        "title": said({}, "标题", "The title, in both languages"),
        "kind": said(one_of(KINDS), "种类", "waybill, or invoice: a sale alone", "invoice"),
        "switched_off": said(
            listed(named(CODE_NAMES)), "不用的清洗代码", "Codes that this source never gets"
        ),
        "self_deal_by": said(
            listed(one_of(PARTY_MARKS)), "凭什么认定自买自卖", "What makes both sides one party"
        ),
        "voided_statuses": said(words, "作废的状态", "Statuses of voided bills", ["作废"]),
        "returned_statuses": said(words, "退货的状态", "Statuses of returned bills", ["退货"]),
        "placeholder_names": said(words, "不是名字的名字", "Names that name nobody", ["无"]),
        "test_words": said(words, "测试字样", "Words that mark a test", ["测试"]),
        "test_amounts": said(listed(SCALAR), "测试金额，元", "Amounts that mark a test", [0.01]),
        "amount_outlier": said(SCALAR, "异常金额，元", "An outlier from this amount on", 100_000),
        "amount_outlier_medians": said(
            SCALAR, "异常倍数", "An outlier above so many medians of the month", 20
        ),
        "freight_outlier_bills": said(
            SCALAR, "线路比较的最少运单数", "Fewest bills of a lane that tell what is usual", 200
        ),
        "freight_outlier_cod": said(
            SCALAR,
            "货款达到此数，元",
            "From this COD amount on a tiny freight is an outlier",
            1_000,
        ),
        "freight_outlier_freight": said(
            SCALAR, "运费不超过此数，元", "The freight that the entry form begins with", 5
        ),
        "fee_outlier": said(SCALAR, "手续费差额，元", "What a fee may differ by", 1),
        "fee_outlier_percent": said(
            SCALAR, "手续费差额，百分比", "What a fee may differ by, percent of the tariff", 20
        ),
        "duplicate_suspect_hours": said(
            SCALAR, "疑似重复的小时数", "Hours within which an equal bill is suspect", 24
        ),
    }
    default = keys(one, " ".join(key for key in one if key not in ("title", "kind")))
    source = said(keys(one), "一个来源", "A source; it says only what differs from default")
    first = {"default": said(default, "通常的来源", "What every other source builds on")}
    sources = {**each(source), "properties": first, "required": ["default"]}
    return keys({"sources": said(sources, "来源，按名称", "Sources, by name")}, "sources")


def calendar(_: Names | None) -> Schema:
    year = {"pattern": r"^[^\u0000-/:-\u007f]{4}$"}
    festival = said(DAY, "正月初一", "The first day of the first lunar month", "2026-02-17")
    days = said(NUMBER, "天数，0 到 60", "Whole days, from 0 to 60", 14)
    closed = keys({"days_before": days, "days_after": days}, "days_before days_after")
    shock = {
        "from": said(DAY, "第一天", "The first day", "2020-01-23"),
        "to": said(DAY, "最后一天", "The last day; it belongs to it", "2020-04-08"),
        "title": TITLE,
    }
    body = {
        "spring_festival": said(
            each(festival, propertyNames=year), "春节，按年份", "Spring Festivals, by year"
        ),
        "closed": said(closed, "春节前后停业", "How long trade stands still around it"),
        "shocks": said(
            listed(keys(shock, "from to title")), "冲击", "Times in which a fall says nothing"
        ),
    }
    return keys(body, "spring_festival closed")
