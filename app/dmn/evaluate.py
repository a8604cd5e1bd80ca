"""Computes FEEL trees. An error makes its expression null and leaves a message."""

from __future__ import annotations

import decimal
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from app.dmn import temporal
from app.dmn.builtins import BUILTINS
from app.dmn.builtins_lists import all_of, any_of
from app.dmn.calls import inferred, invoke
from app.dmn.errors import FeelFault, FeelLimit, FeelSyntaxError
from app.dmn.iterate import Domain, Scope, items_of, steps, turns
from app.dmn.moments import Length, Months
from app.dmn.operators import arithmetic, between, fits_one, ordered, part_of
from app.dmn.parser import Node, Parser
from app.dmn.scanner import NAME
from app.dmn.types import Types
from app.dmn.values import Function, Range, compare, cut, kind_of

CLAIMS = ("compare", "between", "in", "and", "or", "some", "every", "instance")
MOST_STEPS = 5_000_000


class Feel:
    """Parses with the names of one model, computes, and collects messages."""

    def __init__(self, known: set[str], messages: list[str] | None = None) -> None:
        self.known = frozenset(known)
        self.messages: list[str] = [] if messages is None else messages
        self.steps = 0
        self.types: Types | None = None
        self.trees: dict[tuple[str, bool], Node] = {}
        self.places: list[str] = []

    def tree(self, text: str, tests: bool = False) -> Node:
        """The tree of a text, parsed once."""
        if (text, tests) not in self.trees:
            parser = Parser(text, self.known)
            self.trees[text, tests] = parser.tests() if tests else parser.whole()
        return self.trees[text, tests]

    def judge(self, text: str, value: Any) -> bool:
        """Whether a value passes the unary tests of a text."""
        return self.run(self.tree(text, tests=True), {"?": value}) is True

    def tell(self, message: str) -> None:
        """Keep a message, once, with the decision or table cell that it is about."""
        message = ": ".join([*self.places, message])
        if message not in self.messages[-50:]:
            self.messages.append(message)

    def run(self, node: Node, scope: Scope) -> Any:
        """The value of a tree; null and a message where it has none."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise FeelLimit(f"it takes more than {MOST_STEPS} steps")
        try:
            return getattr(self, "_" + node[0])(scope, *node[1:])
        except FeelFault as fault:
            self.tell(str(fault))
        except (decimal.DecimalException, OverflowError, ValueError) as error:
            self.tell(f"arithmetic: {type(error).__name__}: the result is no number of 34 digits")
        return None

    def _value(self, scope: Scope, value: Any) -> Any:
        return value

    def _at(self, scope: Scope, text: str) -> Any:
        return temporal.read_any(text)

    def _name(self, scope: Scope, name: str) -> Any:
        if name in scope:
            return scope[name]
        if name in BUILTINS:
            return BUILTINS[name]
        if not NAME.fullmatch(name):
            return self.run(self._apart(name, scope), scope)
        raise FeelFault(f"there is no '{name}' here")

    def _apart(self, name: str, scope: Scope) -> Node:
        """`a-b` is a name of the model, but not one in scope: then it is a and b with a minus."""
        try:
            node = Parser(name, {known for known in scope if known != name}).whole()
        except FeelSyntaxError:
            node = ("name", name)
        if node == ("name", name):
            raise FeelFault(f"there is no '{name}' here")
        return node

    def _or(self, scope: Scope, left: Node, right: Node) -> bool | None:
        return self._logic(scope, left, right, True)

    def _and(self, scope: Scope, left: Node, right: Node) -> bool | None:
        return self._logic(scope, left, right, False)

    def _logic(self, scope: Scope, left: Node, right: Node, wins: bool) -> bool | None:
        first = self.run(left, scope)
        if isinstance(first, bool) and first == wins:
            return wins
        second = self.run(right, scope)
        if isinstance(second, bool) and second == wins:
            return wins
        return (not wins) if isinstance(first, bool) and isinstance(second, bool) else None

    def _compare(self, scope: Scope, sign: str, left: Node, right: Node) -> Any:
        return ordered(sign, self.run(left, scope), self.run(right, scope))

    def _between(self, scope: Scope, item: Node, low: Node, high: Node) -> bool | None:
        return between(self.run(item, scope), self.run(low, scope), self.run(high, scope))

    def _math(self, scope: Scope, sign: str, left: Node, right: Node) -> Any:
        return arithmetic(sign, self.run(left, scope), self.run(right, scope))

    def _minus(self, scope: Scope, item: Node) -> Any:
        value = self.run(item, scope)
        if isinstance(value, Months):
            return Months(-value.months)
        if isinstance(value, Length):
            return Length(-value.nanos)
        if isinstance(value, Decimal):
            return value.copy_negate()
        raise FeelFault(f"- before a {kind_of(value)}")

    def _if(self, scope: Scope, test: Node, then: Node, other: Node) -> Any:
        holds = self.run(test, scope)
        if holds is not None and not isinstance(holds, bool):
            raise FeelFault(f"if: the condition is a {kind_of(holds)}; it must be true or false")
        return self.run(then if holds else other, scope)

    def _list(self, scope: Scope, items: list[Node]) -> list[Any]:
        return [self.run(item, scope) for item in items]

    def _range(self, scope: Scope, low: Node, high: Node, *closed: bool) -> Range:
        ends = self.run(low, scope), self.run(high, scope)
        if None not in ends and compare(*ends) is None:
            raise FeelFault(f"a range from {kind_of(ends[0])} to {kind_of(ends[1])}")
        return Range(*ends, closed[0], closed[1])

    def _half(self, scope: Scope, sign: str, item: Node) -> Range:
        end = self.run(item, scope)
        if sign in ("=", "!="):
            return Range(end, end, sign == "=", sign == "=", sign)
        equal_too, low = "=" in sign, sign[0] == ">"
        return Range(end, None, equal_too, False, sign) if low else Range(
            None, end, False, equal_too, sign)  # fmt: skip

    def _context(self, scope: Scope, entries: list[tuple[str, Node]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, item in entries:
            if key in found:
                raise FeelFault(f"the key '{key}' comes twice in a context")
            inner = {**scope, **found}
            found[key] = self.run(item, inner)
            if isinstance(found[key], Function):
                inner[key] = found[key]  # a function may call itself
        return found

    def _path(self, scope: Scope, item: Node, name: str) -> Any:
        return self._part(self.run(item, scope), name)

    def _part(self, value: Any, name: str) -> Any:
        """A part of a value; of a list the parts of its items, null where one has none."""
        if not isinstance(value, list):
            return part_of(value, name)
        found = []
        for item in value:
            try:
                found.append(self._part(item, name))
            except FeelFault as fault:
                self.tell(str(fault))
                found.append(None)
        return found

    def _filter(self, scope: Scope, item: Node, test: Node) -> Any:
        return self.filtered(self.run(item, scope), test, scope)

    def filtered(self, value: Any, test: Node, scope: Scope) -> Any:
        """The items that a test fits, or the one at a place."""
        items = value if isinstance(value, list) else [] if value is None else [value]
        found = []
        if not items or test[0] in ("value", "minus"):
            place = self.run(test, scope) if test[0] in ("value", "minus", "name") else None
            if isinstance(place, Decimal):
                return self._at_place(items, place)
        for each in items:
            inner = {**scope, "item": each, **(each if isinstance(each, dict) else {})}
            got = self.run(test, inner)
            if isinstance(got, Decimal):
                return self._at_place(items, got)
            if got is True:
                found.append(each)
        return found

    def _at_place(self, items: list[Any], place: Decimal) -> Any:
        at = cut(place, "the position")
        if at == place and 0 < abs(at) <= len(items):
            return items[at - 1 if at > 0 else at]
        self.tell(f"there is no position {place} in a list of {len(items)}")
        return None

    def _call(self, scope: Scope, node: Node, values: list[Node], names: list[str]) -> Any:
        called = self.run(node, scope)
        if node[0] == "name" and not isinstance(called, Function) and node[1] in BUILTINS:
            called = BUILTINS[node[1]]
        try:
            return invoke(called, [self.run(value, scope) for value in values], names)
        except FeelFault as fault:
            what = f"{node[1]}: " if node[0] == "name" and called is not None else ""
            raise FeelFault(what + str(fault).removeprefix(what)) from fault

    def _function(
        self, scope: Scope, names: list[str], types: list[Any], external: bool, body: Node
    ) -> Function:
        def call(*values: Any) -> Any:
            if external:
                raise FeelFault("external functions (Java, PMML) are not run; the value is null")
            return self.run(body, {**scope, **dict(zip(names, values, strict=True))})

        return Function(tuple(names), call, tuple(types), owner=self.types, shape=inferred(body))

    def _instance(self, scope: Scope, item: Node, kind: Node) -> bool:
        value = self.run(item, scope)
        types = self.types or Types({}, self.judge, self.tell)
        return types.conforms(value, kind, limits=False) and (
            value is not None or kind == ("named", "Null")
        )

    def _for(self, scope: Scope, iterators: list[Any], body: Node, partial: bool) -> list[Any]:
        found: list[Any] = []
        for inner in turns(scope, self._domains(iterators)):
            if partial:
                inner = {**inner, "partial": list(found)}
            found.append(self.run(body, inner))
        return found

    def _some(self, scope: Scope, iterators: list[Any], test: Node) -> Any:
        return any_of([self.run(test, s) for s in turns(scope, self._domains(iterators))])

    def _every(self, scope: Scope, iterators: list[Any], test: Node) -> Any:
        return all_of([self.run(test, s) for s in turns(scope, self._domains(iterators))])

    def _domains(self, iterators: list[Any]) -> list[tuple[str, Domain]]:
        def domain(first: Node, last: Node | None) -> Domain:
            if last is None:
                return lambda scope: items_of(self.run(first, scope))
            return lambda scope: steps(self.run(first, scope), self.run(last, scope))

        return [(name, domain(first, last)) for name, first, last in iterators]

    def _any(self, scope: Scope) -> bool:
        return True

    def _in(self, scope: Scope, item: Node, tests: list[Node]) -> Any:
        return self._tests({**scope, "?": self.run(item, scope)}, tests)

    def _tests(self, scope: Scope, tests: list[Node]) -> Any:
        return any_of([self._fits(scope, test) for test in tests])

    def _nottests(self, scope: Scope, tests: list[Node]) -> bool | None:
        fits = self._tests(scope, tests)
        return None if fits is None else not fits

    def _fits(self, scope: Scope, test: Node) -> bool | None:
        wanted = self.run(test, scope)
        if test[0] in ("unary", "asked"):
            return wanted if isinstance(wanted, bool) else None
        value = scope.get("?")
        if isinstance(wanted, bool) and not isinstance(value, bool) and test[0] in CLAIMS:
            return wanted
        return fits_one(value, wanted)

    def _unary(self, scope: Scope, sign: str, item: Node) -> Any:
        return ordered(sign, scope.get("?"), self.run(item, scope))

    def _asked(self, scope: Scope, item: Node) -> Any:
        return self.run(item, scope)

    def _boxed(self, scope: Scope, work: Callable[[Scope], Any]) -> Any:
        return work(scope)
