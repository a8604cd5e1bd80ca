"""What was known when: rows that arrived later do not leak in, whenever a day is built."""

from __future__ import annotations

import json
import random
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.commands.features import features
from app.commands.waybills import waybills
from app.features.backfill import DayBuilt, Plan, build_day
from app.features.build import build_snapshot
from app.features.calendar import AsOf
from app.features.knowledge import (
    Knowledge,
    WrongMoment,
    know,
    read_moment,
    settle_knowledge,
)
from app.features.lake import EmptyLake, Import, read_lake
from app.settings import Settings
from app.waybills.intake import WrongArrival, import_files, import_rows, open_intake, read_arrival
from app.waybills.lake import Lake
from tests.conftest import make_settings
from tests.features.lakes import load_catalogue

D = date(2024, 3, 1)
ADA, BEA, CAT = (datetime(2024, 1, day, 3) for day in (1, 8, 20))  # noqa: DTZ001 local time
LATER = datetime(2024, 6, 1, 12)  # noqa: DTZ001


def row(number: str, month: int, merchant: str = "M1", **more: Any) -> dict[str, Any]:
    return {
        "waybill_no": number, "shipper_id": merchant, "consignee_id": "C1", "status": "signed",
        "created_at": f"2023-{month:02d}-05 10:00:00", "cod_amount": 100 * month, **more,
    }  # fmt: skip


FIRST = [row(f"A{m}", m, f"M{m % 3}", carrier_id="X") for m in range(1, 13)]
SECOND = [
    row("B1", 11),  # late, of a known merchant
    row("B2", 10, "M9"),  # of a merchant of whom nothing was known
    row("A4", 4, "M1", cod_amount=999),  # a number again, with other content: counted as a reset
    row("A6", 6, "M0", carrier_id="X"),  # a repetition
    row("B3", 12, "C1", consignee_id="M2", status="returned", return_of="A11"),  # A11 was returned
]


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    """One database is enough: builds do not read it."""
    return make_settings(tmp_path / "home", sqlite_url)


def load(settings: Settings, batches: dict[datetime, list[dict[str, Any]]], **more: Any) -> None:
    intake = open_intake(settings.lake, settings.hash_key(), settings.rulesets, 512)
    for arrived_at, rows in batches.items():
        import_rows(intake, rows, "tms", arrived_at=arrived_at, **more)


def build(
    settings: Settings, day: date, known_at: str | None = None, now: datetime = LATER,
    again: bool = False,
) -> DayBuilt:  # fmt: skip
    lake = read_lake(settings.lake, settings.rulesets, settings.hash_key())
    plan = Plan(lake, load_catalogue(), now, known_at, again)
    return build_day(
        plan, day, lambda known, as_of: build_snapshot(known, plan.catalogue, as_of, 512)
    )


def told(done: DayBuilt) -> tuple[str, str]:
    snapshot = done.made.snapshot
    return snapshot.id, snapshot.provenance["content_sha256"]


def other_home(settings: Settings, name: str) -> Settings:
    """A new home with the same key."""
    fresh = make_settings(settings.home.parent / name, settings.database_url)
    return Settings(**{**{n: getattr(fresh, n) for n in fresh.__slots__},
                       "hash_key_text": settings.hash_key().decode()})  # fmt: skip


def test_late_rows_do_not_leak_in(settings: Settings) -> None:
    """A late row, a new merchant, a conflict, a repetition and a return that names an older bill:
    known at the moment before, the day is the same to the id.
    """
    load(settings, {ADA: FIRST})
    first = told(build(settings, D))
    load(settings, {BEA: SECOND})
    before = build(settings, D, "2024-01-08T02:59:59", again=True)
    assert told(before) == first and not before.made.is_new
    assert [found.arrived_at for found in before.left_out] == ["2024-01-08 03:00:00"]
    after = build(settings, D, "2024-01-08T03:00:00")
    rows = {r["merchant_id"]: r for r in after.made.snapshot.read().to_pylist()}
    earlier = {r["merchant_id"] for r in before.made.snapshot.read().to_pylist()}
    assert set(rows) - earlier == {"M9", "C1"}
    assert rows["M1"]["reset_rate"] > 0 and rows["M1"]["cod_amt_12m"] > 0
    assert rows["M2"]["return_rate_amt_6m"] > 0  # A11, named by B3
    assert after.left_out == ()


