"""Snapshots: immutable, visible wholly or not at all, exported, published, shown on the command
line.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, datetime
from datetime import time as clock
from pathlib import Path
from typing import Any

import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from app.features.catalogue import CatalogueError, load_feature_catalogue
from app.features.export import WrongEnding, export_snapshot
from app.features.lake import EmptyLake, read_lake
from app.features.snapshots import NoSnapshot, find_snapshot, list_snapshots
from app.settings import PROJECT_FOLDER, Settings
from app.storage.features import SqlFeatureStore
from app.waybills.intake import import_rows, open_intake
from tests.conftest import make_settings
from tests.features.lakes import CATALOGUE, Waybill, build, load_catalogue, write_lake

AS_OF = date(2024, 3, 1)


def some_waybills(count: int = 40) -> list[Waybill]:
    return [
        Waybill(
            f"W{n}",
            datetime.combine(date(2023, 1 + n % 12, 3), clock()),
            merchant_id=f"M{n % 7}",
            cod_fen=1_000 + n,
        )
        for n in range(count)
    ]


def import_some(settings: Settings, months: int = 12, merchants: int = 5) -> None:
    """Waybills through the front door, so that commands find a whole lake."""
    intake = open_intake(settings.lake, settings.hash_key(), settings.rulesets, 512)
    rows = [
        {"waybill_no": f"W{m}-{n}", "shipper_id": f"M{n}", "consignee_id": f"C{(m + n) % 3}",
         "status": "cod_paid", "created_at": f"2023-{m:02d}-0{1 + n} 10:00:00",
         "cod_amount": 100.5 * m, "carrier_id": "X"}
        for m in range(1, months + 1) for n in range(merchants)
    ]  # fmt: skip
    import_rows(intake, rows, "tms")


def run(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", "features", *words],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_provenance(tmp_path: Path) -> None:
    snapshot = build(write_lake(tmp_path, {"one": some_waybills()}), AS_OF).snapshot
    told = json.loads(snapshot.path.with_suffix(".json").read_text("utf-8"))
    assert told == snapshot.provenance
    assert (told["as_of"], told["cut_off_at"]) == ("2024-03-01", "2024-03-01T00:00:00")
    assert told["counts"] == {"merchants": 7, "waybills": 40, "months": 12}
    assert told["catalogue_sha256"] == load_catalogue().sha256
    assert [found["sha256"] for found in told["imports"]] == ["hash of one"]
    assert snapshot.path == tmp_path / "features" / "as_of=2024-03-01" / f"{told['id']}.parquet"
    assert snapshot.hash_content() == told["content_sha256"]


def test_columns_follow_the_catalogue(tmp_path: Path) -> None:
    table = build(write_lake(tmp_path, {"one": some_waybills()}), AS_OF).snapshot.read()
    assert table.schema.names == ["merchant_id", *load_catalogue().names, "missing"]
    assert str(table.schema.field("cod_amt_12m").type) == "int64"
    assert str(table.schema.field("retention").type) == "double"
    assert table.column("merchant_id").to_pylist() == sorted(
        table.column("merchant_id").to_pylist()
    )


def test_values_lie_in_the_catalogue_s_range(tmp_path: Path) -> None:
    """A value outside its own range would count as missing in every decision."""
    import yaml

    entries = yaml.safe_load(CATALOGUE.read_text("utf-8"))["inputs"]
    rows = build(write_lake(tmp_path, {"one": some_waybills()}), AS_OF).snapshot.read().to_pylist()
    for name in load_catalogue().names:
        if entries[name]["type"] in ("text", "boolean"):
            continue
        low, high = entries[name]["range"]
        scale = 100 if entries[name]["type"] == "money" else 1
        values = [row[name] for row in rows if row[name] is not None]
        assert all(low * scale <= value <= high * scale for value in values), name


def test_texts_for_look_up(tmp_path: Path) -> None:
    snapshot = build(write_lake(tmp_path, {"one": some_waybills()}), AS_OF).snapshot
    rows = snapshot.read().to_pylist()
    for (merchant, values, missing), row in zip(snapshot.texts(), rows, strict=True):
        assert json.loads(missing) == json.loads(row.pop("missing"))
        assert {"merchant_id": merchant, **json.loads(values)} == row
        assert '"cod_amt_12m":' in values and " " not in values


def test_changed_meaning_is_another_snapshot(tmp_path: Path) -> None:
    from app.features.build import build_snapshot
    from app.features.calendar import AsOf

    lake = write_lake(tmp_path / "lake", {"one": some_waybills()})
    text = CATALOGUE.read_text("utf-8")
    other = tmp_path / "catalogue.yaml"
    other.write_text(
        text.replace("Bills created in M1.", "Bills that were created in M1."), "utf-8"
    )
    first = build(lake, AS_OF).snapshot
    second = build_snapshot(lake, load_feature_catalogue(other), AsOf(AS_OF), 512)
    assert second.is_new
    assert second.snapshot.provenance["content_sha256"] == first.provenance["content_sha256"]
    assert [s.id for s in list_snapshots(lake.folder, AS_OF)] == [first.id, second.snapshot.id]
    assert find_snapshot(lake.folder, AS_OF).id == second.snapshot.id


def test_nothing_before_the_day(tmp_path: Path) -> None:
    lake = write_lake(tmp_path, {"one": some_waybills()})
    with pytest.raises(EmptyLake, match="no waybills before 2023-01-01; import some"):
        build(lake, date(2023, 1, 1))
    with pytest.raises(NoSnapshot, match="run chengxin features build --as-of 2023-01-01"):
        find_snapshot(tmp_path, date(2023, 1, 1))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("inputs: [1]", "not a catalogue; expected `inputs:`"),
        (
            "inputs: {x: {from: features, type: money_}}",
            "x: a feature's type is one of money, integer",
        ),
        ("inputs: {x: {from: features, type: money}}", "x: write its meaning as"),
    ],
)
def test_catalogue_that_cannot_be_used(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "catalogue.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(CatalogueError, match=message):
        load_feature_catalogue(path)


def test_export(tmp_path: Path) -> None:
    snapshot = build(write_lake(tmp_path, {"one": some_waybills()}), AS_OF).snapshot
    for name in ("f.parquet", "f.csv"):
        assert export_snapshot(snapshot, tmp_path / name) == 7
    assert pq.read_table(tmp_path / "f.parquet").equals(snapshot.read())
    rows = pyarrow.csv.read_csv(tmp_path / "f.csv").to_pylist()
    assert [row["cod_amt_12m"] for row in rows] == snapshot.read().column("cod_amt_12m").to_pylist()
    with pytest.raises(WrongEnding, match=r"end the file name in \.parquet or \.csv"):
        export_snapshot(snapshot, tmp_path / "f.xlsx")
    assert not list(tmp_path.glob(".*"))


def test_commands(settings: Settings, environment: dict[str, str], tmp_path: Path) -> None:
    """Build publishes; building again says so; show, list and export read what was built."""
    import_some(settings)
    first = run(environment, "build", "--as-of", "2024-01-01", "--json")
    assert first.returncode == 0, first.stderr
    told = json.loads(first.stdout)
    assert (told["is_new"], told["published"], told["counts"]["merchants"]) == (True, True, 5)
    again = run(environment, "build", "--as-of", "2024-01-01")
    assert "unchanged, same inputs and content" in again.stdout
    assert "was published already" in again.stdout
    shown = run(environment, "show", "M2", "--as-of", "2024-01-01")
    assert "7,839.00 yuan" in " ".join(shown.stdout.split()), shown.stdout
    assert run(environment, "show", "nobody", "--as-of", "2024-01-01").returncode == 1
    assert told["id"] in run(environment, "list").stdout
    out = tmp_path / "f.parquet"
    exported = run(environment, "export", "--as-of", "2024-01-01", "--out", str(out))
    assert exported.returncode == 0 and pq.read_metadata(out).num_rows == 5
    wrong = run(environment, "build", "--as-of", "2024-13-01")
    assert wrong.returncode == 2 and "write it like 2020-01-01" in wrong.stderr


def test_publishing(settings: Settings, database: Any) -> None:
    """Rows in the database are the snapshot's, and come in once."""
    import_some(settings)
    snapshot = build(read_lake(settings.lake, settings.rulesets), date(2024, 1, 1)).snapshot
    store = SqlFeatureStore(database)
    assert store.publish(snapshot.meta, snapshot.texts()) is True

    def unread() -> Iterator[tuple[str, str, str]]:
        raise AssertionError("read although it was published")
        yield

    assert store.publish(snapshot.meta, unread()) is False
    assert list(store.iter_rows(snapshot.id)) == list(snapshot.texts())


