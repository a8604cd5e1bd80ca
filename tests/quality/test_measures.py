"""Measures are what a plain count over the lake's rows gives; they are made once, packed, and made
again where they are lost.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.quality import store as store_module
from app.quality.columns import CODES, MATURE_DAYS, NULLABLE, code_name, null_name
from app.quality.measure import open_engine
from app.quality.sheet import Sheet, read_sheets
from app.quality.usual import NORMAL, usual_of
from app.waybills.codes import Code
from app.waybills.intake import import_rows, open_intake
from app.waybills.lake import Lake
from tests.quality.nights import KEY, RULESETS, check, desk_of, take_in, write_bills


def import_odd_rows(lake: Path) -> list[dict[str, Any]]:
    """Rows with nulls, codes, nights, without a carrier; what the lake holds of them comes back."""
    intake = open_intake(lake, KEY, RULESETS, 512)
    rows: list[dict[str, Any]] = [
        {
            "waybill_no": f"W{n}",
            "shipper_id": f"M{n % 3}",
            "consignee_id": "M1" if n % 11 == 0 else f"C{n % 7}",
            "carrier_id": None if n % 5 == 0 else f"K{n % 2}",
            "created_at": f"2024-0{1 + n % 3}-{1 + n % 9:02d} {n % 24:02d}:30:00",
            "signed_at": None if n % 4 else f"2024-0{1 + n % 3}-{10 + n % 9:02d} 09:00:00",
            "cod_amount": None if n % 6 == 0 else str(n * 10),
            "freight": "12.5" if n % 2 else None,
            "status": ["signed", "voided", "returned"][n % 3],
        }
        for n in range(120)
    ]
    import_rows(intake, [*rows, rows[5], {**rows[7], "cod_amount": "1"}], "tms")
    files = [str(path) for paths in Lake(lake).months().values() for path in paths]
    with duckdb.connect() as connection:
        found = connection.execute(f"select * from read_parquet({files})")
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def read_sheet(lake: Path, first: date, last: date) -> Sheet:
    desk = desk_of(lake)
    manifest = Lake(lake).manifest()
    measures = desk.store.gather(manifest, manifest.imports)
    with open_engine(512) as engine:
        (sheet,) = read_sheets(engine, measures, first, last, first)
    return sheet


def test_measures_are_plain_counts(tmp_path: Path) -> None:
    rows = import_odd_rows(tmp_path / "lake")
    sheet = read_sheet(tmp_path / "lake", date(2024, 1, 1), date(2024, 3, 31))
    newest = max(row["created_at"] for row in rows)
    expected: Counter[tuple[str, str | None, date]] = Counter()
    for row in rows:
        day = row["created_at"].date()
        counted = {"bills": 1}
        counted["cod_bills"] = int((row["cod_fen"] or 0) > 0)
        counted["cod_fen"] = max(row["cod_fen"] or 0, 0)
        counted["night"] = int(row["created_at"].hour in (23, 0, 1, 2, 3, 4))
        is_mature = row["created_at"] < newest - timedelta(days=MATURE_DAYS)
        counted["mature"] = int(is_mature)
        for column in NULLABLE:
            late = column.endswith("_at")
            counted[null_name(column)] = int(row[column] is None and (is_mature or not late))
        for code in CODES:
            beside = {"DUPLICATE": "repeats", "CONFLICT": "resets"}.get(code)
            found = row[beside] if beside else int(bool(row["flags"] & Code[code]))
            counted[code_name(code)] = found
        for name, value in counted.items():
            expected[name, row["carrier_id"] or "", day] += value
    for name in {key[0] for key in expected}:
        for carrier in ("K0", "K1"):
            row_no = sheet.carriers.index(carrier) + 1
            for place in range(sheet.days):
                assert sheet.sums[name][row_no, place] == expected[name, carrier, sheet.day(place)]
        total = sum(value for key, value in expected.items() if key[0] == name)
        assert sheet.sums[name][0].sum() == total
    assert sheet.sums["code_DUPLICATE"][0].sum() == 1 and sheet.sums["code_CONFLICT"][0].sum() == 1


def test_packed_measures_say_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = tmp_path / "lake"
    for part in range(5):
        path = tmp_path / f"{part}.parquet"
        write_bills(path, f"hash(waybill_no) % 5 = {part} and created_at < timestamp '2025-08-01'")
        take_in(lake, path)
    before = check(lake, date(2025, 8, 1))
    monkeypatch.setattr(store_module, "MOST_FILES", 2)
    packed = check(lake, date(2025, 8, 1))
    folder = desk_of(lake).store.measures
    assert len(list(folder.glob("pack-*"))) == 2 and not list(folder.glob("0*"))
    write_bills(tmp_path / "more.parquet", "created_at::date = date '2025-08-03'")
    take_in(lake, tmp_path / "more.parquet")
    assert check(lake, date(2025, 8, 1))["sources"] == packed["sources"] == before["sources"]
    for path in folder.glob("*"):  # lost: made again
        path.unlink()
    assert check(lake, date(2025, 8, 1))["sources"] == before["sources"]


def make_sheet(values: list[float]) -> Sheet:
    first = date(2024, 4, 1)
    return Sheet(
        "s", first, first + timedelta(days=len(values) - 1), (),
        {"bills": np.array([values])}, (first,), 0.0,
    )  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, 500), min_size=8, max_size=8),
    st.sets(st.integers(0, 7), max_size=3),
    st.integers(10_000, 1_000_000),
)
def test_the_usual_bears_three_wild_weeks_of_eight(
    weeks: list[int], wild: set[int], far: int
) -> None:
    """The usual is the median of the eight weeks, and stays among the others' values."""
    values = np.zeros(8 * 7 + 1)
    for place, week in enumerate(weeks):
        values[place * 7] = far if place in wild else week
    quiet = np.zeros(len(values), dtype=bool)
    sheet = make_sheet(list(values))
    every = np.ones(1, dtype=bool)
    found = usual_of(
        sheet, quiet, len(values) - 1, 1, lambda at: (sheet.sums["bills"][:, at], every)
    )
    week_values = values[:56:7]
    assert found.middle[0] == np.median(week_values)
    assert found.middle[0] <= max(w for n, w in enumerate(weeks) if n not in wild)
    assert found.spread[0] == NORMAL * np.median(np.abs(week_values - found.middle[0]))
