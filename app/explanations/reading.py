"""A compiled policy comes in; what it compares each input with, and where inputs meet, goes out.

A *test* is the comparison of one input with a constant: it cuts that input's values into cells. A
*coupling* is a comparison in which several inputs meet (a share of two sums, an amount against
another): its cells depend on the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from app.policies.pipeline import Compiled, Pipeline
from app.rules.compiled import CompiledFormula, CompiledRules, CompiledTable
from app.rules.program import build_program
from app.rules.scalar import compile_scalar
from app.rules.terms import COMPARE, Term
from app.rules.types import BOOLEAN
from app.scoring.compiled import CompiledScorecard
from app.scoring.scorecard import Characteristic

MIRRORED = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le", "eq": "eq", "ne": "ne"}
Test = tuple[str, Any]  # (operation, constant): input operation constant


@dataclass(slots=True)
class Reading:
    """`tests`: input → its tests; `couplings`: comparisons of several inputs; `against_limit`:
    inputs that are compared with the limit; `cards`: characteristic by input, where it reads one
    input plainly; `named_outside_rules`: inputs that anything but a rule or such a characteristic
    reads; `hits_read`: whether a stage's hits or outcome are read later, by stage.
    """

    tests: dict[str, list[Test]] = field(default_factory=dict)
    couplings: list[Term] = field(default_factory=list)
    against_limit: set[str] = field(default_factory=set)
    cards: dict[str, list[Characteristic]] = field(default_factory=dict)
    named_outside_rules: set[str] = field(default_factory=set)
    names_read: set[str] = field(default_factory=set)
    rules: list[CompiledRules] = field(default_factory=list)
    formula: CompiledFormula | None = None
    outputs: dict[str, list[Any]] = field(default_factory=dict)  # of tables: name → values


def read_pipeline(pipeline: Pipeline) -> Reading:
    """Everything that the search needs to know of a policy, for one purpose."""
    reading = Reading()
    inputs = frozenset(pipeline.inputs)
    for _, stage in pipeline.stages:
        _read_stage(reading, stage, inputs)
    return reading


def _read_stage(reading: Reading, stage: Compiled, inputs: frozenset[str]) -> None:
    match stage:
        case CompiledRules():
            reading.rules.append(stage)
            for term in stage.conditions.terms:
                _read_term(reading, term, inputs)
        case CompiledTable():
            for term in stage.conditions.terms:
                _read_term(reading, term, inputs)
                reading.named_outside_rules.update(term.inputs())
            if stage.applies:
                for place, name in enumerate(stage.outputs):
                    found = [row.outputs[place] for row in (*stage.rows, stage.otherwise)]
                    reading.outputs[name] = list(dict.fromkeys(found))
        case CompiledFormula():
            if stage.applies:
                reading.formula = stage
                _read_term(reading, stage.formula.limit, inputs)
                reading.named_outside_rules.update(stage.inputs)
        case CompiledScorecard():
            for one in stage.card.characteristics:
                _read_characteristic(reading, one, inputs)


def _read_characteristic(reading: Reading, one: Characteristic, inputs: frozenset[str]) -> None:
    reading.names_read.update(one.term.inputs())
    if one.term.op == "input" and one.term.payload in inputs:
        tests = reading.tests.setdefault(one.term.payload, [])
        tests += [("ge" if included else "gt", edge) for edge, included in one.edges]
        reading.cards.setdefault(one.term.payload, []).append(one)
        return
    reading.named_outside_rules.update(one.term.inputs())
    _read_term(reading, one.term, inputs)
    if inputs.issuperset(one.term.inputs()):
        for edge, included in one.edges:
            constant = Term("const", one.term.kind, (), edge)
            reading.couplings.append(
                Term("ge" if included else "gt", BOOLEAN, (one.term, constant))
            )


def _read_term(reading: Reading, term: Term, inputs: frozenset[str]) -> None:
    reading.names_read.update(term.inputs())
    for comparison in _comparisons(term):
        test = _as_test(comparison)
        names = set(comparison.inputs())
        if test is not None:
            name, operation, constant = test
            reading.tests.setdefault(name, []).append((operation, constant))
        elif names == {"limit"} | (names & inputs) and len(names) > 1 and "limit" in names:
            reading.against_limit |= names & inputs
        elif names and names <= inputs:
            reading.couplings.append(comparison)


def _comparisons(term: Term) -> Iterator[Term]:
    if term.op in COMPARE:
        yield term
    for arg in term.args:
        yield from _comparisons(arg)


def _as_test(comparison: Term) -> tuple[str, str, Any] | None:
    """`input operation constant`, whichever stands left; None for anything else."""
    left, right = comparison.args
    if left.op == "input" and not list(right.inputs()):
        return left.payload, comparison.op, constant_of(right)
    if right.op == "input" and not list(left.inputs()):
        return right.payload, MIRRORED[comparison.op], constant_of(left)
    return None


def constant_of(term: Term) -> Any:
    """The value of a term that reads nothing."""
    return term.payload if term.op == "const" else compile_scalar(build_program([term]))({})[0]


def holds(value: Any, test: Test) -> bool | None:
    """Whether `value operation constant`; None where the constant is null."""
    operation, constant = test
    if constant is None:
        return None
    match operation:
        case "eq":
            return bool(value == constant)
        case "ne":
            return bool(value != constant)
        case "lt":
            return bool(value < constant)
        case "le":
            return bool(value <= constant)
        case "gt":
            return bool(value > constant)
    return bool(value >= constant)