def test_any_moment_is_the_lake_of_that_moment(settings: Settings) -> None:
    """Whatever has been built before, in whatever order: the same as in a lake that has only what
    had arrived.
    """
    dice = random.Random(5)
    moments = [datetime(2024, 1, 1) + timedelta(days=n) for n in (1, 4, 9)]  # noqa: DTZ001
    batches = {
        moment: [
            row(f"{moment.day}-{n}", dice.choice((8, 11, 12)), f"M{dice.randrange(5)}",
                consignee_id=f"C{dice.randrange(4)}",
                return_of=f"2-{dice.randrange(30)}" if n % 9 == 8 else None,
                status="returned" if n % 9 == 8 else "cod_paid")
            for n in range(30)
        ] + [row(f"2-{n}", 11, cod_amount=7) for n in range(3)]
        for moment in moments
    }  # fmt: skip
    load(settings, batches)
    known: dict[tuple[date, datetime], tuple[str, str]] = {}
    tries = [(day, moment) for day in (D, date(2023, 12, 9)) for moment in moments]
    dice.shuffle(tries)
    for day, moment in tries:
        known[day, moment] = told(build(settings, day, moment.isoformat()))
    for moment in moments:
        alone = other_home(settings, f"alone-{moment.day}")
        load(alone, {m: rows for m, rows in batches.items() if m <= moment})
        for day in (D, date(2023, 12, 9)):
            assert told(build(alone, day, "now")) == known[day, moment], (day, moment)
    assert len(set(known.values())) == len(known)


@pytest.mark.parametrize(
    ("now", "day", "expected"),
    [
        # not over yet: all that is known
        ("2024-03-01T04:00:00", D, ("2024-03-01T04:00:00", "now")),
        ("2024-02-27T04:00:00", D, ("2024-02-27T04:00:00", "now")),
        # over: the end of the day before
        ("2024-03-02T00:00:00", D, ("2024-02-29T23:59:59.999999", "end_of_day")),
        # before the lake was opened: its first 24 hours
        ("2024-06-01T00:00:00", date(2023, 7, 1), ("2024-01-02T03:00:00", "opening")),
        ("2024-01-01T05:00:00", date(2023, 7, 1), ("2024-01-01T05:00:00", "opening")),
    ],
)
def test_what_is_known_by_default(
    tmp_path: Path, settings: Settings, now: str, day: date, expected: tuple[str, str]
) -> None:
    load(settings, {ADA: FIRST})
    lake = read_lake(settings.lake, settings.rulesets)
    found = settle_knowledge(lake, AsOf(day), None, datetime.fromisoformat(now))
    assert (found.at.isoformat(), found.how) == expected


def test_a_past_day_is_what_it_was_in_time(settings: Settings) -> None:
    """Built in the night with what the night had brought, the day is the same a month later."""
    load(settings, {ADA: FIRST, datetime(2024, 3, 1, 2): [row("N1", 12)]})  # noqa: DTZ001
    night = build(settings, D, now=datetime(2024, 3, 1, 3))  # noqa: DTZ001
    load(settings, {datetime(2024, 3, 1, 9): [row("N2", 12)]})  # noqa: DTZ001
    load(settings, {datetime(2024, 3, 9): SECOND})  # noqa: DTZ001
    again = build(settings, D, again=True)
    assert told(again) == told(night)
    assert again.knowledge is not None and again.knowledge.how == "snapshot"
    assert [found.file for found in again.left_out] == ["batch", "batch"]
    strict = build(settings, D, "end-of-day")
    counts = (night.made.snapshot, strict.made.snapshot)
    assert [s.provenance["counts"]["waybills"] for s in counts] == [13, 12]
    assert build(settings, D, "now").left_out == ()


def test_an_import_that_was_under_way_is_not_taken_for_known(settings: Settings) -> None:
    """It began before the build and was committed after it: the day stays what it was."""
    load(settings, {ADA: FIRST})
    night = build(settings, D, now=datetime(2024, 3, 1, 3))  # noqa: DTZ001
    load(settings, {datetime(2024, 3, 1, 2, 50): SECOND})  # noqa: DTZ001
    assert told(build(settings, D, again=True)) == told(night)


def test_history_is_known_in_its_own_time(settings: Settings) -> None:
    """The history of a second source, imported long after the lake was opened."""
    load(settings, {ADA: FIRST})
    path = settings.home / "old.csv"
    path.write_text("waybill_no,shipper_id,consignee_id,created_at\nH1,M8,C1,2023-05-01\n", "utf-8")
    intake = open_intake(settings.lake, settings.hash_key(), settings.rulesets, 512)
    import_files(intake, [path], "new-tms", arrived_at=LATER, history=True)
    done = build(settings, date(2023, 7, 1), now=LATER + timedelta(days=9))
    assert done.left_out == ()
    assert done.made.snapshot.find("M8") is not None
    (entry,) = (one for one in Lake(settings.lake).imports() if one.history)
    assert (entry.arrived_at, entry.recorded_at is not None) == ("2024-06-01 12:00:00", True)


def test_by_import(settings: Settings) -> None:
    """An import's id says exactly: up to and with it, also within one second."""
    load(settings, {ADA: FIRST})
    load(settings, {ADA: SECOND})
    first, second = (one.id for one in Lake(settings.lake).imports())
    counts = [
        build(settings, D, id_).made.snapshot.provenance["counts"]["waybills"]
        for id_ in (first, second)
    ]
    assert counts == [12, 15]


