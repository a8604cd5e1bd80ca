"""Tables → decision tables. A row that might fit has a row of its own, `unknown`, after it: so the
search stops where ours stops.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.dmn.exporting_cells import ANY, Cell
from app.dmn.exporting_columns import CONFLICT, UNKNOWN, Columns, about_stage
from app.dmn.exporting_feel import feel_text, feel_value
from app.dmn.exporting_ground import OUTCOME, UNKNOWN_REASON, Ground
from app.dmn.exporting_model import DecisionTable, Literal, TableRow
from app.rules import syntax as s
from app.rules.document import AnyNode, Mapping, Scalar
from app.rules.document import Sequence as SequenceNode
from app.rules.parser import parse_expression
from app.rules.rulesets import Row, Table
from app.rules.stages import applies


@dataclass(frozen=True)
class _Line:
    row: Row
    cells: tuple[tuple[int, Cell], ...]


def export_table(ground: Ground, stage: str, table: Table, document: AnyNode) -> None:
    """A decision table with the outputs, the row's id, the outcome and its reason; each output
    under its own name.
    """
    if not applies(table.header.purposes, ground.purpose):
        about = f"This stage is not for the purpose {ground.purpose}."
        for output, kind in table.outputs.items():
            ground.give(output, kind, "null", (), about)
        return
    writer = ground.writer()
    columns = Columns(writer)
    subjects = _subjects(document)
    for tree in subjects.values():
        columns.at(tree)
    lines = [
        _Line(row, tuple(columns.cell(subjects[n], text) for n, text in row.written.items()))
        for row in table.rows
        if applies(row.purposes, ground.purpose)
    ]
    name = ground.new_name(stage)
    parts = _parts(ground, table)
    about = about_stage(table.header.title, f"unknown: {table.header.unknown}")
    needs = ground.read_by(writer)
    of = ground.components(name, [(n, t) for n, t, _ in parts])
    is_simple = table.hit == "unique" and _one_column(lines)
    if table.hit == "unique" and not is_simple:
        everything = _unique_rows(table, lines, parts)
        all_of = ground.components(f"{name}_rows", [(n, t) for n, t, _ in parts], is_list=True)
        rows = ground.new_name(f"{name}_rows")
        ground.add(
            rows,
            all_of,
            DecisionTable("RULE ORDER", tuple(columns.found), parts, everything),
            needs,
            about,
        )
        logic = Literal(_choice(rows, table, parts))
        ground.add(name, of, logic, [rows], "The one row that fits.")
    else:
        rows_of = _first_rows(table, lines) if table.hit == "first" else _simple_rows(table, lines)
        default = _outputs(table.otherwise, "otherwise") if table.hit == "unique" else ()
        hit = "FIRST" if table.hit == "first" else "UNIQUE"
        logic_of = DecisionTable(hit, tuple(columns.found), parts, rows_of, default)
        ground.add(name, of, logic_of, needs, about)
    for output, kind in table.outputs.items():
        text = f"if {name} = null then null else {name}.{ground.names[output]}"
        ground.give(output, kind, text, [name])
    said = f"if {name} = null then {feel_text(table.header.unknown)} else {name}.{parts[-2][0]}"
    ground.add_outcome(stage, said, [name])


def _subjects(document: AnyNode) -> dict[str, s.Syntax]:
    """The columns of a table with the expressions that they test."""
    found: dict[str, s.Syntax] = {}
    listed = document.get("inputs") if isinstance(document, Mapping) else None
    for node in listed.items if isinstance(listed, SequenceNode) else ():
        if isinstance(node, Scalar):
            found[node.text] = parse_expression(node.text)
        elif isinstance(node, Mapping):
            name, expression = node.get("name"), node.get("is")
            if isinstance(name, Scalar) and isinstance(expression, Scalar):
                found[name.text] = parse_expression(expression.text)
    return found


def _parts(ground: Ground, table: Table) -> tuple[tuple[str, str, str], ...]:
    parts = [(ground.names[n], ground.type_of(n, of), "") for n, of in table.outputs.items()]
    names = {name for name, _, _ in parts}
    for name in ("row", OUTCOME, "reason"):
        while name in names:
            name += "_"
        of = ground.outcome_type() if name == OUTCOME else "string"
        parts.append((name, of, ""))
    return tuple(parts)


def _outputs(row: Row, identity: str) -> tuple[str, ...]:
    is_said = bool(row.then and row.reason)
    return (
        *(feel_value(value) for value in row.outputs),
        feel_text(identity),
        feel_text(row.then if is_said and row.then else "approve"),
        feel_value(row.reason if is_said else None),
    )


def _unknown(table: Table) -> tuple[str, ...]:
    said = (feel_text(UNKNOWN), feel_text(table.header.unknown), feel_text(UNKNOWN_REASON))
    return (*("null" for _ in table.outputs), *said)


def _hit_row(line: _Line) -> TableRow:
    cells = {at: cell.fits for at, cell in line.cells}
    return TableRow(cells, _outputs(line.row, line.row.id), line.row.id)


def _first_rows(table: Table, lines: list[_Line]) -> tuple[TableRow, ...]:
    """After each row one for `might fit`; `otherwise` as the last."""
    rows: list[TableRow] = []
    for line in lines:
        rows.append(_hit_row(line))
        if any(cell.open for _, cell in line.cells):
            cells = {at: cell.open or cell.fits for at, cell in line.cells}
            rows.append(TableRow(cells, _unknown(table), f"{line.row.id}: {UNKNOWN}"))
    rows.append(TableRow({}, _outputs(table.otherwise, "otherwise"), "otherwise"))
    return tuple(rows)


def _one_column(lines: list[_Line]) -> bool:
    """Whether null in one column, which every row tests, is all that can be unknown."""
    opened = {at for line in lines for at, cell in line.cells if cell.open}
    if len(opened) > 1:
        return False
    return all(dict(line.cells).get(at, ANY).open for at in opened for line in lines)


def _simple_rows(table: Table, lines: list[_Line]) -> tuple[TableRow, ...]:
    rows = [_hit_row(line) for line in lines]
    opened = {at for line in lines for at, cell in line.cells if cell.open}
    rows += [TableRow({at: "null"}, _unknown(table), UNKNOWN) for at in opened]
    return tuple(rows)


def _unique_rows(
    table: Table, lines: list[_Line], parts: tuple[tuple[str, str, str], ...]
) -> tuple[TableRow, ...]:
    """Each row, and for each of its cells that null leaves open a row `unknown`."""
    rows: list[TableRow] = []
    for line in lines:
        rows.append(_hit_row(line))
        for here, cell in line.cells:
            if cell.open:
                cells = {at: one.open or one.fits for at, one in line.cells} | {here: "null"}
                rows.append(TableRow(cells, _unknown(table), f"{line.row.id}: {UNKNOWN}"))
    return tuple(rows)


def _choice(rows: str, table: Table, parts: tuple[tuple[str, str, str], ...]) -> str:
    """Several rows fit: a conflict; one may fit: unknown; else the one, or otherwise."""

    def one(values: tuple[str, ...]) -> str:
        pairs = zip(parts, values, strict=True)
        return "{" + ", ".join(f"{name}: {value}" for (name, _, _), value in pairs) + "}"

    said = (feel_text(CONFLICT), feel_text(table.header.unknown), feel_text("TABLE_CONFLICT"))
    conflict = one((*("null" for _ in table.outputs), *said))
    row = parts[-3][0]
    fits, opened = (f'{rows}[{row} {sign} "{UNKNOWN}"]' for sign in ("!=", "="))
    other = one(_outputs(table.otherwise, "otherwise"))
    return (
        f"if {rows} = null then {other} else if count({fits}) > 1 then {conflict}"
        f" else if count({opened}) > 0 then {one(_unknown(table))} else {fits}[1]"
    )
