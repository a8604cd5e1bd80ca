"""Every cleaning code that a row alone can tell, on both sides of its edge."""

from __future__ import annotations

from typing import Any

import pytest

from tests.waybills.conftest import Workbench

CASES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    ({"status": "voided"}, ["VOIDED"]),
    ({"status": "Cancelled"}, ["VOIDED"]),
    ({"status": "作废"}, ["VOIDED"]),
    ({"status": "已取消"}, ["VOIDED"]),
    ({"status": "取消中转"}, []),
    ({"status": "returned"}, ["RETURNED"]),
    ({"status": "退货"}, ["RETURNED"]),
    ({"status": "拒收"}, ["RETURNED"]),
    ({"return_of": "W77"}, ["RETURNED"]),
    ({"return_of": "  "}, []),
    ({"consignee_name": "12345"}, ["PLACEHOLDER_PARTY"]),
    ({"consignee_name": "李12345"}, []),
    ({"consignee_name": "经 理"}, ["PLACEHOLDER_PARTY"]),
    ({"consignee_name": "李经理"}, []),
    ({"shipper_name": "王13812345678"}, ["PLACEHOLDER_PARTY"]),
    ({"shipper_name": "王1381234567"}, []),
    ({"consignee_name": ""}, []),
    ({"consignee_id": "M1"}, ["SELF_DEAL"]),
    ({"consignee_name": "王 小明"}, ["SELF_DEAL"]),
    ({"consignee_phone": "+86 138-1234-5678"}, ["SELF_DEAL"]),
    ({"consignee_phone": "13812345679"}, []),
    ({"consignee_phone": "", "shipper_phone": ""}, []),
    ({"consignee_phone": "0000000", "shipper_phone": "0000000"}, []),
    ({"consignee_name": "老板", "shipper_name": "老板"}, ["PLACEHOLDER_PARTY"]),
    ({"signed_at": "2024-01-05 08:02:59"}, ["TIME"]),
    ({"signed_at": "2024-01-05 08:03:00"}, []),
    ({"signed_at": "2024-01-05"}, []),
    ({"signed_at": "2024-01-04"}, ["TIME"]),
    ({"signed_at": ""}, []),
    ({"created_at": "2024-06-01 12:00:00", "signed_at": ""}, []),
    ({"created_at": "2024-06-01 12:00:01", "signed_at": ""}, ["TIME"]),
    ({"cod_paid_at": "2024-06-01 12:00:01"}, ["TIME"]),
    ({"cod_amount": "0.01", "cod_amount_first": ""}, ["TEST"]),
    ({"cod_amount": "0.02", "cod_amount_first": ""}, []),
    ({"cod_amount": "123456", "cod_amount_first": ""}, ["TEST"]),
    ({"cod_amount": "123456.01", "cod_amount_first": ""}, []),
    ({"shipper_name": "测试商户"}, ["TEST"]),
    ({"consignee_id": "Test_7"}, ["TEST"]),
    ({"consignee_id": "contest7"}, []),
    ({"cod_amount": "1234.51"}, ["EDITED_UP"]),
    ({"cod_amount": "1234.49"}, []),
    ({"cod_amount": "1234.51", "cod_amount_first": ""}, []),
]


def test_codes_on_both_sides(bench: Workbench) -> None:
    report = bench.load_rows(
        *({**change, "waybill_no": f"W{i:03}"} for i, (change, _) in enumerate(CASES))
    )
    assert report.quarantined == {}
    found = dict(zip([repr(change) for change, _ in CASES], bench.flags(), strict=True))
    assert found == {repr(change): codes for change, codes in CASES}


