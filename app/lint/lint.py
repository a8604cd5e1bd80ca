"""A product that was examined comes in; what is right as a text and hardly meant goes out.

Only files without problems are looked at, so that no finding follows from a problem.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.lint.acceptance import leave_accepted_out
from app.lint.context import Findings, Part, parts_of
from app.lint.formulas import look_into_formula
from app.lint.rules import Placed, compare_rules, look_into_rules
from app.lint.scorecards import look_into_scorecard
from app.lint.tables import look_into_table
from app.lint.unread import (
    read_by,
    report_unread,
    report_unread_inputs,
    report_unused_reasons,
    words_of,
)
from app.policies.accepted import read_accepted
from app.policies.documents import read_file
from app.policies.examine import Examined
from app.rules.catalogue import read_catalogue
from app.rules.problems import Problem
from app.rules.rulesets import Formula, Rules, Table
from app.scoring.scorecard import Scorecard


@dataclass(frozen=True, slots=True)
class SharedLint:
    """What was found about the files that all products share."""

    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def lint_policy(looked: Examined) -> list[Problem]:
    """The findings about a product's own files that its accepted.yaml does not accept, in order."""
    documents, policy = looked.documents, looked.partial
    if documents is None or policy is None:
        return []
    findings = Findings()
    broken = {problem.place.file for problem in looked.problems}
    catalogue = read_catalogue(documents.catalogue, [])
    rules: list[Placed] = []
    for part in parts_of(documents, policy, catalogue, findings, broken):
        rules += _look_into(part)
    compare_rules(rules)
    if not looked.problems and looked.folder is not None:
        report_unread(documents, policy, looked.folder, findings)
    # an acceptance is not called empty while a problem keeps something from being looked at
    left = leave_accepted_out(findings.found, looked.accepted.lint, not looked.problems)
    return sorted({finding.problem for finding in left})


def _look_into(part: Part) -> list[Placed]:
    """Report what is at fault in one stage; its rules, to be compared with those of others."""
    match part.stage.checked:
        case Rules():
            return look_into_rules(part)
        case Table():
            look_into_table(part)
        case Formula():
            look_into_formula(part)
        case Scorecard():
            look_into_scorecard(part)
    return []


def lint_shared(products: Sequence[Examined], rulesets: Path, scorecards: Path) -> SharedLint:
    """What no product reads of the catalogue and the reasons. `products`: all that the folder
    has.
    """
    problems: list[Problem] = []
    accepted = read_accepted(rulesets, rulesets.parent, problems)
    silent: list[Problem] = []
    catalogue = read_file(rulesets / "catalogue.yaml", rulesets.parent, silent)
    reasons = read_file(rulesets / "reasons.yaml", rulesets.parent, silent)
    if catalogue is None or reasons is None or problems:
        return SharedLint(tuple(problems), ())
    read: set[str] = set()
    used: set[str] = set()
    for looked in products:
        if looked.policy is not None:
            inputs, codes = read_by(looked.policy)
        else:
            folder = rulesets / looked.product
            inputs = words_of([*folder.glob("*.yaml"), *scorecards.glob("*.yaml")])
            codes = inputs
        read |= inputs
        used |= codes
    findings = Findings()
    report_unread_inputs(catalogue, read, findings)
    report_unused_reasons(reasons, used, findings)
    is_complete = not any(one.problems for one in products)
    left = leave_accepted_out(findings.found, accepted.lint, is_complete)
    return SharedLint((), tuple(sorted({finding.problem for finding in left})))
