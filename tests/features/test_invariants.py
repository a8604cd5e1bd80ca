"""What must not change a feature: the order of waybills, how they are cut into files, names, other
merchants, an earlier build, memory.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from app.features import blocks, rollups
from app.features.lake import LakeState, OutlierRule
from tests.features import slow_peers
from tests.features.lakes import Waybill, build, rename, see, write_lake
from tests.features.test_against_slow import draw_portfolio

AS_OF = date(2024, 3, 15)
OUTLIERS = {"tms": OutlierRule(9_000_000, 20), "other": OutlierRule(500_000, 3)}


@pytest.fixture
def waybills() -> list[Waybill]:
    return draw_portfolio(seed=20240315, as_of=AS_OF, size=1_500, span_days=800)


def lake_of(folder: Path, *parts: list[Waybill]) -> LakeState:
    return write_lake(folder, {f"i{n}": part for n, part in enumerate(parts)}, outliers=OUTLIERS)


def hash_of(lake: LakeState, as_of: date = AS_OF) -> str:
    return str(build(lake, as_of).snapshot.provenance["content_sha256"])


def test_order_and_files(tmp_path: Path, waybills: list[Waybill]) -> None:
    shuffled = random.Random(1).sample(waybills, len(waybills))
    one = hash_of(lake_of(tmp_path / "one", waybills))
    assert hash_of(lake_of(tmp_path / "two", shuffled)) == one
    assert (
        hash_of(lake_of(tmp_path / "three", shuffled[:7], shuffled[7:900], shuffled[900:])) == one
    )


def test_small_blocks(
    tmp_path: Path, waybills: list[Waybill], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A block a merchant gives the same bits as one block for all."""
    whole = hash_of(lake_of(tmp_path / "whole", waybills))
    monkeypatch.setattr(blocks, "BLOCK_MERCHANTS", 1)
    built = build(lake_of(tmp_path / "single", waybills), AS_OF)
    assert built.snapshot.provenance["content_sha256"] == whole
    assert built.snapshot.hash_content() == whole


def test_renaming(tmp_path: Path, waybills: list[Waybill]) -> None:
    ours = see(lake_of(tmp_path / "one", waybills), AS_OF)
    theirs = see(lake_of(tmp_path / "two", rename(waybills, "商户'")), AS_OF)
    assert {f"商户'{name}": row for name, row in ours.items()} == theirs


def own(row: dict[str, object]) -> dict[str, object]:
    """The features that compare with no other merchant."""
    return {name: value for name, value in row.items() if name not in slow_peers.COMPARED}


def test_another_merchant(tmp_path: Path, waybills: list[Waybill]) -> None:
    """Others change nothing, to the bit, as long as no new source or return waybill of theirs
    touches these bills, they share neither parties nor phones and cards with these merchants, began
    no earlier, and give no hour of the night: features of parties are of the whole platform. Only
    what compares merchants with their peers moves.
    """
    others = [
        replace(
            w,
            waybill_no=f"N{w.waybill_no}",
            return_of=None,
            created_at=w.created_at.replace(hour=0, minute=0, second=0),
            shipper_phone_hash=w.shipper_phone_hash and f"A{w.shipper_phone_hash}",
            shipper_card_hash=w.shipper_card_hash and f"A{w.shipper_card_hash}",
        )
        for w in rename(waybills, "A")
    ]
    ours = see(lake_of(tmp_path / "one", waybills), AS_OF)
    both = see(lake_of(tmp_path / "two", [*others, *waybills]), AS_OF)
    assert {name: own(both[name]) for name in ours} == {name: own(ours[name]) for name in ours}
    assert len(both) == 2 * len(ours)


