"""The numpy evaluator: a program runs over columns, a block of merchants at a time (about 0.1 µs a
ruleset and merchant).

Columns inside, `n` rows or 1 (a constant):
- truth: two bool masks, where it is true and where it is false; neither is null
- number: float64, NaN is null
- money: int64 fen and a bool mask of the known rows (None: all)
- text: int32 codes into a tuple of words, -1 is null

`all_known` says that no row is null; it may be False where none is. It saves most of the work,
since most columns have no null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.rules.arithmetic import (
    Fens,
    Floats,
    Mask,
    round_column,
    round_column_to_fen,
    round_money_column,
)
from app.rules.program import Operation, Program
from app.rules.types import BOOLEAN, LARGEST_FEN, MONEY, NUMBER

BLOCK = 50_000  # rows: enough to make little of each call's overhead; below 2^16 (ranking)


@dataclass(frozen=True, slots=True)
class Truth:
    true: Mask
    false: Mask
    all_known: bool = False

    @property
    def known(self) -> Mask:
        return self.true | self.false


@dataclass(frozen=True, slots=True)
class Number:
    values: Floats
    all_known: bool = False
    mask: Mask | None = None  # of the known rows, where it was found out already

    @property
    def known(self) -> Mask:
        return np.equal(self.values, self.values) if self.mask is None else self.mask


@dataclass(frozen=True, slots=True)
class Money:
    fens: Fens
    mask: Mask | None = None

    @property
    def all_known(self) -> bool:
        return self.mask is None

    @property
    def known(self) -> Mask:
        return np.ones(len(self.fens), bool) if self.mask is None else self.mask


@dataclass(frozen=True, slots=True)
class Words:
    codes: NDArray[np.int32]
    words: tuple[str, ...]
    all_known: bool = False

    @property
    def known(self) -> Mask:
        return self.codes >= 0


Column = Truth | Number | Money | Words


def column_of(kind: str, values: Sequence[Any]) -> Column:
    """A column from plain values (bool, float, int fen, str; None is null)."""
    if kind == BOOLEAN:
        true = np.array([v is True for v in values], dtype=bool)
        return Truth(true, np.array([v is False for v in values], dtype=bool))
    if kind == NUMBER:
        return Number(np.array([np.nan if v is None else v for v in values], dtype=np.float64))
    if kind == MONEY:
        known = np.array([v is not None for v in values], dtype=bool)
        return Money(np.array([0 if v is None else v for v in values], dtype=np.int64), known)
    words = tuple(sorted({v for v in values if v is not None}))
    codes = {word: code for code, word in enumerate(words)}
    return Words(np.array([codes.get(v, -1) for v in values], dtype=np.int32), words)


def values_of(column: Column, count: int) -> list[Any]:
    """The plain values of a column, `count` rows."""
    match column:
        case Truth(true, false, _):
            pairs = zip(_rows(true, count).tolist(), _rows(false, count).tolist(), strict=True)
            return [True if t else False if f else None for t, f in pairs]
        case Number(values=values):
            return [None if v != v else v for v in _rows(values, count).tolist()]
        case Money(fens, _):
            known = _rows(column.known, count).tolist()
            return [
                v if k else None for v, k in zip(_rows(fens, count).tolist(), known, strict=True)
            ]
        case Words(codes, words, _):
            return [None if c < 0 else words[c] for c in _rows(codes, count).tolist()]


def rows_of(column: Column, start: int, stop: int) -> Column:
    """A slice of a column, with `all_known` found out; a constant stays itself."""
    match column:
        case Truth(true, false, _):
            true, false = _cut(true, start, stop), _cut(false, start, stop)
            return Truth(true, false, bool((true | false).all()))
        case Number(values=values):
            values = _cut(values, start, stop)
            known = np.equal(values, values)
            return Number(values, bool(known.all()), known)
        case Money(fens, mask):
            mask = None if mask is None else _cut(mask, start, stop)
            return Money(_cut(fens, start, stop), None if mask is None or mask.all() else mask)
        case Words(codes, words, _):
            codes = _cut(codes, start, stop)
            return Words(codes, words, bool((codes >= 0).all()))


def _cut(array: NDArray[Any], start: int, stop: int) -> NDArray[Any]:
    return array if len(array) == 1 else array[start:stop]


def _rows(array: NDArray[Any], count: int) -> NDArray[Any]:
    return np.broadcast_to(array, (count,))


class VectorProgram:
    """A program made ready for columns: constants are columns of one row."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.outputs = program.outputs
        self._constants = {
            index: rows_of(column_of(operation.kind, [operation.payload]), 0, 1)
            for index, operation in enumerate(program.operations)
            if operation.op == "const"
        }
        self._last_uses = _last_uses(program)

    def run(self, columns: Mapping[str, Column]) -> list[Column]:
        """The outputs over one block; every input of the program must be in `columns`. Rows of 1
        are constants.
        """
        done: list[Any] = []
        with np.errstate(all="ignore"):
            for index, operation in enumerate(self.program.operations):
                if operation.op == "const":
                    done.append(self._constants[index])
                elif operation.op == "input":
                    done.append(columns[operation.payload])
                else:
                    done.append(_run(operation, [done[arg] for arg in operation.args]))
                for finished in self._last_uses[index]:
                    done[finished] = None  # its memory is still in the cache: use it again
        return [done[index] for index in self.outputs]