def test_messages(settings: Settings) -> None:
    load(settings, {ADA: FIRST})
    for text, message in (
        ("yesterday", "'yesterday' is no moment; write now, end-of-day"),
        ("2023-13-01T00:00:00", "is no moment"),
        ("000007-0123456789ab", "the lake has no such import"),
    ):
        with pytest.raises(WrongMoment, match=message):
            build(settings, D, text)
    with pytest.raises(EmptyLake, match=r"had arrived by 2023-12-31 00:00:00 .*first import arrived"
                                        " at 2024-01-01 03:00:00; choose a later"):  # fmt: skip
        build(settings, D, "2023-12-31T00:00:00")
    with pytest.raises(WrongArrival, match="cannot have arrived at 2999-01-01 00:00:00, it is"):
        load(settings, {datetime(2999, 1, 1): SECOND})  # noqa: DTZ001
    with pytest.raises(WrongArrival, match="'noon' is no moment; write it like 2026-10-31T"):
        read_arrival("noon")


def test_moments_are_shanghai_s() -> None:
    assert read_moment("2024-03-01T00:30:00Z") == datetime(2024, 3, 1, 8, 30)  # noqa: DTZ001
    assert read_moment("2024-03-01 00:30") == datetime(2024, 3, 1, 0, 30)  # noqa: DTZ001
    assert read_moment("2024-03-01") == datetime(2024, 3, 1, 23, 59, 59, 999_999)  # noqa: DTZ001
    assert read_arrival("2024-03-01T00:30:00+00:00") == datetime(2024, 3, 1, 8, 30)  # noqa: DTZ001


def test_the_boundary_is_counted() -> None:
    found = Import("1", "tms", "a", "h", "2024-01-01 03:00:00")
    assert Knowledge(ADA, "given").covers(0, found)
    assert not Knowledge(ADA - timedelta(microseconds=1), "given").covers(0, found)
    assert not Knowledge(ADA, "given", ledger=0).covers(0, found)


def test_all_known_is_the_same_lake(settings: Settings) -> None:
    load(settings, {ADA: FIRST, BEA: SECOND})
    lake = read_lake(settings.lake, settings.rulesets)
    known = know(lake, Knowledge(LATER, "now"))
    assert (known.months, known.imports) == (lake.months, lake.imports)


def test_on_the_command_line(settings: Settings, environment: dict[str, str]) -> None:
    """As a user does it: import, build, late rows, build as it was known, look at it."""
    files = {}
    for name, rows in (("a", FIRST), ("b", SECOND)):
        files[name] = settings.home / f"{name}.csv"
        columns = sorted({key for one in SECOND + FIRST for key in one})
        lines = [",".join(str(one.get(c) or "") for c in columns) for one in rows]
        files[name].write_text("\n".join([",".join(columns), *lines]) + "\n", "utf-8")

    def run(*words: str) -> Any:
        group = waybills if words[0] == "import" else features
        result = CliRunner().invoke(group, [*words, "--json"], env=environment)
        assert result.exit_code == 0, (result.output, result.exception)
        return json.loads(result.stdout)

    run("import", str(files["a"]), "--source", "tms", "--arrived-at", "2024-01-01T03:00:00")
    first = run("build", "--as-of", "2024-03-01")
    assert (first["known_by"], first["left_out"], first["published"]) == ("end_of_day", [], True)
    run("import", str(files["b"]), "--source", "tms", "--arrived-at", "2024-03-08T03:00:00")
    now = run("build", "--as-of", "2024-03-01", "--known-at", "now")
    assert now["counts"]["waybills"] == 15 and now["published"] is None
    assert run("show", "M1", "--as-of", "2024-03-01")["snapshot"] == now["id"]
    again = run("build", "--as-of", "2024-03-01")
    assert (again["id"], again["state"]) == (first["id"], "standing")
    assert [one["file"] for one in again["left_out"]] == ["b.csv"]
    # What the last build gave is the snapshot of the day; others are asked for by their id.
    assert run("show", "M1", "--as-of", "2024-03-01")["snapshot"] == first["id"]
    other = run("show", "M1", "--as-of", "2024-03-01", "--snapshot", now["id"])
    assert other["snapshot"] == now["id"]
    traced = run("explain", "M1", "cod_amt_12m", "--snapshot", first["id"])
    assert traced["agrees"] and "B1" not in {one["waybill_no"] for one in traced["waybills"]}
    assert traced["value"] == other["values"]["cod_amt_12m"] - 110_000
    out = settings.home / "bills.csv"
    words = ("explain", "M1", "cod_amt_12m", "--as-of", "2024-03-01", "--out", str(out))
    assert CliRunner().invoke(features, [*words], env=environment).exit_code == 0
    assert len(out.read_text("utf-8").splitlines()) == 1 + traced["waybills_in_all"]
