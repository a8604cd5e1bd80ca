"""Prebuilt SQL comes in (written with `?`); rows go out.

The hot paths go through here, past the query builder.

Outside `database.atomic()` each statement commits by itself. A PostgreSQL connection that broke
(server restarted, network) is opened anew and the statement is run once more, so every statement
that goes through here must bear being run twice.
"""

from __future__ import annotations

import fcntl
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import peewee
from peewee import Database, SqliteDatabase

from app.storage.errors import DatabaseUnusable

BATCH_SIZE = 2_000


def is_sqlite(database: Any) -> bool:
    """SQLite, or else PostgreSQL."""
    return isinstance(database, SqliteDatabase)


def prepare(database: Database, sql: str) -> str:
    """`sql` with the parameter marks of this database."""
    return sql.replace("?", str(database.param))


def run(database: Any, sql: str, parameters: Sequence[Any] = ()) -> Any:
    """Execute a prepared text; gives the driver's cursor.

    Raises DatabaseUnusable when the database does not answer.
    """
    try:
        return database.execute_sql(sql, parameters)
    except (peewee.OperationalError, peewee.InterfaceError) as error:
        if not _is_broken(database) or database.in_transaction():
            raise DatabaseUnusable(f"the database does not answer: {_first_line(error)}") from error
    try:
        database.close()
        database.connect()
        return database.execute_sql(sql, parameters)
    except (peewee.OperationalError, peewee.InterfaceError) as error:
        raise DatabaseUnusable(f"the database does not answer: {_first_line(error)}") from error


def insert_in_batches(
    database: Any, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> int:
    """Insert `rows`, one transaction a batch, so that nobody waits long for the database.

    Gives the number of rows.
    """
    names = ", ".join(columns)
    insert = prepare(
        database, f"insert into {table} ({names}) values ({', '.join('?' * len(columns))})"
    )
    remaining = iter(rows)
    count = 0
    while batch := list(islice(remaining, BATCH_SIZE)):
        with database.atomic():
            if is_sqlite(database):
                database.cursor().executemany(insert, batch)
            else:
                with (
                    database.cursor() as cursor,
                    cursor.copy(f"copy {table} ({names}) from stdin") as copy,
                ):
                    for row in batch:
                        copy.write_row(row)
        count += len(batch)
    return count


def delete_in_batches(database: Any, table: str, owner: str, owner_id: str) -> None:
    """Delete the merchants' rows of `owner_id`, one transaction a batch."""
    batch = prepare(
        database,
        f"delete from {table} where {owner} = ? and merchant_id in"
        f" (select merchant_id from {table} where {owner} = ? limit {BATCH_SIZE})",
    )
    while run(database, batch, (owner_id, owner_id)).rowcount:
        pass


@contextmanager
def alone(database: Any, what: str) -> Iterator[None]:
    """Only one process at a time does `what` with this database; the others wait.

    A dead process holds nothing.
    """
    if is_sqlite(database):
        path = Path(str(database.database))
        with path.with_name(f"{path.name}.{what}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        return
    number = zlib.crc32(f"chengxin {what}".encode())
    database.execute_sql("set statement_timeout = 0")
    database.execute_sql("select pg_advisory_lock(%s)", (number,))
    try:
        yield
    finally:
        database.execute_sql("select pg_advisory_unlock(%s)", (number,))
        database.execute_sql("reset statement_timeout")


def _is_broken(database: Any) -> bool:
    if is_sqlite(database):
        return False
    return database.is_closed() or bool(database.connection().closed)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
