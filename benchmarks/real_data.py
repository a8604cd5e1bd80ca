"""Recreates the numbers of docs/real-data.md. A Parquet of real sales invoices and the labels of
some of its firms come in; they go through import, features, release and whitelist in a home folder
of their own; the page's generated part goes out (aggregates only).

    python -m benchmarks.real_data            prints the part
    python -m benchmarks.real_data --write    puts it into the page
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

PROJECT = Path(__file__).resolve().parent.parent
DATA = PROJECT.parent / "shared" / "data" / "sme_invoices"
PAGE = PROJECT / "docs" / "real-data.md"
BEGIN, END = "<!-- numbers: begin -->", "<!-- numbers: end -->"
AS_OF = "2020-01-01"
BAR_WIDTH = 40
MOST_REASONS = 10


@dataclass(frozen=True)
class Judged:
    """One merchant of the whitelist; `defaulted` is None where there is no label."""

    merchant_id: str
    outcome: str
    score: float | None
    tier: str | None
    limit_fen: int | None
    reasons: tuple[str, ...]
    defaulted: bool | None


def run_chengxin(home: Path, *arguments: str | Path) -> Any:
    """The JSON that a command prints. Raises CalledProcessError where it fails."""
    environment = {**os.environ, "CHENGXIN_HOME": str(home)}
    environment.pop("DATABASE_URL", None)
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", *map(str, arguments)],
        cwd=PROJECT,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(done.stdout) if "--json" in arguments else done.stdout


def judge_portfolio(home: Path, waybills: Path) -> tuple[dict[str, Any], Path]:
    """The import's counts and the whitelist's file, after the whole way in an empty home folder."""
    received = run_chengxin(home, "waybills", "import", waybills, "--source", "fapiao", "--json")
    run_chengxin(home, "features", "build", "--as-of", AS_OF)
    why = ("--why", "real data", "--quick")
    run_chengxin(home, "policy", "publish", "fapiaodai", "--by", "author", *why)
    despite = ("--despite", "a measurement on a home of its own")
    run_chengxin(home, "policy", "approve", "fapiaodai", "--by", "approver", *despite)
    run_chengxin(home, "policy", "activate", "fapiaodai", "--by", "approver")
    whitelist = home / "whitelist.parquet"
    build = ("whitelist", "build", "--policy", "fapiaodai", "--as-of", AS_OF, "--out", whitelist)
    run_chengxin(home, *build)
    return received, whitelist


def read_judged(whitelist: Path, labels: Path) -> list[Judged]:
    """The whitelist's rows with their labels."""
    with labels.open(encoding="utf-8", newline="") as file:
        defaulted = {row["merchant_id"]: row["defaulted"] == "1" for row in csv.DictReader(file)}
    rows = pq.read_table(whitelist).to_pylist()
    return [
        Judged(
            row["merchant_id"],
            row["outcome"],
            row["score"],
            row["tier"],
            row["limit_fen"],
            tuple(row["reasons"]),
            defaulted.get(row["merchant_id"]),
        )
        for row in rows
    ]


def estimate_auc(good: NDArray[np.float64], bad: NDArray[np.float64]) -> tuple[float, float, float]:
    """How often a good firm scores above a bad one (ties count half), with the 95% interval of
    DeLong, DeLong and Clarke-Pearson (1988). Both need two firms at least.
    """
    wins = (good[:, None] > bad) + 0.5 * (good[:, None] == bad)
    auc = float(wins.mean())
    variance = wins.mean(axis=1).var(ddof=1) / len(good) + wins.mean(axis=0).var(ddof=1) / len(bad)
    half = 1.96 * float(np.sqrt(variance))
    return auc, max(0.0, auc - half), min(1.0, auc + half)


def write_part(received: dict[str, Any], judged: Sequence[Judged]) -> str:
    """The generated part of the page, in Markdown."""
    return "\n".join(
        [
            *_import_lines(received, len(judged)),
            *_outcome_lines(judged),
            *_reason_lines(judged),
            *_score_lines(judged),
            *_label_lines([row for row in judged if row.defaulted is not None]),
        ]
    )


def _import_lines(received: dict[str, Any], merchants: int) -> list[str]:
    names = ("received", "new", "duplicate", "conflict")
    rows = [(name, f"{received[name]:,}") for name in names]
    rows += [(code, f"{count:,}") for code, count in sorted(received["codes"].items())]
    return ["## What came in", "", *_table(("", "rows"), [*rows, ("merchants", str(merchants))])]


