"""Rules → a table of all that is hit or unknown, in order; and the gravest outcome."""

from __future__ import annotations

from collections.abc import Sequence

from app.dmn.exporting_columns import HIT, UNKNOWN, Columns, about_stage
from app.dmn.exporting_feel import feel_text
from app.dmn.exporting_ground import OUTCOME, UNKNOWN_REASON, Ground
from app.dmn.exporting_model import DecisionTable, Literal, TableRow
from app.rules.rulesets import OUTCOMES, Rule, Rules
from app.rules.stages import applies
from app.rules.types import Type


def export_rules(ground: Ground, stage: str, rules: Rules) -> None:
    """A RULE ORDER table of what is hit or unknown, how many are hit, and the gravest outcome."""
    hits, outcome = f"{stage}_hits", f"{stage}_outcome"
    given = {hits: Type("integer"), outcome: Type("category", OUTCOMES)}
    here = rules.header.purposes is None or ground.purpose in rules.header.purposes
    judged = [one for one in rules.rules if here and applies(one.purposes, ground.purpose)]
    if not judged:
        about = f"No rule of this stage is for the purpose {ground.purpose}."
        ground.give(hits, given[hits], "0", (), about)
        ground.give(outcome, given[outcome], '"approve"', (), about)
    else:
        table = _write_rules(ground, stage, rules, judged)
        some = f'if {table} = null then 0 else count({table}[result = "{HIT}"])'
        ground.give(hits, given[hits], some, [table])
        text = f'if {table} = null then "approve" else {_gravest(f"{table}.{OUTCOME}")}'
        ground.give(outcome, given[outcome], text, [table])
    ground.never_null |= {hits, outcome}
    ground.outcomes.append(ground.names[outcome])


def _write_rules(ground: Ground, stage: str, rules: Rules, judged: Sequence[Rule]) -> str:
    writer = ground.writer()
    columns = Columns(writer)
    rows: list[TableRow] = []
    for one in rules.rules:
        if one not in judged:
            continue
        cells = columns.condition(one.written)
        title = " · ".join(one.title.values())
        identity, reason = feel_text(one.id), feel_text(one.reason)
        outputs = (identity, f'"{HIT}"', feel_text(one.then), reason)
        rows.append(TableRow({at: cell.fits for at, cell in cells}, outputs, title))
        if any(cell.open for _, cell in cells):
            unknown = (identity, f'"{UNKNOWN}"', feel_text(rules.header.unknown))
            rows.append(
                TableRow(
                    {at: "null" for at, cell in cells if cell.open},
                    (*unknown, feel_text(UNKNOWN_REASON)),
                )
            )
    parts = [("rule", "string"), ("result", "string"), (OUTCOME, "string"), ("reason", "string")]
    outputs_of = tuple((name, of, "") for name, of in parts)
    name = ground.new_name(stage)
    of = ground.components(name, parts, is_list=True)
    table = DecisionTable("RULE ORDER", tuple(columns.found), outputs_of, tuple(rows))
    left = [one.id for one in rules.rules if one not in judged]
    about = about_stage(rules.header.title, f"unknown: {rules.header.unknown}")
    if left:
        about += f" Not for the purpose {ground.purpose}: {', '.join(left)}."
    return ground.add(name, of, table, ground.read_by(writer), about)


def _gravest(listed: str) -> str:
    return (
        f'if list contains({listed}, "decline") then "decline"'
        f' else if list contains({listed}, "refer") then "refer" else "approve"'
    )


def export_outcome(ground: Ground, name: str) -> None:
    """The gravest of all stages."""
    listed = f"[{', '.join(ground.outcomes)}]"
    about = "The gravest outcome of the stages: approve < refer < decline."
    logic = Literal(_gravest(listed))
    ground.add(name, ground.outcome_type(), logic, ground.outcomes, about)
