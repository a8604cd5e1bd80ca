"""What numpy does between the rollups and a snapshot, for a million merchants over 24 months: both
passes, seasons and peers, tables and the content hash, against reading what it works on.

Run by itself: `python -m benchmarks.numpy_step [--smoke]`. What the SQL of a block gives is made
up, a Parquet file a table and block of BLOCK merchants, in the schemas of `app.features.blocks` and
`app.features.year`. Both sides read the same files, in a process each, block by block; memory is
compared at a quarter of the merchants and at all of them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from benchmarks.table import Row, print_table

FULL, SMOKE, BLOCK = 1_000_000, 2_000, 50_000
TARGET, FLAT = 8.0, 1.5
HELD = "the most at the end of a block, without the mapped file of the first pass"
AS_OF = date(2026, 1, 1)
MONTHS = 24
KINDS = ("lamps", "tools", "toys", "hats", "shoes", "paper", "tea", "tyres", "pipes", "boards")


def run(smoke: bool) -> list[Row]:
    """Measure the floor and the step at a quarter and at all merchants."""
    size = SMOKE if smoke else FULL
    with tempfile.TemporaryDirectory(prefix="chengxin-bench-") as name:
        folder = Path(name)
        for number, begin in enumerate(range(0, size, BLOCK)):
            _write_block(folder, number, begin, min(BLOCK, size - begin))
        sides = {
            (side, part): _measure(side, folder, size // part)
            for part in (4, 1)
            for side in ("floor", "step")
        }
    floor, ours = sides["floor", 1]["seconds"], sides["step", 1]["seconds"]
    small, large = sides["step", 4]["held_gib"], sides["step", 1]["held_gib"]
    told = ", ".join(f"{key} {sides['step', 1][key]:.1f}" for key in ("first", "second"))
    return [
        Row(
            f"numpy, {size:,} merchants × {MONTHS} months", floor, ours, ours / floor, TARGET, told
        ),
        Row("… memory, against a quarter", small, large, large / small, FLAT, HELD, "GiB"),
    ]


def _measure(side: str, folder: Path, merchants: int) -> dict[str, float]:
    words = [sys.executable, "-m", "benchmarks.numpy_step", f"--side={side}"]
    done = subprocess.run(
        [*words, f"--folder={folder}", f"--merchants={merchants}"], check=True, capture_output=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _write_block(folder: Path, number: int, begin: int, size: int) -> None:
    """The tables of a block of merchants, as the SQL of a block would give them."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from app.features.blocks import OUTCOME_SUMS, RECENT_SUMS
    from app.features.journeys import NIGHTS, SUMS
    from app.features.year import COLUMNS, FRACTIONS, Counted, Year

    dice = np.random.default_rng(number)
    place = np.arange(size, dtype=np.int64)

    def whole(most: int) -> Any:
        return dice.integers(0, most, size)

    def rows(least: int, span: int, each: int) -> Counted:
        values = np.sort(dice.integers(least, least + span, (size, each)), axis=1)
        return Counted(np.repeat(place, each), values.ravel(), dice.integers(1, 9, size * each))

    today = (AS_OF - date(1970, 1, 1)).days
    year = Year(
        size,
        {group: {name: whole(1_000_000) for name in names} for group, names in COLUMNS.items()},
        {name: dice.random(size) for name in FRACTIONS},
        {
            "category": np.array(KINDS, object)[dice.integers(0, len(KINDS), size)],
            "origin": np.full(size, "Linyi", object),
        },
        rows(today - 90, 90, 6),
        rows(0, 20, 12),
    )
    merchants = [f"M{begin + at:08d}" for at in range(size)]
    months = np.tile(np.arange(MONTHS, dtype=np.int64), size)
    first = AS_OF.year * 12 - MONTHS  # January, two years before
    many = size * MONTHS
    worth = np.exp(dice.normal(14, 1.3, size)).repeat(MONTHS) * dice.uniform(0.5, 1.5, many)
    day = pa.array(dice.integers(today - 720, today, many).astype(np.int32)).cast(pa.date32())
    tables = {
        "year": year.to_table(merchants),
        "block_months": pa.table(
            {
                "place": place.repeat(MONTHS),
                "month": first + months,
                "records": dice.integers(1, 400, many),
                "bills": dice.integers(1, 400, many),
                "cod_bills": dice.integers(1, 400, many),
                "amount_fen": worth.astype(np.int64),
                "first_cod_on": day,
                "last_bill_on": day,
                "bill_days": dice.integers(0, 2**28, many),
            }
        ),
        "block_outcomes": pa.table({"place": place} | {name: whole(900) for name in OUTCOME_SUMS}),
        "block_recent": pa.table({"place": place} | {name: whole(10**8) for name in RECENT_SUMS}),
        "block_conflicts": pa.table({"place": place[::40], "resets": place[::40] % 5}),
        "block_cycles": pa.table(
            {
                "place": place.repeat(3),
                "days": np.tile([21, 22, 23], size),
                "bills": np.ones(3 * size),
            }
        ),
        "network": pa.table(
            {name: whole(10**6) for name in (*SUMS, *NIGHTS)}
            | {f"{name}_fen": whole(10**6) for name in ("captive", "reciprocal", "recent")}
            | {f"{name}_fen": whole(10**6) for name in ("fresh", "ring")}
            | {f"{name}_sharers": whole(4) for name in ("phone", "card")}
            | {"usual_nights": dice.random(size)}
        ),
    }
    for name, table in tables.items():
        path = folder / name / f"{number:04d}.parquet"
        path.parent.mkdir(exist_ok=True)
        pq.write_table(table, path)


