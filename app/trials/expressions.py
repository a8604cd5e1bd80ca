"""The text of an expression or of a table's cell comes in; every small change of it goes out: a
number moved by a step, a comparison turned, `and` for `or`, an argument left out.

A change may give a text that the checker refuses; whoever makes a policy of it finds that out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.rules import syntax as s
from app.rules.lexer import Token, tokenize
from app.rules.parser import parse_cell, parse_expression
from app.rules.types import BOOLEAN, TEXT
from app.trials.steps import Measure, beside

TURNED = {
    "<": ("<=", ">"),
    "<=": ("<", ">="),
    ">": (">=", "<"),
    ">=": (">", "<="),
    "=": ("!=",),
    "!=": ("=",),
    "+": ("-",),
    "-": ("+",),
    "*": ("/",),
    "/": ("*",),
    "and": ("or",),
    "or": ("and",),
}
OTHER_FUNCTION = {
    "min": "max",
    "max": "min",
    "floor": "ceiling",
    "ceiling": "floor",
    "round up": "round down",
    "round down": "round up",
    "round half up": "round half down",
    "round half down": "round half up",
}
Measures = Callable[[s.Syntax], Measure]
Around = s.Syntax | tuple[int, int] | None  # what a change is told with: a node, or a span
_NUMBERS = (s.NumberLiteral, s.Negative)


@dataclass(frozen=True, slots=True)
class Change:
    """`text`: the whole changed text. `before`, `after`: the part of it that says what changed."""

    text: str
    before: str
    after: str


class _Changes:
    """The changes of one text. `measure`: what a node of its tree is measured in."""

    def __init__(self, text: str, measure: Measures) -> None:
        self.text, self.measure = text, measure
        self.tokens: list[Token] = tokenize(text)

    def at(self, start: int, end: int, new: str, around: Around = None) -> Change:
        """`new` in place of that span; told with what stands around it."""
        if around is None:
            around = (start, end)
        low, high = around if isinstance(around, tuple) else (around.start, around.end)
        low, high = self.whole(min(low, start), max(high, end))
        return Change(
            self.text[:start] + new + self.text[end:],
            self.text[low:high].strip(),
            (self.text[low:start] + new + self.text[end:high]).strip(),
        )

    def whole(self, low: int, high: int) -> tuple[int, int]:
        """The span with the brackets that stand outside of it and belong to it."""
        for _ in range(self.text.count("(")):
            inside = self.text[low:high]
            opened = 0
            least = 0
            for character in inside:
                opened += (character == "(") - (character == ")")
                least = min(least, opened)
            if least < 0 and "(" in self.text[:low]:
                low = self.text.rindex("(", 0, low)
            elif opened > least and ")" in self.text[high:]:
                high = self.text.index(")", high) + 1
            else:
                break
        return low, high

    def of(self, node: s.Syntax, around: Around = None) -> Iterator[Change]:
        """All changes of a node. `around`: the least that tells a number's place."""
        match node:
            case s.NumberLiteral():
                yield from self.number(node, None, around)
            case s.Negative():
                yield from self.of(node.operand, around or node)
            case s.Negation():
                inner = self.text[node.operand.start : node.operand.end]
                yield self.at(node.start, node.end, f"({inner})")
                yield from self.of(node.operand)
            case s.Logic():
                for left, right in zip(node.operands, node.operands[1:], strict=False):
                    yield from self.turn(left, right, (node.op,), node)
                for one in node.operands:
                    yield from self.of(one)
            case s.Comparison():
                yield from self.turn(node.left, node.right, tuple(TURNED), node)
                yield from self.side(node.left, node.right, node)
                yield from self.side(node.right, node.left, node)
            case s.Arithmetic():
                yield from self.turn(node.left, node.right, (node.op,), node)
                yield from self.of(node.left, node)
                yield from self.of(node.right, node)
            case s.Conditional():
                yield from self.of(node.condition)
                for start, arm in ((node.start, node.then), (node.then.end, node.otherwise)):
                    around = (start, arm.end)
                    yield from self.of(arm, around if isinstance(arm, _NUMBERS) else None)
            case s.Call():
                yield from self.call(node)
            case s.Membership():
                yield from self.of(node.subject)
                yield from self.tests(node.tests, self.measure(node.subject), node)

    def call(self, node: s.Call) -> Iterator[Change]:
        """The other function; each argument of `min` and `max` left out."""
        word = next(token for token in self.tokens if token.start >= node.start)
        other = OTHER_FUNCTION.get(word.text)
        if other is not None:
            yield self.at(word.start, word.end, other, node)
        parts = [self.text[one.start : one.end] for one in node.arguments]
        if word.text in ("min", "max") and len(parts) > 1:
            for place in range(len(parts)):
                left = [part for at, part in enumerate(parts) if at != place]
                new = f"{word.text}({', '.join(left)})" if len(left) > 1 else f"({left[0]})"
                yield self.at(node.start, node.end, new)
        for one in node.arguments:
            yield from self.of(one, node if isinstance(one, _NUMBERS) else None)

    def turn(
        self, left: s.Syntax, right: s.Syntax, ops: tuple[str, ...], around: s.Syntax
    ) -> Iterator[Change]:
        """The operator between two operands, turned."""
        between = (t for t in self.tokens if left.end <= t.start and t.end <= right.start)
        operator = next((token for token in between if token.text in ops), None)
        if operator is not None:
            for new in TURNED[operator.text]:
                yield self.at(operator.start, operator.end, new, around)

    def side(self, node: s.Syntax, other: s.Syntax, around: s.Syntax) -> Iterator[Change]:
        """One side of a comparison: a number is a threshold of the other side."""
        literal = node.operand if isinstance(node, s.Negative) else node
        if isinstance(literal, s.NumberLiteral):
            yield from self.number(literal, self.measure(other), around)
        else:
            yield from self.of(node)

    def number(self, node: s.Syntax, measure: Measure | None, around: Around) -> Iterator[Change]:
        for new in beside(self.text[node.start : node.end], measure):
            if new.startswith("-") and self.text[: node.start].rstrip().endswith("-"):
                yield self.at(node.start, node.end, f"({new})", around)
            else:
                yield self.at(node.start, node.end, new, around)

    def tests(
        self, tests: tuple[s.Test, ...], measure: Measure, around: Around
    ) -> Iterator[Change]:
        """The tests of a cell, or of `x in (…)`."""
        if len(tests) > 1 and around is None:
            for place in range(len(tests)):
                left = [self.text[t.start : t.end] for at, t in enumerate(tests) if at != place]
                yield self.at(0, len(self.text), ", ".join(left))
        for test in tests:
            yield from self.test(test, measure, around or test)

    def test(self, test: s.Test, measure: Measure, around: Around) -> Iterator[Change]:
        match test:
            case s.CompareTest():
                first = next(token for token in self.tokens if token.start >= test.start)
                if first.text in TURNED and first.start < test.operand.start:
                    if first.text != "-":
                        for new in TURNED[first.text]:
                            yield self.at(first.start, first.end, new, around)
                elif measure.kind != BOOLEAN:
                    whole = self.text[test.start : test.end]
                    yield self.at(test.start, test.end, f"not({whole})", around)
                elif isinstance(test.operand, s.TruthLiteral):
                    new = "false" if test.operand.value else "true"
                    yield self.at(test.start, test.end, new, around)
                yield from self.edge(test.operand, measure, around)
            case s.RangeTest():
                for start, included, inside, outside in (
                    (test.start, test.low_included, "[", "("),
                    (test.end - 1, test.high_included, "]", ")"),
                ):
                    if self.text[start] in "[]()":
                        new = outside if included else inside
                        yield self.at(start, start + 1, new, around)
                yield from self.edge(test.low, measure, around)
                yield from self.edge(test.high, measure, around)
            case s.NotTest():
                inner = ", ".join(self.text[one.start : one.end] for one in test.tests)
                yield self.at(test.start, test.end, inner, around)
                for one in test.tests:
                    yield from self.edge_of_test(one, measure, around)

    def edge_of_test(self, test: s.Test, measure: Measure, around: Around) -> Iterator[Change]:
        if isinstance(test, s.CompareTest):
            yield from self.edge(test.operand, measure, around)
        else:
            yield from self.test(test, measure, around)

    def edge(self, node: s.Syntax, measure: Measure, around: Around) -> Iterator[Change]:
        literal = node.operand if isinstance(node, s.Negative) else node
        if isinstance(literal, s.NumberLiteral) and measure.kind not in (BOOLEAN, TEXT):
            yield from self.number(literal, measure, around)


def change_expression(text: str, measure: Measures) -> Iterator[Change]:
    """Every small change of an expression."""
    tree = parse_expression(text)
    changes = _Changes(text, measure)
    if isinstance(tree, s.Name):  # `blacklisted`; no number can be so negated
        yield changes.at(0, len(text), f"not({text.strip()})")
    yield from changes.of(tree)


def change_cell(text: str, measure: Measure) -> Iterator[Change]:
    """Every small change of a cell; none of `-`."""
    tests = parse_cell(text)
    if tests is not None:
        yield from _Changes(text, lambda node: measure).tests(tests, measure, None)
