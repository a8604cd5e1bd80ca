"""`rulesets/expectations.yaml` comes in; what data are expected to be like goes out, frozen.

Strict, as all files here: every mistake is told with its place, in one pass.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from app.errors import ChengxinError
from app.quality.columns import CATEGORIES, CODES, NULLABLE
from app.quality.measured import BASES, BOUNDS_OF, KIND_OF, MEASURED, Bound
from app.rules.document import AnyNode, Scalar, Sequence, load_yaml
from app.rules.fields import Fields, read_number
from app.rules.problems import Problem, ProblemsFound, suggest

FILE = "expectations.yaml"
SEVERITIES = ("fail", "warn")
KINDS = ("waybill", "invoice")
LONGEST_LOOK_BACK = 400
SIGMAS = 6.0

Pair = tuple[float | None, float | None]


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
    look_back = _read_whole(fields, "look_back_days", 1, LONGEST_LOOK_BACK)
    quiet = fields.fields("quiet", "'quiet'", required=False)
    margin = 0
    yearly: tuple[YearlyDays, ...] = ()
    if quiet is not None:
        margin = _read_whole(quiet, "margin_days", 0, 60, default=0)
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
    name = _read_slug(fields)
    measure = fields.choice("measure", MEASURED)
    by = fields.choice("by", BASES[measure]) if measure else fields.text("by")
    over = _read_whole(fields, "over_days", 1, 28, default=1)
    bounds = _read_bounds(fields, measure)
    sigmas = fields.number("sigmas", required=False)
    at_least = _read_whole(fields, "at_least", 1, 1_000_000_000)
    severity = fields.choice("severity", SEVERITIES)
    kinds = _read_choices(fields, "kinds", KINDS) or KINDS
    sources, carriers = (
        tuple(node.text for node in fields.texts(key, required=False))
        for key in ("sources", "carriers")
    )
    items: tuple[str, ...] = ()
    if measure == "null_rate":
        items = _read_choices(fields, "columns", NULLABLE) or NULLABLE
    elif measure == "new_share":
        items = _read_choices(fields, "columns", CATEGORIES) or CATEGORIES
    elif measure == "code_rate":
        items = _read_choices(fields, "codes", CODES) or CODES
    known: frozenset[str] = frozenset()
    if measure == "new_share":
        known = frozenset(node.text.lower() for node in fields.texts("known", required=False))
    reason = fields.words("reason")
    fields.finish()
    if sigmas is not None and not 0 <= sigmas <= 100:
        _complain(fields, "sigmas", f"'sigmas' is {sigmas}", "write a number from 0 to 100")
    if len(fields.problems) > before:
        return None
    assert name and measure and by and severity
    beyond = SIGMAS if sigmas is None else float(sigmas)
    return Expectation(
        name, measure, by, over, bounds, beyond, at_least, severity, kinds, sources, carriers,
        items, known, reason,
    )  # fmt: skip


def _read_slug(fields: Fields) -> str | None:
    node = fields.scalar("name")
    if node is None:
        return None
    if not node.text.replace("-", "").isalnum() or not node.text.isascii():
        fields.problems.append(
            node.problem("bad-name", f"'{node.text[:60]}' is no name",
                         "write Latin letters, digits and '-', as in carrier-volume")
        )  # fmt: skip
        return None
    return node.text


def _read_bounds(fields: Fields, measure: str | None) -> dict[Bound, Pair]:
    """The bounds that a measure can have; at least one."""
    found: dict[Bound, Pair] = {}
    fitting = BOUNDS_OF[KIND_OF[measure]] if measure else tuple(Bound)
    for bound in Bound:
        node = fields.node_of(bound.value, required=False)
        if node is None:
            continue
        if bound not in fitting:
            words = ", ".join(one.value for one in fitting)
            fields.problems.append(
                node.problem("wrong-bound", f"'{measure}' has no '{bound.value}'",
                             f"bound it by {words}")
            )  # fmt: skip
            continue
        pair = _read_pair(node, bound, fields.problems)
        if pair is not None:
            found[bound] = pair
    if not found and not any(fields.has(bound.value) for bound in Bound):
        words = " or ".join(f"'{one.value}: [LEAST, MOST]'" for one in fitting)
        fields.problems.append(
            fields.node.problem("bound-missing", "nothing bounds this expectation", f"add {words}")
        )
    if len({(low is None, high is None) for low, high in found.values()}) > 1:
        fields.problems.append(
            fields.node.problem(
                "bounds-differ",
                "the bounds of an expectation must be open on the same side",
                "it breaks where all of them are passed; write null on the same side of each",
            )
        )
    return found


def _read_pair(node: AnyNode, bound: Bound, problems: list[Problem]) -> Pair | None:
    if (
        not isinstance(node, Sequence)
        or len(node.items) != 2
        or not all(isinstance(item, Scalar) for item in node.items)
    ):
        problems.append(
            node.problem(
                "wrong-kind", f"'{bound.value}' must be two numbers",
                "write [LEAST, MOST], null where there is no bound, as in [0.5, 2] or [null, 2]",
            )
        )  # fmt: skip
        return None
    ends: list[float | None] = []
    for item in node.items:
        assert isinstance(item, Scalar)
        number = None if item.is_null else read_number(item, bound.value, problems)
        if number is None and not item.is_null:
            return None
        ends.append(None if number is None else float(number))
    low, high = ends
    if low is None and high is None:
        problems.append(
            node.problem("wrong-value", f"'{bound.value}' bounds nothing",
                         "write at least one number")
        )  # fmt: skip
        return None
    if low is not None and high is not None and low > high:
        problems.append(
            node.problem("wrong-value", f"'{bound.value}' has its least above its most",
                         f"write [{high:g}, {low:g}]")
        )  # fmt: skip
        return None
    return low, high


def _read_choices(fields: Fields, key: str, known: Iterable[str]) -> tuple[str, ...]:
    known = tuple(known)
    for node in (nodes := fields.texts(key, required=False)):
        if node.text not in known:
            fields.problems.append(
                node.problem("bad-choice", f"'{node.text[:60]}' cannot stand in '{key}'",
                             suggest(node.text, known) or f"known are {', '.join(known)}",
                             max(1, len(node.text)))
            )  # fmt: skip
    return tuple(node.text for node in nodes if node.text in known)


def _read_whole(fields: Fields, key: str, least: int, most: int, default: int | None = None) -> int:
    number: Decimal | None = fields.number(key, required=default is None)
    if number is None:
        return default or 0
    if number != int(number) or not least <= number <= most:
        hint = f"write a whole number from {least:,} to {most:,}"
        _complain(fields, key, f"'{key}' is {number}", hint)
    return int(number)


def _read_yearly(fields: Fields) -> YearlyDays | None:
    ends = [_read_month_day(fields, key) for key in ("from", "to")]
    title = fields.words("title")
    fields.finish()
    first, last = ends
    if first is None or last is None:
        return None
    if last < first:
        _complain(fields, "to", "'to' is before 'from'",
                  "days around New Year are two entries, one in each year")  # fmt: skip
    return YearlyDays(first, last, title)


def _read_month_day(fields: Fields, key: str) -> tuple[int, int] | None:
    node = fields.scalar(key)
    if node is None:
        return None
    try:
        day = date.fromisoformat(f"2024-{node.text}")  # a leap year, so that 02-29 is a day
    except ValueError:
        fields.problems.append(
            node.problem("wrong-value", f"'{node.text[:40]}' is no day of a year",
                         "write month and day, as in 10-01")
        )  # fmt: skip
        return None
    return day.month, day.day


def _read_exempt(fields: Fields, names: set[str]) -> Exempt | None:
    before = len(fields.problems)
    expectation = fields.choice("expectation", sorted(names), required=False)
    source, carrier = (fields.text(key, required=False) for key in ("source", "carrier"))
    first, last = (_read_day(fields, key, key == "from") for key in ("from", "to"))
    why = fields.text("why")
    fields.finish()
    if len(fields.problems) > before:
        return None
    assert first and why
    if last is not None and last < first:
        _complain(fields, "to", f"{last} is before 'from', {first}", "write the later day under to")
    return Exempt(expectation, source, carrier, first, last, why)


def _read_day(fields: Fields, key: str, required: bool) -> date | None:
    node = fields.scalar(key, required)
    if node is None:
        return None
    try:
        return date.fromisoformat(node.text)
    except ValueError:
        fields.problems.append(
            node.problem("wrong-value", f"'{node.text[:40]}' is no day", "write it as 2026-02-17")
        )
        return None


def _complain(fields: Fields, key: str, message: str, hint: str) -> None:
    node = fields.node_of(key)
    assert node is not None
    fields.problems.append(node.problem("wrong-value", message, hint))
