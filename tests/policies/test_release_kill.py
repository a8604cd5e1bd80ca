"""`kill -9` in a stream of publish, approve, activate: nothing acknowledged is lost, nothing is
half done.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from app.policies.release_records import Release, ReleaseEvent
from app.settings import PROJECT_FOLDER
from app.storage.releases import SqlReleaseStore

STREAM = """
import sys
from datetime import UTC, datetime
from app.policies.approvals import approve, publish
from app.policies.evidence import PARTS
from app.policies.releases import activate
from app.settings import load_settings
from app.storage.connection import connect
from app.storage.releases import SqlReleaseStore
store = SqlReleaseStore(connect(load_settings()))
fine = {"parts": {name: {"status": "fine", "said": "all is well"} for name in PARTS}}
print("ready", flush=True)
for turn in range(10_000):
    text = '{"bundle":"%s-%d"}' % (sys.argv[1], turn)
    release = publish(store, "p", text, "Li Na", "trial", datetime.now(UTC), fine).release
    print("published", release.number, flush=True)
    approve(store, "p", release.number, "Wang Fang", datetime.now(UTC))
    print("approved", release.number, flush=True)
    activate(store, "p", release.number, "Wang Fang", datetime.now(UTC))
    print("activated", release.number, flush=True)
"""


def run_and_kill(turn: int, environment: dict[str, str], out: Path) -> list[tuple[str, int]]:
    """What one process acknowledged before it was killed at a random moment."""
    with out.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", STREAM, str(turn)],
            env=environment,
            cwd=PROJECT_FOLDER,
            stdout=file,
        )
        deadline = time.monotonic() + 20
        while b"ready" not in out.read_bytes() and time.monotonic() < deadline:
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(random.uniform(0.0, 0.25))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    lines = out.read_text().split("\n")[1:-1]  # the last piece is cut off or empty
    return [(word, int(number)) for word, number in (line.split() for line in lines)]


@pytest.mark.slow
def test_killed_steps_are_whole_or_absent(
    database: Any, environment: dict[str, str], tmp_path: Path
) -> None:
    store = SqlReleaseStore(database)
    acknowledged: list[tuple[str, int]] = []
    for turn in range(7):
        acknowledged += run_and_kill(turn, environment, tmp_path / f"{turn}.txt")
        with store.alone("p"):  # the server may still be ending what the dead process had sent
            releases, events = store.releases_of("p"), store.events_of("p")
        check_whole(releases, events, acknowledged)
    assert len(acknowledged) > 20, "the stream was killed before it did anything"


def check_whole(
    releases: list[Release], events: list[ReleaseEvent], acknowledged: list[tuple[str, int]]
) -> None:
    """Rows and audit trail tell one story, and it contains everything that was acknowledged."""
    assert [release.number for release in releases] == list(range(1, len(releases) + 1))
    happened = Counter((event.event, event.number) for event in events)
    assert max(happened.values(), default=1) == 1
    assert set(acknowledged) <= set(happened)
    for release in releases:
        json.loads(release.bundle_json)
        assert ("published", release.number) in happened
        assert (release.approved_by is not None) == (("approved", release.number) in happened)
        assert (release.active_from is not None) == (("activated", release.number) in happened)
        assert (release.status == "retired") == (("superseded", release.number) in happened)
    assert sum(release.status == "active" for release in releases) <= 1
