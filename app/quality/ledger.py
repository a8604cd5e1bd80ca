"""The ledger of imports comes in; which imports break what is expected of an import goes out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from statistics import median

from app.quality.expectations import Expectation
from app.quality.judge import MOST_SIGMAS, Finding, Judged, pass_bounds
from app.quality.usual import FEWEST, NORMAL
from app.waybills.lake import ImportEntry

MOST_BEFORE = 12  # imports of the same source that make a usual
LEAST_SPREAD = 0.1  # of the logarithm of a file's rows: files of one size tell nothing of chance


def judge_imports(
    imports: Sequence[ImportEntry],
    judged: frozenset[str],
    expectations: Sequence[Expectation],
    kinds: dict[str, str],
    quiet: frozenset[str],
    days: Mapping[str, int],
) -> Judged:
    """Judge the imports of these ids, each against those of its source before it. `imports` is the
    ledger, oldest first; `kinds` has the kind of every source; the size of the `quiet` ones says
    nothing; `days` says how many days each brought, for a night's file is not held against a
    month's.
    """
    found = Judged([])
    before: dict[str, list[ImportEntry]] = {}
    for entry in imports:
        earlier = before.setdefault(entry.source, [])
        if entry.id in judged:
            for one in expectations:
                if one.measure == "import_rows" and entry.id in quiet:
                    found.not_judged += 1
                elif _is_about(one, entry, kinds):
                    _judge_import(entry, earlier, one, days, found)
        earlier.append(entry)
    return found


def _is_about(expectation: Expectation, entry: ImportEntry, kinds: dict[str, str]) -> bool:
    return (
        expectation.by == "import"
        and kinds[entry.source] in expectation.kinds
        and (not expectation.sources or entry.source in expectation.sources)
    )


def _judge_import(
    entry: ImportEntry,
    earlier: Sequence[ImportEntry],
    expectation: Expectation,
    days: Mapping[str, int],
    found: Judged,
) -> None:
    usual: float | None = None
    sigmas: float | None = None
    base = entry.received
    if expectation.measure == "import_rows":
        measured = float(entry.received)
        own = days.get(entry.id, 0)
        alike = [one for one in earlier if own <= 2 * days.get(one.id, 0) <= 4 * own]
        logs = [math.log(one.received) for one in alike if one.received][-MOST_BEFORE:]
        if len(logs) < FEWEST + 1 or not measured:
            found.not_judged += 1
            return
        middle = median(logs)
        spread = NORMAL * median(abs(one - middle) for one in logs)
        usual, base = math.exp(middle), round(math.exp(middle))
        sigmas = (math.log(measured) - middle) / max(spread, LEAST_SPREAD)
    else:
        counts = {
            "refused_share": sum(entry.quarantined.values()),
            "conflict_share": entry.conflict,
            "duplicate_share": entry.duplicate,
        }
        measured = counts[expectation.measure] / base if base else 0.0
    if base < expectation.at_least:
        found.not_judged += 1
        return
    found.judged += 1
    if sigmas is not None and abs(sigmas) < expectation.sigmas:
        return
    passed = pass_bounds(expectation, measured, usual)
    if passed is None:
        return
    bound, limit, held = passed
    arrived = arrived_on(entry)
    found.findings.append(
        Finding(
            expectation, entry.source, None, None, arrived, arrived, measured, usual, bound, limit,
            held, None if sigmas is None else max(-MOST_SIGMAS, min(MOST_SIGMAS, sigmas)), base,
            imports=(entry.id,),
        )
    )  # fmt: skip


def arrived_on(entry: ImportEntry) -> date:
    """The day on which an import arrived."""
    return datetime.fromisoformat(entry.arrived_at).date()
