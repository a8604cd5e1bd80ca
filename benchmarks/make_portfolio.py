"""Making the simulated portfolio at its full size, 60,000 merchants and 24 months (about 20 million
waybills), against the bounds that it was given: 300 seconds and 3 GiB, on two cores.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pyarrow.parquet as pq

from benchmarks.table import Row, print_table

MERCHANTS, MONTHS, WORKERS = 60_000, 24, 2
SMOKE_MERCHANTS, SMOKE_MONTHS = 300, 2
MOST_SECONDS, MOST_GIB = 300.0, 3.0
END = "2026-10"
SAMPLE_SECONDS = 0.2


def run(smoke: bool = False, merchants: int | None = None) -> list[Row]:
    """Two lines: seconds, and the memory of all its processes together at the worst moment."""
    count = merchants or (SMOKE_MERCHANTS if smoke else MERCHANTS)
    months = SMOKE_MONTHS if smoke else MONTHS
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "portfolio"
        seconds, peak = _make(count, months, out)
        files = sorted(out.glob("waybills-*.parquet"))
        waybills = sum(pq.read_metadata(file).num_rows for file in files)
        size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    note = f"{waybills:,} waybills, {size / 2**20:,.0f} MiB in {len(files)} files"
    what = f"portfolio of {count:,} merchants, {months} months"
    return [
        Row(
            what, MOST_SECONDS, seconds, seconds / MOST_SECONDS, 1.0, f"{note}; floor is the bound"
        ),
        Row("… peak memory", MOST_GIB, peak, peak / MOST_GIB, 1.0, "floor is the bound", "GiB"),
    ]


def _make(merchants: int, months: int, out: Path) -> tuple[float, float]:
    """Seconds and GiB of the command and its processes."""
    program = "import sys; from app.cli import main; sys.exit(main())"
    words = ["demo", "data", "--merchants", str(merchants), "--months", str(months), "--end", END]
    words += ["--workers", str(WORKERS), "--out", str(out)]
    begun, peak = time.perf_counter(), 0
    with subprocess.Popen(
        [sys.executable, "-c", program, *words],
        cwd=Path(__file__).resolve().parents[1],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as made:
        while made.poll() is None:
            peak = max(peak, _memory_of(made.pid))
            time.sleep(SAMPLE_SECONDS)
        told = made.stderr.read().decode() if made.stderr is not None else ""
    if made.returncode:
        raise RuntimeError(f"chengxin {' '.join(words)}: {told[-500:]}")
    return time.perf_counter() - begun, peak / 2**30


def _memory_of(pid: int) -> int:
    """Bytes held by a process and all that it started; what ends meanwhile counts nothing."""
    total = 0
    try:
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            try:
                total += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
    except psutil.NoSuchProcess:
        return total
    return total


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.make_portfolio")
    parser.add_argument("--smoke", action="store_true", help="a tiny portfolio: does it run?")
    parser.add_argument("--merchants", type=int, help=f"how many (default {MERCHANTS:,})")
    chosen = parser.parse_args()
    print_table(run(chosen.smoke, chosen.merchants))
