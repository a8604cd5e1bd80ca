"""Thirty features by hand in Polars and in ClickHouse embedded, from scratch each night, against
our build and the night after it.

Run by itself: `python -m benchmarks.other_engines [--smoke] [--waybills N]`. Each side runs in a
process of its own. Before anything is timed against anything, the values of both queries must be
ours: whole numbers exactly, ratios to 1e-9, nulls where ours are null; otherwise the run fails.

Our side makes all features of the catalogue, not only the thirty: a build has no smaller form.
AMOUNT_OUTLIER, FREIGHT_OUTLIER and FEE_OUTLIER are judged on no side.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks._feature_lake import make_lake, make_night
from benchmarks._hand_queries import FEATURES, ask_clickhouse, ask_polars
from benchmarks.build_features import AS_OF, _run_build, _scale
from benchmarks.table import Row, print_table

FULL, SMOKE = 20_000_000, 48_000
TURNS = 3
FULL_TARGET, NIGHT_TARGET = 1.5, 0.3
NEAR = 1e-9  # relative, and absolute below 1
ENGINES: Mapping[str, Callable[[Sequence[str], date], pa.Table]] = {
    "Polars": ask_polars,
    "ClickHouse": ask_clickhouse,
}
SPANS: Mapping[str, tuple[str, ...]] = {"full": (), "night": ("day",)}


class OtherValues(Exception):
    """A query by hand says something else than the build; the message names where."""


def run(smoke: bool, waybills: int | None = None, turns: int | None = None) -> list[Row]:
    """Ours and both queries in turns, over the same files; compare their values, then times."""
    size = waybills or (SMOKE if smoke else FULL)
    make_lake(*_scale(size))
    make_night(*_scale(size))
    times: dict[tuple[str, str], list[dict[str, float]]] = {}
    for turn in range(turns or (1 if smoke else TURNS)):
        with tempfile.TemporaryDirectory(prefix="chengxin-bench-") as name:
            folder = Path(name)
            for span in SPANS:
                for side in ("ours", *ENGINES):
                    times.setdefault((side, span), []).append(_measure(side, span, size, folder))
                if turn == 0:
                    for side in ENGINES:
                        compare(
                            side, _ours(folder, span), pq.read_table(_place(folder, side, span))
                        )
    return _tell(size, times)


def _tell(size: int, times: Mapping[tuple[str, str], list[dict[str, float]]]) -> list[Row]:
    def of(side: str, span: str, key: str = "seconds") -> float:
        return median(found[key] for found in times[side, span])

    rows = []
    titles = {"full": f"30 features of {size:,} waybills", "night": "… the night after"}
    for span, target in (("full", FULL_TARGET), ("night", NIGHT_TARGET)):
        faster = min(ENGINES, key=lambda side: of(side, span))
        ours = of("ours", span)
        told = f"floor {faster}; ours makes all features"
        floor = of(faster, span)
        rows.append(Row(titles[span], floor, ours, ours / floor, target, told))
        for side in ENGINES:
            floor = of(side, span)
            peak = max(found["peak_gib"] for found in times[side, span])
            rows.append(
                Row(f"… {side}", floor, ours, ours / floor, None, f"its peak {peak:.1f} GiB")
            )
        cpu, floor = of("ours", span, "cpu"), min(of(side, span, "cpu") for side in ENGINES)
        rows.append(Row("… processor time", floor, cpu, cpu / floor, None, "of all threads"))
    return rows


def compare(side: str, ours: pa.Table, theirs: pa.Table) -> None:
    """Check that both tables say the same of the same merchants. Raises OtherValues."""
    theirs = theirs.set_column(
        theirs.column_names.index("merchant_id"),
        "merchant_id",
        theirs.column("merchant_id").cast(pa.string()),
    ).sort_by("merchant_id")
    merchants = ours.column("merchant_id").to_pylist()
    if merchants != theirs.column("merchant_id").to_pylist():
        raise OtherValues(f"{side}: other merchants than the build's")
    for name in FEATURES:
        kind = ours.column(name).type
        one, other = ours.column(name), theirs.column(name).cast(kind)
        null = one.is_null().to_numpy()
        values, told = (pc.fill_null(found, 0).to_numpy() for found in (one, other))
        if pa.types.is_floating(kind):
            differs = ~np.isclose(values, told, rtol=NEAR, atol=NEAR)
        else:
            differs = values != told
        differs |= null != other.is_null().to_numpy()
        if differs.any():
            row = int(np.argmax(differs))
            raise OtherValues(
                f"{side}: {name} of {merchants[row]} is {other[row].as_py()}, the build says"
                f" {one[row].as_py()}; {np.count_nonzero(differs)} of {len(differs)} differ"
            )


def _ours(folder: Path, span: str) -> pa.Table:
    from app.features.snapshots import find_snapshot

    return find_snapshot(folder / "lake", _as_of(span)).read().select(["merchant_id", *FEATURES])


def _as_of(span: str) -> date:
    return AS_OF + timedelta(days=len(SPANS[span]))


def _place(folder: Path, side: str, span: str) -> Path:
    return folder / f"{side}-{span}.parquet"


def _measure(side: str, span: str, waybills: int, folder: Path) -> dict[str, float]:
    words = [sys.executable, "-m", "benchmarks.other_engines", f"--side={side}", f"--span={span}"]
    done = subprocess.run(
        [*words, f"--waybills={waybills}", f"--folder={folder}"],
        check=True,
        stdout=subprocess.PIPE,
    )
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def _run_side(side: str, span: str, waybills: int, folder: Path) -> dict[str, float]:
    if side == "ours":
        lake = folder / "lake"
        lake.mkdir(exist_ok=True)
        return _run_build(waybills, lake, SPANS[span], False, False)
    files = [str(path) for path in make_lake(*_scale(waybills)).values()]
    for name in SPANS[span]:
        files += [str(path) for path in make_night(*_scale(waybills))[name].values()]
    ask = ENGINES[side]
    ask(files[:1], _as_of(span))  # what an engine loads when it is first used is not counted
    begun, cpu = time.perf_counter(), _cpu_seconds()
    table = ask(files, _as_of(span))
    pq.write_table(table, _place(folder, side, span), compression="zstd")
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "seconds": time.perf_counter() - begun,
        "cpu": _cpu_seconds() - cpu,
        "peak_gib": used.ru_maxrss / 2**20,
    }


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.other_engines")
    parser.add_argument("--smoke", action="store_true", help="a tiny lake: does everything run?")
    parser.add_argument("--waybills", type=int, help=f"how many (default {FULL:,})")
    parser.add_argument("--turns", type=int, help=f"how often, for medians (default {TURNS})")
    parser.add_argument("--side", choices=("ours", *ENGINES), help=argparse.SUPPRESS)
    parser.add_argument("--span", choices=tuple(SPANS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", default="", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.side:
        told = _run_side(chosen.side, chosen.span, chosen.waybills, Path(chosen.folder))
        print(json.dumps(told))
    else:
        print_table(run(chosen.smoke, chosen.waybills, chosen.turns))


if __name__ == "__main__":
    main()
