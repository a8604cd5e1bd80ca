"""The scalar evaluator: a program becomes one Python function for one merchant (about 0.1 µs a
condition).

The function's text is made here from fixed patterns: the only things put in are indices, and the
repr of finite numbers; every text of a ruleset stays a constant beside it. Null is None.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from typing import Any

from app.rules.arithmetic import round_money, round_number, round_to_fen
from app.rules.program import Operation, Program
from app.rules.types import LARGEST_FEN, MONEY, NUMBER

Judge = Callable[[Mapping[str, Any]], tuple[Any, ...]]
SIGNS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
PLAIN = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
LARGEST_FLOAT = sys.float_info.max


def compile_scalar(program: Program) -> Judge:
    """A function from values (name → bool, float, int fen, str or None; every input of the program)
    to the outputs, in order.
    """
    writer = _Writer(program)
    lines = ["def judge(values):"]
    lines += [f"    {line}" for line in writer.lines]
    results = "".join(f"{writer.name_of(i)}, " for i in program.outputs)
    lines.append(f"    return ({results})")
    scope: dict[str, Any] = {
        "__builtins__": {},
        "texts": tuple(writer.texts),
        "abs": abs,
        "round_to_fen": round_to_fen,
        "round_number": round_number,
        "round_money": round_money,
    }
    exec(compile("\n".join(lines), "<ruleset>", "exec"), scope)
    judge: Judge = scope["judge"]
    return judge


class _Writer:
    """Writes one line an operation; knows which results can never be null, to leave tests out."""

    def __init__(self, program: Program) -> None:
        self.operations = program.operations
        self.lines: list[str] = []
        self.texts: list[str] = []
        self.constants: dict[int, str] = {}
        self.never_null: set[int] = set()
        for index, operation in enumerate(program.operations):
            self._write(index, operation)

    def name_of(self, index: int) -> str:
        return self.constants.get(index, f"v{index}")

    def _write(self, index: int, operation: Operation) -> None:
        if operation.op == "const":
            self.constants[index] = self._constant(operation.payload)
            if operation.payload is not None:
                self.never_null.add(index)
            return
        if operation.op == "input":
            self.texts.append(operation.payload)
            self.lines.append(f"v{index} = values[texts[{len(self.texts) - 1}]]")
            return
        if operation.op == "is_null" or all(arg in self.never_null for arg in operation.args):
            known = operation.op in ("and", "or", "not", "is_null", "if", "min", "max", *SIGNS)
            if known:
                self.never_null.add(index)
        self.lines.append(f"v{index} = {self._text(operation)}")

    def _constant(self, value: Any) -> str:
        if isinstance(value, str):
            self.texts.append(value)
            return f"texts[{len(self.texts) - 1}]"
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError("a constant must be finite")
        return f"({value!r})"

    def _text(self, operation: Operation) -> str:
        args = [self.name_of(arg) for arg in operation.args]
        nullable = [self.name_of(arg) for arg in operation.args if arg not in self.never_null]
        op = operation.op
        if op in SIGNS:
            return _unless_null(nullable, f"{args[0]} {SIGNS[op]} {args[1]}")
        if op == "is_null":
            return f"{args[0]} is None"
        if op == "not":
            return _unless_null(nullable, f"not {args[0]}")
        if op in ("and", "or"):
            decided = "False" if op == "and" else "True"
            other = "True" if op == "and" else "False"
            any_decides = " or ".join(f"{arg} is {decided}" for arg in args)
            rest = f"(None if {_any_null(nullable)} else {other})" if nullable else other
            return f"{decided} if {any_decides} else {rest}"
        if op == "if":
            chosen = f"({args[1]} if {args[0]} else {args[2]})"
            return _unless_null(
                [args[0]] if operation.args[0] not in self.never_null else [], chosen
            )
        return _unless_null(nullable, self._arithmetic(operation, args))

    def _arithmetic(self, operation: Operation, args: list[str]) -> str:
        op, bound = operation.op, LARGEST_FLOAT if operation.kind == NUMBER else LARGEST_FEN
        if op in PLAIN:
            result = f"{args[0]} {PLAIN[op]} {args[1]}"
            by_zero = f"{args[1]} == 0 or " if op == "div" else ""
            if operation.kind == MONEY and op in ("mul", "div"):
                rounded = f"round_to_fen({result})"
                return f"(None if {args[1]} == 0 else {rounded})" if op == "div" else rounded
            # an infinite result fails the bound; finite operands give no NaN
            return f"(None if {by_zero}not -{bound!r} <= ({result}) <= {bound!r} else {result})"
        if op == "neg":
            return f"-{args[0]}"
        if op == "abs":
            return f"abs({args[0]})"
        if op in ("min", "max"):
            sign = "<=" if op == "min" else ">="
            return f"({args[0]} if {args[0]} {sign} {args[1]} else {args[1]})"
        rounder = "round_money" if operation.kind == MONEY else "round_number"
        return f"{rounder}({args[0]}, {operation.payload}, {op!r})"


def _any_null(names: list[str]) -> str:
    return " or ".join(f"{name} is None" for name in dict.fromkeys(names))


def _unless_null(nullable: list[str], text: str) -> str:
    return f"None if {_any_null(nullable)} else {text}" if nullable else text
