"""Features of parties on fingers: each test is a small platform as of 2020-01-01 (M1 is December
2019, the last 90 days begin on 3 October, newcomers on 3 September).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from app.features import graphs
from app.features.reference import ListedParty, ReferenceList, References
from tests.features.lakes import RETURNED, VOIDED, Waybill, listed, see, write_lake
from tests.features.test_small_cases import BASELESS, LACKS, SHORT, bill

T = date(2020, 1, 1)
OLD = bill("2018-01-05", consignee="ancient", merchant_id="elder")  # the platform is old enough


def sent(shipper: str, consignee: str, day: str, yuan: float | None = 100, **other: Any) -> Waybill:
    return bill(day, yuan, consignee, merchant_id=shipper, **other)


def look(
    folder: Path, *waybills: Waybill, references: References | None = None, as_of: date = T
) -> dict[str, dict[str, object]]:
    return see(write_lake(folder, {"one": [OLD, *waybills]}, references=references), as_of)


def named(name: str, waybills: Iterable[Waybill]) -> list[Waybill]:
    """A case of its own among others on one platform."""
    return [
        replace(w, merchant_id=name + w.merchant_id, consignee_id=name + w.consignee_id)
        for w in waybills
    ]


SIXTY_DAYS = [
    ("2019-06-10", "2019-08-09", 1.0),  # 60 days after
    ("2019-06-10", "2019-08-10", 0.0),
    ("2019-06-10", "2019-04-11", 1.0),  # 60 days before
    ("2019-06-10", "2019-04-10", 0.0),
    ("2019-01-01", "2018-11-02", 1.0),  # before M12, which does not matter
    ("2019-01-01", "2018-11-01", 0.0),
]


def test_sixty_days(tmp_path: Path) -> None:
    rows = [
        w
        for day, there, _ in SIXTY_DAYS
        for w in named(f"{day} {there} ", [sent("A", "B", day), sent("B", "A", there)])
    ]
    found = look(tmp_path, *rows)
    for day, there, share in SIXTY_DAYS:
        assert found[f"{day} {there} A"]["reciprocal_share"] == share


def test_in_march_sixty_days_reach_into_december(tmp_path: Path) -> None:
    rows = [sent("A", "B", "2018-03-01"), sent("B", "A", "2017-12-31", None)]
    found = look(tmp_path, *rows, as_of=date(2019, 3, 1))
    assert found["A"]["reciprocal_share"] == 1.0


def test_what_answers(tmp_path: Path) -> None:
    """A bill without an amount does, and one in the month of T; no return, void or later bill."""
    found = look(
        tmp_path,
        sent("A", "B", "2020-01-02", 30),
        sent("A", "B", "2019-12-03", 30),
        sent("A", "C", "2019-12-03", 10),
        sent("A", "D", "2019-12-03", 20),
        sent("A", "E", "2019-12-03", 25),
        sent("A", "nobody", "2019-12-03", 15),
        sent("B", "A", "2020-01-09", None),
        sent("C", "A", "2020-01-10"),
        sent("D", "A", "2019-12-04", flags=RETURNED),
        sent("E", "A", "2019-12-04", flags=VOIDED),
        as_of=date(2020, 1, 10),
    )
    assert found["A"]["reciprocal_share"] == 0.3
    assert found["B"]["reciprocal_share"] == BASELESS


def test_to_oneself_is_no_trade(tmp_path: Path) -> None:
    found = look(tmp_path, sent("A", "A", "2019-12-03"), sent("A", "B", "2019-12-03"))
    assert (found["A"]["reciprocal_share"], found["A"]["ring_share"]) == (0.0, 0.0)


def ring(size: int, day: str = "2019-12-03") -> list[Waybill]:
    return [sent(f"R{n}", f"R{(n + 1) % size}", day, 30) for n in range(size)]


def test_rings(tmp_path: Path) -> None:
    sizes = {2: 0.0, 3: 0.3, 20: 0.3, 21: 0.0}
    outside = sent("R0", "outside", "2019-12-03", 70)
    rows = [w for size in sizes for w in named(f"{size} ", [*ring(size), outside])]
    found = look(tmp_path, *rows)
    for size, share in sizes.items():
        assert found[f"{size} R0"]["ring_share"] == share
        assert found[f"{size} R1"]["ring_share"] == (1.0 if share else 0.0)


def test_a_ring_needs_ninety_days(tmp_path: Path) -> None:
    late = ring(3)[1:]
    inside = look(tmp_path / "a", *late, sent("R0", "R1", "2019-10-03", None))
    assert inside["R1"]["ring_share"] == 1.0, "a bill without an amount closes it"
    assert inside["R0"]["ring_share"] == BASELESS
    outside = look(tmp_path / "b", *late, sent("R0", "R1", "2019-10-02"))
    assert outside["R1"]["ring_share"] == 0.0


def test_a_chain_is_no_ring(tmp_path: Path) -> None:
    chain = [sent(f"R{n}", f"R{n + 1}", "2019-12-03") for n in range(5)]
    assert look(tmp_path, *chain)["R0"]["ring_share"] == 0.0


def test_shared_phones_and_cards(tmp_path: Path) -> None:
    def own(name: str, phone: str | None, card: str | None, day: str = "2019-12-03") -> Waybill:
        return sent(name, "C", day, shipper_phone_hash=phone, shipper_card_hash=card)

    found = look(
        tmp_path,
        *(own("A", "p1", "c1"), own("A", "p2", None), own("A", "p3", None)),
        *(own("B", "p1", "c1"), own("C", "p1", "c1"), own("C", "p2", None)),
        *(own("D", "p2", "p1"), own("E", "p9", "c9"), own("F", None, None)),
        own("G", "p3", "c1", "2018-12-31"),
    )
    seen = {
        name: (row["shared_phone_merchants"], row["shared_card_merchants"])
        for name, row in found.items()
    }
    assert seen == {
        "A": (3, 2),  # B, C and D; C has two phones of A's and counts once
        "B": (2, 2),
        "C": (3, 2),
        "D": (2, 0),  # a card is not compared with phones
        "E": (0, 0),
        "F": (LACKS, LACKS),
        "G": (LACKS, LACKS),
        "elder": (LACKS, LACKS),
    }


def test_many_who_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut into parts or not, against sets."""
    dice = np.random.default_rng(5)
    rows = np.unique(dice.integers(0, [60, 25], (400, 2)), axis=0)
    values = {m: set(rows[rows[:, 0] == m, 1]) for m in range(70)}
    expected = [sum(bool(values[m] & values[o]) for o in range(70) if o != m) for m in range(70)]
    for most in (4_000_000, 1, 300):
        monkeypatch.setattr(graphs, "MOST_WORK", most)
        found = graphs.count_sharers(rows[:, 0], rows[:, 1].astype(np.uint64), 70)
        assert found.tolist() == expected


