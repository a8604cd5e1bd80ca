"""The catalogue's features come in; the page that says what each of them is goes out, as Markdown
in both languages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.rules.catalogue import Input

FAMILIES = {
    "scale": "规模 · Scale",
    "stability": "稳定 · Stability",
    "growth": "成长 · Growth",
    "fraud": "反欺诈 · Fraud",
    "segment": "分组 · Segment",
}
DIRECTIONS = {"higher_is_better": "higher ↑", "lower_is_better": "lower ↓", "none": ""}
HEAD = (
    "# 特征字典 · Features\n\n"
    "{count} features, made from `rulesets/catalogue.yaml` by `chengxin features docs`."
    " As of day T nothing created on T or later exists; M1 is the last full month before T;"
    " amounts are eligible amounts after cleaning. A value outside its range counts as missing."
    " Where a feature has no value, the snapshot says why: `TOO_LITTLE_HISTORY`, `SOURCE_LACKS`"
    " (the sources do not record it) or `NO_BASE` (nothing to divide by). SA amounts are divided by"
    " the seasonal index of the merchant's industry, which follows the Spring Festival"
    " (`chengxin features season`); peers are the merchants of the same industry, or all where"
    " fewer than 30 have a value.\n"
    "\nSA（季调）金额＝金额÷主营行业的季节指数，指数随春节移动；"
    "同业指同一主营行业的商户，有值者不足 30 家时指全部商户。\n"
)


def render_dictionary(catalogue: Mapping[str, Input]) -> str:
    """The whole page: one table a family, in the catalogue's order."""
    features = {name: one for name, one in catalogue.items() if one.origin == "features"}
    lines = [HEAD.format(count=len(features))]
    families = list(dict.fromkeys(one.family or "" for one in features.values()))
    for family in families:
        of_family = [one for one in features.values() if (one.family or "") == family]
        lines.append(f"## {FAMILIES.get(family, family or 'Other')}\n")
        lines += _table(of_family)
        lines.append("")
    return "\n".join(lines)


def _table(features: list[Input]) -> Iterator[str]:
    yield "| name | type, unit | range | better | 含义 · meaning |"
    yield "|---|---|---|---|---|"
    for one in features:
        cells = (
            f"`{one.name}`",
            ", ".join(word for word in (one.type.declared, one.unit) if word),
            _range(one),
            DIRECTIONS[one.direction],
            "<br>".join(_cell(one.meaning[language]) for language in ("zh", "en")),
        )
        yield f"| {' | '.join(cells)} |"


def _range(one: Input) -> str:
    low, high = one.type.low, one.type.high
    if low is None and high is None:
        return ""
    return f"{'−∞' if low is None else f'{low:,f}'} … {'∞' if high is None else f'{high:,f}'}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
