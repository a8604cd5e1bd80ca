"""Random portfolios with freight, fees, pieces and outlets: all features equal those of the slow
implementation, and what must not change them does not.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.features.carriage import CarriageRule, FeeRule, FreightRule
from app.features.distances import Distances
from app.features.lake import LakeState, OutlierRule
from app.features.reference import References
from app.features.tariffs import Formula, Step, Tariff, Tariffs
from tests.features import slow
from tests.features.lakes import Waybill, build, rename, see, write_lake
from tests.features.slow_carriage import Judging
from tests.features.test_against_slow import OUTLIERS, assert_same, draw_portfolio

AS_OF = date(2024, 3, 15)
USUAL = [([(None, 0, 1_000)], 100, None), ([(20_000, 200, 0), (None, 0, 1_500)], 1, 4_000)]
OWN = [([(None, 300, 10_000)], 50, 9_000)]
JUDGING = Judging(
    freight={"tms": (4, 100_000, 500), "other": (9, 5_000, 0)},
    fee={"tms": (100, 20), "other": (1, 5)},
    twice={"tms": 24, "other": 30},
    tariffs=[
        (("X", "Y"), date(2023, 6, 10), date(2024, 1, 20), OWN),
        ((), None, date(2024, 2, 10), USUAL),
    ],
    km={("Linyi", "Xuzhou"): 180, ("Jinan", "Linyi"): 3_000, ("O1", "Xuzhou"): 700},
)


def carry(waybills: Iterable[Waybill], seed: int) -> list[Waybill]:
    """The same bills with outlets, fees and pieces; some of them repeated."""
    dice = random.Random(seed)
    found = []
    for w in waybills:
        fee = dice.choice((None, 200, 300, 301, max(w.cod_fen or 0, 0) // 1_000, 4_000))
        w = replace(
            w,
            outlet_id=dice.choice((None, None, "O1", "X")),
            cod_fee_fen=fee,
            pieces=dice.choice((None, 1, 2)),
            freight_fen=dice.choice((None, 0, 500, 1_200, 3_100, 3_101, dice.randrange(40_000))),
        )
        found.append(w)
        if dice.random() < 0.2:
            later = timedelta(seconds=dice.choice((0, 3_600, 86_400, 86_401, 108_000, 200_000)))
            again = {"waybill_no": f"{w.waybill_no} again", "created_at": w.created_at + later}
            found.append(replace(w, **again, source=dice.choice((w.source, "other"))))
    return found


def write_tariffs() -> Tariffs:
    """JUDGING's tariffs as the service reads them."""
    return Tariffs(
        tuple(
            Tariff(str(n), (), tuple(carriers), first, last, tuple(map(_write_formula, formulas)))
            for n, (carriers, first, last, formulas) in enumerate(JUDGING.tariffs)
        ),
        "tariffs",
    )


def _write_formula(formula: Any) -> Formula:
    steps, unit, cap = formula
    return Formula(tuple(Step(*step) for step in steps), unit, 0, cap)


def lake_of(folder: Path, *parts: list[Waybill]) -> LakeState:
    rules = {
        source: CarriageRule(
            FreightRule(*JUDGING.freight[source]),
            FeeRule(*JUDGING.fee[source]),
            JUDGING.twice[source],
        )
        for source in JUDGING.freight
    }
    metres = {lane: km * 1_000 for lane, km in JUDGING.km.items()}
    return write_lake(
        folder,
        {f"i{n}": part for n, part in enumerate(parts)},
        invoice_sources=["paper"],
        outliers={source: OutlierRule(*rule) for source, rule in OUTLIERS.items()},
        carriage=rules,
        references=References(tariffs=write_tariffs(), distances=Distances(metres, "km")),
    )


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 2**32),
    as_of=st.sampled_from([AS_OF, date(2024, 3, 1), date(2024, 1, 31)]),
    size=st.sampled_from([12, 300, 1_500]),
    span_days=st.sampled_from([40, 420]),
)
def test_random_carriage(seed: int, as_of: date, size: int, span_days: int) -> None:
    waybills = carry(draw_portfolio(seed, as_of, size, span_days), seed)
    if all(w.created_at.date() >= as_of for w in waybills):
        return
    theirs = slow.compute(
        waybills, as_of, invoice_sources=["paper"], outlier_from=OUTLIERS, judging=JUDGING
    )
    with tempfile.TemporaryDirectory() as folder:
        ours = see(lake_of(Path(folder), waybills[::2], waybills[1::2]), as_of)
    assert ours.keys() == theirs.keys()
    for merchant, features in theirs.items():
        assert_same(ours[merchant], features, f"seed {seed} {as_of} {merchant}")


@pytest.fixture(scope="module")
def waybills() -> list[Waybill]:
    return carry(draw_portfolio(20240315, AS_OF, 1_500, 500), 7)


def hash_of(lake: LakeState) -> str:
    return str(build(lake, AS_OF).snapshot.provenance["content_sha256"])


def test_order_and_files(tmp_path: Path, waybills: list[Waybill]) -> None:
    shuffled = random.Random(1).sample(waybills, len(waybills))
    one = hash_of(lake_of(tmp_path / "one", waybills))
    assert hash_of(lake_of(tmp_path / "two", shuffled[:900], shuffled[900:])) == one


def test_renaming(tmp_path: Path, waybills: list[Waybill]) -> None:
    ours = see(lake_of(tmp_path / "one", waybills), AS_OF)
    theirs = see(lake_of(tmp_path / "two", rename(waybills, "商户'")), AS_OF)
    assert {f"商户'{name}": row for name, row in ours.items()} == theirs


def test_a_night_equals_a_full_build(tmp_path: Path, waybills: list[Waybill]) -> None:
    """What comes late changes its own months, and whom it is compared with there."""
    late = [w for w in waybills if w.month >= 2024 * 12 and w.waybill_no.endswith(("3", "7"))]
    early = [w for w in waybills if w not in late]
    before = lake_of(tmp_path / "one", early)
    build(before, AS_OF)
    night = build(lake_of(tmp_path / "one", early, late), AS_OF)
    assert night.reused_rollups > 0
    whole = hash_of(lake_of(tmp_path / "two", [*late, *early]))
    assert night.snapshot.provenance["content_sha256"] == whole


def test_other_tariffs_and_distances_count_at_once(tmp_path: Path, waybills: list[Waybill]) -> None:
    """A changed file rolls the months again that it says something of, and no others."""
    lake = lake_of(tmp_path, waybills)
    first = build(lake, AS_OF)
    tariffs = write_tariffs().tariffs
    later = replace(tariffs[1], last=date(2024, 2, 20))
    changed = replace(lake.references, tariffs=Tariffs((tariffs[0], later), "longer"))
    second = build(replace(lake, references=changed), AS_OF)
    assert 0 < second.made_rollups < second.reused_rollups
    assert second.snapshot.id != first.snapshot.id
    far = replace(lake.references, distances=Distances({("Linyi", "Xuzhou"): 9_000_000}, "far"))
    third = build(replace(lake, references=far), AS_OF)
    assert third.made_rollups == 12, "one rollup of each month of the year"
    changed_columns = {
        name
        for name in first.snapshot.read().column_names
        if first.snapshot.read().column(name) != third.snapshot.read().column(name)
    }
    assert changed_columns <= {"too_fast_sign_share", "missing"}
    assert "too_fast_sign_share" in changed_columns
