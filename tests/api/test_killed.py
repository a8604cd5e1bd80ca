"""kill -9 in a stream of decisions, a dozen times: what was answered is there, and nothing is there
twice.
"""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.storage.api_keys import create_key
from app.storage.models import Decision
from tests.api.server import Server, running
from tests.samples import activate_release

pytestmark = pytest.mark.slow
KILLS = 12


@dataclass
class Stream:
    """Callers who each ask one thing after another and repeat with the same key until it is
    answered.
    """

    server: Server
    token: str
    answered: dict[str, list[str]] = field(default_factory=dict)  # key → ids of all answers
    broken: int = 0
    stopping: bool = False

    def ask(self, caller: int) -> None:
        number = 0
        while not self.stopping:
            key = f"caller{caller}-{number}"
            decision_id = self._post(key, f"M{caller}")
            if decision_id is None:
                self.broken += 1
                time.sleep(0.02)
                continue
            self.answered.setdefault(key, []).append(decision_id)
            number += 1

    def _post(self, key: str, merchant_id: str) -> str | None:
        request = urllib.request.Request(
            f"{self.server.url}/v1/decisions",
            data=json.dumps({"policy": "wuliudai", "merchant_id": merchant_id}).encode(),
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "Idempotency-Key": key,
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                found: str = json.load(answer)["id"]
                return found
        except urllib.error.HTTPError as error:
            assert error.code == 503, error.read()
            return None
        except (OSError, ValueError, http.client.HTTPException):
            return None


def test_no_answered_decision_is_lost_or_doubled(
    database: Any, environment: dict[str, str], tmp_path: Path
) -> None:
    activate_release(1)
    _, token = create_key(database, "bank", ["decisions:write"], 100_000)
    chance = random.Random(11)
    with running(environment, tmp_path) as server:
        stream = Stream(server, token)
        callers = [threading.Thread(target=stream.ask, args=(number,)) for number in range(4)]
        for caller in callers:
            caller.start()
        for _ in range(KILLS):
            before = len(stream.answered)
            deadline = time.monotonic() + 10
            while len(stream.answered) < before + 10 and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(chance.uniform(0.0, 0.2))
            server.kill()
            server.start()
        time.sleep(0.5)
        stream.stopping = True
        for caller in callers:
            caller.join(30)
        again = {key: stream._post(key, f"M{key[6]}") for key in list(stream.answered)[-50:]}
    assert stream.broken >= KILLS, "hardly anything was interrupted; the test proves nothing"
    stored = {row.idempotency_key: row.id for row in Decision.select()}
    for key, ids in stream.answered.items():
        assert ids == [stored[key]], key
    assert {key: stored[key] for key in again} == again
    assert Decision.select().count() == len(stored)
    assert len(stored) - len(stream.answered) <= len(callers)
