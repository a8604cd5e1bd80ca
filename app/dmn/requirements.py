"""Runs the elements of a model in the order in which they require each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element

from app.dmn.calls import invoke
from app.dmn.errors import DmnError, FeelFault, FeelLimit, FeelSyntaxError
from app.dmn.iterate import Scope
from app.dmn.types import named
from app.dmn.values import Function
from app.dmn.xml import child, children, local, name_of

if TYPE_CHECKING:
    from app.dmn.model import Model

LINKS = ("requiredInput", "requiredDecision", "requiredKnowledge")
Key = tuple[str, str]


class Run:
    """One run: what was given, and what is known so far. `fixed` are the inputs of a service."""

    def __init__(
        self, model: Model, given: dict[str, Any], fixed: dict[Key, Any] | None = None
    ) -> None:
        self.model, self.given = model, given
        self.fixed = fixed or {}
        self.done: dict[Key, Any] = {}
        self.busy: list[Key] = []
        self.missing_is_null = fixed is not None

    def top(self, element: Element) -> Any:
        """The value of an element; a service or a function takes its inputs by name."""
        for model in (self.model, *self.model.all_imports()):
            model.feel.steps = 0
        if local(element) == "decision":
            return self.decide(self.model, element)
        value = self.decide(self.model, element)
        if not isinstance(value, Function):
            return value
        return self._called(value, element)

    def _called(self, function: Function, element: Element) -> Any:
        names = [name for name in function.parameters if name in self.given]
        missing = [name for name in function.parameters if name not in self.given]
        if missing and local(element) != "decisionService":
            raise DmnError(f"'{element.get('name')}' wants: {', '.join(function.parameters)}")
        values = [
            self.model.types.read(self.given[name], kind or named(None))
            for name, kind in zip(function.parameters, function.types, strict=True)
            if name in self.given
        ]
        try:
            if missing:
                raise FeelFault(f"the inputs {', '.join(missing)} are missing")
            return invoke(function, values, names)
        except FeelFault as fault:
            self.model.feel.tell(f"'{element.get('name')}': {fault}")
            return None

    def decide(self, model: Model, element: Element) -> Any:
        """A decision, a service or a business knowledge model, with all that it requires."""
        key = (model.namespace, element.get("id") or element.get("name") or "")
        for known in (self.fixed, self.done):
            if key in known:
                return known[key]
        if key in self.busy:
            raise DmnError(f"{model.path}: '{element.get('name')}' requires itself")
        self.busy.append(key)
        places = model.feel.places
        places.append(f"'{element.get('name')}'")
        try:
            self.done[key] = self._work(model, element)
        except (FeelFault, FeelLimit, FeelSyntaxError) as fault:
            model.feel.tell(str(fault))
            self.done[key] = None
        except RecursionError:
            model.feel.tell("a function calls itself too often")
            self.done[key] = None
        finally:
            self.busy.pop()
            places.pop()
        return self.done[key]

    def _work(self, model: Model, element: Element) -> Any:
        if local(element) == "decisionService":
            return self.service(model, element)
        if local(element) == "inputData":
            return self.input(model, element)
        scope = self.requirements(model, element)
        variable = child(element, "variable")
        kind = None if variable is None else variable.get("typeRef")
        logic = child(element, "encapsulatedLogic")
        if logic is not None:
            scope[name_of(element)] = function = model.boxed.function(logic, scope)
            return function
        if model.boxed.logic(element) is None:
            raise FeelFault("the decision has no logic")
        value = model.boxed.inside(element, scope)
        return model.boxed.fitted(value, kind, "the decision") if kind else value

    def requirements(self, model: Model, element: Element) -> Scope:
        """The values of everything that an element requires, by name."""
        scope: Scope = {}
        for link in element.iter():
            if local(link) not in LINKS:
                continue
            owner, needed = model.find(link.get("href", ""))
            if needed is element and local(link) == "requiredKnowledge":
                continue  # a function may call itself
            value = self.decide(owner, needed)
            path = self._path(model, owner)
            if not path:
                scope[name_of(needed)] = value
            else:
                scope[path] = {**scope.get(path, {}), name_of(needed): value}
        return scope

    def _path(self, model: Model, owner: Model) -> str:
        if owner is model:
            return ""
        name = model.name_of(owner)
        return name if name is not None else owner.root.get("name", "")

    def input(self, model: Model, element: Element) -> Any:
        """An input that was given, read as its type."""
        name, given = name_of(element), self.given
        if name not in given:
            given = next(
                (part for part in self.given.values() if isinstance(part, dict) and name in part),
                given,
            ) if model is not self.model else given  # fmt: skip
        if name not in given:
            if self.missing_is_null:
                return None
            raise DmnError(f"{model.path}: the input '{name}' is missing; null says so on purpose")
        variable = child(element, "variable")
        kind = named(None if variable is None else variable.get("typeRef"))
        return model.types.fit(model.types.read(given[name], kind), kind, name)

    def service(self, model: Model, element: Element) -> Function:
        """A decision service as a function: its inputs first, then its input decisions."""
        links = [*children(element, "inputData"), *children(element, "inputDecision")]
        taken = [model.find(link.get("href", "")) for link in links]
        outputs = [model.find(e.get("href", "")) for e in children(element, "outputDecision")]
        variables = [child(e, "variable") for _, e in taken]
        types = tuple(
            named(v.get("typeRef")) if v is not None and v.get("typeRef") else None
            for v in variables
        )

        def call(*values: Any) -> Any:
            fixed = {
                (owner.namespace, e.get("id") or ""): value
                for (owner, e), value in zip(taken, values, strict=True)
            }
            inner = Run(self.model, {}, fixed)
            found = {name_of(e): inner.decide(owner, e) for owner, e in outputs}
            value = next(iter(found.values())) if len(found) == 1 else found
            variable = child(element, "variable")
            kind = None if variable is None else variable.get("typeRef")
            return model.boxed.fitted(value, kind, "the service") if kind else value

        return Function(tuple(name_of(e) for _, e in taken), call, types, owner=model.types)
