"""The other addresses: features, policies, whitelists, health, documentation; ids, logs and metrics
of requests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.api.state import EXTENSION
from app.storage.connection import open_database
from app.storage.errors import DatabaseUnusable
from app.storage.features import SqlFeatureStore
from app.storage.models import Release
from app.storage.whitelists import WhitelistMeta, store_whitelist
from tests.samples import read_sample
from tests.storage.test_snapshots import make_entry, make_meta, make_rows


@pytest.fixture
def get(client: FlaskClient, make_token: Callable[..., str]) -> Callable[[str], Any]:
    headers = {"Authorization": f"Bearer {make_token()}"}
    return lambda path: client.get(path, headers=headers)


def publish(app: Flask, as_of: date) -> None:
    SqlFeatureStore(app.extensions[EXTENSION].database).publish(make_meta("s1", as_of), make_rows())


def test_features_of_the_newest_snapshot(app: Flask, get: Callable[[str], Any]) -> None:
    assert get("/v1/merchants/m000001/features").status_code == 404
    publish(app, date(2026, 11, 1))
    answer = get("/v1/merchants/m000001/features")
    assert answer.json == {
        "merchant_id": "m000001",
        "snapshot": {"id": "s1", "as_of": "2026-11-01"},
        "values": {"cod_months": 1},
        "missing": {},
    }
    for nobody in ("nobody", "%00", "%E6%9D%8E"):
        assert get(f"/v1/merchants/{nobody}/features").status_code == 404


def test_policies_are_the_active_releases(get: Callable[[str], Any]) -> None:
    assert get("/v1/policies").json == {
        "policies": [{"policy": "wuliudai", "release": 1, "release_sha256": read_sample().sha256}]
    }


def test_a_whitelist_is_read_page_by_page(app: Flask, get: Callable[[str], Any]) -> None:
    meta = WhitelistMeta(
        "w1",
        "wuliudai",
        1,
        "f" * 64,
        "s1",
        date(2026, 11, 1),
        datetime(2026, 11, 1, 2, tzinfo=UTC),
        25,
        25,
        87_500_000,
        "{}",
    )
    store_whitelist(app.extensions[EXTENSION].database, meta, map(make_entry, range(25)))
    head = get("/v1/whitelists/w1").json
    assert (head["merchant_count"], head["as_of"]) == (25, "2026-11-01")
    assert head["built_at"] == "2026-11-01T02:00:00+00:00"
    seen, after = [], ""
    while after is not None:
        page = get(f"/v1/whitelists/w1/entries?limit=10&after={after}").json
        seen += [entry["merchant_id"] for entry in page["entries"]]
        after = page["next"]
    assert seen == [f"m{number:04d}" for number in range(25)]
    assert get("/v1/whitelists/w1/entries?limit=25").json["next"] is None
    assert page["entries"][0]["reasons"] == ["OK"]
    for path in ("/v1/whitelists/w2", "/v1/whitelists/w2/entries", "/v1/whitelists/%00"):
        assert get(path).status_code == 404
    for limit in ("0", "5001", "x", "1.5"):
        answer = get(f"/v1/whitelists/w1/entries?limit={limit}")
        assert answer.status_code == 422
        assert answer.json["errors"][0]["field"] == "limit"


def test_ready_needs_a_release_and_a_snapshot(app: Flask, client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "ok"}
    answer = client.get("/readyz")
    assert answer.status_code == 503 and not answer.json["checks"]["snapshot"]["ok"]
    publish(app, date(2020, 1, 1))
    answer = client.get("/readyz")
    assert answer.status_code == 200 and answer.json["checks"]["snapshot"]["stale"]
    assert answer.json["checks"]["releases"]["active"] == {"wuliudai": 1}
    Release.update(status="retired").execute()
    answer = client.get("/readyz")
    assert answer.status_code == 503 and not answer.json["checks"]["releases"]["ok"]


def test_without_a_database_nothing_is_ready_and_callers_may_retry(
    app: Flask,
    client: FlaskClient,
    get: Callable[[str], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: Any) -> None:
        raise DatabaseUnusable("cannot open the database postgresql://bank@db/x: refused")

    monkeypatch.setattr(type(app.extensions[EXTENSION].store), "active_releases", fail)
    answer = client.get("/readyz")
    assert answer.status_code == 503 and not answer.json["checks"]["database"]["ok"]
    answer = get("/v1/policies")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert "postgresql" not in answer.text


def test_an_unforeseen_error_tells_nothing_of_the_inside(
    app: Flask, get: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    def fail(*_: Any) -> None:
        raise KeyError("the secret table")

    monkeypatch.setattr(type(app.extensions[EXTENSION].store), "active_releases", fail)
    answer = get("/v1/policies")
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert "secret" not in answer.text and "KeyError" not in answer.text
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]


def test_unknown_addresses_and_methods(get: Callable[[str], Any], client: FlaskClient) -> None:
    answer = get("/v1/nothing")
    assert (answer.status_code, answer.json["type"]) == (404, "/problems/not-found")
    answer = client.delete("/v1/decisions")
    assert (answer.status_code, answer.json["type"]) == (405, "/problems/method-not-allowed")
    assert "POST" in answer.headers["Allow"]


def test_a_sane_request_id_is_kept_and_another_is_replaced(client: FlaskClient) -> None:
    kept = client.get("/healthz", headers={"X-Request-Id": "bank-42:a.b_c"})
    assert kept.headers["X-Request-Id"] == "bank-42:a.b_c"
    for given in ("", "a b", "x" * 65, "<script>"):
        made = client.get("/healthz", headers={"X-Request-Id": given}).headers["X-Request-Id"]
        assert re.fullmatch("[0-9a-f]{24}", made)


def test_a_log_line_has_the_request_and_nobody_in_it(
    post: Callable[..., Any], client: FlaskClient, capfd: Any
) -> None:
    body = {
        "policy": "wuliudai",
        "merchant_id": "王老板13812345678",
        "facts": {"other_exposure": 4711.23},
    }
    answer = post(body, key="idem-0815")
    client.get(f"/v1/decisions/{answer.json['id']}")
    lines = capfd.readouterr().err.strip().splitlines()
    logged = [json.loads(line) for line in lines if line.startswith("{")]
    decided = next(line for line in logged if line.get("outcome"))
    assert decided["route"] == "/v1/decisions" and decided["status"] == 201
    assert decided["request_id"] == answer.headers["X-Request-Id"]
    assert (decided["policy"], decided["release"]) == ("wuliudai", 1)
    text = "\n".join(lines)
    for private in (
        "王老板",
        "13812345678",
        "4711",
        "471123",
        "idem-0815",
        "Bearer",
        answer.json["id"],
    ):
        assert private not in text


def test_metrics_count_requests_and_decisions(
    post: Callable[..., Any], client: FlaskClient
) -> None:
    def count(text: str) -> float:
        pattern = r'chengxin_decisions_total\{outcome="refer",policy="wuliudai"\} (\S+)'
        found = re.search(pattern, text)
        return float(found.group(1)) if found else 0.0

    before = count(client.get("/metrics").text)
    body = {"policy": "wuliudai", "merchant_id": "M1"}
    for _ in range(3):
        post(body, key="same")
    post(body)
    after = client.get("/metrics")
    assert count(after.text) - before == 2
    assert "/v1/decisions" in after.text and "M1" not in after.text


def test_the_documentation_needs_no_internet(client: FlaskClient) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "//" not in page.text.replace("<!doctype html>", "")
    for link in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        answer = client.get(link)
        assert answer.status_code == 200 and len(answer.data) > 100, link
    assert client.get("/docs/swagger-ui-bundle.js").mimetype == "text/javascript"
    for name in ("nothing.js", "..%2f..%2fsetup.cfg", "index.html"):
        assert client.get(f"/docs/{name}").status_code == 404


def test_the_description_names_every_operation_and_its_errors(
    app: Flask, client: FlaskClient
) -> None:
    described = client.get("/openapi.json").json
    assert described["openapi"] == "3.0.3"
    offered = {rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/v1")}
    assert {re.sub(r"<string:(\w+)>", r"{\1}", rule) for rule in offered} == set(described["paths"])
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            if method == "parameters":
                continue
            answers = operation["responses"]
            assert {"400", "401", "403", "429", "500", "503"} <= set(answers), path
            for status, answer in answers.items():
                kind = "application/problem+json" if status >= "400" else "application/json"
                assert "example" in answer["content"][kind], (path, status)
            if method == "post":
                names = [parameter["name"] for parameter in operation["parameters"]]
                assert "Idempotency-Key" in names


def test_a_database_that_is_busy_is_a_503_and_the_repetition_is_decided(
    app: Flask, post: Callable[..., Any], settings: Any
) -> None:
    body = {"policy": "wuliudai", "merchant_id": "M1"}
    assert post(body).status_code == 201
    database = app.extensions[EXTENSION].database
    other = open_database(settings.database_url)
    if database.param == "?":
        database.pragma("busy_timeout", 100)
        other.execute_sql("begin immediate")
    else:
        database.execute_sql("set statement_timeout = '100ms'")
        other.execute_sql("begin")
        other.execute_sql("lock table decisions in exclusive mode")
    answer = post(body, key="k-1")
    assert (answer.status_code, answer.json["type"]) == (503, "/problems/unavailable")
    assert answer.headers["Retry-After"] == "1"
    other.execute_sql("rollback")
    other.close()
    assert post(body, key="k-1").status_code == 201
