"""Files as carriers send them: encodings, broken CSV, wrong columns, wrong types."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from app.errors import ChengxinError
from app.waybills.columns import WrongColumns
from app.waybills.csvfile import UnreadableFile
from app.waybills.quarantine import list_quarantine
from tests.waybills.conftest import SOUND, Workbench

HEADER = "waybill_no,shipper_id,consignee_id,created_at,goods_name\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_encodings_are_found_out(bench: Workbench, encoding: str) -> None:
    rows = [{**SOUND, "waybill_no": f"W{i}", "goods_name": "五金工具，联通"} for i in range(50)]
    bench.load(bench.write_csv(rows, encoding=encoding))
    assert {row["goods_name"] for row in bench.rows()} == {"五金工具，联通"}
    assert {row["shipper_name_masked"] for row in bench.rows()} == {"王**"}


def test_encoding_can_be_said(bench: Workbench) -> None:
    path = bench.write_csv([{**SOUND, "goods_name": "联通"}], encoding="gbk")
    bench.load(path, encoding="gbk")
    assert bench.rows("goods_name") == [{"goods_name": "联通"}]
    with pytest.raises(UnreadableFile, match="'latin-9' is not known here"):
        bench.load(path, source="other", encoding="latin-9")


def lines_of(bench: Workbench, body: bytes) -> tuple[list[str], list[tuple[int, str, str | None]]]:
    """Import HEADER + body; numbers that went in, and (line, code, field) of what waits."""
    path = bench.folder / "b.csv"
    path.write_bytes(HEADER.encode() + body)
    bench.load(path)
    waiting = list_quarantine(bench.lake.path, None, 100).rows
    return (
        [row["waybill_no"] for row in bench.rows("waybill_no")],
        [(row["line"], row["code"], row["field"]) for row in waiting],
    )


@pytest.mark.parametrize(
    ("bad", "code", "field"),
    [
        (b"W2,M,C,2024-01-05\n", "FIELD_COUNT", None),
        (b"W2,M,C,2024-01-05,a,b\n", "FIELD_COUNT", None),
        (b"W2,M,C,2024-01-05,a\0b\n", "NUL", "goods_name"),
        ('W2,M,C,2024-01-05,"五金"x\n'.encode(), "CSV_SYNTAX", None),
        (
            "W2,M,C,2024-01-05,五金五金五金五金五金五金".encode() + b"\xff\n",
            "ENCODING",
            "goods_name",
        ),
        (b"W2,M,C,2024-01-05," + b"x" * 3_000_000 + b"\n", "TOO_LONG", None),
        (b'W2,M,C,2024-01-05,"' + b"x" * 3_000_000 + b'"\n', "TOO_LONG", None),
    ],
)
def test_a_broken_record_waits_and_the_next_goes_in(
    bench: Workbench, bad: bytes, code: str, field: str | None
) -> None:
    went_in, waiting = lines_of(
        bench, b"W1,M,C,2024-01-05,a\n" + bad + b'\nW3,M,C,2024-01-05,"a ""b""\nc"\nW4,M,C,x,a\n'
    )
    assert went_in == ["W1", "W3"]
    assert waiting == [(3, code, field), (7, "BAD_TIME", "created_at")]


@pytest.mark.parametrize(
    "tail", [b"", b"W3,M,C,2024-01-05,a\n" * 3, b"W3,M,C,2024-01-05,a\n" * 500]
)
def test_an_open_quote_refuses_the_file(bench: Workbench, tail: bytes) -> None:
    with pytest.raises(UnreadableFile, match=r"b\.csv:3: a quote .* not closed"):
        lines_of(bench, b'W1,M,C,2024-01-05,a\nW2,M,C,2024-01-05,"a\n' + tail)
    assert bench.rows() == []
    assert bench.lake.imports() == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"waybill_no,shipper_id\n", "lacks consignee_id, created_at"),
        (b"waybill_nr,shipper_id,consignee_id,created_at\n", "'waybill_nr' looks like waybill_no"),
        (b"waybill_no,waybill_no,shipper_id,consignee_id,created_at\n", "stands more than once"),
        (b"waybill_no;shipper_id;consignee_id;created_at\n", "not parted by commas"),
        ("waybill_no,shipper_id".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04xxxx", "Excel"),
        (b"PAR1 but no more", "no readable Parquet"),
    ],
)
def test_files_that_are_refused(bench: Workbench, content: bytes, words: str) -> None:
    path = bench.folder / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(ChengxinError, match=words):
        bench.load(path)
    assert bench.lake.manifest().version == 0


def test_a_header_alone_is_an_import_of_nothing(bench: Workbench) -> None:
    assert lines_of(bench, b"") == ([], [])
    assert [entry.received for entry in bench.lake.imports()] == [0]


def test_unknown_columns_are_ignored_with_a_warning(bench: Workbench) -> None:
    report = bench.load(bench.write_csv([{**SOUND, "cod_amuont": "5", "colour": "red"}]))
    assert report.new == 1
    assert any("'cod_amuont' is not known" in w and "'cod_amount'" in w for w in report.warnings)
    assert any("'colour' is not known and was ignored" in w for w in report.warnings)


PARQUET: dict[str, str] = {
    "waybill_no": "'W' || i",
    "shipper_id": "'M'",
    "consignee_id": "'C'",
    "created_at": "TIMESTAMP '2024-01-05'",
}


def write_parquet(path: Path, **changes: str) -> Path:
    columns = ", ".join(f"{sql} AS {name}" for name, sql in {**PARQUET, **changes}.items() if sql)
    with duckdb.connect() as con:
        con.execute(f"COPY (SELECT {columns} FROM range(10) t(i)) TO '{path}' (FORMAT parquet)")
    return path


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"created_at": "1700000000"}, r"'created_at' is int32; expected TIMESTAMP or DATE"),
        ({"created_at": "'2024-01-05'"}, r"'created_at' is string; expected TIMESTAMP or DATE"),
        ({"cod_amount": "'12'"}, r"'cod_amount' is string; expected DECIMAL"),
        ({"cod_amount": "12::FLOAT"}, r"'cod_amount' is float; expected DECIMAL"),
        ({"waybill_no": "i"}, r"'waybill_no' is int64; expected text"),
        ({"shipper_id": "[1]"}, r"'shipper_id' is list"),
        ({"pieces": "true"}, r"'pieces' is bool; expected a whole number"),
        ({"consignee_id": ""}, r"lacks consignee_id"),
    ],
)
def test_parquet_of_wrong_types_is_refused(
    bench: Workbench, changes: dict[str, str], words: str
) -> None:
    with pytest.raises(WrongColumns, match=words):
        bench.load(write_parquet(bench.folder / "a.parquet", **changes))


@pytest.mark.parametrize(
    ("column", "value", "stored"),
    [
        ("cod_amount", "12", 1200),
        ("cod_amount", "12::HUGEINT % 100", 1200),
        ("cod_amount", "12.34::DECIMAL(9,4)", 1234),
        ("cod_amount", "12.34::DECIMAL(38,2)", 1234),
        ("cod_amount", "12.34::DOUBLE", 1234),
        ("created_at", "DATE '2024-01-05'", "2024-01-05 00:00:00"),
        ("created_at", "TIMESTAMP_NS '2024-01-05 01:02:03'", "2024-01-05 01:02:03"),
        ("created_at", "TIMESTAMPTZ '2024-01-05 01:02:03+00'", "2024-01-05 09:02:03"),
        ("weight_kg", "1.25::FLOAT", 1250),
        ("volume_m3", "0.5::DECIMAL(4,1)", 500000),
    ],
)
def test_parquet_types_that_are_read(
    bench: Workbench, column: str, value: str, stored: Any
) -> None:
    lake = {"cod_amount": "cod_fen", "weight_kg": "weight_g", "volume_m3": "volume_cm3"}
    report = bench.load(write_parquet(bench.folder / "a.parquet", **{column: value}))
    assert report.new == 10, list_quarantine(bench.lake.path, None, 3).rows
    found = bench.rows(lake.get(column, column))[0][lake.get(column, column)]
    assert (found if isinstance(stored, int) else str(found)) == stored


def test_a_parquet_with_a_wild_name_and_one_cut_off(bench: Workbench) -> None:
    path = write_parquet(bench.folder / "a.parquet").rename(bench.folder / "运单[1]*'?.parquet")
    assert bench.load(path).new == 10
    content = bytearray(path.read_bytes())
    content[40:400] = b"\xff" * 360
    damaged = bench.folder / "damaged.parquet"
    damaged.write_bytes(bytes(content))
    with pytest.raises(UnreadableFile):
        bench.load(damaged)
    damaged.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UnreadableFile, match="no readable Parquet"):
        bench.load(damaged)
    assert len(bench.lake.imports()) == 1
