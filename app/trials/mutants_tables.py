"""A document of kind table comes in; its mutants go out."""

from __future__ import annotations

from collections.abc import Iterator

from app.rules.document import AnyNode, Mapping
from app.rules.fields import NUMBER_TEXT
from app.rules.rulesets import Table
from app.rules.types import BOOLEAN, NUMBER
from app.trials.expressions import change_cell, change_expression
from app.trials.made import OTHER_UNKNOWN, Made, put_text, swap_reason, turn_unknown
from app.trials.measures import Measures
from app.trials.steps import beside, measure_of
from app.trials.trees import Path, items_of, put, swap, text_at


def mutate_table(
    root: AnyNode, table: Table, measures: Measures, codes: tuple[str, ...]
) -> Iterator[Made]:
    """Every cell changed and left empty, every output, outcome and reason; rows left out, and
    neighbours of a `first` table swapped; computed columns.
    """
    kinds = dict(zip(table.columns, (term.kind for term in table.subjects), strict=True))
    for place, column in enumerate(items_of(root, "inputs")):
        is_at: Path = ("inputs", place, "is")
        written = text_at(column, "is") if isinstance(column, Mapping) else None
        for change in change_expression(written, measures) if written else ():
            words = f"{change.before} → {change.after}"
            name = text_at(column, "name") or f"column {place + 1}"
            yield Made(name, words, is_at, put(root, is_at, change.text))
    rows = items_of(root, "rows")
    names = [text_at(row, "id") or f"row-{place}" for place, row in enumerate(rows, 1)]
    for place, row in enumerate(rows):
        at: Path = ("rows", place)
        for name in table.columns:
            cell = text_at(row, name)
            if cell is None:
                continue
            known = measures.scope.types.get(name)
            measure = measures.named(name) if known is not None else measure_of(kinds[name])
            for change in change_cell(cell, measure):
                words = f"{name} {change.before} → {name} {change.after}"
                yield Made(names[place], words, (*at, name), put(root, (*at, name), change.text))
            if cell.strip() != "-":
                left = put(root, (*at, name), "-")
                yield Made(names[place], f"without {name}", (*at, name), left)
        yield from _outputs(root, table, names[place], at, codes)
        if len(rows) > 1:
            yield Made(names[place], "left out", at, put(root, at, None))
        if table.hit == "first" and place + 1 < len(rows):
            words = f"swapped with {names[place + 1]}"
            yield Made(names[place], words, at, swap(root, ("rows",), place))
    yield from _outputs(root, table, "otherwise", ("otherwise",), codes)
    yield from turn_unknown(root)


def _outputs(
    root: AnyNode, table: Table, item: str, at: Path, codes: tuple[str, ...]
) -> Iterator[Made]:
    for name, of in table.outputs.items():
        written = text_at(root, *at, name)
        if written is None:
            continue
        if of.kind == NUMBER and NUMBER_TEXT.fullmatch(written):
            others = list(beside(written, None))
        elif of.kind == BOOLEAN:
            others = ["false" if written == "true" else "true"]
        else:
            values = [value for value in of.values or () if value != written.strip('"')]
            others = values[:1] if written.strip('"') != (of.values or ("",))[-1] else values[-1:]
        for new in others:
            yield put_text(root, item, (*at, name), new, name)
    then = text_at(root, *at, "then")
    if then in OTHER_UNKNOWN:
        yield put_text(root, item, (*at, "then"), OTHER_UNKNOWN[then], "then")
    if then is not None:
        yield from _without_outcome(root, item, at)
    yield from swap_reason(root, item, (*at, "reason"), codes)


def _without_outcome(root: AnyNode, item: str, at: Path) -> Iterator[Made]:
    """The row as one that approves."""
    left = put(root, (*at, "then"), None)
    if isinstance(text_at(left, *at, "reason"), str):
        left = put(left, (*at, "reason"), None)
    yield Made(item, "without its outcome", (*at, "then"), left)
