"""POST /v1/waybills: a batch reaches the lake, once; what is wrong is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.api.state import EXTENSION
from app.waybills.lake import Lake

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def send(client: FlaskClient, make_token: Callable[..., str]) -> Callable[[Any], Any]:
    headers = {"Authorization": f"Bearer {make_token('waybills:write')}"}
    return lambda body: client.post("/v1/waybills", json=body, headers=headers)


def make_row(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "waybill_no": f"W{number}",
        "shipper_id": "M1",
        "consignee_id": f"C{number % 7}",
        "created_at": "2026-10-01 10:00:00",
        "cod_amount": 1280.5,
        **changes,
    }


def test_a_batch_reaches_the_lake_once(app: Flask, send: Callable[[Any], Any]) -> None:
    rows = [make_row(n) for n in range(20)] + [make_row(99, cod_amount="a lot")]
    first = send({"source": "linyi-tms", "waybills": rows})
    assert first.status_code == 200
    assert (first.json["received"], first.json["new"]) == (21, 20)
    assert sum(first.json["quarantined"].values()) == 1
    lake = Lake(app.extensions[EXTENSION].settings.lake)
    version = lake.imports()
    again = send({"source": "linyi-tms", "waybills": rows})
    assert again.json["already_imported"] is True
    assert again.json["import_id"] == first.json["import_id"]
    assert lake.imports() == version and len(version) == 1


@pytest.mark.parametrize(
    "body, field",
    [
        ({"waybills": [make_row(1)]}, "source"),
        ({"source": "Linyi TMS", "waybills": [make_row(1)]}, "source"),
        ({"source": "a"}, "waybills"),
        ({"source": "a", "waybills": []}, "waybills"),
        ({"source": "a", "waybills": [1]}, "waybills"),
        ({"source": "a", "waybills": [make_row(1)] * 5_001}, "waybills"),
        ({"source": "a", "waybills": [make_row(1, goods_name=["x"])]}, "waybills.0.goods_name"),
        ({"source": "a", "waybills": [make_row(1)], "more": 1}, "more"),
    ],
)
def test_what_is_refused_is_named(send: Callable[[Any], Any], body: Any, field: str) -> None:
    answer = send(body)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == field


def test_a_missing_column_is_named(send: Callable[[Any], Any]) -> None:
    answer = send({"source": "a", "waybills": [{"waybill_no": "1", "shipper_id": "M"}]})
    assert answer.status_code == 422 and "consignee_id" in answer.json["detail"]
