"""The truth of a portfolio recounted from its waybills: each planted fraud is there, as strong as
it says and no longer than it says; and honest merchants leave traces too.
"""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from app.demo.frauds import KIND_NAMES, KINDS, plant_frauds
from app.demo.lanes import TOWNS
from tests.demo.conftest import PLAN, ask

# Of each kind the trace that a waybill bears, in SQL over `seen` (once a bill of the merchant).
TRACES = {
    "self_deal": "shipper_phone = consignee_phone or shipper_name = consignee_name"
    " or shipper_id = consignee_id",
    "reciprocal": "consignee_id = parties",
    "ring": "contains(parties, consignee_id)",
    "captive": "contains(parties, consignee_id)",
    "round": "cod_amount > 0 and cod_amount % 1000 = 0",
    "night": "hour(created_at) in (23, 0, 1, 2, 3, 4)",
    "fee_outlier": "cod_amount > 0 and abs(cod_fee - ceil(cod_amount / 1000)) > 2.5 and"
    " abs(cod_fee - case when cod_amount <= 200 then 2 when cod_amount <= 3000 then 4"
    " else least(40, ceil(cod_amount * 15 / 10000)) end) > 2.5",
    "edit_up": "cod_amount > cod_amount_first",
    "too_fast": "signed_at > created_at and epoch(signed_at - created_at) < km / 80 * 3600 + 7200",
    "void": "status in ('voided', 'cancelled')",
    "blacklist": "consignee_id in (select value from listed)"
    " or consignee_phone in (select value from listed)",
}
# What the trace is a share of, where not of all bills.
AMONG = {
    "round": "cod_amount > 0",
    "fee_outlier": "cod_amount > 0",
    "edit_up": "cod_amount > 0",
    "too_fast": "signed_at is not null",
}


@pytest.fixture
def seen(bills: duckdb.DuckDBPyConnection, folder: Path) -> duckdb.DuckDBPyConnection:
    bills.execute(
        f"create view listed as select value from read_csv('{folder}/reference/blacklist.csv',"
        " all_varchar = true)"
    )
    lanes = ", ".join(f"('{town}', {km})" for town, km in TOWNS.items())
    bills.execute(f"create table lanes as select * from (values {lanes}) as l(destination, km)")
    bills.execute(
        """create view seen as select b.*, km, kind, strength, coalesce(t.parties, '') as parties,
          t."from" as since, coalesce(t."to"::date, date '2100-01-01') as until
        from once b join lanes using (destination) join truth t on b.shipper_id = t.merchant_id
        where b.return_of is null"""
    )
    return bills


@pytest.mark.parametrize("kind", TRACES)
def test_a_fraud_is_as_strong_as_the_truth_says(seen: duckdb.DuckDBPyConnection, kind: str) -> None:
    """Over all merchants of the kind: found bills within five deviations of those planted."""
    found, planted, spread = ask(
        seen,
        f"""select count(*) filter ({TRACES[kind]}), sum(strength),
          sqrt(sum(strength * (1 - strength)))
        from seen where kind = '{kind}' and {AMONG.get(kind, "true")}
        and created_at::date between since and until
        -- Who cheats in two ways at once may have one trace over the other.
        and shipper_id in (select merchant_id from truth group by 1 having count(*) = 1)""",
    )
    assert planted > 5
    assert planted - 5 * spread < found < planted * 1.15 + 5 * spread


@pytest.mark.parametrize(
    "kind", ["self_deal", "round", "night", "fee_outlier", "edit_up", "too_fast", "void"]
)
def test_honest_merchants_have_some_of_it_but_little(
    seen: duckdb.DuckDBPyConnection, kind: str
) -> None:
    (share,) = ask(
        seen,
        f"""select avg(({TRACES[kind]})::int) from once join lanes using (destination)
        where {AMONG.get(kind, "true")} and return_of is null
        and shipper_id not in (select merchant_id from truth)""",
    )
    assert 0 < share < 0.06


def test_honest_neighbours_help_each_other_out(seen: duckdb.DuckDBPyConnection) -> None:
    share, both = ask(
        seen,
        """with sent as (select shipper_id, neighbour, count(*) as bills,
            count(*) filter (consignee_id = neighbour) as to_it
          from once join merchants on shipper_id = merchant_id
          where neighbour is not null and return_of is null group by 1, 2)
        select sum(to_it) / sum(bills), (select count(*) from sent a join sent b
          on a.shipper_id = b.neighbour where a.to_it > 0 and b.to_it > 0) from sent""",
    )
    assert 0.01 < share < 0.06
    assert both > 4


