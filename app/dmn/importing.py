"""A DMN model → the files of a product, as far as our language says what the model says."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element

from app.dmn.errors import DmnError
from app.dmn.importing_expressions import (
    import_context,
    import_literal,
    import_rules,
    is_rules,
)
from app.dmn.importing_found import Found, Misfit
from app.dmn.importing_scorecards import import_scorecard, is_scorecard
from app.dmn.importing_table_files import OURS
from app.dmn.importing_tables import import_table
from app.dmn.importing_text import Unfit, our_name, plain_name
from app.dmn.importing_types import (
    ModelTypes,
    column_values,
    columns_of,
    first,
    local,
    parts,
    text_in,
)
from app.dmn.model import Model
from app.rules.types import Type

LOGIC = ("decisionTable", "literalExpression", "context")


def import_model(path: Path, money: Collection[str] = ()) -> Found:
    """What of a model fits; `money` names inputs and decisions that are amounts in yuan. Raises
    DmnError.
    """
    root = Model(path).root
    found = Found()
    names = [plain_name(e.get("name", "")) for e in parts(root, "inputData", "decision")]
    names += columns_of(root)
    strange = [name for name in money if plain_name(name) not in names]
    if strange:
        raise DmnError(f"--money names '{strange[0]}'; the model has {', '.join(names)}")
    amounts = {plain_name(name) for name in money}
    _read_inputs(found, root, amounts)
    _Decisions(found, root, amounts).read_all()
    return found


def _read_inputs(found: Found, root: Element, money: Collection[str]) -> None:
    types, columns = ModelTypes(root), columns_of(root)
    declared: dict[str, str] = {}
    for element in parts(root, "inputData"):
        name, variable = plain_name(element.get("name", "")), first(element, "variable")
        said = variable.get("typeRef", "") if variable is not None else ""
        declared[name] = said if said not in ("", "Any") else columns.get(name, "")
    decisions = {plain_name(e.get("name", "")) for e in parts(root, "decision")}
    outputs = {e.get("name") for d in parts(root, "decision") for e in d.iterfind(".//{*}output")}
    for name, said in columns.items():
        if name in outputs and name not in declared and name not in decisions:
            found.note(name, "no input data of the model; it is read as the output of that name")
        elif name not in declared and name not in decisions and said:
            declared[name] = said
            found.undeclared.append(name)
            found.note(name, "no input data of the model; its type is that of a column")
    for name, type_name in declared.items():
        try:
            one = types.find(type_name)
        except Unfit as unfit:
            found.misfits.append(Misfit(name, str(unfit), is_input=True))
            continue
        of = one.type
        if of.declared == "text":
            lists = column_values(root, name)
            if len(lists) == 1 and (values := next(iter(lists))):
                of = Type("category", values)
        if name in money:
            if of.declared not in ("number", "money"):
                raise DmnError(f"--money names '{name}', which is no number in the model")
            of = Type("money", None, of.low, of.high)
        if one.note:
            found.note(name, one.note)
        own = our_name(name, found.taken())
        found.inputs[own] = (name, of)
        found.names[name] = own
        found.add_type(own, of)


class _Decisions:
    """Reads decisions in the order in which they need one another."""

    def __init__(self, found: Found, root: Element, money: Collection[str]) -> None:
        self.found, self.money = found, money
        self.elements = {e.get("id", ""): e for e in root if e.get("id")}
        self.decisions = parts(root, "decision")
        self.ours = any(
            [o.get("name") for o in parts(e, "output")][-3:] == ["row", "outcome", "reason"]
            or (local(e) == "decisionTable" and (is_rules(e) or is_scorecard(e)))
            for e in root.iter()
        )
        self.done: set[str] = set()
        self.busy: set[str] = set()
        self.read = {plain_name(n.get("name", "")) for d in self.decisions for n in self.needs(d)}

    def needs(self, element: Element) -> list[Element]:
        """What a decision requires."""
        found: list[Element] = []
        for link in element.iter():
            if local(link) in ("requiredInput", "requiredDecision"):
                one = self.elements.get(link.get("href", "").rpartition("#")[2])
                if one is not None:
                    found.append(one)
        return found

    def read_all(self) -> None:
        for element in self.decisions:
            self._read(element)

    def _read(self, element: Element) -> None:
        name = plain_name(element.get("name", ""))
        if name in self.done:
            return
        if name in self.busy:
            raise DmnError(f"the decision '{name}' requires itself")
        self.busy.add(name)
        needed = self.needs(element)
        for one in needed:
            if local(one) == "decision":
                self._read(one)
        self.done.add(name)
        self.busy.discard(name)
        try:
            self._import(element, name, [plain_name(e.get("name", "")) for e in needed])
        except Unfit as unfit:
            self.found.misfits.append(Misfit(name, str(unfit)))

    def _import(self, element: Element, name: str, needed: list[str]) -> None:
        found = self.found
        logic = next((e for e in element if local(e) in LOGIC), None)
        if name in found.names or name in found.tables or self._follows(element, name, logic):
            return
        for one in needed:
            if one not in found.names and one not in found.tables:
                raise Unfit(f"it reads '{one}', which did not fit")
        readable = [*needed, *found.undeclared]
        names = {
            known: own
            for known, own in found.names.items()
            if any(known == one or known.startswith(f"{one}.") for one in readable)
        }
        for one in needed:  # tools beside the standard read an output by its own name
            for output, own in found.tables.get(one, {}).items():
                names.setdefault(output, own)
        if logic is None:
            others = [local(e) for e in element if local(e) not in ("variable", "description")]
            kinds = [kind for kind in others if not kind.endswith("Requirement")]
            raise Unfit(f"logic of the kind '{kinds[-1] if kinds else 'none'}' is not ours")
        match local(logic):
            case "decisionTable" if is_rules(logic):
                import_rules(found, name, logic, names)
            case "decisionTable" if is_scorecard(logic):
                import_scorecard(found, name, logic, names)
            case "decisionTable" if choice := self._choice(name, logic):
                import_table(found, name.removesuffix("_rows"), logic, names, choice)
            case "decisionTable":
                import_table(found, name, logic, names)
            case "context":
                import_context(found, name, logic, names)
            case _:
                is_read = name in self.read
                import_literal(found, name, text_in(logic), names, is_read, name in self.money)

    def _choice(self, name: str, table: Element) -> str:
        """The expression that takes the one row of a unique table that we exported; else empty."""
        outputs = [e.get("name") for e in parts(table, "output")]
        if table.get("hitPolicy") != "RULE ORDER" or tuple(outputs[-3:]) != OURS:
            return ""
        for element in self.decisions:
            if plain_name(element.get("name", "")) == name.removesuffix("_rows") != name:
                return text_in(first(element, "literalExpression"))
        return ""

    def _follows(self, element: Element, name: str, logic: Element | None) -> bool:
        """Whether a decision of our own export is what a policy says by itself."""
        if not self.ours or logic is None or local(logic) != "literalExpression":
            return False
        text = text_in(logic)
        if text == '"approve"' and name.endswith("_outcome"):  # a stage of another purpose
            self.found.names[name] = name
            return True
        said = re.match(r"if list contains\(\[|\{outcome: |if (\w+) = null then \"", text)
        if (said and name.endswith(("outcome", "_outcome"))) or text.startswith("{outcome: "):
            self.found.names[name] = name
            self._read_minimum(element, name, text)
            return True
        return False

    def _read_minimum(self, element: Element, name: str, text: str) -> None:
        """The minimum of a formula, which stands in what the formula leads to."""
        least = re.search(r"if (\w+) < (\d+(?:\.\d+)?) then \"(\w+)\"", text)
        if least is None or least[1] != "limit":
            return
        about = first(element, "description")
        reason = re.search(r"minimum: (\w+)", (about.text or "") if about is not None else "")
        line = f"minimum: {{amount: {least[2]}, then: {least[3]}, reason: "
        if reason is None:
            note = f"the formula needs a line {line}…}}: the model does not say the reason"
            self.found.note(name, note)
            return
        self.found.reasons.setdefault(reason[1], reason[1])
        self.found.stages = [
            replace(s, text=f"{s.text}{line}{reason[1]}}}\n") if "\nlimit: " in s.text else s
            for s in self.found.stages
        ]
