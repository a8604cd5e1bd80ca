"""A document of kind table → the checked table: columns, rows as conditions, typed outputs."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from app.rules.document import AnyNode, Scalar
from app.rules.document import Mapping as MappingNode
from app.rules.document import Sequence as SequenceNode
from app.rules.fields import NAME, NUMBER_TEXT, Fields
from app.rules.problems import Problem, suggest
from app.rules.rulesets import UNKNOWN_OUTCOMES, Header, Row, Table
from app.rules.scope import (
    Scope,
    check_cell,
    check_expression,
    read_id,
    read_purposes,
    read_reason,
)
from app.rules.terms import Term, conjunction
from app.rules.types import BOOLEAN, NUMBER, Type


def read_table(fields: Fields, header: Header, scope: Scope) -> Table | None:
    hit = fields.choice("hit", ("first", "unique"))
    columns = _read_columns(fields, scope)
    outputs = [
        node for node in fields.texts("outputs") if _is_output_name(node, columns, fields.problems)
    ]
    names = [node.text for node in outputs]
    row_nodes = fields.sequence("rows")
    otherwise_node = fields.node_of("otherwise")
    types = {
        name: _output_type(name, [*row_nodes, otherwise_node], fields.problems) for name in names
    }
    rows: list[Row] = []
    seen: dict[str, int] = {}
    for number, node in enumerate(row_nodes, start=1):
        row = _read_row(
            Fields(node, "a row", fields.problems), f"row-{number}", columns, types, scope, seen
        )
        if row is not None:
            rows.append(row)
    otherwise = None
    if otherwise_node is not None:
        otherwise = _read_row(
            Fields(otherwise_node, "'otherwise'", fields.problems),
            "otherwise",
            {},
            types,
            scope,
            {},
        )
    if hit is None or otherwise is None:
        return None
    known = {name: subject for name, (subject, _) in columns.items() if subject is not None}
    subjects = tuple(known.values())
    computed = _texts_of_computed(fields)
    return Table(header, hit, tuple(known), subjects, types, tuple(rows), otherwise, computed)


def _texts_of_computed(fields: Fields) -> dict[str, str]:
    """The text of each computed column; what is wrong with one is told by `_read_columns`."""
    columns = fields.node_of("inputs", required=False)
    nodes = columns.items if isinstance(columns, SequenceNode) else ()
    pairs = [(one.get("name"), one.get("is")) for one in nodes if isinstance(one, MappingNode)]
    return {
        name.text: text.text
        for name, text in pairs
        if isinstance(name, Scalar) and isinstance(text, Scalar)
    }


Columns = dict[str, tuple[Term | None, Type | None]]  # no term: the column has a problem already


def _read_columns(fields: Fields, scope: Scope) -> Columns:
    columns: Columns = {}
    for node in fields.sequence("inputs"):
        if isinstance(node, Scalar):
            known = scope.types.get(node.text)
            if node.text in scope.broken:
                columns[node.text] = (None, None)
                continue
            if known is None:
                fields.problems.append(
                    node.problem(
                        "unknown-name",
                        f"unknown input '{node.text}'",
                        suggest(node.text, scope.types),
                        max(1, len(node.text)),
                    )
                )
                columns[node.text] = (None, None)
                continue
            term = scope.definitions.get(node.text) or Term("input", known.kind, (), node.text)
            columns[node.text] = (term, known)
            continue
        inner = Fields(node, "a computed column", fields.problems)
        name, expression = inner.name("name"), inner.scalar("is")
        inner.finish()
        checked = expression and check_expression(expression, scope, fields.problems, None, "")
        if name:
            columns[name] = (checked[0] if checked else None, None)
    return columns


def _is_output_name(node: Scalar, columns: Columns, problems: list[Problem]) -> bool:
    if (
        not NAME.fullmatch(node.text)
        or node.text in columns
        or node.text in ("id", "then", "reason", "for")
    ):
        problems.append(
            node.problem(
                "bad-name",
                f"'{node.text}' cannot be the name of an output",
                "a name has letters, digits and _; it is no column,"
                " and none of id, then, reason, for",
                max(1, len(node.text)),
            )
        )
        return False
    return True


def _output_type(name: str, rows: list[AnyNode | None], problems: list[Problem]) -> Type:
    """What a column of outputs holds: numbers, true/false, or the texts of a category."""
    cells: list[Scalar] = []
    for row in rows:
        cell = row.get(name) if isinstance(row, MappingNode) else None
        if isinstance(cell, Scalar) and not cell.is_null:
            cells.append(cell)
    if cells and all(NUMBER_TEXT.fullmatch(cell.text) for cell in cells):
        return Type("number")
    if cells and all(cell.text in ("true", "false") for cell in cells):
        return Type("boolean")
    return Type("category", tuple(dict.fromkeys(_text_of(cell) for cell in cells)))


def _text_of(cell: Scalar) -> str:
    """The text of an output cell; the language's own quotes may stand inside YAML's."""
    text = cell.text
    return text[1:-1] if len(text) >= 2 and text[0] == text[-1] == '"' else text


def _read_row(
    fields: Fields,
    default_id: str,
    columns: Columns,
    outputs: Mapping[str, Type],
    scope: Scope,
    seen: dict[str, int],
) -> Row | None:
    identity = read_id(fields, seen, required=False) or default_id
    conditions: list[Term] = []
    written: dict[str, str] = {}
    usable = isinstance(fields.node, MappingNode)
    for name, (subject, of) in columns.items():
        cell = fields.scalar(name, required=False)
        if cell is None:
            continue
        if subject is None:
            usable = False
            continue
        condition = check_cell(cell, subject, of, scope, fields.problems)
        written[name] = cell.text
        if condition is None:
            usable = False
        elif condition.op != "const":
            conditions.append(condition)
    values = tuple(_read_output(fields, name, of) for name, of in outputs.items())
    if any(subject is None for subject, _ in columns.values()):
        fields.rest()  # a row that names a broken column otherwise is no second mistake
    then = fields.choice("then", UNKNOWN_OUTCOMES, required=False)
    reason = read_reason(fields, scope, required=then is not None)
    purposes = read_purposes(fields)
    fields.finish()
    if not usable:
        return None
    return Row(identity, conjunction(tuple(conditions)), written, values, then, reason, purposes)


def _read_output(fields: Fields, name: str, of: Type) -> Any:
    node = fields.scalar(name, required=False)
    if node is None:
        return None
    if of.kind == NUMBER:
        return float(Decimal(node.text.replace("_", "")))
    return node.text == "true" if of.kind == BOOLEAN else _text_of(node)
