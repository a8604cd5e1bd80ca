"""A run of findings comes in; a sentence in each language goes out: where, what, the usual."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from app.quality.judge import Finding
from app.quality.measured import AMOUNT, COUNT, KIND_OF, LEDGER_COUNT, MEAN, WORDS, Bound

BOUND_WORDS = {
    Bound.RATIO: {"zh": "比值", "en": "ratio"},
    Bound.DIFFERENCE: {"zh": "差值", "en": "difference"},
    Bound.VALUE: {"zh": "数值", "en": "value"},
}


def tell(run: Sequence[Finding], worst: Finding) -> dict[str, str]:
    """The sentence, in both languages, about the worst of the run."""
    return {language: _tell(run, worst, language) for language in ("zh", "en")}


def _tell(run: Sequence[Finding], worst: Finding, language: str) -> str:
    zh = language == "zh"
    what = WORDS[worst.expectation.measure][language]
    if worst.item is not None:
        what = f"{what} {worst.item}"
    place = worst.source + ("" if worst.carrier is None else f" {worst.carrier}")
    if worst.expectation.by == "import":
        place = f"{worst.source} {', '.join(worst.imports)}"
    days = _span(worst)
    said = f"{place} {days}：{what} {show(worst, worst.measured)}" if zh else (
        f"{place}, {days}: {what} {show(worst, worst.measured)}"
    )  # fmt: skip
    if worst.usual is not None:
        said += f"，平常 {show(worst, worst.usual)}" if zh else (
            f", usually {show(worst, worst.usual)}"
        )  # fmt: skip
    bound = BOUND_WORDS[worst.bound][language]
    held, limit = (show_held(worst.bound, one) for one in (worst.held, worst.limit))
    beyond = ("高于" if worst.is_high else "低于") if zh else "above" if worst.is_high else "below"
    said += (
        f"（{bound} {held}，{beyond} {limit}）" if zh else f" ({bound} {held}, {beyond} {limit})"
    )
    if worst.values:
        names = ", ".join(f"'{value}'" for value in worst.values)
        said += f"：{names}" if zh else f": {names}"
    if len(run) > 1:
        span = f"{run[0].first} – {run[-1].last}"
        said += f"；{span} 共 {len(run)} 次" if zh else f"; {len(run)} times within {span}"
    return said


def _span(one: Finding) -> str:
    return str(one.first) if one.first == one.last else f"{one.first} – {one.last}"


def show(one: Finding, value: float) -> str:
    """A measured value as people read it: bills, yuan, percent."""
    kind = KIND_OF[one.expectation.measure]
    if kind in (COUNT, LEDGER_COUNT):
        return f"{value:,.0f}"
    if kind in (AMOUNT, MEAN):
        return f"¥{value / 100:,.2f}"
    return f"{value:.1%}"


def show_held(bound: Bound, value: float) -> str:
    """A ratio or a difference as people read it."""
    if bound is Bound.RATIO:
        return f"{value:.2f}" if isfinite(value) else "∞"
    return f"{value:+.1%}" if bound is Bound.DIFFERENCE else f"{value:.1%}"
