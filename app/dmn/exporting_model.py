"""What an exported model consists of, as plain data; and its XML by the DMN 1.5 schema."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from app.dmn.exporting_diagram import draw

MODEL = "https://www.omg.org/spec/DMN/20230324/MODEL/"
SPACES = {
    "xmlns": MODEL,
    "xmlns:dmndi": "https://www.omg.org/spec/DMN/20230324/DMNDI/",
    "xmlns:dc": "http://www.omg.org/spec/DMN/20180521/DC/",
    "xmlns:di": "http://www.omg.org/spec/DMN/20180521/DI/",
}
NOT_IN_ID = re.compile(r"[^A-Za-z0-9]+")
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True)
class ItemType:
    """An item definition: of a base type with allowed values, or of components."""

    name: str
    base: str = ""
    allowed: str = ""
    components: tuple[tuple[str, str], ...] = ()
    is_list: bool = False


@dataclass(frozen=True)
class Literal:
    """A literal expression."""

    text: str


@dataclass(frozen=True)
class Context:
    """A boxed context: (name, type, expression) in order."""

    entries: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Column:
    """An input column of a table."""

    text: str
    type: str


@dataclass(frozen=True)
class TableRow:
    """Cells by column (others are `-`), outputs, and what is noted beside them."""

    cells: dict[int, str]
    outputs: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True)
class DecisionTable:
    """`outputs`: (name, type, allowed values); `default`: what stands where no row fits."""

    hit: str
    columns: tuple[Column, ...]
    outputs: tuple[tuple[str, str, str], ...]
    rows: tuple[TableRow, ...]
    default: tuple[str, ...] = ()
    aggregation: str = ""


@dataclass(frozen=True)
class Decision:
    """`needs`: the names of inputs and decisions that it reads."""

    name: str
    type: str
    logic: Literal | Context | DecisionTable
    needs: tuple[str, ...]
    about: str = ""


@dataclass
class Exported:
    """A whole model. `inputs`: (name, type, meaning)."""

    name: str
    about: str
    types: list[ItemType] = field(default_factory=list)
    inputs: list[tuple[str, str, str]] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)


class _Ids:
    """Ids of the file: letters and digits, each once, the same at every export."""

    def __init__(self) -> None:
        self.count: dict[str, int] = {}

    def new(self, *parts: str) -> str:
        base = "_" + NOT_IN_ID.sub("_", "_".join(parts)).strip("_")
        self.count[base] = self.count.get(base, 0) + 1
        return base if self.count[base] == 1 else f"{base}_x{self.count[base]}"


def write_xml(model: Exported) -> bytes:
    """The model as a DMN 1.5 file, with a diagram."""
    ids = _Ids()
    root = Element("definitions", SPACES)
    root.set("id", ids.new("definitions", model.name))
    root.set("name", model.name)
    root.set("namespace", f"urn:chengxin:{NOT_IN_ID.sub('-', model.name)}")
    root.set("exporter", "Chengxin")
    _describe(root, model.about)
    for kind in model.types:
        _write_type(root, "itemDefinition", kind, ids)
    places = {name: ids.new("input", name) for name, _, _ in model.inputs}
    places |= {one.name: ids.new("decision", one.name) for one in model.decisions}
    for name, of, meaning in model.inputs:
        element = SubElement(root, "inputData", {"id": places[name], "name": name})
        _describe(element, meaning)
        _variable(element, name, of, ids)
    arrows: list[tuple[str, str, str]] = []
    for one in model.decisions:
        element = SubElement(root, "decision", {"id": places[one.name], "name": one.name})
        _describe(element, one.about)
        _variable(element, one.name, one.type, ids)
        inputs = {name for name, _, _ in model.inputs}
        for need in one.needs:
            arrow = ids.new("needs", one.name, need)
            link = SubElement(element, "informationRequirement", {"id": arrow})
            tag = "requiredInput" if need in inputs else "requiredDecision"
            SubElement(link, tag, {"href": f"#{places[need]}"})
            arrows.append((arrow, need, one.name))
        _write_logic(element, one, ids)
    draw(root, model.name, places, [name for name, _, _ in model.inputs], arrows)
    indent(root, "  ")
    text: bytes = tostring(root, "utf-8", xml_declaration=True)
    return text + b"\n"


def _text(parent: Element, tag: str, text: str, attributes: dict[str, str] | None = None) -> None:
    element = SubElement(parent, tag, attributes or {})
    SubElement(element, "text").text = NOT_IN_XML.sub("\ufffd", text)


def _describe(element: Element, about: str) -> None:
    if about:
        SubElement(element, "description").text = NOT_IN_XML.sub("\ufffd", about)


def _variable(element: Element, name: str, of: str, ids: _Ids) -> None:
    attributes = {"id": ids.new("variable", name), "name": name}
    SubElement(element, "variable", attributes | ({"typeRef": of} if of else {}))


def _write_type(parent: Element, tag: str, kind: ItemType, ids: _Ids) -> None:
    attributes = {"id": ids.new("type", kind.name), "name": kind.name}
    if kind.is_list:
        attributes["isCollection"] = "true"
    element = SubElement(parent, tag, attributes)
    for name, of in kind.components:
        _write_type(element, "itemComponent", ItemType(name, of), ids)
    if kind.base:
        SubElement(element, "typeRef").text = kind.base
    if kind.allowed:
        _text(element, "allowedValues", kind.allowed)


def _write_logic(element: Element, one: Decision, ids: _Ids) -> None:
    match one.logic:
        case Literal(text=text):
            attributes = {"id": ids.new("logic", one.name)}
            _text(element, "literalExpression", text, attributes)
        case Context(entries=entries):
            boxed = SubElement(element, "context", {"id": ids.new("logic", one.name)})
            for name, of, text in entries:
                entry = SubElement(boxed, "contextEntry", {"id": ids.new("entry", one.name, name)})
                _variable(entry, name, of, ids)
                attributes = {"id": ids.new("entry", one.name, name, "logic")}
                _text(entry, "literalExpression", text, attributes)
        case DecisionTable():
            _write_table(element, one.name, one.logic, ids)


def _write_table(element: Element, name: str, table: DecisionTable, ids: _Ids) -> None:
    attributes = {"id": ids.new("table", name), "hitPolicy": table.hit, "outputLabel": name}
    if table.aggregation:
        attributes["aggregation"] = table.aggregation
    boxed = SubElement(element, "decisionTable", attributes)
    for column in table.columns:
        clause = SubElement(boxed, "input", {"id": ids.new("column", name), "label": column.text})
        inner = {"id": ids.new("column", name, "text")}
        if column.type:
            inner["typeRef"] = column.type
        _text(clause, "inputExpression", column.text, inner)
    for place, (output, of, allowed) in enumerate(table.outputs):
        inner = {"id": ids.new("output", name, output)}
        if len(table.outputs) > 1:
            inner["name"] = output
        clause = SubElement(boxed, "output", inner | ({"typeRef": of} if of else {}))
        if allowed:
            _text(clause, "outputValues", allowed)
        if table.default:
            _text(clause, "defaultOutputEntry", table.default[place])
    if any(row.note for row in table.rows):
        SubElement(boxed, "annotation", {"name": "note"})
    _write_rows(boxed, name, table, ids)


def _write_rows(boxed: Element, name: str, table: DecisionTable, ids: _Ids) -> None:
    noted = any(row.note for row in table.rows)
    for row in table.rows:
        rule = SubElement(boxed, "rule", {"id": ids.new("rule", name)})
        rule_id = rule.get("id", "")
        cells: Sequence[str] = [row.cells.get(at, "-") for at in range(len(table.columns))]
        for at, cell in enumerate(cells, 1):
            _text(rule, "inputEntry", cell, {"id": f"{rule_id}_i{at}"})
        for at, output in enumerate(row.outputs, 1):
            _text(rule, "outputEntry", output, {"id": f"{rule_id}_o{at}"})
        if noted:
            _text(rule, "annotationEntry", row.note)
