"""Full features (rollups and arithmetic) of a synthetic lake, against DuckDB's group-by of the same
files by merchant and month; and the night after it, against the full build.

Run by itself: `python -m benchmarks.build_features [--smoke] [--waybills N]`. Each side runs in a
process of its own, so that its peak memory is its own; the two take turns, and medians count. A
floor is the faster of two runs in its process.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from statistics import median

from benchmarks._feature_lake import LAST_MONTH, make_lake, make_night
from benchmarks.table import Row, print_table

FULL, SMOKE = 20_000_000, 48_000
TURNS = 3
STEPS = ("rollups", "network", "features", "portfolio")
TARGET, MOST_GIB = 25.0, 3.0
PLAIN_TARGET = 15.0  # without the codes that compare freight, fees and repetitions
MEMORY_LIMIT_MB = 1_500
NIGHT_TARGET = 0.15
AS_OF = date((LAST_MONTH + 1) // 12, (LAST_MONTH + 1) % 12 + 1, 1)
# What has come beside the lake's months, by the side that is measured.
NIGHTS: dict[str, tuple[str, ...]] = {
    "build": (),
    "plain": (),
    "day": ("day",),
    "late": ("day", "late"),
}
FLOOR_SQL = (
    "select merchant_id, month, cast(sum(cod_fen) as bigint) as a,"
    " cast(sum(freight_fen) as bigint) as b, cast(sum(eligible_fen) as bigint) as c"
    " from read_parquet({files}, hive_partitioning = false)"
    " group by merchant_id, month"
)


def run(smoke: bool, waybills: int | None = None) -> list[Row]:
    """Measure floor, full build and the night after it in turns."""
    size = waybills or (SMOKE if smoke else FULL)
    make_lake(*_scale(size))
    make_night(*_scale(size))
    floors, builds, plain, nights, late_nights = [], [], [], [], []
    for _ in range(1 if smoke else TURNS):
        floors.append(_measure("floor", size))
        with tempfile.TemporaryDirectory(prefix="chengxin-bench-") as folder:
            builds.append(_measure("build", size, folder))
            nights.append(_measure("day", size, folder))
            late_nights.append(_measure("late", size, folder))
        with tempfile.TemporaryDirectory(prefix="chengxin-bench-") as folder:
            plain.append(_measure("plain", size, folder))
        floors.append(_measure("floor", size))
    floor, floor_cpu = (median(found[key] for found in floors) for key in ("seconds", "cpu"))
    ours, cpu = (median(found[key] for found in builds) for key in ("seconds", "cpu"))
    peak = max(found["peak_gib"] for found in builds)
    full = min(builds, key=lambda found: abs(found["seconds"] - ours))
    steps = ", ".join(f"{step} {full[step]:.1f}" for step in STEPS)
    without = median(one["seconds"] for one in plain)
    told = "the other codes, all features"
    rows = [Row("… freight, fees not judged", floor, without, without / floor, PLAIN_TARGET, told)]
    for title, found in (("one day more", nights), ("late rows of two months", late_nights)):
        night = median(one["seconds"] for one in found)
        told = ", ".join(f"{step} {found[0][step]:.1f}" for step in STEPS)
        target = NIGHT_TARGET if found is nights else None
        rows.append(Row(f"… the night after: {title}", ours, night, night / ours, target, told))
    return [
        Row(f"features of {size:,} waybills", floor, ours, ours / floor, TARGET, steps),
        Row("… processor time", floor_cpu, cpu, cpu / floor_cpu, None, "of all threads"),
        Row("… peak memory", MOST_GIB, peak, peak / MOST_GIB, 1.0, "floor is the bound", "GiB"),
        *rows,
    ]


def _scale(waybills: int) -> tuple[int, int, int]:
    """Waybills, merchants, consignees, in the proportions of 20 million, 60,000, 4 million."""
    return waybills, max(waybills * 60_000 // FULL, 50), max(waybills // 5, 1_000)


def _measure(side: str, waybills: int, folder: str = "") -> dict[str, float]:
    words = [sys.executable, "-m", "benchmarks.build_features", f"--side={side}"]
    done = subprocess.run(
        [*words, f"--waybills={waybills}", f"--folder={folder}"], check=True, capture_output=True
    )
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def _run_floor(waybills: int) -> dict[str, float]:
    import duckdb

    files = [str(path) for path in make_lake(*_scale(waybills)).values()]
    best = {"seconds": float("inf"), "cpu": float("inf")}
    with duckdb.connect(":memory:") as connection:
        connection.execute("set enable_progress_bar = false")
        for _ in range(2):
            begun, cpu = time.perf_counter(), _cpu_seconds()
            connection.execute(
                "create or replace temp table grouped as " + FLOOR_SQL.format(files=files)
            )
            best["seconds"] = min(best["seconds"], time.perf_counter() - begun)
            best["cpu"] = min(best["cpu"], _cpu_seconds() - cpu)
    return best


def _run_build(
    waybills: int,
    folder: Path,
    more: Sequence[str] = (),
    judges_carriage: bool = True,
    judges_amounts: bool = True,
) -> dict[str, float]:
    """Build the day after the lake's last month, or the next with what has come by then."""
    from app.features.build import build_snapshot
    from app.features.calendar import AsOf
    from app.features.carriage import list_carriage_rules
    from app.features.catalogue import load_feature_catalogue
    from app.features.holidays import load_calendar
    from app.features.lake import Import, LakeState, OutlierRule
    from app.features.reference import load_references
    from app.settings import PROJECT_FOLDER
    from app.waybills.cleaning import load_cleaning

    files = {month: (path,) for month, path in make_lake(*_scale(waybills)).items()}
    for name in more:
        for month, path in make_night(*_scale(waybills))[name].items():
            files[month] = (*files.get(month, ()), path)
    imports = ("bench", *more)
    rules = list_carriage_rules(
        {"tms"}, load_cleaning(PROJECT_FOLDER / "rulesets" / "cleaning.yaml")
    )
    lake = LakeState(
        folder,
        files,
        tuple(Import(name, "tms", f"{name}.parquet", name) for name in imports),
        frozenset(),
        {"tms": OutlierRule(10_000_000, 20)} if judges_amounts else {},
        load_calendar(PROJECT_FOLDER / "rulesets" / "calendar.yaml"),
        load_references(PROJECT_FOLDER / "rulesets", None),
        carriage_rules=rules if judges_carriage else {},
    )
    catalogue = load_feature_catalogue(PROJECT_FOLDER / "rulesets" / "catalogue.yaml")
    begun, cpu = time.perf_counter(), _cpu_seconds()
    as_of = AS_OF + timedelta(days=len(more))
    built = build_snapshot(lake, catalogue, AsOf(as_of), MEMORY_LIMIT_MB)
    return {
        **built.seconds,
        "seconds": time.perf_counter() - begun,
        "cpu": _cpu_seconds() - cpu,
        "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.build_features")
    parser.add_argument("--smoke", action="store_true", help="a tiny lake: does everything run?")
    parser.add_argument("--waybills", type=int, help=f"how many (default {FULL:,})")
    parser.add_argument("--side", choices=("floor", *NIGHTS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", default="", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.side == "floor":
        print(json.dumps(_run_floor(chosen.waybills)))
    elif chosen.side:
        more = NIGHTS[chosen.side]
        judges = chosen.side != "plain"
        print(json.dumps(_run_build(chosen.waybills, Path(chosen.folder), more, judges)))
    else:
        print_table(run(chosen.smoke, chosen.waybills))


if __name__ == "__main__":
    main()
