"""The parts in which two policies differ, and the policies in between: the one with some parts of
the other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from app.policies.policy import Checked, Policy
from app.rules.rulesets import Formula, Header, Row, Rules, Table
from app.scoring.scorecard import Scorecard

WHOLE = "the policy as a whole"


@dataclass(frozen=True, slots=True)
class Part:
    """Something that can be taken from the one policy or the other. `stage` and `key`: a rule, row
    or characteristic (no key: the whole stage); no stage: an input (key) or what is assumed.
    """

    label: str
    stage: str | None = None
    key: str | None = None


def list_parts(before: Policy, after: Policy) -> tuple[Part, ...]:
    """The parts that differ, in the order of the policy; one part for all where the stages are
    others or give other things.
    """
    if _shape(before) != _shape(after) or _moved_inputs(before, after):
        return (Part(WHOLE),)
    found: list[Part] = []
    for name in sorted(before.inputs.keys() & after.inputs.keys()):
        if before.inputs[name].type != after.inputs[name].type:
            found.append(Part(f"input {name}", None, name))
    if before.assumed != after.assumed:
        found.append(Part("what is assumed"))
    for old, new in zip(before.stages, after.stages, strict=True):
        if old.checked != new.checked:
            found += _parts_of(old.name, old.checked, new.checked)
    return tuple(found)


def group_parts(parts: Collection[Part]) -> dict[str, tuple[Part, ...]]:
    """The parts of one stage together, for when there are many."""
    groups: dict[str, list[Part]] = {}
    for part in parts:
        groups.setdefault(part.stage or part.label, []).append(part)
    return {
        members[0].label if len(members) == 1 else name: tuple(members)
        for name, members in groups.items()
    }


def mix(before: Policy, after: Policy, taken: Collection[Part]) -> Policy:
    """`before` with these parts of `after`."""
    if Part(WHOLE) in taken:
        return after
    inputs = {**after.inputs, **before.inputs}
    for part in taken:
        if part.stage is None and part.key is not None:
            inputs[part.key] = after.inputs[part.key]
    stages = []
    for old, new in zip(before.stages, after.stages, strict=True):
        own = [part for part in taken if part.stage == old.name]
        whole = any(part.key is None for part in own)
        keys = {part.key for part in own if part.key is not None}
        checked = old.checked
        if whole:
            checked = new.checked
        elif keys:
            checked = _mix_stage(old.checked, new.checked, keys)
        stages.append(replace(old, checked=checked))
    assumed = after.assumed if Part("what is assumed") in taken else before.assumed
    return replace(before, inputs=inputs, stages=tuple(stages), assumed=assumed)


def _shape(policy: Policy) -> object:
    """What must be equal for parts to be exchanged: the stages, and what they give."""
    stages = []
    for stage in policy.stages:
        outputs = stage.checked.outputs if isinstance(stage.checked, Table) else {}
        kinds = {name: one.kind for name, one in outputs.items()}
        stages.append((stage.name, type(stage.checked), kinds))
    return stages


def _moved_inputs(before: Policy, after: Policy) -> bool:
    """Whether an input of both comes from elsewhere, or is of another kind."""
    return any(
        (before.inputs[name].origin, before.inputs[name].type.kind)
        != (after.inputs[name].origin, after.inputs[name].type.kind)
        for name in before.inputs.keys() & after.inputs.keys()
    )


def _parts_of(stage: str, before: Checked, after: Checked) -> Iterator[Part]:
    """Rules, rows, characteristics one by one where they stand for themselves, else the stage."""
    whole = Part(stage, stage)
    old, new = _members(before), _members(after)
    if isinstance(before, Formula) or not _same_frame(before, after):
        yield whole
        return
    for key in dict.fromkeys([*new, *old]):
        if old.get(key) != new.get(key):
            label = key if isinstance(before, Rules) else f"{stage} {key}"
            yield Part(label, stage, key)


def _members(checked: Checked) -> dict[str, object]:
    """What each member means, by id; titles and ways of writing left out."""
    match checked:
        case Rules(rules=rules):
            return {rule.id: (rule.when, rule.then, rule.reason, rule.purposes) for rule in rules}
        case Scorecard(characteristics=characteristics):
            return {
                one.id: (one.term, one.points, one.edges, dict(one.words), one.missing, one.reason)
                for one in characteristics
            }
        case Table(rows=rows, otherwise=otherwise):
            return {row.id: _meaning_of(row) for row in (*rows, otherwise)}
        case Formula():
            return {}


def _meaning_of(row: Row) -> object:
    return row.condition, row.outputs, row.then, row.reason, row.purposes


def _same_frame(before: Checked, after: Checked) -> bool:
    match before, after:
        case (Rules(), Rules()):
            return _frame_of(before.header) == _frame_of(after.header)
        case (Table(), Table()):
            frames = [
                (_frame_of(one.header), one.hit, one.columns, one.subjects, one.outputs)
                for one in (before, after)
            ]
            ids = [[row.id for row in one.rows] for one in (before, after)]
            return frames[0] == frames[1] and ids[0] == ids[1]
    return isinstance(before, Scorecard)


def _frame_of(header: Header) -> object:
    return header.unknown, header.purposes


def _mix_stage(before: Checked, after: Checked, keys: Collection[str]) -> Checked:
    match before, after:
        case Rules(), Rules():
            olds, news = before.rules, after.rules
            rules = [one for one in news if one.id in keys]
            return replace(before, rules=(*(r for r in olds if r.id not in keys), *rules))
        case Scorecard(), Scorecard():
            kept = [one for one in before.characteristics if one.id not in keys]
            taken = [one for one in after.characteristics if one.id in keys]
            return replace(before, characteristics=(*kept, *taken))
        case Table(), Table():
            pairs = zip(before.rows, after.rows, strict=True)
            rows = tuple(new if new.id in keys else old for old, new in pairs)
            last = after.otherwise if "otherwise" in keys else before.otherwise
            return replace(before, rows=rows, otherwise=last)
    return after
