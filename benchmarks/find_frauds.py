"""Do the anti-fraud features find the frauds that the simulated portfolio plants? A portfolio is
made, imported and built; precision, recall and AUC come out for each kind.

A kind counts as found where its feature passes the threshold that the policy gives it by default
(domain.md 4; where the policy has none, the one here). `strong` are those planted well above that
threshold for the whole window of the feature: weak ones are planted too, and are to stay unseen.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.table import Row, print_table

MERCHANTS, MONTHS = 8_000, 18
SMOKE_MERCHANTS, SMOKE_MONTHS = 400, 13
END = "2026-10"
AS_OF = date(2026, 11, 1)
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Test:
    """A kind of truth.csv, the first of `features` that the snapshot has, and the threshold above
    which it is a hit. `strong`: the strength from which the kind is to be found; `least_auc`: what
    the feature reaches at least.
    """

    __test__ = False  # no test of pytest

    kind: str
    features: tuple[str, ...]
    threshold: float
    strong: float
    least_auc: float
    months: int = 12  # of the feature's window
    by_policy: bool = True


TESTS = (
    Test("self_deal", ("self_deal_share",), 0.10, 0.13, 0.97),
    Test("reciprocal", ("reciprocal_share",), 0.30, 0.38, 0.97),
    Test("ring", ("ring_share",), 0.15, 0.20, 0.83, 3),
    Test("shared_phone", ("shared_phone_merchants",), 2, 1, 0.95, 0, False),
    Test("shared_card", ("shared_card_merchants",), 2, 1, 0.95, 0),
    Test("captive", ("captive_share",), 0.60, 0.60, 0.90),
    Test("fresh", ("fresh_party_share_90d",), 0.40, 0.50, 0.90, 3),
    Test("round", ("round_excess", "round_share"), 0.30, 0.40, 0.95),
    Test("benford", ("benford_mad",), 0.015, 0.40, 0.80),
    Test("spike", ("spike_30d",), 2.0, 2.6, 0.85, 0),
    Test("night", ("night_share",), 0.10, 0.15, 0.95, 12, False),
    Test("freight_outlier", ("freight_outlier_share",), 0.10, 0.15, 0.85, 12, False),
    Test("fee_outlier", ("fee_outlier_share",), 0.10, 0.15, 0.95),
    Test("edit_up", ("edit_up_share",), 0.05, 0.08, 0.93),
    Test("too_fast", ("too_fast_sign_share",), 0.20, 0.26, 0.97),
    Test("duplicate", ("duplicate_rate",), 0.05, 0.07, 0.95),
    Test("duplicate_suspect", ("duplicate_suspect_share",), 0.05, 0.08, 0.90, 12, False),
    Test("void", ("void_rate",), 0.10, 0.14, 0.93),
    Test("reset", ("reset_rate",), 0.02, 0.03, 0.85),
    Test("outlet_related", ("outlet_related",), 0.0, 1.0, 0.99, 0),
    Test("blacklist", ("blacklist_jaccard",), 0.01, 0.20, 0.93, 12, False),
)


@dataclass(frozen=True, slots=True)
class Found:
    """How well a feature finds its kind; None where that cannot be said. `planted`: frauds that go
    on at the as-of day and whose merchants have the feature; `strong` of them.
    """

    test: Test
    feature: str | None
    planted: int
    strong: int
    flagged: int
    precision: float | None
    recall: float | None
    strong_recall: float | None
    auc: float | None


def judge(truth: Sequence[dict[str, str]], snapshot: dict[str, NDArray[Any]]) -> list[Found]:
    """Hold the snapshot's columns (`merchant_id` and features, NaN for null) against truth.csv."""
    places = {name: place for place, name in enumerate(snapshot["merchant_id"].tolist())}
    return [_judge(test, truth, snapshot, places) for test in TESTS]


def _judge(
    test: Test,
    truth: Sequence[dict[str, str]],
    snapshot: dict[str, NDArray[Any]],
    places: dict[str, int],
) -> Found:
    feature = next((name for name in test.features if name in snapshot), None)
    if feature is None:
        return Found(test, None, 0, 0, 0, None, None, None, None)
    values: Floats = snapshot[feature].astype(np.float64)
    is_known = ~np.isnan(values)
    planted, strong, over = (np.zeros(len(values), dtype=bool) for _ in range(3))
    for row in truth:
        if row["kind"] != test.kind or row["merchant_id"] not in places:
            continue
        place = places[row["merchant_id"]]
        if row["to"] and date.fromisoformat(row["to"]) < AS_OF.replace(month=AS_OF.month - 1):
            over[place] = True  # it left traces, and goes on no more: neither right nor wrong
            continue
        planted[place] = True
        strong[place] = float(row["strength"]) >= test.strong and _fills_window(test, row)
        if test.kind.startswith("shared_"):
            strong[place] = len(row["parties"].split()) > test.threshold
    judged = is_known & (planted | ~over)
    flagged = judged & (values > test.threshold)
    return Found(
        test,
        feature,
        int((planted & judged).sum()),
        int((strong & judged).sum()),
        int(flagged.sum()),
        _share(planted & flagged, flagged),
        _share(planted & flagged, planted & judged),
        _share(strong & flagged, strong & judged),
        _auc(values[judged], planted[judged]),
    )


