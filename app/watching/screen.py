"""A look comes in; what an analyst reads of it goes out, as lines for the terminal or as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from app.comparisons.tables import show_fen, show_rate
from app.rules.problems import render
from app.watching.look import Look

MOST = 6  # of each kind of line
MOST_ASIDE = 3  # of warnings, and of what no case reaches


def lines_of(look: Look) -> Iterator[str]:
    """The whole result, a few lines."""
    yield f"{look.product}: {'fine' if look.is_fine else 'not fine'}, {look.seconds:.2f} s"
    for problem in look.problems[:MOST]:
        yield from render(problem).splitlines()
    yield from _rest(len(look.problems), "problems")
    if look.warnings:
        yield f"warnings: {len(look.warnings)}; policy check says more"
        yield from (f"  {one.place}: {one.message} [{one.code}]" for one in _first(look.warnings))
        yield from _rest(len(look.warnings), "warnings", MOST_ASIDE)
    yield from _cases(look)
    if look.changes is not None:
        yield f"against {look.against}: {len(look.changes) or 'no'} changes"
        yield from (f"  {change}" for change in look.changes[:MOST])
        yield from _rest(len(look.changes), "changes")
    if look.report is not None:
        yield from _portfolio(look.report)
    yield from (f"note: {note}" for note in look.notes)


def _cases(look: Look) -> Iterator[str]:
    """How many hold; those that fail, the first with what each stage said; what none reaches."""
    if look.cases is not None:
        said = f"{look.failing} fail" if look.failing else "all hold"
        yield f"cases: {look.cases}, {said}"
        for number, one in enumerate(look.differences[:MOST]):
            key = one.key.removesuffix("_fen")
            place = f"{one.case.place.file}:{one.case.place.line}"
            scale = 100 if one.key.endswith("_fen") else 1
            wanted, found = _value(one.expected, scale), _value(one.found, scale)
            yield f"  {place} {one.case.name}: {key} expected {wanted}, {one.engine} gives {found}"
            if number == 0:
                yield from (f"      {line}" for line in look.story)
        yield from _rest(len(look.differences), "differences")
    if look.coverage is not None:
        reached, missing = len(look.coverage.covered), look.coverage.missing
        said = "; no case reaches:" if missing else ""
        yield f"coverage: {reached} of {look.coverage.total} parts{said}"
        yield from (f"  {part}" for part in _first(missing))
        yield from _rest(len(missing), "parts", MOST_ASIDE)


def _first(found: Sequence[Any]) -> Sequence[Any]:
    return found[:MOST_ASIDE]


def _value(value: Any, scale: int) -> str:
    if scale == 100 and isinstance(value, int):
        return show_fen(value)
    return "null" if value is None else str(value)


def _rest(count: int, word: str, most: int = MOST) -> Iterator[str]:
    if count > most:
        yield f"  and {count - most} more {word}"


def _portfolio(report: dict[str, Any]) -> Iterator[str]:
    yield f"as of {report['as_of']}, {report['merchants']:,} merchants"
    for name, row in report["migration"].items():
        moved = ", ".join(f"{other} {count:,}" for other, count in row.items() if count)
        yield f"  {name:<8} → {moved or 'nobody'}"
    for key, word in (("swapped_in", "swapped in"), ("swapped_out", "swapped out")):
        swap = report[key]
        parts = sorted(swap["by_part"].items(), key=lambda one: -one[1])
        why = ", ".join(f"{part} {share:,.1f}" for part, share in parts[:MOST] if share)
        yield f"  {word}: {swap['count']:,}" + (f" ({why})" if why else "")
    old, new = report["limits"]["before"], report["limits"]["after"]
    total = new["total_fen"] - old["total_fen"]
    yield f"  approved {old['count']:,} → {new['count']:,}"
    yield (
        f"  limits {show_fen(old['total_fen'])} → {show_fen(new['total_fen'])} yuan"
        f" ({show_fen(total, signed=True)}), mean {show_fen(old['mean_fen'])} →"
        f" {show_fen(new['mean_fen'])}"
    )
    yield from _tiers_and_price(report)


def _tiers_and_price(report: dict[str, Any]) -> Iterator[str]:
    """Approved merchants of each tier, and the mean price, before and after."""
    tiers, price = report["tiers"], report["price"]
    counts = [
        (word, tiers["approved_before"][word], tiers["approved_after"][word])
        for word in tiers["words"]
    ]
    said = [f"{word} {was:,} → {now:,}" for word, was, now in counts if was or now]
    if said:
        yield f"  tiers    {', '.join(said)}"
    was, now = price["before"], price["after"]
    pairs = [
        f"{show_rate(was[key])} → {show_rate(now[key])}{word}"
        for key, word in (("mean_daily_rate", " a day"), ("weighted_daily_rate", " by limit"))
        if was[key] is not None or now[key] is not None
    ]
    if pairs:
        yield f"  price    {', '.join(pairs)}"


def json_of(look: Look) -> dict[str, Any]:
    """Everything that was seen, as JSON data."""
    return {
        "product": look.product,
        "fine": look.is_fine,
        "against": look.against,
        "problems": [one.as_json() for one in look.problems],
        "warnings": None if look.warnings is None else [one.as_json() for one in look.warnings],
        "cases": look.cases,
        "failing": look.failing,
        "differences": [one.as_json() for one in look.differences],
        "story": list(look.story),
        "coverage": None if look.coverage is None else look.coverage.as_json(),
        "changes": None if look.changes is None else list(look.changes),
        "report": look.report,
        "notes": list(look.notes),
        "seconds": round(look.seconds, 4),
    }
