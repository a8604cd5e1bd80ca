"""Whether tables that we exported came back as they were: the imported policy is exported again,
and its rows are compared with the model's.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from app.dmn.exporting import export_policy
from app.dmn.exporting_model import write_xml
from app.dmn.importing_found import Found, Misfit
from app.dmn.importing_text import Names, Unfit, plain_name
from app.dmn.importing_types import first, local, parts, text_in
from app.dmn.model import Model
from app.policies.documents import load_documents
from app.policies.policy import check_policy

Rows = list[tuple[frozenset[tuple[str, str]], tuple[str, ...]]]


def compare_with_source(found: Found, source: Path, folder: Path, product: str) -> list[Misfit]:
    """Rows `unknown` of the model that do not follow from the imported rows."""
    returned = {name for name, given in found.tables.items() if _is_ours(source, name)}
    if not returned:
        return []
    documents = load_documents(product, folder / "rulesets", folder / "scorecards")
    again = fromstring(write_xml(export_policy(check_policy(documents), documents, "drawdown")))
    here, there = _tables(Model(source).root), _tables(again)
    misfits: list[Misfit] = []
    names = Names(found.names)
    for name in sorted(returned):
        ours = next((s.name for s in found.stages if s.decision == name), name)
        rows, others = _rows(here[name], names), _rows(there[ours], None) if ours in there else []
        for number, row in enumerate(rows, 1):
            if row not in others:
                why = "it does not follow from the imported table: was a row edited by itself?"
                shown = ", ".join(f"{column} {cell}" for column, cell in sorted(row[0]))
                misfits.append(Misfit(name, why, number, shown or None))
        if len(others) > len(rows):
            why = f"the imported table has {len(others) - len(rows)} rows more for missing values"
            misfits.append(Misfit(name, why))
    return misfits


def _is_ours(source: Path, name: str) -> bool:
    table = _tables(Model(source).root).get(name)
    outputs = [e.get("name") for e in parts(table, "output")] if table is not None else []
    return outputs[-3:] in (["row", "outcome", "reason"], ["result", "outcome", "reason"])


def _tables(root: Element) -> dict[str, Element]:
    found: dict[str, Element] = {}
    for element in root:
        table = first(element, "decisionTable") if local(element) == "decision" else None
        if table is not None:
            found[plain_name(element.get("name", ""))] = table
    for name, table in list(found.items()):  # a unique table that stands as all rows that fit
        if name.endswith("_rows") and table.get("hitPolicy") == "RULE ORDER":
            found.setdefault(name.removesuffix("_rows"), table)
    return found


def _rows(table: Element, names: Names | None) -> Rows:
    columns = [_bare(text_in(first(e, "inputExpression")), names) for e in parts(table, "input")]
    rows: Rows = []
    for rule in parts(table, "rule"):
        cells = [_bare(text_in(e), names) for e in parts(rule, "inputEntry")]
        tests = {(c, cell) for c, cell in zip(columns, cells, strict=False) if cell not in "-"}
        rows.append((frozenset(tests), tuple(text_in(e) for e in parts(rule, "outputEntry"))))
    return rows


def _bare(text: str, names: Names | None) -> str:
    """Without blanks, and with our names for those of the model."""
    try:
        return "".join((names.translate(text) if names else text).split())
    except Unfit:
        return "".join(text.split())
