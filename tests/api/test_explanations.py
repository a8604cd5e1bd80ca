"""Explanations over HTTP: who may read which, and that an old release explains itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.api.state import EXTENSION
from tests.samples import activate_release, publish_merchants, read_sample


@pytest.fixture
def decision_id(app: Flask, post: Callable[..., Any]) -> str:
    publish_merchants(app.extensions[EXTENSION].database, "s1", date(2026, 10, 31), ["M1"])
    facts = read_sample().facts | {"overdue_now": True}
    facts = {k: v for k, v in facts.items() if k in live_facts(app)}
    answer = post({"policy": "wuliudai", "merchant_id": "M1", "facts": facts}, key="k1")
    assert answer.status_code == 201
    found: str = answer.json["id"]
    return found


def live_facts(app: Flask) -> set[str]:
    return set(app.extensions[EXTENSION].decider.live_policy("wuliudai").policy.facts)


def read(client: FlaskClient, token: str, path: str) -> Any:
    return client.get(path, headers={"Authorization": f"Bearer {token}"})


def test_the_bank_reads_the_merchants_text(
    client: FlaskClient, make_token: Callable[..., str], decision_id: str
) -> None:
    token = make_token("decisions:read")
    path = f"/v1/decisions/{decision_id}/explanation"
    told = read(client, token, f"{path}?language=en&what_if=true").json
    assert told["for"] == "merchant" and isinstance(told["headline"], str)
    assert told["what_if"]["sentences"]
    for reader in ("analyst", "auditor"):
        refused = read(client, token, f"{path}?for={reader}")
        assert refused.status_code == 403 and "explanations:read" in refused.json["detail"]
    assert read(client, token, f"{path}?for=nobody").status_code == 422
    assert read(client, token, f"{path}?goal=win").status_code == 422
    assert read(client, token, "/v1/decisions/x/explanation").status_code == 404


def test_staff_read_the_trace_and_the_lineage_after_a_newer_release(
    app: Flask, client: FlaskClient, make_token: Callable[..., str], decision_id: str
) -> None:
    token = make_token("decisions:read", "explanations:read")
    path = f"/v1/decisions/{decision_id}/explanation"
    before = read(client, token, f"{path}?for=analyst").json
    activate_release(2)
    assert read(client, token, f"{path}?for=analyst").json == before
    told = read(client, token, f"{path}?for=auditor").json
    assert told["release"]["number"] == 1 and told["release"]["verified"] is True
    assert told["release"]["author"] == "analyst"
    assert told["replay"] == {"same": True, "differences": {}}
    assert told["lineage"]["snapshot"]["id"] == "s1"
    assert told["idempotency"]["idempotency_key"] == "k1"
    assert len(told["record"]["canonical_sha256"]) == 64
    origins = {one["input"]: one["origin"] for one in told["inputs"]}
    assert origins["cod_months"] == "features" and origins["age"] == "bank"
