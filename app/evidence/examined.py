"""Lint and proofs: the release comes in; a part of the evidence goes out."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import Any

from app.evidence.subject import NotRun, Subject
from app.policies.evidence import FAILED, FINE, NOT_NEEDED, OPEN
from app.policies.trials import values_of

MOST_NAMED = 50


def lint_files(subject: Subject) -> dict[str, Any]:
    """The findings about the product's files that nobody has accepted. They forbid nothing."""
    if importlib.util.find_spec("app.lint") is None:
        raise NotRun("not available")
    from app.lint.lint import lint_policy

    if subject.looked is None:
        raise NotRun(subject.no_files)
    if not subject.is_of_files:
        raise NotRun("the files have changed since this release")
    found = lint_policy(subject.looked)
    shown = [f"{one.place}: {one.message} [{one.code}]" for one in found[:MOST_NAMED]]
    said = f"{len(found)} warning{'' if len(found) == 1 else 's'}" if found else "no warnings"
    return {"status": FINE, "said": said, "count": len(found), "warnings": shown}


def prove_statements(subject: Subject) -> dict[str, Any]:
    """Every statement of the policy for every purpose: proven, refuted, or open."""
    stated = subject.policy.always
    if not stated:
        said = "the policy states nothing under `always:`"
        return {"status": NOT_NEEDED, "said": said, "statements": []}
    if importlib.util.find_spec("z3") is None:
        raise NotRun("the solver z3 is not installed (the extra `prove`)")
    from app.proofs.prove import OPEN as LEFT_OPEN
    from app.proofs.prove import PROVEN, REFUTED, count_questions, prove

    total = count_questions(subject.policy)
    found = []
    for finding in prove(
        subject.policy,
        subject.catalogue,
        lambda purpose: _plain_merchant(subject, purpose),
        subject.proof_seconds,
    ):
        found.append(finding)
        subject.advance("proofs", len(found), total)
    counts = {
        verdict: sum(one.verdict == verdict for one in found)
        for verdict in (PROVEN, REFUTED, LEFT_OPEN)
    }
    part = {
        "counts": counts,
        "statements": [
            {
                "statement": one.statement.written,
                "purpose": one.purpose,
                "verdict": one.verdict,
                **({"why": one.why_open} if one.why_open else {}),
            }
            for one in found
        ],
    }
    said = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    status = FAILED if counts[REFUTED] else OPEN if counts[LEFT_OPEN] else FINE
    broken = [one.statement.written for one in found if one.verdict == REFUTED]
    if broken:
        said += f"; refuted: {'; '.join(dict.fromkeys(broken))}"
    return {"status": status, "said": said, **part}


def _plain_merchant(subject: Subject, purpose: str) -> Mapping[str, Any]:
    """The merchant of the first case that expects an approval, of that purpose where there is one;
    nothing where no case does, or the cases are of another policy.
    """
    try:
        cases = subject.cases
    except NotRun:
        return {}
    fine = [case for case in cases if case.expected.get("outcome") == "approve"]
    mine = [case for case in fine if case.purpose == purpose] or fine
    return {**mine[0].values, **values_of(subject.policy, mine[0])} if mine else {}
