"""An evaluator for tests only: it walks the syntax tree, knows nothing of terms and programs,
and is slow and plain.

Null is None, money a whole number of fen, every number a float; `kinds` gives the kind of a name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
)
from typing import Any

from app.rules import syntax as s

WIDE = Context(prec=700)
ROUNDINGS = {
    "floor": ROUND_FLOOR,
    "ceiling": ROUND_CEILING,
    "decimal": ROUND_HALF_EVEN,
    "round_up": ROUND_UP,
    "round_down": ROUND_DOWN,
    "round_half_up": ROUND_HALF_UP,
    "round_half_down": ROUND_HALF_DOWN,
}


class SlowEvaluator:
    """Evaluates trees over one merchant's values."""

    def __init__(self, kinds: Mapping[str, str], values: Mapping[str, Any]) -> None:
        self.kinds, self.values = kinds, values

    def kind(self, node: s.Syntax) -> str | None:
        """boolean, number, money or text; None for a written null."""
        match node:
            case s.NumberLiteral():
                return "number"
            case s.TextLiteral():
                return "text"
            case s.NullLiteral():
                return None
            case s.Name(name=name):
                return self.kinds[name]
            case s.Negative(operand=operand):
                return self.kind(operand) or "number"
            case s.Arithmetic(op=op, left=left, right=right):
                kinds = [self.kind(left), self.kind(right)]
                if op == "/" and kinds == ["money", "money"]:
                    return "number"
                return "money" if "money" in kinds else "number"
            case s.Conditional(then=then, otherwise=otherwise):
                return self._common([then, otherwise])
            case s.Call(function=function, arguments=arguments):
                shown = arguments[:1] if function in ROUNDINGS else arguments
                return self._common(list(shown)) or "number"
        return "boolean"

    def _common(self, nodes: list[s.Syntax]) -> str | None:
        kinds = [self.kind(node) for node in nodes]
        if "money" in kinds:
            return "money"
        return next((kind for kind in kinds if kind is not None), None)

    def value(self, node: s.Syntax, wanted: str | None = None) -> Any:
        """The value; number literals are yuan where money is `wanted`."""
        wanted = wanted or self.kind(node)
        match node:
            case s.NumberLiteral(value=value):
                return int(value * 100) if wanted == "money" else float(value)
            case s.TextLiteral(value=text):
                return text
            case s.TruthLiteral(value=truth):
                return truth
            case s.NullLiteral():
                return None
            case s.Name(name=name):
                return self.values[name]
            case s.Negative(operand=operand):
                inner = self.value(operand, wanted)
                return None if inner is None else -inner
            case s.Negation(operand=operand):
                truth = self.value(operand)
                return None if truth is None else not truth
            case s.Logic(op=op, operands=operands):
                return self._logic(op, [self.value(operand) for operand in operands])
            case s.Comparison(op=op, left=left, right=right):
                return self.compare(op, left, right)
            case s.Membership(subject=subject, tests=tests):
                return self._logic("or", [self.holds(subject, test) for test in tests])
            case s.Conditional(condition=condition, then=then, otherwise=otherwise):
                truth = self.value(condition)
                if truth is None:
                    return None
                return self.value(then if truth else otherwise, wanted)
            case s.Arithmetic():
                return self._arithmetic(node, wanted)
            case s.Call():
                return self._call(node, wanted)
        raise AssertionError(node)

    def _logic(self, op: str, truths: list[bool | None]) -> bool | None:
        decides = op == "or"
        if decides in truths:
            return decides
        return None if None in truths else not decides

    def compare(self, op: str, left: s.Syntax, right: s.Syntax) -> bool | None:
        if op in ("=", "!=") and (
            isinstance(left, s.NullLiteral) or isinstance(right, s.NullLiteral)
        ):
            other = right if isinstance(left, s.NullLiteral) else left
            return (self.value(other) is None) == (op == "=")
        kind = self._common([left, right])
        a, b = self.value(left, kind), self.value(right, kind)
        if a is None or b is None:
            return None
        order = (a > b) - (a < b)
        return {
            "=": order == 0,
            "!=": order != 0,
            "<": order < 0,
            "<=": order <= 0,
            ">": order > 0,
            ">=": order >= 0,
        }[op]

    def holds(self, subject: s.Syntax, test: s.Test) -> bool | None:
        match test:
            case s.CompareTest(op=op, operand=operand):
                return self.compare(op, subject, operand)
            case s.RangeTest():
                above = self.compare(">=" if test.low_included else ">", subject, test.low)
                below = self.compare("<=" if test.high_included else "<", subject, test.high)
                return self._logic("and", [above, below])
            case s.NotTest(tests=tests):
                inner = self._logic("or", [self.holds(subject, one) for one in tests])
                return None if inner is None else not inner
        raise AssertionError(test)

    def _arithmetic(self, node: s.Arithmetic, wanted: str | None) -> Any:
        if node.op in "+-":
            a, b = self.value(node.left, wanted), self.value(node.right, wanted)
            if a is None or b is None:
                return None
            return _kept(a + b if node.op == "+" else a - b, wanted)
        a, b = self.value(node.left), self.value(node.right)
        if a is None or b is None or (node.op == "/" and b == 0):
            return None
        try:
            result = float(a) * float(b) if node.op == "*" else float(a) / float(b)
        except OverflowError:
            return None
        return _kept(_whole_fen(result) if wanted == "money" else result, wanted)

    def _call(self, node: s.Call, wanted: str | None) -> Any:
        if node.function in ROUNDINGS:
            places = int(self.value(node.arguments[1])) if len(node.arguments) > 1 else 0
            value = self.value(node.arguments[0], wanted)
            return None if value is None else _rounded(value, places, node.function, wanted)
        values = [self.value(argument, wanted) for argument in node.arguments]
        if None in values:
            return None
        if node.function == "abs":
            return abs(values[0])
        best = values[0]
        for value in values[1:]:  # of equals, the first
            if (value < best) if node.function == "min" else (value > best):
                best = value
        return best


def _kept(value: Any, kind: str | None) -> Any:
    """Null where a result is infinite, or more money than can be held exactly."""
    if value is None:
        return None
    if kind == "money":
        return value if abs(value) <= 2**53 else None
    return value if math.isfinite(value) else None


def _whole_fen(amount: float) -> int | None:
    if not abs(amount) <= 2**53:
        return None
    return int(Decimal(amount).quantize(Decimal(1), ROUND_HALF_UP, WIDE))


def _rounded(value: Any, places: int, rounder: str, kind: str | None) -> Any:
    if kind == "money":
        if places >= 2:
            return value
        unit = Decimal(10) ** (2 - places)
        return _kept(
            int((Decimal(value) / unit).to_integral_value(ROUNDINGS[rounder]) * unit), kind
        )
    rounded = Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), ROUNDINGS[rounder], WIDE)
    return _kept(float(rounded) + 0.0, kind)  # never minus zero
