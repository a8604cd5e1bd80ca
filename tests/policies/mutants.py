"""A product's documents come in; small mistakes go out, one a document set: a threshold moved by
the least step, a rule left out, a point more or less.

A mutant that every case survives is a hole in the cases.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from app.policies.documents import Documents
from app.rules.document import node_of, plain_of

LITERAL = re.compile(r"(?<![\w.])(-?\d[\d_]*(?:\.\d+)?)(?![\w.]|\.\d)")
EDGE = re.compile(r"-?\d[\d_]*(?:\.\d+)?")
COMPARED = re.compile(r"(<=?|>=?|=)\s*$")
OTHER_THEN = {"decline": "refer", "refer": "decline", "flag": "refer"}


def list_mutants(documents: Documents) -> Iterator[tuple[str, Documents]]:
    """(what was changed, the documents with that one change)."""
    catalogue = plain_of(documents.catalogue)["inputs"]
    types = {name: one["type"] for name, one in catalogue.items()}
    for name, node in documents.rulesets.items():
        plain = plain_of(node)
        maker = {"rules": _mutate_rules, "table": _mutate_table, "formula": _mutate_formula}
        for what, changed in maker[plain["kind"]](plain, types):
            rulesets = {**documents.rulesets, name: node_of(name, changed)}
            yield f"{name}: {what}", replace(documents, rulesets=rulesets)
    for name, node in documents.scorecards.items():
        for what, changed in _mutate_scorecard(plain_of(node), types):
            cards = {**documents.scorecards, name: node_of(name, changed)}
            yield f"scorecard: {what}", replace(documents, scorecards=cards)


Mutants = Iterator[tuple[str, dict[str, Any]]]


def _mutate_rules(plain: dict[str, Any], types: dict[str, str]) -> Mutants:
    for place, rule in enumerate(plain["rules"]):
        for text in _nudge(rule["when"], types):
            yield f"{rule['id']} {text}", _with(plain, ("rules", place, "when"), text)
        other = OTHER_THEN[rule["then"]]
        yield f"{rule['id']} then {other}", _with(plain, ("rules", place, "then"), other)
        changed = copy.deepcopy(plain)
        if len(changed["rules"]) > 1:
            del changed["rules"][place]
            yield f"{rule['id']} left out", changed


def _mutate_table(plain: dict[str, Any], types: dict[str, str]) -> Mutants:
    for place, row in enumerate(plain["rows"]):
        for column in plain["inputs"]:
            if column in row:
                written = row[column] if row[column][0] in "<>=" else f"= {row[column]}"
                for text in _nudge(f"{column} {written}", types):
                    cell = text.removeprefix(f"{column} ")
                    yield f"{row['id']} {text}", _with(plain, ("rows", place, column), cell)
                changed = copy.deepcopy(plain)
                del changed["rows"][place][column]
                if plain["hit"] == "first":
                    yield f"{row['id']} without {column}", changed
        changed = copy.deepcopy(plain)
        del changed["rows"][place]
        yield f"{row['id']} left out", changed


def _mutate_formula(plain: dict[str, Any], types: dict[str, str]) -> Mutants:
    for name, text in plain["let"].items():
        for nudged in _nudge(text, types):
            yield f"{name}: {nudged}", _with(plain, ("let", name), nudged)
    for nudged in _nudge(plain["limit"], types):
        yield f"limit: {nudged}", _with(plain, ("limit",), nudged)
    for unit in ("500", "2_000"):
        yield f"round down to {unit}", _with(plain, ("round_down_to",), unit)
    for amount in ("9_000", "11_000"):
        yield f"minimum {amount}", _with(plain, ("minimum", "amount"), amount)


def _mutate_scorecard(plain: dict[str, Any], types: dict[str, str]) -> Mutants:
    for place, one in enumerate(plain["characteristics"]):
        base = ("characteristics", place)
        step = _step_of(one.get("input", ""), types, one["bins"])
        for edge in sorted({e for b in one["bins"] for e in EDGE.findall(_spaced(b["when"]))}):
            for moved in (step, -step):
                changed = copy.deepcopy(plain)
                for part in changed["characteristics"][place]["bins"]:
                    part["when"] = _replace_edge(part["when"], edge, moved)
                yield f"{one['id']} {edge} {moved:+}", changed
        for delta in (-1, 1):
            missing = str(int(one["missing"]) + delta)
            if one["id"] != "fraud_hits":  # always known: only a ruleset gives it
                yield f"{one['id']} missing {missing}", _with(plain, (*base, "missing"), missing)
            for at, part in enumerate(one["bins"]):
                points = str(int(part["points"]) + delta)
                where = (*base, "bins", at, "points")
                yield f"{one['id']} {part['when']}: {points}", _with(plain, where, points)


def _nudge(text: str, types: dict[str, str]) -> Iterator[str]:
    """The text with one number changed: thresholds by the least step, others by one percent."""
    for found in LITERAL.finditer(text):
        number = Decimal(found[1].replace("_", ""))
        before = text[: found.start()]
        is_threshold = COMPARED.search(before) is not None
        name = re.findall(r"[^\W\d]\w*", before)[-1] if is_threshold else ""
        step = _step(types.get(name, "integer")) if is_threshold else abs(number) / 100
        for moved in (number + step, number - step):
            yield f"{before}{moved.normalize():f}{text[found.end() :]}"


def _step(declared: str) -> Decimal:
    return {"money": Decimal("0.01"), "ratio": Decimal("0.0001"), "number": Decimal("0.0001")}.get(
        declared, Decimal(1)
    )


def _step_of(name: str, types: dict[str, str], bins: list[dict[str, Any]]) -> Decimal:
    """Computed characteristics tell by their edges: fractions are ratios, others money."""
    if name in types or name.endswith("_hits"):
        return _step(types.get(name, "integer"))
    return (
        Decimal("0.0001")
        if any("." in b["when"].replace("..", "") for b in bins)
        else Decimal("0.01")
    )


def _spaced(cell: str) -> str:
    return cell.replace("..", " ")


def _replace_edge(cell: str, edge: str, moved: Decimal) -> str:
    to = f"{(Decimal(edge.replace('_', '')) + moved).normalize():f}"
    return re.sub(
        rf"(?<![\d_.-]){re.escape(edge)}(?![\d_]|\.\d)|(?<=\.\.){re.escape(edge)}(?![\d_]|\.\d)",
        to,
        cell,
    )


def _with(plain: dict[str, Any], path: tuple[str | int, ...], value: str) -> dict[str, Any]:
    changed: Any = copy.deepcopy(plain)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    result: dict[str, Any] = changed
    return result
