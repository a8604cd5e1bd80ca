"""A product small enough that its mutants can be counted on fingers, written as files."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from app.policies.examine import Examined, examine
from app.settings import PROJECT_FOLDER

POLICY = """\
policy: loan
title: {{zh: 贷, en: Loan}}
stages:
{stages}
"""
RULE = """\
kind: rules
title: {zh: 准入, en: Admission}
unknown: refer
rules:
  - id: R-1
    title: {zh: 月, en: Months}
    when: cod_months < 12
    then: decline
    reason: SHORT_HISTORY
"""
TWELVE = "  - case: twelve\n    given: {cod_months: 12}\n    expect: {outcome: approve}\n"
ELEVEN = (
    "  - case: eleven\n    given: {cod_months: 11}\n"
    "    expect: {outcome: decline, reasons: [SHORT_HISTORY]}\n"
)
MISSING = "  - case: missing\n    given: {cod_months: null}\n    expect: {outcome: refer}\n"


def write_product(
    folder: Path,
    stages: Mapping[str, str],
    cases: str,
    base: str = "cod_months: 24",
    accepted: str = "",
) -> None:
    """`stages`: the ruleset of each, in order; `cases`: entries of one file; `base`: what they take
    as given, as flow mapping entries.
    """
    loan = folder / "rulesets" / "loan"
    (loan / "cases").mkdir(parents=True, exist_ok=True)
    (folder / "scorecards").mkdir(exist_ok=True)
    for name in ("catalogue.yaml", "reasons.yaml"):
        shutil.copy(PROJECT_FOLDER / "rulesets" / name, folder / "rulesets" / name)
    listed = "\n".join(f"  - {{stage: {name}, ruleset: {name}.yaml}}" for name in stages)
    (loan / "policy.yaml").write_text(POLICY.format(stages=listed), encoding="utf-8")
    for name, text in stages.items():
        (loan / f"{name}.yaml").write_text(text, encoding="utf-8")
    write_cases(folder, cases, base)
    if accepted:
        (loan / "accepted.yaml").write_text(accepted, encoding="utf-8")


def write_cases(folder: Path, cases: str, base: str = "cod_months: 24") -> None:
    path = folder / "rulesets" / "loan" / "cases" / "all.yaml"
    path.write_text(f"base: {{{base}}}\ncases:\n{cases}", encoding="utf-8")


def look(folder: Path) -> Examined:
    looked = examine("loan", folder / "rulesets", folder / "scorecards")
    assert looked.problems == ()
    return looked
