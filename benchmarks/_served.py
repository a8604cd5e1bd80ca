"""The three applications that `benchmarks/serve.py` compares: ours, the floor that decides nothing,
and one by hand.
"""

from __future__ import annotations

import dataclasses
import sqlite3
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import orjson
import psycopg
from flask import Flask

from app.api.application import build_application
from app.api.state import EXTENSION
from app.api.worker import prepare_worker
from app.decisions.ports import Claim, DecisionRequest, DecisionStore, RecordedDecision
from app.settings import load_settings

SIZE_BYTES = 3_660  # of a record of wuliudai; the benchmark says what ours were
COLUMNS = """id, decided_at, merchant_id, policy, release_number, purpose, outcome, record_json"""


def make_record(decision_id: str) -> bytes:
    """A text of the size of a real record."""
    start = orjson.dumps({"id": decision_id, "engines_agree": True, "stages": ""})[:-2]
    return start + b"x" * (SIZE_BYTES - len(start) - 2) + b'"}'


class NoDecider:
    """Decides nothing: only the row is inserted."""

    def __init__(self, store: DecisionStore) -> None:
        self._store = store

    def decide(self, request: DecisionRequest, claim: Claim | None = None) -> RecordedDecision:
        decision_id = uuid.uuid4().hex
        return self._store.record(
            RecordedDecision(
                id=decision_id,
                decided_at=datetime.now(UTC),
                merchant_id=request.merchant_id,
                policy=request.policy,
                release=1,
                purpose=request.purpose,
                outcome="approve",
                record_json=make_record(decision_id),
                claim=claim,
            )
        )


def create_floor() -> Flask:
    """The same endpoint: authentication, validation, one row, the log line; but no decision."""
    app = build_application()
    state: Any = app.extensions[EXTENSION]
    app.extensions[EXTENSION] = dataclasses.replace(state, decider=NoDecider(state.store))
    return prepare_worker(app)


def create_by_hand() -> Callable[..., Iterable[bytes]]:
    """No framework: parse the JSON, insert the bytes through the driver, answer them."""
    url = load_settings().database_url
    insert = _open_sqlite(url) if url.startswith("sqlite") else _open_postgresql(url)

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/healthz":
            start_response("200 OK", [("Content-Length", "2")])
            return [b"ok"]
        given = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        decision_id = uuid.uuid4().hex
        record = make_record(decision_id)
        now = datetime.now(UTC).isoformat()
        merchant, policy = given["merchant_id"], given["policy"]
        insert((decision_id, now, merchant, policy, 1, "drawdown", "approve", record.decode()))
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(record)))]
        start_response("201 Created", headers)
        return [record]

    return application


def _open_sqlite(url: str) -> Callable[[tuple[Any, ...]], Any]:
    connection = sqlite3.connect(
        url.removeprefix("sqlite:///"), isolation_level=None, timeout=5, check_same_thread=False
    )
    connection.execute("pragma synchronous = full")
    sql = f"insert into decisions ({COLUMNS}) values (?,?,?,?,?,?,?,?)"
    return lambda row: connection.execute(sql, row)


def _open_postgresql(url: str) -> Callable[[tuple[Any, ...]], Any]:
    connection = psycopg.connect(url, autocommit=True)
    cursor = connection.cursor()
    sql = f"insert into decisions ({COLUMNS}) values (%s,%s,%s,%s,%s,%s,%s,%s)"
    return lambda row: cursor.execute(sql, row)
