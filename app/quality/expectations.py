"""`rulesets/expectations.yaml` comes in; what data are expected to be like goes out, frozen.

Strict, as all files here: every mistake is told with its place, in one pass.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from app.errors import ChengxinError
from app.quality.columns import CATEGORIES, CODES, NULLABLE
from app.quality.expectation_parts import (
    Pair,
    complain,
    read_bounds,
    read_choices,
    read_day,
    read_month_day,
    read_slug,
    read_whole,
)
from app.quality.measured import BASES, MEASURED, Bound
from app.rules.document import load_yaml
from app.rules.fields import Fields
from app.rules.problems import Problem, ProblemsFound

FILE = "expectations.yaml"
SEVERITIES = ("fail", "warn")
KINDS = ("waybill", "invoice")
LONGEST_LOOK_BACK = 400
SIGMAS = 6.0


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is measured, of what, over how many days, and within which bounds it has to lie.

    It breaks where the measured value lies outside every stated bound, on the same side, and is
    further from the usual than chance explains.
    """

    name: str
    measure: str
    by: str  # source | carrier | import
    over: int  # days
    bounds: Mapping[Bound, Pair]
    sigmas: float
    at_least: int  # bills that there must be: of the usual for volumes, else of what is measured
    severity: str
    kinds: tuple[str, ...]  # of sources, as cleaning.yaml has them
    sources: tuple[str, ...]  # empty: all
    carriers: tuple[str, ...]
    items: tuple[str, ...]  # columns or codes that are measured; empty where neither
    known: frozenset[str]  # values that are never new, lower-case
    reason: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class YearlyDays:
    """Days of every year on which less is shipped; both belong to it. (month, day) each."""

    first: tuple[int, int]
    last: tuple[int, int]
    title: Mapping[str, str]

    def has(self, day: date) -> bool:
        return self.first <= (day.month, day.day) <= self.last


@dataclass(frozen=True, slots=True)
class Exempt:
    """What is known and meant: an expectation (all, where none is named) does not count there."""

    expectation: str | None
    source: str | None
    carrier: str | None
    first: date
    last: date | None
    why: str

    def covers(self, name: str, source: str, carrier: str | None, day: date) -> bool:
        return (
            self.expectation in (None, name)
            and self.source in (None, source)
            and self.carrier in (None, carrier)
            and self.first <= day
            and (self.last is None or day <= self.last)
        )


@dataclass(frozen=True, slots=True)
class Expectations:
    """The whole file."""

    look_back_days: int
    margin_days: int
    quiet: tuple[YearlyDays, ...]
    expectations: tuple[Expectation, ...]
    exempt: tuple[Exempt, ...]
    sha256: str


def load_expectations(path: Path) -> Expectations:
    """Read and check the file. Raises ProblemsFound with everything that is wrong in it.

    Where there is no such file nothing is expected.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return Expectations(31, 0, (), (), (), hashlib.sha256(b"").hexdigest())
    except (OSError, UnicodeDecodeError) as error:
        raise ChengxinError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    problems: list[Problem] = []
    fields = Fields(load_yaml(path.name, text), "the file of expectations", problems)
    look_back = read_whole(fields, "look_back_days", 1, LONGEST_LOOK_BACK)
    quiet = fields.fields("quiet", "'quiet'", required=False)
    margin = 0
    yearly: tuple[YearlyDays, ...] = ()
    if quiet is not None:
        margin = read_whole(quiet, "margin_days", 0, 60, default=0)
        nodes = quiet.sequence("each_year", required=False)
        read = [_read_yearly(Fields(node, "an entry", problems)) for node in nodes]
        yearly = tuple(one for one in read if one is not None)
        quiet.finish()
    expectations = _read_expectations(fields, problems)
    names = {one.name for one in expectations}
    exempt = tuple(
        one
        for node in fields.sequence("exempt", required=False)
        if (one := _read_exempt(Fields(node, "an exemption", problems), names)) is not None
    )
    fields.finish()
    if problems:
        raise ProblemsFound(problems)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return Expectations(look_back, margin, yearly, expectations, exempt, sha256)


def _read_expectations(fields: Fields, problems: list[Problem]) -> tuple[Expectation, ...]:
    found: dict[str, Expectation] = {}
    for node in fields.sequence("expectations"):
        inner = Fields(node, "an expectation", problems)
        one = _read_expectation(inner)
        if one is None:
            continue
        if one.name in found:
            named = inner.node_of("name")
            assert named is not None
            problems.append(
                named.problem(
                    "name-twice", f"the expectation '{one.name}' stands twice", "rename one"
                )
            )
        found[one.name] = one
    return tuple(found.values())


def _read_expectation(fields: Fields) -> Expectation | None:
    before = len(fields.problems)
    name = read_slug(fields)
    measure = fields.choice("measure", MEASURED)
    by = fields.choice("by", BASES[measure]) if measure else fields.text("by")
    over = read_whole(fields, "over_days", 1, 28, default=1)
    bounds = read_bounds(fields, measure)
    sigmas = fields.number("sigmas", required=False)
    at_least = read_whole(fields, "at_least", 1, 1_000_000_000)
    severity = fields.choice("severity", SEVERITIES)
    kinds = read_choices(fields, "kinds", KINDS) or KINDS
    sources, carriers = (
        tuple(node.text for node in fields.texts(key, required=False))
        for key in ("sources", "carriers")
    )
    items: tuple[str, ...] = ()
    if measure == "null_rate":
        items = read_choices(fields, "columns", NULLABLE) or NULLABLE
    elif measure == "new_share":
        items = read_choices(fields, "columns", CATEGORIES) or CATEGORIES
    elif measure == "code_rate":
        items = read_choices(fields, "codes", CODES) or CODES
    known: frozenset[str] = frozenset()
    if measure == "new_share":
        known = frozenset(node.text.lower() for node in fields.texts("known", required=False))
    reason = fields.words("reason")
    fields.finish()
    if sigmas is not None and not 0 <= sigmas <= 100:
        complain(fields, "sigmas", f"'sigmas' is {sigmas}", "write a number from 0 to 100")
    if len(fields.problems) > before:
        return None
    assert name and measure and by and severity
    beyond = SIGMAS if sigmas is None else float(sigmas)
    return Expectation(
        name, measure, by, over, bounds, beyond, at_least, severity, kinds, sources, carriers,
        items, known, reason,
    )  # fmt: skip


def _read_yearly(fields: Fields) -> YearlyDays | None:
    ends = [read_month_day(fields, key) for key in ("from", "to")]
    title = fields.words("title")
    fields.finish()
    first, last = ends
    if first is None or last is None:
        return None
    if last < first:
        complain(fields, "to", "'to' is before 'from'",
                  "days around New Year are two entries, one in each year")  # fmt: skip
    return YearlyDays(first, last, title)


def _read_exempt(fields: Fields, names: set[str]) -> Exempt | None:
    before = len(fields.problems)
    expectation = fields.choice("expectation", sorted(names), required=False)
    source, carrier = (fields.text(key, required=False) for key in ("source", "carrier"))
    first, last = (read_day(fields, key, key == "from") for key in ("from", "to"))
    why = fields.text("why")
    fields.finish()
    if len(fields.problems) > before:
        return None
    assert first and why
    if last is not None and last < first:
        complain(fields, "to", f"{last} is before 'from', {first}", "write the later day under to")
    return Exempt(expectation, source, carrier, first, last, why)
