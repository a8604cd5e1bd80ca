"""Kill switch, challenger and shadow against the real server: what an operator types is followed by
running workers within a second.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from app.policies.approvals import approve, publish
from app.policies.documents import canonical_json
from app.policies.evidence import PARTS
from app.policies.releases import activate
from app.settings import PROJECT_FOLDER
from app.storage.api_keys import SCOPES, create_key
from app.storage.releases import SqlReleaseStore
from tests.api.server import running
from tests.samples import publish_merchants, read_sample

FINE = {"parts": {name: {"status": "fine", "said": "well"} for name in PARTS}}
MERCHANTS = [f"M{n}" for n in range(60)]


def publish_both(database: Any) -> None:
    """Release 1, active, and release 2, approved, which declines everybody."""
    store, now = SqlReleaseStore(database), datetime.now(UTC)
    sample = read_sample()
    stricter = json.loads(sample.bundle_json)
    for rule in stricter["rulesets"]["admission.yaml"]["rules"]:
        if rule["when"].startswith("cod_months <"):
            rule["when"] = "cod_months < 600"
    for number, bundle in enumerate((sample.bundle_json, canonical_json(stricter)), start=1):
        publish(store, "wuliudai", bundle, "Li", "trial", now, FINE)
        approve(store, "wuliudai", number, "Wang", now)
    activate(store, "wuliudai", 1, "Wang", now)


@pytest.mark.slow
def test_running_workers_follow(database: Any, environment: dict[str, str], tmp_path: Path) -> None:
    publish_both(database)
    publish_merchants(database, "s", datetime.now(UTC).date(), MERCHANTS)
    token = create_key(database, "bank", list(SCOPES), 100_000)[1]

    def policy(*words: str) -> Any:
        command = [sys.executable, "-m", "app.cli", "policy", *words, "--json"]
        done = subprocess.run(
            command, env=environment, cwd=PROJECT_FOLDER, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    with running(environment, tmp_path) as server, httpx.Client(base_url=server.url) as client:

        def ask(merchant: str) -> dict[str, Any]:
            body = {"policy": "wuliudai", "merchant_id": merchant, "facts": read_sample().facts}
            answer = client.post(
                "/v1/decisions", json=body, headers={"Authorization": f"Bearer {token}"}
            )
            assert answer.status_code == 201, answer.text
            record: dict[str, Any] = orjson.loads(answer.content)
            return record

        def ask_all() -> list[dict[str, Any]]:
            time.sleep(1.1)
            return [ask(merchant) for merchant in MERCHANTS]

        assert {one["outcome"] for one in ask_all()} == {"approve"}

        policy("shadow", "wuliudai", "2", "--by", "Wang")
        assert {one["outcome"] for one in ask_all()} == {"approve"}
        found = wait_for(lambda: policy("compare", "wuliudai")["shadow"], len(MERCHANTS))
        assert found["migration"]["approve"]["decline"] == found["pairs"] == len(MERCHANTS)
        assert "differ by more than chance" in found["test"]["said"]
        assert found["why"]["only shadow: admission/ADM-001"] == len(MERCHANTS)
        metrics = client.get("/metrics").text
        assert 'chengxin_shadow_decisions_total{policy="wuliudai",result="recorded"}' in metrics
        policy("shadow", "wuliudai", "--off", "--by", "Wang")

        policy("challenge", "wuliudai", "2", "--share", "30%", "--by", "Wang")
        small = ask_all()
        policy("challenge", "wuliudai", "2", "--share", "0.6", "--by", "Wang")
        large = ask_all()
        drawn = [{r["merchant_id"] for r in some if r["role"] == "challenger"} for some in
                 (small, large)]  # fmt: skip
        assert drawn[0] < drawn[1]
        for one in large:
            wanted = ("decline", 2) if one["role"] == "challenger" else ("approve", 1)
            assert (one["outcome"], one["release"]) == wanted
        groups = policy("compare", "wuliudai")["challenge"]["groups"]
        assert groups["challenger"]["merchants"] == len(drawn[1])
        assert groups["champion"]["outcomes"]["approve"]["share"] == 1.0

        policy("stop", "wuliudai", "--by", "Op", "--why", "fraud wave")
        stopped = ask_all()
        assert Counter(one["outcome"] for one in stopped) == {"refer": len(MERCHANTS)}
        assert {one["reasons"][0] for one in stopped} == {"PRODUCT_STOPPED"}
        ready = client.get("/readyz").json()
        assert ready["checks"]["releases"]["stopped"] == ["wuliudai"]
        replayed = subprocess.run(
            [sys.executable, "-m", "app.cli", "decision", "replay", stopped[0]["id"]],
            env=environment, cwd=PROJECT_FOLDER, check=False,
        )  # fmt: skip
        assert replayed.returncode == 0
        policy("resume", "wuliudai", "--by", "Op")
        policy("challenge", "wuliudai", "--off", "--by", "Op")
        assert {one["outcome"] for one in ask_all()} == {"approve"}

    log = [one["event"] for one in policy("audit", "wuliudai")]
    assert log[5:] == [
        "shadow_on", "shadow_off", "challenge_on", "challenge_share",
        "stopped", "resumed", "challenge_off",
    ]  # fmt: skip
    assert policy("audit", "--verify")["whole"] is True


def wait_for(look: Callable[[], dict[str, Any]], pairs: int) -> dict[str, Any]:
    """Shadows are judged beside the answers: look again until all are there."""
    deadline = time.monotonic() + 20
    while True:
        found = look()
        if found["pairs"] >= pairs or time.monotonic() > deadline:
            return found
        time.sleep(0.2)
