"""The simulated portfolio: the same to the byte, in the file format, and with what it promises."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest
import yaml

from app.demo.facts import CLEAN, DIFFERENCES
from app.demo.portfolio import KIND_NAMES
from app.demo.seasons import name_month, to_month, weigh_day
from app.demo.write import BadPlan, Plan, extend_portfolio, make_plan, write_portfolio
from app.settings import PROJECT_FOLDER

TODAY = date(2026, 11, 23)
PLAN = make_plan(600, 15, 7, "2026-10", TODAY)

FILE_FORMAT = (
    "waybill_no shipper_id consignee_id created_at carrier_id outlet_id goods_name goods_category"
    " pieces weight_kg volume_m3 freight freight_payment cod_amount cod_amount_first cod_fee"
    " declared_value insured_fee origin destination signed_at cod_collected_at cod_paid_at status"
    " return_of operator shipper_name shipper_phone consignee_name consignee_phone"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("portfolio")
    write_portfolio(PLAN, path)
    return path


@pytest.fixture
def bills(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(f"create view bills as select * from '{folder}/waybills-*.parquet'")
        connection.execute(f"set variable files = '{folder}/waybills-*.parquet'")
        connection.execute(f"create view truth as select * from '{folder}/truth.csv'")
        yield connection


def ask(connection: duckdb.DuckDBPyConnection, question: str) -> tuple:
    answer = connection.execute(question).fetchone()
    assert answer is not None
    return answer


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_same_plan_same_bytes(folder: Path, tmp_path: Path) -> None:
    write_portfolio(PLAN, tmp_path)
    assert digests(tmp_path) == digests(folder)
    assert len(list(tmp_path.glob("waybills-*.parquet"))) == PLAN.months


def test_another_seed_gives_other_waybills(folder: Path, tmp_path: Path) -> None:
    write_portfolio(Plan(600, 1, 8, PLAN.end), tmp_path)
    name = "waybills-2026-10.parquet"
    assert (tmp_path / name).read_bytes() != (folder / name).read_bytes()


def test_a_written_month_stays_and_a_missing_one_comes_back(folder: Path, tmp_path: Path) -> None:
    write_portfolio(PLAN, tmp_path)
    before = digests(tmp_path)
    (tmp_path / "waybills-2026-03.parquet").unlink()
    made: list[str] = []
    write_portfolio(PLAN, tmp_path, made.append)
    assert made == ["2026-03"]
    assert digests(tmp_path) == before


def test_a_new_month_changes_none_before(folder: Path, tmp_path: Path) -> None:
    plan = make_plan(100, 3, 7, "2026-10", TODAY)
    write_portfolio(plan, tmp_path)
    before = digests(tmp_path)
    files = extend_portfolio(tmp_path, to_month(2026, 12))
    after = digests(tmp_path)
    assert [path.stem for path in files[-2:]] == ["waybills-2026-11", "waybills-2026-12"]
    assert {name: after[name] for name in before} == before


def test_another_plan_is_refused_in_the_same_folder(folder: Path) -> None:
    with pytest.raises(BadPlan, match=r"600 merchants, 15 months up to 2026-10, seed 7"):
        write_portfolio(make_plan(601, 15, 7, "2026-10", TODAY), folder)


@pytest.mark.parametrize(
    ("merchants", "months", "seed", "end", "word"),
    [
        (0, 24, 1, None, "merchants"),
        (10, 0, 1, None, "months"),
        (10, 24, -1, None, "seed"),
        (10, 24, 1, "2026-13", "YYYY-MM"),
        (10, 24, 1, "202610", "YYYY-MM"),
    ],
)
def test_bad_plans_name_what_to_write(
    merchants: int, months: int, seed: int, end: str | None, word: str
) -> None:
    with pytest.raises(BadPlan, match=word):
        make_plan(merchants, months, seed, end, TODAY)


@pytest.mark.parametrize(("today", "last"), [(date(2026, 1, 1), "2025-12"), (TODAY, "2026-10")])
def test_default_end_is_the_last_full_month(today: date, last: str) -> None:
    assert name_month(make_plan(1, 1, 1, None, today).end) == last


def test_files_have_the_whole_format_and_their_month(bills: duckdb.DuckDBPyConnection) -> None:
    described = bills.execute("describe bills").fetchall()
    types = {row[0]: row[1] for row in described}
    assert set(types) == set(FILE_FORMAT.split())
    assert types["cod_amount"] == "DECIMAL(16,2)"
    assert types["created_at"] == "TIMESTAMP"
    first, last = ask(bills, "select min(created_at)::date, max(created_at)::date from bills")
    assert (first, last) == (date(2025, 8, 1), date(2026, 10, 31))
    in_other_files = ask(
        bills,
        """select count(*) from (select filename, strftime(created_at, '%Y-%m') as month
        from read_parquet(getvariable('files'), filename = true))
        where not contains(filename, month)""",
    )
    assert in_other_files == (0,)


def test_nothing_is_known_after_the_export(bills: duckdb.DuckDBPyConnection) -> None:
    latest = ask(bills, "select max(greatest(signed_at, cod_collected_at, cod_paid_at)) from bills")
    assert latest[0].date() <= date(2026, 10, 31)
    open_now = ask(bills, "select count(*) from bills where status in ('in_transit', 'arrived')")
    assert open_now[0] > 0


def test_money_comes_after_signing_within_fifteen_days(bills: duckdb.DuckDBPyConnection) -> None:
    paid, soon, late = ask(
        bills,
        """select count(*), min(cod_paid_at - signed_at), max(cod_paid_at - signed_at) from bills
        where cod_paid_at is not null and signed_at > created_at""",
    )
    assert paid > 1_000
    assert soon.days >= 3
    assert late.total_seconds() <= 15 * 86_400


def test_spring_festival_is_a_trough(bills: duckdb.DuckDBPyConnection) -> None:
    assert weigh_day(date(2026, 2, 17)) < 0.1 < 0.9 < weigh_day(date(2026, 4, 15))
    quiet, busy = ask(
        bills,
        """select count(*) filter (created_at between '2026-02-14' and '2026-02-24'),
        count(*) filter (created_at between '2026-04-14' and '2026-04-24') from bills""",
    )
    assert quiet < busy * 0.2


def test_consignees_come_back(bills: duckdb.DuckDBPyConnection) -> None:
    back, before = ask(
        bills,
        """with pairs as (select shipper_id, consignee_id,
          bool_or(created_at < '2026-05-01') as early, bool_or(created_at >= '2026-05-01') as late
          from bills where created_at >= '2025-11-01' group by all)
        select count(*) filter (early and late), count(*) filter (early) from pairs""",
    )
    assert 0.2 < back / before < 0.9


def test_a_consignee_has_one_phone(bills: duckdb.DuckDBPyConnection) -> None:
    several = ask(
        bills,
        """select count(*) from (select consignee_id from bills
        where consignee_phone <> shipper_phone
        group by 1 having count(distinct consignee_phone) > 1)""",
    )
    assert several == (0,)


def test_every_kind_is_there_and_young_ones_are_young(bills: duckdb.DuckDBPyConnection) -> None:
    kinds = {row[0] for row in bills.execute("select distinct kind from truth").fetchall()}
    # Rings and spikes are one in two hundred: a small portfolio may lack a whole ring.
    assert kinds >= set(KIND_NAMES) - {"fraud_ring", "fraud_spike"}
    earliest = ask(
        bills,
        """select min(created_at)::date from bills join truth on shipper_id = merchant_id
        where kind = 'young' and return_of is null""",
    )
    assert earliest[0] >= date(2025, 11, 1)


def test_frauds_leave_their_traces(bills: duckdb.DuckDBPyConnection) -> None:
    shares = {
        row[0]: row[1:]
        for row in bills.execute(
            """select kind, avg((shipper_phone = consignee_phone)::int),
            avg((cod_amount % 1000 = 0)::int), avg((cod_amount > cod_amount_first)::int)
            from bills join truth on shipper_id = merchant_id
            where cod_amount > 0 group by 1"""
        ).fetchall()
    }
    assert shares["fraud_self_deal"][0] > 0.1 > 0.01 > shares["steady"][0]
    assert shares["fraud_round"][1] > 0.4 > 0.1 > shares["steady"][1]
    assert shares["fraud_edit_up"][2] > 0.1 > 0.03 > shares["steady"][2]


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
          or b.cod_amount <> 0 or o.status <> 'returned' or b.created_at <= o.created_at), count(*)
        from bills b join (select distinct on (waybill_no) * from bills) o
        on b.return_of = o.waybill_no""",
    )
    named = ask(bills, "select count(*) from bills where return_of is not null")
    assert wrong == 0
    assert returns == named[0] > 0


def test_facts_are_what_the_catalogue_asks_of_a_bank(folder: Path) -> None:
    catalogue = yaml.safe_load((PROJECT_FOLDER / "rulesets" / "catalogue.yaml").read_text())
    asked = {name for name, entry in catalogue["inputs"].items() if entry["from"] == "bank"}
    assert set(CLEAN) == asked
    files = sorted((folder / "facts").glob("*.json"))
    merchants = {row["merchant_id"] for row in csv.DictReader((folder / "truth.csv").open())}
    assert len(files) == len(DIFFERENCES)
    for path in files:
        assert path.stem in merchants
        assert set(json.loads(path.read_text())) == asked
