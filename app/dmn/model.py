"""Reads a DMN file (1.1 to 1.5) and runs its decisions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from app.dmn.errors import DmnError, FeelFault, FeelSyntaxError
from app.dmn.evaluate import Feel, invoke
from app.dmn.table import judge_table
from app.dmn.typed import Types
from app.dmn.values import Function

NAMESPACES = ("20151101", "20180521", "20191111", "20211108", "20230324")


def local(element: Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def children(element: Element, name: str) -> list[Element]:
    """The children of one name."""
    return [child for child in element if local(child) == name]


class Model:
    """A DMN model, ready to run."""

    def __init__(self, path: Path) -> None:
        try:
            self.root = fromstring(path.read_bytes(), forbid_dtd=True)
        except OSError as error:
            raise DmnError(f"{path}: cannot be read: {error.strerror}") from error
        except (ParseError, DefusedXmlException, ValueError) as error:
            raise DmnError(f"{path}: not safe, well-formed XML: {error}") from error
        tag = self.root.tag
        if local(self.root) != "definitions" or not any(space in tag for space in NAMESPACES):
            raise DmnError(f"{path}: no DMN model 1.1 to 1.5: it begins with {tag}")
        self.path = path
        self.by_id = {e.get("id"): e for e in self.root if e.get("id")}
        self.feel = Feel(
            {" ".join(e.get("name", "").split()) for e in self.root.iter() if e.get("name")}
        )
        self.types = Types(self.root, self.feel)
        self.done: dict[str, Any] = {}
        self.busy: list[str] = []

    def decisions(self) -> list[str]:
        """The names of the decisions, in the order of the file."""
        return [e.get("name", "") for e in children(self.root, "decision")]

    def run(self, given: dict[str, Any], name: str) -> Any:
        """One decision with these inputs."""
        for element in children(self.root, "decision"):
            if element.get("name") == name:
                self.done = {}
                return self.decide(element, given)
        known = ", ".join(self.decisions()) or "none"
        raise DmnError(f"{self.path}: no decision '{name}'; there are: {known}")

    def decide(self, element: Element, given: dict[str, Any]) -> Any:
        """A decision or a business knowledge model, with all that it requires."""
        key: str = element.get("id") or element.get("name") or ""
        if key in self.done:
            return self.done[key]
        if key in self.busy:
            raise DmnError(f"{self.path}: '{element.get('name')}' requires itself")
        self.busy.append(key)
        try:
            scope = self.requirements(element, given)
            logic = children(element, "encapsulatedLogic")
            if logic:
                value: Any = self.function(logic[0], scope)
            else:
                value = self.body(element, scope)
            variable = children(element, "variable")
            if variable and not logic:
                name = element.get("name", "")
                value = self.types.fit(value, variable[0].get("typeRef", ""), name)
            self.done[key] = value
        finally:
            self.busy.pop()
        return value

    def requirements(self, element: Element, given: dict[str, Any]) -> dict[str, Any]:
        """The values of everything that an element requires, by name."""
        scope: dict[str, Any] = {}
        for link in element.iter():
            if local(link) not in ("requiredInput", "requiredDecision", "requiredKnowledge"):
                continue
            needed = self.by_id.get(link.get("href", "").rpartition("#")[2])
            if needed is None:
                raise DmnError(f"{self.path}: there is no element {link.get('href')}")
            name = " ".join(needed.get("name", "").split())
            if local(needed) != "inputData":
                scope[name] = self.decide(needed, given)
                continue
            if name not in given:
                raise DmnError(
                    f"{self.path}: the input '{name}' is missing; null says so on purpose"
                )
            variable = children(needed, "variable")
            kind = variable[0].get("typeRef", "") if variable else ""
            scope[name] = self.types.fit(given[name], kind, name)
        return scope

    def body(self, element: Element, scope: dict[str, Any]) -> Any:
        """The value of the first boxed expression in an element."""
        for child in element:
            if found := getattr(self, "_" + local(child), None):
                work: Callable[[Element, dict[str, Any]], Any] = found
                return work(child, scope)
            if local(child) in ("conditional", "filter", "for", "every", "some"):
                raise DmnError(f"{self.path}: boxed '{local(child)}' is not supported yet")
        raise DmnError(f"{self.path}: '{element.get('name')}' has no logic")

    def _literalExpression(self, element: Element, scope: dict[str, Any]) -> Any:
        text = "".join(e.text or "" for e in children(element, "text"))
        try:
            return self.feel.run(self.feel.tree(text), scope)
        except FeelSyntaxError as error:
            self.feel.messages.append(str(error))
            return None

    def _decisionTable(self, element: Element, scope: dict[str, Any]) -> Any:
        return judge_table(element, scope, self.feel)

    def _list(self, element: Element, scope: dict[str, Any]) -> list[Any]:
        return [getattr(self, "_" + local(item))(item, scope) for item in element]

    def _relation(self, element: Element, scope: dict[str, Any]) -> list[Any]:
        names = [e.get("name", "") for e in children(element, "column")]
        return [
            dict(zip(names, self._list(row, scope), strict=True))
            for row in children(element, "row")
        ]

    def _context(self, element: Element, scope: dict[str, Any]) -> Any:
        found: dict[str, Any] = {}
        for entry in children(element, "contextEntry"):
            value = self.body(entry, {**scope, **found})
            variable = children(entry, "variable")
            if not variable:
                return value
            found[variable[0].get("name", "")] = value
        return found

    def _invocation(self, element: Element, scope: dict[str, Any]) -> Any:
        called = self.body(element, scope)
        names = [children(b, "parameter")[0].get("name", "") for b in children(element, "binding")]
        values = [self.body(b, scope) for b in children(element, "binding")]
        try:
            if not isinstance(called, Function):
                raise FeelFault("what is invoked is not a function")
            return invoke(called, values, names)
        except FeelFault as fault:
            self.feel.messages.append(str(fault))
            return None

    def _functionDefinition(self, element: Element, scope: dict[str, Any]) -> Any:
        return self.function(element, scope)

    def function(self, element: Element, scope: dict[str, Any]) -> Function:
        """A function of the model; one in Java or PMML gives null."""
        names = [e.get("name", "") for e in children(element, "formalParameter")]

        def call(*values: Any) -> Any:
            if element.get("kind", "FEEL") != "FEEL":
                raise FeelFault("external functions (Java, PMML) are not run; the value is null")
            return self.body(element, {**scope, **dict(zip(names, values, strict=True))})

        return Function(tuple(names), call)
