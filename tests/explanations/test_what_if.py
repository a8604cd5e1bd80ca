"""What-if: every change is verified by deciding it, and nothing smaller does."""

from __future__ import annotations

from itertools import combinations, product
from random import Random
from typing import Any

import pytest

from app.decisions.decide import LivePolicy
from app.explanations.landmarks import list_landmarks
from app.explanations.levers import Lever, list_levers
from app.explanations.reading import read_pipeline
from app.explanations.what_if import BadGoal, read_goal, what_if
from app.policies.documents import Documents
from app.policies.policy import check_policy
from app.rules.document import node_of
from tests.explanations.desk import PRODUCTS, cases_of, live_of, record_of, values_of, wrap
from tests.rules.random_policies import WORDS, reasons

LEVERS = {"a": ("integer", "raise"), "b": ("integer", "lower"), "c": ("integer", "either")}
MONEY = {"m": "raise", "n": "raise", "e": "lower"}


def meets(live: LivePolicy, values: dict[str, Any], goal: str = "approve") -> bool:
    judged = live.pipeline("drawdown").judge(values, None, "both")
    assert not judged.disagreements
    wanted = read_goal(goal, live.policy, {"outcome": "decline", "tier": None})
    return wanted.is_met(judged.outcome, judged.tier, judged.limit_fen)


def moved(values: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    return values | {move["input"]: move["to"] for move in change["moves"]}


@pytest.mark.parametrize("name", PRODUCTS)
def test_every_change_is_what_deciding_gives(name: str) -> None:
    live = live_of(name)
    found = 0
    for case in cases_of(name)[::5]:
        record = record_of(live, values_of(name, case), case.purpose)
        answer = what_if(live, record)
        levers = {one.name: one for one in list_levers(live.policy, record["inputs"])}
        for change in answer["changes"]:
            found += 1
            judged = live.pipeline(case.purpose).judge(
                moved(record["inputs"], change), record["missing"], "both"
            )
            assert judged.outcome == "approve" and not judged.disagreements
            assert judged.limit_fen == change["then"]["limit_fen"]
            for move in change["moves"]:
                assert levers[move["input"]].allows(move["to"])
    assert found > 10


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"cod_months": 11.0}, {"cod_months": 12.0}),
        ({"cod_amt_12m": 49_999_999}, {"cod_amt_12m": 50_000_000}),
        ({"sign_rate": 0.84}, {"sign_rate": 0.85}),
        ({"other_exposure": 39_000_001}, {"other_exposure": 39_000_000}),
        ({"amount": 90_000_000}, {"amount": 40_000_000}),
        ({"overdue_now": True}, {"overdue_now": False}),
        (
            {"active_months_12m": 8.0, "bureau_enquiries_6m": 9.0},
            {"active_months_12m": 9.0, "bureau_enquiries_6m": 6.0},
        ),
    ],
)
def test_the_smallest_change_stands_at_the_threshold(
    given: dict[str, Any], expected: dict[str, Any]
) -> None:
    base = next(c for c in cases_of("wuliudai") if c.name == "exactly the smallest limit")
    values = values_of("wuliudai", base, other_exposure=0) | given
    live = live_of("wuliudai")
    answer = what_if(live, record_of(live, values), "approve")
    assert answer["exact"]
    assert {m["input"]: m["to"] for m in answer["changes"][0]["moves"]} == expected
    for name, to in expected.items():  # one step less does not do
        if not isinstance(to, bool):
            less = to + (1 if given[name] > to else -1) * (0.000001 if name == "sign_rate" else 1)
            assert not meets(live, values | expected | {name: less})


