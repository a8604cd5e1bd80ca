"""A portfolio goes the whole way, by the command line: each cleaning code occurs, and each feature
finds the frauds that it is made for. The bounds fail when a feature stops finding its kind.
"""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import numpy as np
import pytest

from app.waybills.codes import ROW_LOCAL
from benchmarks.find_frauds import TESTS, Found, build, describe, judge
from tests.demo.conftest import ask

MERCHANTS, MONTHS = 1_200, 13


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("found")


@pytest.fixture(scope="module")
def found(home: Path) -> dict[str, Found]:
    return {one.test.kind: one for one in build(MERCHANTS, MONTHS, home)}


@pytest.mark.parametrize("kind", [test.kind for test in TESTS])
def test_a_feature_finds_its_kind(found: dict[str, Found], kind: str) -> None:
    one = found[kind]
    assert one.feature is not None
    assert one.planted >= 2
    assert one.auc is not None
    assert one.auc >= one.test.least_auc, describe(one).note
    assert one.recall is not None
    if one.strong:
        assert one.strong_recall is not None
        assert one.strong_recall >= 0.6, describe(one).note


def test_weak_frauds_stay_below_the_thresholds(found: dict[str, Found]) -> None:
    recalls = [one.recall for one in found.values() if one.recall is not None]
    assert sum(recall < 1 for recall in recalls) >= 8
    assert 0.5 < sum(recalls) / len(recalls) < 0.95


def test_every_cleaning_code_occurs(found: dict[str, Found], home: Path) -> None:
    lake = home / "home" / "lake"
    imports = json.loads((lake / "manifest.json").read_text())["imports"]
    for code in ROW_LOCAL:
        assert sum(entry["codes"].get(code.name, 0) for entry in imports) > 5, code.name
    assert sum(entry["duplicate"] for entry in imports) > 100
    assert sum(entry["conflict"] for entry in imports) > 20
    assert not any(entry["quarantined"] for entry in imports)
    with duckdb.connect() as connection:
        freight, fee, suspects = ask(
            connection,
            f"""select sum(freight_outliers), sum(fee_outliers), sum(suspects)
            from '{lake}/rollups/merchant_carriage/*.parquet'""",
        )
        (amounts,) = ask(
            connection,
            f"""select count(*) from '{lake}/waybills/*/*.parquet'
            where eligible_fen >= 10_000_000""",
        )
    assert min(freight, fee, suspects, amounts) > 50


def test_what_is_judged_follows_from_truth_and_snapshot() -> None:
    truth = [
        {"merchant_id": name, "kind": "self_deal", "from": begun, "to": to, "strength": strength,
         "parties": name}
        for name, begun, to, strength in (
            ("M1", "2025-01-01", "", "0.4"),
            ("M2", "2026-06-01", "", "0.4"),
            ("M3", "2025-01-01", "", "0.05"),
            ("M4", "2025-01-01", "2026-03-31", "0.4"),
        )
    ]  # fmt: skip
    snapshot = {
        "merchant_id": np.array(["M1", "M2", "M3", "M4", "M5", "M6", "M7"]),
        "self_deal_share": np.array([0.4, 0.2, 0.05, 0.2, 0.12, 0.0, np.nan]),
    }
    one = next(found for found in judge(truth, snapshot) if found.test.kind == "self_deal")
    assert (one.planted, one.strong, one.flagged) == (3, 1, 3)
    assert one.precision == pytest.approx(2 / 3)
    assert one.recall == pytest.approx(2 / 3)
    assert one.strong_recall == 1.0
    assert one.auc == pytest.approx(5 / 6)
    lacking = next(found for found in judge(truth, snapshot) if found.test.kind == "ring")
    assert lacking.feature is None
    assert "does not exist" in describe(lacking).note
