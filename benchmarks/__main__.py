"""`python -m benchmarks [--smoke] [NAME…]`: run benchmarks, print one table; 1 on a missed target.

A benchmark is a module of this folder with `run(smoke: bool) -> list[Row]`. The smoke mode runs
every one of them on tiny inputs: it shows that they work and measures nothing, so there no target
can be missed.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
import traceback
from dataclasses import asdict, replace
from pathlib import Path

from benchmarks.table import Row, print_table

# Not to be measured: the frame around the benchmarks.
FRAME = {"__init__", "__main__", "table"}


def find_benchmarks() -> list[str]:
    """Names of the modules here that have a `run(smoke)`; shared parts start with an underscore."""
    folder = Path(__file__).parent
    names = sorted(
        path.stem
        for path in folder.glob("*.py")
        if path.stem not in FRAME and not path.stem.startswith("_")
    )
    return [
        name
        for name in names
        if "\ndef run(" in (folder / f"{name}.py").read_text(encoding="utf-8")
    ]


def run_benchmark(name: str, smoke: bool) -> list[Row]:
    """Run one benchmark and say on stderr when it starts and how long it took."""
    print(f"{name} …", file=sys.stderr, flush=True)
    started = time.perf_counter()
    rows: list[Row] = importlib.import_module(f"benchmarks.{name}").run(smoke)
    print(f"{name}: {time.perf_counter() - started:.1f} s", file=sys.stderr, flush=True)
    return rows


def main(arguments: list[str] | None = None) -> int:
    """Run the named benchmarks (default: all): 0 all ran and reached their targets, 1 not."""
    known = find_benchmarks()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(known)}")
    parser.add_argument("--smoke", action="store_true", help="tiny inputs: does everything run?")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    chosen = parser.parse_args(arguments)
    unknown = [name for name in chosen.names if name not in known]
    if unknown:
        parser.error(f"no benchmark is called {', '.join(unknown)}; there are: {', '.join(known)}")
    rows: list[Row] = []
    failed: list[str] = []
    for name in chosen.names or known:
        try:
            rows += run_benchmark(name, chosen.smoke)
        except Exception:
            # One broken benchmark must not hide the numbers of the others; the status tells.
            traceback.print_exc()
            failed.append(name)
    if chosen.smoke:
        # So little was measured that no target can be judged.
        rows = [replace(row, target=None) for row in rows]
    if chosen.json:
        print(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=1))
    else:
        print_table(rows)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    missed = [row.what for row in rows if row.reached() is False]
    if missed:
        print(f"target missed: {'; '.join(missed)}", file=sys.stderr)
    return 1 if failed or missed else 0


if __name__ == "__main__":
    sys.exit(main())