def test_another_merchant_among_these(tmp_path: Path, waybills: list[Waybill]) -> None:
    """Who deals with them, and bears their phone and card, changes features of parties alone."""
    day = _at(date(2024, 2, 5))
    own = [
        Waybill(f"to {party}", day, "M1", party, shipper_phone_hash="c", shipper_card_hash="e1")
        for party in ("Z", "mine", "new")
    ]
    others = [
        replace(w, waybill_no=f"Z {party}", merchant_id="Z", consignee_id=party)
        for w, party in zip(own, ("M1", "mine", "Y"), strict=True)
    ]
    others += [Waybill("Y", day, "Y", "M1"), Waybill("long ago", _at(date(2023, 5, 5)), "Z", "new")]
    ours = see(lake_of(tmp_path / "one", [*waybills, *own]), AS_OF)["M1"]
    both = see(lake_of(tmp_path / "two", [*others, *waybills, *own]), AS_OF)["M1"]
    moved = {name for name in ours if ours[name] != both[name]}
    assert {"industry_percentile", "round_excess"} <= moved, "Z and Y are peers"
    assert moved - set(slow_peers.COMPARED) == {
        "reciprocal_share",
        "ring_share",
        "shared_phone_merchants",
        "shared_card_merchants",
        "captive_share",
        "fresh_party_share_90d",
        "night_share",  # by the norm of their carriers
    }


def test_the_future_does_not_exist(tmp_path: Path, waybills: list[Waybill]) -> None:
    past = [w for w in waybills if w.created_at.date() < AS_OF]
    assert len(past) < len(waybills)
    assert hash_of(lake_of(tmp_path / "one", waybills)) == hash_of(lake_of(tmp_path / "two", past))


def test_incremental_equals_full(tmp_path: Path, waybills: list[Waybill]) -> None:
    """Imports that come one after the other, late ones too, with a build after each, end where one
    build over all of them does.
    """
    dice = random.Random(3)
    parts: list[list[Waybill]] = [[], [], []]
    for w in waybills:
        dice.choice(parts).append(w)
    for count in (1, 2, 3):
        lake = lake_of(tmp_path / "step by step", *parts[:count])
        build(lake, date(2024, 2, 1))
        grown = build(lake, AS_OF)
    full = build(lake_of(tmp_path / "at once", *parts), AS_OF)
    assert grown.snapshot.provenance["content_sha256"] == full.snapshot.provenance["content_sha256"]
    assert grown.snapshot.id == full.snapshot.id


def test_only_touched_months_are_rolled_again(tmp_path: Path) -> None:
    rows = [
        Waybill(f"W{y}{m}", created_at=_at(date(y, m, 5)))
        for y in (2022, 2023)
        for m in range(1, 13)
    ]
    first = build(lake_of(tmp_path, rows), date(2024, 3, 1))
    late = Waybill("late", created_at=_at(date(2023, 11, 9)))
    second = build(lake_of(tmp_path, rows, [late]), date(2024, 3, 1))
    assert first.reused_rollups == 0
    assert second.made_rollups == 7, "all seven rollups of November, nothing else"
    assert second.reused_rollups == first.made_rollups - 7
    back = Waybill("back", created_at=_at(date(2023, 11, 10)), return_of="W20231", flags=2)
    third = build(lake_of(tmp_path, rows, [late], [back]), date(2024, 3, 1))
    assert third.made_rollups == 7 + 2, "November, and January, which is further back than a year"


def test_other_rules_roll_again(tmp_path: Path, waybills: list[Waybill]) -> None:
    lake = lake_of(tmp_path, waybills)
    loose = hash_of(lake)
    strict = replace(lake, outlier_rules={"tms": OutlierRule(100_000, 2)})
    assert hash_of(strict) != loose
    assert hash_of(lake) == loose


def test_other_keys_roll_again(
    tmp_path: Path, waybills: list[Waybill], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library whose keys are others never reads rollups with the old ones, and features are the
    same to the bit.
    """

    def make_other_keys(connection: duckdb.DuckDBPyConnection) -> list[int]:
        connection.execute("create or replace macro key_of(word) as hash(word, 7)")
        return [7]

    lake = lake_of(tmp_path, waybills)
    first = build(lake, AS_OF)
    monkeypatch.setattr(rollups, "make_keys", make_other_keys)
    second = build(lake, AS_OF)
    assert second.reused_rollups == 0
    assert second.made_rollups == first.made_rollups
    assert second.snapshot.id == first.snapshot.id


def test_same_inputs_same_snapshot(tmp_path: Path, waybills: list[Waybill]) -> None:
    lake = lake_of(tmp_path, waybills)
    first, second = build(lake, AS_OF), build(lake, AS_OF)
    assert (first.is_new, second.is_new) == (True, False)
    assert second.snapshot == first.snapshot
    assert second.made_rollups == 0


def _at(day: date):  # type: ignore[no-untyped-def]
    from datetime import datetime, time

    return datetime.combine(day, time(12))
