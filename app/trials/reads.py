"""An item of a policy comes in; the inputs that it reads, also through earlier stages, go out."""

from __future__ import annotations

from app.policies.policy import Policy, gives_of
from app.trials.landmarks import term_of, terms_of


def inputs_of(policy: Policy, stage_name: str, item: str) -> list[str]:
    """The inputs that an item of a stage reads, those of earlier stages through what they give, the
    item's own first; the whole stage's where the item is not one condition.
    """
    found: dict[str, None] = {}
    names = _own_inputs(policy, stage_name, item)
    for _ in range(len(policy.stages)):
        found.update(dict.fromkeys(names))
        given = [name for name in names if name not in policy.inputs]
        if not given:
            break
        names = [
            name
            for stage in policy.stages
            if any(_gives(stage.name, given_name, policy) for given_name in given)
            for term in terms_of(stage.checked)
            for name in term.inputs()
            if name not in found
        ]
    return list(found)


def _own_inputs(policy: Policy, stage_name: str, item: str) -> list[str]:
    for stage in policy.stages:
        if stage.name == stage_name:
            own = term_of(stage.checked, item)
            terms = [own] if own is not None else terms_of(stage.checked)
            return list(dict.fromkeys(name for term in terms for name in term.inputs()))
    return []


def _gives(stage_name: str, name: str, policy: Policy) -> bool:
    return any(
        stage.name == stage_name and name in gives_of(stage.name, stage.checked)
        for stage in policy.stages
    )
