"""A product's folder comes in; out come its checked policy, its cases and every problem, found in
one pass.

What is published is built here too: the canonical text of the bundle, and the policy read back from
that text, so that cases are run on what a release really holds.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from app.policies.accepted import Accepted, read_accepted
from app.policies.cases import Case, load_cases
from app.policies.documents import Documents, documents_of, read_documents
from app.policies.policy import Policy, check_policy, freeze_policy, read_policy
from app.rules.catalogue import read_catalogue
from app.rules.problems import Problem, ProblemsFound

NOTHING_ACCEPTED = Accepted()


@dataclass(frozen=True, slots=True)
class Examined:
    """A product's files after one look. `policy` is None where there is any problem; `partial` is
    what could be read all the same. `folder`: where they stand.
    """

    product: str
    documents: Documents | None
    policy: Policy | None
    cases: tuple[Case, ...]
    problems: tuple[Problem, ...]
    partial: Policy | None = None
    accepted: Accepted = NOTHING_ACCEPTED
    folder: Path | None = None


def examine(product: str, rulesets: Path, scorecards: Path) -> Examined:
    """Read, check and collect. Raises UnknownProduct; problems are given, not raised."""
    documents, unreadable = read_documents(product, rulesets, scorecards)
    folder = rulesets / product
    accepted = read_accepted(folder, rulesets.parent, unreadable)
    if documents is None:
        return Examined(product, None, None, (), tuple(sorted(set(unreadable))))
    policy, problems = read_policy(documents)
    problems += unreadable
    cases: list[Case] = []
    try:
        catalogue = read_catalogue(documents.catalogue, [])
        needed = policy.inputs if policy is not None else ()
        cases = load_cases(folder / "cases", rulesets.parent, catalogue, needed)
    except ProblemsFound as found:
        problems = [*problems, *found.problems]
    unique = tuple(sorted(set(problems)))
    whole = policy if not unique else None
    return Examined(product, documents, whole, tuple(cases), unique, policy, accepted, folder)


def freeze(examined: Examined) -> str:
    """The canonical JSON of all that a release of this policy needs. Raises ProblemsFound."""
    if examined.documents is None or examined.policy is None:
        raise ProblemsFound(examined.problems)
    return freeze_policy(examined.documents, examined.policy)


def thaw(bundle_json: str) -> Policy:
    """The policy that a bundle holds. Raises ProblemsFound."""
    return check_policy(documents_of(json.loads(bundle_json)))
