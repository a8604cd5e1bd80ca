"""A night whose data break an expectation: held, told everywhere, published only if somebody
answers for it; on both databases, through the command line and the API.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.api.application import build_application
from app.cli import chengxin
from app.commands.publication import SnapshotHeld, find_good_snapshot
from app.decisions.decide import LivePolicy, decide
from app.decisions.ports import DecisionRequest
from app.settings import Settings
from app.storage.checks import HELD, PASSED, Check, SqlCheckStore
from app.storage.decisions import SqlDecisionStore
from app.storage.features import SqlFeatureStore
from tests.conftest import make_settings
from tests.quality.nights import take_in, write_bills
from tests.storage.test_snapshots import make_meta, make_rows

GOOD, BAD = "2025-11-30", "2025-12-01"


@pytest.fixture
def at_home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """The command line runs over these settings."""
    monkeypatch.setenv("CHENGXIN_HOME", str(settings.home))
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("CHENGXIN_HASH_KEY", str(settings.hash_key_text))
    yield settings


@pytest.fixture
def on_sqlite(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The same where the kind of database does not matter."""
    settings = make_settings(tmp_path / "home", sqlite_url)
    monkeypatch.setenv("CHENGXIN_HOME", str(settings.home))
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("CHENGXIN_HASH_KEY", str(settings.hash_key_text))
    return settings


def run(*words: str) -> Result:
    return CliRunner().invoke(chengxin, list(words))


def ready(settings: Settings) -> dict[str, Any]:
    answer = build_application(settings).test_client().get("/readyz").json
    assert isinstance(answer, dict)
    return answer


def import_nights(settings: Settings, folder: Path) -> None:
    """Clean months, then a last night without the carrier K2."""
    write_bills(folder / "clean.parquet", "created_at < timestamp '2025-11-30'")
    write_bills(
        folder / "bad.parquet", "created_at >= timestamp '2025-11-30' and carrier_id <> 'K2'"
    )
    take_in(settings.lake, folder / "clean.parquet")


def test_a_held_night_from_import_to_despite(at_home: Settings, tmp_path: Path) -> None:
    import_nights(at_home, tmp_path)
    first = run("features", "build", "--as-of", GOOD, "--json")
    told = json.loads(first.stdout)
    assert (first.exit_code, told["published"], told["quality"]["verdict"]) == (0, True, "passed")
    good = told["id"]
    assert ready(at_home)["checks"]["quality"] == {"ok": True, "held": None}

    done = run("waybills", "import", str(tmp_path / "bad.parquet"), "--source", "tms", "--json")
    (file,) = json.loads(done.stdout)["files"]
    assert file["quality"]["report"] == f"quality/{file['import_id']}.json"
    assert (at_home.lake / file["quality"]["report"]).exists()

    asked = run("data", "check", "--as-of", BAD, "--json")
    assert asked.exit_code == 1
    (broken,) = [one for one in json.loads(asked.stdout)["findings"] if one["severity"] == "fail"]
    assert (broken["expectation"], broken["place"]["carrier"]) == ("carrier-volume", "K2")

    for _ in range(2):  # again: it is not published silently
        held = run("features", "build", "--as-of", BAD, "--known-at", "now", "--publish", "--json")
        told = json.loads(held.stdout)
        assert (held.exit_code, told["published"]) == (1, False)
        assert (told["quality"]["verdict"], told["quality"]["serving"]) == ("held", good)
    bad = told["id"]
    assert (at_home.lake / told["quality"]["report"]).exists()
    words = run("features", "build", "--as-of", BAD, "--known-at", "now", "--publish")
    assert f"HELD: not published, because its data break expectations; snapshot {good}" in (
        words.stdout
    )
    quality = ready(at_home)["checks"]["quality"]
    assert (quality["held"]["id"], quality["serving"]) == (bad, good)
    assert quality["held"]["expectations"] == ["carrier-volume"]

    lonely = run("features", "build", "--as-of", BAD, "--despite", "it is a strike")
    assert isinstance(lonely.exception, Exception) and "--by NAME" in str(lonely.exception)
    forced = run(
        "features", "build", "--as-of", BAD, "--known-at", "now", "--publish",
        "--despite", "K2 was on strike", "--by", "Li Na", "--json",
    )  # fmt: skip
    told = json.loads(forced.stdout)
    assert (forced.exit_code, told["published"], told["id"]) == (0, True, bad)
    assert told["quality"]["verdict"] == "despite"
    assert ready(at_home)["checks"]["quality"]["held"] is None
    listed = json.loads(run("data", "list", "--json").stdout)["snapshots"]
    assert [(one["verdict"], one["by"], one["why"]) for one in listed] == [
        ("passed", None, None),
        ("held", None, None),
        ("despite", "Li Na", "K2 was on strike"),
    ]
    # What somebody answers for does not hold the next nights.
    again = json.loads(run("data", "check", "--as-of", BAD, "--json").stdout)
    assert again["findings"] == [] or all(f["severity"] == "warn" for f in again["findings"])
    assert [one["expectation"] for one in again["accepted"]] == ["carrier-volume"]


