"""Whatever is sent, the answer is one that the OpenAPI description promises, and never a 5xx
(schemathesis).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.api.state import EXTENSION
from app.storage.whitelists import WhitelistMeta, store_whitelist
from tests.samples import publish_merchants
from tests.storage.test_snapshots import make_entry

pytestmark = pytest.mark.slow
EXAMPLES = 90  # an operation, database and mode: 7 × 2 × 2 × 90 = 2,520 requests
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture
def filled(app: Flask) -> Flask:
    """With a merchant and a whitelist, so that good answers are met too."""
    database = app.extensions[EXTENSION].database
    publish_merchants(database, "s1", date(2026, 11, 1), ["0", "M1"])
    meta = WhitelistMeta(
        "0", "wuliudai", 1, "f" * 64, "s1", date(2026, 11, 1), datetime.now(UTC), 9, 9, 1, "{}"
    )
    store_whitelist(database, meta, map(make_entry, range(9)))
    return app


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_described(
    filled: Flask, make_token: Callable[..., str], mode: GenerationMode
) -> None:
    schema = schemathesis.openapi.from_wsgi("/openapi.json", filled)
    headers = {"Authorization": f"Bearer {make_token()}"}
    met: Counter[tuple[str, int]] = Counter()
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case: Any) -> None:
            response = case.call_and_validate(checks=CHECKS, headers=headers)
            met[case.operation.label, response.status_code] += 1

        send()
    statuses = {status for _, status in met}
    assert not {status for status in statuses if status >= 500}
    if mode is GenerationMode.POSITIVE:
        assert {200, 404, 422} <= statuses, met
        assert sum(met.values()) >= 7 * EXAMPLES * 0.8
    else:
        assert {status for _, status in met if 400 <= status < 500}, met
