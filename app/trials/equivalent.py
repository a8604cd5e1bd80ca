"""A policy and a mutant that no case notices come in; whether no valid merchant can tell them apart
goes out, where the ranges of the inputs say so.

Only what is compared with constants is decided: such a condition changes at its constants alone, so
trying those, a value between any two, and missing, is trying everything. For the rest the answer is
no, which claims nothing.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from app.policies.policy import Policy, Stage, gives_of
from app.rules.program import build_program
from app.rules.rulesets import Rules, Table
from app.rules.scalar import compile_scalar
from app.rules.terms import COMPARE, Term
from app.rules.types import BOOLEAN, MONEY, TEXT, Type
from app.scoring.scorecard import Characteristic, Scorecard
from app.trials.measures import point_of

MOST_TRIED = 50_000
MOST_SUMS = 2_000


@dataclass(frozen=True, slots=True)
class _Values:
    """What a name may hold. `unit`: its values are whole numbers of it, where it has one; `only`:
    all that there are, where they are known.
    """

    of: Type
    unit: Decimal | None = None
    can_miss: bool = True
    only: tuple[float, ...] = ()


def is_same_in_range(policy: Policy, mutant: Policy, stage_name: str) -> bool:
    """Whether the two differ in conditions alone, and those are equal for every valid value."""
    known = _values_before(policy, stage_name)
    for one, other in zip(policy.stages, mutant.stages, strict=True):
        if one.name != stage_name:
            continue
        match one.checked, other.checked:
            case Rules(rules=first), Rules(rules=second):
                ruled = [
                    replace(a, when=b.when, written=b.written) for a, b in _pairs(first, second)
                ]
                pairs = [(a.when, b.when) for a, b in _pairs(first, second)]
                alike = replace(one.checked, rules=tuple(ruled))
                return alike == other.checked and _all_same(pairs, known)
            case Table(rows=rows), Table(rows=changed):
                like = [
                    replace(row, condition=b.condition, written=b.written)
                    for row, b in _pairs(rows, changed)
                ]
                conditions = [(a.condition, b.condition) for a, b in _pairs(rows, changed)]
                whole = replace(one.checked, rows=tuple(like))
                return whole == other.checked and _all_same(conditions, known)
            case Scorecard(characteristics=before), Scorecard(characteristics=after):
                carded = [
                    replace(a, edges=b.edges, labels=b.labels) for a, b in _pairs(before, after)
                ]
                card = replace(one.checked, characteristics=tuple(carded))
                return card == other.checked and all(
                    _same_bins(a, b, known) for a, b in _pairs(before, after)
                )
        return False
    return False


def _pairs(first: Sequence[Any], second: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    return zip(first, second, strict=False)


def _all_same(pairs: Sequence[tuple[Term, Term]], known: Mapping[str, _Values]) -> bool:
    return all(one == other or _same(one, other, known) for one, other in pairs)


def _same(one: Term, other: Term, known: Mapping[str, _Values]) -> bool:
    if not (_is_decidable(one) and _is_decidable(other)):
        return False
    program = build_program([one, other])
    constants = {*_constants(one), *_constants(other)}
    names = [name for name, _ in program.inputs]
    if any(name not in known for name in names):
        return False
    choices = [list(_choices(known[name], constants)) for name in names]
    if math.prod(len(each) for each in choices) > MOST_TRIED:
        return False
    judge = compile_scalar(program)
    for row in itertools.product(*choices):
        first, second = judge(dict(zip(names, row, strict=True)))
        if first is not second and first != second:
            return False
    return True


def _same_bins(one: Characteristic, other: Characteristic, known: Mapping[str, _Values]) -> bool:
    if one.edges == other.edges:
        return True
    if one.term.op != "input" or one.term.payload not in known:
        return False
    constants = {edge for edge, _ in (*one.edges, *other.edges)}
    values = _choices(known[one.term.payload], constants)
    return all(value is None or _bin_of(one, value) == _bin_of(other, value) for value in values)


def _bin_of(one: Characteristic, value: float) -> int:
    return sum(value > edge or (value == edge and inside) for edge, inside in one.edges)


def _is_decidable(term: Term) -> bool:
    """Whether it is logic over single names, or names beside constants."""
    if term.op in ("input", "const"):
        return True
    if term.op in COMPARE:
        return sum(arg.op == "input" for arg in term.args) == 1 and all(
            arg.op in ("input", "const") for arg in term.args
        )
    if term.op in ("and", "or", "not", "is_null"):
        return all(_is_decidable(arg) for arg in term.args)
    return False


def _constants(term: Term) -> Iterator[Any]:
    if term.op == "const" and term.payload is not None:
        yield term.payload
    for arg in term.args:
        yield from _constants(arg)


def _choices(values: _Values, constants: set[Any]) -> Iterator[Any]:
    """Missing where that may be, and a value on every side of every constant."""
    if values.can_miss:
        yield None
    of = values.of
    if values.only:
        yield from values.only
        return
    if of.kind == BOOLEAN:
        yield from (True, False)
        return
    if of.kind == TEXT:
        words = sorted(one for one in constants if isinstance(one, str))
        yield from of.values if of.values is not None else (*words, "\x00other")
        return
    scale = 100 if of.kind == MONEY else 1
    low = None if of.low is None else of.low * scale
    high = None if of.high is None else of.high * scale
    edges = {Decimal(str(one)) for one in constants if type(one) in (int, float)}
    points = sorted({*edges, *(one for one in (low, high) if one is not None)}) or [Decimal(0)]
    unit = Decimal(1) if of.kind == MONEY else values.unit
    tried = {*points, points[0] - (unit or 1), points[-1] + (unit or 1)}
    if unit is None:
        tried |= {(a + b) / 2 for a, b in itertools.pairwise(points)}
    else:
        tried = {
            (one / unit).to_integral_value() * unit + n * unit for one in tried for n in (-1, 0, 1)
        }
    for one in sorted(tried):
        if (low is None or one >= low) and (high is None or one <= high):
            yield int(one) if of.kind == MONEY else float(one)


def _values_before(policy: Policy, stage_name: str) -> dict[str, _Values]:
    """What the inputs and what earlier stages give may hold."""
    known = {
        name: _Values(one.type, Decimal(1) if one.type.declared == "integer" else None)
        for name, one in policy.inputs.items()
    }
    for stage in policy.stages:
        if stage.name == stage_name:
            break
        for name, of in gives_of(stage.name, stage.checked).items():
            known[name] = _given(policy, stage, name, of)
    return known


def _given(policy: Policy, stage: Stage, name: str, of: Type) -> _Values:
    match stage.checked:
        case Rules(rules=rules):
            if name.endswith("_hits"):
                most = Decimal(len(rules))
                return _Values(Type("integer", None, Decimal(0), most), Decimal(1), False)
            return _Values(of, None, False)
        case Scorecard(characteristics=characteristics):
            sums = _sums([(*one.points, one.missing) for one in characteristics])
            return _Values(Type("number"), point_of(policy), only=sums)
    return _Values(of)


def _sums(points: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """Every score that points can add up to; none where there are too many to tell."""
    sums = {Decimal(0)}
    for choices in points:
        each = {Decimal(str(one)) for one in choices}
        sums = {total + one for total in sums for one in each}
        if len(sums) > MOST_SUMS:
            return ()
    return tuple(sorted(map(float, sums)))