def test_the_first_snapshot_of_all_is_not_held(on_sqlite: Settings, tmp_path: Path) -> None:
    import_nights(on_sqlite, tmp_path)
    assert (
        run("waybills", "import", str(tmp_path / "bad.parquet"), "--source", "tms").exit_code == 0
    )
    built = run("features", "build", "--as-of", BAD, "--known-at", "now", "--publish", "--json")
    told = json.loads(built.stdout)
    assert (built.exit_code, told["published"], told["quality"]["verdict"]) == (0, True, "first")
    assert told["quality"]["findings"], "what broke is said"
    assert run("data", "check", "--as-of", BAD).exit_code == 1


def test_pages_are_whole_and_escape_what_data_say(on_sqlite: Settings, tmp_path: Path) -> None:
    write_bills(tmp_path / "clean.parquet", "created_at < timestamp '2025-11-28'")
    take_in(on_sqlite.lake, tmp_path / "clean.parquet")
    path = tmp_path / "evil.parquet"
    harm = "select * replace ('<script>' as status) from bills"
    write_bills(path, "created_at >= timestamp '2025-11-28'", harm)
    take_in(on_sqlite.lake, path)
    imports = json.loads(run("waybills", "imports", "--json").stdout)
    for words in (("--as-of", BAD), ("--import", imports[-1]["id"])):
        out = tmp_path / "report.html"
        assert run("data", "report", *words, "--out", str(out)).exit_code == 0
        page = out.read_text("utf-8")
        assert "<svg" in page and "&lt;script&gt;" in page and "<script" not in page
        assert "http" not in page
    assert "say --import ID or --as-of" in run("data", "report", "--out", "x.html").stderr


def check_of(snapshot: str, as_of: date, verdict: str, at: datetime) -> Check:
    names = ("source-volume",) if verdict != PASSED else ()
    return Check(snapshot, as_of, at, verdict, names, ())


def test_what_is_held_matters_until_something_newer_is_published(database: Any) -> None:
    features, decisions = SqlFeatureStore(database), SqlDecisionStore(database)
    checks = SqlCheckStore(database)
    day, at = date(2026, 11, 1), datetime.now(UTC)
    assert decisions.held_snapshot() is None
    checks.add(check_of("h0", day - timedelta(days=1), HELD, at))
    held = decisions.held_snapshot()  # nothing is published at all
    assert held is not None and held.id == "h0" and decisions.latest_snapshot() is None
    features.publish(make_meta("s1", day), make_rows())
    assert decisions.held_snapshot() is None
    checks.add(check_of("h1", day + timedelta(days=1), HELD, at))
    assert not checks.add(check_of("h1", day + timedelta(days=1), HELD, at + timedelta(hours=2)))
    checks.add(check_of("h2", day + timedelta(days=2), HELD, at + timedelta(hours=1)))
    row = decisions.latest_snapshot()
    assert row is not None and row.id == "s1" and row.newer_held is not None
    assert (row.newer_held.id, row.newer_held.expectations) == ("h2", ("source-volume",))
    assert abs(row.newer_held.since - at) < timedelta(milliseconds=1)
    features.publish(make_meta("s3", day + timedelta(days=3)), make_rows())
    assert decisions.held_snapshot() is None
    # Of the same day: held after that one was published.
    later = datetime.now(UTC) + timedelta(seconds=5)
    checks.add(check_of("h3", day + timedelta(days=3), HELD, later))
    held = decisions.held_snapshot()
    assert held is not None and held.id == "h3"


def test_a_decision_says_that_a_newer_snapshot_is_held(database: Any) -> None:
    from app.decisions.service import load_live
    from tests.decisions.test_decider import MemoryStore

    features, checks = SqlFeatureStore(database), SqlCheckStore(database)
    store, memory = SqlDecisionStore(database), MemoryStore()
    features.publish(make_meta("s1", date(2026, 2, 25)), make_rows())
    live: LivePolicy = load_live(memory.release)
    request = DecisionRequest("wuliudai", "m000001", "drawdown", {}, None)
    at = datetime(2026, 3, 1, tzinfo=UTC)
    record = decide(live, request, store, store.latest_snapshot(), at)
    assert record["snapshot"]["newer_held"] is None
    checks.add(check_of("s2", date(2026, 2, 28), HELD, at))
    record = decide(live, request, store, store.latest_snapshot(), at)
    assert record["snapshot"]["newer_held"] == {
        "id": "s2",
        "as_of": "2026-02-28",
        "since": "2026-03-01T00:00:00+00:00",
        "expectations": ["source-volume"],
    }


def test_a_whitelist_is_never_made_of_a_held_snapshot(on_sqlite: Settings, tmp_path: Path) -> None:
    import_nights(on_sqlite, tmp_path)
    assert run("features", "build", "--as-of", GOOD).exit_code == 0
    take_in(on_sqlite.lake, tmp_path / "bad.parquet")
    assert run("features", "build", "--as-of", BAD, "--known-at", "now", "--publish").exit_code == 1
    from app.storage.connection import connect

    database = connect(on_sqlite)
    with pytest.raises(SnapshotHeld, match="carrier-volume"):
        find_good_snapshot(on_sqlite.lake, database, date.fromisoformat(BAD))
    database.close()
