"""Numbers by day come in; line charts as inline SVG go out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from html import escape

from app.comparisons.charts import AFTER, OUT

WIDTH, LEFT, RIGHT = 760, 64, 12
QUIET = "#e4e8ee"
STEPS = (1, 2, 2.5, 5, 10)

Spans = Sequence[tuple[str, str]]


def line_chart(
    title: str, first: str, values: Sequence[float | None], quiet: Sequence[bool], broken: Spans
) -> str:
    """A line over days from `first`, with an axis from 0; quiet days are shaded, broken ones
    marked.
    """
    if not values:
        return ""
    height, bottom = 190, 24
    top = _round_up(max((value for value in values if value is not None), default=1.0) or 1.0)
    room = WIDTH - LEFT - RIGHT
    step = room / len(values)
    tall = height - bottom - 8
    begin = date.fromisoformat(first)
    parts = [
        f'<rect x="{LEFT + n * step:.1f}" y="8" width="{step:.2f}" height="{tall}" fill="{QUIET}"/>'
        for n, still in enumerate(quiet)
        if still
    ]
    for part in range(5):
        y = 8 + tall * (1 - part / 4)
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#dde2ea"/>'
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" font-size="11">'
            f"{_write(top * part / 4)}</text>"
        )
    parts += _months(begin, len(values), step, height)
    parts.append(_line(values, LEFT, step, 8, tall, top))
    parts += _marks(begin, values, broken, LEFT, step, 8, tall, top)
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="0 0 {WIDTH} {height}"'
        f' role="img" aria-label="{escape(title)}">{"".join(parts)}</svg></figure>'
    )


def small_multiples(first: str, charts: Sequence[tuple[str, Sequence[float], Spans]]) -> str:
    """A small chart of each row (name, values, broken spans), each with its own scale."""
    begin, figures = date.fromisoformat(first), []
    for name, values, broken in charts:
        width, tall = 230, 46
        top = max(values, default=0) or 1
        step = width / max(1, len(values))
        inner = _line(values, 0, step, 4, tall, top)
        inner += "".join(_marks(begin, values, broken, 0, step, 4, tall, top))
        figures.append(
            f"<figure><figcaption>{escape(name)} · 最高 most {_write(top)}</figcaption>"
            f'<svg viewBox="0 0 {width} {tall + 8}" role="img" aria-label="{escape(name)}">'
            f'<line x1="0" x2="{width}" y1="{tall + 4}" y2="{tall + 4}" stroke="#dde2ea"/>'
            f"{inner}</svg></figure>"
        )
    return f'<div class="grid">{"".join(figures)}</div>'


def _line(
    values: Sequence[float | None], left: float, step: float, above: float, tall: float, top: float
) -> str:
    """The line; it is interrupted where there is no value."""
    path, pen_is_down = [], False
    for n, value in enumerate(values):
        if value is None:
            pen_is_down = False
            continue
        x, y = left + (n + 0.5) * step, above + tall * (1 - value / top)
        path.append(f"{'L' if pen_is_down else 'M'}{x:.1f} {y:.1f}")
        pen_is_down = True
    return f'<path d="{"".join(path)}" fill="none" stroke="{AFTER}" stroke-width="1.4"/>'


def _marks(
    begin: date, values: Sequence[float | None], broken: Spans, left: float, step: float,
    above: float, tall: float, top: float,
) -> list[str]:  # fmt: skip
    """A dot on each day of the broken spans."""
    found = []
    for first, last in broken:
        for n in range(
            max(0, (date.fromisoformat(first) - begin).days),
            min(len(values), (date.fromisoformat(last) - begin).days + 1),
        ):
            value = values[n]
            x, y = left + (n + 0.5) * step, above + tall * (1 - (value or 0) / top)
            day = begin + timedelta(days=n)
            found.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2" fill="{OUT}"><title>{day}: '
                f"{'–' if value is None else _write(value)}</title></circle>"
            )
    return found


def _months(begin: date, count: int, step: float, height: float) -> list[str]:
    """A tick on each first of a month, or each Monday of a short series."""
    is_short = count < 50
    found = []
    for n in range(count):
        day = begin + timedelta(days=n)
        if (day.weekday() == 0) if is_short else day.day == 1:
            x = LEFT + (n + 0.5) * step
            text = f"{day:%m-%d}" if is_short else f"{day:%Y-%m}"
            found.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{height - 24}" y2="{height - 19}"'
                f' stroke="#555"/><text x="{x:.1f}" y="{height - 6}" text-anchor="middle"'
                f' font-size="11">{text}</text>'
            )
    return found


def _round_up(value: float) -> float:
    """The next round number for the top of an axis."""
    size = 1.0
    while size * 10 < value:
        size *= 10
    while size > value:
        size /= 10
    return next(step * size for step in STEPS if step * size >= value)


def _write(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2g}"
