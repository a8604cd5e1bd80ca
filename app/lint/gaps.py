"""A table comes in; values between its rows that only `otherwise` takes go out.

`otherwise` takes what no row fits, so nothing is ever left without an answer; but a value of an
ordered column for which `otherwise` answers while rows answer both below and above it, everything
else being equal, is rarely meant: it is the hole between `< 80` and `>= 85`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence, Set
from dataclasses import dataclass

from app.lint.context import Part
from app.lint.domains import Domain
from app.lint.search import Question
from app.lint.values import TRUE, Value, possible
from app.lint.wording import write_interval, write_value
from app.rules.document import Mapping, Scalar
from app.rules.program import build_program
from app.rules.rulesets import Table
from app.rules.terms import Term, conjunction
from app.rules.types import MONEY, NUMBER

MOST_WORK = 400_000  # cells of the whole table times rows
SUBJECT = "\0subject"  # stands for the column's value, whatever it is computed from


@dataclass(frozen=True, slots=True)
class Axis:
    """A column: its known values, divided where the rows divide them, and which cells of which rows
    hold in each part.
    """

    name: str
    domain: Domain
    cells: tuple[Value, ...]
    fits: tuple[tuple[bool, ...], ...]  # by row, then by part

    @property
    def is_ordered(self) -> bool:
        return self.domain.kind in (NUMBER, MONEY)


def report_gaps(
    part: Part,
    table: Table,
    nodes: Sequence[Mapping],
    group: Sequence[int],
    faulty: Set[int],
) -> None:
    """Report each hole between two of the rows `group`, once for each pair of rows, unless one of
    them is `faulty`.
    """
    axes = [
        axis
        for name, subject in zip(table.columns, table.subjects, strict=True)
        if (axis := _axis_of(part, table, name, subject, group)) is not None
    ]
    if len(axes) < len(table.columns):
        return
    work = math.prod(len(axis.cells) for axis in axes) * max(1, len(group))
    told: set[tuple[str, str, str]] = set()
    for place, axis in enumerate(axes):
        if axis.is_ordered and len(axis.cells) > 2:
            others = [*axes[:place], *axes[place + 1 :]] if work <= MOST_WORK else []
            _report_holes(part, table, nodes, group, axis, others, faulty, told)


def _axis_of(
    part: Part, table: Table, name: str, subject: Term, group: Sequence[int]
) -> Axis | None:
    """The column by itself; None where a cell compares it with something that is not constant."""
    if subject.op == "input":
        domain = part.domains[subject.payload]
    else:
        program = build_program([subject])
        box = {one: part.domains[one].whole() for one, _ in program.inputs}
        found = possible(program, box)[program.outputs[0]]
        if subject.kind not in (NUMBER, MONEY) or found[0] is None:
            return None
        domain = Domain(subject.kind, found[0], found[1], subject.kind == MONEY)
    stand_in = Term("input", subject.kind, (), SUBJECT)
    conditions: list[Term] = []
    for index in group:
        text = table.rows[index].written.get(name, "-")
        term = part.cell(text, stand_in, part.scope.types.get(name))
        conditions.append(conjunction(()) if term is None else term)
    if any(set(term.inputs()) - {SUBJECT} for term in conditions):
        return None
    question = Question(conditions, {SUBJECT: domain})
    cells = tuple(domain.cells(question.thresholds.get(SUBJECT, ())))
    by_cell = []
    for cell in cells:
        found_now = possible(question.program, {SUBJECT: cell})
        by_cell.append([found_now[i] == TRUE for i in question.program.outputs])
    fits = tuple(tuple(one[row] for one in by_cell) for row in range(len(group)))
    return Axis(name, domain, cells, fits)


def _report_holes(
    part: Part,
    table: Table,
    nodes: Sequence[Mapping],
    group: Sequence[int],
    axis: Axis,
    others: Sequence[Axis],
    faulty: Set[int],
    told: set[tuple[str, str, str]],
) -> None:
    rows = range(len(group))
    for context in itertools.product(*(range(len(other.cells)) for other in others)):
        alive = [
            row
            for row in rows
            if all(o.fits[row][at] for o, at in zip(others, context, strict=True))
        ]
        if not alive:
            continue
        taken = [
            next((row for row in alive if axis.fits[row][at]), None)
            for at in range(len(axis.cells))
        ]
        for below, first, last, above in _holes(taken):
            one, other = sorted((table.rows[group[below]].id, table.rows[group[above]].id))
            key = (axis.name, one, other)
            if key in told:
                continue
            told.add(key)
            if group[below] in faulty or group[above] in faulty:
                continue
            where = [
                f"{o.name} {write_value(o.cells[at], o.domain)}"
                for o, at in zip(others, context, strict=True)
                if not all(all(o.fits[row]) for row in (below, above))
            ]
            _say_hole(part, table, nodes, group, axis, (below, first, last, above), where)


def _holes(taken: Sequence[int | None]) -> list[tuple[int, int, int, int]]:
    """(row below, first part, last part, row above) of each run that no row takes."""
    found: list[tuple[int, int, int, int]] = []
    below: tuple[int, int] | None = None
    for at, row in enumerate(taken):
        if row is None:
            continue
        if below is not None and at - below[1] > 1:
            found.append((below[0], below[1] + 1, at - 1, row))
        below = (row, at)
    return found


def _say_hole(
    part: Part,
    table: Table,
    nodes: Sequence[Mapping],
    group: Sequence[int],
    axis: Axis,
    hole: tuple[int, int, int, int],
    where: Sequence[str],
) -> None:
    below, first, last, above = hole
    later = max(below, above)
    node = nodes[later].get(axis.name) or nodes[later]
    values = write_interval(axis.cells[first][0], axis.cells[last][1], axis.domain)
    names = (table.rows[group[below]].id, table.rows[group[above]].id)
    among = f" (with {', '.join(where)})" if where else ""
    part.findings.say(
        node if isinstance(node, Scalar) else nodes[later],
        "gap-between-rows",
        f"{axis.name} {values} lies between the rows {names[0]} and {names[1]}, and only"
        f" `otherwise` takes it{among}",
        "let one of the two rows reach to the other, or give these values a row of their own",
        (axis.name, names[0], names[1]),
    )
