"""How the simulated merchants trade: seasons, a heavy tail, customers who come back, money that
comes late, and one carrier that absconds.
"""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from app.demo.industries import INDUSTRIES
from app.demo.seasons import weigh_day
from app.demo.write import CALENDAR_FILE
from app.features.holidays import load_calendar
from tests.demo.conftest import ask

HARDWARE = INDUSTRIES[0]


def test_nothing_is_known_after_the_export(bills: duckdb.DuckDBPyConnection) -> None:
    latest = ask(bills, "select max(greatest(signed_at, cod_collected_at, cod_paid_at)) from bills")
    assert latest[0].date() <= date(2026, 10, 31)
    open_now = ask(bills, "select count(*) from bills where status in ('in_transit', 'arrived')")
    assert open_now[0] > 0


def test_money_comes_after_signing_within_fifteen_days(bills: duckdb.DuckDBPyConnection) -> None:
    paid, soon, middle, late = ask(
        bills,
        """select count(*), min(lag), median(lag), max(lag) from (
          select epoch(cod_paid_at - signed_at) / 86400 as lag
          from bills join carriers using (carrier_id)
          where cod_paid_at is not null and signed_at > created_at and absconded_on is null)""",
    )
    assert paid > 10_000
    assert 3 <= soon < 3.1
    assert 4 < middle < 10
    assert 14 < late <= 15


def test_each_carrier_keeps_money_as_long_as_it_says(bills: duckdb.DuckDBPyConnection) -> None:
    furthest = ask(
        bills,
        """select max(abs(found - mean_payout_days)) from (
          select carrier_id, avg(epoch(cod_paid_at - signed_at)) / 86400 as found
          from bills where cod_paid_at is not null and signed_at > created_at
          and signed_at < '2026-09-30' group by 1) join carriers using (carrier_id)
        where absconded_on is null""",
    )
    # The longest lags are cut at 15 days, which shortens the means of slow carriers.
    assert furthest[0] < 1.5


def test_one_carrier_absconds(bills: duckdb.DuckDBPyConnection) -> None:
    ((gone, on),) = bills.execute(
        "select carrier_id, absconded_on from carriers where absconded_on is not null"
    ).fetchall()
    assert on == date(2026, 5, 17)
    bills.execute(f"create view its as select * from once where carrier_id = '{gone}'")
    before, after, paid_after = ask(
        bills,
        f"""select count(*) filter (created_at < '{on}'), count(*) filter (created_at >= '{on}'),
          count(*) filter (cod_paid_at >= '{on}') from its where return_of is null""",
    )
    assert before > 100
    assert (after, paid_after) == (0, 0)
    owed, merchants = ask(
        bills,
        """select sum(cod_amount), count(distinct shipper_id) from its
        where cod_collected_at is not null and cod_paid_at is null""",
    )
    assert owed > 100_000
    assert merchants > 5
    usual, late = ask(
        bills,
        f"""select median(lag) filter (signed_at < '{on}'::date - 60),
          median(lag) filter (signed_at >= '{on}'::date - 30) from (
            select *, epoch(cod_paid_at - signed_at) / 86400 as lag from its
            where cod_paid_at is not null)""",
    )
    assert late > usual + 3
    # Its merchants go on shipping, by others.
    kept = ask(
        bills,
        f"""select count(*) from (select shipper_id from its where created_at < '{on}'::date - 5
          group by 1 having count(*) > 20) as left_alone
        where shipper_id in (select shipper_id from once where created_at > '{on}'::date + 20)""",
    )
    assert kept[0] > 5


@pytest.mark.parametrize("day", [date(2025, 1, 29), date(2026, 2, 17), date(2027, 2, 6)])
def test_trade_stands_still_at_the_festival_of_the_calendar(day: date) -> None:
    days = load_calendar(CALENDAR_FILE)
    assert weigh_day(day, HARDWARE, days) < 0.1
    assert weigh_day(date(day.year, 4, 15), HARDWARE, days) > 0.9


def test_a_shock_of_the_calendar_is_a_trough() -> None:
    days = load_calendar(CALENDAR_FILE)
    shocked, usual = (weigh_day(date(year, 4, 21), HARDWARE, days) for year in (2022, 2026))
    assert shocked == pytest.approx(0.4 * usual)


def test_spring_festival_is_a_trough_in_the_waybills(bills: duckdb.DuckDBPyConnection) -> None:
    quiet, busy = ask(
        bills,
        """select count(*) filter (created_at between '2026-02-14' and '2026-02-24'),
        count(*) filter (created_at between '2026-04-14' and '2026-04-24') from bills""",
    )
    assert quiet < busy * 0.1


def test_each_trade_has_its_own_season(bills: duckdb.DuckDBPyConnection) -> None:
    def share_of(trade: str, months: str) -> float:
        return float(
            ask(
                bills,
                f"""select count(*) filter (month(created_at) in ({months})) / count(*)
                from bills where goods_category = '{trade}'
                and created_at >= '2025-11-01'""",
            )[0]
        )

    assert share_of("园林机械", "3, 4, 5") > share_of("劳保用品", "3, 4, 5") * 1.25
    assert share_of("家电", "5, 6, 7") > share_of("服装鞋帽", "5, 6, 7") * 1.3
    assert share_of("文体用品", "7, 8") > share_of("建材", "7, 8") * 1.2


