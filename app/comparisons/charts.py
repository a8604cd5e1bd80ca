"""Numbers come in; charts as inline SVG go out, each readable without its colours."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from unicodedata import east_asian_width

WIDTH, LABEL, ROW = 760, 230, 26
BEFORE, AFTER, IN, OUT = "#8a94a6", "#2563c9", "#22875a", "#c2453a"

Bar = tuple[str, float, str, str]  # label, value, colour, the value as it is written


def bar_chart(title: str, bars: Sequence[Bar], least: float = 0.0) -> str:
    """Horizontal bars from a common zero; values may be negative. `least`: what the axis covers at
    least, so that small values look small.
    """
    if not bars:
        return ""
    values = [value for _, value, _, _ in bars]
    low, high = min(0.0, *values), max(0.0, least, *values)
    # What is left beside the labels and the written values.
    widest = max(120.0, *(width_of(written) for _, _, _, written in bars))
    room = max(80.0, WIDTH - LABEL - 30 - widest)
    scale = room / ((high - low) or 1)
    zero = LABEL + 20 - low * scale
    parts = []
    for place, (label, value, colour, written) in enumerate(bars):
        y = place * ROW + 4
        left, width = (
            (zero, value * scale) if value >= 0 else (zero + value * scale, -value * scale)
        )
        end = max(zero, left + width) + 6
        parts.append(
            f'<text x="{LABEL}" y="{y + 14}" text-anchor="end">{escape(_shorten(label))}'
            f"<title>{escape(label)}</title></text>"
            f'<rect x="{left:.1f}" y="{y}" width="{max(width, 0.5):.1f}" height="18" rx="2"'
            f' fill="{colour}"/><text x="{end:.1f}" y="{y + 14}">{escape(written)}</text>'
        )
    height = len(bars) * ROW + 4
    axis = f'<line x1="{zero:.1f}" x2="{zero:.1f}" y1="0" y2="{height}" stroke="#555"/>'
    return _frame(title, height, axis + "".join(parts))


def pair_chart(title: str, rows: Sequence[tuple[str, float, float, str, str]]) -> str:
    """Of each row two bars, before and after: (label, before, after, and both as written)."""
    bars: list[Bar] = []
    for label, before, after, was, now in rows:
        bars.append((label, before, BEFORE, was))
        bars.append(("", after, AFTER, now))
    return bar_chart(title, bars)


def flow_chart(title: str, names: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """How merchants flow from outcomes before (left) to outcomes after (right)."""
    total = sum(map(sum, counts))
    if not total:
        return ""
    height, gap, left, right = 260, 14, 190, WIDTH - 190
    scale = (height - gap * (len(names) - 1)) / total
    size = range(len(names))
    before = [sum(row) for row in counts]
    after = [sum(row[place] for row in counts) for place in size]
    starts = [_stack(before, scale, gap), _stack(after, scale, gap)]
    at = [list(starts[0]), list(starts[1])]
    colours = (IN, "#c98a1b", OUT)
    parts = []
    for one in size:
        for other in size:
            thick = counts[one][other] * scale
            if not thick:
                continue
            y0, y1 = at[0][one] + thick / 2, at[1][other] + thick / 2
            at[0][one] += thick
            at[1][other] += thick
            middle = (left + right) / 2
            tip = escape(f"{names[one]} → {names[other]}: {counts[one][other]:,}")
            shade = 0.25 if one == other else 0.75
            parts.append(
                f'<path d="M{left + 10} {y0:.1f} C{middle} {y0:.1f} {middle} {y1:.1f}'
                f' {right - 10} {y1:.1f}" fill="none" stroke="{colours[one]}"'
                f' stroke-opacity="{shade}" stroke-width="{max(thick, 1):.1f}">'
                f"<title>{tip}</title></path>"
            )
    for x, sums, ys, anchor, shift in (
        (left, before, starts[0], "end", -8),
        (right - 10, after, starts[1], "start", 18),
    ):
        for place in size:
            tall, y = sums[place] * scale, ys[place]
            parts.append(
                f'<rect x="{x}" y="{y:.1f}" width="10" height="{max(tall, 1):.1f}"'
                f' fill="{colours[place]}"/><text x="{x + shift}" y="{y + tall / 2 + 5:.1f}"'
                f' text-anchor="{anchor}">{escape(names[place])} {sums[place]:,}</text>'
            )
    return _frame(title, height + 8, "".join(parts))


def _stack(sizes: Sequence[int], scale: float, gap: float) -> list[float]:
    found, at = [], 4.0
    for size in sizes:
        found.append(at)
        at += size * scale + gap
    return found


def _frame(title: str, height: float, inner: str) -> str:
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="0 0 {WIDTH} {height:.0f}"'
        f' role="img" aria-label="{escape(title)}">{inner}</svg></figure>'
    )


def width_of(text: str) -> float:
    """About how wide a text is at 13px, in pixels, rather too much than too little."""
    return sum(14.0 if east_asian_width(one) in "WF" else 8.0 for one in text)


def _shorten(label: str, most: float = LABEL - 4) -> str:
    """What fits beside the bars; the whole stands in the label's tooltip."""
    if width_of(label) <= most:
        return label
    while label and width_of(label) > most - 13:
        label = label[:-1]
    return f"{label}…"
