"""Real invoices, the whole way on SQLite by the command line: import, features, release, whitelist,
decisions online, replay.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest

from app.decisions.ports import DecisionRequest
from app.decisions.service import Decider
from app.settings import load_settings
from app.storage.connection import connect
from app.storage.decisions import SqlDecisionStore
from benchmarks.real_data import AS_OF, DATA, judge_portfolio, run_chengxin

FILE = DATA / "waybills.parquet"
SQL = Path(__file__).parent / "invoice_features.sql"
T = date.fromisoformat(AS_OF)
COUNTS = {"received": 397_117, "duplicate": 4_741, "conflict": 3, "new": 392_373}
MERCHANTS = 314
# A repetition is counted in the file that repeats it, so split files know of fewer.
KNOWS_REPETITIONS = "duplicate_rate"

pytestmark = [
    pytest.mark.skipif(not FILE.exists(), reason=f"the real invoices are not here: {FILE}"),
    pytest.mark.xdist_group("real"),
]
Row = dict[str, Any]


@dataclass(frozen=True)
class Home:
    folder: Path
    received: Row
    whitelist: Path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    folder = tmp_path_factory.mktemp("home")
    received, whitelist = judge_portfolio(folder, FILE)
    yield Home(folder, received, whitelist)


def export_features(folder: Path) -> dict[str, Row]:
    file = folder / "features.parquet"
    run_chengxin(folder, "features", "export", "--as-of", AS_OF, "--out", file)
    return rows_of(file)


def rows_of(file: Path) -> dict[str, Row]:
    found = duckdb.connect().execute("from read_parquet(?)", [str(file)])
    names = [column[0] for column in found.description]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return {row["merchant_id"]: row for row in rows}


def test_import_counts(home: Home) -> None:
    assert {name: home.received[name] for name in COUNTS} == COUNTS
    assert home.received["quarantined"] == {}


def test_features_recomputed_from_the_raw_file(home: Home) -> None:
    ours = export_features(home.folder)
    found = duckdb.connect().execute(SQL.read_text(), {"file": str(FILE), "as_of": T})
    names = [column[0] for column in found.description]
    theirs = {row[0]: dict(zip(names, row, strict=True)) for row in found.fetchall()}
    assert len(ours) == MERCHANTS
    assert set(ours) == set(theirs)
    wrong = [
        (merchant, name, ours[merchant][name], value)
        for merchant, row in theirs.items()
        for name, value in row.items()
        if not is_same(ours[merchant][name], value)
    ]
    assert wrong == []


def is_same(one: Any, other: Any) -> bool:
    """Whole numbers equal, ratios to 1e-9, null only beside null."""
    if one is None or other is None:
        return one is other
    if isinstance(one, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    return bool(one == other)


def test_every_merchant_online_as_in_the_batch(home: Home) -> None:
    database = connect(load_settings({"CHENGXIN_HOME": str(home.folder)}))
    decider = Decider(SqlDecisionStore(database))
    rows = rows_of(home.whitelist)
    assert len(rows) == MERCHANTS
    wrong, ids = [], []
    for merchant, row in rows.items():
        request = DecisionRequest(
            policy="fapiaodai", merchant_id=merchant, purpose="preapproval", facts={}, as_of=T
        )
        recorded = decider.decide(request)
        record = orjson.loads(recorded.record_json)
        assert record["engines_agree"]
        if {name: record[name] for name in row} != row:
            wrong.append((row, {name: record[name] for name in row}))
        ids.append(record["id"])
    assert wrong == []
    replays = [decider.replay(id_) for id_ in ids[::20]]
    assert [(report.same, report.differences) for report in replays] == [(True, {})] * len(replays)
    database.close()


def test_second_import_changes_nothing(home: Home) -> None:
    before = export_features(home.folder)
    manifest = (home.folder / "lake" / "manifest.json").read_bytes()
    again = run_chengxin(home.folder, "waybills", "import", FILE, "--source", "fapiao", "--json")
    assert again["new"] == 0
    assert (home.folder / "lake" / "manifest.json").read_bytes() == manifest
    built = run_chengxin(home.folder, "features", "build", "--as-of", AS_OF, "--json")
    assert built["is_new"] is False
    assert export_features(home.folder) == before


def test_shuffled_and_split_gives_the_same_features(home: Home, tmp_path: Path) -> None:
    parts = split_shuffled(tmp_path)
    other = tmp_path / "home"
    received = run_chengxin(other, "waybills", "import", *parts, "--source", "fapiao", "--json")
    assert {name: received[name] for name in COUNTS} == COUNTS
    run_chengxin(other, "features", "build", "--as-of", AS_OF)
    ours, theirs = export_features(home.folder), export_features(other)
    assert set(ours) == set(theirs)
    disputed = merchants_with_conflicts()
    differing = {
        name
        for merchant, row in ours.items()
        if merchant not in disputed
        for name, value in row.items()
        if theirs[merchant][name] != value
    }
    assert differing <= {KNOWS_REPETITIONS}
    more = [
        m for m in ours if (theirs[m][KNOWS_REPETITIONS] or 0) > (ours[m][KNOWS_REPETITIONS] or 0)
    ]
    assert more == []


def split_shuffled(folder: Path) -> list[Path]:
    """Three files with all rows, in an order that has nothing to do with the file's."""
    parts = [folder / f"part{number}.parquet" for number in range(3)]
    con = duckdb.connect()
    con.execute(
        "create table shuffled as select *, row_number() over (order by hash(file_row_number + 77))"
        " as place from read_parquet(?, file_row_number = true)",
        [str(FILE)],
    )
    for number, part in enumerate(parts):
        con.execute(
            "copy (select * exclude (place, file_row_number) from shuffled"
            f" where place % 3 = {number} order by place) to '{part}' (format parquet)"
        )
    return parts


def merchants_with_conflicts() -> set[str]:
    """Merchants of numbers that stand with two contents: which one counts depends on the order."""
    found = duckdb.connect().execute(
        "select any_value(shipper_id), count(*) from (select distinct * from read_parquet(?))"
        " group by waybill_no having count(*) > 1",
        [str(FILE)],
    )
    return {row[0] for row in found.fetchall()}
