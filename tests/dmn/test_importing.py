"""What of a DMN model becomes files of ours, what is named because it does not fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli import chengxin
from app.dmn.model import Model
from app.dmn.values import from_json
from app.policies.documents import load_documents
from app.policies.examine import examine
from app.policies.pipeline import Pipeline
from app.policies.policy import check_policy
from app.settings import PROJECT_FOLDER
from tests.dmn.round_trip import merchants
from tests.dmn.small_policy import write_small_policy

HEAD = '<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="My model" id="m">'
TYPES = (
    '<itemDefinition name="tScore"><typeRef>number</typeRef><allowedValues><text>[0..100]</text>'
    '</allowedValues></itemDefinition><itemDefinition name="tParts"><itemComponent name="a">'
    "<typeRef>number</typeRef></itemComponent></itemDefinition>"
)
INPUTS = {
    "Risk Category": "string",
    "Score": "tScore",
    "is-affordable": "boolean",
    "Net income": "number",
    "Born": "date",
    "Parts": "tParts",
}


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def decision(name: str, logic: str, *needs: str) -> str:
    links = "".join(
        f'<informationRequirement id="{name}{at}"><required{kind} href="#{need}"/>'
        "</informationRequirement>"
        for at, need in enumerate(needs)
        for kind in ["Input" if need in INPUTS else "Decision"]
    )
    return f'<decision name="{name}" id="{name}">{links}{logic}</decision>'


def literal(text: str) -> str:
    return f"<literalExpression><text>{escape(text)}</text></literalExpression>"


def table(columns: list[str], rows: list[str], hit: str = "UNIQUE", outputs: str = "") -> str:
    """A row is `cell | cell => output | output`."""
    heads = "".join(
        f"<input><inputExpression><text>{escape(c)}</text></inputExpression></input>"
        for c in columns
    )
    shown = ""
    for row in rows:
        cells, values = (part.split("|") for part in row.split("=>"))
        shown += "<rule>"
        shown += "".join(
            f"<inputEntry><text>{escape(c.strip())}</text></inputEntry>" for c in cells
        )
        shown += "".join(
            f"<outputEntry><text>{escape(v.strip())}</text></outputEntry>" for v in values
        )
        shown += "</rule>"
    outputs = outputs or '<output id="o"/>'
    return f'<decisionTable hitPolicy="{hit}">{heads}{outputs}{shown}</decisionTable>'


def write_model(folder: Path, *decisions: str) -> Path:
    inputs = "".join(
        f'<inputData name="{name}" id="{name}"><variable name="{name}" typeRef="{of}"/></inputData>'
        for name, of in INPUTS.items()
        if any(f"#{name}" in one for one in decisions)
    )
    path = folder / "model.dmn"
    path.write_text(f"{HEAD}{TYPES}{inputs}{''.join(decisions)}</definitions>", encoding="utf-8")
    return path


def run_import(model: Path, to: Path, *more: str) -> tuple[dict[str, Any], int]:
    arguments = ["dmn", "import", str(model), "--to", str(to), "--json", *more]
    done = CliRunner().invoke(chengxin, arguments)
    assert done.output.startswith("{"), (done.output, done.exception)
    return json.loads(done.output), done.exit_code


class Imported:
    """The imported folder, ready to judge."""

    def __init__(self, tmp_path: Path, *decisions: str, more: tuple[str, ...] = ()) -> None:
        self.model = write_model(tmp_path, *decisions)
        self.folder = tmp_path / "out"
        self.told, self.status = run_import(self.model, self.folder, *more)
        self.product = self.told["product"]

    def text(self, file: str) -> str:
        return (self.folder / "rulesets" / self.product / file).read_text(encoding="utf-8")

    def judge(self, **values: Any) -> dict[str, Any]:
        place = self.folder / "rulesets", self.folder / "scorecards"
        pipeline = Pipeline(check_policy(load_documents(self.product, *place)), "drawdown")
        one = pipeline.judge({n: values.get(n) for n in pipeline.inputs}, engines="both")
        return {trace["stage"]: trace for trace in one.stages} | {"outcome": one.outcome}

    def whys(self) -> list[str]:
        return [one["why"] for one in self.told["misfits"]]


def test_a_table_with_blanks_in_names_categories_and_ranges(tmp_path: Path) -> None:
    rows = ['"Low","High" | >= 50 | true => "A"', '"Mid" | - | - => "B"', '- | < 50 | - => "C"']
    columns = ["Risk  Category", "Score", "is-affordable"]
    logic = table(columns, rows, "FIRST")
    one = Imported(tmp_path, decision("Final grade", logic, *["Risk Category", *columns[1:]]))
    assert (one.status, one.told["misfits"], one.told["problems"]) == (0, [], [])
    assert one.told["names"] == {
        "Risk Category": "Risk_Category",
        "Score": "Score",
        "is-affordable": "is_affordable",
        "Final grade": "Final_grade",
    }
    given = {"Risk_Category": "Low", "Score": 50.0, "is_affordable": True}
    assert one.judge(**given)["Final_grade"]["outputs"] == {"Final_grade": "A"}
    given |= {"is_affordable": None, "Score": 20.0}
    assert one.judge(**given)["Final_grade"]["outputs"] == {"Final_grade": "C"}
    unknown = one.judge(**given | {"Score": 60.0})  # the first row might fit
    assert unknown["Final_grade"]["row"] == "unknown" and unknown["outcome"] == "refer"
    nothing = one.judge(Risk_Category="Low", Score=60.0, is_affordable=False)
    assert nothing["outcome"] == "refer" and "NO_ROW_FITS" in str(nothing)
    catalogue = (one.folder / "rulesets" / "catalogue.yaml").read_text(encoding="utf-8")
    assert "range: [0, 100]" in catalogue
    assert any("is unknown" in note["note"] for note in one.told["notes"])


def test_what_does_not_fit_is_named_by_decision_rule_and_cell(tmp_path: Path) -> None:
    rows = ['>= 50 => "A"', 'Limit => "B"', '< "x" => upper case("c")', "? > 3 => 4"]
    bad = decision("Bad", table(["Score"], rows), "Score")
    odd = decision("Odd", table(["Score", "Parts.a"], ["- | - => 1"]), "Score", "Parts")
    many = decision("Many", table(["Score"], ["- => 1"], "COLLECT"), "Score")
    day = decision("Day", table(["Born"], ["- => 1"]), "Born")
    after = decision("After", table(["Bad"], ['"A" => 1']), "Bad")
    good = decision("Good", table(["Score"], ["> 5 => true"]), "Score")
    one = Imported(tmp_path, bad, odd, many, day, after, good)
    assert one.status == 1
    assert list(one.told["stages"]) == ["Good"]
    found = {(m["decision"], m["rule"], m["cell"]): m["why"] for m in one.told["misfits"]}
    assert "'Limit' is no input" in found["Bad", 2, "column 1 (Score) 'Limit'"]
    assert "nothing is computed" in found["Bad", 3, "output 1 'upper case(\"c\")'"]
    assert ("Bad", 3, "column 1 (Score) '< \"x\"'") in found
    assert ("Bad", 4, "column 1 (Score) '? > 3'") in found
    assert "one value" in found["Parts", None, None]
    assert "hit policy COLLECT" in found["Many", None, None]
    assert "no type 'date'" in found["Born", None, None]
    assert "'Bad', which did not fit" in found["After", None, None]


def test_outputs_of_several_types_do_not_mix_and_a_digit_text_stays_a_text(tmp_path: Path) -> None:
    mixed = decision("Mixed", table(["Score"], ['1 => "1"', "2 => 2"]), "Score")
    digits = decision("Digits", table(["Score"], ['1 => "1"', '2 => "02"', "3 => null"]), "Score")
    one = Imported(tmp_path, mixed, digits)
    assert [m["decision"] for m in one.told["misfits"]] == ["Mixed"]
    assert one.judge(Score=2.0)["Digits"]["outputs"] == {"Digits": "02"}
    assert one.judge(Score=3.0)["Digits"]["outputs"] == {"Digits": None}


def test_priority_is_first_by_rank_and_any_only_without_a_conflict(tmp_path: Path) -> None:
    outputs = '<output><outputValues><text>"Bad", "Good"</text></outputValues></output>'
    rows = ['> 10 => "Good"', '> 50 => "Bad"']
    ranked = decision("Ranked", table(["Score"], rows, "PRIORITY", outputs), "Score")
    clash = decision("Clash", table(["Score"], rows, "ANY"), "Score")
    apart = ['> 50 => "Good"', '> 60 => "Good"', '<= 50 => "Bad"']
    agreed = decision("Agreed", table(["Score"], apart, "ANY"), "Score")
    one = Imported(tmp_path, ranked, clash, agreed)
    assert one.judge(Score=60.0)["Ranked"]["outputs"] == {"Ranked": "Bad"}
    assert one.judge(Score=60.0)["Agreed"]["outputs"] == {"Agreed": "Good"}
    assert len(one.whys()) == 1 and "rules 1 and 2 can fit together" in one.whys()[0]


def test_expressions_stand_where_they_are_read_or_become_rules(tmp_path: Path) -> None:
    ratio = decision("Load", literal("Net income / (Score + 1)"), "Net income", "Score")
    floor = decision("Floor", literal("2.50"))
    grade = decision("Grade", table(["Load"], [">= 2 => 1", "< 2 => 2"]), "Load")
    check = decision(
        "Needs care",
        literal("Load < Floor or not(is-affordable)"),
        "Load",
        "Floor",
        "is-affordable",
    )
    one = Imported(tmp_path, ratio, floor, grade, check)
    assert (one.told["misfits"], one.told["problems"]) == ([], [])
    assert "terms: {Floor: 2.50}" in one.text("policy.yaml")
    given = {"Net_income": 30.0, "Score": 9.0, "is_affordable": True}
    judged = one.judge(**given)
    assert judged["Grade"]["outputs"] == {"Grade": 1.0}
    assert judged["Needs_care"]["rules"] == {"Needs_care": "clear"}
    assert one.judge(**given | {"Score": 29.0})["Needs_care"]["rules"] == {"Needs_care": "hit"}
    unknown = one.judge(**given | {"is_affordable": None})
    assert unknown["Needs_care"]["rules"] == {"Needs_care": "unknown"}


def test_an_amount_becomes_a_formula_when_it_is_said_to_be_money(tmp_path: Path) -> None:
    offer = decision(
        "Offer", literal("if Score >= 50 then Net income * 0.3 else 0"), "Score", "Net income"
    )
    without = Imported(tmp_path, offer)
    assert without.told["stages"] == {} and without.status == 1
    assert "--money 'Offer'" in without.whys()[0]
    assert not (without.folder).exists() or not any(without.folder.iterdir())
    (tmp_path / "b").mkdir()
    more = ("--money", "Net income", "--product", "offer")
    one = Imported(tmp_path / "b", offer, more=more)
    assert (one.told["misfits"], one.told["problems"]) == ([], [])
    judged = one.judge(Score=50.0, Net_income=1_000_01)
    assert judged["Offer"]["limit_fen"] == 300_00
    assert one.judge(Score=None, Net_income=1_000_01)["Offer"]["limit_fen"] is None


def test_words_of_our_language_and_of_yaml_are_no_trap(tmp_path: Path) -> None:
    rows = ['"it\'s: a \\"b\\" # c" => "yes"', '- => "no: [x]"']
    odd = decision("min", table(["Risk Category"], rows, "FIRST"), "Risk Category")
    one = Imported(tmp_path, odd)
    assert (one.told["misfits"], one.told["problems"]) == ([], [])
    given = {"Risk Category": 'it\'s: a "b" # c'}
    mine = one.judge(Risk_Category=given["Risk Category"])
    theirs = Model(one.model).run(from_json(given), "min")
    assert list(mine[one.told["stages"]["min"]]["outputs"].values()) == [theirs] == ["yes"]
    bare = decision("Bare", table(["Risk Category"], ["Low => 1", '"Low" => 2']), "Risk Category")
    (tmp_path / "b").mkdir()
    assert "'Low' is no input" in Imported(tmp_path / "b", bare).whys()[0]


def test_a_folder_with_files_is_not_written_over(tmp_path: Path) -> None:
    model = write_model(tmp_path, decision("D", table(["Score"], ["1 => 2"]), "Score"))
    done = CliRunner().invoke(chengxin, ["dmn", "import", str(model), "--to", str(tmp_path)])
    assert done.exit_code != 0 and "is not empty" in str(done.exception)


# --- what we exported comes back ---


@pytest.mark.parametrize("product", ["wuliudai", "fapiaodai"])
def test_an_export_comes_back_as_the_same_policy(product: str, tmp_path: Path) -> None:
    file = tmp_path / "one.dmn"
    CliRunner().invoke(chengxin, ["dmn", "export", product, "--to", str(file)])
    told, status = run_import(file, tmp_path / "back")
    assert (status, told["misfits"], told["problems"]) == (0, [], [])
    documents = load_documents(product, PROJECT_FOLDER / "rulesets", PROJECT_FOLDER / "scorecards")
    before = Pipeline(check_policy(documents), "drawdown")
    back = tmp_path / "back"
    looked = examine(product, back / "rulesets", back / "scorecards")
    assert looked.policy is not None
    after = Pipeline(looked.policy, "drawdown")
    for values in merchants(before.policy, 150, 3, {}):
        one, two = (p.judge(values, engines="scalar") for p in (before, after))
        assert (one.outcome, one.score, one.tier) == (two.outcome, two.score, two.tier)
        assert (one.limit_fen, one.daily_rate) == (two.limit_fen, two.daily_rate)
        assert (one.reasons, one.unknowns) == (two.reasons, two.unknowns)


def test_a_row_that_was_edited_in_another_tool_is_named(tmp_path: Path) -> None:
    file = tmp_path / "one.dmn"
    CliRunner().invoke(chengxin, ["dmn", "export", "wuliudai", "--to", str(file)])
    text = file.read_text(encoding="utf-8")
    assert text.count("<text>&gt;= 85</text>") == 1
    file.write_text(text.replace("<text>&gt;= 85</text>", "<text>&gt;= 90</text>"), "utf-8")
    told, status = run_import(file, tmp_path / "back")
    assert status == 1
    assert [(m["decision"], m["rule"]) for m in told["misfits"]] == [("tiering", 2)]
    both = text.replace("&gt;= 85", "&gt;= 90")
    file.write_text(both, "utf-8")
    told, status = run_import(file, tmp_path / "again")
    assert (status, told["misfits"]) == (0, [])


def test_every_shape_of_an_export_comes_back(tmp_path: Path) -> None:
    write_small_policy(tmp_path)
    file, back = tmp_path / "small.dmn", tmp_path / "back"
    folders = {name: str(tmp_path / name) for name in ("rulesets", "scorecards")}
    environment = {f"CHENGXIN_{name.upper()}": place for name, place in folders.items()}
    arguments = ["dmn", "export", "small", "--to", str(file)]
    assert CliRunner().invoke(chengxin, arguments, env=environment).exit_code == 0
    told, status = run_import(file, back)
    assert (status, told["misfits"], told["problems"]) == (0, [], [])
    first, second = (
        Pipeline(
            check_policy(load_documents("small", place / "rulesets", place / "scorecards")),
            "drawdown",
        )
        for place in (tmp_path, back)
    )
    for values in merchants(first.policy, 300, 5, {"sales": 20_000, "other": 10_000}):
        one = first.judge(values, engines="scalar")
        renamed = {told["names"].get(f"{n}_" if n == "for" else n): v for n, v in values.items()}
        two = second.judge(renamed, engines="scalar")
        assert (one.outcome, one.score, one.tier) == (two.outcome, two.score, two.tier), values
        assert one.limit_fen == two.limit_fen
        rows = [[t["row"] for t in j.stages if "row" in t] for j in (one, two)]
        assert rows[0] == rows[1]


def test_a_unique_table_that_was_edited_elsewhere_is_named(tmp_path: Path) -> None:
    write_small_policy(tmp_path)
    file = tmp_path / "small.dmn"
    folders = {name: str(tmp_path / name) for name in ("rulesets", "scorecards")}
    environment = {f"CHENGXIN_{name.upper()}": place for name, place in folders.items()}
    CliRunner().invoke(chengxin, ["dmn", "export", "small", "--to", str(file)], env=environment)
    text = file.read_text(encoding="utf-8")
    assert text.count("<text>[0.5..2)</text>") == 1  # its rows `unknown` have null in the cell
    file.write_text(text.replace("<text>[0.5..2)</text>", "<text>[0.5..3)</text>"), "utf-8")
    told, status = run_import(file, tmp_path / "back")
    assert status == 1
    assert {m["decision"] for m in told["misfits"]} == {"kinds"}


DISH = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" name="Dish" id="x">
<decision id="dish" name="Dish Decision">
<informationRequirement id="r"><requiredDecision href="#season"/></informationRequirement>
<decisionTable><input><inputExpression typeRef="string"><text>season</text></inputExpression>
</input><input><inputExpression typeRef="integer"><text>guestCount</text></inputExpression></input>
<output name="dish"/><rule><inputEntry><text>"Winter"</text></inputEntry><inputEntry>
<text></text></inputEntry><outputEntry><text>"Roast"</text></outputEntry></rule></decisionTable>
</decision><decision id="season" name="Season decision"><decisionTable><input><inputExpression
typeRef="integer"><text>temperature</text></inputExpression></input><output name="season"/><rule>
<inputEntry><text>&lt; 10</text></inputEntry><outputEntry><text>"Winter"</text></outputEntry></rule>
</decisionTable></decision></definitions>"""


def test_a_model_without_input_data_reads_its_columns_and_outputs(tmp_path: Path) -> None:
    """Some tools declare no inputs, and read an output by its own name."""
    file = tmp_path / "dish.dmn"
    file.write_text(DISH, encoding="utf-8")
    told, status = run_import(file, tmp_path / "out")
    assert (status, told["misfits"]) == (0, [])
    place = tmp_path / "out" / "rulesets", tmp_path / "out" / "scorecards"
    pipeline = Pipeline(check_policy(load_documents("Dish", *place)), "drawdown")
    assert set(pipeline.inputs) == {"temperature", "guestCount"}
    one = pipeline.judge({"temperature": 3.0, "guestCount": None}, engines="both")
    assert one.stages[-1]["outputs"] == {"dish": "Roast"}
    assert any("read as the output" in note["note"] for note in told["notes"])
