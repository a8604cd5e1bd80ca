"""Every threshold, factor, point and rule of the shipped policies is held by a case: a small change
anywhere breaks one.
"""

from __future__ import annotations

from functools import cache

import pytest

from app.policies.cases import Case
from app.policies.documents import Documents
from app.policies.examine import Examined, examine
from app.policies.pipeline import Pipeline
from app.policies.policy import check_policy
from app.policies.trials import differs, judge_case
from app.rules.problems import ProblemsFound
from app.settings import PROJECT_FOLDER
from tests.policies.mutants import list_mutants

PARTS = 4


@cache
def shipped(product: str) -> Examined:
    return examine(product, PROJECT_FOLDER / "rulesets", PROJECT_FOLDER / "scorecards")


def is_caught(changed: Documents, cases: list[Case]) -> bool:
    """Whether the check refuses the change or a case fails by it."""
    try:
        policy = check_policy(changed)
    except ProblemsFound:
        return True
    pipelines: dict[str, Pipeline] = {}
    for case in cases:
        if case.purpose not in pipelines:
            pipelines[case.purpose] = Pipeline(policy, case.purpose)
        if differs(case, judge_case(pipelines[case.purpose], case, "scalar")):
            return True
    return False


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("product", ["wuliudai", "fapiaodai"])
def test_no_small_change_goes_unnoticed(product: str, part: int) -> None:
    examined = shipped(product)
    assert examined.documents is not None
    survivors, tried = [], 0
    for number, (what, changed) in enumerate(list_mutants(examined.documents)):
        if number % PARTS != part:
            continue
        tried += 1
        near = what.split(":")[0].removesuffix(".yaml")  # the cases of that file fail soonest
        cases = sorted(examined.cases, key=lambda case: near not in case.place.file)
        if not is_caught(changed, cases):
            survivors.append(what)
    assert survivors == []
    assert tried > 50, "the mutants were not made"
