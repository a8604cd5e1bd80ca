"""Syntax tree → typed term: names, types and units are settled here, before anything runs.

Every mistake of an expression is collected. A part that could not be typed is `None` and silences
what stands above it, so that one mistake gives one problem.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from decimal import Decimal

from app.rules import syntax as s
from app.rules.kinds import NOTHING, Kinds, Report, words_of
from app.rules.problems import suggest
from app.rules.terms import ROUNDERS, Term, conjunction, disjunction
from app.rules.types import BOOLEAN, KIND_WORDS, MONEY, NUMBER, TEXT, Type

OPERATIONS = {"=": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
MIRRORED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
ARITHMETIC = {"+": "add", "-": "sub", "*": "mul", "/": "div"}
SMALLEST_DECIMALS, LARGEST_DECIMALS = -12, 12


class Checker(Kinds):
    """Types one expression over a scope of names. `report` gets each problem, with its offset.

    `definitions`: names of the scope that stand for a term (`let` values, terms of a product).
    `broken`: names whose own definition has a problem; nothing more is said of what reads them.
    """

    def __init__(
        self,
        scope: Mapping[str, Type],
        report: Report,
        definitions: Mapping[str, Term] | None = None,
        broken: Container[str] = (),
    ) -> None:
        self.scope = scope
        super().__init__(report)
        self.definitions = definitions or {}
        self.broken = broken

    def expression(
        self, tree: s.Syntax, wanted: str | None = None, what: str = "the value"
    ) -> Term | None:
        """The term of a whole expression; with `wanted`, of that kind."""
        term = self.term(tree)
        if term is None or wanted is None:
            return self._settle(term, wanted or NUMBER)
        fitted = self._fit(term, wanted, tree)
        if fitted is None or fitted.kind == wanted:
            return fitted
        self._say(
            tree, "wrong-type", f"{what} must be {KIND_WORDS[wanted]}, not {words_of(fitted)}"
        )
        return None

    def cell(
        self, subject: Term, subject_type: Type | None, tests: tuple[s.Test, ...]
    ) -> Term | None:
        """The condition of a table cell or a bin over its column's term."""
        return self._tests(subject, subject_type, tests)

    # --- parts ------------------------------------------------------------------------------------
    # ---------------

    def term(self, node: s.Syntax) -> Term | None:
        match node:
            case s.NumberLiteral():
                return Term("const", NUMBER, (), float(node.value), node.value)
            case s.TextLiteral():
                return Term("const", TEXT, (), node.value)
            case s.TruthLiteral():
                return Term("const", BOOLEAN, (), node.value)
            case s.NullLiteral():
                return Term("const", NOTHING)
            case s.Name():
                return self._name(node)
            case s.Negative():
                return self._negative(node)
            case s.Negation():
                inner = self._boolean(node.operand, "what stands in not(…)")
                return inner and Term("not", BOOLEAN, (inner,))
            case s.Logic():
                parts = [
                    self._boolean(operand, f"what '{node.op}' joins") for operand in node.operands
                ]
                known = tuple(part for part in parts if part is not None)
                return Term(node.op, BOOLEAN, known) if len(known) == len(parts) else None
            case s.Comparison():
                return self._comparison(node)
            case s.Arithmetic():
                return self._arithmetic(node)
            case s.Conditional():
                return self._conditional(node)
            case s.Call():
                return self._call(node)
            case s.Membership():
                subject = self.term(node.subject)
                if subject is not None:
                    return self._tests(subject, self._type_of(node.subject), node.tests)
                self._look_into(node.tests)
                return None
        raise AssertionError(node)

    def _look_into(self, tests: tuple[s.Test, ...]) -> None:
        """Report what is wrong inside tests whose subject has no type."""
        for test in tests:
            for operand in _operands(test):
                self.term(operand)

    def _name(self, node: s.Name) -> Term | None:
        known = self.scope.get(node.name)
        if node.name in self.broken:
            return None
        if known is None:
            self._say(
                node, "unknown-name", f"unknown input '{node.name}'", suggest(node.name, self.scope)
            )
            return None
        if node.name in self.definitions:
            return self.definitions[node.name]
        return Term("input", known.kind, (), node.name)

    def _type_of(self, node: s.Syntax) -> Type | None:
        return self.scope.get(node.name) if isinstance(node, s.Name) else None

    def _boolean(self, node: s.Syntax, what: str) -> Term | None:
        return self.expression(node, BOOLEAN, what)

    def _negative(self, node: s.Negative) -> Term | None:
        inner = self._settle(self.term(node.operand), NUMBER)
        if inner is None:
            return None
        if inner.kind not in (NUMBER, MONEY):
            self._say(node.operand, "wrong-type", f"'-' needs a number, not {words_of(inner)}")
            return None
        if inner.literal is not None:
            return Term("const", NUMBER, (), -inner.payload, -inner.literal)
        return Term("neg", inner.kind, (inner,))

    def _comparison(self, node: s.Comparison) -> Term | None:
        left, right = self.term(node.left), self.term(node.right)
        if left is None or right is None:
            return None
        of = self._type_of(node.left)
        if of is not None:
            return self._compare(node.op, left, right, of, node.right)
        of = self._type_of(node.right)
        if of is not None and isinstance(node.left, (s.NumberLiteral, s.TextLiteral, s.Negative)):
            return self._compare(MIRRORED[node.op], right, left, of, node.left)
        return self._compare(node.op, left, right, None, node.right)

    def _compare(
        self, op: str, left: Term, right: Term, of: Type | None, at: s.Syntax
    ) -> Term | None:
        """left op right; `of` is the declared type of left where left is an input, `at` where right
        stands.
        """
        if NOTHING in (left.kind, right.kind) and op in ("=", "!="):
            known = right if left.kind == NOTHING else left
            test = Term("is_null", BOOLEAN, (self._settle(known, NUMBER) or known,))
            return test if op == "=" else Term("not", BOOLEAN, (test,))
        pair = self._unify([left, right], [at, at])
        if pair is None:
            return None
        left, right = pair
        if op not in ("=", "!=") and left.kind == BOOLEAN:
            self._say(at, "no-order", "true and false have no order", "compare with = or !=")
            return None
        if of is not None and right.op == "const" and not self._constant_fits(op, of, right, at):
            return None
        if of is not None and of.declared == "category" and op not in ("=", "!="):
            self._say(
                at,
                "no-order",
                "the values of a category have no order",
                "compare with =, != or in (…)",
            )
            return None
        return Term(OPERATIONS[op], BOOLEAN, (left, right))

    def _constant_fits(self, op: str, of: Type, constant: Term, at: s.Syntax) -> bool:
        value = constant.payload
        if of.values is not None and value is not None and value not in of.values:
            hint: str | None = suggest(str(value), of.values) or "its values are " + ", ".join(
                f'"{v}"' for v in of.values
            )
            self._say(at, "unknown-category", f"there is no category '{value}' here", hint)
            return False
        if of.declared == "ratio" and constant.literal is not None:
            low, high = of.low if of.low is not None else Decimal(0), of.high
            outside = constant.literal < low or (high is not None and constant.literal > high)
            if outside:
                hint = None
                if high is not None and low <= constant.literal / 100 <= high:
                    hint = (
                        f"a share is written as {constant.literal / 100}, not {constant.literal}%"
                    )
                self._say(
                    at,
                    "outside-range",
                    f"{constant.literal} is outside the range of this ratio, {_range(low, high)}",
                    hint,
                )
                return False
        return True

    def _tests(self, subject: Term, of: Type | None, tests: tuple[s.Test, ...]) -> Term | None:
        parts = [self._test(subject, of, test) for test in tests]
        known = tuple(part for part in parts if part is not None)
        return disjunction(known) if len(known) == len(parts) else None

    def _test(self, subject: Term, of: Type | None, test: s.Test) -> Term | None:
        match test:
            case s.CompareTest():
                operand = self._bare_word(test.operand, of) or self.term(test.operand)
                return operand and self._compare(test.op, subject, operand, of, test.operand)
            case s.RangeTest():
                low, high = self.term(test.low), self.term(test.high)
                if low is None or high is None:
                    return None
                if (
                    low.literal is not None
                    and high.literal is not None
                    and low.literal > high.literal
                ):
                    self._say(
                        test,
                        "empty-interval",
                        f"the interval from {low.literal} to {high.literal} is empty",
                        "the lower end stands first",
                    )
                    return None
                if subject.kind == BOOLEAN:
                    self._say(
                        test, "no-order", "true and false have no order", "compare with = or !="
                    )
                    return None
                above = self._compare(
                    ">=" if test.low_included else ">", subject, low, of, test.low
                )
                below = self._compare(
                    "<=" if test.high_included else "<", subject, high, of, test.high
                )
                return (
                    conjunction((above, below)) if above is not None and below is not None else None
                )
            case s.NotTest():
                inner = self._tests(subject, of, test.tests)
                return inner and Term("not", BOOLEAN, (inner,))
        raise AssertionError(test)

    def _bare_word(self, operand: s.Syntax, of: Type | None) -> Term | None:
        """In a cell of a category, its value may stand without quotes (`tier: A`)."""
        if of is None or of.values is None or not isinstance(operand, s.Name):
            return None
        if operand.name in of.values and operand.name not in self.scope:
            return Term("const", TEXT, (), operand.name)
        return None

    def _arithmetic(self, node: s.Arithmetic) -> Term | None:
        left, right = (
            self._settle(self.term(node.left), NUMBER),
            self._settle(self.term(node.right), NUMBER),
        )
        if left is None or right is None:
            return None
        for term, side in ((left, node.left), (right, node.right)):
            if term.kind not in (NUMBER, MONEY):
                self._say(side, "wrong-type", f"'{node.op}' needs numbers, not {words_of(term)}")
                return None
        op = ARITHMETIC[node.op]
        if op in ("add", "sub"):
            pair = self._unify([left, right], [node.left, node.right])
            return Term(op, pair[0].kind, tuple(pair)) if pair else None
        kinds = (left.kind, right.kind)
        if op == "mul" and kinds == (MONEY, MONEY):
            self._say(
                node,
                "money-times-money",
                "money times money means nothing",
                "multiply money by a number",
            )
            return None
        if op == "div" and kinds == (NUMBER, MONEY):
            self._say(
                node,
                "number-by-money",
                "a number divided by money means nothing",
                "divide money by money, or money by a number",
            )
            return None
        if op == "div":
            return Term(op, MONEY if kinds == (MONEY, NUMBER) else NUMBER, (left, right))
        if kinds == (NUMBER, MONEY):
            left, right = right, left  # money first; the product is the same to the bit
        return Term(op, left.kind, (left, right))

    def _conditional(self, node: s.Conditional) -> Term | None:
        condition = self._boolean(node.condition, "the condition of 'if'")
        then, otherwise = self.term(node.then), self.term(node.otherwise)
        if condition is None or then is None or otherwise is None:
            return None
        arms = self._unify([then, otherwise], [node.then, node.otherwise])
        return Term("if", arms[0].kind, (condition, *arms)) if arms else None

    def _call(self, node: s.Call) -> Term | None:
        arguments = [self.term(argument) for argument in node.arguments]
        known = [argument for argument in arguments if argument is not None]
        if len(known) != len(arguments):
            return None
        if node.function in ROUNDERS:
            return self._rounder(node, known)
        if node.function == "abs" and len(known) != 1:
            self._say(node, "wrong-count", f"'abs' takes one value, not {len(known)}")
            return None
        united = self._unify(known, list(node.arguments))
        if united is None:
            return None
        if united[0].kind not in (NUMBER, MONEY):
            self._say(
                node.arguments[0],
                "wrong-type",
                f"'{node.function}' needs numbers, not {words_of(united[0])}",
            )
            return None
        if len(united) == 1 and node.function != "abs":
            return united[0]
        return Term(node.function, united[0].kind, tuple(united))

    def _rounder(self, node: s.Call, arguments: list[Term]) -> Term | None:
        name = node.function.replace("_", " ")
        one_is_enough = node.function in ("floor", "ceiling")
        if len(arguments) != 2 and not (one_is_enough and len(arguments) == 1):
            self._say(
                node,
                "wrong-count",
                f"'{name}' takes a number and how many decimals it keeps, as in {name}(x, 2)",
            )
            return None
        decimals = Decimal(0)
        if len(arguments) == 2:
            literal = arguments[1].literal
            if (
                literal is None
                or literal != literal.to_integral_value()
                or not SMALLEST_DECIMALS <= literal <= LARGEST_DECIMALS
            ):
                self._say(
                    node.arguments[1],
                    "bad-decimals",
                    f"how many decimals '{name}' keeps must be a whole number"
                    f" from {SMALLEST_DECIMALS} to {LARGEST_DECIMALS}",
                )
                return None
            decimals = literal
        value = self._settle(arguments[0], NUMBER)
        assert value is not None
        if value.kind not in (NUMBER, MONEY):
            self._say(
                node.arguments[0], "wrong-type", f"'{name}' needs a number, not {words_of(value)}"
            )
            return None
        return Term(node.function, value.kind, (value,), int(decimals))


def _operands(test: s.Test) -> tuple[s.Syntax, ...]:
    match test:
        case s.CompareTest():
            return (test.operand,)
        case s.RangeTest():
            return (test.low, test.high)
        case s.NotTest():
            return tuple(operand for inner in test.tests for operand in _operands(inner))
    raise AssertionError(test)


def _range(low: Decimal, high: Decimal | None) -> str:
    return f"{low} to {high}" if high is not None else f"from {low} up"
