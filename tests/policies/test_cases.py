"""The shipped cases hold three times; a wrong or badly written case is told with its place."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.policies.approvals import publish
from app.policies.cases import Case, load_cases
from app.policies.documents import canonical_json, list_products
from app.policies.examine import Examined, examine, freeze, thaw
from app.policies.trials import ENGINES, run_cases
from app.rules.catalogue import read_catalogue
from app.rules.document import load_yaml, plain_of
from app.rules.problems import ProblemsFound
from app.settings import PROJECT_FOLDER

RULESETS, SCORECARDS = PROJECT_FOLDER / "rulesets", PROJECT_FOLDER / "scorecards"
PRODUCTS = ("fapiaodai", "wuliudai")
CATALOGUE = read_catalogue(
    load_yaml("catalogue.yaml", (RULESETS / "catalogue.yaml").read_text(encoding="utf-8")), []
)


@pytest.fixture(params=PRODUCTS)
def examined(request: pytest.FixtureRequest) -> Examined:
    return examine(request.param, RULESETS, SCORECARDS)


def test_both_products_are_there() -> None:
    assert set(PRODUCTS) <= set(list_products(RULESETS))


def test_the_shipped_files_have_no_problems(examined: Examined) -> None:
    assert examined.problems == ()


def test_every_shipped_case_holds_in_every_evaluator(examined: Examined) -> None:
    """On the policy as a release holds it, which is read back from canonical JSON."""
    advanced = Counter[str]()
    policy = thaw(freeze(examined))
    assert run_cases(policy, examined.cases, lambda: advanced.update(["step"])) == []
    assert advanced["step"] == len(examined.cases) * len(ENGINES)
    assert len(examined.cases) > 200


def test_the_bundle_is_canonical_and_small_changes_show(examined: Examined) -> None:
    bundle_json = freeze(examined)
    bundle = json.loads(bundle_json)
    assert canonical_json(bundle) == bundle_json == freeze(examined)
    bundle["policy"]["terms"]["cap"] = "500_001"
    assert canonical_json(bundle) != bundle_json
    assert freeze(replace(examined)) == bundle_json
    assert "cases" not in bundle, "cases test a release, they are no part of it"


def test_every_price_is_lawful(examined: Examined) -> None:
    """Not below the floor, dearer for worse tiers, and below 24% a year."""
    assert examined.policy is not None and examined.documents is not None
    terms = examined.policy.terms
    rows: Any = plain_of(examined.documents.rulesets["pricing.yaml"])
    rates = [Decimal(row["daily_rate"]) for row in rows["rows"]]
    assert rates[0] == terms["price_floor"]
    assert rates == sorted(set(rates))
    assert rates[-1] * terms["day_count"] < Decimal("0.24")


def test_fraud_reasons_are_not_for_the_merchant(examined: Examined) -> None:
    assert examined.policy is not None and examined.documents is not None
    rules: Any = plain_of(examined.documents.rulesets["antifraud.yaml"])
    for rule in rules["rules"]:
        assert not examined.policy.reasons[rule["reason"]].merchant_may_see


def test_merchants_are_told_no_threshold_of_fraud_rules(examined: Examined) -> None:
    assert examined.policy is not None
    texts = examined.policy.reasons["FRAUD_REVIEW"].merchant.values()
    assert not any(character.isdigit() for text in texts for character in text)


# --- how cases are read
# ----------------------------------------------------------------------------


def read(tmp_path: Path, text: str, needed: tuple[str, ...] = ()) -> list[Case]:
    (tmp_path / "some.yaml").write_text(text, encoding="utf-8")
    return load_cases(tmp_path, tmp_path, CATALOGUE, needed)


def codes_of(tmp_path: Path, text: str, needed: tuple[str, ...] = ()) -> list[tuple[str, int]]:
    with pytest.raises(ProblemsFound) as found:
        read(tmp_path, text, needed)
    return [(problem.code, problem.place.line) for problem in found.value.problems]


def test_given_stands_over_base_and_money_becomes_fen(tmp_path: Path) -> None:
    text = """
base: {cod_months: 24, cod_amt_12m: 500_000.01, blacklisted: false, amount: null, region: 临沂}
purpose: review
cases:
  - case: one
    given: {cod_months: 11}
    expect:
      {outcome: decline, limit: 35_000.5, tier: null, reasons: [], gives: {limit: 1_000, tier: B}}
"""
    (case,) = read(tmp_path, text)
    assert (case.name, case.purpose, case.place.line) == ("one", "review", 5)
    assert case.values == {
        "cod_months": 11.0,
        "cod_amt_12m": 50_000_001,
        "blacklisted": False,
        "amount": None,
        "region": "临沂",
    }
    assert case.expected == {
        "outcome": "decline",
        "limit_fen": 3_500_050,
        "tier": None,
        "reasons": [],
        "gives": {"limit": 100_000, "tier": "B"},
    }


MINIMAL = """base: {cod_months: 24}
cases:
  - case: a
    given: {}
    expect: {outcome: approve}
