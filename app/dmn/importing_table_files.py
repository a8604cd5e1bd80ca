"""A table that fits → its file, and the names that later decisions read."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element

from app.dmn.importing_cells import Column, Line, Plain
from app.dmn.importing_found import Found, Stage
from app.dmn.importing_text import our_name
from app.dmn.importing_yaml import code, comment, in_both, listed, quoted, row_line, row_text
from app.rules.types import Type

NO_ROW = "NO_ROW_FITS"
OURS = ("row", "outcome", "reason")  # the last outputs of a table that we exported
UNKNOWN = "unknown"
NULLS = {
    "first": "A missing input: in DMN a test of null does not fit, and the search goes on with the"
    " next row. Here the row that might fit stops the search: the result is unknown.",
    "unique": "A missing input: in DMN a test of null does not fit, and another row may be taken."
    " Here the result is unknown as long as a row might fit.",
}
NEGATED = " In DMN null passes not(…); here it does not: it is unknown."


def write_table(
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
