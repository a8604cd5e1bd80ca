"""The real server with two workers, over real connections, on both databases."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from app.storage.api_keys import SCOPES, create_key, revoke_key
from app.storage.models import Decision
from tests.api.server import Server, running
from tests.samples import activate_release

pytestmark = pytest.mark.slow
GOOD = {"policy": "wuliudai", "merchant_id": "M1", "facts": {"age": 41}}


@pytest.fixture
def token(database: Any) -> str:
    activate_release(1)
    return create_key(database, "bank", list(SCOPES), 100_000)[1]


@pytest.fixture
def server(token: str, environment: dict[str, str], tmp_path: Path) -> Iterator[Server]:
    with running(environment, tmp_path) as started:
        yield started


@pytest.fixture
def ask(server: Server, token: str) -> Callable[..., httpx.Response]:
    """Asks for a decision over a connection of its own, so that it may reach either worker."""

    def ask_once(key: str | None = None, body: Any = GOOD) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} | ({"Idempotency-Key": key} if key else {})
        return httpx.post(f"{server.url}/v1/decisions", json=body, headers=headers, timeout=20)

    return ask_once


def test_fifty_at_once_with_one_key_are_one_decision(
    database: Any, ask: Callable[..., httpx.Response]
) -> None:
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: ask("one-key"), range(50)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert Decision.select().count() == 1
    replayed = [answer for answer in answers if "Idempotent-Replayed" in answer.headers]
    assert len(replayed) == 49


def test_a_new_release_and_a_revoked_key_are_seen_by_all_workers_within_five_seconds(
    database: Any, server: Server, ask: Callable[..., httpx.Response]
) -> None:
    other, other_token = create_key(database, "other", ["policies:read"])
    headers = {"Authorization": f"Bearer {other_token}"}

    def read() -> int:
        return httpx.get(f"{server.url}/v1/policies", headers=headers).status_code

    assert {ask().json()["release"] for _ in range(20)} == {1}
    assert {read() for _ in range(10)} == {200}
    activate_release(2)
    revoke_key(database, other.id)
    begun = time.monotonic()
    while time.monotonic() < begun + 4.5:
        assert ask().json()["release"] in (1, 2)
        time.sleep(0.1)
    assert {ask().json()["release"] for _ in range(40)} == {2}
    assert {read() for _ in range(20)} == {401}


def test_a_killed_worker_is_replaced_and_sigterm_stops_all(
    server: Server, ask: Callable[..., httpx.Response]
) -> None:
    assert server.process is not None
    main = psutil.Process(server.process.pid)
    first = server.listening()
    os.kill(min(first), signal.SIGKILL)
    deadline = time.monotonic() + 30
    while len(server.listening() - {min(first)}) < 2:
        assert time.monotonic() < deadline, "the worker was not replaced"
        time.sleep(0.1)
    assert {ask().status_code for _ in range(20)} == {201}
    workers = main.children()
    assert server.stop() == 0
    _, alive_still = psutil.wait_procs(workers, 5)
    assert not [one for one in alive_still if one.status() != psutil.STATUS_ZOMBIE]


def test_what_was_begun_is_answered_when_the_server_stops(
    database: Any, server: Server, ask: Callable[..., httpx.Response]
) -> None:
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask, f"k{number}") for number in range(64)]
        while sum(one.done() for one in asked) < 8:
            time.sleep(0.005)
        assert server.stop() == 0
        ids = []
        for one in asked:
            try:
                ids.append(one.result().json()["id"])
            except httpx.TransportError:
                continue  # it was refused: nothing was promised
    assert len(ids) >= 8
    assert {row.id for row in Decision.select()} >= set(ids)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_callers_who_stop_in_the_middle_hold_no_worker_for_long(
    token: str, environment: dict[str, str], tmp_path: Path
) -> None:
    with running(environment, tmp_path, application="tests.api.impatient:create_app") as server:
        body = json.dumps(GOOD).encode()
        head = (
            f"POST /v1/decisions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode()
        lines = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(12)]
        for line in lines:
            line.sendall(head + body[:10])
        time.sleep(6)
        headers = {"Authorization": f"Bearer {token}"}
        answers: list[int] = []
        deadline = time.monotonic() + 30
        while answers[-5:] != [201] * 5 and time.monotonic() < deadline:
            try:
                answer = httpx.post(
                    f"{server.url}/v1/decisions", json=GOOD, headers=headers, timeout=10
                )
                answers.append(answer.status_code)
            except httpx.TransportError:
                answers.append(0)  # it was waiting at a worker that ended
                time.sleep(0.2)
        assert answers[-5:] == [201] * 5, answers
        for line in lines:
            line.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_body_in_chunks_is_read_and_limited(server: Server, token: str) -> None:
    def send(total: int) -> httpx.Response:
        text = json.dumps({**GOOD, "facts": {}})
        body = (text[:-1] + " " * (total - len(text)) + "}").encode()
        pieces = (body[start : start + 10_000] for start in range(0, len(body), 10_000))
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return httpx.post(f"{server.url}/v1/decisions", content=pieces, headers=headers)

    assert send(60_000).status_code == 201
    assert send(65_536).status_code == 201
    assert send(65_537).status_code == 413


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_metrics_add_up_over_workers(server: Server, ask: Callable[..., httpx.Response]) -> None:
    for _ in range(30):
        ask()
    for _ in range(5):
        text = httpx.get(f"{server.url}/metrics").text
        line = 'chengxin_decisions_total{outcome="refer",policy="wuliudai"} 30.0'
        assert line in text
