"""`whitelist build` over a tiny snapshot, as an analyst runs it; every merchant as online."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from app.cli import chengxin
from app.decisions.decide import LivePolicy
from app.decisions.ports import DecisionRequest, FeatureRow, SnapshotRow
from app.decisions.service import Decider
from app.errors import ChengxinError
from app.features.snapshots import snapshot_folder
from app.settings import Settings
from app.storage.connection import connect
from app.storage.decisions import SqlDecisionStore
from tests.conftest import make_settings
from tests.samples import activate_release, read_sample

AS_OF = date(2026, 3, 1)
CHANGES: dict[str, dict[str, Any]] = {
    "M-usual": {},
    "M-small": {"cod_amt_12m": 1},
    "M-unknown": {"cod_months": None},
    "商户": {},
}


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A home with an active release and a snapshot of four merchants."""
    home = tmp_path / "home"
    monkeypatch.setenv("CHENGXIN_HOME", str(home))
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    settings = make_settings(home, sqlite_url)
    connect(settings)
    activate_release(7)
    values = json.loads(read_sample().values_json)
    assert all(name in values for change in CHANGES.values() for name in change)
    rows = [{"merchant_id": m, **values, **change} for m, change in CHANGES.items()]
    folder = snapshot_folder(settings.lake, AS_OF)
    folder.mkdir(parents=True)
    table = pa.Table.from_pylist(rows).append_column("missing", pa.array(["{}"] * len(rows)))
    pq.write_table(table, folder / "s1.parquet")
    told = {"id": "s1", "as_of": AS_OF.isoformat(), "built_at": "2026-03-01T03:00:00+00:00"}
    (folder / "s1.json").write_text(json.dumps(told), encoding="utf-8")
    return settings


def build(out: Path, *more: str, as_of: date = AS_OF, policy: str = "wuliudai") -> Result:
    words = ["whitelist", "build", "--policy", policy, "--as-of", as_of.isoformat()]
    return CliRunner().invoke(chengxin, [*words, "--out", str(out), *more])


def stored_rows(settings: Settings) -> tuple[list[tuple[str]], int]:
    """The ids of the whitelists in the database, and how many entries it has."""
    with closing(sqlite3.connect(settings.home / "chengxin.db")) as database:
        ids = database.execute("select id from whitelists").fetchall()
        return ids, database.execute("select count(*) from whitelist_entries").fetchone()[0]


def test_json_says_what_was_judged(settings: Settings, tmp_path: Path) -> None:
    out = tmp_path / "list.parquet"
    result = build(out, "--json")
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    rows = {row["merchant_id"]: row for row in pq.read_table(out).to_pylist()}
    assert list(rows) == list(CHANGES)
    assert (said["merchants"], said["release"], said["snapshot"]) == (4, 7, "s1")
    assert said["release_sha256"] == read_sample().sha256
    outcomes = [row["outcome"] for row in rows.values()]
    assert said["outcomes"] == {o: outcomes.count(o) for o in ("approve", "refer", "decline")}
    assert said["total_limit_fen"] == sum(row["limit_fen"] or 0 for row in rows.values())
    assert rows["M-small"]["outcome"] == "decline"
    assert rows["M-small"]["limit_fen"] is None
    assert rows["M-unknown"]["outcome"] != "approve"
    assert "DATA_MISSING" in rows["M-unknown"]["reasons"]
    assert {**rows["商户"], "merchant_id": ""} == {**rows["M-usual"], "merchant_id": ""}


def test_it_is_stored_and_building_again_stores_nothing_twice(
    settings: Settings, tmp_path: Path
) -> None:
    first = json.loads(build(tmp_path / "a.csv", "--json").stdout)
    again = json.loads(build(tmp_path / "a.csv", "--json").stdout)
    assert again["id"] == first["id"]
    assert stored_rows(settings) == ([(first["id"],)], 4)


def test_not_stored_when_not_wanted(settings: Settings, tmp_path: Path) -> None:
    result = build(tmp_path / "a.csv", "--no-store")
    assert result.exit_code == 0, result.output
    assert "4 merchants judged" in result.stdout
    assert "GET /v1/whitelists" not in result.stdout
    assert stored_rows(settings) == ([], 0)


def test_wrong_use_is_said_before_any_work(settings: Settings, tmp_path: Path) -> None:
    for result, words in (
        (build(tmp_path / "a.xlsx"), "ends in neither .parquet nor .csv"),
        (build(tmp_path / "a.csv", as_of=date(2026, 2, 1)), "2026-03-01"),
        (build(tmp_path / "a.csv", policy="wuliuda"), "did you mean 'wuliudai'?"),
    ):
        assert isinstance(result.exception, ChengxinError)  # `main` makes it status 2
        assert words in str(result.exception)
    assert stored_rows(settings) == ([], 0)
    assert not (tmp_path / "a.csv").exists()


def test_online_gives_the_same(settings: Settings, tmp_path: Path) -> None:
    """The record of each merchant, decided from the same values for the same purpose."""
    out = tmp_path / "list.parquet"
    assert build(out).exit_code == 0
    live = Decider(SqlDecisionStore(connect(settings))).live_policy("wuliudai")
    values = json.loads(read_sample().values_json)
    for row in pq.read_table(out).to_pylist():
        stored = values | CHANGES[row["merchant_id"]]
        judged = judge_online(live, stored)
        assert judged == {name: row[name] for name in judged}


def judge_online(live: LivePolicy, stored: dict[str, Any]) -> dict[str, Any]:
    snapshot = SnapshotRow("s1", AS_OF)
    row = FeatureRow(snapshot, "M", json.dumps(stored), "{}")
    request = DecisionRequest("wuliudai", "M", "preapproval", {})
    intake = live.reader.read(request.purpose, row, 0, {}, None)
    judged = live.pipeline(request.purpose).judge(intake.values, intake.missing)
    return {
        "outcome": judged.outcome,
        "score": judged.score,
        "tier": judged.tier,
        "limit_fen": judged.limit_fen,
        "daily_rate": judged.daily_rate,
        "reasons": list(judged.reasons),
    }