def test_honest_trade_has_no_large_circles(seen: duckdb.DuckDBPyConnection) -> None:
    """Merchants buy from merchants, but goods flow one way: else one component would hold many."""
    edges = seen.execute(
        """select distinct shipper_id, consignee_id from once
        where consignee_id like 'M%' and return_of is null and shipper_id <> consignee_id
        and created_at >= '2026-08-03'
        and shipper_id not in (
          select merchant_id from truth where kind in ('ring', 'reciprocal'))"""
    ).fetchall()
    assert len(edges) > 100
    places = {name: place for place, name in enumerate({name for edge in edges for name in edge})}
    ends = np.array([[places[name] for name in edge] for edge in edges])
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(places),) * 2)
    _, component = connected_components(graph.tocsr(), connection="strong")
    assert 2 <= np.bincount(component).max() < 20


def test_frauds_hold_from_and_to_the_days_of_the_truth(seen: duckdb.DuckDBPyConnection) -> None:
    within, outside = ask(
        seen,
        f"""select avg(({TRACES["night"]})::int)
            filter (created_at::date between since and until),
          avg(({TRACES["night"]})::int)
            filter (created_at::date not between since and until)
        from seen where kind = 'night'""",
    )
    assert within > 0.08
    assert outside is None or outside < 0.06


def test_exact_copies_and_resets(seen: duckdb.DuckDBPyConnection) -> None:
    rates = dict(
        seen.execute(
            """with rows as (select shipper_id, waybill_no, count(*) as n,
                count(distinct cod_amount) as sums from bills where return_of is null group by all)
            select kind, sum(case when kind = 'reset' then (sums > 1)::int else (n > sums)::int end)
              / sum(strength) from rows join truth on shipper_id = merchant_id
            where kind in ('duplicate', 'reset') and "from" < '2025-09-01' and "to" is null
            group by 1"""
        ).fetchall()
    )
    assert 0.6 < rates["duplicate"] < 1.5
    assert 0.4 < rates["reset"] < 1.8


def test_suspected_duplicates_are_alike_but_for_number_and_hour(
    seen: duckdb.DuckDBPyConnection,
) -> None:
    alike = """select count(distinct a.waybill_no) from once a join once b on
        a.shipper_id = b.shipper_id and a.consignee_id = b.consignee_id
        and a.cod_amount = b.cod_amount and a.pieces = b.pieces and a.weight_kg = b.weight_kg
        and b.created_at > a.created_at and b.created_at <= a.created_at + interval 24 hour
        where a.shipper_id {} (select merchant_id from truth where kind = 'duplicate_suspect')"""
    cheats, honest = (ask(seen, alike.format(word))[0] for word in ("in", "not in"))
    shipped = "select count(*) from once where shipper_id {} (select merchant_id from truth"
    shipped += " where kind = 'duplicate_suspect')"
    of, of_honest = (ask(seen, shipped.format(word))[0] for word in ("in", "not in"))
    assert cheats / of > 0.03
    assert 0 < honest / of_honest < 0.005


def test_phones_and_cards_are_shared_as_the_truth_says(seen: duckdb.DuckDBPyConnection) -> None:
    for kind, column in (("shared_phone", "shipper_phone"), ("shared_card", "shipper_card")):
        (wrong,) = ask(
            seen,
            f"""select count(*) from (
              select merchant_id, len(string_split(parties, ' ')) as others, (
                select count(distinct b.shipper_id) from once b
                where b.{column} in (select {column} from once where shipper_id = merchant_id)
              ) - 1 as found from truth where kind = '{kind}')
            where found not between others - 1 and others""",  # a small one may ship nothing
        )
        assert wrong == 0
    pairs, families = ask(
        seen,
        """with phones as (select shipper_phone, count(distinct shipper_id) as n from once
          where return_of is null group by 1)
        select (select count(*) from phones where n = 2),
          (select count(*) from merchants where phone_shared_with is not null)""",
    )
    assert pairs >= families * 0.8 > 5


