"""What an operator sees of requests: an id on each, one JSON log line, metrics.

No facts, no merchant, no names are logged.

With PROMETHEUS_MULTIPROC_DIR set (`chengxin serve` does it) /metrics adds up all workers, whichever
of them answers.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from typing import Any

import orjson
import structlog
from flask import Flask, Response, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

REQUESTS = Counter("chengxin_requests_total", "Answered requests", ["method", "route", "status"])
DURATIONS = Histogram(
    "chengxin_request_seconds", "Seconds from request to answer", ["route"], buckets=SECONDS
)
DECISIONS = Counter("chengxin_decisions_total", "Decisions made", ["policy", "outcome"])
DISAGREEMENTS = Counter(
    "chengxin_engine_disagreements_total", "Decisions on which the two engines disagreed"
)

SHADOWS = Counter(
    "chengxin_shadow_decisions_total",
    "Decisions of releases in the shadow: recorded, failed, dropped (too many at once), lost",
    ["policy", "result"],
)


def configure_logs() -> None:
    """Log JSON lines on stderr, each in one write, so that lines of several workers do not mix."""
    stderr = os.fdopen(2, "wb", buffering=0, closefd=False)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_dump_line),
        ],
        logger_factory=structlog.BytesLoggerFactory(stderr),
    )


def begin_request() -> None:
    """Give the request its id (the caller's, where it is sane) and note the time."""
    g.begun_at = time.perf_counter()
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if SANE_REQUEST_ID.fullmatch(given) else secrets.token_hex(12)


def end_request(response: Response) -> Response:
    """Put the id on the answer, count the request, write its line."""
    seconds = time.perf_counter() - g.get("begun_at", time.perf_counter())
    response.headers["X-Request-Id"] = g.get("request_id", "")
    route = request.url_rule.rule if request.url_rule else "none"
    method = request.method if request.url_rule else "other"
    REQUESTS.labels(method, route, str(response.status_code)).inc()
    DURATIONS.labels(route).observe(seconds)
    if route not in QUIET_ROUTES:
        structlog.get_logger().info(
            "request",
            request_id=g.get("request_id"),
            method=method,
            route=route,
            status=response.status_code,
            ms=round(seconds * 1000, 2),
            **_noted(),
        )
    return response


QUIET_ROUTES = ("/healthz", "/readyz", "/metrics")
NOTES = ("api_key_id", "problem", "policy", "release", "outcome", "replayed")


def _noted() -> dict[str, Any]:
    return {name: g.get(name) for name in NOTES if name in g}


def count_decision(policy: str, outcome: str, engines_agree: bool) -> None:
    """Count a decision that was made (not one that was answered again)."""
    DECISIONS.labels(policy, outcome).inc()
    if not engines_agree:
        DISAGREEMENTS.inc()


def count_shadow(policy: str, result: str) -> None:
    """Count what became of a decision in the shadow."""
    SHADOWS.labels(policy, result).inc()


def write_metrics() -> Response:
    """All workers' metrics in the text format of Prometheus."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def observe(app: Flask) -> None:
    """Observe every request of `app`."""
    configure_logs()
    app.after_request(end_request)


def _dump_line(event: dict[str, Any], **_: Any) -> bytes:
    return orjson.dumps(event, default=str)
