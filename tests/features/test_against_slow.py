"""Random portfolios: the service's features equal those of the slow implementation."""

from __future__ import annotations

import math
import random
import tempfile
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.features.lake import OutlierRule
from app.features.reference import References
from tests.features import slow
from tests.features.lakes import (
    EDITED_UP,
    RETURNED,
    SELF_DEAL,
    TEST,
    TIME,
    VOIDED,
    Conflict,
    Waybill,
    listed,
    see,
    write_lake,
)

OUTLIERS = {"tms": (9_000_000, 20), "other": (500_000, 3)}
AMOUNTS = (
    0,
    1,
    99,
    5_000,
    10_000,
    10_001,
    100_000,
    200_000,
    1_000_000,
    8_999_999,
    9_000_000,
    77_000_000,
)

STATUSES = ("cod_paid", "signed", "in_transit", "paid", "cod_collected", None, "codfish")


def draw_waybill(
    dice: random.Random, number: int, as_of: date, span_days: int, rich: bool
) -> Waybill:
    """A waybill like any; edges (midnights, thresholds, nulls, future events) come often."""
    day = as_of + timedelta(days=5 - int(dice.random() ** 1.5 * span_days))
    created = datetime.combine(day, time()) + timedelta(seconds=dice.choice((0, 1, 43_200, 86_399)))
    flags = dice.choice(
        (0,) * 12 + (VOIDED, RETURNED, SELF_DEAL, TEST, TIME, EDITED_UP, RETURNED | VOIDED)
    )
    later = [None, *(created + timedelta(hours=h) for h in (-5, 0, 9, 24, 48, 49, 300, 2_000))]
    return Waybill(
        waybill_no=f"W{number}",
        created_at=created,
        merchant_id=f"M{dice.randrange(6)}",
        consignee_id=draw_consignee(dice),
        cod_fen=dice.choice((*AMOUNTS, None, -4_000)),
        cod_first_fen=dice.choice((None, None, 5_000)) if rich else None,
        status=dice.choice(STATUSES),
        flags=flags,
        source=dice.choice(("tms", "tms", "other", "paper")),
        carrier_id=dice.choice((None, "X", "X", "Y", "Z")) if rich else None,
        destination=dice.choice((None, "Xuzhou", "Jinan")) if rich else None,
        goods_category=dice.choice((None, "lamps", "tools", "toys", "hats")) if rich else None,
        origin=dice.choice((None, "Linyi", "Jinan", "Xuzhou", "Weifang")) if rich else None,
        freight_fen=dice.choice((None, 0, 500, 3_100)) if rich else None,
        signed_at=dice.choice(later) if rich else None,
        cod_paid_at=dice.choice(later) if rich else None,
        return_of=f"W{dice.randrange(number + 3)}" if dice.random() < 0.06 else None,
        shipper_name_hash=dice.choice(("a", "a", "a2", None, None)) if rich else None,
        consignee_name_hash="b" if dice.random() < 0.3 else None,
        shipper_phone_hash=dice.choice(("c", "c2", *[None] * 8)) if rich else None,
        consignee_phone_hash=dice.choice(("d", "d2", None, None)),
        shipper_card_hash=dice.choice(("e1", "e2", "e3", *[None] * 40)) if rich else None,
        repeats=int(dice.random() < 0.05),
        resets=int(dice.random() < 0.05) * 2,
        eligible_fen=dice.choice((None, None, None, 4_321)),
    )  # fmt: skip


def draw_consignee(dice: random.Random) -> str:
    """Mostly a consignee, now and then another merchant; some come back, some do not."""
    if dice.random() < 0.02:
        return f"M{dice.randrange(6)}"
    if dice.random() < 0.1:
        return f"D{dice.randrange(300)}"
    return f"C{int(dice.random() ** 2 * 9)}"


def draw_portfolio(seed: int, as_of: date, size: int, span_days: int) -> list[Waybill]:
    dice = random.Random(seed)
    rich = dice.random() < 0.8
    found = [draw_waybill(dice, n, as_of, span_days, rich) for n in range(size)]
    return [
        Waybill(**{**w.__dict__, "flags": w.flags | RETURNED}) if w.return_of else w for w in found
    ]


def assert_same(ours: dict[str, Any], theirs: dict[str, Any], where: str) -> None:
    assert ours.keys() == theirs.keys(), where
    for name, value in theirs.items():
        found = ours[name]
        if isinstance(value, str) or isinstance(found, (str, int)):
            assert found == value, f"{where} {name}: {found} instead of {value}"
        else:
            close = math.isclose(found, value, rel_tol=1e-11, abs_tol=1e-12)
            assert close, f"{where} {name}: {found} instead of {value}"


@settings(
    max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=False
)
@given(
    seed=st.integers(0, 2**32),
    as_of=st.sampled_from(
        [
            date(2024, 3, 1),
            date(2024, 3, 15),
            date(2024, 1, 31),
            date(2023, 12, 1),
            date(2024, 2, 29),
        ]
    ),
    size=st.sampled_from([1, 12, 150, 900, 4_000]),
    span_days=st.sampled_from([20, 200, 420, 900]),
)
def test_random_portfolios(seed: int, as_of: date, size: int, span_days: int) -> None:
    waybills = draw_portfolio(seed, as_of, size, span_days)
    if all(w.created_at.date() >= as_of for w in waybills):
        return
    month = as_of.year * 12 + as_of.month - 1
    conflicts = [Conflict("M1", month - 2), Conflict("M1", month - 2), Conflict("M2", month - 13)]
    blacklist = [("id", "C1"), ("phone", "d2"), ("id", "C77"), ("id", "d")] if seed % 3 else None
    staff = [("card", "e1"), ("id", "M4"), ("phone", "e2")] if seed % 5 else None
    theirs = slow.compute(
        waybills,
        as_of,
        conflicts=conflicts,
        invoice_sources=["paper"],
        outlier_from=OUTLIERS,
        blacklist=blacklist,
        staff=staff,
    )
    with tempfile.TemporaryDirectory() as folder:
        lake = write_lake(
            Path(folder),
            {"one": waybills[::2], "two": waybills[1::2]},
            conflicts=conflicts,
            invoice_sources=["paper"],
            outliers={s: OutlierRule(*rule) for s, rule in OUTLIERS.items()},
            references=References(
                listed(*blacklist) if blacklist else None, listed(*staff) if staff else None
            ),
        )
        ours = see(lake, as_of)
    assert ours.keys() == theirs.keys()
    for merchant, features in theirs.items():
        assert_same(ours[merchant], features, f"seed {seed} {as_of} {merchant}")
