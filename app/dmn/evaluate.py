"""Computes FEEL trees. An error makes its expression null and leaves a message."""

from __future__ import annotations

import decimal
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from app.dmn import temporal
from app.dmn.builtins import BUILTINS
from app.dmn.errors import DmnError, FeelFault
from app.dmn.parser import Node, Parser
from app.dmn.values import ARITHMETIC, Function, Months, Range, compare, equal, kind_of, within

MOST_STEPS = 1_000_000


class Feel:
    """Parses with the names of one model, computes, and collects messages."""

    def __init__(self, known: set[str]) -> None:
        self.known, self.messages, self.steps = known, [], 0  # type: set[str], list[str], int
        self.trees: dict[tuple[str, bool], Node] = {}

    def tree(self, text: str, tests: bool = False) -> Node:
        """The tree of a text, parsed once."""
        if (text, tests) not in self.trees:
            parser = Parser(text, self.known)
            self.trees[text, tests] = parser.tests() if tests else parser.whole()
        return self.trees[text, tests]

    def run(self, node: Node, scope: dict[str, Any]) -> Any:
        """The value of a tree; null and a message where it has none."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise DmnError(f"the model takes more than {MOST_STEPS} steps")
        try:
            return getattr(self, "_" + node[0])(scope, *node[1:])
        except FeelFault as fault:
            self.messages.append(str(fault))
        except (decimal.DecimalException, OverflowError) as error:
            self.messages.append(f"arithmetic: {type(error).__name__}")
        except RecursionError as error:
            raise DmnError("a function of the model calls itself without end") from error
        return None

    def _value(self, scope: dict[str, Any], value: Any) -> Any:
        return value

    def _at(self, scope: dict[str, Any], text: str) -> Any:
        return temporal.read_any(text)

    def _name(self, scope: dict[str, Any], name: str) -> Any:
        if name in scope:
            return scope[name]
        if name in BUILTINS:
            return BUILTINS[name]
        raise FeelFault(f"there is no '{name}' here")

    def _or(self, scope: dict[str, Any], left: Node, right: Node) -> bool | None:
        return self._logic(scope, left, right, True)

    def _and(self, scope: dict[str, Any], left: Node, right: Node) -> bool | None:
        return self._logic(scope, left, right, False)

    def _logic(self, scope: dict[str, Any], left: Node, right: Node, wins: bool) -> bool | None:
        values = (self.run(left, scope), self.run(right, scope))
        if any(value is wins for value in values):
            return wins
        return (not wins) if all(value is (not wins) for value in values) else None

    def _compare(self, scope: dict[str, Any], sign: str, left: Node, right: Node) -> Any:
        return ordered(sign, self.run(left, scope), self.run(right, scope))

    def _between(self, scope: dict[str, Any], item: Node, low: Node, high: Node) -> bool | None:
        value = self.run(item, scope)
        ends = Range(self.run(low, scope), self.run(high, scope), True, True)
        return None if ends.low is None or ends.high is None else within(value, ends)

    def _math(self, scope: dict[str, Any], sign: str, left: Node, right: Node) -> Any:
        one, two = self.run(left, scope), self.run(right, scope)
        if one is None or two is None:
            return None
        if isinstance(one, Decimal) and isinstance(two, Decimal):
            return calculate(sign, one, two)
        if isinstance(one, str) and isinstance(two, str) and sign == "+":
            return one + two
        if sign in "+-":
            return temporal.add(one, two) if sign == "+" else temporal.subtract(one, two)
        return _scale(sign, one, two)

    def _minus(self, scope: dict[str, Any], item: Node) -> Any:
        value = self.run(item, scope)
        if isinstance(value, Months):
            return Months(-value.months)
        if isinstance(value, Decimal | timedelta):
            return -value if isinstance(value, timedelta) else value.copy_negate()
        raise FeelFault(f"- before a {kind_of(value)}")

    def _if(self, scope: dict[str, Any], test: Node, then: Node, other: Node) -> Any:
        return self.run(then if self.run(test, scope) is True else other, scope)

    def _list(self, scope: dict[str, Any], items: list[Node]) -> list[Any]:
        return [self.run(item, scope) for item in items]

    def _range(self, scope: dict[str, Any], low: Node, high: Node, *closed: bool) -> Range:
        return Range(self.run(low, scope), self.run(high, scope), closed[0], closed[1])

    def _half(self, scope: dict[str, Any], sign: str, item: Node) -> Range:
        end = self.run(item, scope)
        if sign == "=":
            return Range(end, end, True, True)
        low = sign[0] == ">"
        return Range(end if low else None, None if low else end, low and "=" in sign,
                     not low and "=" in sign)  # fmt: skip

    def _context(self, scope: dict[str, Any], entries: list[tuple[str, Node]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, item in entries:
            found[key] = self.run(item, {**scope, **found})
        return found

    def _path(self, scope: dict[str, Any], item: Node, name: str) -> Any:
        return self.path(self.run(item, scope), name)

    def path(self, value: Any, name: str) -> Any:
        """A part of a context, of a temporal value, or of every item of a list."""
        if isinstance(value, list):
            return [self.path(item, name) for item in value]
        if isinstance(value, dict):
            if name not in value:
                raise FeelFault(f"the context has no '{name}'")
            return value[name]
        if name in ("year", "month", "day") and isinstance(value, date):
            return Decimal(getattr(value, name))
        if name in ("hour", "minute", "second") and hasattr(value, "hour"):
            return Decimal(getattr(value, name))
        if name == "weekday" and isinstance(value, date):
            return Decimal(value.isoweekday())
        raise FeelFault(f"a {kind_of(value)} has no '{name}'")

    def _filter(self, scope: dict[str, Any], item: Node, test: Node) -> Any:
        value = self.run(item, scope)
        items = value if isinstance(value, list) else [] if value is None else [value]
        place = self.run(test, scope) if test[0] in ("value", "minus") else None
        found = []
        for each in items:
            inner = {**scope, **(each if isinstance(each, dict) else {}), "item": each}
            got = self.run(test, inner) if place is None else place
            if isinstance(got, Decimal):
                at = int(got)
                inside = at == got and 0 < abs(at) <= len(items)
                return items[at - 1 if at > 0 else at] if inside else None
            if got is True:
                found.append(each)
        return found if items or place is None else None

    def _call(self, scope: dict[str, Any], node: Node, values: list[Node], names: list[str]) -> Any:
        called = self.run(node, scope)
        if not isinstance(called, Function):
            raise FeelFault("what is called is not a function")
        return invoke(called, [self.run(value, scope) for value in values], names)

    def _function(
        self, scope: dict[str, Any], names: list[str], external: bool, body: Node
    ) -> Function:
        def call(*values: Any) -> Any:
            if external:
                raise FeelFault("external functions (Java, PMML) are not run; the value is null")
            return self.run(body, {**scope, **dict(zip(names, values, strict=True))})

        return Function(tuple(names), call)

    def _instance(self, scope: dict[str, Any], item: Node, name: str) -> bool:
        value = self.run(item, scope)
        base = name.split("<", maxsplit=1)[0]
        if "<" in name and base in ("list", "context", "range"):
            raise FeelFault(f"instance of {name}: types with parts are not judged yet")
        return (base == "Any" and value is not None) or kind_of(value).lower() == base.lower()

    def _for(self, scope: dict[str, Any], steps: list[Any], body: Node) -> list[Any]:
        found: list[Any] = []
        for inner in self._turns(scope, steps):
            found.append(self.run(body, {**inner, "partial": list(found)}))
        return found

    def _some(self, scope: dict[str, Any], steps: list[Any], test: Node) -> Any:
        return BUILTINS["any"].call([self.run(test, s) for s in self._turns(scope, steps)])

    def _every(self, scope: dict[str, Any], steps: list[Any], test: Node) -> Any:
        return BUILTINS["all"].call([self.run(test, s) for s in self._turns(scope, steps)])

    def _turns(self, scope: dict[str, Any], steps: list[Any]) -> list[dict[str, Any]]:
        scopes = [scope]
        for name, first, last in steps:
            scopes = [{**s, name: item} for s in scopes for item in self._items(s, first, last)]
            if len(scopes) > MOST_STEPS:
                raise DmnError("an iteration has too many turns")
        return scopes

    def _items(self, scope: dict[str, Any], first: Node, last: Node | None) -> list[Any]:
        value = self.run(first, scope)
        if last is None:
            if value is None:
                raise FeelFault("for, some, every: null is no list")
            return value if isinstance(value, list) else [value]
        end = self.run(last, scope)
        if not isinstance(value, Decimal) or not isinstance(end, Decimal):
            raise FeelFault("an iteration runs from number to number")
        if abs(end - value) > MOST_STEPS:
            raise DmnError("an iteration has too many turns")
        step = 1 if end >= value else -1
        return [Decimal(n) for n in range(int(value), int(end) + step, step)]

    def _any(self, scope: dict[str, Any]) -> bool:
        return True

    def _in(self, scope: dict[str, Any], item: Node, tests: list[Node]) -> Any:
        return self._tests({**scope, "?": self.run(item, scope)}, tests)

    def _tests(self, scope: dict[str, Any], tests: list[Node]) -> Any:
        return BUILTINS["any"].call([self._fits(scope, test) for test in tests])

    def _nottests(self, scope: dict[str, Any], tests: list[Node]) -> bool | None:
        fits = self._tests(scope, tests)
        return None if fits is None else not fits

    def _fits(self, scope: dict[str, Any], test: Node) -> bool | None:
        value, wanted = scope["?"], self.run(test, scope)
        if test[0] == "unary" or (wanted is not None and "('name', '?')" in repr(test)):
            return wanted if isinstance(wanted, bool) else None
        if isinstance(wanted, Range):
            return within(value, wanted)
        if isinstance(wanted, list) and not isinstance(value, list):
            return any(equal(value, item) for item in wanted)
        return equal(value, wanted)

    def _unary(self, scope: dict[str, Any], sign: str, item: Node) -> Any:
        return ordered(sign, scope["?"], self.run(item, scope))


def ordered(sign: str, one: Any, two: Any) -> Any:
    """A comparison of two values, in three-valued logic."""
    if sign in ("=", "!="):
        same = equal(one, two)
        return same if sign == "=" or same is None else not same
    order = compare(one, two)
    if order is None:
        return None
    return {"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[sign]


def calculate(sign: str, one: Decimal, two: Decimal) -> Decimal:
    """Arithmetic of numbers with 34 digits; a fault where there is no finite result."""
    if sign == "/" and two == 0:
        raise FeelFault("division by zero")
    work = {"+": ARITHMETIC.add, "-": ARITHMETIC.subtract, "*": ARITHMETIC.multiply,
            "/": ARITHMETIC.divide, "**": ARITHMETIC.power}  # fmt: skip
    return work[sign](one, two)


def _scale(sign: str, one: Any, two: Any) -> Any:
    if sign == "*" and isinstance(one, Decimal):
        one, two = two, one
    if sign in "*/" and isinstance(two, Decimal):
        if sign == "/" and two == 0:
            raise FeelFault("division by zero")
        factor = two if sign == "*" else 1 / two
        if isinstance(one, Months):
            return Months(int(one.months * factor))
        if isinstance(one, timedelta):
            return one * float(factor)
    raise FeelFault(f"{kind_of(one)} {sign} {kind_of(two)} is not defined")


def invoke(called: Function, values: list[Any], names: list[str]) -> Any:
    """Call with values by place, or by name."""
    if names:
        if set(names) - set(called.parameters) or len(set(names)) < len(names):
            raise FeelFault(f"the parameters are {', '.join(called.parameters)}")
        given = dict(zip(names, values, strict=True))
        values = [given.get(name) for name in called.parameters]
    elif not called.variadic and len(values) != len(called.parameters):
        raise FeelFault(f"{len(called.parameters)} arguments are wanted, not {len(values)}")
    try:
        return called.call(*values)
    except (TypeError, AttributeError, IndexError, ValueError) as error:
        raise FeelFault(f"an argument of a wrong type: {error}") from error
