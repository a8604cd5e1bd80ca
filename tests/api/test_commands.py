"""`chengxin keys`, `db` and `serve` as an operator types them."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from app.storage.api_keys import find_key, split_token
from app.storage.connection import open_database

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    def run_command(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "app.cli", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)

    return run_command


def test_a_key_is_made_listed_and_revoked(run: Run, settings: Any) -> None:
    made = run("keys", "create", "--name", "临沂银行", "--scope", "decisions:write")
    assert made.returncode == 0
    token = made.stdout.strip()  # alone on stdout, so that a script can take it
    parts = split_token(token)
    assert parts is not None and parts[1] not in made.stderr
    listed = json.loads(run("keys", "list", "--json").stdout)
    assert [(key["name"], key["scopes"]) for key in listed] == [("临沂银行", ["decisions:write"])]
    assert parts[1] not in json.dumps(listed)
    assert run("keys", "revoke", parts[0]).returncode == 0
    assert "revoked" in run("keys", "list").stdout
    database = open_database(settings.database_url)
    stored = find_key(database, parts[0])
    assert stored is not None and not stored.admits(parts[1])
    database.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "arguments, says",
    [
        (("keys", "create", "--name", "a"), "error: say what the key may do: one or more of"),
        (("keys", "create", "--name", "a", "--scope", "all"), "error: unknown scope 'all'"),
        (("keys", "revoke", "nosuch"), "error: there is no key 'nosuch'; there are: none"),
        (("keys", "create", "--scope", "decisions:read"), "Missing option '--name'"),
        (("serve", "--port", "0"), "0 is not in the range"),
    ],
)
def test_wrong_use_is_status_2_and_one_message(
    run: Run, arguments: tuple[str, ...], says: str
) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert says in done.stderr and "Traceback" not in done.stderr


def test_status_is_1_until_migrated(run: Run) -> None:
    before = run("db", "status")
    assert before.returncode == 1 and "not applied" in before.stdout
    migrated = run("db", "migrate")
    assert migrated.returncode == 0 and "applied 0001_first_tables" in migrated.stdout
    assert run("db", "status").returncode == 0
    assert "nothing to do" in run("db", "migrate").stdout
    assert json.loads(run("db", "migrate", "--json").stdout) == {"applied": []}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_taken_port_is_named(run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run("serve", "--port", port)
    assert done.returncode == 2
    assert f"cannot listen at 127.0.0.1:{port}" in done.stderr and "--port" in done.stderr
    assert "Traceback" not in done.stderr
