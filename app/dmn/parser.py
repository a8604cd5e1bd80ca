"""FEEL text → tree of tuples: operators, paths, filters, calls and unary tests."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from app.dmn.errors import FeelSyntaxError
from app.dmn.forms import COMPARISONS, Forms
from app.dmn.scanner import NUMBER, Node

ARGUMENT = re.compile(r"\s*([^\W\d][^\"(),:{}\[\]]*?)\s*:")
EMPTY = ("", "-")


class Parser(Forms):
    """One text, read from left to right; `known` are the names of the model."""

    def whole(self) -> Node:
        """The whole text as an expression."""
        node = self.expression()
        self.end()
        return node

    def tests(self) -> Node:
        """The whole text as unary tests: the cell of a table."""
        if self.text.strip() in EMPTY:
            return ("any",)
        start = self.at
        if self.take("not") and self.take("("):
            try:
                node: Node = ("nottests", self.test_list())
                if self.take(")") and self.peek() == "" and self.at >= len(self.text):
                    return node
            except FeelSyntaxError:
                pass
        self.at, self.depth = start, 0
        node = ("tests", self.test_list())
        self.end()
        return node

    def test_list(self) -> list[Node]:
        """Tests with commas between them."""
        found = [self.test()]
        while self.take(","):
            found.append(self.test())
        return found

    def test(self) -> Node:
        """One unary test, also on the right of `in`."""
        if word := self.take(*COMPARISONS):
            return ("unary", word, self.sum())
        node = self.expression()
        return ("asked", node) if "('name', '?')" in repr(node) else node

    def expression(self) -> Node:
        """Any expression."""
        self.deeper()
        node = self.disjunction()
        self.depth -= 1
        return node

    def disjunction(self) -> Node:
        """`or` over `and` over comparisons."""
        node = self.conjunction()
        while self.take("or"):
            node = ("or", node, self.conjunction())
        return node

    def conjunction(self) -> Node:
        """`and` over comparisons."""
        node = self.comparison()
        while self.take("and"):
            node = ("and", node, self.comparison())
        return node

    def comparison(self) -> Node:
        """Comparisons, `between` and `in`."""
        node = self.sum()
        while True:
            if word := self.take(*COMPARISONS):
                node = ("compare", word, node, self.sum())
            elif self.take("between"):
                low = self.sum()
                self.need("and")
                node = ("between", node, low, self.sum())
            elif self.take("in"):
                node = ("in", node, self.in_tests())
            else:
                return node

    def in_tests(self) -> list[Node]:
        """What stands after `in`."""
        start, depth = self.at, self.depth
        if self.take("("):
            try:
                found = self.test_list()
                if self.take(")"):
                    return found
            except FeelSyntaxError:
                pass
        self.at, self.depth = start, depth
        if word := self.take(*COMPARISONS):
            return [("unary", word, self.sum())]
        return [self.sum()]

    def sum(self) -> Node:
        """`+` and `-`."""
        node = self.product()
        while word := self.take("+", "-"):
            node = ("math", word, node, self.product())
        return node

    def product(self) -> Node:
        """`*` and `/`."""
        node = self.power()
        while word := self.take("*", "/"):
            node = ("math", word, node, self.power())
        return node

    def power(self) -> Node:
        """`**`, which binds from the left, as the standard has it."""
        node = self.negation()
        while self.take("**"):
            node = ("math", "**", node, self.negation())
        return node

    def negation(self) -> Node:
        """A minus before a value binds more closely than `**`."""
        if self.take("-"):
            self.deeper()
            node: Node = ("minus", self.negation())
            self.depth -= 1
            return node
        return self.postfix()

    def postfix(self) -> Node:
        """Paths, filters, calls and `instance of`."""
        node = self.primary()
        while True:
            if self.take("."):
                node = ("path", node, self.name())
            elif self.take("["):
                found = self.filter_test()
                if found is None:
                    return node
                node = ("filter", node, found)
            elif self.take("("):
                node = ("call", node, *self.arguments())
            elif self.take("instance"):
                self.need("of")
                node = ("instance", node, self.type())
            else:
                return node

    def filter_test(self) -> Node | None:
        """What stands in `[…]`; None where the `[` closes a range, as in `[1..10[`."""
        start, depth, in_range = self.at, self.depth, self.in_range
        self.in_range = False
        try:
            node = self.expression()
            self.need("]")
            return node
        except FeelSyntaxError:
            if not in_range:
                raise
            self.at, self.depth = start - 1, depth
            return None
        finally:
            self.in_range = in_range

    def arguments(self) -> tuple[list[Node], list[str]]:
        """The arguments of a call and their names, if they are named."""
        values: list[Node] = []
        names: list[str] = []
        while not self.take(")"):
            if values:
                self.need(",")
            match = ARGUMENT.match(self.text, self.at)
            if match and (names or not values):
                self.at = match.end()
                names.append(" ".join(match[1].split()))
            elif names:
                raise self.fail("the name of the argument")
            values.append(self.expression())
        return values, names

    def number(self, text: str) -> Decimal:
        """A number literal."""
        try:
            return Decimal(text)
        except InvalidOperation as error:
            raise self.fail("a number with a smaller exponent") from error

    def primary(self) -> Node:
        """Literals, names, brackets and the forms that begin with a word."""
        word = self.peek()
        if match := NUMBER.match(self.text, self.at):
            self.at = match.end()
            return ("value", self.number(match[0]))
        if self.text.startswith('"', self.at):
            return ("value", self.string())
        if word == "@":
            self.need("@")
            self.peek()
            return ("at", self.string())
        special = {"if": self.condition, "for": self.loop, "some": self.quantified,
                   "every": self.quantified, "function": self.function, "{": self.context,
                   "[": self.bracket, "]": self.bracket, "(": self.parenthesis}  # fmt: skip
        if word in special:
            return special[word]()
        if word in ("true", "false", "null"):
            self.take(word)
            return ("value", {"true": True, "false": False}.get(word))
        if word == "not":
            self.take(word)
            return ("name", "not")
        return ("name", self.name())


__all__ = ["Node", "Parser"]
