"""Whitelists: a batch judgement with its entries comes in, visible wholly or not at all; pages of
it go out.

As with snapshots, the row in `whitelists` is written last and is the commit; entries without it are
debris of a killed build.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from peewee import Database

from app.storage.models import Whitelist, format_utc
from app.storage.statements import alone, delete_in_batches, insert_in_batches, prepare, run

ENTRY_COLUMNS = (
    "whitelist_id",
    "merchant_id",
    "outcome",
    "score",
    "tier",
    "limit_fen",
    "daily_rate",
    "reasons_json",
)
INSERT = """insert into whitelists (id, policy, release_number, release_sha256, snapshot_id, as_of,
built_at, merchant_count, approved_count, total_limit_fen, meta_json)
values (?,?,?,?,?,?,?,?,?,?,?)"""
DEBRIS = """select distinct whitelist_id from whitelist_entries
where whitelist_id not in (select id from whitelists)"""
PAGE = f"""select {", ".join(ENTRY_COLUMNS[1:])} from whitelist_entries
where whitelist_id = ? and merchant_id > ? order by merchant_id limit ?"""


@dataclass(frozen=True, slots=True)
class WhitelistMeta:
    """What a whitelist was computed from and what came out; `meta_json` is free for counts by
    outcome, file hashes …
    """

    id: str
    policy: str
    release: int
    release_sha256: str
    snapshot_id: str
    as_of: date
    built_at: datetime  # UTC
    merchant_count: int
    approved_count: int
    total_limit_fen: int
    meta_json: str


@dataclass(frozen=True, slots=True)
class WhitelistEntry:
    """One merchant; `reasons_json` is a JSON list of codes, ranked.

    `daily_rate` is a share of the principal per day.
    """

    merchant_id: str
    outcome: str
    score: float | None
    tier: str | None
    limit_fen: int | None
    daily_rate: float | None
    reasons_json: str


def store_whitelist(
    database: Database, meta: WhitelistMeta, entries: Iterable[WhitelistEntry]
) -> bool:
    """Store a whitelist; False, with `entries` unread, when one with this id is stored already."""
    with alone(database, "whitelist"):
        if find_whitelist(meta.id) is not None:
            return False
        _sweep(database)
        rows = (_values(meta.id, entry) for entry in entries)
        insert_in_batches(database, "whitelist_entries", ENTRY_COLUMNS, rows)
        run(
            database,
            prepare(database, INSERT),
            (
                meta.id,
                meta.policy,
                meta.release,
                meta.release_sha256,
                meta.snapshot_id,
                meta.as_of.isoformat(),
                format_utc(meta.built_at),
                meta.merchant_count,
                meta.approved_count,
                meta.total_limit_fen,
                meta.meta_json,
            ),
        )
    return True


def find_whitelist(whitelist_id: str) -> Whitelist | None:
    """A whitelist by its id."""
    found: Whitelist | None = Whitelist.select().where(Whitelist.id == whitelist_id).first()
    return found


def list_entries(
    database: Database, whitelist_id: str, after: str, count: int
) -> list[WhitelistEntry]:
    """Up to `count` entries in the order of merchant_id, those after the merchant `after` ("" for
    the first page).
    """
    rows: list[Any] = run(
        database, prepare(database, PAGE), (whitelist_id, after, count)
    ).fetchall()
    return [WhitelistEntry(*row) for row in rows]


def _values(whitelist_id: str, entry: WhitelistEntry) -> tuple[Any, ...]:
    return (
        whitelist_id,
        entry.merchant_id,
        entry.outcome,
        entry.score,
        entry.tier,
        entry.limit_fen,
        entry.daily_rate,
        entry.reasons_json,
    )


def _sweep(database: Database) -> None:
    for (whitelist_id,) in run(database, DEBRIS).fetchall():
        delete_in_batches(database, "whitelist_entries", "whitelist_id", whitelist_id)
