"""Bad values wait in quarantine with line, field, value and reason, while the good rows go in."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.waybills.columns import BY_NAME
from app.waybills.expressions import parse
from app.waybills.intake import import_rows
from app.waybills.quarantine import list_quarantine
from tests.waybills.conftest import ARRIVED, SOUND, Workbench

BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"waybill_no": ""}, "waybill_no", "MISSING_VALUE"),
    ({"shipper_id": " \t"}, "shipper_id", "MISSING_VALUE"),
    ({"consignee_id": ""}, "consignee_id", "MISSING_VALUE"),
    ({"created_at": ""}, "created_at", "MISSING_VALUE"),
    ({"waybill_no": "W" * 129}, "waybill_no", "TOO_LONG"),
    ({"goods_name": "货" * 501}, "goods_name", "TOO_LONG"),
    ({"cod_amount": "12.345"}, "cod_amount", "TOO_MANY_DECIMALS"),
    ({"cod_amount": "abc"}, "cod_amount", "BAD_AMOUNT"),
    ({"cod_amount": "NaN"}, "cod_amount", "BAD_AMOUNT"),
    ({"cod_amount": "inf"}, "cod_amount", "BAD_AMOUNT"),
    ({"cod_amount": "1e5"}, "cod_amount", "BAD_AMOUNT"),
    ({"cod_amount": "1,23"}, "cod_amount", "BAD_AMOUNT"),
    ({"cod_amount": "10000000000"}, "cod_amount", "AMOUNT_TOO_LARGE"),
    ({"cod_amount": "9" * 400}, "cod_amount", "AMOUNT_TOO_LARGE"),
    ({"cod_amount": "-1"}, "cod_amount", "NEGATIVE_AMOUNT"),
    ({"freight": "-1"}, "freight", "NEGATIVE_AMOUNT"),
    ({"pieces": "1.5"}, "pieces", "BAD_NUMBER"),
    ({"pieces": "-2"}, "pieces", "NEGATIVE_NUMBER"),
    ({"weight_kg": "heavy"}, "weight_kg", "BAD_NUMBER"),
    ({"created_at": "2024-02-30"}, "created_at", "BAD_TIME"),
    ({"created_at": "infinity"}, "created_at", "BAD_TIME"),
    ({"created_at": "24-1-5"}, "created_at", "BAD_TIME"),
    ({"created_at": "1999-12-31 23:59:59"}, "created_at", "TIME_OUT_OF_RANGE"),
    ({"created_at": "2024-06-03"}, "created_at", "TIME_OUT_OF_RANGE"),
    ({"signed_at": "soon"}, "signed_at", "BAD_TIME"),
]
GOOD: list[dict[str, Any]] = [
    {"waybill_no": "W" * 128},
    {"cod_amount": "12.3400"},
    {"cod_amount": "¥1,234,567.8"},
    {"cod_amount": "9999999999.99"},
    {"cod_amount": "-1", "status": "voided"},
    {"cod_amount": "-1", "status": "", "return_of": "W5"},
    {"pieces": "2.0"},
    {"created_at": "2000-01-01"},
    {"created_at": "2024-06-02 23:59:59"},
    {"created_at": "2024年1月5日 8时3分"},
]


def test_bad_rows_wait_and_good_rows_go_in(bench: Workbench) -> None:
    changes = [change for change, _, _ in BAD] + GOOD
    report = bench.load_rows(*changes)
    listed = list_quarantine(bench.lake.path, report.import_id, 1000)
    found = [
        (row["line"], row["field"], row["code"]) for row in listed.rows if row["position"] == 1
    ]
    assert found == [(i, field, code) for i, (_, field, code) in enumerate(BAD, 2)]
    assert report.received == len(changes)
    assert report.new == len(GOOD)
    assert sum(report.quarantined.values()) == len(BAD)
    shown = {(row["line"], row["field"]): row["value"] for row in listed.rows}
    assert shown[8, "cod_amount"] == "12.345"
    assert all(row["reason"] and row["file"] == "a.csv" for row in listed.rows)
    assert listed.rows[6]["raw"]["cod_amount"] == "12.345"


def test_all_bad_fields_of_a_row_are_named(bench: Workbench) -> None:
    report = bench.load_rows({"cod_amount": "x", "freight": "y", "signed_at": "z"})
    listed = list_quarantine(bench.lake.path, report.import_id, 10)
    assert [row["field"] for row in listed.rows] == ["freight", "cod_amount", "signed_at"]
    assert report.quarantined == {"BAD_AMOUNT": 1}


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("2024-01-05", "2024-01-05 00:00:00"),
        ("2024/1/5 8:03", "2024-01-05 08:03:00"),
        ("2024-01-05T08:03:04", "2024-01-05 08:03:04"),
        ("2024-01-05 08:03:04.5", "2024-01-05 08:03:04.500000"),
        ("2024-01-05T08:03:04Z", "2024-01-05 16:03:04"),
        ("2024-01-05T23:30:00-01:00", "2024-01-06 08:30:00"),
        ("2024-01-05 08:03:04+0800", "2024-01-05 08:03:04"),
        ("20240105", "2024-01-05 00:00:00"),
        ("20240105080304", "2024-01-05 08:03:04"),
        ("2024年1月5日", "2024-01-05 00:00:00"),
        ("2024年1月5日 8时3分4秒", "2024-01-05 08:03:04"),
    ],
)
def test_forms_of_time(text: str, local: str) -> None:
    assert str(evaluate("created_at", text)) == local


def test_a_zone_can_move_a_waybill_into_the_next_month(bench: Workbench) -> None:
    bench.load_rows({"created_at": "2024-01-31T16:00:00Z", "signed_at": ""})
    assert bench.rows("month, created_at") == [
        {"month": 2024 * 12 + 1, "created_at": datetime(2024, 2, 1)}  # noqa: DTZ001
    ]


def evaluate(name: str, text: str) -> Any:
    """Value of one text field, as the statement of an import gives it."""
    parsed = parse(BY_NAME[name], "text")
    row = CON.execute(f"SELECT {parsed.value} FROM (SELECT ?::VARCHAR AS r_{name})", [text])
    return row.fetchall()[0][0]


CON = duckdb.connect(config={"threads": 1})
fen = st.integers(-(10**12) + 1, 10**12 - 1)


@settings(max_examples=60, deadline=None)
@given(fen, st.booleans())
def test_an_amount_is_read_to_the_fen(amount: int, grouped: bool) -> None:
    yuan = Decimal(amount) / 100
    assert evaluate("cod_amount", f"{yuan:,.2f}" if grouped else f"{yuan:.2f}") == amount


@settings(max_examples=60, deadline=None)
@given(fen)
def test_a_double_is_read_to_the_fen(amount: int) -> None:
    parsed = parse(BY_NAME["cod_amount"], "double")
    refused = " OR ".join(
        check.condition for check in parsed.checks if "fen <" not in check.condition
    )
    with duckdb.connect() as con:
        row = con.execute(
            f"SELECT cod_fen, {refused} FROM (SELECT *, {parsed.value} AS cod_fen"
            " FROM (SELECT ?::DOUBLE AS r_cod_amount))",
            [amount / 100],
        ).fetchall()[0]
    assert row == (amount, False)


@settings(max_examples=60, deadline=None)
@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)))  # noqa: DTZ001
def test_a_time_comes_back_as_it_was(moment: datetime) -> None:
    assert evaluate("created_at", moment.isoformat()) == moment
    assert evaluate("created_at", f"{moment.isoformat()}+08:00") == moment
    utc = moment - timedelta(hours=8)
    assert evaluate("created_at", f"{utc.isoformat()}Z") == moment


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    texts=st.lists(st.text(max_size=30), min_size=1, max_size=20),
    field=st.sampled_from(list(SOUND)),
)
def test_any_text_is_stored_or_refused(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], field: str
) -> None:
    """Whatever stands in a field, every row is accounted for and nothing crashes."""
    bench = Workbench(tmp_path_factory.mktemp("any"))
    rows = [
        {**SOUND, "waybill_no": f"W{i}", field: f"{text}{i}" if field == "waybill_no" else text}
        for i, text in enumerate(texts)
    ]
    report = import_rows(bench.intake, rows, "tms", arrived_at=ARRIVED)
    waiting = sum(report.quarantined.values()) + report.conflict
    assert report.received == len(rows) == report.new + report.duplicate + waiting
    assert len(bench.rows()) == report.new


def test_rows_from_memory(bench: Workbench) -> None:
    rows: list[dict[str, Any]] = [
        {**SOUND, "waybill_no": "A", "cod_amount": 12.5, "pieces": 3},
        {**SOUND, "waybill_no": "B", "cod_amount": True},
        {**SOUND, "waybill_no": "C", "cod_amount": float("nan")},
        {**SOUND, "waybill_no": "D", "cod_amount": [1]},
        {**SOUND, "waybill_no": "E", "goods_name": "\ud800"},
        {**SOUND, "waybill_no": "F", "operator": "a\0b"},
        {**SOUND, "waybill_no": 7, "cod_amount": 10**40},
    ]
    report = import_rows(bench.intake, rows, "tms", arrived_at=ARRIVED)
    assert report.new == 1
    assert report.quarantined == {
        "WRONG_TYPE": 2, "BAD_AMOUNT": 2, "ENCODING": 1, "NUL": 1,
    }  # fmt: skip
    assert bench.rows("cod_fen, pieces") == [{"cod_fen": 1250, "pieces": 3}]
    again = import_rows(bench.intake, rows, "tms", arrived_at=ARRIVED)
    assert again.already_imported


def test_a_parquet_row_is_named_by_its_number(bench: Workbench, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    with duckdb.connect() as con:
        con.execute(
            "COPY (SELECT 'W' || i AS waybill_no, 'M' AS shipper_id, 'C' AS consignee_id,"
            " TIMESTAMP '2024-01-05' AS created_at,"
            " CASE i WHEN 3 THEN 'nan'::DOUBLE WHEN 5 THEN 1.234 WHEN 6 THEN 'inf'::DOUBLE"
            f" WHEN 7 THEN 0.1::DOUBLE + 0.2::DOUBLE ELSE i END AS cod_amount"
            f" FROM range(1, 11) t(i)) TO '{path}' (FORMAT parquet)"
        )
    report = bench.load(path)
    listed = list_quarantine(bench.lake.path, None, 10)
    assert [(row["line"], row["code"]) for row in listed.rows] == [
        (3, "BAD_AMOUNT"), (5, "TOO_MANY_DECIMALS"), (6, "BAD_AMOUNT"),
    ]  # fmt: skip
    assert report.new == 7
    assert {row["cod_fen"] for row in bench.rows()} >= {30, 100, 1000}
