"""Two checked policies come in; what changed in meaning goes out, in words. Formatting, comments
and titles change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from app.comparisons.diff_stages import diff_stage
from app.comparisons.wording import plain, show, show_list
from app.policies.policy import Policy, reasons_used
from app.policies.reasons import Reason
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
    """Every change of meaning, in the order of the policy; nothing for policies that decide and
    explain the same.
    """
    found = [*_diff_terms(before, after), *_diff_assumed(before, after)]
    found += _diff_always(before, after)
    terms_changed = before.terms != after.terms
    old = {stage.name: stage for stage in before.stages}
    new = {stage.name: stage for stage in after.stages}
    for name in (*new, *(name for name in old if name not in new)):
        if name not in old or name not in new:
            word = "stage added" if name in new else "stage removed"
            found.append(Change("policy", name, word))
            continue
        for where, what in diff_stage(name, old[name].checked, new[name].checked, terms_changed):
            found.append(Change(name, where, what))
    kept = [[name for name in names if name in old and name in new] for names in (old, new)]
    if kept[0] != kept[1]:
        found.append(
            Change("policy", "stages", f"order {', '.join(kept[0])} → {', '.join(kept[1])}")
        )
    found += [Change("catalogue", *one) for one in _diff_inputs(before, after)]
    found += [Change("reasons", *one) for one in _diff_reasons(before, after)]
    return list(dict.fromkeys(found))


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
            if old.get(name) != new.get(name):
                said = f"assumed {name} {show(old.get(name), kind)} → {show(new.get(name), kind)}"
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


INPUT_ASPECTS: tuple[tuple[str, Callable[[Input], Any]], ...] = (
    ("type", lambda one: one.type.declared),
    ("values", lambda one: ", ".join(one.type.values or ())),
    ("range", lambda one: f"{_end(one.type.low)} to {_end(one.type.high)}"),
    ("from", lambda one: one.origin),
    ("oldest value", lambda one: _age(one.max_age_days)),
    ("direction", lambda one: one.direction.replace("_", " ")),
)


def _diff_inputs(before: Policy, after: Policy) -> Iterator[tuple[str, str]]:
    old = {**before.facts, **before.inputs}
    new = {**after.facts, **after.inputs}
    for name in sorted({*old, *new}):
        if (name in before.inputs) != (name in after.inputs):
            yield f"input {name}", "now read" if name in after.inputs else "no longer read"
        elif (name in old) != (name in new):
            yield f"fact {name}", "now accepted" if name in new else "no longer accepted"
        if name in old and name in new:
            for aspect, of in INPUT_ASPECTS:
                if of(old[name]) != of(new[name]):
                    yield (
                        f"input {name}",
                        f"{aspect} {of(old[name]) or 'none'} → {of(new[name]) or 'none'}",
                    )


def _end(value: Any) -> str:
    return "open" if value is None else show(value)


def _age(days: int | None) -> str:
    return "any age" if days is None else f"{days} days"


def _diff_reasons(before: Policy, after: Policy) -> Iterator[tuple[str, str]]:
    """Of the codes that both use: who may see them, and their texts."""
    for code in sorted(reasons_used(before) & reasons_used(after)):
        old, new = before.reasons.get(code), after.reasons.get(code)
        if old is None or new is None or old == new:
            continue
        if old.merchant_may_see != new.merchant_may_see:
            said = "told to" if new.merchant_may_see else "kept from"
            yield f"reason {code}", f"now {said} the merchant"
        for text in _changed_texts(old, new):
            yield f"reason {code}", text


def _changed_texts(old: Reason, new: Reason) -> Iterator[str]:
    texts: dict[str, tuple[Mapping[str, str], Mapping[str, str]]] = {
        "text for the merchant": (old.merchant, new.merchant),
        "text for staff": (old.staff, new.staff),
        "advice": (old.advice, new.advice),
    }
    for name, (was, now) in texts.items():
        for language in sorted({*was, *now}):
            if was.get(language) != now.get(language):
                yield (f"{name} ({language}) “{was.get(language, '')}” → “{now.get(language, '')}”")
