"""The same file or row again changes nothing; other content under a known number waits; order does
not matter.
"""

from __future__ import annotations

import random
from typing import Any

import duckdb
import pytest

from app.waybills.intake import WrongSource, import_files
from app.waybills.lake import LakeBusy, LakeDamaged
from app.waybills.quarantine import UnknownImport, list_quarantine
from tests.waybills.conftest import ARRIVED, SOUND, Workbench

CONTENT = "* EXCLUDE (import_id, arrived_at)"


def make_rows(count: int) -> list[dict[str, Any]]:
    """Waybills of seven merchants over five months."""
    return [
        {
            **SOUND,
            "waybill_no": f"W{i:04}",
            "shipper_id": f"M{i % 7}",
            "consignee_id": f"C{i % 11}",
            "created_at": f"2024-{i % 5 + 1:02}-{i % 28 + 1:02} 08:00",
            "signed_at": "",
            "cod_amount": f"{i}.50",
            "cod_amount_first": "",
        }
        for i in range(count)
    ]


def test_the_same_file_changes_nothing(bench: Workbench) -> None:
    path = bench.write_csv(make_rows(100))
    bench.load(path)
    before, state = bench.rows(), bench.lake.state_hash()
    report = bench.load(path)
    assert (report.already_imported, report.new, report.duplicate) == (True, 0, 100)
    assert bench.lake.state_hash() == state
    assert bench.rows() == before


def test_the_same_rows_in_another_file_change_no_row(bench: Workbench) -> None:
    rows = make_rows(100)
    bench.load(bench.write_csv(rows))
    before = bench.rows()
    report = bench.load(bench.write_csv([*rows[50:], {**rows[0], "waybill_no": "NEW"}], "b.csv"))
    assert (report.new, report.duplicate, report.conflict) == (1, 50, 0)
    assert [row for row in bench.rows() if row["waybill_no"] != "NEW"] == before


def test_another_source_has_numbers_of_its_own(bench: Workbench) -> None:
    path = bench.write_csv(make_rows(10))
    bench.load(path, "one")
    assert bench.load(path, "two").new == 10
    assert len(bench.rows()) == 20


@pytest.mark.parametrize("cuts", [(30,), (1, 2, 99), (50, 51)])
def test_a_split_file_gives_the_same_lake(
    bench: Workbench, cuts: tuple[int, ...], tmp_path: Any
) -> None:
    rows = make_rows(100)
    bench.load(bench.write_csv(rows))
    (tmp_path / "split").mkdir()
    other = Workbench(tmp_path / "split")
    for n, (start, end) in enumerate(zip((0, *cuts), (*cuts, 100), strict=True)):
        other.load(other.write_csv(rows[start:end], f"{n}.csv"))
    assert other.rows(CONTENT) == bench.rows(CONTENT)


@pytest.mark.parametrize("seed", [1, 2])
def test_shuffled_rows_give_the_same_files(bench: Workbench, seed: int, tmp_path: Any) -> None:
    rows = make_rows(200) + make_rows(40)[20:]
    bench.load(bench.write_csv(rows))
    random.Random(seed).shuffle(rows)
    (tmp_path / "shuffled").mkdir()
    other = Workbench(tmp_path / "shuffled")
    other.load(other.write_csv(rows))
    for month, paths in bench.lake.months().items():
        with duckdb.connect() as con:
            one, two = (
                con.execute(f"SELECT {CONTENT} FROM read_parquet(?)", [str(path)]).fetchall()
                for path in (*paths, *other.lake.months()[month])
            )
        assert one == two
        assert [row[2] for row in one] == sorted(row[2] for row in one)  # by merchant


def test_repeats_and_conflicts_within_a_file(bench: Workbench) -> None:
    report = bench.load_rows(
        {"waybill_no": "A"},
        {"waybill_no": "A"},
        {"waybill_no": "A", "cod_amount": "7"},
        {"waybill_no": "A"},
        {"waybill_no": "A", "cod_amount": "7"},
        {"waybill_no": "A", "created_at": "2024-03-01"},
        {"waybill_no": "B"},
    )
    assert (report.received, report.new, report.duplicate, report.conflict) == (7, 2, 3, 2)
    assert bench.rows("waybill_no, cod_fen, repeats, resets") == [
        {"waybill_no": "A", "cod_fen": 123450, "repeats": 2, "resets": 2},
        {"waybill_no": "B", "cod_fen": 123450, "repeats": 0, "resets": 0},
    ]
    waiting = list_quarantine(bench.lake.path, None, 10).rows
    assert [(row["line"], row["code"], row["value"]) for row in waiting] == [
        (4, "CONFLICT", "A"), (7, "CONFLICT", "A"),
    ]  # fmt: skip
    assert "line 2 has the same number" in waiting[0]["reason"]
    assert waiting[0]["raw"]["cod_fen"] == 700
    assert bench.lake.conflict_files() == []


