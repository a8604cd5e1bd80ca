"""Decision tables of a model → tables of ours, hit first or unique."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from xml.etree.ElementTree import Element

from app.dmn.importing_found import Found, Misfit, Stage
from app.dmn.importing_text import NUMBER, STRING, Unfit, our_name, plain_name
from app.dmn.importing_types import first, parts, text_in
from app.dmn.importing_yaml import code, comment, in_both, listed, quoted, row_line, row_text
from app.rules import syntax as s
from app.rules.terms import Term, conjunction
from app.rules.types import Type

NO_ROW = "NO_ROW_FITS"
HITS = {"UNIQUE": "unique", "FIRST": "first", "PRIORITY": "first", "ANY": "first"}
OURS = ("row", "outcome", "reason")  # the last outputs of a table that we exported
UNKNOWN, OTHERWISE = "unknown", "otherwise"
NULLS = {
    "first": "A missing input: in DMN a test of null does not fit, and the search goes on with the"
    " next row. Here the row that might fit stops the search: the result is unknown.",
    "unique": "A missing input: in DMN a test of null does not fit, and another row may be taken."
    " Here the result is unknown as long as a row might fit.",
}
NEGATED = " In DMN null passes not(…); here it does not: it is unknown."


@dataclass(frozen=True)
class Column:
    """`name` is the input's own where the column is an input."""

    name: str
    written: str
    term: Term
    type: Type | None


@dataclass
class Line:
    """A row: cells by column, their condition, outputs (None, bool, a number's text in YAML, or a
    text), what is noted beside it.
    """

    number: int
    cells: dict[str, str]
    condition: Term
    outputs: list[object]
    note: str


@dataclass(frozen=True)
class Plain:
    """A number of an output cell, as it is written."""

    text: str


def import_table(found: Found, name: str, table: Element, names: Mapping[str, str]) -> None:
    """Add a table as a stage. What does not fit goes to `found.misfits`; then nothing is added."""
    policy = table.get("hitPolicy", "UNIQUE")
    before = len(found.misfits)
    if policy not in HITS:
        aggregation = f" {table.get('aggregation')}" if table.get("aggregation") else ""
        why = f"hit policy {policy}{aggregation}: our tables give one row (unique or first)"
        found.misfits.append(Misfit(name, why))
        return
    outputs = [plain_name(e.get("name") or name) for e in parts(table, "output")]
    columns = _read_columns(found, name, table, names, set(outputs))
    lines = _read_lines(found, name, table, names, columns)
    default = _read_default(found, name, table)
    if len(found.misfits) == before:
        _check_kinds(found, name, outputs, lines, default)
    if len(found.misfits) > before:
        return
    if policy == "PRIORITY":
        lines = _by_priority(found, name, table, lines)
    if policy == "ANY":
        _check_any(found, name, lines)
    if len(found.misfits) == before:
        _write(found, name, table, HITS[policy], columns, outputs, lines, default)


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


