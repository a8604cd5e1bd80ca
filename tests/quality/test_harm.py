"""Every harm that is planted into the last night is found, by the expectation that is about it and
at its place; the clean months raise nothing on any of their nights.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.quality.check import Published, check_day
from app.waybills.lake import Lake
from tests.quality.nights import (
    FIRST,
    NIGHT,
    RULESETS,
    broken,
    check,
    desk_of,
    take_in,
    write_bills,
)

LAST_NIGHT = "created_at >= timestamp '2025-11-30'"


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of all nights but the last, from five monthly files."""
    folder = tmp_path_factory.mktemp("clean")
    for month in range(7, 12):
        path = folder / f"{month}.parquet"
        write_bills(path, f"month(created_at) = {month} and not {LAST_NIGHT}")
        take_in(folder / "lake", path)
    check(folder / "lake")  # the measures are made once
    return folder / "lake"


@pytest.fixture
def harmed(clean: Path, tmp_path: Path) -> Callable[[str], dict[str, Any]]:
    """The report after the last night came, harmed by an SQL statement."""

    def plant(harm: str) -> dict[str, Any]:
        lake = tmp_path / "lake"
        shutil.copytree(clean, lake)
        write_bills(tmp_path / "night.parquet", LAST_NIGHT, harm)
        take_in(lake, tmp_path / "night.parquet")
        return check(lake)

    return plant


def replace(**changes: str) -> str:
    given = ", ".join(f"{value} as {column}" for column, value in changes.items())
    return f"select * replace ({given}) from bills"


HARMS = {
    "clean": ("select * from bills", set()),
    "a carrier's day is missing": (
        "select * from bills where carrier_id <> 'K2'",
        {"carrier-volume"},
    ),
    "the file is cut short": (
        "select * from bills order by created_at limit (select count(*) // 2 from bills)",
        {"source-volume"},
    ),
    "the file came twice under new numbers": (
        "select * from bills union all select * replace ('X' || waybill_no as waybill_no)"
        " from bills",
        {"source-volume"},
    ),
    "a column is null": (
        replace(goods_category="null::varchar"),
        {"nulls", "nulls-of-source"},
    ),
    "a carrier's column is null": (
        replace(cod_amount="case when carrier_id = 'K1' then null else cod_amount end"),
        {"nulls"},
    ),
    "amounts are in fen": (replace(cod_amount="cod_amount * 100"), {"ticket", "mean-ticket"}),
    "one carrier's amounts are in fen": (
        replace(cod_amount="case when carrier_id = 'K4' then cod_amount * 100 else cod_amount end"),
        {"ticket", "mean-ticket"},
    ),
    "freight is in fen": (replace(freight="freight * 100"), {"freight"}),
    "states are renamed": (
        replace(status="case status when 'signed' then 'delivered' else status end"),
        {"new-words"},
    ),
    "the clock is eight hours behind": (
        replace(created_at="created_at - interval 8 hour", signed_at="null::timestamp"),
        {"clock", "source-volume", "carrier-volume"},
    ),
    "everything is returned at one carrier": (
        replace(status="case when carrier_id = 'K3' then 'returned' else status end"),
        {"carrier-codes", "carrier-codes-of-a-month", "codes-of-a-day"},
    ),
}


@pytest.mark.parametrize("name", HARMS)
def test_planted_harm_is_found(harmed: Callable[[str], dict[str, Any]], name: str) -> None:
    harm, expected = HARMS[name]
    report = harmed(harm)
    found = broken(report)
    if not expected:
        assert report["findings"] == [] and report["verdict"] == "pass"
        return
    assert report["verdict"] == "fail"
    assert found and found <= expected, [one["said"]["en"] for one in report["findings"]]
    for one in report["findings"]:
        assert one["place"]["to"] in ("2025-11-29", "2025-11-30")
        assert all(one[key][language] for key in ("said", "reason", "look_at")
                   for language in ("zh", "en"))  # fmt: skip


def test_the_place_is_named(harmed: Callable[[str], dict[str, Any]]) -> None:
    report = harmed("select * from bills where carrier_id <> 'K2'")
    (one,) = report["findings"]
    assert (one["place"]["source"], one["place"]["carrier"]) == ("tms", "K2")
    assert one["said"]["en"].startswith(
        "tms K2, 2025-11-30: bills beside other carriers 0, usually"
    )
    assert one["worst"]["measured"] == 0 and one["worst"]["limit"] == 0.55
    assert one["imports"] and one["imports"][0].startswith("000006-")


