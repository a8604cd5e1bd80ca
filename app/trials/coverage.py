"""A policy and its cases come in; which rules, rows, bins and bounds the cases reach goes out."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.policies.cases import Case
from app.policies.documents import Documents
from app.policies.pipeline import Pipeline
from app.policies.policy import Policy, Stage
from app.policies.trials import values_of
from app.rules.compiled import CompiledFormula
from app.rules.document import Mapping, Scalar
from app.rules.document import Sequence as SequenceNode
from app.rules.program import build_program
from app.rules.rulesets import Formula, Rules, Table
from app.rules.scalar import compile_scalar
from app.rules.stages import CLEAR, HIT, UNKNOWN
from app.rules.terms import Term
from app.rules.types import BOOLEAN, MONEY, TEXT
from app.scoring.scorecard import Scorecard
from app.trials.parts import Way, list_ways, takes

MOST_TRIED = 4_096


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """Something that a case can reach. `item`: a rule, row, characteristic or value; `line` 0 where
    the document is a release's.
    """

    stage: str
    file: str
    item: str
    way: str
    line: int = 0

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.item}: {self.way}"


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the cases reach, and what none of them does; both in the order of the policy."""

    covered: tuple[Part, ...]
    missing: tuple[Part, ...]

    @property
    def total(self) -> int:
        return len(self.covered) + len(self.missing)

    def as_json(self) -> dict[str, Any]:
        keys = ("stage", "file", "line", "item", "way")
        return {
            "covered": len(self.covered),
            "total": self.total,
            "missing": [{key: getattr(one, key) for key in keys} for one in self.missing],
        }


def measure_coverage(
    policy: Policy, cases: Sequence[Case], documents: Documents | None = None
) -> Coverage:
    """What the cases reach, over all purposes. `documents` gives the lines of what is missing."""
    reached: set[tuple[str, str, str]] = set()
    pipelines: dict[str, Pipeline] = {}
    ways = {
        stage.name: list_ways(policy, stage.name, stage.checked)
        for stage in policy.stages
        if isinstance(stage.checked, Formula)
    }
    judges = {name: _judge_of(mine) for name, mine in ways.items()}
    for case in cases:
        if case.purpose not in pipelines:
            pipelines[case.purpose] = Pipeline(policy, case.purpose)
        pipeline = pipelines[case.purpose]
        values = values_of(policy, case)
        for name, stage in pipeline.stages:
            result = stage.judge(values)
            if not (isinstance(stage, CompiledFormula) and not stage.applies):
                reached.update((name, item, way) for item, way in _reached(stage, result.trace))
            if isinstance(stage, CompiledFormula) and stage.applies:
                results = judges[name](values)
                reached.update((name, w.of, w.words) for w in ways[name] if takes(w, results))
            values.update(result.gives)
    covered: list[Part] = []
    missing: list[Part] = []
    for stage_ in policy.stages:
        lines = _lines_of(stage_, documents)
        parts = _parts(stage_, ways.get(stage_.name, []))
        for item, way in dict.fromkeys(parts):
            part = Part(stage_.name, lines[0] or stage_.file, item, way, lines[1].get(item, 0))
            (covered if (stage_.name, item, way) in reached else missing).append(part)
    return Coverage(tuple(covered), tuple(missing))


def _judge_of(ways: Sequence[Way]) -> Any:
    terms = {id(term): term for way in ways for term, _ in way.path}
    terms |= {id(term): term for way in ways for term in way.terms}
    judge = compile_scalar(build_program(list(terms.values())))
    return lambda values: dict(zip(terms, judge(values), strict=True))


def _reached(stage: Any, trace: Any) -> Iterator[tuple[str, str]]:
    """(item, way) of each thing that one merchant reached in a stage."""
    yield from ((rule, result) for rule, result in trace.get("rules", {}).items())
    if "row" in trace:
        is_row = trace["row"] != UNKNOWN
        yield (trace["row"], "row") if is_row else ("table", UNKNOWN)
    for one in trace.get("characteristics", ()):
        yield one["id"], str(one["bin"])
    if isinstance(stage, CompiledFormula):
        exact, limit, formula = trace["exact_fen"], trace["limit_fen"], stage.formula
        if exact is None:
            yield "limit", UNKNOWN
            return
        if exact < 0:
            yield "limit", "below 0"
        elif exact % formula.round_down_to_fen:
            yield "round_down_to", "rounded"
        if formula.minimum_fen is not None:
            yield "minimum", "below" if limit < formula.minimum_fen else "reached"