def _last_uses(program: Program) -> list[list[int]]:
    """For each operation, which results nobody needs after it."""
    last: dict[int, int] = {}
    for index, operation in enumerate(program.operations):
        for arg in operation.args:
            last[arg] = index
    found: list[list[int]] = [[] for _ in program.operations]
    for arg, index in last.items():
        if arg not in program.outputs:
            found[index].append(arg)
    return found


def _run(operation: Operation, args: list[Column]) -> Column:
    op = operation.op
    if op in _COMPARE:
        return _compare(op, args[0], args[1])
    match op:
        case "and":
            return _all(args)  # type: ignore[arg-type]
        case "or":
            inverted = _all([Truth(a.false, a.true, a.all_known) for a in args])  # type: ignore[union-attr]
            return Truth(inverted.false, inverted.true, inverted.all_known)
        case "not":
            assert isinstance(args[0], Truth)
            return Truth(args[0].false, args[0].true, args[0].all_known)
        case "is_null":
            known = args[0].known
            return Truth(~known, known, True)
        case "if":
            assert isinstance(args[0], Truth)
            return _choose(args[0], args[1], args[2])
    if operation.kind == NUMBER:
        return _number(operation, args)
    return _money(operation, args)


def _all(parts: Sequence[Truth]) -> Truth:
    true, false = parts[0].true, parts[0].false
    for part in parts[1:]:
        true, false = true & part.true, false | part.false
    return Truth(true, false, all(part.all_known for part in parts))


def _known_of_both(left: Column, right: Column) -> Mask | None:
    """Where both are known; None where that is everywhere."""
    if left.all_known:
        return None if right.all_known else right.known
    return left.known if right.all_known else left.known & right.known


_COMPARE = {
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
}


def _compare(op: str, left: Column, right: Column) -> Truth:
    compare = _COMPARE[op]
    match left, right:
        case Number(), Number():
            true = compare(left.values, right.values)
        case Money(), Money():
            true = compare(left.fens, right.fens)
        case Truth(), Truth():
            same = (left.true & right.true) | (left.false & right.false)
            differ = (left.true & right.false) | (left.false & right.true)
            both_known = left.all_known and right.all_known
            pair = (same, differ) if op == "eq" else (differ, same)
            return Truth(*pair, both_known)
        case Words(), Words():
            true = _compare_words(op, left, right)
        case _:
            raise AssertionError((op, left, right))
    known = _known_of_both(left, right)
    if known is None:
        return Truth(true, ~true, True)
    true &= known
    return Truth(true, known ^ true)


def _compare_words(op: str, left: Words, right: Words) -> Mask:
    if op in ("eq", "ne"):
        positions = {word: code for code, word in enumerate(left.words)}
        a, b = left.codes, _recode(right, [positions.get(word, -2) for word in right.words])
    else:
        order = {word: rank for rank, word in enumerate(sorted({*left.words, *right.words}))}
        a = _recode(left, [order[word] for word in left.words])
        b = _recode(right, [order[word] for word in right.words])
    return _COMPARE[op](a, b)


def _recode(column: Words, codes: list[int]) -> NDArray[np.int32]:
    """The column's codes replaced by others; null stays -1 (the last place of the table)."""
    return np.array([*codes, -1], dtype=np.int32)[column.codes]


