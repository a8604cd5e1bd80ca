"""Expectations and the sheet of a source come in; what breaks them, by day and place, goes out.

Each kind of measure has its own way to tell how far a value is from the usual in terms of chance
(`sigmas`): counts on the scale of square roots, shares on that of arc sines, means on that of
logarithms; never closer than what counting alone gives, never closer than the spread of the usual.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from app.quality.compare import (
    compare_amounts,
    compare_beside_others,
    compare_counts,
    compare_means,
    compare_rates,
)
from app.quality.expectations import Expectation
from app.quality.measured import (
    AMOUNT,
    COUNT,
    KIND_OF,
    MEAN,
    NEW,
    Bound,
)
from app.quality.sheet import Floats, Sheet
from app.quality.usual import Bools, day_levels, sum_span

MOST_SIGMAS = 99.0
OLD_BILLS, OLD_DAYS = 1_000, 14  # what a source must have had before a value can be called new


@dataclass(frozen=True, slots=True)
class Finding:
    """An expectation broke: where, what was measured, what is usual. `usual` and `sigmas` are None
    where the measured value alone is bounded.
    """

    expectation: Expectation
    source: str
    carrier: str | None
    item: str | None  # the column or code
    first: date
    last: date
    measured: float
    usual: float | None
    bound: Bound
    limit: float  # the bound that was passed first
    held: float  # what was held against it: the ratio, the difference or the value
    sigmas: float | None
    bills: int  # the base
    values: tuple[str, ...] = ()  # the new values, most bills first
    imports: tuple[str, ...] = ()

    @property
    def is_high(self) -> bool:
        return self.held > self.limit

    @property
    def excess(self) -> float:
        """How far beyond the bound: what an acceptance covers."""
        return abs(self.held - self.limit) if math.isfinite(self.held) else 1e9

    @property
    def key(self) -> str:
        """By which the same finding of another night is known."""
        parts = (self.expectation.name, self.source, self.carrier or "", self.item or "")
        return "|".join((*parts, self.first.isoformat(), self.last.isoformat()))


@dataclass(slots=True)
class Judged:
    """What became of the expectations: findings, and how many values were judged and could not be
    (too small a base, no usual yet).
    """

    findings: list[Finding]
    judged: int = 0
    not_judged: int = 0


def judge_sheet(
    sheet: Sheet,
    kind: str,
    expectations: Sequence[Expectation],
    quiet: Bools,
    ends: Bools,
) -> Judged:
    """Judge a source of a kind (waybill, invoice) on the days marked in `ends`."""
    found = Judged([])
    fitting = [
        one
        for one in expectations
        if one.by != "import"
        and kind in one.kinds
        and (not one.sources or sheet.source in one.sources)
    ]
    levels = None
    for expectation in fitting:
        if expectation.measure == "volume_beside_others" and levels is None:
            levels = day_levels(sheet, quiet)
        for end in _ends_of(expectation, ends):
            for item in expectation.items or (None,):
                _judge_span(sheet, expectation, item, quiet, end, levels, found)
    return found


def _ends_of(expectation: Expectation, ends: Bools) -> list[int]:
    """The places at which spans end: each marked day, or every so many days back from the last."""
    marked = np.flatnonzero(ends)
    if expectation.over == 1 or not len(marked):
        return [int(place) for place in marked]
    chosen = range(int(marked[-1]), -1, -expectation.over)
    return [end for end in chosen if ends[max(0, end - expectation.over + 1) : end + 1].any()]


def _judge_span(
    sheet: Sheet,
    expectation: Expectation,
    item: str | None,
    quiet: Bools,
    end: int,
    levels: Floats | None,
    found: Judged,
) -> None:
    kind = KIND_OF[expectation.measure]
    if kind == NEW:
        _judge_new(sheet, expectation, item or "", end, found)
        return
    rows = _rows_of(sheet, expectation)
    if expectation.measure == "volume_beside_others":
        assert levels is not None
        values = compare_beside_others(sheet, quiet, end, levels)
    elif kind == COUNT:
        values = compare_counts(sheet, quiet, end, expectation.over)
    elif kind == AMOUNT:
        values = compare_amounts(sheet, expectation, quiet, end)
    elif kind == MEAN:
        values = compare_means(sheet, expectation, quiet, end)
    else:
        values = compare_rates(sheet, expectation, item, quiet, end)
        if values is None:  # nothing of it stands in the span, and only more of it would be wrong
            base = sum_span(sheet.sums["bills"], end, expectation.over)
            found.judged += int((rows & (base >= expectation.at_least)).sum())
            return
    if values is None:
        found.not_judged += int(rows.sum())
        return
    measured, usual, base, sigmas = values
    known = rows & ~np.isnan(usual) & (base >= expectation.at_least)
    found.judged += int(known.sum())
    found.not_judged += int((rows & ~known).sum())
    for row in np.flatnonzero(known & (np.abs(sigmas) >= expectation.sigmas)):
        passed = pass_bounds(expectation, float(measured[row]), float(usual[row]))
        if passed is None:
            continue
        bound, limit, held = passed
        last = sheet.day(end)
        found.findings.append(
            Finding(
                expectation, sheet.source, sheet.row_name(int(row)), item,
                last - timedelta(days=expectation.over - 1), last, float(measured[row]),
                float(usual[row]), bound, limit, held,
                float(np.clip(sigmas[row], -MOST_SIGMAS, MOST_SIGMAS)), round(float(base[row])),
            )
        )  # fmt: skip


def _rows_of(sheet: Sheet, expectation: Expectation) -> Bools:
    """Which rows of the sheet an expectation is about."""
    rows = np.zeros(len(sheet.carriers) + 1, dtype=bool)
    if expectation.by == "source":
        rows[0] = True
    else:
        chosen = expectation.carriers
        rows[1:] = [not chosen or carrier in chosen for carrier in sheet.carriers]
    return rows


def _judge_new(
    sheet: Sheet, expectation: Expectation, column: str, end: int, found: Judged
) -> None:
    """The share of bills whose value in a column stands nowhere before the span."""
    rows = _rows_of(sheet, expectation)
    start = end - expectation.over + 1
    old = sheet.before + float(sheet.sums["bills"][0, : max(0, start)].sum())
    is_old = old >= OLD_BILLS and (sheet.day(start) - sheet.began[0]).days >= OLD_DAYS
    base = sum_span(sheet.sums["bills"], end, expectation.over)
    known = rows & (base >= expectation.at_least) & is_old
    found.judged += int(known.sum())
    found.not_judged += int((rows & ~known).sum())
    fresh = sheet.fresh.get(column)
    if fresh is None or not known.any():
        return
    new = [
        value
        for value, began in fresh.values.items()
        if began >= sheet.day(start) and value.lower() not in expectation.known
    ]
    for row in np.flatnonzero(known):
        carrier = sheet.row_name(int(row))
        bills = {value: count for value in new if (count := _count_new(
            fresh.bills.get(value) if carrier is None else fresh.by_carrier.get((value, carrier)),
            start, end))}  # fmt: skip
        share = sum(bills.values()) / float(base[row])
        passed = pass_bounds(expectation, share, None)
        if passed is None:
            continue
        bound, limit, held = passed
        found.findings.append(
            Finding(
                expectation, sheet.source, carrier, column, sheet.day(start), sheet.day(end),
                share, None, bound, limit, held, None, round(float(base[row])),
                tuple(sorted(bills, key=lambda value: (-bills[value], value))[:5]),
            )
        )  # fmt: skip


def _count_new(bills: Floats | None, start: int, end: int) -> float:
    return 0.0 if bills is None else float(bills[max(0, start) : end + 1].sum())


def pass_bounds(
    expectation: Expectation, measured: float, usual: float | None
) -> tuple[Bound, float, float] | None:
    """The first bound, where all are passed: (bound, its limit, what was held against it)."""
    passed: list[tuple[Bound, float, float]] = []
    for bound, (low, high) in expectation.bounds.items():
        held = _hold(bound, measured, usual)
        if high is not None and held > high:
            passed.append((bound, high, held))
        elif low is not None and held < low:
            passed.append((bound, low, held))
        else:
            return None
    return passed[0]


def _hold(bound: Bound, measured: float, usual: float | None) -> float:
    if bound is Bound.VALUE or usual is None:
        return measured
    if bound is Bound.DIFFERENCE:
        return measured - usual
    if usual > 0:
        return measured / usual
    return math.inf if measured > 0 else 1.0


def each_break(findings: Sequence[Finding]) -> Iterator[list[Finding]]:
    """Findings of one place, day by day, as one: runs of days that follow one another."""
    order = sorted(findings, key=lambda one: (one.key.rsplit("|", 2)[0], one.first))
    run: list[Finding] = []
    for one in order:
        same = run and one.key.rsplit("|", 2)[0] == run[-1].key.rsplit("|", 2)[0]
        if (
            same
            and one.first <= run[-1].last + timedelta(days=2)
            and one.is_high == run[-1].is_high
        ):
            run.append(one)
            continue
        if run:
            yield run
        run = [one]
    if run:
        yield run
