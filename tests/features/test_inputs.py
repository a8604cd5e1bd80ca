"""The hash of a build's inputs: whatever the values depend on changes it, and nothing is computed
twice for the same inputs.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.commands.features import features
from app.features import inputs
from app.features.backfill import DayBuilt, Plan, WrongDays, build_day, build_days, list_days
from app.features.build import build_snapshot
from app.features.calendar import AsOf
from app.features.carriage import CarriageRule, FeeRule
from app.features.distances import Distances
from app.features.holidays import Shock
from app.features.inputs import hash_inputs, hash_program, tell
from app.features.lake import LakeState, OutlierRule
from app.features.reference import References
from app.features.snapshots import list_snapshots
from app.settings import Settings
from tests.conftest import make_settings
from tests.features.lakes import Waybill, listed, load_catalogue, write_lake
from tests.features.test_snapshots import import_some

D = date(2024, 3, 1)
NOW = datetime(2026, 1, 1)  # noqa: DTZ001 local time


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    """One database is enough: builds do not read it."""
    return make_settings(tmp_path / "home", sqlite_url)


def some(prefix: str, months: range, merchants: int = 3) -> list[Waybill]:
    return [
        Waybill(f"{prefix}{m}-{n}", datetime(2023, m, 3, 9), f"M{n}", f"C{n % 2}",  # noqa: DTZ001
                cod_fen=10_000 * m + n, consignee_phone_hash="p")
        for m in months for n in range(merchants)
    ]  # fmt: skip


def a_lake(folder: Path) -> LakeState:
    return write_lake(
        folder,
        {"one": some("A", range(8, 13)), "two": some("B", range(11, 13))},
        outliers={"tms": OutlierRule(9_000_000, 20)},
        references=References(listed(("id", "C0")), listed(("id", "M1"))),
    )


def _shift(lake: LakeState) -> LakeState:
    """Another day of rest, which moves max_gap_days."""
    return replace(lake, calendar=replace(lake.calendar, days_before=3, sha256="other"))


def _without_two(lake: LakeState) -> LakeState:
    months = {m: tuple(p for p in paths if p.stem != "two") for m, paths in lake.months.items()}
    return replace(lake, imports=lake.imports[:1], months=months)


# What is changed, by field of LakeState; each change must be seen.
CHANGES: dict[str, Callable[[LakeState], LakeState]] = {
    "months": _without_two,
    "imports": lambda lake: replace(
        lake, imports=(replace(lake.imports[0], arrived_at="2024-01-01 00:00:00"), lake.imports[1])
    ),
    "invoice_sources": lambda lake: replace(lake, invoice_sources=frozenset({"tms"})),
    "outlier_rules": lambda lake: replace(lake, outlier_rules={"tms": OutlierRule(50_000, 20)}),
    "calendar": _shift,
    "references": lambda lake: replace(
        lake, references=replace(lake.references, blacklist=listed(("id", "C1")))
    ),
    "carriage_rules": lambda lake: replace(
        lake, carriage_rules={"tms": CarriageRule(None, FeeRule(100, 20), None)}
    ),
}


def test_every_field_of_the_lake_counts(tmp_path: Path) -> None:
    """Who adds a field to LakeState adds a change here, or says in EXEMPT why it is none."""
    lake, catalogue = a_lake(tmp_path), load_catalogue()
    before = hash_inputs(lake, catalogue, AsOf(D))
    assert set(CHANGES) | inputs.EXEMPT == {field.name for field in fields(LakeState)}
    seen = {name: hash_inputs(change(lake), catalogue, AsOf(D)) for name, change in CHANGES.items()}
    assert before not in seen.values()
    assert len(set(seen.values())) == len(seen)


def test_what_else_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake, catalogue, as_of = a_lake(tmp_path), load_catalogue(), AsOf(D)
    before = hash_inputs(lake, catalogue, as_of)
    references, shock = lake.references, Shock(D, D, {"en": "x"})
    others = [
        hash_inputs(lake, replace(catalogue, sha256="other"), as_of),
        hash_inputs(lake, catalogue, AsOf(date(2024, 3, 2))),
        hash_inputs(lake, catalogue, as_of, "spark"),
        hash_inputs(replace(lake, references=replace(references, staff=None)), catalogue, as_of),
        hash_inputs(
            replace(lake, references=replace(references, distances=Distances({}, "hash"))),
            catalogue, as_of),
        hash_inputs(replace(lake, calendar=replace(lake.calendar, shocks=(shock,))),
                    catalogue, as_of),
    ]  # fmt: skip
    monkeypatch.setattr(inputs, "hash_program", lambda: "another program")
    others.append(hash_inputs(lake, catalogue, as_of))
    assert before not in others and len(set(others)) == len(others)


def test_what_does_not_count(tmp_path: Path) -> None:
    """Where the lake lies, what came of later months, a source that has nothing to do with it."""
    catalogue, as_of = load_catalogue(), AsOf(date(2023, 10, 1))
    lake = a_lake(tmp_path / "a")
    before = hash_inputs(lake, catalogue, as_of)
    assert hash_inputs(_without_two(lake), catalogue, as_of) == before
    moved = a_lake(tmp_path / "b")
    rules = {**moved.outlier_rules, "another": OutlierRule(1, 2)}
    assert hash_inputs(replace(moved, outlier_rules=rules), catalogue, as_of) == before


def test_the_program_is_all_texts_that_values_come_from() -> None:
    from importlib import resources

    names = {name for name, _ in inputs._texts(resources.files("app.features"))}
    assert {"build.py", "growth.py", "sql/bills.sql", "sql/caps.sql"} <= names
    assert not any(name.startswith("tracing/") for name in names)
    assert len(hash_program()) == 64


def test_what_cannot_be_told_is_refused() -> None:
    with pytest.raises(TypeError, match="of type function has no hash"):
        tell({"a": [lambda: None]})
    assert tell({1: 0.1}) != tell({1: 0.2})
    assert tell({"b", "a"}) == ["a", "b"]


def build(lake: LakeState, computed: list[date], again: bool = False) -> DayBuilt:
    plan = Plan(lake, load_catalogue(), NOW, "now", again)

    def compute(known: LakeState, as_of: AsOf) -> Any:
        computed.append(as_of.day)
        return build_snapshot(known, plan.catalogue, as_of, 512)

    return build_day(plan, D, compute)


def test_skipping_is_never_wrong(tmp_path: Path) -> None:
    """After each change of an input the day is computed again; back at the old inputs it stands,
    with the very content that a new computation gives.
    """
    lake, computed = a_lake(tmp_path), list[date]()
    first = build(lake, computed).made.snapshot
    contents = {first.provenance["content_sha256"]}
    for name, change in CHANGES.items():
        changed = build(change(lake), computed)
        assert not changed.stood, name
        contents.add(changed.made.snapshot.provenance["content_sha256"])
    assert len(computed) == 1 + len(CHANGES)
    assert len(contents) >= 5  # most changes change a value here
    for name, change in CHANGES.items():
        stands = build(change(lake), computed)
        assert stands.stood, name
        assert stands.made.snapshot.hash_content() in contents
    assert len(computed) == 1 + len(CHANGES)
    again = build(lake, computed, again=True)
    assert not again.stood and again.made.snapshot.id == first.id


def test_a_snapshot_that_is_gone_does_not_stand(tmp_path: Path) -> None:
    lake, computed = a_lake(tmp_path), list[date]()
    first = build(lake, computed).made.snapshot
    first.path.unlink()
    assert not build(lake, computed).stood
    assert first.path.is_file() and len(computed) == 2


@pytest.mark.parametrize(
    ("first", "last", "every", "days"),
    [
        ("2024-01-31", "2024-04-30", "month", "2024-01-31 2024-02-29 2024-03-31 2024-04-30"),
        ("2024-01-15", "2024-03-14", "month", "2024-01-15 2024-02-15"),
        ("2024-02-27", "2024-03-01", "day", "2024-02-27 2024-02-28 2024-02-29 2024-03-01"),
        ("2024-01-01", "2024-01-16", "week", "2024-01-01 2024-01-08 2024-01-15"),
        ("2024-01-01", "2024-01-01", "day", "2024-01-01"),
    ],
)
def test_days(first: str, last: str, every: str, days: str) -> None:
    found = list_days(date.fromisoformat(first), date.fromisoformat(last), every)
    assert [day.isoformat() for day in found] == days.split()


def test_days_that_cannot_be() -> None:
    with pytest.raises(WrongDays, match="--to 2024-01-01 lies before --as-of 2024-01-02"):
        list_days(date(2024, 1, 2), date(2024, 1, 1), "day")
    with pytest.raises(WrongDays, match="are more than the 4000 of one backfill; write --every"):
        list_days(date(2000, 1, 1), date(2024, 1, 1), "day")


def test_a_backfill_is_its_days(tmp_path: Path) -> None:
    """Day after day the same as each alone; a second run finds all standing; rollups of months are
    made once.
    """
    lake = a_lake(tmp_path / "a")
    plan = Plan(lake, load_catalogue(), NOW, "now")
    made = []

    def compute(known: LakeState, as_of: AsOf) -> Any:
        built = build_snapshot(known, plan.catalogue, as_of, 512)
        made.append(built.made_rollups)
        return built

    days = list_days(date(2023, 8, 1), date(2024, 1, 1), "month")
    done = list(build_days(plan, days, compute))
    assert [one.as_of for one in done] == days
    assert done[0].built is None and "no waybills before 2023-08-01" in done[0].why
    assert max(made[1:]) < sum(made) / 2
    alone = a_lake(tmp_path / "b")
    for one in done[3::4]:
        fresh = build_snapshot(alone, plan.catalogue, AsOf(one.as_of), 512).snapshot
        assert fresh.provenance["content_sha256"] == one.made.snapshot.provenance["content_sha256"]
    again = list(build_days(plan, days, compute))
    assert all(one.stood for one in again[1:]) and len(made) == len(days) - 1


def test_on_the_command_line(settings: Settings, environment: dict[str, str]) -> None:
    import_some(settings, months=3)

    def run(*words: str) -> Any:
        return CliRunner().invoke(features, [*words], env=environment)

    words = ("build", "--as-of", "2023-03-01", "--to", "2023-05-01", "--every", "month")
    first = run(*words)
    assert first.exit_code == 0, first.output
    assert [line.split()[2] for line in first.stdout.splitlines()[:3]] == ["built"] * 3
    assert "3 days in " in first.stdout and "none was published" in first.stdout
    again = json.loads(run(*words, "--json").stdout)
    assert again["states"] == {"standing": 3}
    assert [one["as_of"] for one in again["days"]] == ["2023-03-01", "2023-04-01", "2023-05-01"]
    wrong = run("build", "--as-of", "2024-01-01", "--to", "2023-01-01")
    assert wrong.exit_code == 1 and "lies before" in str(wrong.exception)
    empty = run("build", "--as-of", "2020-01-01", "--to", "2020-01-02")
    assert empty.exit_code == 1 and "nothing known" in empty.stdout


def test_verify(settings: Settings, environment: dict[str, str]) -> None:
    """One byte, one word, one file: each is found and named."""
    import_some(settings, months=3)
    CliRunner().invoke(
        features, ["build", "--as-of", "2023-03-01", "--to", "2023-03-05"], env=environment
    )

    def verify() -> tuple[int, dict[str, list[str]]]:
        result = CliRunner().invoke(features, ["verify", "--json"], env=environment)
        told = json.loads(result.stdout)
        assert told["sound"] == (result.exit_code == 0)
        faults = {one["as_of"][-1:]: one["faults"] for one in told["snapshots"]}
        return result.exit_code, faults | {one["as_of"][-1:]: ["lost"] for one in told["lost"]}

    assert verify() == (0, {str(n): [] for n in range(1, 6)})
    bytes_, word, season, gone, _ = list_snapshots(settings.lake)
    content = bytearray(bytes_.path.read_bytes())
    content[len(content) // 2] ^= 255
    bytes_.path.write_bytes(content)
    text = word.path.with_suffix(".json").read_text("utf-8")
    word.path.with_suffix(".json").write_text(text.replace("batch", "match"), "utf-8")
    season.path.with_suffix(".season.csv").unlink()
    gone.path.with_suffix(".json").unlink()
    status, faults = verify()
    assert status == 1 and faults["5"] == []
    assert any("the file of the table was changed" in one or "cannot be read" in one
               for one in faults["1"])  # fmt: skip
    assert "its id does not follow" in faults["2"][0]
    assert faults["3"] == [f"{season.id}.season.csv is missing"]
    assert faults["4"] == ["lost"]


def test_a_damaged_snapshot_is_mended_by_building_it_again(tmp_path: Path) -> None:
    lake, computed = a_lake(tmp_path), list[date]()
    first = build(lake, computed).made.snapshot
    whole = first.path.read_bytes()
    first.path.write_bytes(whole[:-40] + b"x" * 40)
    assert build(lake, computed, again=True).made.snapshot.id == first.id
    assert first.path.read_bytes() == whole