def test_captive(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        sent("A", "mine", "2019-12-03", 40),
        sent("A", "mine", "2019-01-01", 20),
        sent("A", "ours", "2019-12-03", 10),
        sent("A", "ours before", "2019-12-03", 30),
        sent("B", "ours", "2019-06-03", None),
        sent("B", "ours before", "2018-12-31"),
        sent("B", "void", "2019-12-03", flags=VOIDED),
    )
    assert found["A"]["captive_share"] == 0.9
    assert found["B"]["captive_share"] == BASELESS


FRESH = [
    ("2019-11-03", "2019-12-03", 0.25),  # 30 days before
    ("2019-11-02", "2019-12-03", 0.0),
    ("2019-09-03", "2019-10-03", 0.25),
    ("2019-09-02", "2019-10-03", 0.0),
    ("2019-12-04", "2019-12-03", 0.25),
]


@pytest.mark.parametrize("side", ["consignee", "shipper"])
def test_fresh(tmp_path: Path, side: str) -> None:
    """Who is seen first as a shipper is not new as a consignee either."""
    rows = []
    for first, day, _ in FRESH:
        known = sent("B", "N", first) if side == "consignee" else sent("N", "old", first)
        old = sent("B", "old", "2019-01-01")
        sold = [sent("A", "N", day, 25), sent("A", "old", "2019-10-03", 75)]
        rows += named(f"{first} ", [old, known, *sold])
    found = look(tmp_path, *rows)
    for first, _, share in FRESH:
        assert found[f"{first} A"]["fresh_party_share_90d"] == share


