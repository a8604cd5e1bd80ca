"""The table of parts, in the order in which they are told; a subject comes in, the whole document
goes out.

The document holds no times and no machine: the same release, cases and snapshot give the same
document, so looking again does not void an approval.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from app.errors import ChengxinError
from app.evidence.examined import lint_files, prove_statements
from app.evidence.simulated import simulate_against_active
from app.evidence.subject import Subject
from app.evidence.tested import measure_case_coverage, run_all_cases, run_all_mutants
from app.policies.evidence import NOT_RUN, PARTS

FORMAT = "1"


@dataclass(frozen=True, slots=True)
class Part:
    """How a part is gathered, and whether that takes seconds at most."""

    name: str
    is_quick: bool
    gather: Callable[[Subject], dict[str, Any]]


TABLE = (
    Part("cases", True, run_all_cases),
    Part("coverage", True, measure_case_coverage),
    Part("lint", True, lint_files),
    Part("mutation", False, run_all_mutants),
    Part("proofs", False, prove_statements),
    Part("simulation", False, simulate_against_active),
)
assert tuple(part.name for part in TABLE) == PARTS


def gather_evidence(subject: Subject, only_quick: bool = False) -> dict[str, Any]:
    """All parts, or only the quick ones. A part that cannot be run says why."""
    return {
        "format": FORMAT,
        "made_by": f"chengxin {version('chengxin')}",
        "product": subject.product,
        "sha256": subject.sha256,
        "parts": {part.name: _gather(part, subject, only_quick) for part in TABLE},
    }


def _gather(part: Part, subject: Subject, only_quick: bool) -> dict[str, Any]:
    if only_quick and not part.is_quick:
        return {"status": NOT_RUN, "said": "it was published with --quick"}
    subject.advance(part.name, 0, 1)
    try:
        return part.gather(subject)
    except ChengxinError as error:
        return {"status": NOT_RUN, "said": str(error)}
