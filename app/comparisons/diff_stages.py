"""Two checked rulesets or scorecards of one stage in; (where, what changed) goes out, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from app.comparisons.diff_tables import diff_table
from app.comparisons.wording import (
    Said,
    condition_changes,
    expression_change,
    plain,
    same_text,
    show,
    tell_order,
    tell_purposes,
    tell_words,
)
from app.policies.policy import Checked
from app.rules.rulesets import Formula, Header, Rule, Rules, Table
from app.rules.types import MONEY
from app.scoring.scorecard import Characteristic, Scorecard


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
            yield from diff_table(stage, before, after, terms_changed)
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
    yield from tell_words(stage, "title", before.title, after.title)
    yield from tell_purposes(stage, before.purposes, after.purposes)


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
            yield from tell_words(rule.id, "title", same.title, rule.title)
        else:
            yield rule.id, f"rule added: `{plain(rule.written)}` → {rule.then} {rule.reason}"
            yield from tell_purposes(rule.id, None, rule.purposes)
    for rule in gone:
        yield rule.id, f"rule removed: `{plain(rule.written)}` → {rule.then} {rule.reason}"
    yield from tell_order(stage, "rules", list(old), list(new))


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
    yield from tell_purposes(after.id, before.purposes, after.purposes)
    yield from tell_words(after.id, "title", before.title, after.title)


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
    if before.name != after.name:
        yield stage, f"called {before.name} → {after.name}"
    yield from tell_words(stage, "title", before.title, after.title)
    for name in dict.fromkeys([*after.dimensions, *before.dimensions]):
        was, now = before.dimensions.get(name), after.dimensions.get(name)
        if was != now:
            yield stage, f"dimension {name} {show(was)} → {show(now)} points"
    old = {one.id: one for one in before.characteristics}
    new = {one.id: one for one in after.characteristics}
    renamed = _renamed(before, after)
    for key, one in new.items():
        if key in renamed:
            yield f"{stage}, {key}", f"renamed from {renamed[key]}"
            old.pop(renamed[key])
        elif key in old:
            for said in _diff_characteristic(old[key], one):
                yield f"{stage}, {key}", said
            yield from tell_words(f"{stage}, {key}", "title", old[key].title, one.title)
        else:
            yield f"{stage}, {key}", f"characteristic added: `{plain(one.written)}`, {_bins(one)}"
    for key, one in old.items():
        if key not in new:
            yield f"{stage}, {key}", f"characteristic removed: `{plain(one.written)}`"
    yield from tell_order(stage, "characteristics", list(old), list(new))


def _renamed(before: Scorecard, after: Scorecard) -> dict[str, str]:
    """New id → old id of characteristics that differ in nothing else."""
    old = {one.id for one in before.characteristics}
    new = {one.id for one in after.characteristics}
    gone = [one for one in before.characteristics if one.id not in new]
    found: dict[str, str] = {}
    for one in after.characteristics:
        same = [other for other in gone if replace(other, id=one.id) == one]
        if one.id not in old and same:
            gone.remove(same[0])
            found[one.id] = same[0].id
    return found


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
            yield f"edge {show(old, before.term.kind)} → {show(new, kind)}"
        elif in_next != in_next_now:
            side = "above" if in_next_now else "below"
            yield f"{show(new, kind)} itself now belongs to the bin {side} it"
    for label, was, now in zip(after.labels, before.points, after.points, strict=True):
        if was != now:
            yield f"bin {plain(label)}: points {show(was)} → {show(now)}"


def _bins(one: Characteristic) -> str:
    pairs = zip(one.labels, one.points, strict=True)
    return "; ".join(f"{plain(label)}: {show(points)}" for label, points in pairs)
