"""Cases come in (`cases/*.yaml`, or all of a product); out come `Case` records, ready to be run.

A case says what is given (over the file's `base`) and what is expected; only what it names is
compared. Money stands in yuan in the file and is whole fen in the record. `app.policies.trials`
runs them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.policies.documents import read_file
from app.policies.policy import read_value
from app.rules.catalogue import Catalogue, describe_expected
from app.rules.document import AnyNode, Scalar
from app.rules.document import Mapping as MappingNode
from app.rules.fields import NUMBER_TEXT, Fields
from app.rules.problems import Place, Problem, ProblemsFound, suggest
from app.rules.rulesets import OUTCOMES, PURPOSES
from app.rules.types import whole_fen


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `values`: every input, inside values (money in fen), None for missing.

    `expected`: the keys that the case names: outcome, reasons, tier, limit_fen, daily_rate, score,
    rows {stage: row id}, hits (ids of rules), unknowns (names that were missing and mattered).
    """

    name: str
    place: Place
    purpose: str
    values: Mapping[str, Any]
    expected: Mapping[str, Any]


def load_cases(folder: Path, base: Path, catalogue: Catalogue, needed: Iterable[str]) -> list[Case]:
    """All cases of a folder, by file name and in file order; places are shown relative to `base`.

    `needed`: the inputs that the policy reads, which every file's `base` has to give. Raises
    ProblemsFound with everything that is wrong in any of the files.
    """
    problems: list[Problem] = []
    cases: list[Case] = []
    for path in sorted(folder.glob("*.yaml")):
        root = read_file(path, base, problems)
        if root is not None:
            cases += read_cases(root, catalogue, frozenset(needed), problems)
    if problems:
        raise ProblemsFound(problems)
    return cases


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A file of cases: where it stands, what it takes as given, and the names that are taken."""

    path: Path
    purpose: str
    base: Mapping[str, Any]
    names: frozenset[str]


def load_case_files(folder: Path, catalogue: Catalogue) -> list[CaseFile]:
    """The files of a folder that hold cases without a problem, by name."""
    found: list[CaseFile] = []
    for path in sorted(folder.glob("*.yaml")):
        problems: list[Problem] = []
        root = read_file(path, folder, problems)
        cases = read_cases(root, catalogue, frozenset(), problems) if root is not None else []
        if isinstance(root, MappingNode) and not problems:
            purpose = root.get("purpose")
            said = purpose.text if isinstance(purpose, Scalar) else "drawdown"
            base = _read_values(root.get("base"), "base", catalogue, problems)
            found.append(CaseFile(path, said, base, frozenset(case.name for case in cases)))
    return found


def read_cases(
    root: AnyNode, catalogue: Catalogue, needed: frozenset[str], problems: list[Problem]
) -> list[Case]:
    """The cases of one file's document; what is wrong goes to `problems`."""
    fields = Fields(root, "a file of cases", problems)
    base_node = fields.node_of("base")
    base = _read_values(base_node, "base", catalogue, problems)
    absent = sorted(needed - base.keys())
    if isinstance(base_node, MappingNode) and absent:
        problems.append(
            base_node.problem(
                "base-incomplete",
                f"'base' does not give {', '.join(absent)}, which the policy reads",
                "write a usual value, or null for missing",
            )
        )
    purpose = fields.choice("purpose", PURPOSES, required=False) or "drawdown"
    names: dict[str, int] = {}
    cases: list[Case] = []
    for node in fields.sequence("cases"):
        one = Fields(node, "a case", problems)
        name = one.scalar("case")
        given = _read_values(one.node_of("given", required=False), "given", catalogue, problems)
        expected = _read_expected(one.fields("expect", "'expect'"))
        one.finish()
        if name is None:
            continue
        if name.text in names:
            message = f"the case '{name.text}' stands in line {names[name.text]} already"
            problems.append(name.problem("case-twice", message, "give it another name"))
        names.setdefault(name.text, name.line)
        place = Place(name.source.file, name.line, name.column)
        cases.append(Case(name.text, place, purpose, {**base, **given}, expected))
    fields.finish()
    return cases


def _read_values(
    node: AnyNode | None, what: str, catalogue: Catalogue, problems: list[Problem]
) -> dict[str, Any]:
    """Inputs by name, as inside values."""
    if node is None:
        return {}
    fields = Fields(node, f"'{what}'", problems)
    found: dict[str, Any] = {}
    for key, value in fields.rest():
        known = catalogue.get(key.text)
        if known is None:
            problems.append(
                key.problem(
                    "unknown-name",
                    f"unknown input '{key.text}'",
                    suggest(key.text, catalogue),
                    max(1, len(key.text)),
                )
            )
            continue
        found[key.text], why = read_value(value, known.type)
        if why is not None:
            expected = describe_expected(known.type)
            problems.append(
                value.problem(
                    "wrong-value", f"'{key.text}' must be {expected}, or null for missing"
                )
            )
    return found


def _read_expected(fields: Fields | None) -> dict[str, Any]:
    """What a case expects; a key that stands there with null expects that there is nothing."""
    if fields is None:
        return {}
    expected: dict[str, Any] = {}
    if fields.has("outcome"):
        expected["outcome"] = fields.choice("outcome", OUTCOMES)
    for key in ("reasons", "hits", "unknowns"):
        if fields.has(key):
            expected[key] = [node.text for node in fields.texts(key)]
    if fields.has("tier"):
        expected["tier"] = fields.text("tier", required=False)
    for key, name in (("score", "score"), ("daily_rate", "daily_rate"), ("limit", "limit_fen")):
        if fields.has(key):
            expected[name] = _read_number(fields, key)
    if fields.has("row"):
        rows = fields.mapping("row")
        expected["rows"] = {k.text: v.text for k, v in rows if isinstance(v, Scalar)}
    if fields.has("gives"):
        inner = fields.fields("gives", "'gives'")
        expected["gives"] = _read_gives(inner) if inner is not None else {}
    fields.finish()
    if not expected and isinstance(fields.node, MappingNode):
        fields.problems.append(
            fields.node.problem(
                "expects-nothing",
                "this case expects nothing, so it cannot fail",
                "write what is expected, as in {outcome: decline, reasons: [SHORT_HISTORY]}",
            )
        )
    return expected


def _read_gives(fields: Fields) -> dict[str, Any]:
    """`{limit: 120_000, daily_rate: 0.0004, tier: D}`: fen, numbers, true or false, words."""
    found: dict[str, Any] = {}
    for key, node in fields.rest():
        text = node.text if isinstance(node, Scalar) and not node.is_null else None
        is_number = text is not None and NUMBER_TEXT.fullmatch(text) is not None
        found[key.text] = _read_number(fields, key.text) if is_number else text
        if isinstance(node, Scalar) and not node.quoted and text in ("true", "false"):
            found[key.text] = text == "true"
    return found


def _read_number(fields: Fields, key: str) -> int | float | None:
    """A number of a case; whole fen for a limit."""
    number = fields.number(key, required=False)
    if number is None or key != "limit":
        return None if number is None else float(number)
    fen = whole_fen(number)
    if fen is None:
        node = fields.node_of(key)
        assert node is not None
        fields.problems.append(
            node.problem(
                "less-than-a-fen",
                f"'{key}' has more than two decimals",
                "write an amount in yuan, as in 120_000 or 0.01",
            )
        )
    return fen
