"""A merchant's text depends on anti-fraud inputs only through what is decided: the value, the rule
and the threshold behind a hit cannot be told from it.
"""

from __future__ import annotations

import re
from random import Random
from typing import Any

import orjson
import pytest

from app.decisions.decide import LivePolicy
from app.explanations.merchant import explain_merchant
from app.explanations.telling import tell_what_if
from app.explanations.what_if import what_if
from app.rules.rulesets import Rules
from tests.explanations.desk import PRODUCTS, cases_of, live_of, record_of, values_of

GOALS = (None, "approve", "next-tier", "limit=90000")
# Merchants who differ in nothing but this get the same text: the same hits, or as many.
SAME = {
    "wuliudai": [
        [{"self_deal_share": 0.101}, {"self_deal_share": 0.97}],
        [{"round_excess": 0.301}, {"round_excess": 0.99}, {"captive_share": 0.61}],
        [{"ring_share": 0.16}, {"ring_share": 0.9}, {"too_fast_sign_share": 0.21}],
        [{"duplicate_rate": 0.06}, {"void_rate": 0.11}, {"reset_rate": 0.3}, {"void_rate": 0.9}],
        [{"duplicate_rate": 0.0}, {"duplicate_rate": 0.05, "void_rate": 0.1, "round_excess": 0.3}],
    ],
    "fapiaodai": [
        [{"round_share": 0.701}, {"round_share": 0.99}],
        [{"duplicate_rate": 0.06}, {"void_rate": 0.21}, {"reset_rate": 0.3}, {"void_rate": 0.29}],
        [{"duplicate_rate": 0.0}, {"duplicate_rate": 0.05, "void_rate": 0.2, "round_share": 0.7}],
    ],
}


def told(live: LivePolicy, values: dict[str, Any], purpose: str, goal: str | None) -> str:
    record = record_of(live, values, purpose)
    words = tell_what_if(live, record, what_if(live, record, goal))
    return orjson.dumps([explain_merchant(live, record), words]).decode()


def merchants(product: str, count: int) -> list[tuple[dict[str, Any], str]]:
    """Shipped cases without fraud, with some of what a merchant can move made worse."""
    random = Random(product)
    worse = {"consignee_cnt": 8.0, "active_months_12m": 8.0, "cv": 0.95, "sign_rate": 0.8}
    worse |= {"cod_trim_month": 4_000_000, "other_exposure": 30_000_000, "cod_months": 14.0}
    clean = {"round_share": 0.1, "duplicate_rate": 0.0, "void_rate": 0.0, "reset_rate": 0.0}
    clean |= {"self_deal_share": 0.0}
    found = []
    for case in random.sample(cases_of(product), count):
        given = {name: worse[name] for name in random.sample(sorted(worse), random.randint(0, 2))}
        values = values_of(product, case) | clean | given
        values = {name: values[name] for name in live_of(product).policy.inputs}
        found.append((values, case.purpose))
    return found


@pytest.mark.parametrize("product", PRODUCTS)
def test_what_stands_behind_a_hit_cannot_be_told(product: str) -> None:
    live = live_of(product)
    random = Random(product)
    for values, purpose in merchants(product, 12):
        for group in SAME[product]:
            goal = random.choice(GOALS)
            assert len({told(live, values | given, purpose, goal) for given in group}) == 1


@pytest.mark.parametrize("product", PRODUCTS)
def test_no_suggestion_names_a_hidden_rule_its_input_or_its_threshold(product: str) -> None:
    live = live_of(product)
    policy = live.policy
    fraud = {name for name, one in policy.inputs.items() if one.family == "fraud"}
    hidden = [
        rule
        for stage in policy.stages
        if isinstance(stage.checked, Rules)
        for rule in stage.checked.rules
        if not policy.reasons[rule.reason].merchant_may_see
    ]
    words = {rule.id for rule in hidden} | {rule.reason for rule in hidden} | fraud
    words |= {text for rule in hidden for text in rule.title.values()}
    words |= {policy.inputs[name].meaning["zh"][:12] for name in fraud}
    assert hidden and fraud
    for values, purpose in merchants(product, 12):
        for (given, *_), goal in zip(SAME[product], GOALS, strict=False):
            text = told(live, values | given, purpose, goal)
            assert not [word for word in words if word in text]
            # Numbers stand beside what moves: nothing that a hidden rule reads does.
            record = record_of(live, values | given, purpose)
            for change in what_if(live, record, goal)["changes"]:
                moved = {move["input"] for move in change["moves"]}
                moved |= {m["input"] for m in change.get("together", {"moves": []})["moves"]}
                assert not moved & fraud
                assert not moved & {name for rule in hidden for name in rule.when.inputs()}
            codes = record["reasons"]
            if codes and not any(policy.reasons[code].merchant_may_see for code in codes):
                reasons = orjson.dumps(explain_merchant(live, record)["reasons"]).decode()
                assert not re.search(r"\d", reasons)
