"""A report comes in; one HTML file with charts goes out, which needs nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from app.comparisons.charts import AFTER, BEFORE, OUT, bar_chart
from app.comparisons.page import STYLE
from app.quality.series import line_chart, small_multiples

Report = Mapping[str, Any]
VERDICTS = {
    "pass": ("note", "符合预期 As expected"),
    "warn": ("warning mild", "有提示 Warnings"),
    "fail": ("warning", "不符合预期，快照不发布 Not as expected: a snapshot is held"),
}
SEVERITIES = {"fail": "不通过 fail", "warn": "提示 warn"}
MOST_BARS = 30
MOST_CARRIERS = 24
MOST_TABLE = 40
MORE_STYLE = """
.mild{border-left-color:#c98a1b;background:#fdf7ea}.finding{border-left:4px solid #c2453a;
padding:.1rem 1rem;margin:1rem 0}.finding.warn{border-left-color:#c98a1b}.finding p{margin:.2rem 0}
.finding b{font-size:1.02rem}.tables{overflow-x:auto}.grid{display:grid;
grid-template-columns:repeat(auto-fill,minmax(230px,1fr));gap:.4rem 1rem}
.grid figure{margin:.2rem 0}.grid figcaption{font-weight:400;font-size:.85rem}
td.hot{color:#c2453a;font-weight:600}code{background:#f2f5f9;padding:0 .3em}
"""


def write_page(report: Report) -> str:
    """The whole page. Every word of the data is escaped."""
    what = "导入 Import" if report["kind"] == "import" else "截至 As of"
    named = report["import"]["id"] if report["kind"] == "import" else report["as_of"]
    title = f"数据质量 Data quality：{what} {named}"
    body = "".join(
        [
            *_head(report, title),
            *_findings(report),
            *(part for name in report["sources"] for part in _source(report, name)),
            *_known(report),
        ]
    )
    return (
        '<!doctype html><html lang="zh"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}{MORE_STYLE}</style></head>"
        f"<body>{body}</body></html>\n"
    )


def _head(report: Report, title: str) -> Iterator[str]:
    counts = report["counts"]
    yield f"<h1>{escape(title)}</h1>"
    snapshot = f" · 快照 snapshot {escape(report['snapshot'])}" if report["snapshot"] else ""
    yield (
        f"<p>{escape(report['from'])} – {escape(report['to'])}{snapshot} · {counts['judged']:,}"
        f" 项判定 values judged · {counts['not_judged']:,} 项基数不足或尚无常值 too small or"
        f" without a usual · {escape(report['made_at'])}</p>"
    )
    style, words = VERDICTS[report["verdict"]]
    yield f'<p class="{style}"><b>{words}</b></p>'
    entry = report.get("import")
    if entry is not None:
        refused = sum(entry["quarantined"].values())
        rows = [
            [
                entry["source"],
                entry["file"],
                entry["arrived_at"],
                *(f"{entry[key]:,}" for key in ("received", "new", "duplicate", "conflict")),
                f"{refused:,}",
            ]
        ]
        heads = ("来源 source", "文件 file", "到达 arrived", "收到 received", "新增 new",
                 "重复 duplicate", "冲突 conflict", "隔离 refused")  # fmt: skip
        yield _table(heads, rows)


def _findings(report: Report) -> Iterator[str]:
    yield "<h2>不符之处 What is not as expected</h2>"
    if not report["findings"]:
        yield '<p class="note">无 nothing</p>'
    for one in report["findings"]:
        imports = ", ".join(f"<code>{escape(name)}</code>" for name in one["imports"][:6])
        more = f" … {len(one['imports'])}" if len(one["imports"]) > 6 else ""
        yield (
            f'<div class="finding {escape(one["severity"])}"><p><b>{escape(one["expectation"])}</b>'
            f" · {SEVERITIES[one['severity']]}</p>"
            f"<p>{escape(one['said']['zh'])}<br>{escape(one['said']['en'])}</p>"
            f'<p class="note">{escape(one["reason"]["zh"])}<br>{escape(one["reason"]["en"])}</p>'
            f"<p>查什么 look at：{escape(one['look_at']['zh'])}<br>"
            f"{escape(one['look_at']['en'])}</p>"
            + (f'<p class="note">导入 imports: {imports}{more}</p>' if imports else "")
            + "</div>"
        )


def _source(report: Report, name: str) -> Iterator[str]:
    one = report["sources"][name]
    series = one["series"]
    broken = _broken_days(report, name)
    yield f"<h2>{escape(name)}</h2>"
    yield (
        f"<p>{one['bills']:,} 单 bills · 平均单价 mean ticket {_yuan(one['mean_ticket_fen'])} · "
        f"迟到 late {_percent(one['late_share'])} · 23–5 时 entered 23–05"
        f" {_percent(one['night_share'])}</p>"
    )
    if series["from"]:
        yield (
            f'<p class="key"><i style="background:{AFTER}"></i>每日 daily'
            f'<i style="background:#e4e8ee"></i>节假日等，不作常值 quiet days, no part of the usual'
            f'<i style="background:{OUT}"></i>不符预期 not as expected</p>'
        )
        yield line_chart("运单量 Bills a day", series["from"], series["bills"], series["quiet"],
                         broken.get((None, "bills"), ()))  # fmt: skip
        yuan = [None if value is None else value / 100 for value in series["mean_ticket_fen"]]
        yield line_chart("平均单价（元） Mean ticket, yuan", series["from"], yuan, series["quiet"],
                         broken.get((None, "ticket"), ()))  # fmt: skip
        carriers = list(series["by_carrier"])
        loud = {carrier for carrier, _ in broken if carrier is not None}
        shown = sorted(carriers, key=lambda carrier: carrier not in loud)[:MOST_CARRIERS]
        if shown:
            yield f"<h3>各专线运单量 Bills a day by carrier ({len(shown)} / {len(carriers)})</h3>"
            charts = [
                (carrier or "–", series["by_carrier"][carrier], broken.get((carrier, "bills"), ()))
                for carrier in shown
            ]
            yield small_multiples(series["from"], charts)
    yield from _nulls(one)
    yield from _carriers(one)
    yield from _new_values(one)


def _broken_days(
    report: Report, source: str
) -> dict[tuple[str | None, str], list[tuple[str, str]]]:
    """(carrier, chart) → the spans of days that broke something drawn there."""
    charts = {"volume": "bills", "volume_beside_others": "bills", "mean_ticket": "ticket",
              "typical_ticket": "ticket", "cod_amount": "ticket"}  # fmt: skip
    found: dict[tuple[str | None, str], list[tuple[str, str]]] = {}
    for one in report["findings"]:
        place = one["place"]
        if place["source"] == source and place["from"] and one["measure"] in charts:
            key = (place["carrier"], charts[one["measure"]])
            found.setdefault(key, []).append((place["from"], place["to"]))
    return found


def _nulls(one: Report) -> Iterator[str]:
    bars = [
        (column, share, BEFORE, _percent(share))
        for column, share in sorted(one["nulls"].items(), key=lambda item: -(item[1] or 0))
        if share
    ]
    yield "<h3>空值率 Null rates</h3>"
    if not bars:
        yield '<p class="note">无空值 no nulls</p>'
    yield bar_chart("按列 By column", bars[:MOST_BARS], least=1.0)


def _carriers(one: Report) -> Iterator[str]:
    codes = [code for code, share in one["codes"].items() if share]
    heads = ("专线 carrier", "单量 bills", "平均单价 ticket", "迟到 late", *codes)
    rows = [
        [
            carrier or "–",
            f"{own['bills']:,}",
            _yuan(own["mean_ticket_fen"]),
            _percent(own["late_share"]),
            *(_percent(own["codes"][code]) for code in codes),
        ]
        for carrier, own in list(one["carriers"].items())[:MOST_TABLE]
    ]
    whole = [
        "合计 all", f"{one['bills']:,}", _yuan(one["mean_ticket_fen"]), _percent(one["late_share"]),
        *(_percent(one["codes"][code]) for code in codes),
    ]  # fmt: skip
    yield "<h3>清洗代码占比 Rates of cleaning codes</h3>"
    yield f'<div class="tables">{_table(heads, [whole, *rows])}</div>'


def _new_values(one: Report) -> Iterator[str]:
    rows = [
        [column, new["value"], new["since"], f"{new['bills']:,}"]
        for column, values in one["new_values"].items()
        for new in values
    ]
    yield "<h3>新取值 Values not seen before</h3>"
    if not rows:
        yield '<p class="note">无 none</p>'
        return
    yield _table(("列 column", "取值 value", "始于 since", "单量 bills"), rows[:MOST_TABLE])


def _known(report: Report) -> Iterator[str]:
    for key, words in (("accepted", "已有人负责 Somebody answers for"), ("exempt", "豁免 Exempt")):
        if report[key]:
            items = "".join(
                f"<li>{escape(one['expectation'])}: {escape(one['said']['zh'])}<br>"
                f"{escape(one['said']['en'])}"
                + (f" ({escape(one['why'])})" if "why" in one else "")
                + "</li>"
                for one in report[key]
            )
            yield f"<h2>{words}</h2><ul>{items}</ul>"
    sha256 = escape(report["expectations_sha256"][:12])
    yield f'<p class="note">expectations.yaml {sha256} · {len(report["imports"]):,} imports</p>'


def _yuan(fen: int | None) -> str:
    return "–" if fen is None else f"¥{fen / 100:,.2f}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
