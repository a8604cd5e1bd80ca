"""A fitted card comes in; the texts of its YAML and of the blocks that it needs go out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.fitting.binning import Binning
from app.fitting.points import Points
from app.fitting.regression import Regression

# The three dimensions of the shipped cards; another family of the catalogue is its own dimension.
DIMENSIONS = {
    "scale": "operation",
    "growth": "operation",
    "stability": "stability",
    "fraud": "antifraud",
}
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Label:
    """What the card is called and what stands in its first lines as comments."""

    name: str
    comments: tuple[str, ...]


def dimension_of(binning: Binning) -> str:
    family = binning.candidate.family
    return OTHER if family is None else DIMENSIONS.get(family, family)


def name_reasons(binnings: Sequence[Binning], given: Mapping[str, str]) -> list[str]:
    """The reason code of each characteristic: what was given, which several may share, or one of
    its own made of its name.
    """
    found: list[str] = []
    for one in binnings:
        code = given.get(one.name)
        if code is None:
            code = plain = f"LOW_{one.name.upper()}"
            number = 2
            while code in found or code in given.values():
                code, number = f"{plain}_{number}", number + 1
        found.append(code)
    return found


def write_card(label: Label, regression: Regression, points: Points, reasons: Sequence[str]) -> str:
    """The scorecard's YAML."""
    rows = list(zip(regression.binnings, points.table, reasons, strict=True))
    most: dict[str, int] = {}
    for binning, table, _ in rows:
        name = dimension_of(binning)
        used = [table[group] for _, group in binning.cells]
        most[name] = most.get(name, 0) + max(*used, table[-1])
    dimensions = ", ".join(f"{name}: {best}" for name, best in most.items())
    lines = [f"# {one}" for one in label.comments]
    lines += [
        f"scorecard: {label.name}",
        f"title: {{zh: {label.name}, en: {label.name}}}",
        f"dimensions: {{{dimensions}}}",
        "characteristics:",
    ]
    for binning, table, reason in rows:
        lines += _write_characteristic(binning, table, reason)
    return "\n".join(lines) + "\n"


def _write_characteristic(binning: Binning, table: Sequence[int], reason: str) -> Iterable[str]:
    name = _quote(binning.name)
    missing = binning.groups[-1]
    why = (
        "" if missing.is_own else "    # the worst bin's points: too few were missing to learn from"
    )
    yield f"  - id: {name}"
    yield f"    title: {{zh: {name}, en: {name}}}"
    yield f"    dimension: {dimension_of(binning)}"
    yield f"    input: {name}"
    yield f"    reason: {_quote(reason)}"
    yield f"    missing: {table[-1]}{why}"
    yield "    bins:"
    for when, group in binning.cells:
        yield f"      - {{when: {_quote(when)}, points: {table[group]}}}"


def _quote(text: str) -> str:
    """A YAML scalar in single quotes, in which nothing but the quote itself is special."""
    return "'" + text.replace("'", "''") + "'"


def write_reasons(codes: Iterable[str], names: Mapping[str, str]) -> str:
    """A block for reasons.yaml: code → texts to be made better by hand. `names`: code → input."""
    lines = []
    for code in codes:
        of = names[code]
        merchant = f"zh: {_quote(f'{of} 方面的得分偏低')}, en: {_quote(f'You score low on {of}')}"
        staff = f"zh: {_quote(f'{of} 得分偏低')}, en: {_quote(f'Points lost on {of}')}"
        lines += [
            f"  {code}:",
            f"    merchant: {{{merchant}}}",
            f"    staff: {{{staff}}}",
            "    merchant_may_see: true",
        ]
    return _write_block("reasons", lines)


def write_inputs(binnings: Iterable[Binning]) -> str:
    """A block for catalogue.yaml: the inputs that it does not have yet."""
    lines = []
    for one in binnings:
        if one.candidate.in_catalogue:
            continue
        ascending = [group.woe for group in one.groups if group.kind == "bin"]
        direction = "none"
        # Codes lie among the numbers, with points of their own: then no direction holds for all.
        has_codes = any(one.groups[group].kind != "bin" for _, group in one.cells)
        if one.candidate.is_number and len(ascending) > 1 and not has_codes:
            rises = all(a <= b for a, b in pairwise(ascending))
            direction = "higher_is_better" if rises else "lower_is_better"
        lines += [
            f"  {_quote(one.name)}:",
            f"    type: {one.candidate.of.declared}",
            "    from: features",
            f"    direction: {direction}",
            f"    meaning: {{zh: {_quote(one.name)}, en: {_quote(one.name)}}}",
        ]
    return _write_block("inputs", lines)


def _write_block(key: str, lines: Sequence[str]) -> str:
    """The lines under a comment that says where they belong; an empty file when there are none."""
    if not lines:
        return ""
    place = f"  # Paste right below the line '{key}:', not at the end of the file."
    return "\n".join([place, *lines]) + "\n"