TABLES = (
    *("year", "block_months", "block_outcomes", "block_recent"),
    *("block_conflicts", "block_cycles", "network"),
)


def _run_floor(folder: Path, blocks: int) -> None:
    """Read every column of every table into an array."""
    for number in range(blocks):
        for name in TABLES:
            table = _read(folder / name / f"{number:04d}.parquet")
            for column in table.columns:
                found = column.combine_chunks()
                if hasattr(found, "flatten") and column.type.num_fields:
                    found = found.flatten()
                found.to_numpy(zero_copy_only=False)


def _read(path: Path) -> Any:
    import pyarrow.parquet as pq

    return pq.read_table(path, partitioning=None)


def _run_step(folder: Path, blocks: int) -> dict[str, float]:
    """Both passes of all blocks, and the hash of their content."""
    from app.features.blocks import make_block
    from app.features.build import compute_first
    from app.features.calendar import AsOf
    from app.features.catalogue import load_feature_catalogue
    from app.features.content import ContentHash
    from app.features.first_pass import FirstPass
    from app.features.holidays import load_calendar
    from app.features.portfolio import survey_portfolio
    from app.features.reference import References
    from app.features.second_pass import complete_tables
    from app.features.year import year_of_table
    from app.settings import PROJECT_FOLDER

    rulesets = PROJECT_FOLDER / "rulesets"
    catalogue = load_feature_catalogue(rulesets / "catalogue.yaml")
    calendar, as_of = load_calendar(rulesets / "calendar.yaml"), AsOf(AS_OF)
    merchants: list[str] = []
    held: list[float] = []
    begun = time.perf_counter()
    with FirstPass(folder, catalogue) as first:
        for number in range(blocks):

            def fetch(name: str, number: int = number) -> Any:
                return _read(folder / name / f"{number:04d}.parquet")

            years, network = fetch("year"), fetch("network")
            names = years.column("merchant_id").to_pylist()
            block = make_block(fetch, as_of, names, calendar, year_of_table(years))
            sums = {name: network.column(name).to_numpy() for name in network.column_names}
            since = AS_OF - timedelta(days=900)
            first.add(compute_first(catalogue, block, sums, since, References()))
            held.append(_held_gib())
            merchants += names
        first.finish()
        middle = time.perf_counter()
        portfolio = survey_portfolio(first, merchants, calendar, as_of.month(1))
        content = ContentHash()
        for table in complete_tables(catalogue, first, portfolio):
            content.add(table)
            held.append(_held_gib())
        assert len(content.hexdigest()) == 64
    end = time.perf_counter()
    return {"first": middle - begun, "second": end - middle, "held_gib": max(held)}


def _held_gib() -> float:
    """Memory that this process has for itself: without pages of files that it has mapped."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("RssAnon:")[2].split()[0]) / 2**20


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.numpy_step")
    parser.add_argument("--smoke", action="store_true", help="few merchants: does everything run?")
    parser.add_argument("--side", choices=("floor", "step"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--merchants", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if not chosen.side:
        print_table(run(chosen.smoke))
        return
    blocks = max(-(-chosen.merchants // BLOCK), 1)
    _read(chosen.folder / "network" / "0000.parquet")  # imports are not counted
    told: dict[str, float] = {}
    begun = time.perf_counter()
    if chosen.side == "floor":
        _run_floor(chosen.folder, blocks)
    else:
        told = _run_step(chosen.folder, blocks)
    seconds = told["first"] + told["second"] if told else time.perf_counter() - begun
    print(json.dumps({**told, "seconds": seconds}))


if __name__ == "__main__":
    main()
