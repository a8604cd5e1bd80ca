"""Cases, coverage and mutation: the release and its cases come in; a part of the evidence goes
out.
"""

from __future__ import annotations

import json
from typing import Any

from app.evidence.subject import NotRun, Subject
from app.policies.documents import documents_of, sha256_of
from app.policies.evidence import FAILED, FINE, OPEN
from app.policies.trials import ENGINES, run_cases
from app.trials.coverage import measure_coverage
from app.trials.mutation import run_mutants
from app.trials.noticed import Watch

MOST_NAMED = 50  # failures and gaps that are kept by name


def run_all_cases(subject: Subject) -> dict[str, Any]:
    """All cases by all evaluators."""
    cases = subject.cases
    if not cases:
        raise NotRun(f"there are no cases in {subject.product}/cases")
    total, done = len(cases) * len(ENGINES), 0

    def advance() -> None:
        nonlocal done
        done += 1
        subject.advance("cases", done, total)

    differences = run_cases(subject.policy, cases, advance)
    missed = {one.case.place: one.case.name for one in differences}
    failed = [f"{place.file}:{place.line}: {missed[place]}" for place in sorted(missed)]
    given = [[c.name, c.purpose, dict(c.values), dict(c.expected)] for c in cases]
    text = json.dumps(given, ensure_ascii=False, sort_keys=True, default=str)
    part = {
        "count": len(cases),
        "engines": list(ENGINES),
        "cases_sha256": sha256_of(text),
        "of_files": subject.is_of_files,
        "failed": failed[:MOST_NAMED],
        "failed_count": len(failed),
    }
    by = f"by {', '.join(ENGINES)}{subject.note}"
    if failed:
        return {"status": FAILED, "said": f"{len(failed)} of {len(cases)} fail {by}", **part}
    return {"status": FINE, "said": f"all {len(cases)} hold {by}", **part}


def measure_case_coverage(subject: Subject) -> dict[str, Any]:
    """Which rules, rows and bins the cases reach, and in which ways."""
    cases = subject.cases
    if not cases:
        raise NotRun(f"there are no cases in {subject.product}/cases")
    documents = subject.looked.documents if subject.looked and subject.is_of_files else None
    found = measure_coverage(subject.policy, cases, documents)
    part = found.as_json()
    missing = [str(one) for one in found.missing]
    part["missing"] = part["missing"][:MOST_NAMED]
    said = f"{len(found.covered)} of {found.total} reached{subject.note}"
    if not missing:
        return {"status": FINE, "said": said, **part}
    more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
    return {"status": OPEN, "said": f"{said}; not: {'; '.join(missing[:3])}{more}", **part}


def run_all_mutants(subject: Subject) -> dict[str, Any]:
    """How many small changes of the policy the cases notice, and which survive."""
    cases = subject.cases
    if not cases:
        raise NotRun(f"there are no cases in {subject.product}/cases")
    if Watch(subject.policy, cases).notices(subject.policy):
        raise NotRun("a case fails on the release itself")
    looked = subject.looked
    documents = looked.documents if looked is not None and subject.is_of_files else None
    report = run_mutants(
        documents or documents_of(subject.bundle),
        cases,
        lambda done, total: subject.advance("mutation", done, total),
        looked.accepted.survivors if looked is not None else (),
        subject.policy,
    )
    part = report.as_json()
    part["survivors"] = part["survivors"][:MOST_NAMED]
    said = f"{report.killed} of {report.total} small changes are noticed{subject.note}"
    if report.argued:
        said += f"; {report.argued} survive for a reason"
    left = [one.mutant.name for one in report.unargued]
    if not left:
        return {"status": FINE, "said": said, **part}
    more = f" and {len(left) - 3} more" if len(left) > 3 else ""
    return {"status": OPEN, "said": f"{said}; not: {'; '.join(left[:3])}{more}", **part}