def _choose(test: Truth, then: Column, otherwise: Column) -> Column:
    match then, otherwise:
        case Number(), Number():
            values = np.where(test.true, then.values, otherwise.values)
            if not test.all_known:
                values = np.where(test.known, values, np.nan)
            return Number(values, test.all_known and then.all_known and otherwise.all_known)
        case Money(), Money():
            fens = np.where(test.true, then.fens, otherwise.fens)
            if test.all_known and then.all_known and otherwise.all_known:
                return Money(fens)
            return _masked(fens, (test.true & then.known) | (test.false & otherwise.known))
        case Truth(), Truth():
            true = (test.true & then.true) | (test.false & otherwise.true)
            return Truth(true, (test.true & then.false) | (test.false & otherwise.false))
        case Words(), Words():
            words = tuple(dict.fromkeys((*then.words, *otherwise.words)))
            positions = {word: code for code, word in enumerate(words)}
            a = _recode(then, [positions[word] for word in then.words])
            b = _recode(otherwise, [positions[word] for word in otherwise.words])
            codes = np.where(test.true, a, np.where(test.false, b, np.int32(-1)))
            return Words(codes.astype(np.int32), words)
    raise AssertionError((then, otherwise))


def _number(operation: Operation, args: list[Column]) -> Number:
    op = operation.op
    values = [a.values if isinstance(a, Number) else _float_of(a) for a in args]
    all_known = all(a.all_known for a in args)
    match op:
        case "add":
            result = values[0] + values[1]
        case "sub":
            result = values[0] - values[1]
        case "mul":
            result = values[0] * values[1]
        case "div":
            result = values[0] / values[1]
        case "neg":
            return Number(-values[0], all_known)
        case "abs":
            return Number(np.abs(values[0]), all_known)
        case "min" | "max":
            return Number(_best_of(op, values[0], values[1]), all_known)
        case _:
            return Number(round_column(values[0], operation.payload, op))
    finite = np.isfinite(result)
    if finite.all():
        return Number(result, True)
    result[~finite] = np.nan
    return Number(result, False, finite)


def _best_of(op: str, first: Floats, second: Floats) -> Floats:
    """The lesser or the greater; of equals the first, which matters for 0 and minus zero."""
    best = (np.minimum if op == "min" else np.maximum)(first, second)
    return best if best.all() else np.where(first == second, first, best)


def _float_of(column: Column) -> Floats:
    """Money as float64 for a quotient; exact, since fen stay within ±2^53."""
    assert isinstance(column, Money)
    values = column.fens.astype(np.float64)
    return values if column.mask is None else np.where(column.mask, values, np.nan)


def _money(operation: Operation, args: list[Column]) -> Money:
    first = args[0]
    assert isinstance(first, Money)
    op = operation.op
    if op in ("mul", "div"):
        assert isinstance(args[1], Number)
        amounts, factor = first.fens.astype(np.float64), args[1].values
        product = amounts * factor if op == "mul" else amounts / factor
        if op == "div" and (factor == 0).any():
            product = np.where(factor == 0, np.nan, product)
        fens, known = round_column_to_fen(product)
        return _masked(fens, _both(known, first.mask))
    if op == "neg":
        return Money(-first.fens, first.mask)
    if op == "abs":
        return Money(np.abs(first.fens), first.mask)
    if op in ("add", "sub", "min", "max"):
        second = args[1]
        assert isinstance(second, Money)
        known = _known_of_both(first, second)
        if op in ("min", "max"):
            best = np.minimum if op == "min" else np.maximum
            return _masked(best(first.fens, second.fens), known)
        fens = first.fens + second.fens if op == "add" else first.fens - second.fens
        return _masked(fens, _both(_bounded(fens), known))
    fens = round_money_column(first.fens, operation.payload, op)
    return _masked(fens, _both(_bounded(fens), first.mask))


def _bounded(fens: Fens) -> Mask | None:
    """Where an amount can be held exactly; None where that is everywhere."""
    if fens.max(initial=0) <= LARGEST_FEN and fens.min(initial=0) >= -LARGEST_FEN:
        return None
    return np.abs(fens) <= LARGEST_FEN


def _both(one: Mask | None, other: Mask | None) -> Mask | None:
    if one is None or other is None:
        return one if other is None else other
    return one & other


def _masked(fens: Fens, known: Mask | None) -> Money:
    return Money(fens) if known is None else Money(np.where(known, fens, 0), known)
