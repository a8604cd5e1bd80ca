"""Champion against challenger and active against shadow, on what was recorded."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from app.comparisons.chance import (
    chance_of_counts,
    chance_of_means,
    chance_of_pairs,
    correct_for_many,
    interval_of_mean,
    interval_of_share,
)
from app.comparisons.paired import compare_pairs
from app.comparisons.recorded import Told, compare_roles


def told(n: int, role: str, outcome: str = "approve", merchant: str | None = None) -> Told:
    approved = outcome == "approve"
    return Told(
        f"{n:06}", merchant or f"M{n}", role, 2 if role == "challenger" else 1, outcome,
        "B", 5_000_000 if approved else None, 0.00025 if approved else None,
        () if approved else ("LOW_SALES",), ("tiering=T-B",),
    )  # fmt: skip


def test_the_formulas_give_what_books_give() -> None:
    low, high = interval_of_share(10, 100) or (0, 0)
    assert (round(low, 4), round(high, 4)) == (0.0552, 0.1744)  # Wilson, 95%
    assert interval_of_share(0, 0) is None
    assert chance_of_counts({"a": 10, "b": 20}, {"a": 20, "b": 10}) == pytest.approx(0.00982, 1e-3)
    three = chance_of_counts({"a": 10, "b": 20, "c": 30}, {"a": 30, "b": 20, "c": 10})
    assert three == pytest.approx(4.54e-5, 1e-2)  # χ² = 20, two degrees of freedom
    assert chance_of_counts({"a": 3, "b": 1}, {"a": 1, "b": 3}) is None
    assert chance_of_pairs(1, 9) == pytest.approx(0.021484375)
    assert chance_of_pairs(0, 0) == 1.0
    assert interval_of_mean([1.0, 2.0, 3.0]) == pytest.approx((0.8684, 3.1316), 1e-3)
    assert chance_of_means([1.0] * 30, [1.0] * 29) is None
    assert chance_of_means([1.0] * 30, [2.0] * 30) == 0.0
    assert correct_for_many({"a": 0.01, "b": 0.04, "c": 0.03}) == pytest.approx(
        {"a": 0.03, "c": 0.06, "b": 0.06}
    )


def test_groups_that_differ_are_told_from_those_that_do_not() -> None:
    chance = random.Random(1)

    def group(role: str, rate: float, start: int) -> list[Told]:
        draw = ("approve" if chance.random() < rate else "decline" for _ in range(600))
        return [told(start + n, role, outcome) for n, outcome in enumerate(draw)]

    alike = compare_roles(group("champion", 0.5, 0) + group("challenger", 0.5, 1_000))
    assert "no more than chance" in alike["tests"]["outcomes"]["said"]
    assert alike["reasons_that_differ"] == []
    apart = compare_roles(group("champion", 0.5, 0) + group("challenger", 0.7, 1_000))
    assert "differ by more than chance" in apart["tests"]["outcomes"]["said"]
    assert "differ by more than chance" in apart["tests"]["exposure_per_merchant"]["said"]
    assert apart["reasons_that_differ"] == ["LOW_SALES"]
    few = compare_roles([told(1, "champion"), told(2, "challenger", "decline")])
    assert few["tests"]["outcomes"]["said"] == "too few to say"


def test_a_merchant_counts_once_where_it_was_decided_last() -> None:
    found = compare_roles(
        [
            told(1, "champion", "decline", "A"),
            told(2, "champion", "approve", "A"),
            told(3, "challenger", "approve", "A"),
            told(4, "champion", "approve", "B"),
        ]
    )
    groups = found["groups"]
    assert [groups[role]["merchants"] for role in ("champion", "challenger")] == [1, 1]
    assert [groups[role]["decisions"] for role in ("champion", "challenger")] == [3, 1]
    assert groups["challenger"]["limits"]["total_fen"] == 5_000_000


def test_nobody_at_all_is_no_error() -> None:
    assert compare_roles([])["groups"]["champion"]["merchants"] == 0
    assert compare_pairs([])["pairs"] == 0


def test_pairs_say_who_differs_and_why() -> None:
    one = told(1, "champion")
    stricter = replace(
        told(1, "shadow", "decline"), release=3, hits=("admission/ADM-001", "tiering=T-B")
    )
    lower = replace(told(2, "shadow"), limit_fen=4_000_000, hits=("tiering=T-C",))
    found = compare_pairs(
        [
            (one, stricter),
            (told(2, "champion"), lower),
            (told(3, "champion"), told(3, "shadow")),
            (told(4, "champion"), "KeyError: 9"),
            ("challenger", told(5, "shadow")),
        ]
    )
    assert (found["pairs"], found["same"], found["error_count"]) == (3, 1, 1)
    assert found["migration"]["approve"] == {"approve": 2, "refer": 0, "decline": 1}
    assert (found["approved_only_by_active"], found["approved_only_by_shadow"]) == (1, 0)
    assert found["why"] == {"only shadow: admission/ADM-001": 1}
    assert found["limits"] == {
        "active_fen": 15_000_000, "shadow_fen": 9_000_000, "lowered": 1, "same": 1,
    }  # fmt: skip
    assert [one["decision_id"] for one in found["examples"]] == ["000001", "000002"]
    assert found["examples"][1]["why"] == ["only active: tiering=T-B", "only shadow: tiering=T-C"]
    assert found["left_out"] == {"challenger": 1}
