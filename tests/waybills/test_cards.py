"""The shipper's card: an optional column, hashed like phones; lakes and conflicts of before it was
known stay as they are.
"""

from __future__ import annotations

import hmac
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from app.waybills.columns import LATE_COLUMNS
from tests.waybills.conftest import KEY, Workbench


def hash_of(card: str) -> str:
    return hmac.digest(KEY, card.encode(), "sha256").hex()


def test_card_is_hashed_and_masked(bench: Workbench) -> None:
    bench.load_rows({"shipper_card": " 6222 0212-3456 789x "})
    (row,) = bench.rows()
    assert row["shipper_card_hash"] == hash_of("622202123456789X")
    assert row["shipper_card_masked"] == "****789X"
    assert not any(b"789x" in p.read_bytes() for p in bench.folder.rglob("*.parquet"))


@pytest.mark.parametrize("card", ["", " ", "无", "1234567", "00000000000", "6.22202E+18", "6E18"])
def test_what_is_no_card(bench: Workbench, card: str) -> None:
    """Nothing is taken for a card that many merchants may have written."""
    bench.load_rows({"shipper_card": card})
    (row,) = bench.rows()
    assert (row["shipper_card_hash"], row["shipper_card_masked"]) == (None, None)


def test_too_long_a_card_waits(bench: Workbench) -> None:
    report = bench.load_rows({"shipper_card": "6" + "2" * 200})
    assert report.quarantined == {"TOO_LONG": 1}
    (file,) = (bench.folder / "lake" / "quarantine").glob("*.parquet")
    assert "2222222" not in str(pq.read_table(file).to_pylist())


def forget_cards(bench: Workbench) -> None:
    """Make the lake's files what they were before there were cards."""
    for path in (bench.folder / "lake" / "waybills").rglob("*.parquet"):
        pq.write_table(
            pq.read_table(path, partitioning=None).drop_columns(list(LATE_COLUMNS)), path
        )


def test_rows_of_an_older_lake_come_again(bench: Workbench) -> None:
    """Without a card the row is a repetition, with one it says something else and waits."""
    bench.load_rows({})
    forget_cards(bench)
    again = bench.load_rows({"operator": ""}, {"waybill_no": "W2"})
    assert (again.new, again.duplicate) == (1, 1)
    other = bench.load_rows({"shipper_card": "6222021234567890"})
    assert (other.new, other.conflict) == (0, 1)
    same = bench.load_rows({"shipper_card": "6222-0212-3456-7890", "operator": ""})
    assert (same.new, same.duplicate, same.conflict) == (0, 1, 0)


def test_content_without_a_card_is_as_before(tmp_path: Path) -> None:
    from app.waybills.columns import FIELDS
    from app.waybills.stage import content_sql

    names = frozenset(field.lake for field in FIELDS)
    assert content_sql(names - {"shipper_card"}) in content_sql(names).replace(
        ", left(shipper_card_hash, 32))", ")"
    )
