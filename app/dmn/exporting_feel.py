"""Our expressions → FEEL of the standard, such that what is unknown here is null there.

DMN departs from our language in two places: equality with null is false there, and `if` on a null
test takes its else arm. Both are written with a test of null before them, once for each name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from app.rules import syntax as s
from app.rules.parser import parse_expression
from app.rules.scope import Scope, checker_of
from app.rules.types import MONEY

Known = frozenset[str]
# words of FEEL that are names in our language
FEEL_WORDS = frozenset(
    ("for", "in", "return", "some", "every", "satisfies", "instance", "of", "function", "external")
)
STRENGTH = {"or": 1, "and": 2, "+": 4, "-": 4, "*": 5, "/": 5}
COMPARISON, UNARY, ATOM = 3, 6, 9
LOOSE, NO_IF = -1, 0  # where anything may stand without parentheses; anything but an `if`
ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"})


def feel_text(value: str) -> str:
    """A text as a FEEL literal."""
    return f'"{value.translate(ESCAPES)}"'


def feel_number(value: Decimal | float | int) -> str:
    """A number as a FEEL literal: no exponent, no underscore."""
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    text = format(exact, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def feel_value(value: object) -> str:
    """A value of a ruleset as a FEEL literal."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return feel_text(value)
    assert isinstance(value, (Decimal, float, int))
    return feel_number(value)


def feel_name(name: str, taken: Iterable[str] = ()) -> str:
    """The name in a model; a word of FEEL, or a name that is taken, gets a line below after it."""
    while name in FEEL_WORDS or name in taken:
        name += "_"
    return name


def names_in(node: s.Syntax) -> set[str]:
    """The names that a tree reads, bare words of categories among them."""
    if isinstance(node, s.Name):
        return {node.name}
    return {name for part in parts_of(node) for name in names_in(part)}


def parts_of(node: s.Syntax) -> tuple[s.Syntax, ...]:
    """The parts of a tree, from left to right."""
    match node:
        case s.Negative(operand=one) | s.Negation(operand=one) | s.CompareTest(operand=one):
            return (one,)
        case s.Logic(operands=some) | s.Call(arguments=some) | s.NotTest(tests=some):
            return tuple(some)
        case s.Comparison(left=one, right=two) | s.Arithmetic(left=one, right=two):
            return (one, two)
        case s.RangeTest(low=one, high=two):
            return (one, two)
        case s.Conditional(condition=test, then=one, otherwise=two):
            return (test, one, two)
        case s.Membership(subject=one, tests=tests):
            return (one, *tests)
    return ()


