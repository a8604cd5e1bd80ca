"""Numbers come in; line and column charts as inline SVG go out."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 440, 320, 52, 40, 12
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
        x = LEFT + (point[0] - x_range[0]) / ((x_range[1] - x_range[0]) or 1) * _wide()
        y = HEIGHT - BOTTOM - (point[1] - y_range[0]) / ((y_range[1] - y_range[0]) or 1) * _tall()
        return x, y

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


def bin_chart(bins: Sequence[tuple[str, float, float | None]], mean: float) -> str:
    """Of one characteristic: each bin's share of rows as a column, its bad rate as a line.

    Bins are numbered as in the table beside it; the dashed line is the sample's bad rate.
    """
    wide, tall, foot, left = 360, 170, 20, 34
    rates = [rate for _, _, rate in bins if rate is not None]
    most_rate = max([*rates, mean, 0.01]) * 1.1
    most_share = max((share for _, share, _ in bins), default=1) or 1
    step = (wide - left) / max(1, len(bins))

    def y_of(rate: float) -> float:
        return tall - foot - rate / most_rate * (tall - foot - 14)

    parts, dots = [], []
    for place, (label, share, rate) in enumerate(bins):
        high = share / most_share * (tall - foot - 14)
        x = left + place * step
        parts.append(
            f'<rect x="{x + step * 0.1:.1f}" y="{tall - foot - high:.1f}" fill="#c9d6ee"'
            f' width="{step * 0.8:.1f}" height="{high:.1f}"><title>{escape(label)}</title></rect>'
            f'<text x="{x + step / 2:.1f}" y="{tall - 5}" text-anchor="middle">{place + 1}</text>'
        )
        if rate is not None:
            dots.append((x + step / 2, y_of(rate), f"{label}: {rate:.1%}"))
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in dots)
    parts.append(f'<polyline points="{path}" fill="none" stroke="{BAD}" stroke-width="2"/>')
    parts += [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{BAD}">'
        f"<title>{escape(tip)}</title></circle>"
        for x, y, tip in dots
    ]
    at = y_of(mean)
    parts.append(
        f'<line x1="{left}" x2="{wide}" y1="{at:.1f}" y2="{at:.1f}" stroke="{PALE}"'
        f' stroke-dasharray="4 4"/>'
        f'<text x="{left - 3}" y="{at + 4:.1f}" text-anchor="end">{mean:.0%}</text>'
    )
    return (
        f'<svg class="bins" viewBox="0 0 {wide} {tall}" role="img"'
        f' aria-label="share of rows and bad rate by bin">{"".join(parts)}</svg>'
    )


def _wide() -> float:
    return WIDTH - LEFT - 16


def _tall() -> float:
    return HEIGHT - BOTTOM - TOP


def _grid(axes: tuple[str, str], x_range: tuple[float, float], y_range: tuple[float, float]) -> str:
    parts = []
    for step in range(5):
        part = step / 4
        x, y = LEFT + part * _wide(), HEIGHT - BOTTOM - part * _tall()
        x_value = x_range[0] + part * (x_range[1] - x_range[0])
        y_value = y_range[0] + part * (y_range[1] - y_range[0])
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - 16}" y1="{y:.1f}" y2="{y:.1f}" stroke="#dde2ea"/>'
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_tick(y_value)}</text>'
            f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">'
            f"{_tick(x_value)}</text>"
        )
    foot = (
        f'<text x="{LEFT + _wide() / 2:.1f}" y="{HEIGHT - 6}" text-anchor="middle">'
        f"{escape(axes[0])}</text>"
        f'<text x="12" y="{TOP + _tall() / 2:.1f}" text-anchor="middle"'
        f' transform="rotate(-90 12 {TOP + _tall() / 2:.1f})">{escape(axes[1])}</text>'
    )
    return "".join(parts) + foot


def _tick(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.3g}"


def _frame(title: str, inner: str, key: Sequence[tuple[str, str]]) -> str:
    named = "".join(f'<i style="background:{colour}"></i>{escape(name)}' for name, colour in key)
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="0 0 {WIDTH} {HEIGHT}"'
        f' role="img" aria-label="{escape(title)}">{inner}</svg><p class="key">{named}</p></figure>'
    )