def test_a_limit_needs_the_flow_to_the_fen() -> None:
    live = live_of("wuliudai")
    base = next(c for c in cases_of("wuliudai") if c.name == "the trimmed month binds")
    record = record_of(live, values_of("wuliudai", base))
    goal = record["limit_fen"] + 1_000_00
    answer = what_if(live, record, f"limit={goal // 100}")
    (move,) = answer["changes"][0]["moves"]
    assert move["input"] == "cod_trim_month" and answer["exact"]
    at = {**record["inputs"], "cod_trim_month": move["to"]}
    assert live.pipeline("drawdown").judge(at, None, "both").limit_fen == goal
    below = at | {"cod_trim_month": move["to"] - 1}
    assert live.pipeline("drawdown").judge(below, None, "both").limit_fen < goal


def test_what_no_lever_touches_blocks() -> None:
    live = live_of("wuliudai")
    base = values_of("wuliudai", cases_of("wuliudai")[0])
    for given, rule in (({"age": 70.0}, "ADM-007"), ({"self_deal_share": 0.5}, "AF-001")):
        answer = what_if(live, record_of(live, base | given))
        assert answer["status"] == "nothing" and answer["changes"] == []
        assert [one["rule"] for one in answer["blocked"]["rules"]] == [rule]


def test_goals_are_refused_in_words() -> None:
    live = live_of("wuliudai")
    record = record_of(live, values_of("wuliudai", cases_of("wuliudai")[0]))
    for wrong in ("win", "limit=", "limit=0", "limit=1.001", "limit=NaN", "limit=1e400"):
        with pytest.raises(BadGoal, match="goals are approve, next-tier or limit=YUAN"):
            what_if(live, record, wrong)


# --- against brute force over the whole grid of small policies ---


def small_policy(random: Random) -> LivePolicy:
    """Rules, a scorecard, tiers, and a limit from two flows, with thresholds drawn at random."""
    inputs: dict[str, Any] = {}
    for name, (kind, can) in LEVERS.items():
        inputs[name] = {
            "type": kind,
            "from": "features",
            "range": ["0", "8"],
            "meaning": WORDS,
            "merchant_can": can,
            "plain": WORDS,
        }
    for name, can in MONEY.items():
        inputs[name] = {
            "type": "money",
            "from": "features",
            "range": ["0", "0.12"],
            "meaning": WORDS,
            "merchant_can": can,
            "plain": WORDS,
        }

    def number() -> int:
        return random.randint(1, 7)

    admission = {
        "kind": "rules",
        "unknown": "refer",
        "rules": [
            {"id": "R-1", "when": f"a < {number()}", "then": "decline", "reason": "R1"},
            {
                "id": "R-2",
                "when": f"b > {number()} and c > {number()}",
                "then": "refer",
                "reason": "R2",
            },
            {
                "id": "R-3",
                "when": f"m < {random.randint(0, 5) / 100}",
                "then": "decline",
                "reason": "R3",
            },
        ],
    }
    edges = {name: sorted(random.sample(range(1, 8), 2)) for name in "abc"}
    card = {
        "scorecard": "card",
        "dimensions": {"all": "12"},
        "characteristics": [
            {
                "id": name,
                "dimension": "all",
                "input": name,
                "reason": "R4",
                "missing": "0",
                "bins": [
                    {"when": f"< {low}", "points": str(points[0])},
                    {"when": f"[{low}..{high})", "points": str(points[1])},
                    {"when": f">= {high}", "points": str(points[2])},
                ],
            }
            for name, (low, high) in edges.items()
            for points in (random.sample([0, 2, 4], 3),)
        ],
    }
    tiering = {
        "kind": "table",
        "unknown": "refer",
        "hit": "first",
        "inputs": ["score"],
        "outputs": ["tier"],
        "rows": [
            {"id": "A", "score": f">= {random.choice([9, 10])}", "tier": "A"},
            {"id": "B", "score": f">= {random.choice([5, 6, 8])}", "tier": "B"},
        ],
        "otherwise": {"tier": "C", "then": "decline", "reason": "R5"},
    }
    limit = {
        "kind": "formula",
        "let": {"alpha": 'if tier = "A" then 2 else 1'},
        "limit": random.choice(["min(m, n) * alpha", "min(m * alpha, n) - e", "n * alpha"]),
        "round_down_to": "0.01",
        "minimum": {"amount": f"0.0{number()}", "then": "decline", "reason": "R6"},
    }
    files = {"admission.yaml": admission, "tiering.yaml": tiering, "limit.yaml": limit}
    stages = [
        {"stage": "admission", "ruleset": "admission.yaml"},
        {"stage": "scorecard", "scorecard": "card.yaml"},
        {"stage": "tiering", "ruleset": "tiering.yaml"},
        {"stage": "limit", "ruleset": "limit.yaml"},
    ]
    documents = Documents(
        "p",
        node_of("policy.yaml", {"policy": "p", "title": WORDS, "stages": stages}),
        {name: node_of(name, plain) for name, plain in files.items()},
        {"card.yaml": node_of("card.yaml", card)},
        node_of("catalogue.yaml", {"inputs": inputs}),
        node_of("reasons.yaml", reasons()),
    )
    return wrap(check_policy(documents))