def test_a_conflict_with_an_older_import(bench: Workbench) -> None:
    bench.load_rows({"waybill_no": "A"}, {"waybill_no": "B"})
    before = bench.rows()
    changed = {"waybill_no": "A", "cod_amount": "7", "shipper_id": "M2", "created_at": "2024-03-01"}
    report = bench.load_rows(changed, changed, {"waybill_no": "B"})
    assert (report.new, report.duplicate, report.conflict) == (0, 2, 1)
    assert bench.rows() == before
    (file,) = bench.lake.conflict_files()
    with duckdb.connect() as con:
        found = con.execute(
            f"SELECT source, waybill_no, merchant_id, month FROM '{file}'"
        ).fetchall()
    assert found == [("tms", "A", "M1", 2024 * 12)]
    assert bench.lake.imports()[-1].touched_months == [2024 * 12]
    assert "import 000001-" in list_quarantine(bench.lake.path, None, 10).rows[0]["reason"]

    # The refused row once more, in yet another file, is not counted again.
    again = bench.load_rows(changed, {"waybill_no": "C"})
    assert (again.new, again.duplicate, again.conflict) == (1, 1, 0)
    assert len(bench.lake.conflict_files()) == 1


def test_late_waybills_for_old_months(bench: Workbench) -> None:
    bench.load_rows({"created_at": "2024-03-05", "signed_at": ""})
    report = bench.load_rows(
        {"waybill_no": "L1", "created_at": "2022-03-05"},
        {"waybill_no": "L2", "created_at": "2024-03-09"},
    )
    assert report.months == {"2022-03": 1, "2024-03": 1}
    assert [len(paths) for paths in bench.lake.months().values()] == [1, 2]
    assert list(bench.lake.months()) == [2022 * 12 + 2, 2024 * 12 + 2]


def test_a_refused_file_leaves_the_lake_as_it_was(bench: Workbench) -> None:
    bench.load(bench.write_csv(make_rows(20)))
    before = bench.lake.state_hash(), bench.rows()
    path = bench.folder / "open.csv"
    path.write_text("waybill_no,shipper_id,consignee_id,created_at\n" + 'X,M,C,2024-01-01\nY,"')
    with pytest.raises(Exception, match="not closed"):
        bench.load(path)
    assert (bench.lake.state_hash(), bench.rows()) == before
    assert not bench.lake.work_folder.exists()


def test_one_writer_at_a_time(bench: Workbench) -> None:
    path = bench.write_csv(make_rows(3))
    with bench.lake.writing(), pytest.raises(LakeBusy, match="another import is writing"):
        bench.load(path)
    assert bench.load(path).new == 3


def test_debris_is_swept_and_a_broken_manifest_is_said(bench: Workbench) -> None:
    path = bench.write_csv(make_rows(30))
    bench.load(path)
    debris = bench.lake.path / "waybills" / "month=24288" / "000009-debris.parquet"
    debris.write_bytes(b"half")
    named = {one for paths in bench.lake.months().values() for one in paths}
    bench.load(path)
    assert not debris.exists()
    assert all(one.exists() for one in named)
    bench.lake.manifest_path.write_text('{"format": 9}')
    with pytest.raises(LakeDamaged, match="restore it from a backup"):
        bench.load(path)
    assert all(one.exists() for one in named)


def test_wrong_names(bench: Workbench) -> None:
    with pytest.raises(WrongSource, match="'Lin Yi' cannot name a source"):
        import_files(bench.intake, [bench.write_csv(make_rows(1))], "Lin Yi")
    with pytest.raises(UnknownImport, match="no import is called 'zzz'"):
        list_quarantine(bench.lake.path, "zzz", 5)


def test_an_unknown_source_is_cleaned_by_default_and_told(bench: Workbench) -> None:
    report = bench.load(bench.write_csv(make_rows(2)), "linyi-tms")
    assert report.warnings == [
        "cleaning.yaml does not name the source 'linyi-tms': cleaned by 'default'"
    ]
    assert bench.rows("arrived_at")[0]["arrived_at"] == ARRIVED
    assert len(bench.rows()) == 2
