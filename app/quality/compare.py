"""A span of days of a source comes in; of each row what was measured, what is usual, the base, and
how far the two are apart in terms of chance, go out: one function a kind of measure.
"""

from __future__ import annotations

import numpy as np

from app.quality.columns import LATER_COLUMNS, code_name, null_name
from app.quality.expectations import Expectation
from app.quality.measured import LOGARITHMS, PARTS
from app.quality.sheet import Floats, Sheet
from app.quality.usual import Bools, sum_span, usual_of

HEAVY, LIGHT = 2.0, 1.0  # spread of one amount's logarithm: of means, and of geometric means

Compared = tuple[Floats, Floats, Floats, Floats]  # measured, usual, base, sigmas; by row


def compare_counts(sheet: Sheet, quiet: Bools, end: int, over: int) -> Compared | None:
    """Bills of the open days of a span; a day that is quiet is not judged."""
    open_bills = np.where(quiet, 0.0, sheet.sums["bills"])
    days = _open_days(quiet, end, over)
    if days == 0:
        return None
    every = np.ones(len(open_bills), dtype=bool)
    usual = usual_of(
        sheet, quiet, end, over,
        lambda at: (sum_span(open_bills, at, over) * days / _open_days(quiet, at, over), every),
    )  # fmt: skip
    measured = sum_span(open_bills, end, over)
    return measured, usual.middle, usual.middle, _count_sigmas(measured, usual.middle, usual.spread)


def _open_days(quiet: Bools, end: int, over: int) -> int:
    return int((~quiet[max(0, end - over + 1) : end + 1]).sum())


def compare_beside_others(sheet: Sheet, quiet: Bools, end: int, levels: Floats) -> Compared | None:
    """A day's bills of each carrier against its usual, scaled by how busy the others made the day.

    It says something on quiet days too.
    """
    level = levels[end]
    if np.isnan(level) or level <= 0:
        return None
    bills = sheet.sums["bills"]
    fits = ~np.isnan(levels) & (levels > 0)

    def scaled(at: int) -> tuple[Floats, Bools]:
        if not fits[at]:
            return bills[:, at], np.zeros(len(bills), dtype=bool)
        return bills[:, at] / levels[at], np.ones(len(bills), dtype=bool)

    usual = usual_of(sheet, quiet, end, 1, scaled)
    expected = usual.middle * level
    return (
        bills[:, end],
        expected,
        expected,
        _count_sigmas(bills[:, end], expected, usual.spread * level),
    )


def _count_sigmas(measured: Floats, expected: Floats, spread: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        root = np.sqrt(expected + 0.375)
        own = np.maximum(1.0, spread / root)
        sigmas: Floats = 2 * (np.sqrt(measured + 0.375) - root) / own
    return sigmas


def compare_amounts(
    sheet: Sheet, expectation: Expectation, quiet: Bools, end: int
) -> Compared | None:
    name, base_name = PARTS[expectation.measure]
    over, days = expectation.over, _open_days(quiet, end, expectation.over)
    if days == 0:
        return None
    amounts = np.where(quiet, 0.0, sheet.sums[name])
    bases = np.where(quiet, 0.0, sheet.sums[base_name])
    every = np.ones(len(amounts), dtype=bool)

    def scaled(values: Floats, at: int) -> tuple[Floats, Bools]:
        return sum_span(values, at, over) * days / _open_days(quiet, at, over), every

    usual = usual_of(sheet, quiet, end, over, lambda at: scaled(amounts, at))
    base = usual_of(sheet, quiet, end, over, lambda at: scaled(bases, at)).middle
    measured = sum_span(amounts, end, over)
    return measured, usual.middle, base, _log_sigmas(
        measured, usual.middle, usual.spread / np.where(usual.middle > 0, usual.middle, np.nan),
        HEAVY, base,
    )  # fmt: skip


def compare_means(sheet: Sheet, expectation: Expectation, quiet: Bools, end: int) -> Compared:
    """Amounts are given in fen; of logarithms the geometric mean."""
    name, base_name = PARTS[expectation.measure]
    amounts, counts = sheet.sums[name], sheet.sums[base_name]
    is_log, over = expectation.measure in LOGARITHMS, expectation.over

    def mean(at: int) -> tuple[Floats, Bools]:
        total, count = sum_span(amounts, at, over), sum_span(counts, at, over)
        with np.errstate(invalid="ignore", divide="ignore"):
            one = total / count
            logs = one if is_log else np.log(one)
        return logs, (count * 2 >= expectation.at_least) & np.isfinite(logs)

    usual = usual_of(sheet, quiet, end, over, mean)
    logs, _ = mean(end)
    base = sum_span(counts, end, over)
    with np.errstate(invalid="ignore", divide="ignore"):
        least = (LIGHT if is_log else HEAVY) / np.sqrt(base)
        sigmas = (logs - usual.middle) / np.maximum(usual.spread, least)
        measured, middle = np.exp(logs), np.exp(usual.middle)
    return measured, middle, np.where(np.isfinite(measured), base, 0.0), sigmas


def _log_sigmas(
    measured: Floats, usual: Floats, spread: Floats, single: float, base: Floats
) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        least = single / np.sqrt(base)
        sigmas: Floats = np.log(measured / usual) / np.fmax(spread, least)
    return sigmas


def compare_rates(
    sheet: Sheet, expectation: Expectation, item: str | None, quiet: Bools, end: int
) -> Compared | None:
    top, bottom = _parts_of_rate(expectation.measure, item)
    tops, bottoms = sheet.sums[top], sheet.sums[bottom]
    over = expectation.over
    is_open_below = all(low is None for low, _ in expectation.bounds.values())
    if is_open_below and not sum_span(tops, end, over).any():
        return None

    def angle(at: int) -> tuple[Floats, Bools]:
        part, whole = sum_span(tops, at, over), sum_span(bottoms, at, over)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.clip(part / whole, 0.0, 1.0)
        return np.arcsin(np.sqrt(share)), (whole > 0) & (whole * 2 >= expectation.at_least)

    usual = usual_of(sheet, quiet, end, over, angle)
    angles, _ = angle(end)
    base = sum_span(bottoms, end, over)
    with np.errstate(invalid="ignore", divide="ignore"):
        sigmas = (angles - usual.middle) / np.maximum(usual.spread, 0.5 / np.sqrt(base))
        return np.sin(angles) ** 2, np.sin(usual.middle) ** 2, base, sigmas


def _parts_of_rate(measure: str, item: str | None) -> tuple[str, str]:
    if measure == "null_rate":
        assert item is not None
        return null_name(item), "mature" if item in LATER_COLUMNS else "bills"
    if measure == "code_rate":
        assert item is not None
        return code_name(item), "bills"
    return PARTS[measure]
