"""Settings come in; a connected peewee database with up-to-date tables goes out.

SQLite runs in WAL mode with `synchronous = FULL`, PostgreSQL through psycopg 3 with
`synchronous_commit = on`: a statement that returned has been written to disk. Connections are per
thread and opened on first use; every statement commits by itself unless it stands in
`database.atomic()`. A statement that waits longer than STATEMENT_SECONDS gives up.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import peewee
from peewee import Database, OperationalError, PostgresqlDatabase, SqliteDatabase

from app.settings import Settings
from app.storage.errors import DatabaseNotMigrated, DatabaseUnusable
from app.storage.migrations import migrate, pending_after_others, pending_migrations
from app.storage.models import database_proxy

STATEMENT_SECONDS = 5
SQLITE_PRAGMAS = (("synchronous", "FULL"), ("foreign_keys", 1), ("cache_size", -32_768))


def connect(settings: Settings) -> Database:
    """The database of `settings.database_url`, ready to be used. An empty one gets its tables.

    The models use the database that was connected last.
    Raises DatabaseUnusable, DatabaseNotMigrated.
    """
    database = open_database(settings.database_url)
    pending, is_empty = pending_migrations(database)
    if is_empty:
        migrate(database)
    elif pending and (pending := pending_after_others(database)):
        raise DatabaseNotMigrated(
            f"the database lacks {len(pending)} migration(s), the first is {pending[0]};"
            " run: chengxin db migrate"
        )
    return database


def open_database(url: str) -> Database:
    """Open `url` and point the models at it, whatever tables it has. Raises DatabaseUnusable."""
    database = _sqlite(url) if url.startswith("sqlite:///") else _postgresql(url)
    try:
        database.connect(reuse_if_open=True)
        if isinstance(database, SqliteDatabase):
            _use_write_ahead_log(database)
    except (peewee.DatabaseError, OSError) as error:
        raise DatabaseUnusable(
            f"cannot open the database {describe(url)}: {str(error).strip()}"
        ) from error
    database_proxy.initialize(database)
    return database


def describe(url: str) -> str:
    """The URL without its password, fit to be shown."""
    if url.startswith("sqlite:///"):
        return url
    parts = urlsplit(url)
    host = parts.hostname or dict(parse_qsl(parts.query)).get("host", "")
    port = f":{parts.port}" if parts.port else ""
    return f"postgresql://{parts.username or ''}@{host}{port}{parts.path}"


def _sqlite(url: str) -> SqliteDatabase:
    path = Path(url.removeprefix("sqlite:///")).expanduser().absolute()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseUnusable(f"cannot make the folder {path.parent}: {error.strerror}") from error
    return SqliteDatabase(str(path), pragmas=SQLITE_PRAGMAS, timeout=STATEMENT_SECONDS)


def _postgresql(url: str) -> PostgresqlDatabase:
    parts = urlsplit(url)
    options: dict[str, Any] = {
        key: value for key, value in parse_qsl(parts.query) if key != "options"
    }
    given = dict(parse_qsl(parts.query)).get("options", "")
    limits = f"-c statement_timeout={STATEMENT_SECONDS}s -c timezone=UTC -c synchronous_commit=on"
    options |= {"options": f"{limits} {given}".strip(), "connect_timeout": STATEMENT_SECONDS}
    if parts.hostname:
        options["host"] = parts.hostname
    if parts.port:
        options["port"] = parts.port
    if parts.username:
        options["user"] = unquote(parts.username)
    if parts.password:
        options["password"] = unquote(parts.password)
    name = unquote(parts.path.lstrip("/")) or "chengxin"
    return PostgresqlDatabase(name, prefer_psycopg3=True, **options)


def _use_write_ahead_log(database: SqliteDatabase) -> None:
    """Switch to WAL, once for the file's life.

    SQLite does not wait when two processes switch at once, it fails: so try again.
    """
    deadline = time.monotonic() + STATEMENT_SECONDS
    while True:
        try:
            if database.pragma("journal_mode") != "wal":
                database.pragma("journal_mode", "wal")
            return
        except OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
