"""Survivors come in; for each a case that would notice it, written out ready to paste, goes out.

What a case expects is what the policy does now. It has been read back from its text, held on the
policy, and failed on the mutant; whether it is right, a person must judge.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.policies.cases import Case, CaseFile, read_cases
from app.policies.pipeline import Pipeline
from app.policies.policy import Policy
from app.policies.trials import differs, judge_case, verdict_of
from app.rules.catalogue import Catalogue
from app.rules.document import load_yaml
from app.rules.rulesets import Formula, Table
from app.rules.types import MONEY, Type
from app.scoring.scorecard import Scorecard
from app.trials.search import Found, Search

SHOWN = ("outcome", "reasons", "tier", "score", "limit_fen", "daily_rate")
WRITTEN = {"limit_fen": "limit", "rows": "row"}
PLAIN_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


@dataclass(frozen=True, slots=True)
class Suggested:
    """A case: `text` as it stands in a file, `case` as it is read. `file`: where it belongs; for a
    purpose that has no file yet the text is that of a whole new file, `is_whole`.
    """

    file: Path
    text: str
    case: Case
    is_whole: bool = False


class Suggester:
    """Writes cases for mutants of one policy, each under a name that is not taken."""

    def __init__(
        self,
        policy: Policy,
        cases: Sequence[Case],
        files: Sequence[CaseFile],
        catalogue: Catalogue,
        folder: Path,
    ) -> None:
        self._policy, self._catalogue, self._folder = policy, catalogue, folder
        self._search = Search(policy, cases, files)
        self._names = {name for file in files for name in file.names}

    def suggest(self, mutant: Policy, stage: str, item: str, words: str) -> Suggested | None:
        """A case that holds on the policy and fails on the mutant; None where none was found."""
        found = self._search.find(mutant, stage, item)
        if found is None:
            return None
        before, after = (
            verdict_of(Pipeline(one, found.purpose).judge(self._whole(found), engines="scalar"))
            for one in (self._policy, mutant)
        )
        return self.write(found, before, after, f"{item} as it is, not: {words}", mutant)

    def write_gap(
        self, found: Found, seen: Mapping[str, Any], stage: str, name: str
    ) -> Suggested | None:
        """The case of a merchant who reaches a part of that stage."""
        wanted = {key: seen[key] for key in ("outcome", "reasons") if seen[key]}
        checked = next(one.checked for one in self._policy.stages if one.name == stage)
        match checked:
            case Scorecard():
                wanted["score"] = seen["score"]
            case Table() if stage in seen["rows"]:
                wanted["rows"] = {stage: seen["rows"][stage]}
            case Formula():
                wanted["gives"] = {"limit": seen["gives"].get("limit")}
            case _:
                wanted["hits"] = seen["hits"]
        if seen["unknowns"]:
            wanted["unknowns"] = seen["unknowns"]
        return self._written(found, wanted, name, None)

    def write(
        self,
        found: Found,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        name: str,
        mutant: Policy | None,
    ) -> Suggested | None:
        """The case of a merchant; None where its text does not do what it should."""
        return self._written(found, _expect(before, after), name, mutant)

    def _written(
        self, found: Found, wanted: Mapping[str, Any], name: str, mutant: Policy | None
    ) -> Suggested | None:
        name = self._free(name)
        types = {one: self._catalogue[one].type for one in found.values if one in self._catalogue}
        given = ", ".join(f"{n}: {write_value(types[n], v)}" for n, v in found.given.items())
        lines = (
            f"- case: {json.dumps(name, ensure_ascii=False)}",
            f"  given: {{{given if found.file is not None else ''}}}",
            f"  expect: {{{_write_expected(wanted)}}}",
        )
        indent = _indent_of(found.file.path) if found.file is not None else "  "
        text = "".join(f"{indent}{line}\n" for line in lines)
        base = found.file.base if found.file is not None else found.values
        head = "".join(
            f"  {n}: {write_value(self._catalogue[n].type, base.get(n))}\n" for n in base
        )
        whole = f"base:\n{head}purpose: {found.purpose}\ncases:\n{text}"
        case = self._read_back(whole)
        if case is None or differs(case, self._judge(self._policy, case)):
            return None
        if mutant is not None and not differs(case, self._judge(mutant, case)):
            return None
        self._names.add(name)
        if found.file is None:
            return Suggested(self._folder / f"{found.purpose}.yaml", whole, case, True)
        return Suggested(found.file.path, text, case)

    def _free(self, name: str) -> str:
        number, free = 2, name
        while free in self._names:
            free, number = f"{name} ({number})", number + 1
        return free

    def _read_back(self, text: str) -> Case | None:
        problems: list[Any] = []
        root = load_yaml("suggested.yaml", text)
        cases = read_cases(root, self._catalogue, frozenset(self._policy.inputs), problems)
        return cases[0] if cases and not problems else None

    @staticmethod
    def _judge(policy: Policy, case: Case) -> dict[str, Any]:
        return judge_case(Pipeline(policy, case.purpose), case, "scalar")

    def _whole(self, found: Found) -> dict[str, Any]:
        assumed = self._policy.assumed.get(found.purpose, {})
        return {
            name: assumed.get(name) if found.values.get(name) is None else found.values[name]
            for name in self._policy.inputs
        }


def _indent_of(path: Path) -> str:
    """How far the cases of that file stand from its edge."""
    lines = path.read_text(encoding="utf-8-sig").split("\n")
    starts = (line for line in lines if line.lstrip().startswith("- "))
    first = next(starts, "  - ")
    return first[: len(first) - len(first.lstrip())]


def _expect(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Outcome, reasons where there are any, and whatever else differs: of what a decision shows,
    and only where that is nothing, of what its trace shows.
    """
    wanted = {key: before[key] for key in ("outcome",)}
    if before["reasons"] or before["reasons"] != after["reasons"]:
        wanted["reasons"] = before["reasons"]
    is_told = before["outcome"] != after["outcome"]  # who is not approved has no limit anyway
    for key in SHOWN:
        if before[key] != after[key] and not (is_told and before[key] is None):
            wanted[key] = before[key]
    if all(before[key] == after[key] for key in SHOWN):
        for key in ("gives", "rows", "hits", "unknowns"):
            if before[key] == after[key]:
                continue
            if key in ("gives", "rows"):
                wanted[key] = {
                    name: value
                    for name, value in before[key].items()
                    if value != after[key].get(name)
                }
            else:
                wanted[key] = before[key]
            break
    return wanted


