"""Calling functions of FEEL: arguments by place or by name, with types and conversions."""

from __future__ import annotations

from typing import Any

from app.dmn.errors import FeelFault
from app.dmn.scanner import Node
from app.dmn.types import Types
from app.dmn.values import Function


def invoke(called: Any, values: list[Any], names: list[str]) -> Any:
    """Call with values by place, or by name; a fault where they do not fit."""
    if not isinstance(called, Function):
        raise FeelFault("what is called is not a function")
    if called.bind is not None:
        return called.bind(values, names)
    if names:
        unknown = set(names) - set(called.parameters)
        if unknown or len(set(names)) < len(names):
            raise FeelFault(
                f"the parameters are {', '.join(called.parameters) or 'none'}; "
                f"given: {', '.join(names)}"
            )
        given = dict(zip(names, values, strict=True))
        values = [given.get(name) for name in called.parameters]
    elif len(values) != len(called.parameters):
        raise FeelFault(f"{len(called.parameters)} arguments are wanted, not {len(values)}")
    types: Types | None = called.owner
    if types is not None and called.types:
        parts = zip(values, called.types, called.parameters, strict=True)
        values = [v if kind is None else types.fit(v, kind, name) for v, kind, name in parts]
    result = called.call(*values)
    if types is not None and called.result is not None:
        result = types.fit(result, called.result, "the result of the function")
    return result


def inferred(body: Node) -> Node | None:
    """The type of an expression, as far as its literals show it; None where they do not."""
    if body[0] == "value" and body[1] is not None:
        kinds: dict[type, str] = {bool: "boolean", str: "string"}
        return ("named", kinds.get(type(body[1]), "number"))
    if body[0] == "context":
        return ("context", {key: inferred(item) or ("named", "Any") for key, item in body[1]})
    if body[0] == "list" and body[1]:
        kinds_of = [inferred(item) for item in body[1]]
        same = kinds_of[0] if all(kind == kinds_of[0] for kind in kinds_of) else None
        return ("list", same or ("named", "Any"))
    return None
