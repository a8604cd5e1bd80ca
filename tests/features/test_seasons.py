"""Seasons: what is planted in a portfolio is found again, with the Spring Festival in its place;
amounts are flatter for it; and too few merchants, too little time, shocks, other merchants change
only what they should.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from statistics import fmean, median, pstdev
from typing import Any

import numpy as np
import pytest

from app.features import blocks, portfolio
from app.features.calendar import first_day_of, month_of
from app.features.holidays import Calendar, NoFestival, load_calendar
from app.features.seasons import BY_DAYS, BY_MONTHS, MONTHS, Season, estimate, lay_out
from app.settings import PROJECT_FOLDER
from tests.features import slow, slow_peers
from tests.features.lakes import CATALOGUE, Waybill, build, see, write_lake
from tests.features.test_against_slow import assert_same
from tests.features.test_snapshots import run

CALENDAR = load_calendar(CATALOGUE.with_name("calendar.yaml"))
WEIGHTS = (1.0, 1.0, 1.15, 1.2, 1.1, 0.95, 0.85, 0.9, 1.15, 1.2, 1.1, 1.0)
FESTIVAL = 0.2  # of a day's trade is left while trade stands still
T = date(2026, 2, 1)  # M1 is January: before the festival of 2026, half of that of 2025
GROWTH = 0.2

Planted = Callable[[int], float]


def plant_by_days(month: int) -> float:
    """Calendar months, and a trough of days that moves with the festival."""
    first, end = first_day_of(month), first_day_of(month + 1)
    days = [first + timedelta(n) for n in range((end - first).days)]
    return fmean(WEIGHTS[d.month - 1] * (FESTIVAL if CALENDAR.is_closed(d) else 1) for d in days)


def plant_by_months(month: int) -> float:
    """Every month is alike but the one of the festival."""
    first = first_day_of(month)
    return 0.4 if first.month == CALENDAR.festival_of(first.year).month else 1.0


def draw_amounts(
    planted: Planted, last: int, *, merchants: int = 300, months: int = 26, noise: float = 0.3
) -> np.ndarray:
    """Merchants of every size, each with its own growth and its own good and bad months, in fen."""
    dice = np.random.default_rng(7)
    season = np.array([planted(last - back) for back in range(MONTHS)])
    sizes = np.exp(dice.normal(11, 1, (merchants, 1)))
    growth = dice.normal(GROWTH, 0.2, (merchants, 1)) * np.arange(MONTHS) / 12
    chance = np.exp(dice.normal(0, noise, (merchants, MONTHS)))
    amounts = np.round(sizes * season * np.exp(-growth) * chance * 100)
    amounts[:, months:] = 0
    return amounts


def find(planted: Planted, last: int, calendar: Calendar = CALENDAR, **other: Any) -> Season:
    amounts = draw_amounts(planted, last, **other)
    history = np.full(len(amounts), other.get("months", 26))
    season = estimate(lay_out(calendar, last), amounts, history, len(amounts))
    assert season is not None
    return season


def distance(season: Season, planted: Planted, last: int) -> np.ndarray:
    """By how much each month of the last two years is off, as a share of what was planted."""
    true = np.array([planted(last - back) for back in range(24)])
    ratio = season.index[:24] / true
    return np.abs(ratio / ratio.mean() - 1)


@pytest.mark.parametrize("months", [24, 26, 36])
@pytest.mark.parametrize(
    ("planted", "alignment"), [(plant_by_days, BY_DAYS), (plant_by_months, BY_MONTHS)]
)
@pytest.mark.parametrize("day", [date(2026, 3, 1), date(2025, 8, 1), date(2026, 1, 1)])
def test_what_is_planted_is_found(planted: Planted, alignment: str, day: date, months: int) -> None:
    """Without chance a month is off by 1% in the mean, by 8% at most (days on which trade stands
    still are of January here and of February there, which were planted apart), and the growth of
    the merchants is taken out.
    """
    last = month_of(day) - 1
    season = find(planted, last, months=months, noise=0.0)
    assert season.alignment == alignment
    assert distance(season, planted, last).max() < 0.08
    assert distance(season, planted, last).mean() < 0.01
    assert season.growth == pytest.approx(np.expm1(GROWTH), abs=0.05)


@pytest.mark.parametrize("planted", [plant_by_days, plant_by_months])
def test_chance_of_single_merchants_hardly_matters(planted: Planted) -> None:
    last = month_of(T) - 1
    assert distance(find(planted, last, noise=0.3), planted, last).max() < 0.2
    assert distance(find(planted, last, noise=0.3), planted, last).mean() < 0.06


def test_without_a_season_the_index_is_about_one() -> None:
    season = find(lambda month: 1.0, month_of(T) - 1, noise=0.0)
    assert season.index == pytest.approx(np.ones(MONTHS), abs=0.01)


def test_a_fall_of_everybody_is_no_season() -> None:
    """The whole trade halves for the last three months: the index takes half of that at most, and
    the year before has the same, so that a comparison with it shows the fall.
    """
    last = month_of(date(2026, 7, 1)) - 1
    season = find(lambda month: 0.5 if month > last - 3 else 1.0, last, noise=0.0)
    assert season.index[:3] == pytest.approx(season.index[12:15], abs=0.05)
    assert season.index[:3].min() > 0.7


def test_months_of_a_shock_do_not_count() -> None:
    """Spring 2022 stands in the calendar: a season that was planted is found as if it had not been;
    without the calendar's shocks it is not.
    """
    last = month_of(date(2023, 1, 1)) - 1
    shocked = month_of(date(2022, 4, 1))

    def planted(month: int) -> float:
        return plant_by_days(month) * (0.2 if month == shocked else 1.0)

    quiet = find(planted, last, noise=0.0)
    loud = find(planted, last, replace(CALENDAR, shocks=()), noise=0.0)
    back = last - month_of(date(2021, 4, 1))
    assert distance(quiet, plant_by_days, last)[back] < 0.05
    assert distance(loud, plant_by_days, last)[back] > 0.2


def test_the_index_is_bounded_and_its_mean_is_one() -> None:
    last = month_of(date(2020, 1, 1)) - 1  # the festival of 2019 was on 5 February, as in the mean
    wild = find(lambda month: 30.0 if month % 12 == 6 else 0.01, last, noise=0.0)
    assert wild.index.min() == 0.2 and wild.index.max() == 5.0
    mild = find(plant_by_days, last, noise=0.0)
    lengths = [(first_day_of(last - k + 1) - first_day_of(last - k)).days for k in range(12)]
    assert np.average(mild.index[:12], weights=lengths) == pytest.approx(1.0, abs=0.005)


def test_too_little_gives_none() -> None:
    last = month_of(T) - 1
    frame = lay_out(CALENDAR, last)
    amounts, history = draw_amounts(plant_by_days, last, merchants=200), np.full(200, 26)
    assert estimate(frame, amounts, history, 200) is not None
    assert estimate(frame, amounts[:199], history[:199], 199) is None
    with pytest.raises(NoFestival, match="add the line `2026"):
        early = {year: day for year, day in CALENDAR.spring_festival.items() if year < 2026}
        lay_out(replace(CALENDAR, spring_festival=early), last)


# ---- through the lake ----


def draw_portfolio() -> list[Waybill]:
    """205 hardware merchants and 30 of lamps with a season, 3 of several trades and 4 whose bills
    tell no category, over 26 months; a newcomer.
    """
    dice = random.Random(5)
    traders = [(f"H{n:03d}", "hardware") for n in range(205)]
    traders += [(f"L{n:02d}", "lamps") for n in range(30)]
    traders += [(f"S{n}", "several") for n in range(3)] + [(f"U{n}", None) for n in range(4)]
    last = month_of(T) - 1
    found = []
    for merchant, trade in [*traders, ("N", "hardware")]:
        size, growth = 50_000 * dice.lognormvariate(0, 1), dice.gauss(GROWTH, 0.2)
        for back in range(3 if merchant == "N" else 26):
            month = last - back
            sold = size * plant_by_days(month) * (1 + growth) ** (-back / 12)
            goods = [trade] if trade != "several" else ["ropes", "toys", "hats", "nails"]
            for part, good in enumerate(goods):
                found.append(
                    Waybill(
                        f"{merchant}-{month}-{part}",
                        datetime.combine(first_day_of(month), datetime.min.time()),
                        merchant_id=merchant,
                        consignee_id=f"C{dice.randrange(40)}",
                        cod_fen=round(sold / len(goods) * dice.lognormvariate(0, 0.15)) * 100,
                        goods_category=good,
                    )
                )
    return found


@pytest.fixture(scope="module")
def waybills() -> list[Waybill]:
    return draw_portfolio()


@pytest.fixture(scope="module")
def lake(waybills: list[Waybill], tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    return write_lake(tmp_path_factory.mktemp("lake"), {"one": waybills})


@pytest.fixture(scope="module")
def seen(lake: Any) -> dict[str, dict[str, Any]]:
    return see(lake, T)


def test_the_service_and_the_slow_implementation_agree(
    seen: dict[str, dict[str, Any]], waybills: list[Waybill]
) -> None:
    theirs = slow.compute(waybills, T)
    assert seen.keys() == theirs.keys()
    for merchant, row in theirs.items():
        assert_same(seen[merchant], row, merchant)


def test_seasons_stand_with_the_snapshot(lake: Any) -> None:
    snapshot = build(lake, T).snapshot
    told = snapshot.provenance["season"]
    assert set(told["industries"]) == {"*", "hardware"}, "lamps are too few"
    assert told["industries"]["hardware"]["merchants"] == 205
    assert told["industries"]["*"]["merchants"] == 238
    index = list(told["industries"]["hardware"]["index"].values())
    planted = [plant_by_days(month_of(T) - 1 - back) for back in range(24)]
    scale = fmean(index[:24]) / fmean(planted)
    assert index[:24] == pytest.approx([scale * p for p in planted], rel=0.1)
    text = (snapshot.path.parent / f"{snapshot.id}.season.csv").read_text("utf-8")
    assert hashlib.sha256(text.encode()).hexdigest() == told["sha256"]
    lines = [line for line in csv.DictReader(text.splitlines()) if line["industry"] == "hardware"]
    assert [float(line["index"]) for line in lines] == index
    assert lines[12]["month"] == "2025-01" and float(lines[12]["observed"]) < 0.8
    assert [line["observed"] != "" for line in lines] == [True] * 26 + [False] * 10


def test_amounts_are_flatter_and_years_comparable(
    seen: dict[str, dict[str, Any]], waybills: list[Waybill]
) -> None:
    """Raw, M1–M3 hold nothing of a festival, and M13–M15 half of that of 2025."""
    raw: dict[str, list[int]] = {}
    for name in seen:
        raw[name] = [0] * 26
    for w in waybills:
        raw[w.merchant_id][month_of(T) - 1 - w.month] += w.counted_fen
    settled = [name for name in seen if name[0] in "HLS"]
    flatter = [seen[n]["cv"] < pstdev(raw[n][:12]) / fmean(raw[n][:12]) for n in settled]
    assert sum(flatter) > 0.95 * len(settled)
    ours = median(seen[n]["yoy_3m"] for n in settled)
    plain = median(sum(raw[n][:3]) / sum(raw[n][12:15]) - 1 for n in settled)
    assert abs(ours - GROWTH) < 0.04 < abs(plain - GROWTH)
    assert seen["U1"]["yoy_3m"] == pytest.approx(sum(raw["U1"][:3]) / sum(raw["U1"][12:15]) - 1)
    assert seen["U1"]["cod_min_month"] == min(raw["U1"][:12])
    assert seen["S1"]["cod_min_month"] > min(raw["S1"][:12])


def test_order_blocks_files_and_samples(
    tmp_path: Path, lake: Any, waybills: list[Waybill], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither what order rows come in nor where blocks are cut changes a bit; a sample is the same
    merchants whatever the order, and its index is close to that of all.
    """
    whole = build(lake, T).snapshot.provenance
    monkeypatch.setattr(blocks, "BLOCK_MERCHANTS", 50)
    shuffled = random.Random(1).sample(waybills, len(waybills))
    other = write_lake(tmp_path, {"two": shuffled[:999], "three": shuffled[999:]})
    again = build(other, T).snapshot.provenance
    assert again["content_sha256"] == whole["content_sha256"]
    assert again["season"] == whole["season"]
    monkeypatch.setattr(portfolio, "SAMPLE", 201)
    monkeypatch.setattr(portfolio, "AT_ONCE", 100)
    few, same = (build(one, T).snapshot.provenance for one in (lake, other))
    assert few["season"] == same["season"]
    assert few["content_sha256"] == same["content_sha256"]
    ours, theirs = (
        list(told["season"]["industries"]["hardware"]["index"].values()) for told in (few, whole)
    )
    assert ours != theirs
    assert ours == pytest.approx(theirs, rel=0.03)