@pytest.mark.slow
def test_killed_builds_leave_nothing_visible(tmp_path: Path) -> None:
    """`kill -9` at random moments: what shows is whole, and the next build succeeds."""
    home = tmp_path / "home"
    settings = make_settings(home, f"sqlite:///{home / 'x.db'}")
    import_some(settings, months=12, merchants=9)
    environment = {**os.environ, "CHENGXIN_HOME": str(home), "PYTHONPATH": str(PROJECT_FOLDER)}
    command = [sys.executable, "-m", "app.cli", "features", "build", "--no-publish", "--as-of"]
    dice = random.Random(9)
    begun = time.perf_counter()
    expected = subprocess.run(
        [*command, "2023-12-31"], env=environment, check=True, capture_output=True
    )
    whole_seconds = time.perf_counter() - begun
    assert b"built snapshot" in expected.stdout
    killed, shortest = 0, whole_seconds
    for round_ in range(40):
        day = f"2024-01-{1 + round_ % 12:02d}"
        begun = time.perf_counter()
        with subprocess.Popen(
            [*command, day], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                process.wait(timeout=shortest * dice.uniform(0.3, 1.0))
                shortest = min(shortest, time.perf_counter() - begun)  # was quicker than the kill
            except subprocess.TimeoutExpired:
                process.kill()
                killed += process.wait() == -signal.SIGKILL
        for snapshot in list_snapshots(settings.lake):
            assert snapshot.hash_content() == snapshot.provenance["content_sha256"]
        if killed == 12:
            break
    assert killed == 12, "builds must be killed for this to show anything"
    last = subprocess.run(
        [*command, "2024-01-12"], env=environment, check=True, capture_output=True
    )
    assert b"snapshot 20240112-" in last.stdout
    fresh = tmp_path / "fresh"
    import_some(Settings(fresh, "sqlite:///x", settings.rulesets, settings.scorecards,
                         settings.hash_key_text, 512), months=12, merchants=9)  # fmt: skip
    whole = build(read_lake(fresh / "lake", settings.rulesets), date(2024, 1, 12)).snapshot
    survivor = find_snapshot(settings.lake, date(2024, 1, 12))
    assert survivor.provenance["content_sha256"] == whole.provenance["content_sha256"]
    folder = settings.lake / "features" / "as_of=2024-01-12"
    assert {path.suffix for path in folder.iterdir()} == {".parquet", ".json", ".csv"}
