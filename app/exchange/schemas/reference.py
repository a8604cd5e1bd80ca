"""The schemas of the files about carriage and about data: tariffs, expectations."""

from __future__ import annotations

from app.exchange.schemas.names import Names
from app.exchange.schemas.parts import (
    NUMBER,
    OPTIONAL,
    SCALAR,
    TITLE,
    WORDS,
    Schema,
    keys,
    listed,
    named,
    offered,
    one_of,
    said,
)
from app.exchange.schemas.shared import DAY
from app.quality.columns import CATEGORIES, CODES, NULLABLE
from app.quality.expectations import KINDS, SEVERITIES
from app.quality.measured import BASES, MEASURED, Bound
from app.quality.measured import WORDS as MEASURES

_BASES = tuple(dict.fromkeys(base for bases in BASES.values() for base in bases))


def tariffs(_: Names | None) -> Schema:
    step = {
        "up_to": said(NUMBER, "货款不超过，元", "COD amounts up to and with this, yuan", 200),
        "fee": said(NUMBER, "固定费，元", "A fixed fee, yuan", 2),
        "rate": said(NUMBER, "费率", "A share of the COD amount; 0.001 is 0.1%", 0.001),
    }
    formula = {
        "steps": said(
            listed(keys(step)), "分段，由低到高", "Steps in rising order; the last has no up_to"
        ),
        "round_up_to": said(NUMBER, "向上取整，元", "Rounded up to whole multiples, yuan", 1),
        "least": said(NUMBER, "最低，元", "The least fee, yuan", 2),
        "cap": said(NUMBER, "封顶，元", "The largest fee, yuan", 40),
    }
    tariff = {
        "tariff": said(SCALAR, "名称", "A name of its own", "usual"),
        "title": said(TITLE, "标题", "The title, in both languages"),
        "sources": said(listed(OPTIONAL), "来源，不写为全部", "Sources; all where left out"),
        "carriers": said(listed(OPTIONAL), "专线，不写为全部", "Carriers; all where left out"),
        "from": said(DAY, "第一天", "The first day", "2026-01-01"),
        "until": said(DAY, "最后一天", "The last day; it belongs to it", "2026-12-31"),
        "any_of": said(
            listed(keys(formula, "steps")), "符合任一即可", "A fee is right by any of these"
        ),
    }
    found = said(
        listed(keys(tariff, "tariff any_of")), "手续费标准，先合先用", "The first that fits counts"
    )
    return keys({"tariffs": found}, "tariffs")


def expectations(_: Names | None) -> Schema:
    pair = {
        "type": "array",
        "items": {"anyOf": [NUMBER, {"type": "null"}]},
        "minItems": 2,
        "maxItems": 2,
    }
    measures = {name: MEASURES[name]["en"] for name in MEASURED}
    one = {
        "name": said(SCALAR, "名称", "A name of its own", "carrier-volume"),
        "measure": said(named(measures), "衡量什么", "What is measured", "volume"),
        "by": said(one_of(_BASES), "按什么", "Of what it is measured", "carrier"),
        "over_days": said(NUMBER, "合并几天", "Days taken together, 1 unless said", 7),
        **{
            bound.value: said(pair, "下限、上限", "Least and most; null where open", [0.5, 2])
            for bound in Bound
        },
        "sigmas": said(NUMBER, "偏离几个标准差", "How far beyond chance, 6 unless said", 6),
        "at_least": said(NUMBER, "最小基数", "The smallest base of bills", 100),
        "severity": said(one_of(SEVERITIES), "轻重", "fail holds the snapshot", "fail"),
        "kinds": said(listed(one_of(KINDS)), "来源种类", "Kinds of sources; all where left out"),
        "sources": said(listed(OPTIONAL), "来源", "Sources; all where left out"),
        "carriers": said(listed(OPTIONAL), "专线", "Carriers; all where left out"),
        "columns": said(
            listed(named((*NULLABLE, *(c for c in CATEGORIES if c not in NULLABLE)))),
            "哪些列",
            "Columns, of null_rate and new_share",
        ),
        "codes": said(listed(named(CODES)), "哪些代码", "Cleaning codes, of code_rate"),
        "known": said(listed(OPTIONAL), "常见取值", "Values that are never new, of new_share"),
        "reason": said(WORDS, "原因", "What it may mean"),
    }
    yearly = {
        "from": said(SCALAR, "第一天", "The first day, month and day", "10-01"),
        "to": said(SCALAR, "最后一天", "The last day; it belongs to it", "10-07"),
        "title": TITLE,
    }
    quiet = {
        "margin_days": said(NUMBER, "前后几天", "Days before and after", 7),
        "each_year": said(listed(keys(yearly, "from to title")), "每年", "Days of every year"),
    }
    exempt = {
        "expectation": said(offered((), OPTIONAL), "哪条", "Which one; all where left out"),
        "source": said(OPTIONAL, "来源", "The source; all where left out"),
        "carrier": said(OPTIONAL, "专线", "The carrier; all where left out"),
        "from": said(DAY, "第一天", "The first day", "2026-10-12"),
        "to": said(DAY, "最后一天", "The last day; open where left out", "2026-10-31"),
        "why": said(SCALAR, "缘由", "Why it is known and meant"),
    }
    body = {
        "look_back_days": said(NUMBER, "回看几天", "Days before T that are judged", 31),
        "quiet": said(keys(quiet), "清淡的日子", "Days on which a volume says nothing"),
        "expectations": said(
            listed(keys(one, "name measure by at_least severity reason")),
            "期望",
            "What waybills are expected to be like",
        ),
        "exempt": said(listed(keys(exempt, "from why")), "已知且允许", "What is known and meant"),
    }
    return keys(body, "look_back_days expectations")
