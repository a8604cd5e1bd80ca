"""Loans and outcomes: what became of a loan depends on the business behind it."""

from __future__ import annotations

from datetime import date

import duckdb
import numpy as np
import pytest

from app.demo.loans import draw_loans, exposure_to_absconder, judge_business
from app.demo.seasons import to_month
from app.demo.world import World, draw_world
from app.demo.write import CALENDAR_FILE
from app.features.holidays import load_calendar
from tests.demo.conftest import ask

END = to_month(2026, 10)


@pytest.fixture(scope="module")
def world() -> World:
    return draw_world(20_000, 5, END, load_calendar(CALENDAR_FILE))


def test_the_healthier_the_business_the_fewer_loans_fail(world: World) -> None:
    loans = draw_loans(world, END - 23, END)
    failed = loans.defaulted >= 0
    portfolio, who = world.portfolio, loans.merchants
    cheats = np.isin(who, world.frauds.merchants)
    large = portfolio.monthly_yuan[who] > 150_000
    falling = portfolio.growths[who] < -0.2
    rising = portfolio.growths[who] > 0.2
    assert len(who) > 3_000
    assert 0.01 < failed.mean() < 0.08
    assert failed[cheats].mean() > 1.5 * failed[~cheats].mean()
    assert failed[falling & ~cheats].mean() > 1.3 * failed[rising & ~cheats].mean()
    assert failed[~large].mean() > failed[large].mean()
    stopped = portfolio.stopped[who] >= 0
    assert failed[stopped].mean() > 2 * failed[~stopped].mean()


def test_a_carrier_that_absconds_hurts_its_merchants(world: World) -> None:
    exposure = exposure_to_absconder(world)
    assert 0 < exposure.mean() < 0.2
    merchants = np.flatnonzero(exposure > 0.9)[:50]
    gone = to_month(2026, 5)
    months, tenors = np.full(len(merchants), gone - 2), np.full(len(merchants), 6)
    hurt = judge_business(world, merchants, months, tenors)
    later = judge_business(world, merchants, months + 3, tenors)
    repaid = judge_business(world, merchants, months - 6, tenors)
    tenure = gone - (END - world.portfolio.opened[merchants])
    settled = (tenure > 40) & (world.portfolio.stopped[merchants] < 0)
    settled &= ~np.isin(merchants, world.frauds.merchants)
    assert settled.sum() > 10
    assert (hurt - later)[settled] == pytest.approx(3.0 * exposure[merchants][settled])
    assert (hurt - repaid)[settled] == pytest.approx(3.0 * exposure[merchants][settled])


def test_chances_are_what_happens(world: World) -> None:
    """Loans that have run their time fail as often as their chance says."""
    loans = draw_loans(world, END - 23, END)
    drawn = loans.drawn.astype("datetime64[D]").astype("datetime64[M]").astype(int) + 1970 * 12
    over = drawn + loans.tenors + 3 <= END
    expected = loans.chances[over]
    failed = (loans.defaulted[over] >= 0).sum()
    assert over.sum() > 1_000
    assert abs(failed - expected.sum()) < 4 * np.sqrt((expected * (1 - expected)).sum())


def test_the_files_of_loans_agree(bills: duckdb.DuckDBPyConnection) -> None:
    loans, borrowers, wrong = ask(
        bills,
        """select count(*), count(distinct merchant_id), count(*) filter (
          amount < 10000 or amount > 500000 or amount % 1000 <> 0 or exposure > amount
          or (defaulted = 1) <> (defaulted_on is not null) or (defaulted = 1) <> (max_dpd >= 90)
          or defaulted_on <= drawn_on or tenor_months not in (3, 6, 9, 12)) from loans""",
    )
    assert loans > 100
    assert 50 < borrowers <= loans
    assert wrong == 0
    first, last = ask(bills, "select min(drawn_on), max(drawn_on) from loans")
    assert date(2026, 3, 1) <= first < last <= date(2026, 9, 30)
    wrong = ask(
        bills,
        """select count(*) from loans l join (
          select loan_id, max(dpd) as worst, count(*) as months, min(outstanding) as least,
            arg_min(month, month) filter (dpd >= 90) as failed, max(month) as last
          from repayments group by 1) r using (loan_id)
        where worst <> max_dpd or (failed is not null) <> (defaulted = 1)
          or (defaulted = 1 and failed <> strftime(defaulted_on, '%Y-%m'))
          or (defaulted = 0 and months >= tenor_months and max_dpd < 30 and least <> 0)
          or last > '2026-10'""",
    )
    assert wrong == (0,)


def test_only_merchants_with_a_year_of_trade_borrow(bills: duckdb.DuckDBPyConnection) -> None:
    (young,) = ask(
        bills,
        """select count(*) from loans join merchants using (merchant_id)
        where opened_on > drawn_on - interval 11 month or stopped_on <= drawn_on""",
    )
    assert young == 0