def _parts(stage: Stage, ways: Sequence[Way]) -> Iterator[tuple[str, str]]:
    """Everything that a case can reach in a stage, in the order of its file."""
    match stage.checked:
        case Rules(rules=rules):
            for rule in rules:
                yield rule.id, HIT
                yield rule.id, CLEAR
                if _can_be_unknown(rule.when):
                    yield rule.id, UNKNOWN
        case Table(rows=rows):
            yield from ((row.id, "row") for row in rows)
            yield "otherwise", "row"
            if any(_can_be_unknown(row.condition) for row in rows):
                yield "table", UNKNOWN
        case Scorecard(characteristics=characteristics):
            for one in characteristics:
                yield from ((one.id, label) for label in one.labels)
                if not all(_never_null(name) for name in one.term.inputs()):
                    yield one.id, "missing"
        case Formula() as formula:
            yield from ((way.of, way.words) for way in ways)
            if any(not _never_null(name) for name in formula.limit.inputs()):
                yield "limit", UNKNOWN
            if any(op in ("sub", "neg") for op in _operations(formula.limit)):
                yield "limit", "below 0"
            if formula.round_down_to_fen > 1:
                yield "round_down_to", "rounded"
            if formula.minimum_fen is not None:
                yield "minimum", "below"
                yield "minimum", "reached"


def _operations(term: Term) -> Iterator[str]:
    yield term.op
    for arg in term.args:
        yield from _operations(arg)


def _never_null(name: str) -> bool:
    return name.endswith(("_hits", "_outcome"))


def _can_be_unknown(term: Term) -> bool:
    """Whether some merchant makes the condition unknown; `amount != null and amount < 1_000` never
    is. Tried over missing and values around the constants: all of them, or a fixed sample.
    """
    program = build_program([term])
    judge = compile_scalar(program)
    constants = set(_constants(term))
    choices = {n: _choices(n, kind, constants) for n, kind in program.inputs}
    total = math.prod(len(one) for one in choices.values())
    rows = itertools.product(*choices.values())
    if total > MOST_TRIED:
        chance = random.Random(0)
        picked = [[chance.choice(one) for one in choices.values()] for _ in range(MOST_TRIED)]
        rows = iter([tuple(row) for row in picked])  # type: ignore[assignment]
    return any(judge(dict(zip(choices, row, strict=True)))[0] is None for row in rows)


def _choices(name: str, kind: str, constants: set[Any]) -> list[Any]:
    """Null, where that may be, and values of a kind that conditions tell apart."""
    if kind == BOOLEAN:
        known: list[Any] = [True, False]
    elif kind == TEXT:
        known = [*sorted(one for one in constants if isinstance(one, str)), ""]
    else:
        numbers = [one for one in constants if type(one) in (int, float)] or [0]
        near = {number + step for number in numbers for step in (-1, 0, 1)}
        whole = kind == MONEY
        known = sorted({int(one) if whole else float(one) for one in near})
    return known if _never_null(name) else [None, *known]


def _constants(term: Term) -> Iterator[Any]:
    if term.op == "const":
        yield term.payload
    for arg in term.args:
        yield from _constants(arg)


def _lines_of(stage: Stage, documents: Documents | None) -> tuple[str, dict[str, int]]:
    """The file as a reader knows it, and the line of each item in it."""
    if documents is None:
        return "", {}
    card = isinstance(stage.checked, Scorecard)
    root = (documents.scorecards if card else documents.rulesets).get(stage.file)
    if not isinstance(root, Mapping):
        return "", {}
    lines = {key.text: key.line for key, _ in root.items}
    lines["table"] = root.line
    let = root.get("let")
    if isinstance(let, Mapping):
        lines |= {key.text: key.line for key, _ in let.items}
    for kind in ("rules", "rows", "characteristics"):
        nodes = root.get(kind)
        for number, node in enumerate(nodes.items if isinstance(nodes, SequenceNode) else (), 1):
            name = node.get("id") if isinstance(node, Mapping) else None
            lines[name.text if isinstance(name, Scalar) else f"row-{number}"] = node.line
    return root.source.file, lines