def _fills_window(test: Test, row: dict[str, str]) -> bool:
    months = (AS_OF.year - 1) * 12 + AS_OF.month + 12 - test.months - 1
    begun = date.fromisoformat(row["from"])
    return test.months == 0 or begun.year * 12 + begun.month - 1 <= months


def _share(part: Bools, whole: Bools) -> float | None:
    return float(part.sum() / whole.sum()) if whole.any() else None


def _auc(values: Floats, planted: Bools) -> float | None:
    """How often a planted one has more than another; equal ones count half (Mann and Whitney)."""
    if planted.all() or not planted.any():
        return None
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    some, others = int(planted.sum()), int((~planted).sum())
    return float((ranks[planted].sum() - some * (some + 1) / 2) / (some * others))


def build(merchants: int, months: int, folder: Path) -> list[Found]:
    """Make, import and build a portfolio in a home in `folder`, by the command line."""
    home, made = folder / "home", folder / "home" / "demo"
    words = ["--merchants", str(merchants), "--months", str(months), "--end", END]
    _call(home, "demo", "data", *words, "--out", str(made))
    (made / "reference").rename(home / "reference")
    files = [str(path) for path in sorted(made.glob("waybills-*.parquet"))]
    _call(home, "waybills", "import", *files, "--source", "demo", "--history")
    _call(home, "features", "build", "--as-of", AS_OF.isoformat(), "--no-publish")
    out = folder / "snapshot.parquet"
    _call(home, "features", "export", "--as-of", AS_OF.isoformat(), "--out", str(out))
    return judge(read_truth(made), read_snapshot(out))


def read_truth(folder: Path) -> list[dict[str, str]]:
    """The rows of a portfolio's truth.csv."""
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_snapshot(path: Path) -> dict[str, NDArray[Any]]:
    """The columns that are judged, of an exported snapshot."""
    wanted = {name for test in TESTS for name in test.features} | {"merchant_id"}
    table = pq.read_table(path)
    columns = {}
    for name in table.column_names:
        if name in wanted:
            column = table.column(name)
            columns[name] = column.to_numpy() if name == "merchant_id" else _numbers(column)
    return columns


def _numbers(column: Any) -> Floats:
    values = [np.nan if value is None else float(value) for value in column.to_pylist()]
    return np.array(values, dtype=np.float64)


def _call(home: Path, *words: str) -> None:
    program = "import sys; from app.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", program, *words, "--json"],
        cwd=Path(__file__).resolve().parents[1],
        env={**os.environ, "CHENGXIN_HOME": str(home), "DATABASE_URL": ""},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"chengxin {' '.join(words)}: {done.stderr.strip()[-500:]}")


def describe(found: Found) -> Row:
    """One line of the table."""
    test = found.test
    if found.feature is None:
        return Row(test.kind, None, 0.0, note=f"{test.features[0]} does not exist yet", unit="AUC")
    own = "" if test.by_policy else " (no policy's)"
    shares = [
        f"{name} {'–' if value is None else format(value, '.2f')}"
        for name, value in (
            ("precision", found.precision),
            ("recall", found.recall),
            (f"of {found.strong} strong", found.strong_recall),
        )
    ]
    note = f"{found.planted} planted, {found.flagged} above {test.threshold:g}{own}: "
    return Row(
        f"{test.kind} by {found.feature}",
        None,
        found.auc if found.auc is not None else 0.0,
        found.auc,
        test.least_auc,
        note + ", ".join(shares),
        "AUC",
        at_most=False,
    )


def run(smoke: bool = False, merchants: int | None = None) -> list[Row]:
    """A line a kind; the ratio is the AUC."""
    count = merchants or (SMOKE_MERCHANTS if smoke else MERCHANTS)
    with tempfile.TemporaryDirectory() as name:
        found = build(count, SMOKE_MONTHS if smoke else MONTHS, Path(name))
    return [describe(one) for one in found]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.find_frauds")
    parser.add_argument("--smoke", action="store_true", help="a tiny portfolio: does it run?")
    parser.add_argument("--merchants", type=int, help=f"how many (default {MERCHANTS:,})")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    chosen = parser.parse_args()
    rows = run(chosen.smoke, chosen.merchants)
    if chosen.json:
        print(json.dumps([{"what": r.what, "auc": r.ours, "note": r.note} for r in rows], indent=1))
    else:
        print_table(rows)


if __name__ == "__main__":
    main()