def test_a_carriers_returns_tripled_over_a_month(clean: Path, tmp_path: Path) -> None:
    """Too few for a day; a month's file says it."""
    lake = tmp_path / "lake"
    for month in range(7, 12):
        path = tmp_path / f"{month}.parquet"
        harm = replace(
            status="case when carrier_id = 'K5' and hash(waybill_no) % 100 < 5 then 'returned'"
            " else status end"
        )
        write_bills(path, f"month(created_at) = {month}", harm if month == 11 else "from bills")
        take_in(lake, path)
    report = check(lake)
    assert broken(report) <= {"carrier-codes", "carrier-codes-of-a-month"} and broken(report)
    assert {one["place"]["carrier"] for one in report["findings"]} == {"K5"}
    assert {one["place"]["item"] for one in report["findings"]} == {"RETURNED"}


def test_no_night_of_the_clean_months_is_held(clean: Path, tmp_path: Path) -> None:
    """False alarms: none on any day of five months, National Day among them."""
    rulesets = tmp_path / "rulesets"
    rulesets.mkdir()
    for name in ("calendar.yaml", "cleaning.yaml", "expectations.yaml"):
        text = (RULESETS / name).read_text("utf-8")
        text = text.replace("look_back_days: 31", "look_back_days: 150")
        (rulesets / name).write_text(text, "utf-8")
    report = check_day(desk_of(clean, rulesets), NIGHT + timedelta(days=1))
    assert report["from"] == "2025-07-03"
    assert [one["said"]["en"] for one in report["findings"]] == []
    assert report["counts"]["judged"] > 10_000


def test_a_young_source_and_an_empty_lake_raise_nothing(tmp_path: Path) -> None:
    assert check(tmp_path / "lake")["verdict"] == "pass"
    write_bills(tmp_path / "few.parquet", f"created_at < timestamp '{FIRST}' + interval 20 day")
    take_in(tmp_path / "lake", tmp_path / "few.parquet")
    report = check(tmp_path / "lake", date(2025, 7, 21))
    assert report["findings"] == [] and report["counts"]["not_judged"] > 0


def test_a_small_portfolio_is_below_the_bases(tmp_path: Path) -> None:
    """A twentieth of the bills, with a day missing: nothing is said of it."""
    write_bills(
        tmp_path / "small.parquet",
        "hash(waybill_no || 'x') % 20 = 0 and created_at::date <> date '2025-11-28'",
    )
    take_in(tmp_path / "lake", tmp_path / "small.parquet")
    assert check(tmp_path / "lake")["findings"] == []


def test_files_that_are_split_or_come_in_another_order_say_the_same(tmp_path: Path) -> None:
    harm = "select * from bills where carrier_id <> 'K2' or created_at < timestamp '2025-11-25'"
    found = []
    for name, parts in (("one", 1), ("many", 3)):
        lake = tmp_path / name
        for part in reversed(range(parts)):
            path = tmp_path / f"{name}-{part}.parquet"
            write_bills(path, f"hash(waybill_no) % {parts} = {part}", harm)
            take_in(lake, path)
        found.append(check(lake))
    one, many = ([(f["expectation"], f["place"], f["worst"]) for f in report["findings"]
                  if f["severity"] == "fail"] for report in found)  # fmt: skip
    assert one == many and one
    assert found[0]["sources"] == found[1]["sources"]


def test_old_days_for_which_rows_came_since_the_last_snapshot_are_judged(
    clean: Path, tmp_path: Path
) -> None:
    lake = tmp_path / "lake"
    shutil.copytree(clean, lake)
    known = frozenset(one.id for one in Lake(lake).imports())
    write_bills(
        tmp_path / "again.parquet",
        "created_at::date between date '2025-09-16' and date '2025-09-17'",
        "select * replace ('Y' || waybill_no as waybill_no) from bills",
    )
    take_in(lake, tmp_path / "again.parquet")
    assert broken(check(lake, NIGHT)) == set()  # far behind the days that are always judged
    published = Published(known, datetime.now(UTC))
    report = check(lake, NIGHT, published=published)
    assert broken(report) == {"source-volume"}
    assert {one["place"]["from"] for one in report["findings"] if one["severity"] == "fail"} == {
        "2025-09-16"
    }
