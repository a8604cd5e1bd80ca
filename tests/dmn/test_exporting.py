"""An exported model says what our evaluators say, of missing values too; and is a whole model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from defusedxml.ElementTree import parse

from app.cli import chengxin
from app.dmn.values import from_json
from app.policies.documents import load_documents
from app.policies.policy import check_policy
from app.settings import PROJECT_FOLDER
from tests.dmn.round_trip import Both, merchants, shown
from tests.dmn.small_policy import write_small_policy

RULESETS, SCORECARDS = PROJECT_FOLDER / "rulesets", PROJECT_FOLDER / "scorecards"
SPACE = "{https://www.omg.org/spec/DMN/20230324/MODEL/}"
DRAWING = "{https://www.omg.org/spec/DMN/20230324/DMNDI/}"


def base_of(product: str) -> dict[str, Any]:
    documents = load_documents(product, RULESETS, SCORECARDS)
    inputs = check_policy(documents).inputs
    cases = sorted((RULESETS / product / "cases").glob("limit.yaml"))[0]
    base = yaml.safe_load(cases.read_text(encoding="utf-8"))["base"]
    return {
        name: round(value * 100) if inputs[name].type.declared == "money" and value else value
        for name, value in base.items()
        if name in inputs
    }


@pytest.mark.parametrize("product", ["wuliudai", "fapiaodai"])
@pytest.mark.parametrize("purpose", ["drawdown", "preapproval", "review"])
def test_the_model_says_of_random_merchants_what_the_policy_says(
    product: str, purpose: str, tmp_path: Path
) -> None:
    documents = load_documents(product, RULESETS, SCORECARDS)
    both = Both(check_policy(documents), documents, purpose, tmp_path / "one.dmn")
    seen = set()
    for values in merchants(both.policy, 20, 7, base_of(product)):
        assert both.differences(values) == {}, values
        seen.add(both.ours(values)["outcome"])
    assert len(seen) >= 2, "the merchants are too much alike to tell anything"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    write_small_policy(tmp_path)
    return tmp_path


@pytest.mark.parametrize("purpose", ["drawdown", "preapproval", "review"])
def test_every_shape_of_a_policy_is_said_with_nulls(small: Path, purpose: str) -> None:
    documents = load_documents("small", small / "rulesets", small / "scorecards")
    both = Both(check_policy(documents), documents, purpose, small / "one.dmn")
    base = {"age": 30.0, "sales": 20_000, "other": 10_000, "share": 0.4, "region": "north"}
    base |= {"town": "A", "flagged": False, "for": 1.0}
    tiers = set()
    for values in merchants(both.policy, 120, 11, base):
        assert both.differences(values) == {}, values
        tiers.add(both.ours(values)["tier"])
    assert {"A", "B", "C", "D", "E", None} <= tiers


def test_one_missing_value_at_a_time(small: Path) -> None:
    """Each input is null alone: no outcome of the model may be better than ours."""
    documents = load_documents("small", small / "rulesets", small / "scorecards")
    both = Both(check_policy(documents), documents, "drawdown", small / "one.dmn")
    whole = {"age": 30.0, "sales": 20_000, "other": 10_000, "share": 0.4, "region": "north"}
    whole |= {"town": "C", "flagged": True, "for": 1.0}
    for name in whole:
        values = {**whole, name: None}
        assert both.differences(values) == {}, name
    everything = dict.fromkeys(whole)
    assert both.differences(everything) == {}
    assert both.theirs(everything)["outcome"] != "approve"


def test_several_rows_of_a_unique_table_are_a_conflict_not_a_choice(small: Path) -> None:
    documents = load_documents("small", small / "rulesets", small / "scorecards")
    both = Both(check_policy(documents), documents, "drawdown", small / "one.dmn")
    values = {"age": 30.0, "sales": 10_000, "other": 10_000, "share": 0.4, "region": "south"}
    values |= {"town": "A", "flagged": False, "for": 1.0}  # K2 and K3
    kinds = next(t for t in both.pipeline.judge(values, engines="scalar").stages[1:2])
    assert kinds["reasons"] == ["TABLE_CONFLICT"]
    got = both.model.run(from_json(shown(both.policy, values)), "kinds")
    assert (got["row"], got["reason"], got["kind"]) == ("conflict", "TABLE_CONFLICT", None)


def export(product: str, file: Path, *more: str) -> Any:
    return CliRunner().invoke(chengxin, ["dmn", "export", product, "--to", str(file), *more])


def test_the_file_is_whole_every_id_once_every_reference_answered(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "wuliudai.dmn"
    done = export("wuliudai", file, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    root = parse(file).getroot()
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    assert all(one[0] == "_" and one.isascii() for one in ids)
    wanted = [e.get("href")[1:] for e in root.iter() if e.get("href")]
    drawn = [e.get("dmnElementRef") for e in root.iter() if e.get("dmnElementRef")]
    assert wanted and set(wanted) | set(drawn) <= set(ids)
    elements = root.findall(f"{SPACE}decision") + root.findall(f"{SPACE}inputData")
    shapes = {e.get("dmnElementRef") for e in root.iter(f"{DRAWING}DMNShape")}
    assert shapes == {e.get("id") for e in elements}
    edges = {e.get("dmnElementRef") for e in root.iter(f"{DRAWING}DMNEdge")}
    assert edges == {e.get("id") for e in root.iter(f"{SPACE}informationRequirement")}
    names = {e.get("name") for e in elements}
    assert names == {*told["inputs"], *told["decisions"]} and len(names) == len(elements)
    types = {e.get("name") for e in root.findall(f"{SPACE}itemDefinition")}
    used = {e.get("typeRef") for e in root.iter() if e.get("typeRef")}
    assert used <= types | {"number", "string", "boolean"}


def test_no_shape_lies_on_another(tmp_path: Path) -> None:
    export("fapiaodai", tmp_path / "one.dmn")
    boxes = [e for e in parse(tmp_path / "one.dmn").iter() if e.tag.endswith("}Bounds")]
    places = [tuple(int(box.get(k)) for k in ("x", "y", "width", "height")) for box in boxes]
    for at, (x, y, width, height) in enumerate(places):
        for x2, y2, _, _ in places[at + 1 :]:
            assert abs(x - x2) >= width or abs(y - y2) >= height


def test_the_exported_file_runs_on_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "fapiaodai.dmn"
    told = json.loads(export("fapiaodai", file, "--purpose", "preapproval", "--json").output)
    assert "age" not in told["inputs"] and "other_exposure_given" in told["inputs"]
    given = json.dumps(dict.fromkeys(told["inputs"]))
    done = CliRunner().invoke(chengxin, ["dmn", "run", str(file), "--given", given])
    assert done.exit_code == 0, done.output
    assert '"outcome": "refer"' in done.output


def test_a_product_that_does_not_exist_is_named(tmp_path: Path) -> None:
    done = export("wuliudia", tmp_path / "one.dmn")
    assert done.exit_code != 0 and "wuliudai" in str(done.exception)
    assert not (tmp_path / "one.dmn").exists()
