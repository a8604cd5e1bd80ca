"""The commands: what they print, as text and as JSON, and with which status; the real invoices."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waybills.conftest import PROJECT, SOUND, Workbench

REAL = PROJECT.parent / "shared" / "data" / "sme_invoices" / "waybills.parquet"


def run(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "CHENGXIN_HOME": str(home), "CHENGXIN_HASH_KEY": "k" * 20}
    return subprocess.run(
        [sys.executable, "-m", "app.cli", "waybills", *words],
        cwd=PROJECT, env=environ, capture_output=True, text=True,
    )  # fmt: skip


def test_import_then_look(bench: Workbench, tmp_path: Path) -> None:
    path = bench.write_csv([SOUND, {**SOUND, "waybill_no": "W2", "cod_amount": "1.234"}])
    other = bench.write_csv([{**SOUND, "waybill_no": "W3"}], "b.csv")
    done = run(tmp_path, "import", str(path), str(other), "--source", "default", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert {key: report[key] for key in ("received", "new", "duplicate", "conflict")} == {
        "received": 3, "new": 2, "duplicate": 0, "conflict": 0,
    }  # fmt: skip
    assert report["quarantined"] == {"TOO_MANY_DECIMALS": 1}
    assert report["months"] == {"2024-01": 2}
    assert [one["file"] for one in report["files"]] == ["a.csv", "b.csv"]

    shown = run(tmp_path, "quarantine").stdout
    assert "a.csv:3: cod_amount '1.234' has more than two decimals; round it" in shown
    listed = json.loads(run(tmp_path, "quarantine", "--json").stdout)
    assert (listed["count"], listed["rows"][0]["line"]) == (1, 3)
    ledger = json.loads(run(tmp_path, "imports", "--json").stdout)
    assert [entry["new"] for entry in ledger] == [1, 1]
    again = run(tmp_path, "import", str(path), "--source", "default")
    assert again.returncode == 0
    assert "nothing changed" in again.stderr


def test_wrong_use_has_status_two(bench: Workbench, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("waybill_nr,shipper_id\n")
    for words, message in (
        (["import", str(bad), "--source", "tms"], "the file lacks waybill_no"),
        (["import", str(tmp_path / "none.csv"), "--source", "tms"], "there is no such file"),
        (["import", str(bad)], "Missing option '--source'"),
        (["quarantine", "--import", "7"], "no import is called '7'"),
    ):
        done = run(tmp_path, *words)
        assert done.returncode == 2, done
        assert message in done.stderr
        assert "Traceback" not in done.stderr


def test_the_real_invoices(bench: Workbench) -> None:
    if not REAL.exists():
        pytest.skip(f"the real invoices are not at {REAL}")
    report = bench.load(REAL, "fapiao")
    assert (report.received, report.new, report.duplicate, report.conflict) == (
        397117, 392373, 4741, 3,
    )  # fmt: skip
    assert report.quarantined == {}
    assert report.statuses == {"signed": 349429, "voided": 30286, "returned": 12658}
    assert report.codes == {"VOIDED": 30286, "RETURNED": 12658, "TEST": 6}
    (total,) = bench.rows("sum(repeats) AS repeats, sum(resets) AS resets", "1")
    assert total == {"repeats": 4741, "resets": 3}
    assert bench.load(REAL, "fapiao").already_imported
