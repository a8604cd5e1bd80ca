"""`accepted.yaml` comes in: what a team has looked at and means to keep, each with its reason.

It lists findings of lint, by their code and a place that survives edits (a file and the id of what
stands in it), and mutants that no case kills. It is no part of a release: it changes no decision.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from app.policies.documents import read_file
from app.rules.document import Scalar
from app.rules.fields import Fields
from app.rules.problems import Problem

ACCEPTED_FILE = "accepted.yaml"
_AT = re.compile(r"(?P<file>\S+\.yaml)(?:\s+family\s+(?P<family>\S+)|\s+(?P<names>\S.*))?\s*")


@dataclass(frozen=True, slots=True)
class AcceptedLint:
    """A finding that is meant. `names`: ids in `file` (none: the file itself); `family`: all inputs
    of that family of the catalogue. `node` is where it stands.
    """

    code: str
    file: str
    names: tuple[str, ...]
    family: str | None
    why: str
    node: Scalar
    code_node: Scalar


@dataclass(frozen=True, slots=True)
class AcceptedSurvivor:
    """A mutant that no case kills, and why none should. `node` is where it stands."""

    mutant: str
    why: str
    node: Scalar


@dataclass(frozen=True, slots=True)
class Accepted:
    """What one `accepted.yaml` says; empty where there is none."""

    lint: tuple[AcceptedLint, ...] = ()
    survivors: tuple[AcceptedSurvivor, ...] = ()


def read_accepted(folder: Path, base: Path, problems: list[Problem]) -> Accepted:
    """The `accepted.yaml` of a folder; what is wrong with it goes to `problems`, places relative to
    `base`.
    """
    path = folder / ACCEPTED_FILE
    root = read_file(path, base, problems) if path.is_file() else None
    if root is None or (isinstance(root, Scalar) and root.is_null):
        return Accepted()
    fields = Fields(root, "accepted.yaml", problems)
    lint: list[AcceptedLint] = []
    survivors: list[AcceptedSurvivor] = []
    for node in fields.sequence("lint", required=False):
        lint += _read_lint(Fields(node, "an accepted finding", problems))
    for node in fields.sequence("survivors", required=False):
        survivors += _read_survivor(Fields(node, "an accepted survivor", problems), survivors)
    fields.finish()
    return Accepted(tuple(lint), tuple(survivors))


def _read_lint(fields: Fields) -> list[AcceptedLint]:
    code, at, why = fields.scalar("code"), fields.scalar("at"), fields.text("why")
    fields.finish()
    if code is None or at is None or not why:
        return []
    place = _AT.fullmatch(at.text)
    if place is None:
        fields.problems.append(
            at.problem(
                "bad-place",
                f"'{at.text}' does not say which file it speaks of",
                "write the file and the id in it, as in `tiering.yaml T-A`,"
                " `catalogue.yaml age, region` or `catalogue.yaml family scale`",
                max(1, len(at.text)),
            )
        )
        return []
    names = tuple(name.strip() for name in (place["names"] or "").split(",") if name.strip())
    return [AcceptedLint(code.text, place["file"], names, place["family"], why, at, code)]


def _read_survivor(fields: Fields, before: list[AcceptedSurvivor]) -> list[AcceptedSurvivor]:
    mutant, why = fields.scalar("mutant"), fields.text("why")
    fields.finish()
    if mutant is None or not why:
        return []
    if any(one.mutant == mutant.text for one in before):
        fields.problems.append(
            mutant.problem(
                "accepted-twice",
                f"the mutant '{mutant.text}' is accepted already",
                "keep one of the two",
                max(1, len(mutant.text)),
            )
        )
        return []
    return [AcceptedSurvivor(mutant.text, why, mutant)]