def literal_of(text: str) -> object:
    """An output cell: null, true, false, a number or a text. Raises Unfit."""
    if text in ("", "null"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if STRING.fullmatch(text):
        try:
            return str(json.loads(text, strict=False))
        except ValueError:
            raise Unfit("the text has an escape that cannot be read") from None
    bare = text.replace(" ", "")
    if NUMBER.fullmatch(bare.removeprefix("-")):
        return Plain(format(Decimal(bare), "f"))
    raise Unfit("an output of ours is a number, a text, true, false or null: nothing is computed")


def _read_default(found: Found, name: str, table: Element) -> list[object] | None:
    entries = [first(e, "defaultOutputEntry") for e in parts(table, "output")]
    if not any(entry is not None for entry in entries):
        return None
    values: list[object] = []
    for entry in entries:
        values += _read_outputs(found, name, None, [entry]) if entry is not None else [None]
    return values


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


def _write(
    found: Found,
    name: str,
    table: Element,
    hit: str,
    columns: list[Column],
    outputs: list[str],
    lines: list[Line],
    default: list[object] | None,
) -> None:
    is_ours = tuple(outputs[-3:]) == OURS
    values = outputs[:-3] if is_ours else outputs
    stage = our_name(name, found.taken())
    taken = found.taken() | {column.name for column in columns}
    given: dict[str, str] = {}
    for output in values:
        given[output] = our_name(output, taken | set(given.values()))
    kept = [line for line in lines if not (is_ours and line.outputs[-3] == UNKNOWN)]
    unknown = [line.outputs[-2] for line in lines if is_ours and line.outputs[-3] == UNKNOWN]
    last = kept[-1] if kept and hit == "first" and set(kept[-1].cells.values()) <= {"-"} else None
    rows = kept[:-1] if last else kept
    otherwise = last.outputs if last else default
    texts = [
        row_line(
            line.cells,
            _row_outputs(given, line.outputs, is_ours, True),
            "" if is_ours else line.note,
        )
        for line in rows
    ]
    if is_ours:
        codes = [str(line.outputs[-1]) for line in kept if line.outputs[-1] is not None]
        codes += [str(otherwise[-1])] if otherwise and otherwise[-1] is not None else []
        found.reasons |= {one: one for one in codes if one not in found.reasons}
    if otherwise is None:
        found.reasons.setdefault(NO_ROW, "No row of a decision table fits")
        found.note(name, f"no row fits: null in DMN; here null too, and refer with {NO_ROW}")
        rest = f"{{then: refer, reason: {NO_ROW}}}"
    else:
        rest = row_text({}, _row_outputs(given, otherwise, is_ours, False))
    nulls = NULLS[hit]
    if any(cell.startswith("not(") for line in rows for cell in line.cells.values()):
        nulls += NEGATED
    if not is_ours:
        found.note(name, nulls)
    about = f"From the decision '{name}', hit policy {table.get('hitPolicy', 'UNIQUE')}."
    inputs = [_column_text(column) for column in columns]
    text = (
        comment(f"{about}\n{'' if is_ours else nulls}".rstrip())
        + f"kind: table\ntitle: {in_both(name)}\n"
        + f"unknown: {unknown[0] if unknown else 'refer'}\nhit: {hit}\n"
        + f"inputs: {listed(inputs)}\noutputs: {listed(given.values())}\nrows:\n"
        + "".join(texts)
        + f"otherwise: {rest}\n"
    )
    if not rows:
        text = text.replace("rows:\n", "rows: []\n")
    found.stages.append(Stage(stage, f"{stage}.yaml", text, name))
    found.tables[name] = given
    everything = [line.outputs for line in rows] + ([otherwise] if otherwise else [])
    for at, (output, own) in enumerate(given.items()):
        found.add_type(own, _type_of([row[at] for row in everything]))
        single = len(values) == 1 and not is_ours
        found.names[name if single else f"{name}.{output}"] = own


def _column_text(column: Column) -> str:
    if column.name == column.written:
        return column.name
    return f"{{name: {column.name}, is: {code(column.written)}}}"


def _row_outputs(
    given: Mapping[str, str], values: list[object], is_ours: bool, with_id: bool
) -> dict[str, str]:
    pairs = zip(given.values(), values, strict=False)
    found = {own: _yaml(value) for own, value in pairs if value is not None}
    if is_ours:
        identity, outcome, reason = values[-3:]
        if with_id:
            found = {"id": quoted(str(identity)), **found}
        if outcome != "approve" and reason is not None:
            found |= {"then": str(outcome), "reason": str(reason)}
    return found


def _yaml(value: object) -> str:
    if isinstance(value, Plain):
        return value.text
    if isinstance(value, bool):
        return "true" if value else "false"
    return code(f'"{value}"')  # quotes of our language inside: "1" stays a text


def _type_of(values: list[object]) -> Type:
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, Plain) for value in known):
        return Type("number")
    if known and all(isinstance(value, bool) for value in known):
        return Type("boolean")
    return Type("category", tuple(dict.fromkeys(map(str, known))))
