"""For those who operate the service: is the process alive, can it decide, what has it done.

Open to everybody, no personal data.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from flask import Blueprint, Response

from app.api.authentication import allow
from app.api.observing import write_metrics
from app.api.state import state
from app.decisions.record import tell_held
from app.errors import ChengxinError

STALE_AFTER_DAYS = 45  # the oldest features that the catalogue takes
LOCAL = ZoneInfo("Asia/Shanghai")

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@allow(None)
def read_health() -> Response:
    """The process answers; nothing else is looked at."""
    return Response(b'{"status":"ok"}', content_type="application/json")


@blueprint.get("/readyz")
@allow(None)
def read_readiness() -> Response:
    """200 when decisions can be made: database, an active release, a snapshot.

    A stale snapshot is said, and so is a newer one that is held back for the quality of its data
    (`degraded`); neither is a 503.
    """
    checks: dict[str, Any] = {}
    try:
        checks = _check()
    except ChengxinError as error:
        checks["database"] = {"ok": False, "detail": str(error)}
    is_ready = all(check["ok"] for check in checks.values())
    status = "ready" if is_ready else "not ready"
    if is_ready and checks["quality"]["held"] is not None:
        status = "degraded"
    document = {"status": status, "checks": checks}
    return Response(
        orjson.dumps(document), 200 if is_ready else 503, content_type="application/json"
    )


@blueprint.get("/metrics")
@allow(None)
def read_metrics() -> Response:
    """Counters and durations of all workers, for Prometheus."""
    return write_metrics()


def _check() -> dict[str, Any]:
    store = state().store
    active = store.active_releases(datetime.now(UTC))
    snapshot = store.latest_snapshot()
    releases: dict[str, Any] = {"ok": bool(active)}
    releases["active"] = {product: number for product, (number, _) in sorted(active.items())}
    beside = store.beside()
    releases["stopped"] = sorted(product for product, one in beside.items() if one.is_stopped)
    if not active:
        releases["detail"] = "no policy has an active release; see chengxin policy activate"
    features: dict[str, Any] = {"ok": snapshot is not None}
    held = store.held_snapshot()
    quality: dict[str, Any] = {"ok": True, "held": tell_held(held)}
    if held is not None:
        served = "no snapshot" if snapshot is None else f"snapshot {snapshot.id}"
        quality["serving"] = None if snapshot is None else snapshot.id
        quality["detail"] = (
            f"snapshot {held.id} is held since {held.since:%Y-%m-%d %H:%M}Z:"
            f" {', '.join(held.expectations)} broke; {served} is served;"
            f" see chengxin data check --as-of {held.as_of}"
        )
    if snapshot is None:
        features["detail"] = "no snapshot has been published; see chengxin features build"
    else:
        age_days = (datetime.now(LOCAL).date() - snapshot.as_of).days
        features |= {"id": snapshot.id, "as_of": snapshot.as_of.isoformat(), "age_days": age_days}
        features["stale"] = age_days > STALE_AFTER_DAYS
    return {
        "database": {"ok": True},
        "releases": releases,
        "snapshot": features,
        "quality": quality,
    }
