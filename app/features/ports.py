"""What building features needs from outside: a place that keeps a snapshot for online look-up, as
one Protocol.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

FeatureTexts = tuple[str, str, str]  # (merchant_id, values_json, missing_json)


@dataclass(frozen=True, slots=True)
class SnapshotMeta:
    """A committed snapshot; `provenance_json` is the whole text of its `.json` file in the lake."""

    id: str
    as_of: date
    cut_off_at: datetime  # local time Asia/Shanghai; what was created then or later is not in it
    built_at: datetime  # UTC
    merchant_count: int
    catalogue_sha256: str
    content_sha256: str
    provenance_json: str


class FeatureStore(Protocol):
    """Keeps snapshots for online look-up; implemented by the storage room."""

    def publish(self, snapshot: SnapshotMeta, rows: Iterator[FeatureTexts]) -> bool:
        """Store the snapshot and all its rows in one transaction: visible wholly or not at all.

        Each row is (merchant_id, values_json, missing_json): `{feature: value}` with money in whole
        fen and null where there is no value, and `{feature: reason code}` of the nulls; rows come
        in the order of merchant_id. Idempotent by `snapshot.id`: False, with `rows` left unread,
        when it is published already; True when it was stored.
        """
