"""Two checked rulesets or scorecards of one stage in; (where, what changed) goes out, in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from app.comparisons.wording import (
    condition_changes,
    expression_change,
    plain,
    same_text,
    show,
    show_list,
)
from app.policies.policy import Checked
from app.rules.rulesets import Formula, Header, Row, Rule, Rules, Table
from app.rules.types import MONEY
from app.scoring.scorecard import Characteristic, Scorecard

Said = Iterator[tuple[str, str]]
NUMBERED = re.compile(r"row-\d+")


def diff_stage(stage: str, before: Checked, after: Checked, terms_changed: bool) -> Said:
    """What changed in one stage. `terms_changed`: conditions may differ because of the product's
    terms, which are told apart.
    """
    match before, after:
        case Rules(), Rules():
            yield from _diff_header(stage, before.header, after.header)
            yield from _diff_rules(stage, before, after)
        case Table(), Table():
            yield from _diff_header(stage, before.header, after.header)
            yield from _diff_table(stage, before, after, terms_changed)
        case Formula(), Formula():
            yield from _diff_header(stage, before.header, after.header)
            yield from _diff_formula(stage, before, after)
        case Scorecard(), Scorecard():
            yield from _diff_scorecard(stage, before, after)
        case _:
            yield stage, f"{_kind(before)} → {_kind(after)}"


def _kind(checked: Checked) -> str:
    return type(checked).__name__.lower()


def _diff_header(stage: str, before: Header, after: Header) -> Said:
    if before.unknown != after.unknown:
        yield stage, f"unknown leads to {before.unknown} → {after.unknown}"
    yield from _diff_purposes(stage, before.purposes, after.purposes)


def _diff_purposes(where: str, was: frozenset[str] | None, now: frozenset[str] | None) -> Said:
    if was != now:
        said = f"{show_list(was, 'all purposes')} → {show_list(now, 'all purposes')}"
        yield where, f"for {said}"


def _diff_order(where: str, what: str, before: Sequence[str], after: Sequence[str]) -> Said:
    """The order of what both have."""
    old = [one for one in before if one in after]
    new = [one for one in after if one in before]
    if old != new:
        moved = [one for place, one in enumerate(new) if old[place] != one]
        was = ", ".join(one for one in old if one in moved)
        yield where, f"order of {what} {was} → {', '.join(moved)}"


# --- rules ----------------------------------------------------------------------------------------


def _diff_rules(stage: str, before: Rules, after: Rules) -> Said:
    old = {rule.id: rule for rule in before.rules}
    new = {rule.id: rule for rule in after.rules}
    gone = [rule for rule in before.rules if rule.id not in new]
    for rule in after.rules:
        if rule.id in old:
            yield from _diff_rule(old[rule.id], rule)
            continue
        same = next((one for one in gone if _says(one) == _says(rule)), None)
        if same is not None:
            gone.remove(same)
            yield rule.id, f"renumbered from {same.id}"
        else:
            yield rule.id, f"rule added: `{plain(rule.written)}` → {rule.then} {rule.reason}"
            yield from _diff_purposes(rule.id, None, rule.purposes)
    for rule in gone:
        yield rule.id, f"rule removed: `{plain(rule.written)}` → {rule.then} {rule.reason}"
    yield from _diff_order(stage, "rules", list(old), list(new))


def _says(rule: Rule) -> object:
    return rule.when, rule.then, rule.reason, rule.purposes


def _diff_rule(before: Rule, after: Rule) -> Said:
    if not same_text(before.written, after.written):
        changes = condition_changes(before.when, after.when, before.written, after.written)
        yield from ((after.id, said) for said in changes)
    elif before.when != after.when:
        yield after.id, f"`{plain(after.written)}` means another value: what it names changed"
    if before.then != after.then:
        yield after.id, f"outcome {before.then} → {after.then}"
    if before.reason != after.reason:
        yield after.id, f"reason {before.reason} → {after.reason}"
    yield from _diff_purposes(after.id, before.purposes, after.purposes)


# --- tables ---------------------------------------------------------------------------------------


def _diff_table(stage: str, before: Table, after: Table, terms_changed: bool) -> Said:
    if before.hit != after.hit:
        yield stage, f"hit {before.hit} → {after.hit}"
    old_subjects = dict(zip(before.columns, before.subjects, strict=True))
    new_subjects = dict(zip(after.columns, after.subjects, strict=True))
    yield from _diff_names(stage, "column", old_subjects, new_subjects)
    yield from _diff_names(stage, "output", before.outputs, after.outputs)
    changed = [n for n in old_subjects if old_subjects[n] != new_subjects.get(n, old_subjects[n])]
    for name in changed:
        yield stage, f"column {name} is computed in another way"
    explained = terms_changed or bool(changed)
    pairs, gone, fresh = _pair_rows(before, after)
    for old, new in pairs:
        yield from _diff_row(before, after, old, new, explained)
    for row in fresh:
        yield row.id, f"row added: {_show_row(after, row)}"
    for row in gone:
        yield row.id, f"row removed: {_show_row(before, row)}"
    yield from _diff_row(before, after, before.otherwise, after.otherwise, explained)
    if "first" in (before.hit, after.hit):
        names = {new.id: old.id for old, new in pairs}
        order = [names[row.id] for row in after.rows if row.id in names]
        yield from _diff_order(stage, "rows", [old.id for old, _ in pairs], order)


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
    for same in (_same_id, _same_content, _same_number):
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
    return bool(NUMBERED.fullmatch(one.id) and NUMBERED.fullmatch(other.id)) and (
        one.condition,
        one.outputs,
        one.then,
        one.reason,
        one.purposes,
    ) == (other.condition, other.outputs, other.then, other.reason, other.purposes)


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
    yield from _diff_purposes(new.id, old.purposes, new.purposes)


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


# --- formulas -------------------------------------------------------------------------------------


def _diff_formula(stage: str, before: Formula, after: Formula) -> Said:
    old = {name: written for name, _, written in before.lets}
    new = {name: written for name, _, written in after.lets}
    for name in dict.fromkeys([*new, *old]):
        where = f"{stage}, let {name}"
        if name not in old:
            yield where, f"added: `{plain(new[name])}`"
        elif name not in new:
            yield where, f"removed: `{plain(old[name])}`"
        elif (said := expression_change(old[name], new[name])) is not None:
            yield where, said
    said = expression_change(before.written, after.written)
    if said is not None:
        yield stage, said
    if before.round_down_to_fen != after.round_down_to_fen:
        was, now = show(before.round_down_to_fen, MONEY), show(after.round_down_to_fen, MONEY)
        yield stage, f"rounded down to {was} → {now}"
    if before.minimum_fen != after.minimum_fen:
        was, now = show(before.minimum_fen, MONEY), show(after.minimum_fen, MONEY)
        yield stage, f"minimum {was} → {now}"
    if before.minimum_fen is not None and after.minimum_fen is not None:
        if before.then != after.then:
            yield stage, f"below the minimum {before.then} → {after.then}"
        if before.reason != after.reason:
            yield stage, f"reason {before.reason or 'none'} → {after.reason or 'none'}"


# --- scorecards -----------------------------------------------------------------------------------


def _diff_scorecard(stage: str, before: Scorecard, after: Scorecard) -> Said:
    for name in dict.fromkeys([*after.dimensions, *before.dimensions]):
        was, now = before.dimensions.get(name), after.dimensions.get(name)
        if was != now:
            yield stage, f"dimension {name} {show(was)} → {show(now)} points"
    old = {one.id: one for one in before.characteristics}
    new = {one.id: one for one in after.characteristics}
    for key, one in new.items():
        if key in old:
            for said in _diff_characteristic(old[key], one):
                yield f"{stage}, {key}", said
        else:
            yield f"{stage}, {key}", f"characteristic added: `{plain(one.written)}`, {_bins(one)}"
    for key, one in old.items():
        if key not in new:
            yield f"{stage}, {key}", f"characteristic removed: `{plain(one.written)}`"
    yield from _diff_order(stage, "characteristics", list(old), list(new))


def _diff_characteristic(before: Characteristic, after: Characteristic) -> Iterator[str]:
    if not same_text(before.written, after.written):
        if before.term != after.term:
            yield f"value `{plain(before.written)}` → `{plain(after.written)}`"
    elif before.term != after.term:
        yield f"`{plain(after.written)}` means another value: what it names changed"
    for what, was, now in (
        ("dimension", before.dimension, after.dimension),
        ("reason", before.reason, after.reason),
        ("points when missing", before.missing, after.missing),
    ):
        if was != now:
            yield f"{what} {show(was)} → {show(now)}"
    yield from _diff_bins(before, after)


def _diff_bins(before: Characteristic, after: Characteristic) -> Iterator[str]:
    if len(before.points) != len(after.points) or before.words != after.words:
        if (before.points, before.edges, before.words) != (after.points, after.edges, after.words):
            yield f"bins {_bins(before)} → {_bins(after)}"
        return
    kind = after.term.kind
    for (old, in_next), (new, in_next_now) in zip(before.edges, after.edges, strict=True):
        if old != new:
            yield f"edge {show(old, kind)} → {show(new, kind)}"
        elif in_next != in_next_now:
            side = "above" if in_next_now else "below"
            yield f"{show(new, kind)} itself now belongs to the bin {side} it"
    for label, was, now in zip(after.labels, before.points, after.points, strict=True):
        if was != now:
            yield f"bin {plain(label)}: points {show(was)} → {show(now)}"


def _bins(one: Characteristic) -> str:
    pairs = zip(one.labels, one.points, strict=True)
    return "; ".join(f"{plain(label)}: {show(points)}" for label, points in pairs)
