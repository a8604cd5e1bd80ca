"""API keys: made, listed, revoked, and looked up by their public part.

A secret is seen once, when the key is made.

A token reads `cx_<id>_<secret>`. The secret has 256 random bits, so one SHA-256 of it is as hard to
invert as it can be.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from peewee import Database

from app.errors import ChengxinError
from app.storage.models import format_utc, read_utc
from app.storage.statements import prepare, run

SCOPES: dict[str, str] = {
    "decisions:write": "ask for decisions",
    "decisions:read": "read recorded decisions",
    "explanations:read": "read the analyst's and the auditor's explanation of a decision",
    "features:read": "read a merchant's features",
    "policies:read": "see which releases are active",
    "whitelists:read": "read whitelists",
    "waybills:write": "send waybills",
}
DEFAULT_RATE_PER_SECOND = 500
TOKEN_START = "cx_"
COLUMNS = "id, name, secret_sha256, scopes, rate_per_second, created_at, revoked_at"


class KeyRefused(ChengxinError):
    """A key cannot be made or changed as asked."""


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key as the database has it; `rate_per_second` is how many requests a second each worker
    lets through.
    """

    id: str
    name: str
    secret_sha256: str
    scopes: frozenset[str]
    rate_per_second: int
    created_at: datetime
    revoked_at: datetime | None

    def admits(self, secret: str) -> bool:
        """Is this the key's secret, and is the key in force? Takes the same time whatever the
        secret is.
        """
        matches = hmac.compare_digest(_hash(secret), self.secret_sha256)
        return matches and self.revoked_at is None


def create_key(
    database: Database,
    name: str,
    scopes: list[str],
    rate_per_second: int = DEFAULT_RATE_PER_SECOND,
) -> tuple[StoredKey, str]:
    """Make and store a key; gives it with its token, which is nowhere kept. Raises KeyRefused."""
    if not name.strip() or len(name) > 128 or not name.isprintable():
        raise KeyRefused(
            "a key's name has 1 to 128 printable characters, for example 'bank of Linyi'"
        )
    if not scopes:
        raise KeyRefused(f"say what the key may do: one or more of {', '.join(SCOPES)}")
    if unknown := [scope for scope in scopes if scope not in SCOPES]:
        raise KeyRefused(f"unknown scope {unknown[0]!r}; there are {', '.join(SCOPES)}")
    if not 1 <= rate_per_second <= 1_000_000:
        raise KeyRefused(f"a rate is 1 to 1,000,000 requests a second, not {rate_per_second}")
    secret = secrets.token_hex(32)
    key = StoredKey(
        id=secrets.token_hex(6),
        name=name.strip(),
        secret_sha256=_hash(secret),
        scopes=frozenset(scopes),
        rate_per_second=rate_per_second,
        created_at=datetime.now(UTC),
        revoked_at=None,
    )
    insert = f"insert into api_keys ({COLUMNS}) values (?, ?, ?, ?, ?, ?, ?)"
    stored = (key.id, key.name, key.secret_sha256, " ".join(sorted(key.scopes)))
    run(
        database,
        prepare(database, insert),
        (*stored, key.rate_per_second, format_utc(key.created_at), None),
    )
    return key, f"{TOKEN_START}{key.id}_{secret}"


def split_token(token: str) -> tuple[str, str] | None:
    """(id, secret) of a token; None where it is not of our form."""
    parts = token.split("_")
    if len(parts) != 3 or f"{parts[0]}_" != TOKEN_START or not token.isascii():
        return None
    return parts[1], parts[2]


def find_key(database: Database, key_id: str) -> StoredKey | None:
    """A key by its public part, revoked ones too."""
    sql = prepare(database, f"select {COLUMNS} from api_keys where id = ?")
    row = run(database, sql, (key_id,)).fetchone()
    return None if row is None else _read(row)


def list_keys(database: Database) -> list[StoredKey]:
    """All keys, oldest first."""
    rows = run(database, f"select {COLUMNS} from api_keys order by created_at, id").fetchall()
    return [_read(row) for row in rows]


def revoke_key(database: Database, key_id: str) -> StoredKey:
    """Revoke a key for good; revoking it again changes nothing.

    Raises KeyRefused when there is no such key.
    """
    sql = "update api_keys set revoked_at = ? where id = ? and revoked_at is null"
    run(database, prepare(database, sql), (format_utc(datetime.now(UTC)), key_id))
    key = find_key(database, key_id)
    if key is None:
        names = ", ".join(sorted(known.id for known in list_keys(database))) or "none"
        raise KeyRefused(f"there is no key {key_id!r}; there are: {names}")
    return key


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _read(row: Any) -> StoredKey:
    return StoredKey(
        id=row[0],
        name=row[1],
        secret_sha256=row[2],
        scopes=frozenset(row[3].split()),
        rate_per_second=row[4],
        created_at=read_utc(row[5]),
        revoked_at=None if row[6] is None else read_utc(row[6]),
    )
