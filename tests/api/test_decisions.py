"""POST and GET /v1/decisions: what is taken, what is refused and in which words, and that a
repetition changes nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.api.state import EXTENSION
from app.decisions.service import LOOK_AGAIN_SECONDS
from app.storage.models import Decision, Release
from tests.samples import publish_merchants, read_sample

# What is judged before the database is asked need not be tried on both.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
GOOD: dict[str, Any] = {
    "policy": "wuliudai",
    "merchant_id": "M1",
    "purpose": "drawdown",
    "facts": {"age": 41},
}


def test_the_answer_is_the_record_as_it_is_stored(
    post: Callable[..., Any], client: FlaskClient, make_token: Callable[..., str]
) -> None:
    answer = post({**GOOD, "amount": 80000.00})
    assert (answer.status_code, answer.mimetype) == (201, "application/json")
    assert answer.json["amount_fen"] == 8_000_000
    stored = Decision.get_by_id(answer.json["id"])
    assert stored.record_json.encode() == answer.data
    again = client.get(
        answer.headers["Location"], headers={"Authorization": f"Bearer {make_token()}"}
    )
    assert (again.status_code, again.data) == (200, answer.data)


@on_sqlite
@pytest.mark.parametrize(
    "text, fen",
    [
        ("0.01", 1),
        ("80000", 8_000_000),
        ("80000.1", 8_000_010),
        ("1.10", 110),
        ("1.1e2", 11_000),
        ("9999999999.99", 999_999_999_999),
        ("4503599627.37", 450_359_962_737),
        ("10000000000", 1_000_000_000_000),
    ],
)
def test_amounts_are_read_exactly(post: Callable[..., Any], text: str, fen: int) -> None:
    body = b'{"policy": "wuliudai", "merchant_id": "M1", "amount": ' + text.encode() + b"}"
    assert post(body).json["amount_fen"] == fen


@on_sqlite
@pytest.mark.parametrize(
    "text",
    ["0", "-1", "0.001", "1.234", "0.1000000000000000055", "10000000000.01", '"5"', "true", "[1]"],
)
def test_other_amounts_are_refused_with_what_was_found(post: Callable[..., Any], text: str) -> None:
    body = b'{"policy": "wuliudai", "merchant_id": "M1", "amount": ' + text.encode() + b"}"
    answer = post(body)
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert answer.json["errors"] == [
        {
            "field": "amount",
            "found": text.replace("-1", "-1"),
            "expected": "an amount in yuan above 0, at most 10,000,000,000,"
            " with at most two decimals",
        }
    ]
    assert Decision.select().count() == 0


@on_sqlite
@pytest.mark.parametrize(
    "change, field, found, expected",
    [
        ({"policy": None}, "policy", "null", "the name of a policy, for example 'wuliudai'"),
        ({"policy": "Nope!"}, "policy", '"Nope!"', "the name of a policy, for example 'wuliudai'"),
        ({"purpose": "gift"}, "purpose", '"gift"', "one of: preapproval, drawdown, review"),
        ({"facts": [1]}, "facts", "[1]", "an object of facts by their names in the catalogue"),
        (
            {"merchant_id": "a\nb"},
            "merchant_id",
            '"a\\nb"',
            "a merchant's id, 1 to 128 characters without control characters",
        ),
        (
            {"merchant_id": "x" * 129},
            "merchant_id",
            '"' + "x" * 79 + "…",
            "a merchant's id, 1 to 128 characters without control characters",
        ),
        (
            {"ammount": 5},
            "ammount",
            "5",
            "one of: policy, merchant_id, purpose, amount, facts",
        ),
    ],
)
def test_a_wrong_field_is_named(
    post: Callable[..., Any], change: dict[str, Any], field: str, found: str, expected: str
) -> None:
    answer = post({**GOOD, **change})
    assert answer.status_code == 422
    assert answer.json["errors"] == [{"field": field, "found": found, "expected": expected}]


def test_a_missing_field_is_named(post: Callable[..., Any]) -> None:
    answer = post({"policy": "wuliudai"})
    assert [(one["field"], one["found"]) for one in answer.json["errors"]] == [
        ("merchant_id", "nothing")
    ]


@on_sqlite
@pytest.mark.parametrize(
    "body, says",
    [
        (b"", "the body is not valid JSON"),
        (b"{", "the body is not valid JSON"),
        (b"[]", "the body must be one JSON object"),
        (b"null", "the body must be one JSON object"),
        (b'{"facts": {"a": NaN}}', "not valid JSON"),
        (b'{"facts": {"a": Infinity}}', "not valid JSON"),
        (b'{"facts": {"a": "\\ud800"}}', "not valid JSON"),
        (b'{"facts": {"a": "\xff"}}', "not valid JSON"),
        (b'\xef\xbb\xbf{"a": 1}', "not valid JSON"),
        (b'{"policy": "a", "policy": "b"}', "the key 'policy' stands twice"),
        (b'{"facts": {"a": 1, "a": 2}}', "the key 'a' stands twice"),
        (b'{"amount": ' + b"9" * 400 + b"}", "not valid JSON"),
        (b'{"facts": {"a": 0.' + b"1" * 400 + b"}}", "not valid JSON"),
        (b'{"facts": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", "not valid JSON"),
        (b'{"facts": ' + b"[" * 32 + b"]" * 32 + b"}", "nested deeper than 32 levels"),
        (b'{"facts": ' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}", "nested deeper than 32 levels"),
    ],
)
def test_what_is_no_json_is_refused(post: Callable[..., Any], body: bytes, says: str) -> None:
    answer = post(body)
    assert answer.status_code == 400
    assert says in answer.json["detail"]
    assert Decision.select().count() == 0


def test_a_number_that_no_float_holds_is_refused(post: Callable[..., Any]) -> None:
    answer = post(b'{"policy": "wuliudai", "merchant_id": "M1", "facts": {"x": -1e999}}')
    assert (answer.status_code, answer.json["type"]) == (400, "/problems/invalid-json")


def test_errors_of_the_domain_have_their_status(post: Callable[..., Any]) -> None:
    answer = post({**GOOD, "policy": "wuliuda"})
    assert (answer.status_code, answer.json["type"]) == (422, "/problems/unknown-policy")
    assert "wuliudai" in answer.json["detail"]


def test_without_any_active_release_nothing_is_decided(post: Callable[..., Any]) -> None:
    Release.update(status="retired").execute()
    answer = post(GOOD)
    assert answer.status_code == 409
    assert answer.json["type"] == "/problems/no-active-release"


def test_the_same_key_and_body_give_the_same_bytes(post: Callable[..., Any]) -> None:
    first = post(GOOD, key="k-1")
    again = post(GOOD, key="k-1")
    assert (again.status_code, again.data) == (first.status_code, first.data) and first.data
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert post(GOOD, key="k-2").data != first.data
    assert post(GOOD).data != first.data
    assert Decision.select().count() == 3


def test_the_same_key_with_another_body_is_a_conflict(post: Callable[..., Any]) -> None:
    post(GOOD, key="k-1")
    answer = post({**GOOD, "merchant_id": "M2"}, key="k-1")
    assert (answer.status_code, answer.json["type"]) == (409, "/problems/idempotency-conflict")
    assert Decision.select().count() == 1


def test_keys_of_two_callers_do_not_meet(
    post: Callable[..., Any], make_token: Callable[..., str]
) -> None:
    first = post(GOOD, key="k-1")
    other = post(GOOD, key="k-1", Authorization=f"Bearer {make_token()}")
    assert other.status_code == 201 and other.data != first.data


def test_a_repetition_is_answered_when_the_policy_is_gone(post: Callable[..., Any]) -> None:
    first = post(GOOD, key="k-1")
    Release.update(status="retired").execute()
    time.sleep(LOOK_AGAIN_SECONDS + 0.05)
    assert post(GOOD, key="k-2").status_code == 409
    assert post(GOOD, key="k-1").data == first.data


def test_every_wrong_fact_is_named(post: Callable[..., Any]) -> None:
    facts = {
        "age": "forty",
        "other_exposure": 1.234,
        "agge": 3,
        "cod_months": 12,
        "overdue_now": [1],
    }
    answer = post({**GOOD, "facts": facts})
    assert (answer.status_code, answer.json["type"]) == (422, "/problems/invalid-facts")
    named = {one["field"]: (one["found"], one["expected"]) for one in answer.json["errors"]}
    assert set(named) == {f"facts.{name}" for name in facts}
    assert named["facts.age"][0] == '"forty"' and "expected is" in named["facts.age"][1]
    assert named["facts.overdue_now"][0] == "[1]"
    assert "age" in named["facts.agge"][1]
    assert Decision.select().count() == 0


def test_a_good_merchant_is_approved_and_the_record_can_be_replayed(
    app: Flask, post: Callable[..., Any]
) -> None:
    state = app.extensions[EXTENSION]
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    publish_merchants(state.database, "s1", today, ["M1"])
    answer = post({**GOOD, "facts": read_sample().facts}).json
    assert (answer["outcome"], answer["tier"], answer["reasons"]) == ("approve", "A", [])
    assert answer["limit_fen"] > 0 and answer["daily_rate"] == 0.00019
    assert answer["engines_agree"] is True
    assert state.decider.replay(answer["id"]).same


@on_sqlite
@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there", "\x7f", "é"])
def test_an_idempotency_key_that_cannot_be_one(post: Callable[..., Any], key: str) -> None:
    answer = post(GOOD, key=key)
    assert answer.status_code == 400 and "Idempotency-Key" in answer.json["detail"]


@on_sqlite
@pytest.mark.parametrize("key", ["x", "x" * 255, "a b ~!"])
def test_idempotency_keys_up_to_255_characters(post: Callable[..., Any], key: str) -> None:
    assert post(GOOD, key=key).status_code == 201


@on_sqlite
def test_the_body_limit_is_64_kib(post: Callable[..., Any]) -> None:
    def pad(size: int) -> bytes:
        body = json.dumps({**GOOD, "facts": {}, "pad": ""}).encode()
        return body.replace(b'""', b'"' + b"x" * (size - len(body)) + b'"')

    assert post(pad(65_536)).status_code == 422  # read, and the field refused
    answer = post(pad(65_537))
    assert (answer.status_code, answer.json["type"]) == (413, "/problems/too-large")


@on_sqlite
@pytest.mark.parametrize("media_type", ["text/plain", "", "application/xml"])
def test_another_media_type_is_refused(post: Callable[..., Any], media_type: str) -> None:
    answer = post(json.dumps(GOOD).encode(), **{"Content-Type": media_type})
    assert (answer.status_code, answer.mimetype) == (415, "application/problem+json")


def test_a_decision_that_is_not_there(client: FlaskClient, make_token: Callable[..., str]) -> None:
    headers = {"Authorization": f"Bearer {make_token()}"}
    for path in ("nosuch", "%00", "a%0Ab", "%F0%9F%98%80" * 100):
        answer = client.get(f"/v1/decisions/{path}", headers=headers)
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json"), path
