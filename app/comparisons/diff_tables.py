"""Two checked tables of one stage come in; (where, what changed) goes out, in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from app.comparisons.wording import Said, plain, same_text, show, tell_order, tell_purposes
from app.rules.rulesets import Row, Table

NUMBERED = re.compile(r"row-\d+")


def diff_table(stage: str, before: Table, after: Table, terms_changed: bool) -> Said:
    if before.hit != after.hit:
        yield stage, f"hit {before.hit} → {after.hit}"
    old_subjects = dict(zip(before.columns, before.subjects, strict=True))
    new_subjects = dict(zip(after.columns, after.subjects, strict=True))
    yield from _diff_names(stage, "column", old_subjects, new_subjects)
    yield from _diff_names(stage, "output", before.outputs, after.outputs)
    changed = [n for n in old_subjects if old_subjects[n] != new_subjects.get(n, old_subjects[n])]
    for name in changed:
        was, now = (plain(one.computed.get(name, name)) for one in (before, after))
        said = f"`{was}` → `{now}`" if was != now else "another value: what it names changed"
        yield stage, f"column {name} is {said}"
    explained = terms_changed or bool(changed)
    pairs, gone, fresh = _pair_rows(before, after)
    for old, new in pairs:
        if old.id != new.id and not _are_numbered(old, new):
            yield new.id, f"renamed from {old.id}"
        yield from _diff_row(before, after, old, new, explained)
    for row in fresh:
        yield row.id, f"row added: {_show_row(after, row)}"
    for row in gone:
        yield row.id, f"row removed: {_show_row(before, row)}"
    yield from _diff_row(before, after, before.otherwise, after.otherwise, explained)
    if "first" in (before.hit, after.hit):
        names = {new.id: old.id for old, new in pairs}
        order = [names[row.id] for row in after.rows if row.id in names]
        yield from tell_order(stage, "rows", [old.id for old, _ in pairs], order)


def _diff_names(
    stage: str, what: str, before: Mapping[str, object], after: Mapping[str, object]
) -> Said:
    for name in after:
        if name not in before:
            yield stage, f"{what} {name} added"
    for name in before:
        if name not in after:
            yield stage, f"{what} {name} removed"


def _pair_rows(before: Table, after: Table) -> tuple[list[tuple[Row, Row]], list[Row], list[Row]]:
    """Rows that belong together, in the old order: the same id, or, for rows that have only their
    number, the same content first. Beside them those that are gone and those that are new.
    """
    rest = list(after.rows)
    pairs: list[tuple[Row, Row]] = []
    for same in (_same_id, _same_content, _same_number, _says_the_same):
        paired = {id(old) for old, _ in pairs}
        for row in before.rows:
            found = next((one for one in rest if id(row) not in paired and same(row, one)), None)
            if found is not None:
                rest.remove(found)
                pairs.append((row, found))
    paired = {id(old) for old, _ in pairs}
    places = {id(row): place for place, row in enumerate(before.rows)}
    pairs.sort(key=lambda pair: places[id(pair[0])])
    return pairs, [row for row in before.rows if id(row) not in paired], rest


def _same_id(one: Row, other: Row) -> bool:
    return one.id == other.id and not NUMBERED.fullmatch(one.id)


def _same_content(one: Row, other: Row) -> bool:
    return _are_numbered(one, other) and _says_the_same(one, other)


def _are_numbered(one: Row, other: Row) -> bool:
    return bool(NUMBERED.fullmatch(one.id) and NUMBERED.fullmatch(other.id))


def _says_the_same(one: Row, other: Row) -> bool:
    first = one.condition, one.outputs, one.then, one.reason, one.purposes
    return first == (other.condition, other.outputs, other.then, other.reason, other.purposes)


def _same_number(one: Row, other: Row) -> bool:
    return one.id == other.id


def _diff_row(before: Table, after: Table, old: Row, new: Row, explained: bool) -> Said:
    if old.condition != new.condition:
        cells = [*_diff_cells(old, new)]
        yield from ((new.id, said) for said in cells)
        if not cells and not explained:
            yield new.id, "its condition means another value: what it names changed"
    was = dict(zip(before.outputs, old.outputs, strict=True))
    now = dict(zip(after.outputs, new.outputs, strict=True))
    for name in now:
        if name in was and was[name] != now[name]:
            kind = after.outputs[name].kind
            yield new.id, f"{name} {show(was[name], kind)} → {show(now[name], kind)}"
    if old.then != new.then:
        yield new.id, f"outcome {old.then or 'none'} → {new.then or 'none'}"
    if old.reason != new.reason:
        yield new.id, f"reason {old.reason or 'none'} → {new.reason or 'none'}"
    yield from tell_purposes(new.id, old.purposes, new.purposes)


def _diff_cells(old: Row, new: Row) -> Iterator[str]:
    for column in dict.fromkeys([*new.written, *old.written]):
        was, now = _cell(old, column), _cell(new, column)
        if not same_text(was, now):
            yield f"{column} {was} → {now}"


def _cell(row: Row, column: str) -> str:
    written = row.written.get(column, "-").strip()
    return "any" if written == "-" else plain(written)


def _show_row(table: Table, row: Row) -> str:
    tests = [f"{name} {_cell(row, name)}" for name in row.written if _cell(row, name) != "any"]
    gives = [
        f"{name} {show(value, table.outputs[name].kind)}"
        for name, value in zip(table.outputs, row.outputs, strict=True)
        if value is not None
    ]
    outcome = [f"{row.then} {row.reason or ''}".strip()] if row.then else []
    return f"{' and '.join(tests) or 'always'} → {', '.join([*gives, *outcome])}"
