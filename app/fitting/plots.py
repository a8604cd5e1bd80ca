"""Numbers come in; line and column charts as inline SVG go out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM, TOP = 440, 320, 66, 22, 40, 12
GOOD, BAD, LINE, PALE = "#2563c9", "#c2453a", "#1c2430", "#8a94a6"

Line = tuple[str, str, Sequence[tuple[float, float]], bool]  # name, colour, points, dashed


def line_chart(
    title: str,
    axes: tuple[str, str],
    lines: Sequence[Line],
    x_range: tuple[float, float] = (0, 1),
    y_range: tuple[float, float] = (0, 1),
    dots: bool = False,
) -> str:
    """Lines over a grid, their names beside the picture's foot."""

    def place(point: tuple[float, float]) -> tuple[float, float]:
        x = LEFT + _part(point[0], x_range) * _wide()
        return x, HEIGHT - BOTTOM - _part(point[1], y_range) * _tall()

    parts = [_grid(axes, x_range, y_range)]
    for name, colour, points, dashed in lines:
        at = [place(point) for point in points]
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}>'
            f"<title>{escape(name)}</title></polyline>"
        )
        if dots and not dashed:
            parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in at]
    key = [(name, colour) for name, colour, _, _ in lines]
    return _frame(title, "".join(parts), key)


def column_chart(
    title: str,
    axes: tuple[str, str],
    edges: Sequence[float],
    series: Sequence[tuple[str, str, Sequence[float]]],
) -> str:
    """Columns side by side, one of each series between two edges."""
    most = max((max(values, default=0) for _, _, values in series), default=0) or 1
    x_range = (edges[0], edges[-1])
    parts = [_grid(axes, x_range, (0, most))]
    step = _wide() / max(1, len(edges) - 1)
    width = step * 0.84 / len(series)
    for number, (name, colour, values) in enumerate(series):
        for place, value in enumerate(values):
            tall = value / most * _tall()
            x = LEFT + place * step + step * 0.08 + number * width
            parts.append(
                f'<rect x="{x:.1f}" y="{HEIGHT - BOTTOM - tall:.1f}" width="{width:.1f}"'
                f' height="{tall:.1f}" fill="{colour}"><title>{escape(name)}'
                f" {edges[place]:g}–{edges[place + 1]:g}: {value:,.4g}</title></rect>"
            )
    return _frame(title, "".join(parts), [(name, colour) for name, colour, _ in series])


@dataclass(frozen=True, slots=True)
class Column:
    """A bin: its share of the rows, its bad rate, and whether it follows on the bin before."""

    label: str
    share: float
    rate: float | None
    in_order: bool


def bin_chart(bins: Sequence[Column], mean: float) -> str:
    """Of one characteristic: each bin's share of rows as a column, its bad rate as a dot; a line
    joins bins that stand in an order, not special codes and missing.

    Bins are numbered as in the table beside it; the dashed line is the sample's bad rate.
    """
    wide, tall, foot, left = 360, 170, 20, 34
    rates = [one.rate for one in bins if one.rate is not None]
    most_rate = max([*rates, mean, 0.01]) * 1.1
    most_share = max((one.share for one in bins), default=1) or 1
    step = (wide - left) / max(1, len(bins))

    def y_of(rate: float) -> float:
        return tall - foot - rate / most_rate * (tall - foot - 14)

    parts, dots, ordered = [], [], []
    for place, one in enumerate(bins):
        high = one.share / most_share * (tall - foot - 14)
        x = left + place * step
        parts.append(
            f'<rect x="{x + step * 0.1:.1f}" y="{tall - foot - high:.1f}" fill="#c9d6ee"'
            f' width="{step * 0.8:.1f}" height="{high:.1f}"><title>{escape(one.label)}:'
            f" {one.share:.1%}</title></rect>"
        )
        if len(bins) <= 20 or place % 5 == 4:
            parts.append(
                f'<text x="{x + step / 2:.1f}" y="{tall - 5}" text-anchor="middle">'
                f"{place + 1}</text>"
            )
        if one.rate is not None:
            dots.append((x + step / 2, y_of(one.rate), f"{one.label}: {one.rate:.1%}"))
            if one.in_order:
                ordered.append(f"{dots[-1][0]:.1f},{dots[-1][1]:.1f}")
    parts += [
        f'<text x="{left - 4}" y="{y_of(rate) + 4:.1f}" text-anchor="end">{rate:.0%}</text>'
        for rate in ticks(0, most_rate)
        if round(rate * 100, 6) % 1 == 0
    ]
    at = y_of(mean)
    parts.append(
        f'<line x1="{left}" x2="{wide}" y1="{at:.1f}" y2="{at:.1f}" stroke="{PALE}"'
        f' stroke-dasharray="4 4"><title>{mean:.1%}</title></line>'
    )
    parts.append(
        f'<polyline points="{" ".join(ordered)}" fill="none" stroke="{BAD}" stroke-width="2"/>'
    )
    parts += [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{BAD}">'
        f"<title>{escape(tip)}</title></circle>"
        for x, y, tip in dots
    ]
    return (
        f'<svg class="bins" viewBox="0 0 {wide} {tall}" role="img"'
        f' aria-label="share of rows and bad rate by bin">{"".join(parts)}</svg>'
    )


def _wide() -> float:
    return WIDTH - LEFT - RIGHT


def _tall() -> float:
    return HEIGHT - BOTTOM - TOP


def _grid(axes: tuple[str, str], x_range: tuple[float, float], y_range: tuple[float, float]) -> str:
    parts = []
    for value in ticks(*y_range):
        y = HEIGHT - BOTTOM - _part(value, y_range) * _tall()
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#dde2ea"/>'
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:,g}</text>'
        )
    for value in ticks(*x_range):
        x = LEFT + _part(value, x_range) * _wide()
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM + 4}"'
            f' stroke="{PALE}"/><text x="{x:.1f}" y="{HEIGHT - BOTTOM + 17}"'
            f' text-anchor="middle">{value:,g}</text>'
        )
    foot = (
        f'<text x="{LEFT + _wide() / 2:.1f}" y="{HEIGHT - 6}" text-anchor="middle">'
        f"{escape(axes[0])}</text>"
        f'<text x="12" y="{TOP + _tall() / 2:.1f}" text-anchor="middle"'
        f' transform="rotate(-90 12 {TOP + _tall() / 2:.1f})">{escape(axes[1])}</text>'
    )
    return "".join(parts) + foot


def _part(value: float, span: tuple[float, float]) -> float:
    return (value - span[0]) / ((span[1] - span[0]) or 1)


def ticks(low: float, high: float) -> list[float]:
    """Three to six round numbers (1, 2 or 5 times a power of ten apart) from low to high."""
    if high <= low:
        return [low]
    power = 10.0 ** math.floor(math.log10((high - low) / 5))
    step = next(s * power for s in (1, 2, 5, 10) if (high - low) / (s * power) <= 5.5)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(place * step, 10) for place in range(first, last + 1)]


def _frame(title: str, inner: str, key: Sequence[tuple[str, str]]) -> str:
    named = "".join(f'<i style="background:{colour}"></i>{escape(name)}' for name, colour in key)
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="0 0 {WIDTH} {HEIGHT}"'
        f' role="img" aria-label="{escape(title)}">{inner}</svg><p class="key">{named}</p></figure>'
    )
