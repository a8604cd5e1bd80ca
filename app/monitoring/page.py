"""A drift report comes in; one HTML file with charts goes out, whole in itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from app.comparisons.charts import AFTER, BEFORE, IN, OUT, bar_chart, pair_chart
from app.comparisons.page import STYLE
from app.comparisons.tables import show_fen
from app.monitoring.psi import EMPTY, LARGE, LARGE_WORD, MODERATE_WORD, NOISE, STABLE, VERDICTS

Report = Mapping[str, Any]
COLOURS = {NOISE: BEFORE, STABLE: IN, MODERATE_WORD: "#c98a1b", LARGE_WORD: OUT, EMPTY: "#1c2430"}
SECTIONS = {
    "results": "结果 Results",
    "inputs": "输入 Inputs",
    "characteristics": "评分卡变量 Characteristics of the scorecard",
    "rules": "规则命中 Rules",
}
MOST_BARS = 40
KEY = (
    f'<p class="key"><i style="background:{BEFORE}"></i>前 before'
    f'<i style="background:{AFTER}"></i>后 after</p>'
)


def write_drift_page(found: Report) -> str:
    """The whole page. Every word of the policy and of the data is escaped."""
    title = f"{found['policy']}：漂移 Drift"
    body = "".join([*_head(found, title), *(p for key in SECTIONS for p in _section(found, key))])
    return (
        '<!doctype html><html lang="zh"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>{body}</body></html>\n"
    )


def _head(found: Report, title: str) -> Iterator[str]:
    was, now = found["from"], found["to"]
    yield f"<h1>{escape(title)}</h1>"
    yield (
        f"<p><b>{escape(was['as_of'])}</b> ({found['merchants']['before']:,} 户 merchants) →"
        f" <b>{escape(now['as_of'])}</b> ({found['merchants']['after']:,} 户 merchants) ·"
        f" {escape(found['version'])}</p>"
    )
    drifted = ", ".join(found["drifted"]) or "无 none"
    style = "warning" if found["drifted"] else "note"
    yield f'<p class="{style}">PSI ≥ 0.1: {escape(drifted)}</p>'
    if found["not_comparable"]:
        names = escape(", ".join(found["not_comparable"]))
        yield f'<p class="warning">一侧为空，无法比较 one side is empty: {names}</p>'
    for side, words in (("before", "前 before"), ("after", "后 after")):
        if found["lacking"][side]:
            names = escape(", ".join(found["lacking"][side]))
            yield f'<p class="warning">快照缺少 not in the snapshot {words}: {names}</p>'
    keys = "".join(
        f'<i style="background:{COLOURS[name]}"></i>{escape(word["zh"])} {escape(word["en"])}<br>'
        for name, word in VERDICTS.items()
    )
    yield f'<p class="key">{keys}</p>'
    yield f'<p class="note">{escape(found["note"]["zh"])}<br>{escape(found["note"]["en"])}</p>'
    one, other = found["limits"]["before"], found["limits"]["after"]
    rows = [
        ["通过户数 approved", f"{one['approved']:,}", f"{other['approved']:,}"],
        ["总额度 total limits", show_fen(one["total_fen"]), show_fen(other["total_fen"])],
        ["中位额度 median limit", show_fen(one["median_fen"]), show_fen(other["median_fen"])],
    ]
    yield _table(["", "前 before", "后 after"], rows)


def _section(found: Report, key: str) -> Iterator[str]:
    lines = found[key]
    yield f"<h2>{SECTIONS[key]}</h2>"
    bars = [
        (one["name"], one["psi"] or 0.0, COLOURS[one["verdict"]], f"{_psi(one)} {_word(one)}")
        for one in lines[:MOST_BARS]
    ]
    yield bar_chart("PSI", bars, least=LARGE)
    yield KEY
    for one in lines:
        is_open = " open" if one["verdict"] in (MODERATE_WORD, LARGE_WORD, EMPTY) else ""
        yield f"<details{is_open}><summary>{escape(_summary(one))}</summary>"
        rows = [
            (
                str(part["bin"]),
                part["before_share"],
                part["after_share"],
                f"{part['before_share']:.1%} ({part['before']:,})",
                f"{part['after_share']:.1%} ({part['after']:,})",
            )
            for part in one["bins"]
        ]
        yield pair_chart(one["name"], rows) + "</details>"


def _summary(one: Report) -> str:
    more = ""
    if "missing" in one:
        more = f" · 缺失 missing {one['missing']['before']:.1%} → {one['missing']['after']:.1%}"
    if "mean_points" in one:
        was, now = one["mean_points"]["before"], one["mean_points"]["after"]
        if was is not None and now is not None:
            more = f" · 平均分 mean points {was:.2f} → {now:.2f}"
    if one["kind"] == "rule":
        more = f" · 命中 hit {one['before']['hit']:.1%} → {one['after']['hit']:.1%}"
    chance = f"偶然预期 by chance {one['expected_by_chance']:.4f}"
    return f"{one['name']} · PSI {_psi(one)} · {_word(one)} · {chance}{more}"


def _psi(one: Report) -> str:
    return "–" if one["psi"] is None else f"{one['psi']:.4f}"


def _word(one: Report) -> str:
    return f"{VERDICTS[one['verdict']]['zh']} {one['verdict']}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
