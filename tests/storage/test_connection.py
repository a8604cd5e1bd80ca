"""Opening and migrating: both databases, several processes at once, what an operator is told."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playhouse.migrations import Runner
from playhouse.schema_diff import diff_models

from app.settings import Settings
from app.storage.connection import connect, describe, open_database
from app.storage.errors import DatabaseNotMigrated, DatabaseUnusable
from app.storage.migrations import MIGRATIONS_FOLDER, migrate, migration_states, pending_migrations
from app.storage.models import TABLES
from app.storage.statements import alone


def test_an_empty_database_gets_its_tables(settings: Settings) -> None:
    database = connect(settings)
    assert {table._meta.table_name for table in TABLES} <= set(database.get_tables())
    assert migrate(database) == []
    assert all(applied_at is not None for _, applied_at in migration_states(database))
    database.close()


def test_the_models_and_the_migrations_describe_the_same_tables(database: Any) -> None:
    difference = diff_models(database, list(TABLES))
    assert not difference, difference
    for table in TABLES:
        fields = {field.column_name: field for field in table._meta.sorted_fields}
        for column in database.get_columns(table._meta.table_name):
            assert column.null == fields[column.name].null, (table, column.name)


def test_down_and_up_again(database: Any) -> None:
    runner = Runner(database, str(MIGRATIONS_FOLDER))
    while any(row.applied for row in runner.status()):
        runner.down()
    assert not set(database.get_tables()) & {table._meta.table_name for table in TABLES}
    assert migrate(database)


def test_a_database_that_is_behind_says_what_to_run(settings: Settings) -> None:
    database = connect(settings)
    history = Runner(database, str(MIGRATIONS_FOLDER)).History
    history.create(name="0000_from_the_past")
    history.delete().where(history.name != "0000_from_the_past").execute()
    database.close()
    with pytest.raises(DatabaseNotMigrated, match="run: chengxin db migrate"):
        connect(settings)


def test_a_process_that_meets_a_half_migrated_database_waits_for_the_one_that_migrates(
    settings: Settings, environment: dict[str, str]
) -> None:
    migrating = open_database(settings.database_url)
    runner = Runner(migrating, str(MIGRATIONS_FOLDER))
    with alone(migrating, "migrate"):
        runner.up(runner.status()[0].name)
        code = (
            "import app.storage.connection as connection\n"
            "from app.settings import load_settings\n"
            "look = connection.pending_migrations\n"
            "def look_and_say(database):\n"
            "    seen = look(database)\n"
            "    print(len(seen[0]), flush=True)\n"
            "    return seen\n"
            "connection.pending_migrations = look_and_say\n"
            "connection.connect(load_settings())\n"
        )
        child = subprocess.Popen(
            [sys.executable, "-c", code],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        assert int(child.stdout.readline()) > 0
        runner.up()
    _, said = child.communicate()
    migrating.close()
    assert (child.returncode, said) == (0, "")


def test_four_processes_migrate_at_once(settings: Settings, environment: dict[str, str]) -> None:
    code = (
        "from app.settings import load_settings; from app.storage.connection import connect;"
        "connect(load_settings())"
    )
    children = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    failures = [child.communicate()[1].decode() for child in children if child.wait()]
    assert not failures
    database = open_database(settings.database_url)
    assert pending_migrations(database) == ([], False)
    database.close()


def test_an_acknowledged_write_has_been_synced(database: Any) -> None:
    if database.param == "?":
        assert database.pragma("journal_mode") == "wal"
        assert database.pragma("synchronous") == 2  # FULL
        assert database.pragma("busy_timeout") == 5_000
    else:
        assert database.execute_sql("show synchronous_commit").fetchone() == ("on",)
        assert database.execute_sql("show statement_timeout").fetchone() == ("5s",)


def test_what_cannot_be_opened_is_named_without_the_password(tmp_path: Path) -> None:
    url = "postgresql://bank:hidden%40@127.0.0.1:1/none"
    with pytest.raises(DatabaseUnusable, match=r"bank@127\.0\.0\.1:1/none") as raised:
        open_database(url)
    assert "hidden" not in str(raised.value)
    assert describe("postgresql://u:p@/d?host=/run/pg") == "postgresql://u@/run/pg/d"
    file = tmp_path / "not-a-database.db"
    file.write_bytes(os.urandom(4096))
    with pytest.raises(DatabaseUnusable, match=r"not-a-database\.db: file is not a database"):
        open_database(f"sqlite:///{file}")


def test_settings_stay_untouched(settings: Settings) -> None:
    before = dataclasses.asdict(settings)
    connect(settings).close()
    assert dataclasses.asdict(settings) == before
