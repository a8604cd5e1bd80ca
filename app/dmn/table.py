"""Decision tables with every hit policy of DMN."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element

from app.dmn.builtins import BUILTINS
from app.dmn.errors import FeelFault, FeelSyntaxError
from app.dmn.evaluate import Feel
from app.dmn.iterate import Scope
from app.dmn.parser import Node
from app.dmn.values import equal
from app.dmn.xml import child, children, name_of, text_of

SHORT = {"U": "UNIQUE", "A": "ANY", "P": "PRIORITY", "F": "FIRST", "R": "RULE ORDER",
         "O": "OUTPUT ORDER", "C": "COLLECT"}  # fmt: skip
LISTS = ("RULE ORDER", "OUTPUT ORDER", "COLLECT")


def judge_table(element: Element, scope: Scope, feel: Feel) -> Any:
    """The result of a table, by its hit policy."""
    return Table(element, feel).judge(scope)


class Table:
    """One decision table; messages name its rules and columns."""

    def __init__(self, element: Element, feel: Feel) -> None:
        self.element, self.feel = element, feel
        self.inputs = children(element, "input")
        self.outputs = children(element, "output")
        policy = element.get("hitPolicy", "UNIQUE")
        self.policy = SHORT.get(policy, policy)

    @contextmanager
    def at(self, place: str) -> Iterator[None]:
        """Messages in here begin with this place."""
        self.feel.places.append(place)
        try:
            yield
        finally:
            self.feel.places.pop()

    def tree(self, element: Element, place: str, tests: bool = False) -> Node:
        """The tree of a cell; a fault that names the cell where it cannot be parsed."""
        try:
            return self.feel.tree(text_of(element), tests)
        except FeelSyntaxError as error:
            raise FeelFault(f"{place}: {error}") from error

    def value(self, element: Element, place: str, scope: Scope) -> Any:
        """The value of a cell; an empty one is null."""
        if not text_of(element).strip():
            return None
        node = self.tree(element, place)
        with self.at(place):
            return self.feel.run(node, scope)

    def judge(self, scope: Scope) -> Any:
        """The result by the hit policy; a fault where the policy is broken."""
        given = [self._input(column, n, scope) for n, column in enumerate(self.inputs, 1)]
        hits: list[tuple[int, list[Any]]] = []
        for number, rule in enumerate(children(self.element, "rule"), 1):
            if not self._fits(rule, number, given, scope):
                continue
            hits.append((number, self._outputs(rule, number, scope)))
            if self.policy == "FIRST":
                break
        if not hits:
            return self._default(scope)
        return self._answer(hits, scope)

    def _input(self, column: Element, number: int, scope: Scope) -> Any:
        expression, place = child(column, "inputExpression"), self.column(column, number)
        value = None if expression is None else self.value(expression, place, scope)
        for allowed in children(column, "inputValues"):
            node = self.tree(allowed, place, tests=True)
            if value is not None and self.feel.run(node, {**scope, "?": value}) is not True:
                raise FeelFault(f"{place} is outside its values {text_of(allowed).strip()}")
        return value

    def column(self, column: Element, number: int) -> str:
        """What a column is called in messages."""
        expression = child(column, "inputExpression")
        text = "" if expression is None else " ".join(text_of(expression).split())
        name = column.get("label") or text or name_of(column)
        return f"column '{name}'" if name else f"column {number}"

    def _fits(self, rule: Element, number: int, given: list[Any], scope: Scope) -> bool:
        cells = children(rule, "inputEntry")
        if len(cells) != len(given):
            raise FeelFault(f"rule {number} has {len(cells)} input cells for {len(given)} columns")
        for at, (cell, value) in enumerate(zip(cells, given, strict=True)):
            place = f"rule {number}, {self.column(self.inputs[at], at + 1)}"
            node = self.tree(cell, place, tests=True)
            with self.at(place):
                if self.feel.run(node, {**scope, "?": value}) is not True:
                    return False
        return True

    def _outputs(self, rule: Element, number: int, scope: Scope) -> list[Any]:
        cells = children(rule, "outputEntry")
        if len(cells) != len(self.outputs):
            raise FeelFault(
                f"rule {number} has {len(cells)} output cells for {len(self.outputs)} columns"
            )
        return [
            self.value(cell, f"rule {number}, output '{self.name(column)}'", scope)
            for cell, column in zip(cells, self.outputs, strict=True)
        ]

    def name(self, output: Element) -> str:
        """The name of an output column."""
        return name_of(output) or output.get("label", "")

    def _answer(self, hits: list[tuple[int, list[Any]]], scope: Scope) -> Any:
        rules = ", ".join(str(number) for number, _ in hits)
        if self.policy == "UNIQUE" and len(hits) > 1:
            raise FeelFault(f"the table is UNIQUE, but the rules {rules} fit")
        if self.policy == "ANY" and any(equal(hits[0][1], cells) is not True for _, cells in hits):
            raise FeelFault(f"the table is ANY, but the rules {rules} give different outputs")
        found = [cells for _, cells in hits]
        if self.policy in ("PRIORITY", "OUTPUT ORDER"):
            ranks = [self._listed(output, scope) for output in self.outputs]
            found.sort(key=lambda cells: [_rank(r, c) for r, c in zip(ranks, cells, strict=True)])
        results = [self._shape(cells) for cells in found]
        if self.policy == "COLLECT":
            return _collect(results, self.element.get("aggregation", ""))
        if self.policy not in (*LISTS, "UNIQUE", "ANY", "FIRST", "PRIORITY"):
            raise FeelFault(f"there is no hit policy '{self.policy}'")
        return results if self.policy in LISTS else results[0]

    def _shape(self, cells: list[Any]) -> Any:
        if len(self.outputs) == 1:
            return cells[0]
        return {self.name(e): cell for e, cell in zip(self.outputs, cells, strict=True)}

    def _default(self, scope: Scope) -> Any:
        entries = [child(output, "defaultOutputEntry") for output in self.outputs]
        if all(entry is None for entry in entries):
            return None
        cells = [None if e is None else self.value(e, "the default", scope) for e in entries]
        shaped = self._shape(cells)
        return [shaped] if self.policy in LISTS[:2] else shaped

    def _listed(self, output: Element, scope: Scope) -> list[Any]:
        """The values of an output in their order of priority."""
        found: list[Any] = []
        for values in children(output, "outputValues"):
            node = self.tree(values, f"output '{self.name(output)}'", tests=True)
            found += [self.feel.run(test, scope) for test in (node[1] if len(node) > 1 else [])]
        return found


def _rank(order: list[Any], value: Any) -> int:
    return next((n for n, item in enumerate(order) if equal(item, value) is True), len(order))


def _collect(results: list[Any], aggregation: str) -> Any:
    if not aggregation:
        return results
    if aggregation == "COUNT":
        return Decimal(len(results))
    if aggregation not in ("SUM", "MIN", "MAX"):
        raise FeelFault(f"there is no aggregation '{aggregation}'")
    return BUILTINS[aggregation.lower()].call(results)