def _write_expected(wanted: Mapping[str, Any]) -> str:
    return ", ".join(f"{WRITTEN.get(key, key)}: {_write(key, one)}" for key, one in wanted.items())


def _write(key: str, value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case list():
            return f"[{', '.join(_word(one) for one in value)}]"
        case dict():
            return (
                "{" + ", ".join(f"{name}: {_write(name, one)}" for name, one in value.items()) + "}"
            )
        case int() | float():
            return _yuan(int(value)) if key in ("limit_fen", "limit") else _number(value)
    return _word(value)


def write_value(of: Type, value: Any) -> str:
    """An inside value as it stands in a case."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if of.kind == MONEY:
        return _yuan(value)
    return _number(value) if isinstance(value, (int, float)) else _word(value)


def _yuan(fen: int) -> str:
    yuan, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{yuan:_}" + (f".{rest:02}" if rest else "")


def _number(value: float) -> str:
    """Exactly the number, without an exponent."""
    exact = Decimal(repr(value))
    if exact == exact.to_integral_value():
        return f"{int(exact):_}"
    return f"{exact:f}"


def _word(text: str) -> str:
    is_plain = text and PLAIN_WORD.issuperset(text) and not text[0].isdigit()
    if is_plain and text.lower() not in ("true", "false", "null", "yes", "no", "on", "off"):
        return text
    return json.dumps(text, ensure_ascii=False)