def test_food_is_stocked_up_before_the_festival(bills: duckdb.DuckDBPyConnection) -> None:
    def rise_of(trade: str) -> float:
        return float(
            ask(
                bills,
                f"""select count(*) filter (created_at between '2026-01-18' and '2026-02-06')
                / count(*) filter (created_at between '2026-04-01' and '2026-04-21')
                from bills where goods_category = '{trade}'""",
            )[0]
        )

    assert rise_of("副食酒水") > 1.4 * rise_of("建材")


def test_few_merchants_ship_most(bills: duckdb.DuckDBPyConnection) -> None:
    top, middle, largest = ask(
        bills,
        """select sum(n) filter (place <= 90) / sum(n), median(n), max(n) from (
          select count(*) as n, row_number() over (order by count(*) desc) as place
          from once where return_of is null group by shipper_id)""",
    )
    assert 0.35 < top < 0.75  # of a tenth of the merchants
    assert largest > 10 * middle


def test_consignees_come_back(bills: duckdb.DuckDBPyConnection) -> None:
    back, before = ask(
        bills,
        """with pairs as (select shipper_id, consignee_id,
          bool_or(created_at < '2026-05-01') as early, bool_or(created_at >= '2026-05-01') as late
          from bills where created_at >= '2025-11-01' group by all)
        select count(*) filter (early and late), count(*) filter (early) from pairs""",
    )
    assert 0.3 < back / before < 0.8


def test_consignees_buy_from_several_merchants(bills: duckdb.DuckDBPyConnection) -> None:
    shared, all_ = ask(
        bills,
        """select count(*) filter (shippers > 1), count(*) from (
          select count(distinct shipper_id) as shippers from bills group by consignee_id)""",
    )
    assert 0.3 < shared / all_ < 0.95


def test_a_consignee_has_one_phone(bills: duckdb.DuckDBPyConnection) -> None:
    several = ask(
        bills,
        """select count(*) from (select consignee_id from bills
        where consignee_phone <> shipper_phone
        group by 1 having count(distinct consignee_phone) > 1)""",
    )
    assert several == (0,)


def test_fees_are_those_of_the_tariff(bills: duckdb.DuckDBPyConnection) -> None:
    right, all_ = ask(
        bills,
        """select count(*) filter (cod_fee = case
            when cod_amount = 0 then 0 when c.cod_fee_tariff = '0.1%' then ceil(cod_amount / 1000)
            when cod_amount <= 200 then 2 when cod_amount <= 3000 then 4
            else least(40, ceil(cod_amount * 15 / 10000)) end), count(*)
        from once join (select carrier_id, cod_fee as cod_fee_tariff from carriers) c
        using (carrier_id)""",
    )
    assert 0.98 < right / all_ < 1


def test_freight_rises_with_weight_and_distance(bills: duckdb.DuckDBPyConnection) -> None:
    light, heavy, near, far = ask(
        bills,
        """select avg(freight) filter (weight_kg between 50 and 100),
          avg(freight) filter (weight_kg between 500 and 1000),
          avg(freight) filter (destination = '连云港' and weight_kg between 200 and 300),
          avg(freight) filter (destination = '广州' and weight_kg between 200 and 300)
        from once""",
    )
    assert heavy > 4 * light
    assert far > 1.8 * near


def test_repetitions_are_exact_and_resets_are_not(bills: duckdb.DuckDBPyConnection) -> None:
    exact, changed = ask(
        bills,
        """with numbers as (select waybill_no, count(*) as rows, count(distinct cod_amount) as sums
          from bills group by 1 having count(*) > 1)
        select count(*) filter (sums = 1), count(*) filter (sums > 1) from numbers""",
    )
    assert exact > 20
    assert changed > 3
    whole = ask(bills, "select count(*) - count(distinct bills) from bills")
    assert whole[0] >= exact


def test_return_waybills_swap_the_parties(bills: duckdb.DuckDBPyConnection) -> None:
    wrong, returns = ask(
        bills,
        """select count(*) filter (b.shipper_id <> o.consignee_id or b.consignee_id <> o.shipper_id
          or b.cod_amount <> 0 or o.status <> 'returned' or b.created_at <= o.created_at
          or b.origin <> o.destination or b.destination <> o.origin), count(*)
        from bills b join once o on b.return_of = o.waybill_no""",
    )
    named = ask(bills, "select count(*) from bills where return_of is not null")
    assert wrong == 0
    assert returns == named[0] > 0


def test_young_merchants_are_young(bills: duckdb.DuckDBPyConnection) -> None:
    early = ask(
        bills,
        """select count(*) from once join merchants on shipper_id = merchant_id
        where return_of is null and created_at < opened_on""",
    )
    young = ask(bills, "select count(*) from merchants where pattern = 'young'")
    assert early == (0,)
    assert young[0] > 20
