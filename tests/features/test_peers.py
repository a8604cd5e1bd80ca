"""Merchants among their peers, counted on fingers: 30 of an industry and fewer, equal values, none
of a value, no industry.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.features.peers import NO_INDUSTRY, mean_of_peers, median_of_peers, rank_among_peers
from tests.features.lakes import Waybill, see, write_lake
from tests.features.test_small_cases import T

BASELESS, SHORT = "NO_BASE", "TOO_LITTLE_HISTORY"


def bill(merchant: str, yuan: float, day: str = "2019-12-05", **other: Any) -> Waybill:
    at = datetime.fromisoformat(f"{day} 12:00")
    return Waybill(
        f"{merchant} {day} {yuan} {other}",
        at,
        merchant_id=merchant,
        cod_fen=round(yuan * 100),
        **other,
    )


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """30 of hardware with 1,000 to 30,000 yuan, of whom the first two sold half as much a year
    before; 29 of lamps with 500.50 each, of whom one grew; one each with several trades, without a
    category, without an amount.
    """
    bills = [bill(f"H{n:02d}", 1_000 * n) for n in range(1, 31)]
    bills += [bill(f"L{n:02d}", 500.5, goods_category="lamps") for n in range(1, 30)]
    for merchant, yuan in (("H01", 500), ("H02", 500), ("L01", 50.05)):
        goods = "lamps" if merchant == "L01" else "hardware"
        bills.append(bill(merchant, yuan, "2018-10-05", goods_category=goods))
    bills += [bill("several", 1.25, goods_category=f"trade {n}") for n in range(4)]
    bills += [bill("untold", 2_000, goods_category=None), bill("nothing", 0)]
    return see(write_lake(tmp_path_factory.mktemp("lake"), {"one": bills}), T)


def test_thirty_are_peers(seen: dict[str, dict[str, Any]]) -> None:
    """Below H01 is none of 30, and itself counts half."""
    assert seen["H01"]["industry_percentile"] == 0.5 / 30
    assert seen["H30"]["industry_percentile"] == 29.5 / 30
    assert seen["H10"]["round_share"] == 1.0 and seen["H10"]["round_excess"] == 0.0


def test_twenty_nine_stand_among_all(seen: dict[str, dict[str, Any]]) -> None:
    """Of 61 with an amount, `several` has less than each of the 29 equal ones."""
    assert seen["L05"]["industry_percentile"] == (1 + 29 / 2) / 61
    assert seen["L05"]["round_excess"] == 0.0 - 31 / 61


def test_without_an_industry_all_are_peers(seen: dict[str, dict[str, Any]]) -> None:
    assert seen["several"]["industry"] == BASELESS
    assert seen["several"]["industry_percentile"] == 0.5 / 61
    assert seen["untold"]["industry_percentile"] == (1 + 29 + 1 + 2 / 2) / 61  # as much as H02
    assert seen["untold"]["round_excess"] == 1.0 - 31 / 61


def test_without_a_value_there_is_no_place(seen: dict[str, dict[str, Any]]) -> None:
    assert seen["nothing"]["industry_percentile"] == BASELESS
    assert seen["nothing"]["round_excess"] == BASELESS
    assert seen["nothing"]["rel_growth"] == SHORT
    assert seen["H03"]["rel_growth"] == SHORT


def test_growth_against_the_middle_of_all(seen: dict[str, dict[str, Any]]) -> None:
    """Known of three: 1, 3 and 9 times more than the year before; two hardware are no 30."""
    assert [seen[m]["yoy_3m"] for m in ("H01", "H02", "L01")] == pytest.approx([1.0, 3.0, 9.0])
    assert [seen[m]["rel_growth"] for m in ("H01", "H02", "L01")] == pytest.approx([-2.0, 0.0, 6.0])


def test_alone(tmp_path: Path) -> None:
    row = see(write_lake(tmp_path, {"one": [bill("M", 7)]}), T)["M"]
    assert (row["industry_percentile"], row["round_excess"]) == (0.5, 0.0)


def test_no_order_of_merchants_changes_a_bit() -> None:
    dice = np.random.default_rng(3)
    values, known = dice.lognormal(3, 2, 400), dice.random(400) < 0.9
    industries = dice.integers(NO_INDUSTRY, 5, 400)
    order = dice.permutation(400)
    for compare in (median_of_peers, mean_of_peers):
        found = compare(values, known, industries)
        assert (compare(values[order], known[order], industries[order]) == found[order]).all()
    whole = values.astype(np.int64)
    found = rank_among_peers(whole, known, industries)
    again = rank_among_peers(whole[order], known[order], industries[order])
    assert (again == found[order]).all()
    assert not found[~known].any() and ((found[known] > 0) & (found[known] < 1)).all()
