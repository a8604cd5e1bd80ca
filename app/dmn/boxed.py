"""Boxed expressions of DMN: what stands in a decision, a function or a context entry."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element

from app.dmn.builtins_lists import all_of, any_of
from app.dmn.calls import inferred, invoke
from app.dmn.errors import FeelFault, FeelSyntaxError
from app.dmn.evaluate import Feel
from app.dmn.iterate import Scope, items_of
from app.dmn.scanner import Node
from app.dmn.table import judge_table
from app.dmn.types import Types, named
from app.dmn.values import Function, kind_of
from app.dmn.xml import child, children, local, name_of, text_of

Work = Callable[[Element, Scope], Any]


class Boxed:
    """Computes the boxed expressions of one model."""

    def __init__(self, feel: Feel, types: Types) -> None:
        self.feel, self.types = feel, types
        self.kinds: dict[str, Work] = {
            "literalExpression": self._literal, "decisionTable": self._table, "list": self._list,
            "relation": self._relation, "context": self._context,
            "invocation": self._invocation, "functionDefinition": self.function,
            "conditional": self._conditional, "filter": self._filter, "for": self._for,
            "some": self._some, "every": self._every,
        }  # fmt: skip

    def logic(self, element: Element) -> Element | None:
        """The first boxed expression in an element."""
        return next((e for e in element if local(e) in self.kinds), None)

    def inside(self, element: Element | None, scope: Scope) -> Any:
        """The value of the first boxed expression in an element."""
        found = None if element is None else self.logic(element)
        if found is None:
            what = "an element" if element is None else f"a {local(element)}"
            raise FeelFault(f"{what} has no expression")
        return self.value(found, scope)

    def value(self, element: Element, scope: Scope) -> Any:
        """The value of a boxed expression, of its declared type; null where there is none."""
        if local(element) not in self.kinds:
            self.feel.tell(f"'{local(element)}' is no boxed expression")
            return None
        try:
            found = self.kinds[local(element)](element, scope)
            kind = element.get("typeRef")
            if kind and local(element) != "functionDefinition":
                found = self.types.fit(found, named(kind), "the value")
            return found
        except (FeelFault, FeelSyntaxError) as fault:
            self.feel.tell(str(fault))
            return None

    def _literal(self, element: Element, scope: Scope) -> Any:
        text = text_of(element)
        language = element.get("expressionLanguage", "FEEL").rstrip("/").rpartition("/")[2]
        if language.upper() != "FEEL":
            raise FeelFault(f"the language {element.get('expressionLanguage')} is not run")
        return self.feel.run(self.feel.tree(text), scope) if text.strip() else None

    def _table(self, element: Element, scope: Scope) -> Any:
        return judge_table(element, scope, self.feel)

    def _list(self, element: Element, scope: Scope) -> list[Any]:
        return [self.value(item, scope) for item in element if local(item) in self.kinds]

    def _relation(self, element: Element, scope: Scope) -> list[Any]:
        names = [name_of(e) for e in children(element, "column")]
        rows = [self._list(row, scope) for row in children(element, "row")]
        if any(len(row) != len(names) for row in rows):
            raise FeelFault(f"a relation of {len(names)} columns has a row of another length")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _context(self, element: Element, scope: Scope) -> Any:
        found: dict[str, Any] = {}
        for entry in children(element, "contextEntry"):
            inner = {**scope, **found}
            value = self.inside(entry, inner)
            variable = child(entry, "variable")
            if variable is None:
                return value
            name = name_of(variable)
            if isinstance(value, Function):
                inner[name] = value  # a function may call itself
            if variable.get("typeRef"):
                value = self.fitted(value, variable.get("typeRef"), name)
            found[name] = value
        return found

    def fitted(self, value: Any, kind: str | None, where: str) -> Any:
        """A value as a type; null and a message where it does not fit."""
        try:
            if isinstance(value, Function) and kind not in self.types.known:
                return value
            return self.types.fit(value, named(kind), where)
        except FeelFault as fault:
            self.feel.tell(str(fault))
            return None

    def _invocation(self, element: Element, scope: Scope) -> Any:
        called = self.inside(element, scope)
        names, values = [], []
        for binding in children(element, "binding"):
            parameter = child(binding, "parameter")
            names.append("" if parameter is None else name_of(parameter))
            values.append(None if self.logic(binding) is None else self.inside(binding, scope))
        return invoke(called, values, names)

    def function(self, element: Element, scope: Scope, result: Node | None = None) -> Function:
        """A function of the model; one in Java or PMML gives null."""
        parameters = children(element, "formalParameter")
        names = [name_of(e) for e in parameters]
        types = [named(e.get("typeRef")) if e.get("typeRef") else None for e in parameters]

        def call(*values: Any) -> Any:
            if element.get("kind", "FEEL").lower() != "feel":
                raise FeelFault(
                    f"functions in {element.get('kind')} are not run here; the value is null"
                )
            return self.inside(element, {**scope, **dict(zip(names, values, strict=True))})

        return Function(tuple(names), call, tuple(types), result, self._shape(element), self.types)

    def _shape(self, element: Element) -> Node | None:
        body = self.logic(element)
        if body is None:
            return None
        if body.get("typeRef"):
            return named(body.get("typeRef"))
        try:
            return inferred(self.feel.tree(text_of(body))) if text_of(body) else None
        except FeelSyntaxError:
            return None

    def _conditional(self, element: Element, scope: Scope) -> Any:
        holds = self.inside(child(element, "if"), scope)
        if holds is not None and not isinstance(holds, bool):
            raise FeelFault(f"the condition is a {kind_of(holds)}; it must be true or false")
        return self.inside(child(element, "then" if holds is True else "else"), scope)

    def _filter(self, element: Element, scope: Scope) -> Any:
        value = self.inside(child(element, "in"), scope)
        match = child(element, "match")
        odd: list[Any] = []

        def test(inner: Scope) -> Any:
            found = self.inside(match, inner)
            if not (found is None or isinstance(found, bool | Decimal)):
                odd.append(found)
            return found

        result = self.feel.filtered(value, ("boxed", test), scope)
        if odd:
            raise FeelFault("the match of a filter must be true or false")
        return result

    def _turns(self, element: Element, scope: Scope) -> list[Scope]:
        name = " ".join(element.get("iteratorVariable", "").split())
        return [
            {**scope, name: item} for item in items_of(self.inside(child(element, "in"), scope))
        ]

    def _for(self, element: Element, scope: Scope) -> list[Any]:
        found: list[Any] = []
        for inner in self._turns(element, scope):
            found.append(self.inside(child(element, "return"), {**inner, "partial": list(found)}))
        return found

    def _some(self, element: Element, scope: Scope) -> bool | None:
        return any_of(self._answers(element, scope))

    def _every(self, element: Element, scope: Scope) -> bool | None:
        return all_of(self._answers(element, scope))

    def _answers(self, element: Element, scope: Scope) -> list[Any]:
        test = child(element, "satisfies")
        found = [self.inside(test, inner) for inner in self._turns(element, scope)]
        if not all(item is None or isinstance(item, bool) for item in found):
            raise FeelFault("what must be satisfied is neither true nor false")
        return found
