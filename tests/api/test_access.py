"""Who gets in: keys, scopes, rates; and that refusing comes before reading."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.api.authentication import KEY_SECONDS, Gate
from app.api.errors import ProblemError
from app.api.state import EXTENSION
from app.storage.api_keys import SCOPES, create_key, revoke_key

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PATHS = [
    ("POST", "/v1/decisions", "decisions:write"),
    ("GET", "/v1/decisions/x", "decisions:read"),
    ("GET", "/v1/merchants/x/features", "features:read"),
    ("GET", "/v1/policies", "policies:read"),
    ("GET", "/v1/whitelists/x", "whitelists:read"),
    ("GET", "/v1/whitelists/x/entries?limit=nonsense", "whitelists:read"),
]


@on_sqlite
@pytest.mark.parametrize("method, path, scope", PATHS)
def test_without_a_key_nothing_is_even_read(
    client: FlaskClient, make_token: Callable[..., str], method: str, path: str, scope: str
) -> None:
    wrong = make_token()[:-1] + "x"
    for header in (None, "", "Bearer", "Bearer x", f"Bearer {wrong}", f"Basic {wrong}"):
        headers = {} if header is None else {"Authorization": header}
        answer = client.open(path, method=method, data=b"not json", headers=headers)
        assert (answer.status_code, answer.json["type"]) == (401, "/problems/unauthorized")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@on_sqlite
@pytest.mark.parametrize("method, path, scope", PATHS)
def test_a_key_without_the_scope_is_refused(
    client: FlaskClient, make_token: Callable[..., str], method: str, path: str, scope: str
) -> None:
    others = [other for other in SCOPES if other != scope]
    headers = {"Authorization": f"Bearer {make_token(*others)}"}
    answer = client.open(path, method=method, data=b"not json", headers=headers)
    assert (answer.status_code, answer.json["type"]) == (403, "/problems/forbidden")
    assert scope in answer.json["detail"]
    headers = {"Authorization": f"Bearer {make_token(scope)}"}
    assert client.open(path, method=method, headers=headers).status_code not in (401, 403)


def test_every_address_is_either_open_or_has_a_scope(app: Flask) -> None:
    opened = set()
    for rule in app.url_map.iter_rules():
        scope = getattr(app.view_functions[rule.endpoint], "scope", "unmarked")
        assert scope is None or scope in SCOPES, rule
        if scope is None:
            opened.add(rule.rule)
    assert opened == {
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/docs",
        "/docs/<string:name>",
    }


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_revoked_key_stops_when_what_is_remembered_runs_out(app: Flask) -> None:
    database = app.extensions[EXTENSION].database
    key, token = create_key(database, "bank", ["policies:read"])
    clock = Clock()
    gate = Gate(database, clock)
    assert gate.identify(f"Bearer {token}") == key
    revoke_key(database, key.id)
    clock.now += KEY_SECONDS
    with pytest.raises(ProblemError, match="unknown or revoked"):
        gate.identify(f"Bearer {token}")
    assert KEY_SECONDS <= 5


def test_a_bucket_holds_a_second_and_refills(app: Flask) -> None:
    database = app.extensions[EXTENSION].database
    slow, _ = create_key(database, "slow", ["policies:read"], 4)
    other, _ = create_key(database, "other", ["policies:read"], 4)
    clock = Clock()
    gate = Gate(database, clock)
    assert [gate.take(slow) for _ in range(4)] == [0.0] * 4
    assert gate.take(slow) == pytest.approx(0.25)
    assert gate.take(other) == 0.0
    clock.now += 0.25
    assert gate.take(slow) == 0.0
    assert gate.take(slow) > 0
    clock.now += 3_600
    assert [gate.take(slow) > 0 for _ in range(5)] == [False] * 4 + [True]


def test_over_the_rate_is_429_with_the_time_to_wait(
    client: FlaskClient, make_token: Callable[..., str]
) -> None:
    headers = {"Authorization": f"Bearer {make_token(rate=2)}"}
    answers: list[Any] = [client.get("/v1/policies", headers=headers) for _ in range(4)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert answers[0].status_code == 200 and refused
    assert refused[0].headers["Retry-After"] == "1"
    assert refused[0].mimetype == "application/problem+json"
