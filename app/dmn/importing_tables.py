"""Decision tables of a model → tables of ours, hit first or unique."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import combinations
from xml.etree.ElementTree import Element

from app.dmn.importing_cells import Column, Line, literal_of, without_null
from app.dmn.importing_found import Found, Misfit
from app.dmn.importing_table_files import OURS, write_table
from app.dmn.importing_text import STRING, Unfit, our_name, plain_name
from app.dmn.importing_types import first, parts, text_in
from app.rules import syntax as s
from app.rules.terms import Term, conjunction

OTHERWISE = re.compile(r"if \w+ = null then \{(.*?)\} else if count\(", re.S)
ENTRY = re.compile(r'(\w+): ("(?:[^"\\]|\\.)*"|[^,"]+)')
HITS = {"UNIQUE": "unique", "FIRST": "first", "PRIORITY": "first", "ANY": "first"}


def import_table(
    found: Found, name: str, table: Element, names: Mapping[str, str], choice: str = ""
) -> None:
    """Add a table as a stage. What does not fit goes to `found.misfits`; then nothing is added.

    `choice`: the expression that takes the one row of a unique table that we exported with all
    rows that fit.
    """
    policy = "UNIQUE" if choice else table.get("hitPolicy", "UNIQUE")
    before = len(found.misfits)
    if policy not in HITS:
        aggregation = f" {table.get('aggregation')}" if table.get("aggregation") else ""
        why = f"hit policy {policy}{aggregation}: our tables give one row (unique or first)"
        found.misfits.append(Misfit(name, why))
        return
    outputs = [plain_name(e.get("name") or name) for e in parts(table, "output")]
    columns = _read_columns(found, name, table, names, set(outputs))
    lines = _read_lines(found, name, table, names, columns)
    default = _chosen(choice, outputs) if choice else _read_default(found, name, table)
    if len(found.misfits) == before:
        _check_kinds(found, name, outputs, lines, default)
    if len(found.misfits) > before:
        return
    if policy == "PRIORITY":
        lines = _by_priority(found, name, table, lines)
    if policy == "ANY":
        _check_any(found, name, lines)
    if len(found.misfits) == before:
        write_table(found, name, table, HITS[policy], columns, outputs, lines, default)


def _read_columns(
    found: Found, name: str, table: Element, names: Mapping[str, str], outputs: set[str]
) -> list[Column]:
    columns: list[Column] = []
    for at, clause in enumerate(parts(table, "input"), 1):
        text = text_in(first(clause, "inputExpression"))
        label = f"column {at} ({text})"
        try:
            written, tree, term = found.expression(text, names)
        except Unfit as unfit:
            found.misfits.append(Misfit(name, str(unfit), None, label))
            continue
        taken = {column.name for column in columns}
        if isinstance(tree, s.Name) and written not in taken:
            columns.append(Column(written, written, term, found.scope.types.get(written)))
            continue
        own = our_name(clause.get("label") or f"column_{at}", found.taken() | taken | outputs)
        columns.append(Column(own, written, term, None))
    return columns


def _read_lines(
    found: Found, name: str, table: Element, names: Mapping[str, str], columns: list[Column]
) -> list[Line]:
    lines: list[Line] = []
    is_ours = tuple(e.get("name") for e in parts(table, "output"))[-3:] == OURS
    width = (len(parts(table, "input")), len(parts(table, "output")))
    labels = [text_in(first(clause, "inputExpression")) for clause in parts(table, "input")]
    for number, rule in enumerate(parts(table, "rule"), 1):
        entries, results = parts(rule, "inputEntry"), parts(rule, "outputEntry")
        if (len(entries), len(results)) != width:
            why = (
                f"it has {len(entries)} + {len(results)} cells for {width[0]} + {width[1]} columns"
            )
            found.misfits.append(Misfit(name, why, number))
            continue
        cells: dict[str, str] = {}
        tests: list[Term] = []
        for at, entry in enumerate(entries):
            if len(columns) < width[0]:
                break  # a column does not fit, which is said already
            column, text = columns[at], text_in(entry)
            text = without_null(text) if is_ours else text
            if not text:
                found.note(name, "an empty cell is read as -, whatever the value is")
            try:
                written, term = found.cell(text, names, column.term, column.type)
            except Unfit as unfit:
                label = f"column {at + 1} ({labels[at]}) '{text}'"
                found.misfits.append(Misfit(name, str(unfit), number, label))
                continue
            cells[column.name] = written
            if term.op != "const":
                tests.append(term)
        outputs = _read_outputs(found, name, number, results)
        notes = [text_in(one) for one in parts(rule, "annotationEntry")]
        note = " · ".join(text for text in notes if text)
        lines.append(Line(number, cells, conjunction(tuple(tests)), outputs, note))
    return lines


def _read_outputs(
    found: Found, name: str, number: int | None, entries: Sequence[Element]
) -> list[object]:
    values: list[object] = []
    for at, entry in enumerate(entries, 1):
        try:
            values.append(literal_of(text_in(entry)))
        except Unfit as unfit:
            label = f"output {at} '{text_in(entry)}'"
            found.misfits.append(Misfit(name, str(unfit), number, label))
    return values


def _read_default(found: Found, name: str, table: Element) -> list[object] | None:
    entries = [first(e, "defaultOutputEntry") for e in parts(table, "output")]
    if not any(entry is not None for entry in entries):
        return None
    values: list[object] = []
    for entry in entries:
        values += _read_outputs(found, name, None, [entry]) if entry is not None else [None]
    return values


def _chosen(choice: str, outputs: list[str]) -> list[object]:
    """What such an expression gives where no row fits. Raises Unfit."""
    context = OTHERWISE.search(choice)
    values = {m[1]: m[2] for m in ENTRY.finditer(context[1])} if context else {}
    if list(values) != outputs:
        raise Unfit("the expression that takes its row is not the one of our export")
    return [literal_of(values[output].strip()) for output in outputs]


def _check_kinds(
    found: Found, name: str, outputs: list[str], lines: list[Line], default: list[object] | None
) -> None:
    rows = [line.outputs for line in lines] + ([default] if default else [])
    for at, output in enumerate(outputs):
        kinds = {type(row[at]) for row in rows if row[at] is not None}
        if len(kinds) > 1:
            why = "its cells are of several types: numbers, texts, true and false do not mix"
            found.misfits.append(Misfit(name, why, None, f"output {at + 1} ({output})"))


def _by_priority(found: Found, name: str, table: Element, lines: list[Line]) -> list[Line]:
    """The rows by the priority of their outputs: the first that fits is then the one of DMN."""
    ranks: list[list[object]] = []
    for clause in parts(table, "output"):
        text = text_in(first(clause, "outputValues"))
        found_texts = [m[0] for m in STRING.finditer(text)] or text.split(",")
        ranks.append([literal_of(one.strip()) for one in found_texts if one.strip()])

    def rank(line: Line) -> list[int]:
        pairs = zip(ranks, line.outputs, strict=True)
        return [order.index(v) if v in order else len(order) for order, v in pairs]

    ordered = sorted(lines, key=rank)
    if ordered != lines:
        order = ", ".join(str(line.number) for line in ordered)
        found.note(name, f"PRIORITY became first: the rows stand by priority now ({order})")
    return ordered


def _check_any(found: Found, name: str, lines: list[Line]) -> None:
    """ANY is first where rows with different outputs never fit together."""
    from app.lint.domains import domain_of
    from app.lint.search import NO, can_be
    from app.lint.values import TRUE

    texts = {
        str(term.payload)
        for line in lines
        for term in _constants(line.condition)
        if isinstance(term.payload, str)
    }
    domains = {n: domain_of(of, texts) for n, of in found.scope.types.items()}
    for one, two in combinations(lines, 2):
        both = conjunction((one.condition, two.condition))
        if one.outputs != two.outputs and can_be(both, TRUE, domains).says != NO:
            why = (
                f"hit policy ANY: rules {one.number} and {two.number} can fit together and give"
                " different outputs (null in DMN); our tables take the first"
            )
            found.misfits.append(Misfit(name, why))
            return
    found.note(name, "ANY became first: no two rows with different outputs can fit together")


def _constants(term: Term) -> list[Term]:
    if term.op == "const":
        return [term]
    return [one for arg in term.args for one in _constants(arg)]