"""


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("base: {cod_months: 24}", "base: {cod_month: 24}", "unknown-name", 1),
        ("base: {cod_months: 24}", "base: {cod_months: two}", "wrong-value", 1),
        ("base: {cod_months: 24}", "base: {cod_months: 1.5}", "wrong-value", 1),
        ("base: {cod_months: 24}", "base: {cod_months: -1}", "wrong-value", 1),
        ("base: {cod_months: 24}", "base: {cod_months: 24, cod_months: 25}", "key-twice", 1),
        ("base: {cod_months: 24}", "base: {cod_months: 24, blacklisted: no}", "wrong-value", 1),
        ("base: {cod_months: 24}", "base: {cod_months: 24, amount: 0.001}", "wrong-value", 1),
        ("given: {}", "given: {cod_months: [1]}", "wrong-value", 4),
        ("given: {}", "givn: {}", "unknown-key", 4),
        ("{outcome: approve}", "{outcome: aprove}", "bad-choice", 5),
        ("{outcome: approve}", "{outcom: approve}", "unknown-key", 5),
        ("{outcome: approve}", "{}", "expects-nothing", 5),
        ("{outcome: approve}", "{limit: 0.001}", "less-than-a-fen", 5),
        ("{outcome: approve}", "{score: high}", "number-expected", 5),
        ("cases:", "purpose: marketing\ncases:", "bad-choice", 2),
        (MINIMAL, MINIMAL + MINIMAL[MINIMAL.index("  - case") :], "case-twice", 6),
        ("base: {cod_months: 24}", "base:\n\tcod_months: 24", "tab", 2),
    ],
)
def test_a_badly_written_case_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, code: str, line: int
) -> None:
    assert old in MINIMAL
    assert read(tmp_path, MINIMAL)
    assert (code, line) in codes_of(tmp_path, MINIMAL.replace(old, new))


def test_a_base_that_leaves_an_input_out_is_told(tmp_path: Path) -> None:
    assert codes_of(tmp_path, MINIMAL, ("cod_months", "age")) == [("base-incomplete", 1)]
    with pytest.raises(ProblemsFound, match=r"some\.yaml:1:7: 'base' does not give age, which"):
        read(tmp_path, MINIMAL, ("cod_months", "age"))


def test_all_mistakes_are_told_in_one_pass(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(MINIMAL.replace("approve", "yes"), encoding="utf-8")
    text = MINIMAL.replace("24", "x").replace("given", "give")
    assert len(codes_of(tmp_path, text)) >= 3


# --- what differences say
# --------------------------------------------------------------------------


def copy_files(tmp_path: Path) -> tuple[Path, Path]:
    shutil.copytree(RULESETS, tmp_path / "rulesets")
    shutil.copytree(SCORECARDS, tmp_path / "scorecards")
    return tmp_path / "rulesets", tmp_path / "scorecards"


def test_a_changed_threshold_fails_its_case_by_name(tmp_path: Path) -> None:
    rulesets, scorecards = copy_files(tmp_path)
    file = rulesets / "wuliudai" / "admission.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("cod_months < 12", "cod_months < 11"), encoding="utf-8")
    looked = examine("wuliudai", rulesets, scorecards)
    assert looked.policy is not None
    differences = run_cases(looked.policy, looked.cases)
    assert {one.case.name for one in differences} == {"ADM-001: cod_months 11 is refused"}
    told = {one.key: one for one in differences}
    assert (told["outcome"].expected, told["outcome"].found) == ("decline", "approve")
    assert (told["reasons"].expected, told["hits"].found) == (["SHORT_HISTORY"], [])
    assert [one.engine for one in differences] == ["scalar"] * len(differences), "told once"
    shown = told["outcome"].as_json()
    assert shown["file"] == "rulesets/wuliudai/cases/admission.yaml"
    lines = (tmp_path / shown["file"]).read_text(encoding="utf-8").splitlines()
    assert "ADM-001: cod_months 11 is refused" in lines[shown["line"] - 1]


def test_evaluators_are_held_to_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that errs where no case looks is found all the same."""
    looked = examine("wuliudai", RULESETS, SCORECARDS)
    assert looked.policy is not None
    quiet = replace(looked.cases[0], expected={"outcome": "approve"})
    assert run_cases(looked.policy, [quiet]) == []
    from app.policies import trials

    right = trials._verdict_of_row
    monkeypatch.setattr(trials, "_verdict_of_row", lambda *given: {**right(*given), "score": 1.0})
    (difference,) = run_cases(looked.policy, [quiet])
    assert (difference.engine, difference.against, difference.key) == ("numpy", "scalar", "score")
    assert (difference.expected, difference.found) == (89.0, 1.0)


def test_a_syntax_error_and_a_wrong_case_are_told_together(tmp_path: Path) -> None:
    rulesets, scorecards = copy_files(tmp_path)
    admission = rulesets / "wuliudai" / "admission.yaml"
    text = admission.read_text(encoding="utf-8")
    admission.write_text(text.replace("cod_months < 12", "cod_month < 12"), encoding="utf-8")
    cases = rulesets / "wuliudai" / "cases" / "review.yaml"
    text = cases.read_text(encoding="utf-8")
    cases.write_text(text.replace("outcome: decline", "outcome: declin"), encoding="utf-8")
    looked = examine("wuliudai", rulesets, scorecards)
    assert looked.policy is None
    found = {(p.place.file.rsplit("/", 1)[-1], p.code) for p in looked.problems}
    assert found == {("admission.yaml", "unknown-name"), ("review.yaml", "bad-choice")}
    with pytest.raises(ProblemsFound):
        freeze(looked)


def test_what_is_published_is_what_was_tested(database: Any, examined: Examined) -> None:
    from datetime import UTC, datetime

    from app.storage.releases import SqlReleaseStore

    store = SqlReleaseStore(database)
    bundle_json = freeze(examined)
    publish(store, examined.product, bundle_json, "Li Na", "first", datetime.now(UTC))
    (stored,) = store.releases_of(examined.product)
    assert stored.bundle_json == bundle_json
    assert run_cases(thaw(stored.bundle_json), examined.cases) == []
