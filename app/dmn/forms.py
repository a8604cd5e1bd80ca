"""The forms of FEEL that begin with a word or a bracket, and its types."""

from __future__ import annotations

from app.dmn.scanner import Node, Scanner

COMPARISONS = ("<=", ">=", "<", ">", "!=", "=")


class Forms(Scanner):
    """`if`, `for`, `some`, `every`, `function`, contexts, lists, ranges, parentheses, types."""

    def expression(self) -> Node:
        """Any expression; the parser says how."""
        raise NotImplementedError

    def sum(self) -> Node:
        """An expression above comparisons; the parser says how."""
        raise NotImplementedError

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
        """`for … return …`; the last part says whether the body reads `partial`."""
        self.need("for")
        steps = self.iterators()
        self.need("return")
        body = self.expression()
        return ("for", steps, body, "'partial'" in repr(body))

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
        types: list[Node | None] = []
        while not self.take(")"):
            if names:
                self.need(",")
            names.append(self.declared(":", ",", r"\)"))
            types.append(self.type() if self.take(":") else None)
        external = bool(self.take("external"))
        return ("function", names, types, external, self.expression())

    def type(self) -> Node:
        """A type: `("named", name)`, or a list, range, context or function with its parts."""
        self.deeper()
        word = self.take("function") or self.name()
        while self.take("."):
            word += "." + self.name()
        node: Node = ("named", word)
        if word in ("list", "range") and self.take("<"):
            node = (word, self.type())
            self.need(">")
        elif word == "context" and self.take("<"):
            node = ("context", self.type_entries())
        elif word == "function" and self.take("<"):
            parts: list[Node] = []
            while not self.take(">"):
                if parts:
                    self.need(",")
                parts.append(self.type())
            self.need("->")
            node = ("function", parts, self.type())
        self.depth -= 1
        return node

    def type_entries(self) -> dict[str, Node]:
        """The entries of `context<a: number, b: string>`, after the `<`."""
        found: dict[str, Node] = {}
        while not self.take(">"):
            if found:
                self.need(",")
            key = self.declared(":")
            self.need(":")
            found[key] = self.type()
        return found

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
        outer, self.in_range = self.in_range, True
        high = self.expression()
        self.in_range = outer
        closing = self.take("]", ")", "[")
        if not closing:
            raise self.fail("']' or ')'")
        return ("range", low, high, opening == "[", closing == "]")

    def parenthesis(self) -> Node:
        """An expression in parentheses, an open interval or `(> 5)`."""
        self.need("(")
        if word := self.take(*COMPARISONS):
            node: Node = ("half", word, self.sum())
            self.need(")")
            return node
        node = self.expression()
        if self.take(".."):
            return self.interval("(", node)
        self.need(")")
        return node