def test_on_a_young_platform_everybody_is_new(tmp_path: Path) -> None:
    first = [sent("B", "ancient", "2019-09-03"), sent("A", "new", "2019-12-03")]
    old = see(write_lake(tmp_path / "a", {"one": first}), T)
    assert old["A"]["fresh_party_share_90d"] == 1.0
    assert old["B"]["fresh_party_share_90d"] == BASELESS
    late = [sent("B", "ancient", "2019-09-04"), sent("A", "new", "2019-12-03")]
    young = see(write_lake(tmp_path / "b", {"one": late}), T)
    assert {row["fresh_party_share_90d"] for row in young.values()} == {SHORT}


def on_lists(blacklist: Iterable[tuple[str, str]], staff: Iterable[tuple[str, str]]) -> References:
    return References(listed(*blacklist), listed(*staff))


def test_blacklist(tmp_path: Path) -> None:
    """Three consignees and two phones; of the list's four, one consignee and one phone."""
    rows = [
        sent("A", "C1", "2019-12-03", shipper_phone_hash="p1", consignee_phone_hash="p2"),
        sent("A", "C2", "2019-12-03", shipper_phone_hash="p1"),
        sent("A", "C3", "2019-01-01"),
        sent("A", "C4", "2018-12-31", consignee_phone_hash="p4"),
        sent("B", "p2", "2019-12-03"),
        sent("D", "C1", "2019-12-03", flags=VOIDED),
    ]
    lists = on_lists([("id", "C3"), ("phone", "p2"), ("id", "C4"), ("phone", "p4")], [])
    found = look(tmp_path / "a", *rows, references=lists)
    assert {name: row["blacklist_jaccard"] for name, row in found.items()} == {
        "A": 2 / 7,
        "B": 0.0,  # an id is not compared with phones
        "D": BASELESS,
        "elder": BASELESS,
    }
    assert {row["outlet_related"] for row in found.values()} == {False}
    without = look(tmp_path / "a", *rows)
    assert {row["blacklist_jaccard"] for row in without.values()} == {LACKS}
    assert {row["outlet_related"] for row in without.values()} == {LACKS}


def test_entries_count_from_their_day(tmp_path: Path) -> None:
    def since(day: date) -> References:
        return References(ReferenceList((ListedParty("id", "C", day),), "hash"))

    rows = [sent("A", "C", "2019-12-03")]
    seen = [
        look(tmp_path, *rows, references=since(day))["A"]["blacklist_jaccard"]
        for day in (date(2019, 12, 31), T)
    ]
    assert seen == [1.0, 0.0]


def test_staff(tmp_path: Path) -> None:
    rows = [
        sent("by phone", "C", "2019-12-03", shipper_phone_hash="p"),
        sent("by card", "C", "2019-12-03", shipper_card_hash="c"),
        sent("by id", "C", "2019-12-03"),
        sent("long ago", "C", "2018-12-31", shipper_phone_hash="p"),
        sent("customer", "by id", "2019-12-03", consignee_phone_hash="p"),
    ]
    lists = on_lists([], [("phone", "p"), ("card", "c"), ("id", "by id")])
    found = look(tmp_path, *rows, references=lists)
    related = {name for name, row in found.items() if row["outlet_related"]}
    assert related == {"by phone", "by card", "by id"}


def test_files_of_before_there_were_cards(tmp_path: Path) -> None:
    """A month's files may lack the column, all of them or some."""
    old = [sent("A", "C", "2019-12-03"), sent("A", "C", "2019-11-03")]
    new = [sent(m, "C", "2019-12-03", shipper_card_hash="c") for m in "AB"]
    lake = write_lake(tmp_path, {"old": old, "new": new})
    for path in (tmp_path / "waybills").rglob("old.parquet"):
        table = pq.read_table(path, partitioning=None)
        pq.write_table(table.drop_columns(["shipper_card_hash"]), path)
    found = see(lake, T)
    assert [found[m]["shared_card_merchants"] for m in "AB"] == [1, 1]
    assert found["A"]["waybill_cnt_12m"] == 3


def test_no_bill_at_all(tmp_path: Path) -> None:
    rows = [sent("A", "B", "2019-12-03", flags=VOIDED), sent("B", "A", "2018-12-03", flags=VOIDED)]
    found = see(write_lake(tmp_path, {"one": rows}, references=on_lists([("id", "B")], [])), T)
    assert {found["A"][name] for name in ("reciprocal_share", "ring_share", "captive_share")} == {
        BASELESS
    }
    assert found["A"]["fresh_party_share_90d"] == SHORT
    assert found["A"]["blacklist_jaccard"] == BASELESS
