"""Night after night: what arrived is counted, late rows and corrections too, only merchants whose
full months changed are read again, and the result is that of a full build, to the bit.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from app.features import build as building
from app.features.lake import LakeState
from app.features.reference import References
from tests.features.lakes import Conflict, Waybill, build, listed, write_lake
from tests.features.test_against_slow import draw_portfolio
from tests.features.test_invariants import OUTLIERS

BEGIN = date(2024, 2, 26)  # a month turns during the nights
LISTS = References(
    blacklist=listed(("id", "C3"), ("phone", "d")), staff=listed(("phone", "c2"), ("id", "M4"))
)


def lake_of(folder: Path, parts: list[list[Waybill]], conflicts: int = 0) -> LakeState:
    return write_lake(
        folder,
        {f"i{n}": part for n, part in enumerate(parts)},
        outliers=OUTLIERS,
        references=LISTS,
        conflicts=[Conflict("M1", 2023 * 12 + 8)] * conflicts,
    )


@pytest.fixture
def years_read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many merchants' years were read, a number a call; cleared by the test."""
    counts: list[int] = []
    read = building.read_year

    def spy(connection, rolled, as_of, places, references, opened):  # type: ignore[no-untyped-def]
        counts.append(len(places))
        return read(connection, rolled, as_of, places, references, opened)

    monkeypatch.setattr(building, "read_year", spy)
    return counts


@pytest.mark.parametrize("seed", [1, 2])
def test_every_night_equals_a_full_build(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    waybills = draw_portfolio(seed=seed, as_of=BEGIN + timedelta(days=8), size=900, span_days=700)
    parts: list[list[Waybill]] = [[] for _ in range(8)]
    for waybill in waybills:
        arrives = (waybill.created_at.date() - BEGIN).days
        late = dice.randrange(8) if dice.random() < 0.02 else 0
        parts[min(max(arrives + 1, late, 0), 7)].append(waybill)
    for night in range(8):
        as_of = BEGIN + timedelta(days=night)
        arrived = parts[: night + 1]
        ours = build(lake_of(tmp_path / "nights", arrived, night // 4), as_of)
        full = build(lake_of(tmp_path / f"full {night}", arrived, night // 4), as_of)
        assert ours.snapshot.id == full.snapshot.id, as_of
        assert ours.snapshot.read().equals(full.snapshot.read())


def test_only_merchants_whose_full_months_changed_are_read_again(
    tmp_path: Path, years_read: list[int]
) -> None:
    waybills = draw_portfolio(seed=5, as_of=BEGIN, size=600, span_days=500)
    # No waybill names another, and nothing happens after T: a year is then what it was.
    waybills = [replace(w, return_of=None, signed_at=None, cod_paid_at=None) for w in waybills]
    first = build(lake_of(tmp_path, [waybills]), BEGIN)
    merchants = first.snapshot.provenance["counts"]["merchants"]
    assert sum(years_read) == merchants
    years_read.clear()
    sale = replace(waybills[0], flags=0, status="signed", consignee_id="C1", cod_fen=5_000)
    today = replace(sale, waybill_no="today", created_at=BEGIN_AT)
    build(lake_of(tmp_path, [waybills, [today]]), BEGIN + timedelta(days=1))
    assert years_read == [], "nothing of a full month came"
    late = replace(sale, waybill_no="late", created_at=BEGIN_AT - timedelta(days=150))
    build(lake_of(tmp_path, [waybills, [today], [late]]), BEGIN + timedelta(days=2))
    assert years_read == [1]
    years_read.clear()
    early = replace(sale, waybill_no="early", created_at=BEGIN_AT - timedelta(days=600))
    new = replace(early, waybill_no="new", merchant_id="N1", created_at=BEGIN_AT)
    build(lake_of(tmp_path, [waybills, [today], [late], [early, new]]), BEGIN + timedelta(days=3))
    assert years_read == [2], "one has a row before the year, the other is new"


BEGIN_AT = draw_portfolio(1, BEGIN, 1, 1)[0].created_at.replace(year=2024, month=2, day=26, hour=9)