class FeelWriter:
    """Writes expressions of one scope. `never_null`: names that always have a value; `names`: ours
    → the model's; `read` collects the names that were written.
    """

    def __init__(
        self, scope: Scope, never_null: Iterable[str] = (), names: Mapping[str, str] | None = None
    ) -> None:
        self.scope, self.never_null, self.names = scope, frozenset(never_null), names or {}
        self.read: dict[str, None] = {}

    def text(self, written: str) -> str:
        """An expression's text as FEEL."""
        return self.tree(parse_expression(written))

    def tree(self, node: s.Syntax, known: Known = frozenset()) -> str:
        """A tree as FEEL; `known` are names that are not null here."""
        return self._write(node, LOOSE, known)

    # --- what may be null ---

    def may_be_null(self, node: s.Syntax, known: Known = frozenset()) -> bool:
        """Whether the value can be null: conservative, sums beyond all bounds left aside."""
        match node:
            case s.NullLiteral():
                return True
            case s.Name(name=name):
                return name in self.scope.types and name not in known | self.never_null
            case s.Comparison(op="=" | "!=", left=left, right=right) if isinstance(
                left, s.NullLiteral
            ) or isinstance(right, s.NullLiteral):
                return False
            case s.CompareTest(op="=" | "!=", operand=s.NullLiteral()):
                return False
            case s.Arithmetic(op="/"):
                return True
        return any(self.may_be_null(part, known) for part in parts_of(node))

    def strict_names(self, node: s.Syntax, known: Known = frozenset()) -> set[str] | None:
        """The names of which one is null exactly when the value is; None where that is not said so
        simply.
        """
        match node:
            case s.Logic() | s.Conditional() | s.NullLiteral() | s.Arithmetic(op="/"):
                return None
            case s.Name(name=name):
                return {name} if self.may_be_null(node, known) else set()
            case s.Membership(subject=subject, tests=tests):
                simple = all(is_literal(o) for test in tests for o in operands_of(test))
                return self.strict_names(subject, known) if simple else None
        found: set[str] = set()
        for part in parts_of(node):
            inner = self.strict_names(part, known)
            if inner is None:
                return None
            found |= inner
        return found

    # --- writing ---

    def _write(self, node: s.Syntax, strength: int, known: Known) -> str:
        text, own = self._parts(node, known)
        return text if own > strength else f"({text})"

    def _parts(self, node: s.Syntax, known: Known) -> tuple[str, int]:
        """The text, and how strongly its outermost sign binds (0: an `if`)."""
        match node:
            case s.NumberLiteral(value=number):
                return feel_number(number), ATOM
            case s.TextLiteral(value=text):
                return feel_text(text), ATOM
            case s.TruthLiteral(value=truth):
                return ("true" if truth else "false"), ATOM
            case s.NullLiteral():
                return "null", ATOM
            case s.Name(name=name):
                return self._name(name), ATOM
            case s.Negative(operand=operand):
                return "-" + self._write(operand, UNARY, known), UNARY
            case s.Negation(operand=operand):
                return f"not({self._write(operand, LOOSE, known)})", ATOM
            case s.Logic(op=op, operands=operands):
                binding = STRENGTH[op]
                return f" {op} ".join(self._write(o, binding, known) for o in operands), binding
            case s.Comparison():
                return self._comparison(node, known)
            case s.Arithmetic():
                return self._arithmetic(node, known)
            case s.Conditional():
                return self._conditional(node, known)
            case s.Call(function=function, arguments=arguments):
                inner = ", ".join(self._write(a, LOOSE, known) for a in arguments)
                return f"{function.replace('_', ' ')}({inner})", ATOM
            case s.Membership():
                return self._membership(node, known)
        raise AssertionError(node)

    def _name(self, name: str) -> str:
        if name not in self.scope.types:  # a category's value without quotes
            return feel_text(name)
        self.read[name] = None
        return self.names.get(name, name)

    def _guard(self, sides: Iterable[str], text: str) -> str:
        tests = " or ".join(f"{side} = null" for side in dict.fromkeys(sides))
        return f"if {tests} then null else {text}"

    def _comparison(self, node: s.Comparison, known: Known) -> tuple[str, int]:
        sides = (node.left, node.right)
        left, right = (self._write(side, COMPARISON, known) for side in sides)
        text = f"{left} {node.op} {right}"
        if node.op not in ("=", "!=") or any(isinstance(x, s.NullLiteral) for x in sides):
            return text, COMPARISON
        pairs = zip(sides, (left, right), strict=True)
        open_ones = [written for side, written in pairs if self.may_be_null(side, known)]
        return (self._guard(open_ones, text), 0) if open_ones else (text, COMPARISON)

    def _arithmetic(self, node: s.Arithmetic, known: Known) -> tuple[str, int]:
        binding = STRENGTH[node.op]
        left = self._write(node.left, binding - 1, known)
        right = self._write(node.right, binding, known)
        text = f"{left} {node.op} {right}"
        if node.op in "*/" and self.kind_of(node) == MONEY:
            return f"round half up({text}, 2)", ATOM  # our money is whole fen at each step
        return text, binding

    def kind_of(self, node: s.Syntax) -> str | None:
        """Boolean, number, money or text."""
        term = checker_of(self.scope, _silent).term(node)
        return term.kind if term else None

    def _conditional(self, node: s.Conditional, known: Known) -> tuple[str, int]:
        names = self.strict_names(node.condition, known)
        inner = known | (names or set())
        test = self._write(node.condition, NO_IF, inner)
        one = self._write(node.then, NO_IF, inner)
        two = self._write(node.otherwise, LOOSE, inner | null_tested(node.condition))
        if names is None and self.may_be_null(node.condition, known):
            return f"if {test} then {one} else if not({test}) then {two} else null", 0
        text = f"if {test} then {one} else {two}"
        return (self._guard([self._name(n) for n in sorted(names)], text) if names else text), 0

    def _membership(self, node: s.Membership, known: Known) -> tuple[str, int]:
        subject, tests = node.subject, node.tests
        simple = all(is_literal(o) for test in tests for o in operands_of(test))
        if isinstance(subject, s.Name) and simple and self.may_be_null(subject, known):
            only_ranges = all(isinstance(t, s.RangeTest) for t in tests)
            if not only_ranges:
                text = self._any_of(subject, tests, known | {subject.name})[0]
                return self._guard([self._name(subject.name)], text), 0
        return self._any_of(subject, tests, known)

    def _any_of(
        self, subject: s.Syntax, tests: tuple[s.Test, ...], known: Known
    ) -> tuple[str, int]:
        nodes = tuple(comparison_of(subject, test) for test in tests)
        if len(nodes) == 1:
            return self._parts(nodes[0], known)
        return self._parts(s.Logic(subject.start, subject.end, 1, "or", nodes), known)


def comparison_of(subject: s.Syntax, test: s.Test) -> s.Syntax:
    """A test of a cell as an expression over its subject."""
    place = (test.start, test.end, test.depth)
    match test:
        case s.CompareTest(op=op, operand=operand):
            return s.Comparison(*place, op, subject, operand)
        case s.RangeTest():
            low = s.Comparison(*place, ">=" if test.low_included else ">", subject, test.low)
            high = s.Comparison(*place, "<=" if test.high_included else "<", subject, test.high)
            return s.Logic(*place, "and", (low, high))
        case s.NotTest(tests=inner):
            return s.Negation(*place, s.Membership(*place, subject, inner))
    raise AssertionError(test)


def operands_of(test: s.Syntax) -> list[s.Syntax]:
    """What a test compares with."""
    if isinstance(test, s.CompareTest | s.RangeTest):
        return list(parts_of(test))
    return [operand for part in parts_of(test) for operand in operands_of(part)]


def null_tested(node: s.Syntax) -> Known:
    """The names that are not null where `a = null or b = null` does not hold."""
    match node:
        case s.Comparison(op="=", left=s.Name(name=name), right=s.NullLiteral()):
            return frozenset({name})
        case s.Logic(op="or", operands=operands):
            return frozenset().union(*map(null_tested, operands))
    return frozenset()


def is_literal(node: s.Syntax) -> bool:
    """A value other than null that stands there as it is."""
    if isinstance(node, s.Negative):
        return is_literal(node.operand)
    return isinstance(node, s.NumberLiteral | s.TextLiteral | s.TruthLiteral)


def _silent(error: object) -> None:
    """What is wrong was reported when the ruleset was checked."""
