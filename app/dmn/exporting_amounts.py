"""Scorecards → a table that collects a sum; formulas → a boxed context of the `let` values."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from app.dmn.exporting_columns import Columns
from app.dmn.exporting_feel import feel_number, feel_text, feel_value
from app.dmn.exporting_ground import Ground
from app.dmn.exporting_model import Context, DecisionTable, TableRow
from app.rules.parser import parse_expression
from app.rules.rulesets import Formula
from app.rules.stages import applies
from app.rules.types import BOOLEAN, MONEY, NUMBER, TEXT, Type
from app.scoring.compiled import WITHOUT_SCORE
from app.scoring.scorecard import Characteristic, Scorecard

LET_TYPES = {NUMBER: Type("number"), MONEY: Type("money"), TEXT: Type("text")}


def export_scorecard(ground: Ground, stage: str, card: Scorecard) -> None:
    """One row a bin; each characteristic has exactly one that fits, so the sum is the score."""
    writer = ground.writer()
    columns = Columns(writer)
    rows: list[TableRow] = []
    of_data: list[str] = []
    for one in card.characteristics:
        tree = parse_expression(one.written)
        at = columns.at(tree)
        if any(name in ground.policy.inputs for name in one.term.inputs()):
            of_data.append(columns.found[at].text)
        note = f"{one.id} ({one.dimension}, {one.reason})"
        for cell, points in _bins(one):
            rows.append(TableRow({at: cell}, (feel_value(points),), note))
    points_of = ground.new_name(stage)
    table = DecisionTable(
        "COLLECT", tuple(columns.found), (("points", "number", ""),), tuple(rows), (), "SUM"
    )
    needs = ground.read_by(writer)
    title = " ".join(card.title.values())
    ground.add(points_of, "number", table, needs, f"{title}. The points of each characteristic.")
    text, about = points_of, ""
    if of_data:
        nothing = " and ".join(f"({text}) = null" for text in of_data)
        text = f"if {nothing} then null else {points_of}"
        about = "Where nothing of a merchant is known there is no score."
    ground.give("score", Type("number"), text, [*needs, points_of], about)
    score = ground.names["score"]
    said = f'if {score} = null then {feel_text(WITHOUT_SCORE)} else "approve"'
    ground.add_outcome(stage, said, [score])


def _bins(one: Characteristic) -> list[tuple[str, float]]:
    """Cells and points of a characteristic, the missing value last."""
    missing = ("null", one.missing)
    if one.words:
        return [*_word_bins(one), missing]
    edges = [_edge(one, edge) for edge, _ in one.edges]
    belongs = [included for _, included in one.edges]
    if not edges:
        return [("not(null)", one.points[0]), missing]
    cells = [f"{'<' if belongs[0] else '<='} {edges[0]}"]
    for at in range(1, len(edges)):
        low, high = "[" if belongs[at - 1] else "(", ")" if belongs[at] else "]"
        cells.append(f"{low}{edges[at - 1]}..{edges[at]}{high}")
    cells.append(f"{'>=' if belongs[-1] else '>'} {edges[-1]}")
    return [*zip(cells, one.points, strict=True), missing]


def _edge(one: Characteristic, edge: float | int) -> str:
    return feel_number(Decimal(edge) / 100 if one.term.kind == MONEY else edge)


def _word_bins(one: Characteristic) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    listed = [word for word in one.words if word != ""]
    for at, points in enumerate(one.points):
        words = [feel_value(word) for word in listed if one.words[word] == at]
        if words:
            found.append((", ".join(words), points))
    if one.term.kind == BOOLEAN:
        return found
    rest = one.points[one.words[""]] if "" in one.words else one.missing
    others = ", ".join([*(feel_value(word) for word in listed), "null"])
    return [*found, (f"not({others})", rest)]


def export_formula(ground: Ground, stage: str, formula: Formula) -> None:
    """The `let` values in order, the exact amount, and the limit: rounded down, never below 0."""
    limit_type = Type("money")
    if not applies(formula.header.purposes, ground.purpose):
        about = f"This stage is not for the purpose {ground.purpose}."
        ground.give("limit", limit_type, "null", (), about)
        return
    outer = ground.scope
    writer = ground.writer()
    entries: list[tuple[str, str, str]] = []
    taken = set(ground.taken)
    for name, term, written in formula.lets:
        kind = LET_TYPES.get(term.kind, Type("boolean"))
        own = ground.names[name] = ground.new_name(name)
        entries.append((own, ground.type_of(name, kind), writer.text(written)))
        writer.scope = replace(
            writer.scope,
            types={**writer.scope.types, name: kind},
            definitions={**writer.scope.definitions, name: term},
        )
    exact = ground.new_name("exact")
    entries.append((exact, "money", writer.text(formula.written)))
    lets = [name for name, _, _ in formula.lets]
    needs = [ground.names[n] for n in writer.read if n not in lets]
    ground.scope, ground.taken = outer, taken
    for name in lets:
        ground.names.pop(name)
    unit = feel_number(Decimal(formula.round_down_to_fen) / 100)
    rounded = f"max(0, floor({exact} / {unit}) * {unit})"
    entries.append(("limit", "money", f"if {exact} = null then null else {rounded}"))
    boxed = ground.new_name(f"{stage}_formula")
    of = ground.components(boxed, [(own, typed) for own, typed, _ in entries])
    title = " ".join(formula.header.title.values())
    ground.add(boxed, of, Context(tuple(entries)), needs, f"{title}. Amounts in yuan.")
    limit = ground.names["limit"]
    ground.give("limit", limit_type, f"{boxed}.limit", [boxed])
    unknown = feel_text(formula.header.unknown)
    text, about = f"if {limit} = null then {unknown} else ", ""
    if formula.minimum_fen is not None and formula.reason:
        least = feel_number(Decimal(formula.minimum_fen) / 100)
        about = f"The reason below the minimum: {formula.reason}."
        text += f"if {limit} < {least} then {feel_text(formula.then)} else "
    ground.add_outcome(stage, text + '"approve"', [limit], about)
