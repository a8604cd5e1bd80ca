"""What a table, a formula and a scorecard say where something is unknown: of one merchant through
both engines, and in columns.
"""

from __future__ import annotations

from typing import Any

import pytest

from app.rules.compiled import CompiledFormula, CompiledTable
from app.rules.document import load_yaml
from app.rules.durable import DurableConditions
from app.rules.reading import read_ruleset
from app.rules.rulesets import Formula, Table
from app.rules.scope import Scope
from app.rules.stages import StageResult
from app.rules.types import NUMBER, TEXT, Type
from app.rules.vector import column_of, values_of

TYPES = {
    "x": Type("number"),
    "y": Type("number"),
    "grade": Type("category", ("A", "B")),
    "m": Type("money"),
}
ROWS = """
inputs: [x, y, grade]
outputs: [tier, rate]
rows:
  - {x: ">= 80", y: "< 1", tier: A, rate: 0.1}
  - {grade: '"A"', tier: B, rate: 0.2, then: refer, reason: IS_B}
  - {x: ">= 50", tier: C, rate: 0.3}
otherwise: {tier: E, rate: 0.9, then: decline, reason: IS_E}
"""
UNKNOWN = {"tier": None, "rate": None}


def compile_stage(text: str) -> CompiledTable | CompiledFormula:
    problems: list[Any] = []
    ruleset = read_ruleset(load_yaml("stage.yaml", text), "stage", Scope(TYPES), problems)
    assert problems == []
    if isinstance(ruleset, Formula):
        return CompiledFormula(ruleset, "stage", "drawdown")
    assert isinstance(ruleset, Table)
    return CompiledTable(ruleset, "stage", "drawdown")


def judge(text: str, **given: Any) -> StageResult:
    """One merchant; durable-rules and columns have to say the same."""
    stage = compile_stage(text)
    values = {**dict.fromkeys(TYPES), **given}
    found = stage.judge(values)
    if isinstance(stage, CompiledTable):
        durable = DurableConditions(stage.conditions.terms).judge(values)
        assert tuple(durable) == found.results
    usual = {"x": 90.0, "y": 0.0, "grade": "A", "m": 100}
    columns = {
        name: column_of(of.kind, [usual[name], values[name], None]) for name, of in TYPES.items()
    }
    together = stage.judge_columns(columns, 3)
    for name, value in found.gives.items():
        assert values_of(together.gives[name], 3)[1] == value
    outcome = "decline" if together.declined[1] else "refer" if together.referred[1] else "approve"
    assert outcome == found.outcome
    assert any(mask[1] for _, mask in together.unknowns) == found.is_unknown
    assert [code for _, code, mask in together.events if mask[1]] == [c for _, c in found.reasons]
    return found


FIRST = "kind: table\nhit: first\nunknown: refer\n" + ROWS


@pytest.mark.parametrize(
    ("given", "row", "names"),
    [
        ({"x": 90.0, "y": 0.5, "grade": "B"}, "row-1", []),
        ({"x": 90.0, "y": None, "grade": "A"}, "unknown", ["y"]),  # not row-2, which would fit
        ({"x": None, "y": 2.0, "grade": "A"}, "row-2", []),  # row-1 cannot fit, whatever x is
        ({"x": None, "y": 2.0, "grade": "B"}, "unknown", ["x"]),
        ({"x": 60.0, "y": None, "grade": None}, "unknown", ["grade"]),
        ({"x": 60.0, "y": None, "grade": "B"}, "row-3", []),
        ({"x": 10.0, "y": None, "grade": "B"}, "otherwise", []),
        ({"x": None, "y": None, "grade": None}, "unknown", ["x", "y"]),
    ],
)
def test_a_row_that_might_fit_stops_the_search(
    given: dict[str, Any], row: str, names: list[str]
) -> None:
    found = judge(FIRST, **given)
    assert (found.trace["row"], found.unknown_inputs) == (row, names)
    if row == "unknown":
        assert (found.gives, found.outcome, found.reasons) == (UNKNOWN, "refer", [])
    else:
        assert None not in found.gives.values()


UNIQUE = """kind: table
hit: unique
unknown: decline
inputs: [x, grade]
outputs: [tier]
rows:
  - {x: "< 50", tier: A}
  - {x: ">= 50", tier: B}
  - {grade: '"A"', tier: C}
otherwise: {tier: E}
"""


@pytest.mark.parametrize(
    ("given", "row", "tier", "codes"),
    [
        ({"x": 49.0, "grade": "B"}, "row-1", "A", []),
        ({"x": 50.0, "grade": "B"}, "row-2", "B", []),
        ({"x": 49.0, "grade": "A"}, "unknown", None, ["TABLE_CONFLICT"]),
        ({"x": 50.0, "grade": None}, "unknown", None, []),  # row-3 might fit too
        ({"x": None, "grade": "A"}, "unknown", None, []),
        ({"x": None, "grade": "B"}, "unknown", None, []),
    ],
)
def test_a_unique_table_says_when_rows_are_in_conflict_or_might_be(
    given: dict[str, Any], row: str, tier: str | None, codes: list[str]
) -> None:
    found = judge(UNIQUE, **given)
    assert (found.trace["row"], found.gives["tier"]) == (row, tier)
    assert [code for _, code in found.reasons] == codes
    assert found.outcome == ("approve" if tier else "decline")
    assert found.is_unknown == (row == "unknown" and not codes)
    missing = [name for name, value in given.items() if value is None]
    assert found.unknown_inputs == (missing if row == "unknown" else [])


def test_two_rows_that_fit_are_a_conflict_whatever_a_third_is() -> None:
    text = UNIQUE.replace('"< 50"', '"< 60"').replace("grade: '\"A\"'", "y: '> 0'")
    found = judge(text.replace("[x, grade]", "[x, y]"), x=55.0, y=None)
    assert [code for _, code in found.reasons] == ["TABLE_CONFLICT"]
    assert not found.is_unknown


@pytest.mark.parametrize("outcome", ["refer", "decline"])
def test_a_formula_that_reads_nothing_gives_no_limit(outcome: str) -> None:
    text = f"kind: formula\nunknown: {outcome}\nlet: {{a: m * x}}\nlimit: min(500_000, a) - m\n"
    found = judge(text, m=100, x=None)
    assert (found.gives, found.outcome) == ({"limit": None}, outcome)
    assert found.unknown_inputs == ["x"]
    assert found.trace["let"] == {"a": None}
    assert judge(text, m=100, x=3.0).gives == {"limit": 200}
    divided = "kind: formula\nlimit: m / y\n"
    assert judge(divided, m=100, y=0.0).is_unknown
    assert judge(divided, m=100, y=0.0).outcome == "refer"


def test_kinds_of_the_outputs() -> None:
    stage = compile_stage(FIRST)
    assert isinstance(stage, CompiledTable)
    assert [of.kind for of in stage.outputs.values()] == [TEXT, NUMBER]
