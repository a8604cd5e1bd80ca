"""The files of a portfolio: the same to the byte, in the file format, for each month or day."""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest
import yaml

from app.demo.facts import CLEAN, DIFFERENCES
from app.demo.plan import BadPlan, Plan, make_plan
from app.demo.seasons import name_month, to_month
from app.demo.write import extend_portfolio, write_portfolio
from app.features.holidays import NoFestival
from app.settings import PROJECT_FOLDER
from tests.demo.conftest import PLAN, TODAY, ask

FILE_FORMAT = (
    "waybill_no shipper_id consignee_id created_at carrier_id outlet_id goods_name goods_category"
    " pieces weight_kg volume_m3 freight freight_payment cod_amount cod_amount_first cod_fee"
    " declared_value insured_fee origin destination signed_at cod_collected_at cod_paid_at status"
    " return_of operator shipper_name shipper_phone shipper_card consignee_name consignee_phone"
)
SMALL = make_plan(100, 3, 7, "2026-10", TODAY)


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


def test_the_number_of_processes_changes_no_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.demo.write.WORTH_A_PROCESS", 1)
    told: list[tuple[str, int, int]] = []
    write_portfolio(SMALL, tmp_path / "one")
    write_portfolio(SMALL, tmp_path / "two", lambda *step: told.append(step), workers=2)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    assert told == [("2026-08", 1, 3), ("2026-09", 2, 3), ("2026-10", 3, 3)]


def test_another_seed_gives_other_waybills(folder: Path, tmp_path: Path) -> None:
    write_portfolio(Plan(900, 1, 8, PLAN.end), tmp_path)
    name = "waybills-2026-10.parquet"
    assert (tmp_path / name).read_bytes() != (folder / name).read_bytes()


def test_a_written_month_stays_and_a_missing_one_comes_back(tmp_path: Path) -> None:
    write_portfolio(SMALL, tmp_path)
    before = digests(tmp_path)
    (tmp_path / "waybills-2026-09.parquet").unlink()
    made: list[str] = []
    write_portfolio(SMALL, tmp_path, lambda name, done, of: made.append(name))
    assert made == ["2026-09"]
    assert digests(tmp_path) == before


def test_a_new_month_changes_none_before(tmp_path: Path) -> None:
    write_portfolio(SMALL, tmp_path)
    before = digests(tmp_path)
    files = extend_portfolio(tmp_path, to_month(2026, 12))
    after = digests(tmp_path)
    assert [path.stem for path in files[-2:]] == ["waybills-2026-11", "waybills-2026-12"]
    assert {name: after[name] for name in before} == before


@pytest.mark.parametrize("file_format", ["parquet", "csv"])
def test_days_hold_together_what_the_month_holds(tmp_path: Path, file_format: str) -> None:
    plan = replace(SMALL, months=1)
    write_portfolio(plan, tmp_path / "month")
    paths = write_portfolio(replace(plan, by="day", format=file_format), tmp_path / "day")
    assert [path.stem for path in paths[:2]] == ["waybills-2026-10-01", "waybills-2026-10-02"]
    assert len(paths) == 31
    whole = f"'{tmp_path}/month/waybills-2026-10.parquet'"
    days = f"read_{file_format}('{tmp_path}/day/waybills-*.{file_format}', filename = true"
    days += ", all_varchar = true)" if file_format == "csv" else ")"
    with duckdb.connect() as connection:
        columns = "waybill_no, cod_amount::decimal(16,2), signed_at::timestamp, consignee_name"
        apart = f"select {columns} from {days}"
        assert ask(
            connection,
            f"select count(*) from (select {columns} from {whole} except all ({apart}))",
        ) == (0,)
        rows, of, in_place = ask(
            connection,
            f"""select (select count(*) from {whole}), count(*),
              count(*) filter (contains(filename, strftime(created_at::timestamp, '%Y-%m-%d')))
            from {days}""",
        )
    assert rows == of == in_place > 500


def test_another_plan_is_refused_in_the_same_folder(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BadPlan, match=r"900 merchants, 15 months up to 2026-10, seed 7"):
        write_portfolio(make_plan(901, 15, 7, "2026-10", TODAY), folder)
    with pytest.raises(BadPlan, match="name another folder"):
        write_portfolio(replace(PLAN, by="day"), folder)
    days = replace(SMALL, months=1, by="day", format="csv")
    write_portfolio(days, tmp_path)
    with pytest.raises(BadPlan, match=r"seed 7, by day, as CSV\)"):
        write_portfolio(replace(days, format="parquet"), tmp_path)


def test_a_portfolio_of_another_version_is_not_continued(tmp_path: Path) -> None:
    old = {"merchants": 100, "months": 3, "seed": 7, "end": "2026-10"}
    (tmp_path / "plan.json").write_text(json.dumps(old))
    with pytest.raises(BadPlan, match="another version of this program"):
        extend_portfolio(tmp_path, to_month(2026, 11))
    (tmp_path / "plan.json").write_text(json.dumps(old | {"generator": "two"}))
    with pytest.raises(BadPlan, match="cannot be read"):
        write_portfolio(SMALL, tmp_path)


@pytest.mark.parametrize(
    ("merchants", "months", "seed", "end", "by", "file_format", "word"),
    [
        (0, 24, 1, None, "month", "parquet", "merchants"),
        (10, 0, 1, None, "month", "parquet", "months"),
        (10, 24, -1, None, "month", "parquet", "seed"),
        (10, 24, 1, "2026-13", "month", "parquet", "YYYY-MM"),
        (10, 24, 1, "202610", "month", "parquet", "YYYY-MM"),
        (10, 24, 1, None, "week", "parquet", "month, day"),
        (10, 24, 1, None, "day", "xlsx", "parquet, csv"),
    ],
)
def test_bad_plans_name_what_to_write(
    merchants: int, months: int, seed: int, end: str | None, by: str, file_format: str, word: str
) -> None:
    with pytest.raises(BadPlan, match=word):
        make_plan(merchants, months, seed, end, TODAY, by, file_format)


def test_a_year_without_a_festival_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(NoFestival, match="2036"):
        write_portfolio(make_plan(10, 3, 1, "2036-01", TODAY), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("today", "last"), [(date(2026, 1, 1), "2025-12"), (TODAY, "2026-10")])
def test_default_end_is_the_last_full_month(today: date, last: str) -> None:
    assert name_month(make_plan(1, 1, 1, None, today).end) == last


@pytest.mark.parametrize("merchants", [1, 2, 3, 40])
def test_the_smallest_portfolios_can_be_made(tmp_path: Path, merchants: int) -> None:
    (path,) = write_portfolio(Plan(merchants, 1, 3, PLAN.end), tmp_path)
    with duckdb.connect() as connection:
        rows = ask(connection, f"select count(*) from '{path}'")[0]
    assert rows > 0 or merchants < 3


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


def test_facts_are_what_the_catalogue_asks_of_a_bank(folder: Path) -> None:
    catalogue = yaml.safe_load((PROJECT_FOLDER / "rulesets" / "catalogue.yaml").read_text())
    asked = {name for name, entry in catalogue["inputs"].items() if entry["from"] == "bank"}
    assert set(CLEAN) == asked
    files = sorted((folder / "facts").glob("*.json"))
    cheats = {row["merchant_id"] for row in csv.DictReader((folder / "truth.csv").open())}
    merchants = {row["merchant_id"] for row in csv.DictReader((folder / "merchants.csv").open())}
    assert len(files) == len(DIFFERENCES)
    for path in files:
        assert path.stem in merchants - cheats
        assert set(json.loads(path.read_text())) == asked