def test_another_merchant_moves_seasons_alone(
    tmp_path: Path, lake: Any, seen: dict[str, dict[str, Any]], waybills: list[Waybill]
) -> None:
    """Of others, one without two years changes only what compares with peers; fifty with another
    season change what is seasonal as well, of their own industry and of those who have all
    industries' index, and nothing of who has none.
    """
    young = Waybill("Y", datetime(2025, 12, 5), merchant_id="Y", consignee_id="Y's own")  # noqa: DTZ001
    both = see(write_lake(lake.folder, {"one": waybills, "more": [young]}), T)
    for name, row in seen.items():
        moved = {feature for feature in row if row[feature] != both[name][feature]}
        assert moved <= set(slow_peers.COMPARED), name
    last = month_of(T) - 1
    strange = [
        Waybill(
            f"X{n}-{back}",
            datetime.combine(first_day_of(last - back), datetime.min.time()),
            merchant_id=f"X{n:02d}",
            consignee_id=f"X{n}'s own",
            cod_fen=(9_000_000 if (last - back) % 12 == 6 else 100_000) + n,
        )
        for n in range(50)
        for back in range(26)
    ]
    both = see(write_lake(tmp_path, {"one": [*waybills, *strange]}), T)
    allowed = set(slow_peers.COMPARED) | set(slow_peers.SEASONAL)
    moved_of = {name: {f for f in row if row[f] != both[name][f]} for name, row in seen.items()}
    assert all(moved <= allowed for moved in moved_of.values())
    for name in ("H001", "L01", "S1"):
        assert "cod_trim_month" in moved_of[name]
    assert moved_of["U1"] <= set(slow_peers.COMPARED)


