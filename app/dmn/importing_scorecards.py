"""A scorecard that we exported → the scorecard's file. Each row notes its characteristic."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from xml.etree.ElementTree import Element

from app.dmn.importing_cells import Plain, literal_of
from app.dmn.importing_found import Found, Misfit, Stage
from app.dmn.importing_text import Unfit, our_name
from app.dmn.importing_types import first, parts, text_in
from app.dmn.importing_yaml import code, comment, in_both, quoted
from app.rules.types import Type

NOTE = re.compile(r"(.+) \((\w+), (\w+)\)")  # characteristic (dimension, reason)


@dataclass
class _Characteristic:
    subject: str
    dimension: str
    reason: str
    missing: Decimal = Decimal(0)
    bins: list[tuple[str, Decimal]] = field(default_factory=list)

    @property
    def best(self) -> Decimal:
        return max(self.missing, *(points for _, points in self.bins))


def is_scorecard(table: Element) -> bool:
    """Whether every row of a table that collects a sum notes a characteristic."""
    notes = [" ".join(map(text_in, parts(e, "annotationEntry"))) for e in parts(table, "rule")]
    is_sum = (table.get("hitPolicy"), table.get("aggregation")) == ("COLLECT", "SUM")
    return is_sum and bool(notes) and all(NOTE.fullmatch(note) for note in notes)


def import_scorecard(found: Found, name: str, table: Element, names: Mapping[str, str]) -> None:
    """Add a scorecard as a stage. What does not fit goes to `found.misfits`."""
    before = len(found.misfits)
    subjects = [text_in(first(e, "inputExpression")) for e in parts(table, "input")]
    cards: dict[str, _Characteristic] = {}
    for number, rule in enumerate(parts(table, "rule"), 1):
        try:
            _read_row(found, cards, rule, subjects, names)
        except Unfit as unfit:
            found.misfits.append(Misfit(name, str(unfit), number))
    for identity, card in cards.items():
        if not card.bins:
            found.misfits.append(Misfit(name, f"the characteristic '{identity}' has no bin"))
    if len(found.misfits) > before:
        return
    stage = our_name(name, found.taken())
    dimensions: dict[str, Decimal] = {}
    for card in cards.values():
        dimensions[card.dimension] = dimensions.get(card.dimension, Decimal(0)) + card.best
    shown = ", ".join(f"{key}: {most:f}" for key, most in dimensions.items())
    text = comment(f"From the decision '{name}'.")
    text += f"scorecard: {stage}\ntitle: {in_both(name)}\ndimensions: {{{shown}}}\n"
    text += "characteristics:\n" + "".join(map(_text, cards, cards.values()))
    found.stages.append(Stage(stage, f"{stage}.yaml", text, name, "scorecard"))
    found.reasons |= {c.reason: c.reason for c in cards.values() if c.reason not in found.reasons}
    found.tables[name] = {}
    found.names["score"] = "score"
    found.add_type("score", Type("number"))


def _read_row(
    found: Found,
    cards: dict[str, _Characteristic],
    rule: Element,
    subjects: list[str],
    names: Mapping[str, str],
) -> None:
    note = NOTE.fullmatch(" ".join(map(text_in, parts(rule, "annotationEntry"))))
    assert note is not None
    cells = zip(subjects, map(text_in, parts(rule, "inputEntry")), strict=False)
    tested = [(subject, cell) for subject, cell in cells if cell != "-"]
    if len(tested) != 1:
        raise Unfit(f"it tests {len(tested)} columns; a bin tests one")
    subject, cell = tested[0]
    written, _, term = found.expression(subject, names)
    points = [literal_of(text_in(e)) for e in parts(rule, "outputEntry")]
    if len(points) != 1 or not isinstance(points[0], Plain):
        raise Unfit("its points are no number")
    card = cards.setdefault(note[1], _Characteristic(written, note[2], note[3]))
    if (card.subject, card.dimension, card.reason) != (written, note[2], note[3]):
        raise Unfit(f"'{note[1]}' has another column, dimension or reason in a row before")
    worth = Decimal(points[0].text)
    if cell == "null":
        card.missing = worth
    elif cell.startswith("not("):
        card.bins.append(("-", worth))
    else:
        ours, _ = found.cell(cell, names, term, found.scope.types.get(written))
        card.bins.append((ours, worth))


def _text(identity: str, card: _Characteristic) -> str:
    bins = "".join(f"      - {{when: {code(c)}, points: {p:f}}}\n" for c, p in card.bins)
    key = "input" if card.subject.isidentifier() else "value"
    return (
        f"  - id: {quoted(identity)}\n    dimension: {card.dimension}\n"
        f"    {key}: {code(card.subject)}\n    reason: {card.reason}\n"
        f"    missing: {card.missing:f}\n    bins:\n{bins}"
    )
