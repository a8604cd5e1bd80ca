"""A judged portfolio as a table, and the table as a file: Parquet or CSV, whole or not at all."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.policies.portfolio import PortfolioJudgement
from app.whitelists import write
from app.whitelists.build import SCHEMA, table_of
from app.whitelists.write import UnknownEnding, check_ending, write_whitelist

ROWS: list[dict[str, Any]] = [
    {"merchant_id": "商户;一", "outcome": "approve", "score": 88.5, "tier": "甲",
     "limit_fen": 50_000_000, "daily_rate": 0.00019, "reasons": []},
    {"merchant_id": 'M,"2"', "outcome": "decline", "score": 0.0, "tier": "E",
     "limit_fen": None, "daily_rate": None, "reasons": ["LOW_VOLUME", "短史"]},
    {"merchant_id": "M3", "outcome": "refer", "score": None, "tier": None,
     "limit_fen": None, "daily_rate": None, "reasons": ["DATA_MISSING"]},
    {"merchant_id": "M4", "outcome": "approve", "score": 61.0, "tier": "甲",
     "limit_fen": 0, "daily_rate": 0.0, "reasons": []},
]  # fmt: skip


def judgement() -> PortfolioJudgement:
    """What ROWS say, as the portfolio's arrays."""
    nan = float("nan")
    return PortfolioJudgement(
        outcomes=np.array([0, 2, 1, 0], np.int8),
        scores=np.array([88.5, 0.0, nan, 61.0]),
        tiers=np.array([1, 0, -1, 1], np.int32),
        tier_words=("E", "甲"),
        limits_fen=np.array([50_000_000, -1, -1, 0], np.int64),
        daily_rates=np.array([0.00019, nan, nan, 0.0]),
        reason_starts=np.array([0, 0, 2, 3, 3], np.int64),
        reason_codes=np.array([2, 0, 1], np.int32),
        reason_words=("短史", "DATA_MISSING", "LOW_VOLUME"),
    )


def table(rows: int = 4) -> pa.Table:
    return pa.Table.from_pylist(ROWS[:rows], schema=SCHEMA)


def test_a_judgement_becomes_a_table() -> None:
    merchants = pa.chunked_array([[row["merchant_id"] for row in ROWS[:3]], ["M4"]])
    made = table_of(merchants, judgement())
    assert made.schema == SCHEMA
    assert made.to_pylist() == ROWS


def test_nobody_at_all_is_a_table_too() -> None:
    empty = PortfolioJudgement(
        np.empty(0, np.int8), np.empty(0), np.empty(0, np.int32), (), np.empty(0, np.int64),
        np.empty(0), np.zeros(1, np.int64), np.empty(0, np.int32), (),
    )  # fmt: skip
    made = table_of(pa.chunked_array([], pa.string()), empty)
    assert (made.schema, made.num_rows) == (SCHEMA, 0)


def test_parquet_keeps_everything(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "名单.parquet"
    write_whitelist(table(), path)
    assert pq.read_table(path).to_pylist() == ROWS
    assert pq.read_schema(path).equals(SCHEMA)


def test_csv_joins_the_reasons_with_semicolons(tmp_path: Path) -> None:
    path = tmp_path / "list.CSV"
    write_whitelist(table(), path)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == SCHEMA.names
    assert [row["merchant_id"] for row in rows] == [row["merchant_id"] for row in ROWS]
    assert [row["reasons"] for row in rows] == ["", "LOW_VOLUME;短史", "DATA_MISSING", ""]
    assert [row["limit_fen"] for row in rows] == ["50000000", "", "", "0"]
    assert [row["tier"] for row in rows] == ["甲", "E", "", "甲"]
    assert [float(row["daily_rate"] or -1) for row in rows] == [0.00019, -1, -1, 0]
    assert [row["score"] for row in rows] == ["88.5", "0", "", "61"]


@pytest.mark.parametrize("name", ["list.xlsx", "list", "list.parquet.gz", "csv"])
def test_another_ending_is_refused_and_nothing_written(name: str, tmp_path: Path) -> None:
    for refuse in (check_ending, lambda path: write_whitelist(table(), path)):
        with pytest.raises(UnknownEnding, match=r"ends in neither \.parquet nor \.csv"):
            refuse(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_an_older_file_is_replaced_in_one_step(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"list.{ending}"
    write_whitelist(table(1), path)
    before = path.read_bytes()
    with path.open("rb") as reader:  # who reads the older one goes on reading it
        write_whitelist(table(4), path)
        assert reader.read() == before
    assert path.read_bytes() != before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_a_write_that_fails_leaves_the_older_file(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"list.{ending}"
    write_whitelist(table(1), path)
    before = path.read_bytes()

    def fail(content: pa.Table, where: Path) -> None:
        where.write_bytes(b"half")
        raise OSError(28, "no space left")

    monkeypatch.setattr(write.pq, "write_table", fail)
    monkeypatch.setattr(write.pa_csv, "write_csv", fail)
    with pytest.raises(OSError, match="no space left"):
        write_whitelist(table(4), path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
