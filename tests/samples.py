"""A real release of a shipped product, and a merchant whom it approves, ready to be put into a
database.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import yaml

from app.features.ports import SnapshotMeta
from app.policies.documents import load_documents, sha256_of
from app.policies.policy import check_policy, freeze_policy
from app.settings import PROJECT_FOLDER
from app.storage.features import SqlFeatureStore
from app.storage.models import Release

RULESETS, SCORECARDS = PROJECT_FOLDER / "rulesets", PROJECT_FOLDER / "scorecards"


@dataclass(frozen=True)
class Sample:
    """`bundle_json`: the release; `values_json`: features, money in fen; `facts`: as a bank sends
    them.
    """

    bundle_json: str
    sha256: str
    values_json: str
    facts: dict[str, Any]


@cache
def read_sample(product: str = "wuliudai") -> Sample:
    """The product as it is in the checkout, with the base merchant of its first case file."""
    documents = load_documents(product, RULESETS, SCORECARDS)
    policy = check_policy(documents)
    bundle_json = freeze_policy(documents, policy)
    cases = sorted((RULESETS / product / "cases").glob("*.yaml"))[0]
    base = yaml.safe_load(cases.read_text(encoding="utf-8"))["base"]
    values = {
        name: _fen(base[name]) if one.type.declared == "money" else base[name]
        for name, one in policy.inputs.items()
        if one.origin == "features"
    }
    facts = {name: base[name] for name in policy.facts if base.get(name) is not None}
    return Sample(bundle_json, sha256_of(bundle_json), json.dumps(values), facts)


def activate_release(number: int, product: str = "wuliudai") -> None:
    """Put the product's release into the database under `number`, active from now on."""
    sample, now = read_sample(product), datetime.now(UTC)
    Release.create(
        product=product,
        number=number,
        sha256=sample.sha256,
        bundle_json=sample.bundle_json,
        author="analyst",
        why="test",
        published_at=now,
        status="active",
        active_from=now,
    )


def publish_merchants(database: Any, snapshot_id: str, as_of: date, merchants: list[str]) -> None:
    """A snapshot in which every merchant has the base merchant's features."""
    values_json = read_sample().values_json
    meta = SnapshotMeta(
        id=snapshot_id,
        as_of=as_of,
        cut_off_at=datetime(as_of.year, as_of.month, as_of.day),  # noqa: DTZ001 - local time
        built_at=datetime.now(UTC),
        merchant_count=len(merchants),
        catalogue_sha256="",
        content_sha256="",
        provenance_json="{}",
    )
    rows = ((merchant, values_json, "{}") for merchant in merchants)
    SqlFeatureStore(database).publish(meta, rows)


def _fen(yuan: Any) -> Any:
    return None if yuan is None else round(yuan * 100)
