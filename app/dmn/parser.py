"""FEEL text → tree of tuples. Names with blanks are found by the names that the model knows."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from app.dmn.errors import FeelSyntaxError

Node = tuple[Any, ...]
SPACE = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)*", re.S)
NUMBER = re.compile(r"(?:\d+(?:\.(?!\.)\d+)?|\.\d+)(?:[eE][+-]?\d+)?")
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.S)
NAME = re.compile(r"[^\W\d][\w']*|\?")
SYMBOL = re.compile(r"\*\*|\.\.|!=|<=|>=|->|[-+*/=<>()\[\]{},:.@|]")
ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{6}|.)", re.S)
KEYWORDS = {
    "and",
    "or",
    "not",
    "if",
    "then",
    "else",
    "for",
    "in",
    "return",
    "some",
    "every",
    "satisfies",
    "between",
    "instance",
    "of",
    "function",
    "true",
    "false",
    "null",
    "external",
}
SPACED = (
    "date and time", "days and time duration", "years and months duration", "day of week",
    "day of year", "week of year", "month of year", "string length", "upper case", "lower case",
    "substring before", "substring after", "starts with", "ends with", "list contains",
    "insert before", "distinct values", "index of", "list replace", "get entries", "get value",
    "context put", "context merge", "round up", "round down", "round half up", "round half down",
    "met by", "overlaps before", "overlaps after", "finished by", "started by",
    "time offset", "start included", "end included", "string join", "is defined",
)  # fmt: skip
MOST_DEPTH = 40


class Parser:
    """One text, read from left to right; `known` are the names of the model."""

    def __init__(self, text: str, known: set[str]) -> None:
        self.text, self.at, self.depth = text, 0, 0
        names = {*known, *SPACED}
        self.odd = sorted((n for n in names if not NAME.fullmatch(n)), key=len, reverse=True)

    def fail(self, wanted: str) -> FeelSyntaxError:
        """What is wrong at the present place."""
        found = self.text[self.at : self.at + 20] or "the end of the text"
        return FeelSyntaxError(
            f"FEEL '{self.text.strip()[:80]}', character {self.at + 1}: {wanted} is missing "
            f"before {found!r}",
            self.at,
        )

    def peek(self) -> str:
        """The next symbol or plain word, not taken; empty at the end or before a literal."""
        self.at = SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]
        match = SYMBOL.match(self.text, self.at) or NAME.match(self.text, self.at)
        return match[0] if match else ""

    def take(self, *words: str) -> str:
        """The next symbol or word, taken if it is one of these."""
        word = self.peek()
        if word in words:
            self.at += len(word)
            return word
        return ""

    def need(self, word: str) -> None:
        """Take this symbol or word, or fail."""
        if not self.take(word):
            raise self.fail(f"'{word}'")

    def name(self) -> str:
        """A name; of the known names with blanks or signs the longest that fits."""
        self.peek()
        for odd in self.odd:
            pattern = r"\s+".join(map(re.escape, odd.split()))
            if match := re.compile(pattern + r"(?!\w)").match(self.text, self.at):
                self.at = match.end()
                return odd
        match = NAME.match(self.text, self.at)
        if not match or match[0] in KEYWORDS - {"of", "external", "function", "in"}:
            raise self.fail("a name")
        self.at = match.end()
        return match[0]

    def learn(self, name: str) -> str:
        """A name that the text itself declares."""
        if not NAME.fullmatch(name) and name not in self.odd:
            self.odd = sorted([*self.odd, name], key=len, reverse=True)
        return name

    def declared(self, *ends: str) -> str:
        """A name that is declared here and runs up to one of these signs."""
        self.peek()
        match = re.compile(r".*?(?=\s*(?:" + "|".join(ends) + "))", re.S).match(self.text, self.at)
        if not match or not match[0].strip():
            raise self.fail("a name")
        self.at = match.end()
        return self.learn(" ".join(match[0].split()))

    def whole(self) -> Node:
        """The whole text as an expression."""
        node = self.expression()
        self.end()
        return node

    def end(self) -> None:
        """Nothing may follow."""
        self.peek()
        if self.at < len(self.text):
            raise self.fail("an operator")

    def tests(self) -> Node:
        """The whole text as unary tests: the cell of a table."""
        if self.text.strip() in ("-", ""):
            return ("any",)
        start = self.at
        if self.take("not") and self.take("("):
            node: Node = ("nottests", self.test_list())
            if self.take(")") and self.peek() == "" and self.at >= len(self.text):
                return node
        self.at = start
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
        if word := self.take("<=", ">=", "<", ">", "!=", "="):
            return ("unary", word, self.sum())
        return self.expression()

    def expression(self) -> Node:
        """Any expression."""
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise self.fail("a less deeply nested expression")
        try:
            return self.disjunction()
        finally:
            self.depth -= 1

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
            if word := self.take("=", "!=", "<=", ">=", "<", ">"):
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
        start = self.at
        if self.take("("):
            try:
                found = self.test_list()
                if self.take(")"):
                    return found
            except FeelSyntaxError:
                pass
        self.at = start
        if word := self.take("<=", ">=", "<", ">", "!=", "="):
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
            self.depth += 1
            if self.depth > MOST_DEPTH:
                raise self.fail("a less deeply nested expression")
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
                node = ("filter", node, self.expression())
                self.need("]")
            elif self.take("("):
                node = ("call", node, *self.arguments())
            elif self.take("instance"):
                self.need("of")
                node = ("instance", node, self.type_name())
            else:
                return node

    def arguments(self) -> tuple[list[Node], list[str]]:
        """The arguments of a call and their names, if they are named."""
        values: list[Node] = []
        names: list[str] = []
        while not self.take(")"):
            if values:
                self.need(",")
            start = self.at
            match = re.compile(r"\s*([^\W\d][^\"(),:{}\[\]]*?)\s*:").match(self.text, self.at)
            if match and (names or not values):
                self.at = match.end()
                names.append(" ".join(match[1].split()))
            else:
                self.at = start
            values.append(self.expression())
        return values, names

    def type_name(self) -> str:
        """A type, with its `<…>` where it has one."""
        name = self.name() if self.peek() != "function" else self.take("function")
        while self.take("."):
            name += "." + self.name()
        if self.take("<"):
            inner = ""
            while not self.take(">"):
                if self.peek() == "":
                    raise self.fail("'>'")
                if word := self.take(":", ","):
                    inner += word
                else:
                    inner += self.type_name()
            name += f"<{inner}>"
            if self.take("->"):
                self.type_name()
        return name

    def primary(self) -> Node:
        """Literals, names, brackets and the forms that begin with a word."""
        word = self.peek()
        here = self.text[self.at :]
        if match := NUMBER.match(self.text, self.at):
            self.at = match.end()
            return ("value", Decimal(match[0]))
        if here.startswith('"'):
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

    def string(self) -> str:
        """A text literal with its escapes."""
        match = STRING.match(self.text, self.at)
        if not match:
            raise self.fail("the closing quote of a text")
        self.at = match.end()
        known = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "'": "'"}

        def plain(found: re.Match[str]) -> str:
            sign = found[1]
            if len(sign) > 1 and int(sign[1:], 16) <= 0x10FFFF:
                return chr(int(sign[1:], 16))
            return known.get(sign, found[0])

        text = ESCAPE.sub(plain, match[1])
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def condition(self) -> Node:
        """`if … then … else …`."""
        self.need("if")
        test = self.expression()
        self.need("then")
        then = self.expression()
        self.need("else")
        return ("if", test, then, self.expression())

    def iterators(self) -> list[tuple[str, Node, Node | None]]:
        """`x in list, y in 1..3`."""
        found = []
        while True:
            name = self.declared(r"\sin\b")
            self.need("in")
            low = self.expression()
            found.append((name, low, self.expression() if self.take("..") else None))
            if not self.take(","):
                return found

    def loop(self) -> Node:
        """`for … return …`."""
        self.need("for")
        steps = self.iterators()
        self.need("return")
        self.learn("partial")
        return ("for", steps, self.expression())

    def quantified(self) -> Node:
        """`some` and `every`."""
        word = self.take("some", "every")
        steps = self.iterators()
        self.need("satisfies")
        return (word, steps, self.expression())

    def function(self) -> Node:
        """`function(a, b: number) body`."""
        self.need("function")
        self.need("(")
        names: list[str] = []
        while not self.take(")"):
            if names:
                self.need(",")
            names.append(self.declared(":", ",", r"\)"))
            if self.take(":"):
                self.type_name()
        return ("function", names, bool(self.take("external")), self.expression())

    def context(self) -> Node:
        """`{a: 1, "b c": 2}`."""
        self.need("{")
        entries: list[tuple[str, Node]] = []
        while not self.take("}"):
            if entries:
                self.need(",")
            self.peek()
            quoted = self.text.startswith('"', self.at)
            key = self.learn(self.string()) if quoted else self.declared(":")
            self.need(":")
            entries.append((key, self.expression()))
        return ("context", entries)

    def bracket(self) -> Node:
        """A list or an interval."""
        opening = self.take("[", "]")
        items: list[Node] = []
        if opening == "[" and self.take("]"):
            return ("list", items)
        items.append(self.expression())
        if self.take(".."):
            return self.interval(opening, items[0])
        while self.take(","):
            items.append(self.expression())
        if opening == "]":
            raise self.fail("'..'")
        self.need("]")
        return ("list", items)

    def interval(self, opening: str, low: Node) -> Node:
        """The rest of an interval, after its two dots."""
        high = self.expression()
        closing = self.take("]", ")", "[")
        if not closing:
            raise self.fail("']' or ')'")
        return ("range", low, high, opening == "[", closing == "]")

    def parenthesis(self) -> Node:
        """An expression in parentheses, an open interval or `(> 5)`."""
        self.need("(")
        if word := self.take("<=", ">=", "<", ">", "="):
            node: Node = ("half", word, self.sum())
            self.need(")")
            return node
        node = self.expression()
        if self.take(".."):
            return self.interval("(", node)
        self.need(")")
        return node
