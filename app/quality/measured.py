"""What an expectation can measure: names, of what, how each is bounded, and its words."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

COUNT, AMOUNT, MEAN, RATE, NEW, LEDGER_COUNT, LEDGER_SHARE = (
    "count", "amount", "mean", "rate", "new", "ledger_count", "ledger_share",
)  # fmt: skip


class Bound(StrEnum):
    """How a measured value is held against a bound."""

    RATIO = "ratio"  # measured ÷ usual
    DIFFERENCE = "difference"  # measured − usual, of shares
    VALUE = "value"  # the measured value itself


# measure → its kind
KIND_OF: Mapping[str, str] = {
    "volume": COUNT,
    "volume_beside_others": COUNT,
    "cod_amount": AMOUNT,
    "freight_amount": AMOUNT,
    "mean_ticket": MEAN,
    "typical_ticket": MEAN,
    "mean_freight": MEAN,
    "typical_freight": MEAN,
    "null_rate": RATE,
    "code_rate": RATE,
    "late_share": RATE,
    "night_share": RATE,
    "cod_share": RATE,
    "new_share": NEW,
    "import_rows": LEDGER_COUNT,
    "refused_share": LEDGER_SHARE,
    "conflict_share": LEDGER_SHARE,
    "duplicate_share": LEDGER_SHARE,
}
MEASURED = tuple(KIND_OF)
BOUNDS_OF: Mapping[str, tuple[Bound, ...]] = {
    COUNT: (Bound.RATIO,),
    AMOUNT: (Bound.RATIO,),
    MEAN: (Bound.RATIO,),
    RATE: (Bound.RATIO, Bound.DIFFERENCE, Bound.VALUE),
    NEW: (Bound.VALUE,),
    LEDGER_COUNT: (Bound.RATIO,),
    LEDGER_SHARE: (Bound.VALUE,),
}
BASES: Mapping[str, tuple[str, ...]] = {
    measure: ("import",)
    if kind in (LEDGER_COUNT, LEDGER_SHARE)
    else ("carrier",)
    if measure == "volume_beside_others"
    else ("source", "carrier")
    for measure, kind in KIND_OF.items()
}
# measure → (numerator, denominator) among the sums of a sheet; of null_rate and code_rate the
# numerator is the column's or the code's own.
PARTS: Mapping[str, tuple[str, str]] = {
    "volume": ("bills", "bills"),
    "volume_beside_others": ("bills", "bills"),
    "cod_amount": ("cod_fen", "cod_bills"),
    "freight_amount": ("freight_fen", "freight_bills"),
    "mean_ticket": ("cod_fen", "cod_bills"),
    "typical_ticket": ("cod_logs", "cod_bills"),
    "mean_freight": ("freight_fen", "freight_bills"),
    "typical_freight": ("freight_logs", "freight_bills"),
    "late_share": ("late", "bills"),
    "night_share": ("night", "bills"),
    "cod_share": ("cod_bills", "bills"),
}
LOGARITHMS = ("typical_ticket", "typical_freight")
WORDS: Mapping[str, dict[str, str]] = {
    "volume": {"zh": "运单量", "en": "bills"},
    "volume_beside_others": {
        "zh": "运单量（对照同日其他专线）",
        "en": "bills beside other carriers",
    },
    "cod_amount": {"zh": "代收货款", "en": "COD amount"},
    "freight_amount": {"zh": "运费", "en": "freight"},
    "mean_ticket": {"zh": "平均单价", "en": "mean ticket"},
    "typical_ticket": {"zh": "典型单价（几何平均）", "en": "typical ticket (geometric mean)"},
    "mean_freight": {"zh": "平均运费", "en": "mean freight"},
    "typical_freight": {"zh": "典型运费（几何平均）", "en": "typical freight (geometric mean)"},
    "null_rate": {"zh": "空值率", "en": "null rate"},
    "code_rate": {"zh": "清洗代码占比", "en": "rate of code"},
    "late_share": {"zh": "迟到占比", "en": "late share"},
    "night_share": {"zh": "夜间（23–5 时）占比", "en": "share entered 23–05"},
    "cod_share": {"zh": "代收单占比", "en": "share with COD"},
    "new_share": {"zh": "新取值占比", "en": "share of values not seen before"},
    "import_rows": {"zh": "文件行数", "en": "rows of the file"},
    "refused_share": {"zh": "隔离行占比", "en": "share of refused rows"},
    "conflict_share": {"zh": "冲突行占比", "en": "share of conflicts"},
    "duplicate_share": {"zh": "重复行占比", "en": "share of duplicates"},
}
# What to look at when it breaks, by measure and, where it matters, by side.
LOOK_AT: Mapping[str, dict[str, str]] = {
    "volume low": {
        "zh": "文件是否缺失或被截断：核对数据源当日的运单总数",
        "en": "is a file missing or cut short? Ask the source for its count of these days",
    },
    "volume high": {
        "zh": "是否同一批运单换号重发：比对同日商户、收货人、金额相同的运单",
        "en": "was a file sent twice under new numbers? Compare bills of the same day and parties",
    },
    "money": {
        "zh": "金额单位是否由元变成分（或相反）：抽查几张原始运单",
        "en": "did the unit of amounts change (yuan, fen)? Compare some bills with the paper",
    },
    "null_rate": {
        "zh": "导出文件的列名或列序是否变化",
        "en": "did the export rename or drop the column?",
    },
    "code_rate": {
        "zh": "状态词表、录入规则是否变化，或该专线确有异动",
        "en": "did the words of states or the rules of entry change, or has the carrier trouble?",
    },
    "new_share": {
        "zh": "取值是否改名：cleaning.yaml 的状态词表要跟着改",
        "en": "were values renamed? Words of states stand in cleaning.yaml",
    },
    "late_share": {
        "zh": "是否补传旧运单，或上传中断后恢复",
        "en": "were old bills sent again, or did a broken transfer catch up?",
    },
    "night_share": {
        "zh": "时区或时钟是否偏移（常见为 8 小时）",
        "en": "is a clock or time zone off (8 hours are usual)?",
    },
    "import": {
        "zh": "看这次导入：chengxin waybills quarantine --import 编号",
        "en": "look at the import: chengxin waybills quarantine --import ID",
    },
}


def look_at(measure: str, is_high: bool) -> dict[str, str]:
    """What to look at, in both languages."""
    kind = KIND_OF[measure]
    if kind == COUNT or (kind == AMOUNT and not is_high):
        return LOOK_AT["volume high" if is_high else "volume low"]
    if kind in (AMOUNT, MEAN) or measure == "cod_share":
        return LOOK_AT["money"]
    if kind in (LEDGER_COUNT, LEDGER_SHARE):
        return LOOK_AT["import"]
    return LOOK_AT[measure]
