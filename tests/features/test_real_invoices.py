"""Real invoices of small firms, imported and built as of 2020-01-01: a sample of merchants,
recomputed from the file alone.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from app.features.lake import read_lake
from app.settings import PROJECT_FOLDER
from app.waybills.intake import import_files, open_intake
from tests.features import slow, slow_parties, slow_peers
from tests.features.lakes import RETURNED, SELF_DEAL, TEST, VOIDED, Conflict, Waybill, see
from tests.features.test_against_slow import assert_same

FILE = PROJECT_FOLDER.parent / "shared" / "data" / "sme_invoices" / "waybills.parquet"
T = date(2020, 1, 1)
FLAGS = {"voided": VOIDED, "returned": RETURNED}
SAMPLE = 60


def read_file() -> list[Waybill]:
    """The file's rows by number, as the rules of cleaning say: the first counts, an exact
    repetition is counted with it.
    """
    first: dict[str, Waybill] = {}
    seen: dict[str, dict[str, object]] = {}
    repeats: dict[str, int] = defaultdict(int)
    resets: dict[str, set[str]] = defaultdict(set)
    for row in pq.read_table(FILE).to_pylist():
        number = row["waybill_no"]
        if number not in first:
            seen[number], first[number] = row, _as_waybill(row)
        elif row == seen[number]:
            repeats[number] += 1
        else:
            resets[number].add(str(row))
    return [
        Waybill(**{**w.__dict__, "repeats": repeats[n], "resets": len(resets[n])})
        for n, w in first.items()
    ]


def _as_waybill(row: dict[str, object]) -> Waybill:
    fen = int(row["cod_amount"] * 100)  # type: ignore[operator,call-overload]
    flags = FLAGS.get(str(row["status"]), 0)
    flags |= TEST if fen in (1, 12_345_600) else 0
    flags |= SELF_DEAL if row["shipper_id"] == row["consignee_id"] else 0
    return Waybill(
        waybill_no=str(row["waybill_no"]),
        created_at=row["created_at"],  # type: ignore[arg-type]
        merchant_id=str(row["shipper_id"]),
        consignee_id=str(row["consignee_id"]),
        cod_fen=fen,
        status=str(row["status"]),
        flags=flags,
        source="fapiao",
        carrier_id=None,
        destination=None,
        goods_category=None,
        origin=None,
        freight_fen=None,
    )


@pytest.mark.slow
@pytest.mark.skipif(not FILE.exists(), reason=f"the real invoices are not here: {FILE}")
def test_real_merchants(tmp_path: Path) -> None:
    rulesets = PROJECT_FOLDER / "rulesets"
    intake = open_intake(tmp_path / "lake", b"a key that is used by tests only", rulesets, 512)
    import_files(intake, [FILE], "fapiao")
    ours = see(read_lake(tmp_path / "lake", rulesets), T)
    by_merchant: dict[str, list[Waybill]] = defaultdict(list)
    for waybill in read_file():
        by_merchant[waybill.merchant_id].append(waybill)
    assert set(ours) == {
        name for name, rows in by_merchant.items() if any(w.created_at.date() < T for w in rows)
    }
    sample = sorted(ours, key=lambda name: (len(by_merchant[name]) * 7919) % 1009)[:SAMPLE]
    conflicts: list[Conflict] = []
    for name in sample:
        theirs = slow.compute(by_merchant[name], T, conflicts=conflicts, invoice_sources=["fapiao"])
        platform = {*slow_parties.NAMES, *slow_peers.COMPARED}  # these ask all merchants
        assert_same(
            {key: value for key, value in ours[name].items() if key not in platform},
            {key: value for key, value in theirs[name].items() if key not in platform},
            name,
        )
