"""Decision tables with every hit policy of DMN."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element

from app.dmn.builtins import BUILTINS
from app.dmn.errors import DmnError, FeelFault, FeelSyntaxError
from app.dmn.evaluate import Feel
from app.dmn.parser import Node
from app.dmn.values import equal


def _all(element: Element, name: str) -> list[Element]:
    return [child for child in element if child.tag.rpartition("}")[2] == name]


def _text(element: Element) -> str:
    return "".join(e.text or "" for e in _all(element, "text"))


def judge_table(element: Element, scope: dict[str, Any], feel: Feel) -> Any:
    """The result of a table, by its hit policy."""
    try:
        return _judge(element, scope, feel)
    except FeelSyntaxError as error:
        raise DmnError(f"decision table {element.get('id', '')}: {error}") from error
    except FeelFault as fault:
        feel.messages.append(f"decision table {element.get('id', '')}: {fault}")
        return None


def _judge(element: Element, scope: dict[str, Any], feel: Feel) -> Any:
    inputs = [
        feel.run(feel.tree(_text(_all(e, "inputExpression")[0])), scope)
        for e in _all(element, "input")
    ]
    outputs = _all(element, "output")
    for column, value in zip(_all(element, "input"), inputs, strict=True):
        for allowed in _all(column, "inputValues"):
            fits = feel.run(feel.tree(_text(allowed), tests=True), {**scope, "?": value})
            if value is not None and fits is not True:
                raise FeelFault(f"an input is outside its values {_text(allowed).strip()}")
    hits = []
    for rule in _all(element, "rule"):
        tests = [feel.tree(_text(e), tests=True) for e in _all(rule, "inputEntry")]
        pairs = zip(tests, inputs, strict=True)
        if all(feel.run(test, {**scope, "?": value}) is True for test, value in pairs):
            cells = [feel.run(feel.tree(_text(e)), scope) for e in _all(rule, "outputEntry")]
            hits.append(cells)
    policy = element.get("hitPolicy", "UNIQUE")
    if not hits:
        return _default(outputs, scope, feel, policy)
    if policy in ("PRIORITY", "OUTPUT ORDER"):
        ranks = [_listed(output, scope, feel) for output in outputs]
        hits.sort(key=lambda cells: [_rank(r, c) for r, c in zip(ranks, cells, strict=True)])
    if policy == "UNIQUE" and len(hits) > 1:
        raise FeelFault(f"UNIQUE, but {len(hits)} rules fit")
    if policy == "ANY" and not all(equal(hits[0], other) for other in hits):
        raise FeelFault("ANY, but the rules that fit give different outputs")
    results = [_shape(outputs, cells) for cells in hits]
    if policy == "COLLECT":
        return _collect(results, element.get("aggregation", ""))
    return results if policy in ("RULE ORDER", "OUTPUT ORDER") else results[0]


def _shape(outputs: list[Element], cells: list[Any]) -> Any:
    if len(outputs) == 1:
        return cells[0]
    return {e.get("name", ""): cell for e, cell in zip(outputs, cells, strict=True)}


def _default(outputs: list[Element], scope: dict[str, Any], feel: Feel, policy: str) -> Any:
    entries = [_all(output, "defaultOutputEntry") for output in outputs]
    if not any(entries):
        return None
    cells = [feel.run(feel.tree(_text(e[0])), scope) if e else None for e in entries]
    shaped = _shape(outputs, cells)
    return [shaped] if policy in ("RULE ORDER", "OUTPUT ORDER") else shaped


def _listed(output: Element, scope: dict[str, Any], feel: Feel) -> list[Any]:
    """The values of an output in their order of priority."""
    found: list[Any] = []
    for values in _all(output, "outputValues"):
        node: Node = feel.tree(_text(values), tests=True)
        found += [feel.run(test, scope) for test in (node[1] if len(node) > 1 else [])]
    return found


def _rank(order: list[Any], value: Any) -> int:
    return next((n for n, item in enumerate(order) if equal(item, value)), len(order))


def _collect(results: list[Any], aggregation: str) -> Any:
    if not aggregation:
        return results
    if aggregation == "COUNT":
        return Decimal(len(results))
    return BUILTINS[aggregation.lower()].call(results)
