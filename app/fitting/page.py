"""A model card as JSON data comes in; one HTML file, whole in itself, goes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from app.comparisons.charts import AFTER, BEFORE, bar_chart
from app.comparisons.page import STYLE
from app.fitting.plots import BAD, GOOD, PALE, Column, bin_chart, column_chart, line_chart
from app.monitoring.psi import VERDICTS

Card = Mapping[str, Any]
KINDS = {"special": "特殊 code", "missing": "缺失 missing", "other": "其他 others"}
WORDS = {"train": "训练 train", "test": "留出 test"}
MORE_STYLE = """
.grid{display:flex;flex-wrap:wrap;gap:1rem}.grid figure{flex:1 1 420px;max-width:480px}
body{max-width:1120px}.pair{display:flex;flex-wrap:wrap;gap:1.2rem;align-items:flex-start}
.pair th,.pair td{padding:.2rem .5rem}.pair thead th{white-space:nowrap}
.pair th:nth-child(2),.pair td:nth-child(2){text-align:left;max-width:18em;overflow-wrap:anywhere}
.pair table{flex:0 1 auto}svg.bins{flex:1 1 330px;max-width:380px;font-size:11px}
th.word,td.word{text-align:left}td:first-child{white-space:nowrap}.small{font-size:13px}
code{overflow-wrap:anywhere}
@media print{h3,figure,.pair,tr{break-inside:avoid}h2,h3{break-after:avoid}}
"""


def write_model_card(card: Card) -> str:
    """The whole page. Every word of the data is escaped."""
    title = f"{card['scorecard']}：模型卡 Model card"
    body = "".join(
        [
            *_head(card, title),
            *_quality(card),
            *_plots(card),
            *_calibration(card),
            *_values(card),
            *_characteristics(card),
            *_limits(card),
            *_origin(card),
        ]
    )
    return (
        '<!doctype html><html lang="zh"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}{MORE_STYLE}</style></head>"
        f"<body>{body}</body></html>\n"
    )


def _head(card: Card, title: str) -> Iterator[str]:
    data, scale = card["data"], card["scaling"]
    yield f"<h1>{escape(title)}</h1>"
    low, high = scale["score_range"]
    yield (
        f"<p>{escape(data['file'])} · {data['rows']:,} 行 rows · 不良 bad {data['bad']:,}"
        f" ({data['bad_rate']:.2%}) · {len(card['characteristics'])} 个变量 characteristics ·"
        f" 分数 scores {low} – {high}, 越高越好 higher is better</p>"
        f"<p>{escape(card['split']['how'])}; 随机种子 seed {card['split']['seed']}</p>"
        f"<p>{scale['pdo']:g} 分使好坏比翻倍 points double the odds of good to bad;"
        f" {scale['base_score']:g} 分 points = {scale['base_odds']:g} : 1</p>"
    )
    for warning in card["warnings"]:
        yield f'<p class="warning">{escape(warning)}</p>'


def _quality(card: Card) -> Iterator[str]:
    yield "<h2>区分能力 How well it tells bad from good</h2>"
    heads = ["", "行 rows", "不良 bad", "不良率 bad rate", "AUC", "Gini", "KS", "KS 分数 at score"]
    heads += ["预测 predicted", "Brier"]
    rows = []
    for name, one in card["samples"].items():
        dates = one.get("dates")
        period = f" {dates['first']} – {dates['last']}" if dates else ""
        rows.append(
            [
                WORDS[name] + period,
                f"{one['rows']:,}",
                f"{one['bad']:,}",
                f"{one['bad_rate']:.2%}",
                _number(one["auc"]),
                _number(one["gini"]),
                _number(one["ks"]),
                _number(one["ks_score"], 0),
                f"{one['mean_predicted_bad_rate']:.2%}",
                _number(one["brier"]),
            ]
        )
    yield table(heads, rows)
    yield "<p>取整的代价 What rounding to whole points costs: "
    costs = [
        f"{WORDS[name]} AUC {one['auc_cost']:+.5f}, KS {one['ks_cost']:+.5f}"
        for name, one in card["rounding"].items()
        if one
    ]
    yield f"{'; '.join(costs)} (正数为损失 above 0 is a loss)</p>"
    psi = card["psi_train_test"]
    if psi:
        yield (
            f"<p>PSI 训练→留出 train to test: <b>{psi['psi']:.4f}</b>"
            f" ({VERDICTS[psi['verdict']]['zh']} {psi['verdict']};"
            f" 偶然预期 expected by chance {psi['expected_by_chance']:.4f})</p>"
        )


def _plots(card: Card) -> Iterator[str]:
    part = "test" if "test" in card["samples"] else "train"
    yield f'<h2>图 Plots ({WORDS[part]})</h2><div class="grid">'
    curve = card["curves"][part]
    if curve:
        points = list(zip(curve["goods"], curve["bads"], strict=True))
        diagonal = [(0.0, 0.0), (1.0, 1.0)]
        yield line_chart(
            "ROC",
            ("好客户占比 share of goods", "坏客户占比 share of bads"),
            [("评分卡 card", GOOD, points, False), ("随机 chance", PALE, diagonal, True)],
        )
        span = (curve["score"][0], curve["score"][-1])
        yield line_chart(
            f"KS = {card['samples'][part]['ks']:.3f}",
            ("分数 score", "累计占比 cumulative share"),
            [
                ("坏 bads", BAD, [*zip(curve["score"], curve["bads"], strict=True)], False),
                ("好 goods", GOOD, [*zip(curve["score"], curve["goods"], strict=True)], False),
            ],
            span,
        )
    spread = card["distribution"]
    yield column_chart(
        "分数分布 Score distribution",
        ("分数 score", "行 rows"),
        spread["edges"],
        [("坏 bads", BAD, spread["bads"]), ("好 goods", GOOD, spread["goods"])],
    )
    bands = card["calibration"][part]
    points = [(one["predicted"], one["bad_rate"]) for one in bands]
    most = max([0.05, *(max(point) for point in points)]) * 1.05
    yield line_chart(
        "校准 Calibration",
        ("预测不良率 predicted", "实际不良率 observed"),
        [
            ("分数段 score bands", GOOD, points, False),
            ("理想 ideal", PALE, [(0.0, 0.0), (most, most)], True),
        ],
        (0, most),
        (0, most),
        dots=True,
    )
    yield "</div>"


def _calibration(card: Card) -> Iterator[str]:
    yield "<h2>校准与分数段 Calibration by score band</h2>"
    heads = ["分数 score", "行 rows", "不良 bad", "实际 observed", "预测 predicted"]
    for name, bands in card["calibration"].items():
        rows = [
            [
                f"{one['low']:g} – {one['high']:g}",
                f"{one['count']:,}",
                f"{one['bad']:,}",
                f"{one['bad_rate']:.2%}",
                f"{one['predicted']:.2%}",
            ]
            for one in bands
        ]
        yield f"<h3>{WORDS[name]}</h3>{table(heads, rows)}"


def _values(card: Card) -> Iterator[str]:
    yield "<h2>信息值 Information value (IV)</h2>"
    bars = [
        (one["name"], one["iv"], AFTER if one["used"] else BEFORE, f"{one['iv']:.3f}")
        for one in card["iv"]
    ]
    yield bar_chart("蓝色入模 blue: used · 灰色未用 grey: left out", bars)
    if card["left_out"]:
        rows = [[name, why] for name, why in card["left_out"].items()]
        yield "<h3>未入模 Left out, and why</h3>" + table(
            ["变量 column", "原因 why"], rows, words=True
        )


def _characteristics(card: Card) -> Iterator[str]:
    yield (
        '<h2>分箱 Bins and points</h2><p class="note">图：柱为占比，红点为不良率，虚线为样本平均'
        " Charts: columns are shares of rows, red dots bad rates, the dashed line the sample's"
        " own</p>"
    )
    mean = card["samples"]["train"]["bad_rate"]
    heads = ["#", "分箱 bin", "行 rows", "占比 share", "不良率 bad rate", "WoE", "IV", "分 points"]
    heads += ["留出不良率 test"]
    for one in card["characteristics"]:
        unit = f" ({one['unit']})" if one["unit"] else ""
        yield (
            f"<h3>{escape(one['name'])}{unit}</h3><p class='small'>IV {one['iv']:.3f} · AUC"
            f" {one['auc']:.3f} · 系数 coefficient {one['coefficient']:.3f} ·"
            f" {escape(one['dimension'])} · <code>{escape(one['reason'])}</code></p>"
            '<div class="pair small">'
        )
        is_text = one["type"] in ("text", "category", "boolean")
        rows = []
        for place, group in enumerate(one["bins"]):
            rows.append(
                [
                    str(place + 1),
                    _label(group),
                    f"{group['count']:,}",
                    f"{group['share']:.1%}",
                    _share(group["bad_rate"]),
                    f"{group['woe']:.3f}",
                    f"{group['iv']:.4f}",
                    str(group["points"]),
                    _share(group["test_bad_rate"]),
                ]
            )
        bins = [
            Column(g["bin"], g["share"], g["bad_rate"], g["kind"] == "bin" and not is_text)
            for g in one["bins"]
        ]
        yield table(heads, rows) + bin_chart(bins, mean) + "</div>"
    yield (
        '<p class="note">* 样本太少，按最差分箱计分 too few rows to learn from: the worst bin\'s'
        " points</p>"
    )


def _label(group: Mapping[str, Any]) -> str:
    """The bin as it is written in the card, and what it is where that is not plain."""
    kind = f"{KINDS[group['kind']]} " if group["kind"] in KINDS else ""
    written = str(group["bin"]).removesuffix("missing").rstrip("; ")
    return (kind + written).strip() + ("" if group["own_woe"] else " *")


def _limits(card: Card) -> Iterator[str]:
    yield "<h2>使用限制 Limits of use</h2><ul>"
    for one in card["limits_of_use"]:
        yield f"<li>{escape(one['zh'])}<br>{escape(one['en'])}</li>"
    yield "</ul>"


def _origin(card: Card) -> Iterator[str]:
    data = card["data"]
    rows = [
        ["数据 data sha256", data["sha256"]],
        ["评分卡 card sha256", card["card_sha256"]],
        ["目标 target", f"{data['target']} {data['bad_value'] or ''}".strip()],
        ["公式 formula", card["scaling"]["formula"]],
        ["factor, offset", f"{card['scaling']['factor']:.6f}, {card['scaling']['offset']:.6f}"],
        ["intercept", f"{card['scaling']['intercept']:.6f}"],
    ]
    if data["dates"]:
        rows.append(["日期 dates", f"{data['dates']['first']} – {data['dates']['last']}"])
    rows += [[name, str(value)] for name, value in card["choices"].items()]
    rows += [[name, value] for name, value in card["versions"].items()]
    yield "<h2>来源 Origin</h2>" + table(["项 item", "值 value"], rows, words=True)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], words: bool = False) -> str:
    """A table; `words`: its cells are texts, set to the left."""
    kind = ' class="word"' if words else ""
    head = "".join(f"<th{kind}>{escape(one)}</th>" for one in heads)
    cell = '<td class="word">' if words else "<td>"
    body = "".join(
        f"<tr>{''.join(f'{cell}{escape(one)}</td>' for one in row)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _number(value: float | None, digits: int = 4) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"