def _outcome_lines(judged: Sequence[Judged]) -> list[str]:
    tiers = sorted({row.tier or "none" for row in judged})
    counts = Counter((row.outcome, row.tier or "none") for row in judged)
    rows = []
    for outcome in ("approve", "refer", "decline"):
        cells = [counts[outcome, tier] for tier in tiers]
        rows.append((outcome, *map(str, cells), str(sum(cells))))
    limits = sorted(row.limit_fen for row in judged if row.limit_fen is not None)
    capped = sum(limit == limits[-1] for limit in limits)
    return [
        "## Outcomes and tiers",
        "",
        *_table(("outcome", *tiers, "all"), rows),
        f"Limits: {len(limits)} merchants, {sum(limits) / 100:,.0f} yuan in all, median "
        f"{float(np.median(limits)) / 100:,.0f}; {capped} stand at the greatest, "
        f"{limits[-1] / 100:,.0f}.",
        "",
    ]


def _reason_lines(judged: Sequence[Judged]) -> list[str]:
    counts = Counter(code for row in judged for code in row.reasons)
    top = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_REASONS]
    rows = [(code, str(count)) for code, count in top]
    return ["## The most frequent reasons", "", *_table(("reason", "merchants"), rows)]


def _score_lines(judged: Sequence[Judged]) -> list[str]:
    scores = [row.score for row in judged if row.score is not None]
    bands = Counter(min(int(score // 10), 9) for score in scores)
    widest = max(bands.values())
    lines = [
        f"{band * 10:3d} – {band * 10 + 10:3d} {'█' * round(BAR_WIDTH * count / widest)} {count}"
        for band, count in ((band, bands[band]) for band in range(10))
    ]
    return ["## Scores", "", "```text", *lines, f"no score: {len(judged) - len(scores)}", "```", ""]


def _label_lines(labelled: Sequence[Judged]) -> list[str]:
    bad = [row for row in labelled if row.defaulted]
    head = ("", "firms", "defaulted", "rate")
    outcomes = [(name, [r for r in labelled if r.outcome == name]) for name in _seen(labelled)]
    tiers = sorted({row.tier or "none" for row in labelled})
    by_tier = [(name, [r for r in labelled if (r.tier or "none") == name]) for name in tiers]
    scored = [row for row in labelled if row.score is not None]
    auc, low, high = estimate_auc(
        np.array([row.score for row in scored if not row.defaulted], dtype=np.float64),
        np.array([row.score for row in scored if row.defaulted], dtype=np.float64),
    )
    return [
        "## Against the labels",
        "",
        f"{len(labelled)} firms are labelled, {len(bad)} of them defaulted.",
        "",
        *_table(head, [_rate_row(name, rows) for name, rows in outcomes]),
        *_table(head, [_rate_row(name, rows) for name, rows in by_tier]),
        f"AUC of the score: {auc:.3f}, 95% interval {low:.3f} to {high:.3f} (DeLong), "
        f"{len(scored)} firms with a score.",
        "",
    ]


def _seen(labelled: Sequence[Judged]) -> list[str]:
    found = {row.outcome for row in labelled}
    return [outcome for outcome in ("approve", "refer", "decline") if outcome in found]


def _rate_row(name: str, rows: Sequence[Judged]) -> tuple[str, ...]:
    bad = sum(bool(row.defaulted) for row in rows)
    return name, str(len(rows)), str(bad), f"{bad / len(rows):.0%}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    ruler = ["---", *["---:"] * (len(head) - 1)]
    return [*("| " + " | ".join(row) + " |" for row in (head, ruler, *rows)), ""]


def part_of_page(text: str) -> str:
    """What stands between the two marks of the page."""
    return text.split(BEGIN, 1)[1].split(END, 1)[0].strip()


def recreate(data: Path = DATA) -> str:
    """The generated part, from the data, in a home folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="chengxin-real-") as folder:
        received, whitelist = judge_portfolio(Path(folder), data / "waybills.parquet")
        return write_part(received, read_judged(whitelist, data / "labels.csv")).strip()


def main() -> None:
    """Prints the part, or writes it into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--write", action="store_true", help="put the numbers into the page")
    given = parser.parse_args()
    part = recreate(given.data)
    if not given.write:
        print(part)
        return
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    PAGE.write_text(f"{before}{BEGIN}\n\n{part}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
