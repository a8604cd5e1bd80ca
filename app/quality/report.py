"""What was judged comes in; the report of an import or of a build goes out, as JSON data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from app.quality.columns import CATEGORIES, CODES, LATER_COLUMNS, NULLABLE, code_name, null_name
from app.quality.expectations import Exempt, Expectations
from app.quality.judge import Finding, Judged, each_break
from app.quality.measured import WORDS, look_at
from app.quality.sheet import Floats, Sheet
from app.quality.usual import Bools
from app.quality.wording import tell
from app.waybills.lake import ImportEntry

FORMAT = 1
PASS, WARN, FAIL = "pass", "warn", "fail"
MOST_CARRIERS = 40  # of the tables of a report, those with most bills
MOST_NEW_VALUES = 50  # of a column

Json = dict[str, Any]
Accepted = Mapping[str, float]  # key of a finding → its excess when it was accepted


def make_report(
    kind: str,
    as_of: date,
    snapshot: str | None,
    span: tuple[date, date],
    imports: Sequence[ImportEntry],
    found: Judged,
    sheets: Sequence[Sheet],
    expectations: Expectations,
    accepted: Accepted,
    *,
    quiet: Callable[[Sheet], Bools],
    shown_from: date,
    entry: ImportEntry | None = None,
) -> Json:
    """The report. `verdict` is the gravest severity of what broke and nobody answers for."""
    open_ones, excused, answered = [], [], []
    for one in found.findings:
        if _exempting(one, expectations.exempt) is not None:
            excused.append(one)
        elif is_accepted(one, accepted):
            answered.append(one)
        else:
            open_ones.append(one)
    severities = {one.expectation.severity for one in open_ones}
    report: Json = {
        "format": FORMAT,
        "kind": kind,
        "as_of": as_of.isoformat(),
        "snapshot": snapshot,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "expectations_sha256": expectations.sha256,
        "from": span[0].isoformat(),
        "to": span[1].isoformat(),
        "verdict": FAIL if FAIL in severities else WARN if severities else PASS,
        "counts": {
            "expectations": len(expectations.expectations),
            "judged": found.judged,
            "not_judged": found.not_judged,
            "findings": len(open_ones),
        },
        "findings": [_tell_run(run) for run in _order(open_ones)],
        "accepted": [_tell_run(run) for run in _order(answered)],
        "exempt": [
            {**_tell_run(run), "why": exempting.why}
            for run in _order(excused)
            if (exempting := _exempting(run[0], expectations.exempt)) is not None
        ],
        "breaks": [
            {"key": one.key, "excess": one.excess, "severity": one.expectation.severity}
            for one in sorted(open_ones, key=lambda one: one.key)
        ],
        "imports": [
            {"id": one.id, "source": one.source, "file": one.file, "arrived_at": one.arrived_at}
            for one in imports
        ],
        "sources": {
            sheet.source: _describe(sheet, quiet(sheet), shown_from, span, entry)
            for sheet in sheets
        },
    }
    if entry is not None:
        report["import"] = {
            "id": entry.id, "source": entry.source, "file": entry.file, "sha256": entry.sha256,
            "arrived_at": entry.arrived_at, "received": entry.received, "new": entry.new,
            "duplicate": entry.duplicate, "conflict": entry.conflict,
            "quarantined": entry.quarantined, "codes": entry.codes, "statuses": entry.statuses,
        }  # fmt: skip
    return report


def is_accepted(finding: Finding, accepted: Accepted) -> bool:
    """Whether somebody answers for this finding, and it has not got worse since."""
    known = accepted.get(finding.key)
    return known is not None and finding.excess <= known * (1 + 1e-9) + 1e-12


def _exempting(finding: Finding, exempt: Sequence[Exempt]) -> Exempt | None:
    name, source, carrier = finding.expectation.name, finding.source, finding.carrier
    return next((one for one in exempt if one.covers(name, source, carrier, finding.last)), None)


def _order(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Runs of days, failures first, then the newest, then by name and place."""
    runs = list(each_break(findings))
    runs.sort(key=lambda run: (run[0].expectation.name, run[0].source, run[0].carrier or ""))
    runs.sort(key=lambda run: run[-1].last, reverse=True)
    runs.sort(key=lambda run: run[0].expectation.severity != FAIL)
    return runs