def test_less_than_two_years_has_no_season(lake: Any, waybills: list[Waybill]) -> None:
    day = date(2025, 11, 1)  # 23 months after the first
    assert build(lake, day).snapshot.provenance["season"]["industries"] == {}
    found = see(lake, day)["H001"]
    months = [0] * 12
    for w in waybills:
        if w.merchant_id == "H001" and month_of(day) - 12 <= w.month < month_of(day):
            months[month_of(day) - 1 - w.month] += w.counted_fen
    assert found["cod_min_month"] == min(months)
    assert found["yoy_12m"] == "TOO_LITTLE_HISTORY"


def test_nobody_before_the_day(tmp_path: Path) -> None:
    """The day's month has waybills, all of them later: a snapshot of nobody."""
    lake = write_lake(tmp_path, {"one": [Waybill("W", datetime(2026, 1, 20))]})  # noqa: DTZ001
    snapshot = build(lake, date(2026, 1, 15)).snapshot
    assert snapshot.read().num_rows == 0
    assert snapshot.provenance["season"]["industries"] == {}


def test_a_category_that_is_written_like_all(tmp_path: Path, waybills: list[Waybill]) -> None:
    """`*` stands for all industries; merchants of such goods have the index of all."""
    starred = [replace(w, goods_category="*") for w in waybills if w.merchant_id[0] == "H"]
    others = [w for w in waybills if w.merchant_id[0] in "LS"]
    told = build(write_lake(tmp_path, {"one": [*starred, *others]}), T).snapshot.provenance
    assert {name: s["merchants"] for name, s in told["season"]["industries"].items()} == {"*": 238}