def test_parquet_gives_the_same_rows_as_csv(bench: Workbench, tmp_path: Any) -> None:
    """The short way (Parquet) and the long way (CSV) of judging parties agree."""
    import duckdb

    rows = [{**change, "waybill_no": f"W{i:03}"} for i, (change, _) in enumerate(CASES)]
    bench.load_rows(*rows)
    (tmp_path / "second").mkdir()
    other = Workbench(tmp_path / "second")
    path = tmp_path / "same.parquet"
    with duckdb.connect() as con:
        amounts = ", ".join(
            f"try_cast({name} AS DECIMAL(18,2)) AS {name}"
            for name in ("cod_amount", "cod_amount_first", "freight")
        )
        times = ", ".join(
            f"try_cast({name} AS TIMESTAMP) AS {name}"
            for name in ("created_at", "signed_at", "cod_paid_at")
        )
        con.execute(
            f"COPY (SELECT * REPLACE ({amounts}, {times})"
            f" FROM read_csv('{tmp_path / 'a.csv'}', all_varchar = true))"
            f" TO '{path}' (FORMAT parquet)"
        )
    other.load(path)
    unlike = "* EXCLUDE (import_id)"
    assert other.rows(unlike) == bench.rows(unlike)
    assert len(other.rows()) == len(CASES)


@pytest.mark.parametrize(
    ("change", "is_sale", "eligible"),
    [
        ({}, True, 123450),
        ({"status": "voided"}, False, 0),
        ({"status": "returned", "cod_amount": "-5"}, False, 0),
        ({"consignee_id": "M1"}, False, 0),
        ({"shipper_name": "测试"}, False, 0),
        ({"consignee_name": "经理"}, True, 123450),
        ({"cod_amount": "2000"}, True, 123450),
        ({"cod_amount": "1000"}, True, 100000),
        ({"cod_amount": "", "cod_amount_first": ""}, True, 0),
    ],
)
def test_what_counts(
    bench: Workbench, change: dict[str, Any], is_sale: bool, eligible: int
) -> None:
    bench.load_rows(change)
    (row,) = bench.rows("is_sale, eligible_fen")
    assert row == {"is_sale": is_sale, "eligible_fen": eligible}


def test_invoices_are_not_judged_by_cod_or_names(bench: Workbench) -> None:
    bench.load_rows(
        {"cod_amount": "2000"},
        {"consignee_name": "王小明"},
        {"consignee_phone": "13812345678"},
        {"consignee_id": "M1"},
        source="fapiao",
    )
    assert bench.flags() == [[], [], [], ["SELF_DEAL"]]
    assert [row["eligible_fen"] for row in bench.rows()] == [200000, 123450, 123450, 0]


def test_personal_fields_are_hashed_and_masked(bench: Workbench) -> None:
    import hashlib
    import hmac

    bench.load_rows({"shipper_phone": "0086 13812345678", "shipper_name": " 王　小明 "})
    (row,) = bench.rows()
    key = b"a key for tests only"
    assert row["shipper_phone_hash"] == hmac.digest(key, b"13812345678", "sha256").hex()
    assert row["shipper_name_hash"] == hmac.digest(key, "王小明".encode(), "sha256").hex()
    assert (row["shipper_name_masked"], row["shipper_phone_masked"]) == ("王**", "138****5678")
    assert row["consignee_name_hash"] != hashlib.sha256("李大力".encode()).hexdigest()


def test_clear_names_stay_out_of_the_lake(bench: Workbench) -> None:
    """Neither good rows, nor bad ones, nor conflicts leave a name or phone in any file of the
    lake.
    """
    bench.load_rows(
        {},
        {"cod_amount": "abc"},
        {"waybill_no": "W1", "cod_amount": "7"},
        {"shipper_name": "王小明" * 60},
        {"shipper_phone": "13812345678" * 20},
    )
    files = [path for path in bench.lake.path.rglob("*") if path.is_file()]
    assert any("quarantine" in str(path) for path in files)
    import duckdb

    for path in files:
        content = path.read_bytes()
        if path.suffix == ".parquet":
            with duckdb.connect() as con:
                content += repr(con.execute(f"SELECT * FROM '{path}'").fetchall()).encode()
        for clear in ("王小明", "13812345678", "李大力", "13987654321"):
            assert clear.encode() not in content, (path, clear)
