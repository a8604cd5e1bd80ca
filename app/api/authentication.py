"""A request's Bearer token comes in; the key behind it goes out, if it is in force, has the scope
and is within its rate.

Each worker remembers keys for KEY_SECONDS, so a revoked key stops within that time. The rate is
held per key and worker: a bucket of one second's requests, refilled steadily.
"""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from flask import g, request
from peewee import Database

from app.api.errors import ProblemError
from app.storage.api_keys import StoredKey, find_key, split_token

KEY_SECONDS = 2.0
MOST_REMEMBERED = 10_000
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="chengxin"'}
View = TypeVar("View", bound=Callable[..., Any])


def allow(scope: str | None) -> Callable[[View], View]:
    """Mark a view with the scope that it needs; None opens it to everybody.

    A view without a mark is refused.
    """

    def mark(view: View) -> View:
        view.scope = scope  # type: ignore[attr-defined]
        return view

    return mark


def require_scope(scope: str) -> None:
    """Beside its view's scope, the current request's key must have this one. Raises ProblemError
    (403).
    """
    if scope not in g.api_key_scopes:
        raise ProblemError(403, "forbidden", f"the API key {g.api_key_id} lacks the scope {scope}")


class Gate:
    """Lets requests in. One per process; safe over threads."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._keys: dict[bytes, tuple[StoredKey, float]] = {}
        self._buckets: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def admit(self, view: Callable[..., Any] | None) -> None:
        """Let the current request to `view` pass, or raise ProblemError: 401, 403 or 429."""
        scope: str | None = getattr(view, "scope", "nobody")
        if scope is None or view is None:
            return
        key = self.identify(request.headers.get("Authorization"))
        g.api_key_id, g.api_key_scopes = key.id, key.scopes
        if scope not in key.scopes:
            raise ProblemError(403, "forbidden", f"the API key {key.id} lacks the scope {scope}")
        wait_seconds = self.take(key)
        if wait_seconds > 0:
            detail = f"the API key {key.id} may ask {key.rate_per_second} times a second"
            headers = {"Retry-After": str(math.ceil(wait_seconds))}
            raise ProblemError(429, "too-many-requests", detail, headers=headers)

    def identify(self, header: str | None) -> StoredKey:
        """The key of an Authorization header. Raises ProblemError (401)."""
        kind, _, token = (header or "").partition(" ")
        if kind.lower() != "bearer":
            raise _refuse("send the header Authorization: Bearer <API key>")
        digest = hashlib.sha256(token.encode("utf-8", "replace")).digest()
        remembered = self._keys.get(digest)
        if remembered is not None and self._clock() < remembered[1]:
            return remembered[0]
        parts = split_token(token.strip())
        key = find_key(self._database, parts[0]) if parts else None
        if parts is None or key is None or not key.admits(parts[1]):
            self._keys.pop(digest, None)
            raise _refuse("the API key is unknown or revoked")
        if len(self._keys) >= MOST_REMEMBERED:
            self._keys.clear()
        self._keys[digest] = (key, self._clock() + KEY_SECONDS)
        return key

    def take(self, key: StoredKey) -> float:
        """Take one request from the key's bucket: 0.0, or the seconds until there is one."""
        rate = float(key.rate_per_second)
        with self._lock:
            now = self._clock()
            left, at = self._buckets.get(key.id, (rate, now))
            left = min(rate, left + (now - at) * rate)
            if left >= 1.0:
                self._buckets[key.id] = (left - 1.0, now)
                return 0.0
            self._buckets[key.id] = (left, now)
            return (1.0 - left) / rate


def _refuse(detail: str) -> ProblemError:
    return ProblemError(401, "unauthorized", detail, headers=dict(CHALLENGE))
