"""Tokens → syntax tree, by precedence climbing. Depth is bounded: no text can exhaust the stack."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from app.rules import syntax as s
from app.rules.lexer import FUNCTIONS, ExpressionError, Token, tokenize, unescape

DEEPEST = 64  # levels of nesting; also the length of a chain of + - * /
WIDEST = 1_000  # operands of one `and`, `or`, `in` or function
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
# How strongly an operator binds; `or` weakest, as in FEEL.
STRENGTH = {
    "or": 1,
    "and": 2,
    **dict.fromkeys(COMPARISONS, 3),
    "between": 3,
    "in": 3,
    "+": 4,
    "-": 4,
    "*": 5,
    "/": 5,
}
UNARY_MINUS = 6


def parse_expression(text: str) -> s.Syntax:
    """The tree of an expression. Raises ExpressionError at the first place that cannot be read."""
    parser = _Parser(tokenize(text))
    if parser.token.kind == "end":
        raise ExpressionError(0, "empty", "an expression is missing here")
    tree = parser.expression(0, 0)
    parser.expect_end()
    return tree


def parse_cell(text: str) -> tuple[s.Test, ...] | None:
    """The tests of a table cell, any of which may hold; None for `-` (whatever the value is)."""
    parser = _Parser(tokenize(text))
    if parser.token.kind == "end":
        raise ExpressionError(
            0, "empty", "a test is missing here", 'write "-" where the value does not matter'
        )
    if parser.token.text == "-" and parser.tokens[parser.at + 1].kind == "end":
        return None
    tests = parser.tests(0)
    parser.expect_end()
    return tests


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.token
        self.at += token.kind != "end"
        return token

    def accept(self, text: str) -> bool:
        if self.token.text == text and self.token.kind in ("sign", "word"):
            self.at += 1
            return True
        return False

    def expect(self, text: str, why: str) -> Token:
        token = self.token
        if not self.accept(text):
            raise ExpressionError(
                token.start,
                "expected",
                f"'{text}' is expected {why}{_found(token)}",
                None,
                max(1, len(token.text)),
            )
        return token

    def expect_end(self) -> None:
        token = self.token
        if token.kind == "end":
            return
        hint = (
            "write and, or, or an operator between the two"
            if token.kind in ("name", "number", "text", "word")
            else None
        )
        raise ExpressionError(
            token.start, "unexpected", f"'{token.text}' does not fit here", hint, len(token.text)
        )

    def expression(self, strength: int, depth: int, left: s.Syntax | None = None) -> s.Syntax:
        """An expression of operators that bind more strongly than `strength`; `depth` levels above
        it.

        `left`: its first operand, where that is read already.
        """
        if depth > DEEPEST:
            raise self._too_deep(self.token)
        left = left or self.operand(depth)
        while True:
            token = self.token
            binding = STRENGTH.get(token.text, 0) if token.kind in ("sign", "word") else 0
            if binding <= strength:
                return left
            self.take()
            if binding == 3:
                left = self.comparison(token, left, depth)
                following = self.token
                if following.kind in ("sign", "word") and STRENGTH.get(following.text) == 3:
                    raise ExpressionError(
                        following.start,
                        "chained",
                        "comparisons cannot be chained",
                        "write a < b and b < c, or x between a and c",
                        len(following.text),
                    )
            elif binding <= 2:
                left = self.logic(token, left, binding, depth)
            else:
                right = self.expression(binding, depth + 1)
                left = s.Arithmetic(
                    left.start, right.end, 1 + max(left.depth, right.depth), token.text, left, right
                )
                if left.depth > DEEPEST:
                    raise self._too_deep(token)

    def logic(self, token: Token, first: s.Syntax, binding: int, depth: int) -> s.Syntax:
        operands = [first, self.expression(binding, depth + 1)]
        while self.token.text == token.text and self.token.kind == "word":
            self.take()
            operands.append(self.expression(binding, depth + 1))
        self._check_width(operands, token)
        return s.Logic(first.start, operands[-1].end, _above(operands), token.text, tuple(operands))

    def comparison(self, token: Token, left: s.Syntax, depth: int) -> s.Syntax:
        if token.text == "between":
            low = self.expression(3, depth + 1)
            self.expect("and", "after the lower end of 'between'")
            high = self.expression(3, depth + 1)
            test = s.RangeTest(low.start, high.end, _above((low, high)), low, True, high, True)
            return s.Membership(
                left.start, high.end, 1 + max(left.depth, test.depth), left, (test,)
            )
        if token.text == "in":
            tests = self.membership(depth)
            return s.Membership(
                left.start, self.tokens[self.at - 1].end, _above((left, *tests)), left, tests
            )
        right = self.expression(3, depth + 1)
        return s.Comparison(left.start, right.end, _above((left, right)), token.text, left, right)

    def membership(self, depth: int) -> tuple[s.Test, ...]:
        """What follows `in`: one test, an interval, or a list of tests in parentheses."""
        opening = self.token
        if not self.accept("("):
            return (self.test(depth + 1),)
        first = self.test(depth + 1)
        if self.token.text == ".." and isinstance(first, s.CompareTest) and first.op == "=":
            return (self.test_range(opening, depth + 1, first.operand),)
        tests = self.tests(depth + 1, first)
        self.expect(")", "at the end of the list after 'in'")
        return tests

    def tests(self, depth: int, before: s.Test | None = None) -> tuple[s.Test, ...]:
        """Tests separated by commas; `before` is the first where it is read already."""
        first = self.token
        found = [before or self.test(depth)]
        while self.accept(","):
            found.append(self.test(depth))
        self._check_width(found, first)
        return tuple(found)

    def test(self, depth: int) -> s.Test:
        if depth > DEEPEST:
            raise self._too_deep(self.token)
        token = self.token
        if token.kind == "sign" and token.text in COMPARISONS:
            self.take()
            operand = self.expression(3, depth + 1)
            return s.CompareTest(token.start, operand.end, 1 + operand.depth, token.text, operand)
        if token.kind == "word" and token.text == "not":
            self.take()
            self.expect("(", "after 'not'")
            tests = self.tests(depth + 1)
            end = self.expect(")", "at the end of 'not(…'").end
            return s.NotTest(token.start, end, _above(tests), tests)
        if token.text in ("[", "]"):
            self.take()
            return self.test_range(token, depth)
        if token.text == "(":
            self.take()
            inner = self.expression(0, depth + 1)
            if self.token.text == "..":
                return self.test_range(token, depth, inner)
            self.expect(")", "to close the parenthesis")
            operand = self.expression(3, depth + 1, inner)
        else:
            operand = self.expression(3, depth + 1)
        return s.CompareTest(operand.start, operand.end, 1 + operand.depth, "=", operand)

    def test_range(self, opening: Token, depth: int, low: s.Syntax | None = None) -> s.RangeTest:
        """An interval whose opening bracket (and perhaps lower end) is read."""
        low = low or self.expression(3, depth + 1)
        self.expect("..", "between the ends of an interval, as in [12..24)")
        high = self.expression(3, depth + 1)
        closing = self.take()
        if closing.text not in ("]", ")", "["):
            raise ExpressionError(
                closing.start,
                "expected",
                f"']' or ')' is expected at the end of an interval{_found(closing)}",
                None,
                max(1, len(closing.text)),
            )
        return s.RangeTest(
            opening.start,
            closing.end,
            _above((low, high)),
            low,
            opening.text == "[",
            high,
            closing.text == "]",
        )

    def operand(self, depth: int) -> s.Syntax:
        token = self.take()
        start, end = token.start, token.end
        match token.kind, token.text:
            case "number", written:
                return s.NumberLiteral(start, end, 1, Decimal(written.replace("_", "")), written)
            case "text", _:
                return s.TextLiteral(start, end, 1, unescape(token))
            case "name", name:
                if self.token.text == "(":
                    known = ", ".join(FUNCTIONS)
                    raise ExpressionError(
                        start,
                        "unknown-function",
                        f"there is no function '{name}'",
                        f"functions are {known}",
                        len(name),
                    )
                return s.Name(start, end, 1, name)
            case "word", ("true" | "false") as word:
                return s.TruthLiteral(start, end, 1, word == "true")
            case "word", "null":
                return s.NullLiteral(start, end, 1)
            case "sign", "-":
                operand = self.expression(UNARY_MINUS - 1, depth + 1)
                return s.Negative(start, operand.end, 1 + operand.depth, operand)
            case "sign", "(":
                inner = self.expression(0, depth + 1)
                self.expect(")", "to close the parenthesis")
                return inner
            case "word", "not":
                self.expect("(", "after 'not', as in not(…)")
                inner = self.expression(0, depth + 1)
                end = self.expect(")", "at the end of 'not(…'").end
                return s.Negation(start, end, 1 + inner.depth, inner)
            case "word", "if":
                return self.conditional(token, depth)
            case "word", word if word in FUNCTIONS:
                return self.call(token, depth)
        raise ExpressionError(
            start,
            "expected",
            f"a value is expected{_found(token)}",
            _hint_for_operand(token),
            max(1, len(token.text)),
        )

    def conditional(self, token: Token, depth: int) -> s.Syntax:
        condition = self.expression(0, depth + 1)
        self.expect("then", "after the condition of 'if'")
        then = self.expression(0, depth + 1)
        self.expect("else", "after 'then …': every 'if' needs its 'else'")
        otherwise = self.expression(0, depth + 1)
        return s.Conditional(
            token.start,
            otherwise.end,
            _above((condition, then, otherwise)),
            condition,
            then,
            otherwise,
        )

    def call(self, token: Token, depth: int) -> s.Syntax:
        self.expect("(", f"after '{token.text}'")
        arguments = [self.expression(0, depth + 1)]
        while self.accept(","):
            arguments.append(self.expression(0, depth + 1))
        end = self.expect(")", f"at the end of '{token.text}(…'").end
        self._check_width(arguments, token)
        return s.Call(token.start, end, _above(arguments), FUNCTIONS[token.text], tuple(arguments))

    def _check_width(self, operands: Sequence[s.Syntax], token: Token) -> None:
        if len(operands) > WIDEST:
            raise ExpressionError(
                token.start,
                "too-wide",
                f"{len(operands):,} operands in one place; at most {WIDEST:,} are read",
            )

    @staticmethod
    def _too_deep(token: Token) -> ExpressionError:
        return ExpressionError(
            token.start,
            "too-deep",
            f"nested deeper than {DEEPEST} levels",
            "split the expression with `let`, or into several rules",
        )


def _above(parts: Sequence[s.Syntax]) -> int:
    return 1 + max(part.depth for part in parts)


def _found(token: Token) -> str:
    return "; the expression ends here" if token.kind == "end" else f"; '{token.text[:40]}' is here"


def _hint_for_operand(token: Token) -> str | None:
    if token.text == "[":
        return "an interval stands after 'in': x in [12..24)"
    return None