def _tell_run(run: Sequence[Finding]) -> Json:
    """A run of days that break one expectation in one place, told by its worst."""
    worst = max(run, key=lambda one: (one.excess, one.first))
    one = worst.expectation
    return {
        "expectation": one.name,
        "severity": one.severity,
        "measure": one.measure,
        "of": WORDS[one.measure],
        "place": {
            "source": worst.source,
            "carrier": worst.carrier,
            "item": worst.item,
            "from": run[0].first.isoformat(),
            "to": run[-1].last.isoformat(),
            "spans": len(run),
        },
        "worst": {
            "from": worst.first.isoformat(),
            "to": worst.last.isoformat(),
            "measured": _round(worst.measured),
            "usual": None if worst.usual is None else _round(worst.usual),
            "bound": worst.bound.value,
            "held": _round(worst.held),
            "limit": worst.limit,
            "sigmas": None if worst.sigmas is None else round(worst.sigmas, 1),
            "bills": worst.bills,
            "values": list(worst.values),
        },
        "imports": sorted({one for found in run for one in found.imports}),
        "said": tell(run, worst),
        "reason": dict(one.reason),
        "look_at": look_at(one.measure, worst.is_high),
    }


def _describe(
    sheet: Sheet, quiet: Bools, shown_from: date, span: tuple[date, date], entry: ImportEntry | None
) -> Json:
    """A source's volumes, nulls, codes, late share, tickets and new values."""
    places = [n for n in range(sheet.days) if sheet.day(n) >= shown_from]
    judged = [n for n in range(sheet.days) if span[0] <= sheet.day(n) <= span[1]]
    sums = {name: values[:, judged].sum(axis=1) for name, values in sheet.sums.items()}
    order = np.argsort(-sums["bills"][1:], kind="stable")[:MOST_CARRIERS] + 1
    past = [n for n in range(sheet.days) if sheet.day(n) < span[0]]
    has_past = sheet.before + sheet.sums["bills"][0, past].sum() > 0
    rows = [int(row) for row in order if sums["bills"][row] or sheet.sums["bills"][row].any()]
    return {
        "bills": int(sums["bills"][0]),
        "cod_fen": int(sums["cod_fen"][0]),
        "late_share": _share(sums["late"][0], sums["bills"][0]),
        "night_share": _share(sums["night"][0], sums["bills"][0]),
        "mean_ticket_fen": _whole(_share(sums["cod_fen"][0], sums["cod_bills"][0])),
        "nulls": {
            column: _share(
                sums[null_name(column)][0],
                sums["mature" if column in LATER_COLUMNS else "bills"][0],
            )
            for column in NULLABLE
        },
        "codes": {code: _share(sums[code_name(code)][0], sums["bills"][0]) for code in CODES},
        "carriers": {
            sheet.carriers[row - 1]: {
                "bills": int(sums["bills"][row]),
                "mean_ticket_fen": _whole(_share(sums["cod_fen"][row], sums["cod_bills"][row])),
                "late_share": _share(sums["late"][row], sums["bills"][row]),
                "codes": {
                    code: _share(sums[code_name(code)][row], sums["bills"][row]) for code in CODES
                },
            }
            for row in rows
        },
        "new_values": {
            column: _list_new(sheet, column) for column in CATEGORIES if has_past
        },
        "series": {
            "from": sheet.day(places[0]).isoformat() if places else None,
            "quiet": [bool(quiet[n]) for n in places],
            "bills": _numbers(sheet.sums["bills"][0, places]),
            "mean_ticket_fen": _means(sheet, 0, places),
            "by_carrier": {
                sheet.carriers[row - 1]: _numbers(sheet.sums["bills"][row, places]) for row in rows
            },
        },
    }  # fmt: skip


def _list_new(sheet: Sheet, column: str) -> list[Json]:
    fresh = sheet.fresh.get(column)
    if fresh is None:
        return []
    found = [
        {"value": value, "since": began.isoformat(), "bills": int(fresh.bills[value].sum())}
        for value, began in fresh.values.items()
    ]
    found.sort(key=lambda one: (-int(str(one["bills"])), str(one["value"])))
    return found[:MOST_NEW_VALUES]


def _means(sheet: Sheet, row: int, places: Sequence[int]) -> list[int | None]:
    amounts, counts = sheet.sums["cod_fen"][row, places], sheet.sums["cod_bills"][row, places]
    return [_whole(_share(a, c)) for a, c in zip(amounts, counts, strict=True)]


def _numbers(values: Floats) -> list[int]:
    return [int(value) for value in values]


def _share(part: float, whole: float) -> float | None:
    return round(float(part) / float(whole), 6) if whole else None


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _round(value: float) -> float | None:
    """Six digits; None for what no number says (something where nothing is usual)."""
    return float(f"{value:.6g}") if np.isfinite(value) else None
