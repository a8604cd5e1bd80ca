"""An analyst's desk with a release and snapshots: copies of the shipped files, an own home, and
merchants around the base merchant of the cases.
"""

from __future__ import annotations

import json
import random
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from app.cli import chengxin
from app.policies.documents import load_documents
from app.policies.policy import Policy, check_policy
from app.settings import PROJECT_FOLDER, load_settings
from app.storage.connection import connect
from tests.samples import activate_release, read_sample

ARROW = {"money": pa.int64(), "number": pa.float64(), "text": pa.string(), "boolean": pa.bool_()}
VARIED = ("cod_months", "cod_amt_12m", "consignee_cnt", "sign_rate", "top1_consignee_share")


def read_product(rulesets: Path, scorecards: Path, product: str = "wuliudai") -> Policy:
    return check_policy(load_documents(product, rulesets, scorecards))


def shipped(product: str = "wuliudai") -> Policy:
    return read_product(PROJECT_FOLDER / "rulesets", PROJECT_FOLDER / "scorecards", product)


def make_features(
    count: int, seed: int = 5, product: str = "wuliudai", **more: list[Any]
) -> pa.Table:
    """Merchants who have the base merchant's features, some of them scaled or missing."""
    policy, draw = shipped(product), random.Random(seed)
    base = json.loads(read_sample(product).values_json)
    columns: dict[str, Any] = {"merchant_id": [f"m{place:05}" for place in range(count)]}
    for name, value in base.items():
        of = policy.inputs[name].type
        values = [_vary(draw, name, of.declared, value) for _ in range(count)]
        columns[name] = pa.array(values, ARROW[of.kind])
    return pa.table({**columns, **more})


def _vary(draw: random.Random, name: str, declared: str, value: Any) -> Any:
    if name not in VARIED or value is None:
        return value
    if draw.random() < 0.02:
        return None
    factor = draw.choice((0.2, 0.3, 0.45, 0.5, 0.7, 1, 1, 1))
    scaled = value * factor
    return round(scaled) if declared in ("money", "integer") else min(1.0, scaled)


class Desk:
    """`run` gives status, output and error text of a command of `chengxin policy`."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, database_url: str) -> None:
        self.folder, self.rulesets = folder, folder / "rulesets"
        self.scorecards, self.lake = folder / "scorecards", folder / "home" / "lake"
        shutil.copytree(PROJECT_FOLDER / "rulesets", self.rulesets)
        shutil.copytree(PROJECT_FOLDER / "scorecards", self.scorecards)
        patch.setenv("CHENGXIN_RULESETS", str(self.rulesets))
        patch.setenv("CHENGXIN_SCORECARDS", str(self.scorecards))
        patch.setenv("CHENGXIN_HOME", str(folder / "home"))
        patch.setenv("DATABASE_URL", database_url)
        patch.setenv("COLUMNS", "150")

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(chengxin, ["policy", *words])

    def data(self, *words: str, status: int = 0) -> Any:
        result = self.run(*words, "--json")
        assert result.exit_code == status, (result.output, result.exception)
        return json.loads(result.stdout)

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text, (file, old)
        path.write_text(text.replace(old, new), encoding="utf-8")

    def publish(self) -> None:
        """Put the shipped product into the database as the active release 1."""
        connect(load_settings())
        activate_release(1)

    def keep_snapshot(self, as_of: date, features: pa.Table) -> None:
        """Put a snapshot into the lake."""
        folder = self.lake / "features" / f"as_of={as_of}"
        folder.mkdir(parents=True)
        pq.write_table(features, folder / f"s-{as_of}.parquet")
        told = {
            "id": f"s-{as_of}",
            "as_of": f"{as_of}",
            "cut_off_at": f"{as_of}T00:00:00",
            "built_at": f"{as_of}T01:00:00",
            "counts": {"merchants": features.num_rows},
            "catalogue_sha256": "",
            "content_sha256": "",
        }
        (folder / f"s-{as_of}.json").write_text(json.dumps(told), encoding="utf-8")
