"""A scorecard gives each value the points of its bin, one merchant or columns of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.rules.problems import ProblemsFound
from tests.scoring.cards import card_of, columns_of, judge_alone, judge_together, one

MONTHS = one("input: months", ("< 12", 1), ("[12..24)", 4), (">= 24", 10), missing=2)
# The second edge belongs to the bin below it, the first to the bin above.
MIXED = one("input: flow", ("< 40_000", 0), ("[40_000..80_000.05]", 6), ("> 80_000.05", 10))
SHARES = one("value: share * 2", ("<= 0.2", 10), ("> 0.2", 3), missing=1)
GRADES = one("input: grade", ('"A"', 10), ('"B", "C"', 4), missing=3)
CITIES = one("input: city", ('"临沂"', 10), ("-", 4), missing=3)
TRUTHS = one("input: listed", ("true", 10), ("false", 4), missing=3)
WHATEVER = one("input: listed", ("-", 10), missing=3)
FIRST_MISSING = one("input: months", ("< 12", 1), (">= 12", 4), missing=10)

POINTS: list[tuple[str, str, Any, str, float]] = [
    (MONTHS, "months", -1.0, "< 12", 1),
    (MONTHS, "months", 11.0, "< 12", 1),
    (MONTHS, "months", 12.0, "[12..24)", 4),
    (MONTHS, "months", 23.0, "[12..24)", 4),
    (MONTHS, "months", 24.0, ">= 24", 10),
    (MONTHS, "months", None, "missing", 2),
    (MIXED, "flow", 3_999_999, "< 40_000", 0),
    (MIXED, "flow", 4_000_000, "[40_000..80_000.05]", 6),
    (MIXED, "flow", 8_000_005, "[40_000..80_000.05]", 6),
    (MIXED, "flow", 8_000_006, "> 80_000.05", 10),
    (MIXED, "flow", None, "missing", 0),
    (SHARES, "share", 0.1, "<= 0.2", 10),
    (SHARES, "share", 0.1000001, "> 0.2", 3),
    (SHARES, "share", None, "missing", 1),
    (GRADES, "grade", "A", '"A"', 10),
    (GRADES, "grade", "C", '"B", "C"', 4),
    (GRADES, "grade", None, "missing", 3),
    (CITIES, "city", "临沂", '"临沂"', 10),
    (CITIES, "city", "济南", "-", 4),
    (CITIES, "city", "", "-", 4),
    (CITIES, "city", None, "missing", 3),
    (TRUTHS, "listed", True, "true", 10),
    (TRUTHS, "listed", False, "false", 4),
    (TRUTHS, "listed", None, "missing", 3),
    (WHATEVER, "listed", True, "-", 10),
    (WHATEVER, "listed", False, "-", 10),
    (WHATEVER, "listed", None, "missing", 3),
    (FIRST_MISSING, "months", None, "missing", 10),
]
KNOWN = one("value: hits", ("<= 0", 5), ("> 0", 0), name="always")  # else there is no score at all


@pytest.mark.parametrize(("text", "name", "value", "label", "points"), POINTS)
def test_a_value_gets_the_points_of_its_bin(
    text: str, name: str, value: Any, label: str, points: float
) -> None:
    known = one("input: share", ("< 0", 0), (">= 0", 5), name="known")
    card = card_of(text, known if name != "share" else KNOWN, best=15)
    row: dict[str, Any] = {name: value, "hits": 0.0}
    if name != "share":
        row["share"] = 0.5
    result = judge_alone(card, **row)
    traced = result.trace["characteristics"][0]
    assert (traced["bin"], traced["points"]) == (label, points)
    assert traced["lost"] == 10 - points
    nothing = name == "share" and value is None
    assert result.gives["score"] == (None if nothing else points + 5)
    beside = [{}, row, row | {name: None}]
    assert judge_together(card, beside)[0][1] == result.gives["score"]


@pytest.mark.parametrize(
    ("bins", "code"),
    [
        ([("< 12", 0), ("> 12", 10)], "bins-gap"),
        ([("< 12", 0), ("[12..24)", 10)], "bins-gap"),
        ([("[1..12)", 0), (">= 12", 10)], "bins-gap"),
        ([("<= 12", 0), (">= 12", 10)], "bins-overlap"),
        ([("< 13", 0), (">= 12", 10)], "bins-overlap"),
        ([("-", 0), (">= 12", 10)], "bins-overlap"),
        ([("< 12", 0), (">= 12", 9)], "points-do-not-add-up"),
        ([("< 12", 0), (">= 12", 10.5)], "points-do-not-add-up"),
    ],
)
def test_bins_leave_no_gap_and_points_add_up(bins: list[tuple[str, float]], code: str) -> None:
    with pytest.raises(ProblemsFound) as found:
        card_of(one("input: months", *bins), best=10)
    assert [problem.code for problem in found.value.problems] == [code]


def test_bins_may_end_where_the_range_of_the_catalogue_ends() -> None:
    card = card_of(one("input: share", ("[0..0.5)", 0), ("[0.5..1]", 10)), best=10)
    assert judge_alone(card, share=0.0).gives["score"] == 0
    assert judge_alone(card, share=1.0).gives["score"] == 10
    with pytest.raises(ProblemsFound, match='end with ">= 1"'):
        card_of(one("input: share", ("[0..0.5)", 0), ("[0.5..1)", 10)), best=10)


def test_where_nothing_is_known_there_is_no_score() -> None:
    """Points for missing are not earned by silence, nor by what earlier stages gave."""
    card = card_of(MONTHS, KNOWN, best=15)
    nothing = judge_alone(card, hits=0.0)
    assert nothing.gives["score"] is None
    assert nothing.outcome == "refer"
    assert nothing.unknown_inputs == ["months"]
    rows: list[dict[str, Any]] = [{"hits": 0.0}, {"hits": 0.0, "months": 30.0}, {}]
    scores, _ = judge_together(card, rows)
    assert scores == [None, 15.0, None]
    stage, _ = card.judge_columns(columns_of(rows), len(rows))
    assert stage.referred.tolist() == [True, False, True]
    names, mask = stage.unknowns[0]
    assert (names, mask.tolist()) == (("months",), [True, False, True])


def loses(name: str, points: float, subject: str = "input: months") -> str:
    """A characteristic that loses so many points below 12."""
    return one(subject, ("< 12", 0), (">= 12", points), name=name)


def test_reasons_are_the_most_points_lost_first_ties_in_file_order_at_most_four() -> None:
    card = card_of(
        loses("b", 3), loses("a", 7), loses("d", 3), loses("c", 9), loses("e", 0.5), best=22.5
    )
    lost = judge_alone(card, months=0.0)
    assert card.reasons(lost.trace, 4) == ["C", "A", "B", "D"]
    assert card.reasons(lost.trace, 9) == ["C", "A", "B", "D", "E"]
    assert card.reasons(judge_alone(card, months=12.0).trace, 4) == []
    assert judge_together(card, [{"months": 0.0}], most=9)[1] == [["C", "A", "B", "D", "E"]]
    assert judge_together(card, [{"months": 0.0}, {"months": 12.0}])[1] == [
        ["C", "A", "B", "D"],
        [],
    ]


def test_a_reason_shared_by_two_stands_once_at_its_greater_loss() -> None:
    shared = loses("b", 2).replace("id: b", "id: b2").replace("months", "hits")
    other = loses("b", 9, "input: flow")
    card = card_of(shared, loses("a", 5), other, best=16)
    row: dict[str, Any] = {"months": 0.0, "hits": 0.0, "flow": 0}
    assert card.reasons(judge_alone(card, **row).trace, 4) == ["B", "A"]
    assert judge_together(card, [row])[1] == [["B", "A"]]
    row["flow"] = 1_200
    assert card.reasons(judge_alone(card, **row).trace, 4) == ["A", "B"]
    assert judge_together(card, [row])[1] == [["A", "B"]]


ROWS = st.fixed_dictionaries(
    {
        "months": st.none() | st.integers(0, 40).map(float),
        "flow": st.none() | st.sampled_from([3_999_999, 4_000_000, 8_000_005, 8_000_006, 0]),
        "share": st.none() | st.sampled_from([0.0, 0.1, 0.1000001, 1.0]),
        "grade": st.none() | st.sampled_from("ABC"),
        "city": st.none() | st.sampled_from(["临沂", "济南", ""]),
        "listed": st.none() | st.booleans(),
        "hits": st.integers(0, 3).map(float),
    }
)


@settings(max_examples=150, deadline=None, database=None)
@given(st.lists(ROWS, min_size=1, max_size=30))
def test_one_merchant_and_columns_give_the_same(rows: list[dict[str, Any]]) -> None:
    texts = [MONTHS, MIXED, SHARES, GRADES, CITIES, TRUTHS, KNOWN]
    named = [text.replace("id: c,", f"id: c{i},") for i, text in enumerate(texts)]
    named = [t.replace("reason: C,", f"reason: C{i % 4},") for i, t in enumerate(named)]
    card = card_of(*named, best=65)
    alone = [judge_alone(card, **row) for row in rows]
    scores, codes = judge_together(card, rows)
    assert scores == [result.gives["score"] for result in alone]
    assert codes == [card.reasons(result.trace, 4) for result in alone]
