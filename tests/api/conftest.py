"""An application over a fresh database, and callers with keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.api.application import build_application
from app.api.state import EXTENSION
from app.settings import Settings
from app.storage.api_keys import SCOPES, create_key
from tests.samples import activate_release


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application with release 1 of wuliudai active."""
    built = build_application(settings)
    activate_release(1)
    yield built
    built.extensions[EXTENSION].database.close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A caller without a key."""
    return app.test_client()


@pytest.fixture
def make_token(app: Flask) -> Callable[..., str]:
    """Makes a key with these scopes (default: all); gives its token."""

    def make(*scopes: str, rate: int = 100_000) -> str:
        database = app.extensions[EXTENSION].database
        return create_key(database, "bank", list(scopes or SCOPES), rate)[1]

    return make


@pytest.fixture
def post(client: FlaskClient, make_token: Callable[..., str]) -> Callable[..., Any]:
    """Posts a decision request: bytes as they are, anything else as JSON."""
    token = make_token()

    def post_decision(body: Any, key: str | None = None, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers}
        if key is not None:
            sent["Idempotency-Key"] = key
        if isinstance(body, bytes):
            return client.post("/v1/decisions", data=body, headers=sent)
        return client.post("/v1/decisions", json=body, headers=sent)

    return post_decision
