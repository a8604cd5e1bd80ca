"""`policy watch` as an analyst waits for it: seconds from the save of a file to the printed result,
with a portfolio of 60,000 merchants.

A real process watches a copy of the shipped files and is held against the shipped ones. Files are
saved as editors do, by a rename over the old one; no save means what the one before it meant.
The floor is one simulation of the same merchants, without anything that `watch` keeps.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from app.comparisons.simulate import simulate_snapshot
from app.features.snapshots import snapshot_folder
from benchmarks._merchants import ROOT
from benchmarks.simulate import DAY, make_features, read_versions
from benchmarks.table import Row

PRODUCT = "wuliudai"
PATIENCE_S = 120.0  # for one line; a watch that is silent for longer has failed


@dataclass(frozen=True, slots=True)
class Edit:
    """A number in a file; save by save another one stands there, never the shipped one. `told`:
    how the change is said.
    """

    file: str
    old: str
    new: str
    told: str
    first: int
    step: int


EDITS = (
    Edit(
        "rulesets/wuliudai/admission.yaml",
        "cod_amt_12m < 500_000",
        "cod_amt_12m < {}",
        "→ {:,} (cod_amt_12m)",
        400_000,
        1_000,
    ),
    Edit("rulesets/wuliudai/tiering.yaml", 'score: ">= 65"', 'score: ">= {}"', "→ >= {}", 64, -1),
    Edit(
        "rulesets/wuliudai/limit.yaml",
        "amount: 10_000",
        "amount: {}",
        "minimum 10,000 → {:,}",
        20_000,
        1_000,
    ),
)


@dataclass(frozen=True, slots=True)
class Waited:
    """Seconds from the save to the printed result, and those of them in which it was worked out."""

    whole: float
    work: float


def run(smoke: bool) -> list[Row]:
    """The median save against a second and against one simulation, and the slowest."""
    count, rounds = (2_000, 1) if smoke else (60_000, 6)
    versions = read_versions()
    features = make_features(versions.before, count)
    simulated = []
    for _ in range(rounds + 1):  # the first one warms up
        started = time.perf_counter()
        simulate_snapshot(versions, DAY, "benchmark", features)
        simulated.append(time.perf_counter() - started)
    with tempfile.TemporaryDirectory() as folder:
        waits = _watch(Path(folder), features, rounds)
    whole = median(one.whole for one in waits)
    floor = median(simulated[1:])
    what = f"watch, {count:,} merchants: save to result"
    note = f"median of {len(waits)} saves in {len(EDITS)} files"
    return [
        Row(what, 1.0, whole, whole, 1, f"against a second; {note}"),
        Row(
            f"{what}, slowest",
            1.0,
            max(one.whole for one in waits),
            max(one.whole for one in waits),
            None,
            "against a second",
        ),
        Row(
            "watch: against one simulation",
            floor,
            whole,
            whole / floor,
            None,
            f"work {median(one.work for one in waits):.2f} s; the rest sees the save and prints",
        ),
    ]


def _watch(folder: Path, features: pa.Table, rounds: int) -> list[Waited]:
    for name in ("rulesets", "scorecards"):
        shutil.copytree(ROOT / name, folder / name)
    _keep_snapshot(folder / "home" / "lake", features)
    own = {
        "CHENGXIN_RULESETS": str(folder / "rulesets"),
        "CHENGXIN_SCORECARDS": str(folder / "scorecards"),
        "CHENGXIN_HOME": str(folder / "home"),
    }
    words = ["policy", "watch", PRODUCT, "--json", "--against", str(ROOT)]
    with subprocess.Popen(
        [sys.executable, "-m", "app.cli", *words],
        cwd=ROOT,
        env={**os.environ, **own},
        stdout=subprocess.PIPE,
    ) as watching:
        try:
            assert watching.stdout is not None
            said = _Lines(watching.stdout)
            said.next()
            return [
                _save(folder, said, edit, edit.first + round_ * edit.step)
                for round_ in range(rounds)
                for edit in EDITS
            ]
        finally:
            watching.kill()


def _save(folder: Path, said: _Lines, edit: Edit, number: int) -> Waited:
    """Save the file with that number in it, and wait for the look that has seen it."""
    text = (ROOT / edit.file).read_text(encoding="utf-8")
    if text.count(edit.old) != 1:
        raise RuntimeError(f"{edit.file} no longer has {edit.old!r} once")
    draft = folder / "draft"
    draft.write_text(text.replace(edit.old, edit.new.format(number)), encoding="utf-8")
    wanted = edit.told.format(number)
    started = time.perf_counter()
    draft.replace(folder / edit.file)
    while True:
        look = said.next()
        if any(wanted in change for change in look["changes"] or ()):
            return Waited(time.perf_counter() - started, look["seconds"])


class _Lines:
    """Lines of JSON of a process, each waited for with a limit."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._descriptor = stream.fileno()
        self._rest = b""

    def next(self) -> dict[str, Any]:
        """The next line. Raises TimeoutError and EOFError."""
        while b"\n" not in self._rest:
            if not select.select([self._descriptor], [], [], PATIENCE_S)[0]:
                raise TimeoutError(f"policy watch said nothing for {PATIENCE_S:.0f} s")
            read = os.read(self._descriptor, 1 << 16)
            if not read:
                raise EOFError("policy watch ended by itself")
            self._rest += read
        line, self._rest = self._rest.split(b"\n", 1)
        found: dict[str, Any] = json.loads(line)
        return found


def _keep_snapshot(lake: Path, features: pa.Table) -> None:
    """The table as a committed snapshot of the day."""
    folder = snapshot_folder(lake, DAY)
    folder.mkdir(parents=True)
    pq.write_table(features, folder / "benchmark.parquet")
    told = {
        "id": "benchmark",
        "as_of": f"{DAY}",
        "cut_off_at": f"{DAY}T00:00:00",
        "built_at": f"{DAY}T01:00:00",
        "counts": {"merchants": features.num_rows},
        "catalogue_sha256": "",
        "content_sha256": "",
    }
    (folder / "benchmark.json").write_text(json.dumps(told), encoding="utf-8")
