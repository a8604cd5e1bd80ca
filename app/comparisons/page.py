"""A simulation's report comes in; one HTML file with charts goes out, which needs nothing from
elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from app.comparisons.charts import AFTER, BEFORE, IN, OUT, bar_chart, flow_chart, pair_chart
from app.comparisons.tables import show_fen, show_rate, show_share

OUTCOME_WORDS = {"approve": "通过 approve", "refer": "人工复核 refer", "decline": "拒绝 decline"}
SETS = {
    "kept": "两版均通过 approved by both",
    "swapped_in": "新纳入 swapped in",
    "swapped_out": "被换出 swapped out",
    "refused": "两版均未通过 refused by both",
}
GROUPS = {
    "cod_amt_12m": "近 12 个月代收货款（元） COD of 12 months, yuan",
    "industry": "行业 industry",
    "region": "地区 region",
}
GROUP_COUNTS = ("merchants", "approved_before", "approved_after", "swapped_in", "swapped_out")
GROUP_HEADS = (
    "户数 merchants",
    "原通过 approved before",
    "新通过 after",
    "换入 in",
    "换出 out",
    "原额度 limits before",
    "新额度 after",
)
MOST_SHOWN = 50
MOST_CHARTED = 15
STYLE = """
body{font:15px/1.5 system-ui,"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif;
max-width:1000px;margin:2rem auto;padding:0 1rem;color:#1c2430;background:#fff}
h1{font-size:1.5rem;margin-bottom:0}h2{margin-top:2.5rem;border-bottom:2px solid #2563c9}
h3{margin-top:1.6rem}table{border-collapse:collapse;margin:.6rem 0}th,td{padding:.25rem .7rem;
text-align:right;border-bottom:1px solid #dde2ea}th:first-child,td:first-child{text-align:left}
thead th{background:#f2f5f9}figure{margin:1rem 0}figcaption{font-weight:600}
svg{width:100%;max-width:760px;font-size:13px}.same{color:#667}.moved{font-weight:600}
.warning{border-left:4px solid #c2453a;background:#fdf1ef;padding:.6rem 1rem}
.note{color:#667}.key i{display:inline-block;width:.8em;height:.8em;margin:0 .3em 0 1em}
@media print{body{margin:0}}
"""
Report = Mapping[str, Any]


def write_page(found: Report) -> str:
    """The whole page. Every word of the policy and of the data is escaped."""
    title = f"{found['policy']}：模拟 Simulation"
    body = "".join([*_head(found), *(part for day in found["days"] for part in _day(day))])
    return (
        '<!doctype html><html lang="zh"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>{body}</body></html>\n"
    )


def _head(found: Report) -> Iterator[str]:
    yield f"<h1>{escape(found['policy'])}：模拟 Simulation</h1>"
    yield (
        f"<p><b>{escape(found['after'])}</b> 对比 against <b>{escape(found['before'])}</b> · "
        f"用途 purpose {escape(found['purpose'])}</p><h3>变更 What changed</h3>"
    )
    items = [f"<li>{escape(c['where'])}: {escape(c['what'])}</li>" for c in found["changes"]]
    yield f"<ul>{''.join(items)}</ul>" if items else "<p>两版含义相同 both mean the same</p>"


def _day(day: Report) -> Iterator[str]:
    yield f"<h2>{escape(day['as_of'])} · {day['merchants']:,} 户 merchants</h2>"
    names = list(day["migration"])
    words = [OUTCOME_WORDS[name] for name in names]
    counts = [[day["migration"][one][other] for other in names] for one in names]
    yield flow_chart("结果迁移 Outcomes before → after", words, counts)
    yield _migration(words, counts)
    yield from _swaps(day)
    yield from _limits(day)
    for name, groups in day["groups"].items():
        yield from _groups(GROUPS.get(name, name), groups)
    if "outcomes" in day:
        yield from _outcomes(day["outcomes"])
    yield from (f'<p class="note">注 Note: {escape(note)}</p>' for note in day["notes"])


def _migration(words: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    rows = []
    for place, (word, row) in enumerate(zip(words, counts, strict=True)):
        cells = [
            f'<td class="{"same" if place == at or not one else "moved"}">{one:,}</td>'
            for at, one in enumerate(row)
        ]
        rows.append(f"<tr><th>{escape(word)}</th>{''.join(cells)}</tr>")
    heads = "".join(f"<th>{escape(word)}</th>" for word in words)
    return (
        f"<table><thead><tr><th>原 before ↓ 新 after →</th>{heads}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _swaps(day: Report) -> Iterator[str]:
    for name, colour in (("swapped_in", IN), ("swapped_out", OUT)):
        swap = day[name]
        limits = show_fen(swap["limit_fen"])
        yield f"<h3>{SETS[name]}：{swap['count']:,} 户，额度 limits ¥{limits}</h3>"
        if not swap["count"]:
            continue
        bars = [(p, s, colour, f"{s:,.1f}") for p, s in swap["by_part"].items() if s]
        yield bar_chart("归因 By changed part (adds up to the swaps)", bars)
        reasons = swap["by_first_reason"].items()
        yield bar_chart(
            "首要原因 First reason of the version that refuses",
            [(code, count, BEFORE, f"{count:,}") for code, count in reasons],
        )
        yield _merchants(swap)
    yield f'<p class="note">归因方法 Method: {escape(day["attribution"]["method"])}</p>'


def _merchants(swap: Report) -> str:
    shown = swap["merchants"][:MOST_SHOWN]
    rows = [
        [
            one["merchant_id"],
            show_fen(one["limit_fen"]),
            one["first_reason"],
            ", ".join(f"{part} {share:g}" for part, share in one["parts"].items()),
        ]
        for one in shown
    ]
    table = _table(["商户 merchant", "额度 limit", "原因 reason", "归因 parts"], rows)
    return f"<details><summary>{len(shown)} / {swap['count']:,} 户</summary>{table}</details>"


def _limits(day: Report) -> Iterator[str]:
    old, new, price = day["limits"]["before"], day["limits"]["after"], day["price"]
    yield "<h3>额度、敞口、价格 Limits, exposure, price</h3>" + KEY
    yield pair_chart(
        "总额度（元） Total limits, yuan",
        [("", old["total_fen"], new["total_fen"], *_fens(old["total_fen"], new["total_fen"]))],
    )
    tiers = day["tiers"]
    pairs = [
        (word, tiers["approved_before"][word], tiers["approved_after"][word])
        for word in tiers["words"]
    ]
    yield pair_chart(
        "通过商户按档 Approved merchants by tier",
        [(word, a, b, f"{a:,}", f"{b:,}") for word, a, b in pairs if a or b],
    )
    rows = [
        ["通过户数 approved merchants", f"{old['count']:,}", f"{new['count']:,}"],
        ["平均额度 mean limit", *_fens(old["mean_fen"], new["mean_fen"])],
        ["中位额度 median limit", *_fens(old["median_fen"], new["median_fen"])],
    ]
    for key, name in (
        ("mean_daily_rate", "平均日利率 mean daily rate"),
        ("weighted_daily_rate", "按额度加权 weighted by limit"),
    ):
        rows.append([name, show_rate(price["before"][key]), show_rate(price["after"][key])])
    kept = day["limits"]["kept"]
    yield _table(["", "原 before", "新 after"], rows)
    yield (
        f"<p>两版均通过者 of those approved by both: 上调 raised {kept['raised']:,}"
        f" (¥{show_fen(kept['raised_fen'], signed=True)}) · 下调 lowered {kept['lowered']:,}"
        f" (¥{show_fen(kept['lowered_fen'], signed=True)}) · 不变 same {kept['same']:,}</p>"
    )


KEY = (
    f'<p class="key"><i style="background:{BEFORE}"></i>原 before'
    f'<i style="background:{AFTER}"></i>新 after</p>'
)


def _fens(before: int | None, after: int | None) -> tuple[str, str]:
    return show_fen(before), show_fen(after)


def _groups(name: str, groups: Sequence[Report]) -> Iterator[str]:
    """Charts of those that changed most, and all of them as a table, folded where it is long."""
    yield f"<h3>{escape(name)}</h3>"
    charted = groups[:MOST_CHARTED]
    if len(groups) > len(charted):
        yield f'<p class="note">图中为变动最大的 {len(charted)} 组 the {len(charted)} groups that'
        yield f" changed most, of {len(groups):,}</p>"
    yield pair_chart(
        "通过户数 Approved merchants",
        [
            (
                one["group"],
                one["approved_before"],
                one["approved_after"],
                f"{one['approved_before']:,}",
                f"{one['approved_after']:,}",
            )
            for one in charted
        ],
    )
    exposures = [(one["limit_before_fen"], one["limit_after_fen"]) for one in charted]
    yield pair_chart(
        "总额度（元） Total limits, yuan",
        [
            (one["group"], *fens, *_fens(*fens))
            for one, fens in zip(charted, exposures, strict=True)
        ],
    )
    rows = [
        [
            one["group"],
            *(f"{one[key]:,}" for key in GROUP_COUNTS),
            show_fen(one["limit_before_fen"]),
            show_fen(one["limit_after_fen"]),
        ]
        for one in groups
    ]
    table = _table(["", *GROUP_HEADS], rows)
    summary = f"<summary>{len(groups):,} 组 groups</summary>"
    yield table if len(groups) <= MOST_CHARTED else f"<details>{summary}{table}</details>"


def _outcomes(outcomes: Report) -> Iterator[str]:
    yield "<h3>表现 Outcomes</h3>"
    warning = outcomes["warning"]
    yield f'<p class="warning">{escape(warning["zh"])}<br>{escape(warning["en"])}</p>'
    rows = [
        [
            SETS[name],
            *(f"{one[key]:,}" for key in ("merchants", "known", "bad")),
            show_share(one["bad_rate"]),
            show_fen(one["exposure_fen"]),
            show_fen(one["loss_fen"]),
            show_share(one["loss_rate"]),
        ]
        for name, one in outcomes["sets"].items()
    ]
    yield _table(
        [
            "",
            "户数 merchants",
            "有表现 known",
            "不良 bad",
            "不良率 bad rate",
            "敞口 exposure",
            "损失 loss",
            "损失率 loss rate",
        ],
        rows,
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
