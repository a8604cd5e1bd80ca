"""What-if of the shipped policies against brute force, and growth that nothing stays behind."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from app.explanations.levers import list_levers
from app.explanations.telling import tell_what_if
from app.explanations.what_if import read_goal, what_if
from app.rules.catalogue import read_catalogue
from app.rules.document import node_of
from app.rules.problems import Problem
from tests.explanations.brute import cheapest
from tests.explanations.desk import PRODUCTS, cases_of, live_of, record_of, values_of


def compare(product: str, values: dict[str, Any], purpose: str, goal: str | None, most: int) -> str:
    """What-if says; nothing on the grid of up to `most` inputs is smaller."""
    live = live_of(product)
    record = record_of(live, values, purpose)
    answer = what_if(live, record, goal)
    if answer["status"] == "met":
        return "met"
    levers = list_levers(live.policy, values, {})
    wanted = read_goal(goal, live.policy, record)
    slow = cheapest(live.pipeline(purpose), values, levers, wanted, most)
    if not answer["changes"]:
        assert answer["status"] == "nothing" and slow is None
        return "nothing"
    moves = answer["changes"][0]["moves"]
    by_name = {lever.name: lever for lever in levers}
    cost = sum(by_name[move["input"]].cost(move["to"]) for move in moves)
    assert slow is None or slow[0] >= len(moves)
    if slow is not None and slow[0] == len(moves):
        assert cost <= slow[1] + 1e-9
    return "found"


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("goal", [None, "next-tier", "limit=450000"])
def test_no_single_input_does_with_less(product: str, goal: str | None) -> None:
    cases = Random(f"{product}{goal}").sample(cases_of(product), 30)
    told = [compare(product, values_of(product, c), c.purpose, goal, 1) for c in cases]
    assert "found" in told


@pytest.mark.parametrize("product", PRODUCTS)
def test_no_two_inputs_do_with_less(product: str) -> None:
    random = Random(product)
    told = []
    for case in random.sample(cases_of(product), 8):
        given = {"consignee_cnt": 2.0, "active_months_12m": 8.0, "cv": 0.95, "retention": 0.1}
        some = {name: given[name] for name in random.sample(sorted(given), 2)}
        told.append(compare(product, values_of(product, case, **some), case.purpose, None, 2))
    assert "found" in told


@pytest.mark.parametrize("product", PRODUCTS)
def test_growth_moves_all_sums_and_is_the_least(product: str) -> None:
    live = live_of(product)
    seen = 0
    for case in cases_of(product)[::4]:
        record = record_of(live, values_of(product, case), case.purpose)
        for change in what_if(live, record)["changes"]:
            together = change.get("together")
            if together is None:
                continue
            seen += 1
            values = record["inputs"]
            to = {move["input"]: move["to"] for move in together["moves"]}
            pipeline = live.pipeline(case.purpose)
            judged = pipeline.judge({**values, **to}, record["missing"], "both")
            assert judged.outcome == "approve" == together["then"]["outcome"]
            assert judged.limit_fen == together["then"]["limit_fen"]
            for name in together["grows"]:
                one = live.policy.inputs[name]
                if one.type.kind == "money" and one.never_above is None:
                    assert to[name] == pytest.approx(values[name] * together["factor"], rel=1e-4)
            for name, value in (values | to).items():
                bound = live.policy.inputs[name].never_above
                known = bound is not None and None not in (value, values[bound])
                if known and values[name] <= values[bound]:
                    assert value <= (values | to)[bound]
    assert seen > 2


def test_sales_below_the_gate_grow_as_a_whole() -> None:
    live = live_of("wuliudai")
    base = next(c for c in cases_of("wuliudai") if c.name == "exactly the smallest limit")
    values = values_of("wuliudai", base, other_exposure=0, cod_amt_12m=40_000_000)
    values["cod_settled_12m"] = 38_000_000
    record = record_of(live, values)
    answer = what_if(live, record)
    (change, *_) = answer["changes"]
    assert {m["input"]: m["to"] for m in change["moves"]} == {"cod_amt_12m": 50_000_000}
    together = change["together"]
    assert (
        together["factor"] == 1.25 and together["then"]["limit_fen"] > change["then"]["limit_fen"]
    )
    to = {move["input"]: move["to"] for move in together["moves"]}
    assert to["cod_settled_12m"] == 47_500_000  # what was settled grows with what was sold
    told = tell_what_if(live, record, answer)["sentences"][0]
    assert "rose by about 25%" in told["en"] and "整体提高约 25%" in told["zh"]


@pytest.mark.parametrize(("kind", "family"), [("ratio", "fraud"), ("boolean", "scale")])
def test_what_cannot_grow_is_refused_in_the_catalogue(kind: str, family: str) -> None:
    words = {"zh": "字", "en": "word"}
    one = {"type": kind, "from": "features", "family": family, "meaning": words, "moves_with": "b"}
    problems: list[Problem] = []
    read_catalogue(node_of("catalogue.yaml", {"inputs": {"a": one}}), problems)
    assert ["'a' cannot have 'moves_with'" in problem.message for problem in problems] == [True]