def test_spikes_lie_in_the_last_month(seen: duckdb.DuckDBPyConnection) -> None:
    (ratio,) = ask(
        seen,
        """select median(last / before / strength) from (
          select shipper_id, any_value(strength) as strength,
            count(*) filter (created_at >= '2026-10-01') as last,
            count(*) filter (created_at between '2026-08-01' and '2026-10-01') / 2 as before
          from seen where kind = 'spike' group by 1)""",
    )
    assert 0.6 < ratio < 2


def test_fresh_customers_are_new_to_the_platform(seen: duckdb.DuckDBPyConnection) -> None:
    new, all_, planted = ask(
        seen,
        """with first as (select consignee_id, min(created_at) as first_at from once group by 1)
        select count(*) filter (created_at <= first_at + interval 30 day), count(*), sum(strength)
        from seen join first using (consignee_id)
        where kind = 'fresh' and created_at >= '2026-08-03' and created_at::date between since and
        until""",
    )
    assert all_ > 20
    assert planted * 0.7 < new < planted * 1.2 + 0.2 * all_


def test_invented_amounts_are_far_from_benford(seen: duckdb.DuckDBPyConnection) -> None:
    law = np.log10(1 + 1 / np.arange(1, 10))

    def distance(where: str) -> float:
        digits = seen.execute(
            f"""select ltrim(replace(cod_amount::varchar, '.', ''), '0')[1]::int as d, count(*)
            from once where cod_amount > 0 and {where} group by 1 order by 1"""
        ).fetchall()
        counts = np.array([count for _, count in digits])
        return float(np.abs(counts / counts.sum() - law).mean())

    cheats = "(select merchant_id from truth where kind = 'benford')"
    large = "(select shipper_id from once group by 1 having count(*) > 1500)"
    honest = f"shipper_id in {large} and shipper_id not in (select merchant_id from truth)"
    assert distance(f"shipper_id in {cheats}") > 0.02
    assert distance(honest) < 0.012


def test_the_lists_name_who_they_are_meant_for(
    seen: duckdb.DuckDBPyConnection, folder: Path
) -> None:
    with (folder / "reference" / "staff.csv").open() as file:
        staff = {row["value"] for row in csv.DictReader(file)}
    rows = seen.execute(
        """select distinct shipper_id, shipper_phone, shipper_card,
          shipper_id in (select merchant_id from truth where kind = 'outlet_related') from once"""
    ).fetchall()
    named = {shipper for shipper, phone, card, _ in rows if staff & {shipper, phone, card}}
    related = {shipper for shipper, _, _, is_related in rows if is_related}
    assert related
    # A relative with the phone or card of one of them is on the list with it.
    assert related <= named
    assert len(named) <= len(related) + 2
    assert len(staff) > 3 * len(related)


def test_every_kind_is_planted_at_its_share_and_in_groups() -> None:
    bills = np.full(20_000, 40.0)
    frauds = plant_frauds(bills, np.ones(20_000, dtype=bool), 3, 24_000)
    counts = Counter(frauds.kinds.tolist())
    for number, kind in enumerate(KINDS):
        wanted = kind.share * len(bills) / 100
        assert wanted * 0.8 < counts[number] < wanted * 1.35
        rows = frauds.rows_of(kind.name)
        sizes = Counter(frauds.groups[rows].tolist())
        least, most = kind.group
        assert all(least <= size <= most for size in sizes.values())
        low, high = kind.strength
        strengths = frauds.strengths[rows]
        assert (strengths >= low).all() and (strengths <= high).all()
        if high > low and len(sizes) > 30:  # weak ones and strong ones
            quarter = (high - low) / 4
            assert (strengths < low + quarter).any() and (strengths > high - quarter).any()
        assert len(set(frauds.merchants[rows].tolist())) == len(rows)


def test_every_kind_is_in_a_portfolio_of_some_size(seen: duckdb.DuckDBPyConnection) -> None:
    kinds = {row[0] for row in seen.execute("select distinct kind from truth").fetchall()}
    assert kinds == set(KIND_NAMES)
    first, last = ask(seen, 'select min("from"), max("to") from truth')
    assert first >= date(2025, 8, 1)
    assert last is None or last <= date(2026, 10, 31)
    assert PLAN.merchants >= 400
