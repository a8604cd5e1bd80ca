"""A database comes in; it goes out with the tables of `migrations/`.

Several processes may migrate at the same moment: one does it, the others wait.
"""

from __future__ import annotations

from datetime import datetime

from peewee import Database
from playhouse.migrations import Runner

from app.settings import PROJECT_FOLDER
from app.storage.statements import alone

MIGRATIONS_FOLDER = PROJECT_FOLDER / "migrations"


def migrate(database: Database) -> list[str]:
    """Apply what is missing, in order, each migration in a transaction. Returns their names."""
    with alone(database, "migrate"):
        applied: list[str] = Runner(database, str(MIGRATIONS_FOLDER)).up()
    return applied


def pending_migrations(database: Database) -> tuple[list[str], bool]:
    """The names still to be applied, and whether the database has seen no migration at all."""
    states = migration_states(database)
    pending = [name for name, applied_at in states if applied_at is None]
    return pending, len(pending) == len(states)


def pending_after_others(database: Database) -> list[str]:
    """The names still to be applied once no other process is in the midst of migrating."""
    with alone(database, "migrate"):
        return pending_migrations(database)[0]


def migration_states(database: Database) -> list[tuple[str, datetime | None]]:
    """Every migration with the moment when it was applied (None: not yet)."""
    rows = Runner(database, str(MIGRATIONS_FOLDER)).status()
    return [(row.name, row.applied) for row in rows]
