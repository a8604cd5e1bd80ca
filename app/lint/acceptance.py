"""Findings and what `accepted.yaml` says of them come in; the findings that nobody accepted go out,
and each acceptance that accepts nothing any more.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.lint.context import Finding, Findings
from app.policies.accepted import AcceptedLint
from app.rules.problems import suggest

CODES = (
    "accepted-nothing",
    "always-true",
    "always-unknown",
    "arm-unreachable",
    "assume-unread",
    "bin-unreachable",
    "column-without-effect",
    "file-unread",
    "gap-between-rows",
    "implied-rule",
    "input-unread",
    "let-unread",
    "minimum-always-missed",
    "minimum-never-missed",
    "never-applies",
    "never-equal",
    "never-true",
    "operand-never-binds",
    "otherwise-unreachable",
    "output-unread",
    "part-without-effect",
    "points-against-direction",
    "reason-unused",
    "row-unreachable",
    "rows-overlap",
    "same-condition",
    "same-points",
    "term-unread",
    "threshold-at-edge",
    "threshold-outside-range",
)


def leave_accepted_out(
    found: Sequence[Finding], accepted: Sequence[AcceptedLint], is_complete: bool
) -> list[Finding]:
    """The findings that are not accepted, and, where everything was looked at, each acceptance that
    accepts nothing.
    """
    left = list(found)
    empty = Findings()
    for one in accepted:
        names = _names_of(one, found)
        for name in names:
            left = [finding for finding in left if not _is_meant(one, name, finding)]
            if is_complete and not any(_is_meant(one, name, finding) for finding in found):
                _say_empty(one, name, empty)
    return [*left, *empty.found]


def _names_of(one: AcceptedLint, found: Sequence[Finding]) -> tuple[str | None, ...]:
    """The names of an acceptance, one by one; as a whole where that is the name of one finding."""
    whole = ", ".join(one.names)
    if any(whole in finding.names for finding in found):
        return (whole,)
    return one.names or (None,)


def _is_meant(one: AcceptedLint, name: str | None, finding: Finding) -> bool:
    if finding.problem.code != one.code or finding.file != one.file:
        return False
    if one.family is not None:
        return finding.family == one.family
    return name in finding.names if name is not None else not finding.names


def _say_empty(one: AcceptedLint, name: str | None, empty: Findings) -> None:
    if one.code not in CODES:
        empty.say(
            one.code_node,
            "accepted-nothing",
            f"no warning is called '{one.code}'",
            suggest(one.code, CODES) or f"warnings are called {', '.join(CODES)}",
        )
        return
    start = one.node.text.find(name) if name else 0
    span = (start, start + len(name)) if name and start >= 0 else None
    what = f"{one.file} {name}" if name else one.node.text
    empty.say(
        one.node,
        "accepted-nothing",
        f"there is no finding '{one.code}' at {what} any more",
        "take it out of accepted.yaml",
        (),
        span,
    )
