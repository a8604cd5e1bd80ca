"""Two checked policies come in; what changed goes out, in words: what they decide, what must hold,
and what is said to people. Formatting and comments change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any

from app.comparisons.diff_stages import diff_stage
from app.comparisons.wording import plain, show, show_list, tell_words
from app.policies.policy import Policy, reasons_used
from app.rules.catalogue import Input


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `part`: a stage, or policy, catalogue, reasons; `where`: the id within it."""

    part: str
    where: str
    what: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def diff_policies(before: Policy, after: Policy) -> list[Change]:
    """Every change, in the order of the policy; nothing for policies that decide and explain the
    same.
    """
    found = [*_diff_terms(before, after), *_diff_assumed(before, after)]
    found += _diff_always(before, after)
    found += [
        Change("policy", *one)
        for one in tell_words(f"policy {after.product}", "title", before.title, after.title)
    ]
    found += _diff_stages(before, after)
    found += [Change("catalogue", *one) for one in _diff_inputs(before, after)]
    found += [Change("reasons", *one) for one in _diff_reasons(before, after)]
    return list(dict.fromkeys(found))


def _diff_stages(before: Policy, after: Policy) -> Iterator[Change]:
    terms_changed = before.terms != after.terms
    renamed = _renamed_stages(before, after)
    old = {renamed.get(stage.name, stage.name): stage for stage in before.stages}
    new = {stage.name: stage for stage in after.stages}
    for name in (*new, *(name for name in old if name not in new)):
        if name not in old or name not in new:
            word = "stage added" if name in new else "stage removed"
            yield Change("policy", name, word)
            continue
        was, now = old[name], new[name]
        if was.name != name:
            yield Change("policy", name, f"stage renamed from {was.name}")
        if was.file != now.file:
            yield Change("policy", name, f"file {was.file} → {now.file}")
        for where, what in diff_stage(name, was.checked, now.checked, terms_changed):
            yield Change(name, where, what)
    kept = [[name for name in names if name in old and name in new] for names in (old, new)]
    if kept[0] != kept[1]:
        yield Change("policy", "stages", f"order {', '.join(kept[0])} → {', '.join(kept[1])}")


def _renamed_stages(before: Policy, after: Policy) -> dict[str, str]:
    """Old name → new name of stages that are read from the same file."""
    old, new = {one.name for one in before.stages}, {one.name for one in after.stages}
    files = {(type(one.checked), one.file): one.name for one in after.stages if one.name not in old}
    return {
        one.name: files.pop((type(one.checked), one.file))
        for one in before.stages
        if one.name not in new and (type(one.checked), one.file) in files
    }


def _diff_terms(before: Policy, after: Policy) -> Iterator[Change]:
    for name in dict.fromkeys([*before.terms, *after.terms]):
        old, new = before.terms.get(name), after.terms.get(name)
        if old != new:
            yield Change("policy", f"term {name}", f"{show(old)} → {show(new)}")


def _diff_assumed(before: Policy, after: Policy) -> Iterator[Change]:
    for purpose in sorted({*before.assumed, *after.assumed}):
        old, new = before.assumed.get(purpose, {}), after.assumed.get(purpose, {})
        for name in sorted({*old, *new}):
            one = before.inputs.get(name) or after.inputs.get(name)
            kind = one.type.kind if one is not None else ""
            if old.get(name) != new.get(name) or (name in old) != (name in new):
                was, now = (
                    ("null" if one[name] is None else show(one[name], kind))
                    if name in one
                    else "nothing"
                    for one in (old, new)
                )
                said = f"assumed {name} {was} → {now}"
                yield Change("policy", f"purpose {purpose}", said)


def _diff_always(before: Policy, after: Policy) -> Iterator[Change]:
    """What must always hold: a statement counts as the same by its meaning or by its text."""
    for one, other, word in ((before, after, "no longer stated"), (after, before, "now stated")):
        meant = {(statement.claim, statement.purposes) for statement in other.always}
        written = {(plain(statement.written), statement.purposes) for statement in other.always}
        for said in one.always:
            text = plain(said.written)
            same = (said.claim, said.purposes) in meant or (text, said.purposes) in written
            if not same:
                purposes = show_list(said.purposes, "all purposes")
                yield Change("policy", "always", f"{word}, for {purposes}: {text}")
    texts = [[plain(said.written) for said in one.always] for one in (before, after)]
    if texts[0] != texts[1] and sorted(texts[0]) == sorted(texts[1]):
        yield Change("policy", "always", "the statements stand in another order")


INPUT_ASPECTS: tuple[tuple[str, Callable[[Input], Any]], ...] = (
    ("type", lambda one: one.type.declared),
    ("values", lambda one: ", ".join(one.type.values or ())),
    ("range", lambda one: f"{_end(one.type.low)} to {_end(one.type.high)}"),
    ("from", lambda one: one.origin),
    ("oldest value", lambda one: _age(one.max_age_days)),
    ("direction", lambda one: one.direction.replace("_", " ")),
)
TOLD_APART = {"name", "type", "origin", "max_age_days", "direction", "meaning", "plain"}
PLAIN_KEYS = tuple(one.name for one in fields(Input) if one.name not in TOLD_APART)


def _diff_inputs(before: Policy, after: Policy) -> Iterator[tuple[str, str]]:
    old = {**before.facts, **before.stated, **before.inputs}
    new = {**after.facts, **after.stated, **after.inputs}
    for name in sorted({*old, *new}):
        if (name in before.inputs) != (name in after.inputs):
            yield f"input {name}", "now read" if name in after.inputs else "no longer read"
        elif (name in before.facts) != (name in after.facts):
            said = "now accepted" if name in after.facts else "no longer accepted"
            yield f"fact {name}", said
        if name in old and name in new:
            yield from _diff_input(f"input {name}", old[name], new[name])


def _diff_input(where: str, old: Input, new: Input) -> Iterator[tuple[str, str]]:
    for aspect, of in INPUT_ASPECTS:
        if of(old) != of(new):
            yield where, f"{aspect} {of(old) or 'none'} → {of(new) or 'none'}"
    for key in PLAIN_KEYS:
        was, now = getattr(old, key), getattr(new, key)
        if was != now:
            yield where, f"{key} {was or 'none'} → {now or 'none'}"
    yield from tell_words(where, "meaning", old.meaning, new.meaning)
    yield from tell_words(where, "name for merchants", old.plain, new.plain)


def _end(value: Any) -> str:
    return "open" if value is None else show(value)


def _age(days: int | None) -> str:
    return "any age" if days is None else f"{days} days"


def _diff_reasons(before: Policy, after: Policy) -> Iterator[tuple[str, str]]:
    """Of the codes that both use: who may see them, and their texts; and the notices."""
    for code in sorted(reasons_used(before) & reasons_used(after)):
        old, new = before.reasons.get(code), after.reasons.get(code)
        if old is None or new is None or old == new:
            continue
        if old.merchant_may_see != new.merchant_may_see:
            said = "told to" if new.merchant_may_see else "kept from"
            yield f"reason {code}", f"now {said} the merchant"
        for name, was, now in (
            ("text for the merchant", old.merchant, new.merchant),
            ("text for staff", old.staff, new.staff),
            ("advice", old.advice, new.advice),
        ):
            yield from tell_words(f"reason {code}", name, was, now)
    for name in sorted({*before.notices, *after.notices}):
        texts = before.notices.get(name, {}), after.notices.get(name, {})
        yield from tell_words(f"notice {name}", "text", *texts)