def test_commands(lake: Any, tmp_path: Path) -> None:
    """The index can be read on the command line; what has none is said."""
    snapshot = build(lake, T).snapshot
    environment = {**os.environ, "CHENGXIN_HOME": str(tmp_path), "PYTHONPATH": str(PROJECT_FOLDER)}
    folder = tmp_path / "lake" / "features" / f"as_of={T}"
    folder.mkdir(parents=True)
    for ending in (".parquet", ".json", ".season.csv"):
        name = f"{snapshot.id}{ending}"
        shutil.copy(snapshot.path.parent / name, folder / name)
    shown = run(environment, "season", "--as-of", str(T))
    assert shown.returncode == 0, shown.stderr
    assert "hardware: 205 merchants" in shown.stdout and "2025-01  0." in shown.stdout
    told = json.loads(run(environment, "season", "--as-of", str(T), "--json").stdout)
    assert told["industries"] == snapshot.provenance["season"]["industries"]
    (listed,) = json.loads(run(environment, "list", "--json").stdout)
    assert listed["season"] == snapshot.provenance["season"]
    wrong = run(environment, "season", "--as-of", str(T), "--industry", "lamps")
    assert wrong.returncode == 2 and "'lamps' has no index of its own" in wrong.stderr
    none = run(environment, "season", "--as-of", "2026-02-02")
    assert none.returncode == 2 and "run chengxin features build" in none.stderr
