"""An import that is killed at any moment shows wholly or not at all, and the next one succeeds."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from app.waybills.lake import Lake
from tests.waybills.conftest import PROJECT

ROWS = 10_000
KILLS = 12


def write_parquet(path: Path, rows: int, months: int = 4) -> Path:
    """A file of distinct waybills with names and phones."""
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute(
            f"""COPY (SELECT 'W' || i AS waybill_no, 'M' || i % 997 AS shipper_id,
                'C' || i % 20011 AS consignee_id, (i % 90000 / 10)::DECIMAL(18,2) AS cod_amount,
                TIMESTAMP '2024-01-01' + to_days((i % ({months} * 30))::INTEGER) AS created_at,
                'signed' AS status, '王' || i % 997 AS shipper_name,
                '李' || i % 20011 AS consignee_name,
                (13800000000 + i % 20011)::VARCHAR AS consignee_phone
            FROM range({rows}) t(i)) TO '{path}' (FORMAT parquet)"""
        )
    return path


def start_import(home: Path, file: Path, **more: str) -> subprocess.Popen[bytes]:
    environ = {**os.environ, "CHENGXIN_HOME": str(home), "CHENGXIN_HASH_KEY": "k" * 20, **more}
    command = [sys.executable, "-m", "app.cli", "waybills", "import", str(file), "--source", "tms"]
    return subprocess.Popen(
        command, cwd=PROJECT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def count_rows(lake: Lake) -> int:
    files = [str(path) for paths in lake.months().values() for path in paths]
    if not files:
        return 0
    with duckdb.connect(config={"threads": 1}) as con:
        row = con.execute("SELECT count(*) FROM read_parquet(?)", [files]).fetchone()
    return int(row[0]) if row else 0


def wait_for_commit(victim: subprocess.Popen[bytes], home: Path) -> None:
    """Until the import has committed, at most a minute; it may not have ended yet."""
    manifest = home / "lake" / "manifest.json"
    deadline = time.monotonic() + 60
    while not manifest.exists() and victim.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)


@pytest.mark.slow
def test_killed_imports_show_wholly_or_not_at_all(tmp_path: Path) -> None:
    file = write_parquet(tmp_path / "a.parquet", ROWS)
    started = time.monotonic()
    whole = start_import(tmp_path / "whole", file)
    assert whole.wait() == 0
    duration = time.monotonic() - started
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"kill moments seeded by {seed}")
    moments = random.Random(seed)
    outcomes = []
    for attempt in range(KILLS):
        home = tmp_path / f"home{attempt}"
        victim = start_import(home, file)
        # One moment in each twelfth of the whole run, so that start, work and end all get theirs;
        # the last comes only after the end, which a busy machine may delay.
        if attempt == KILLS - 1:
            wait_for_commit(victim, home)
        else:
            time.sleep((attempt + moments.random()) / KILLS * duration)
        victim.send_signal(signal.SIGKILL)
        victim.communicate()
        lake = Lake(home / "lake")
        committed = len(lake.imports())
        outcomes.append(committed)
        assert count_rows(lake) == committed * ROWS, f"attempt {attempt}"
        again = start_import(home, file)
        _, problems = again.communicate()
        assert again.returncode == 0, problems.decode()
        assert len(lake.imports()) == 1
        assert count_rows(lake) == ROWS
        on_disk = set((lake.path / "waybills").rglob("*.parquet"))
        assert on_disk == {path for paths in lake.months().values() for path in paths}
    assert set(outcomes) == {0, 1}, f"no kill before, or none after, the commit: {outcomes}"


@pytest.mark.slow
def test_memory_is_bounded(tmp_path: Path) -> None:
    """Two million rows in one month, under a limit of 700 MB for the database.

    Read from VmHWM, which begins anew with the process; ru_maxrss would begin with the memory of
    the process that started it, here a test worker with all that its other tests left.
    """
    file = write_parquet(tmp_path / "big.parquet", 2_000_000, months=1)
    code = (
        "import re, pathlib; from app.cli import chengxin;"
        f"chengxin(['waybills', 'import', {str(file)!r}, '--source', 'tms', '--json'],"
        " standalone_mode=False);"
        "status = pathlib.Path('/proc/self/status').read_text();"
        "print('PEAK', int(re.search(r'VmHWM:\\s+(\\d+)', status)[1]) // 1024)"
    )
    environ = {**os.environ, "CHENGXIN_HOME": str(tmp_path), "CHENGXIN_MEMORY_MB": "700"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert '"new": 2000000' in done.stdout
    peak = int(done.stdout.rsplit("PEAK ", 1)[1])
    assert peak < 1000, f"{peak} MB"
