"""The pieces that the file of expectations is made of: fields come in, checked values go out; what
is wrong is collected with its place.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from app.quality.measured import BOUNDS_OF, KIND_OF, Bound
from app.rules.document import AnyNode, Scalar, Sequence
from app.rules.fields import Fields, read_number
from app.rules.problems import Problem, suggest

Pair = tuple[float | None, float | None]


def read_slug(fields: Fields) -> str | None:
    """A name such as carrier-volume."""
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


def read_bounds(fields: Fields, measure: str | None) -> dict[Bound, Pair]:
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
    """The two ends of a bound, None where one is open."""
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


def read_choices(fields: Fields, key: str, known: Iterable[str]) -> tuple[str, ...]:
    """A list of known words."""
    known = tuple(known)
    for node in (nodes := fields.texts(key, required=False)):
        if node.text not in known:
            fields.problems.append(
                node.problem("bad-choice", f"'{node.text[:60]}' cannot stand in '{key}'",
                             suggest(node.text, known) or f"known are {', '.join(known)}",
                             max(1, len(node.text)))
            )  # fmt: skip
    return tuple(node.text for node in nodes if node.text in known)


def read_whole(fields: Fields, key: str, least: int, most: int, default: int | None = None) -> int:
    """A whole number within bounds; the default where the key is absent and there is one."""
    number: Decimal | None = fields.number(key, required=default is None)
    if number is None:
        return default or 0
    if number != int(number) or not least <= number <= most:
        hint = f"write a whole number from {least:,} to {most:,}"
        complain(fields, key, f"'{key}' is {number}", hint)
    return int(number)


def read_month_day(fields: Fields, key: str) -> tuple[int, int] | None:
    """A day of every year, as (month, day)."""
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


def read_day(fields: Fields, key: str, required: bool) -> date | None:
    """A day such as 2026-02-17."""
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


def complain(fields: Fields, key: str, message: str, hint: str) -> None:
    """A problem at the value of a key."""
    node = fields.node_of(key)
    assert node is not None
    fields.problems.append(node.problem("wrong-value", message, hint))