def smallest_by_trying_all(
    live: LivePolicy, values: dict[str, Any], levers: list[Lever], goal: str
) -> tuple[int, float] | None:
    """(inputs moved, cost) over every reachable value of every lever, fewest inputs first."""
    whole = {
        lever.name: [
            type(lever.now)(v) for v in range(int(lever.low), int(lever.high) + 1) if v != lever.now
        ]
        for lever in levers
    }
    wanted = read_goal(goal, live.policy, {"outcome": "decline", "tier": None})
    for count in range(1, 4):
        best: float | None = None
        for chosen in combinations(levers, count):
            for point in product(*(whole[lever.name] for lever in chosen)):
                cost = sum(lever.cost(v) for lever, v in zip(chosen, point, strict=True))
                if best is not None and cost >= best:
                    continue
                trial = values | {c.name: v for c, v in zip(chosen, point, strict=True)}
                judged = live.pipeline("drawdown").judge(trial, None, "scalar")
                if wanted.is_met(judged.outcome, judged.tier, judged.limit_fen):
                    best = cost
        if best is not None:
            return count, best
    return None


@pytest.mark.parametrize("seed", range(25))
def test_nothing_smaller_exists_on_small_policies(seed: int) -> None:
    random = Random(seed)
    live = small_policy(random)
    values: dict[str, Any] = {name: float(random.randint(0, 8)) for name in LEVERS}
    values |= {name: random.randint(0, 12) for name in MONEY}
    values = {name: values[name] for name in live.policy.inputs}
    goal = random.choice(["approve", "limit=0.08"])
    if meets(live, values, goal):
        return
    levers = list_levers(live.policy, values)
    answer = what_if(live, record_of(live, values), goal)
    slow = smallest_by_trying_all(live, values, levers, goal)
    if not answer["changes"]:
        assert slow is None
        return
    change = answer["changes"][0]
    assert meets(live, moved(values, change), goal)
    by_name = {lever.name: lever for lever in levers}
    cost = sum(by_name[m["input"]].cost(m["to"]) for m in change["moves"])
    if len(change["moves"]) <= 3:
        assert slow is not None and len(change["moves"]) == slow[0]
        if answer["exact"]:
            assert cost == pytest.approx(slow[1])
        else:
            assert cost >= slow[1] - 1e-9


def test_landmarks_are_the_nearest_of_each_cell() -> None:
    live = live_of("wuliudai")
    values = values_of("wuliudai", cases_of("wuliudai")[0], cod_months=11.0)
    levers = {one.name: one for one in list_levers(live.policy, values)}
    found, _ = list_landmarks(levers, read_pipeline(live.pipeline("drawdown")), values)
    assert found["cod_months"][:2] == [12.0, 15.0]
    assert "age" not in found and "self_deal_share" not in found and "void_rate" not in found
