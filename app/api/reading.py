"""What can be read of a portfolio: a merchant's features, active releases, whitelists and their
entries.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
from flask import Response
from flask_smorest import Blueprint

from app.api.describing import describe_answer, describe_errors, describe_id, operation
from app.api.errors import ProblemError
from app.api.examples import ENTRIES, FEATURES, POLICIES, WHITELIST
from app.api.schemas import (
    EntriesSchema,
    FeaturesSchema,
    PageSchema,
    PoliciesSchema,
    WhitelistSchema,
)
from app.api.state import state
from app.storage.whitelists import WhitelistEntry, find_whitelist, list_entries

blueprint = Blueprint("portfolio", __name__, description="The portfolio")


@operation(
    blueprint,
    "GET",
    "/v1/merchants/<string:merchant_id>/features",
    scope="features:read",
    operationId="readFeatures",
    summary="A merchant's features in the newest snapshot",
    parameters=[describe_id("merchant_id", "The merchant's id, as the waybills have it.")],
    responses={
        "200": describe_answer("Values by name, money in fen.", FeaturesSchema, FEATURES),
        **describe_errors(404),
    },
)
def read_features(merchant_id: str) -> Response:
    """Money in fen; where there is no value, `missing` says why."""
    store = state().store
    snapshot = store.latest_snapshot()
    if snapshot is None:
        raise ProblemError(404, "not-found", "no feature snapshot has been published yet")
    row = store.features_of(snapshot, merchant_id) if merchant_id.isprintable() else None
    if row is None:
        detail = f"the snapshot of {snapshot.as_of} has no merchant {merchant_id[:64]!r}"
        raise ProblemError(404, "not-found", detail)
    return answer(
        {
            "merchant_id": row.merchant_id,
            "snapshot": {"id": snapshot.id, "as_of": snapshot.as_of.isoformat()},
            "values": orjson.Fragment(row.values_json),
            "missing": orjson.Fragment(row.missing_json),
        }
    )


@operation(
    blueprint,
    "GET",
    "/v1/policies",
    scope="policies:read",
    operationId="listPolicies",
    summary="The policies that decide now",
    responses={
        "200": describe_answer("One active release a policy.", PoliciesSchema, POLICIES),
        **describe_errors(),
    },
)
def list_policies() -> Response:
    """The active release of each policy, with the hash that decisions name."""
    active = state().store.active_releases(datetime.now(UTC))
    return answer(
        {
            "policies": [
                {"policy": product, "release": number, "release_sha256": sha256}
                for product, (number, sha256) in sorted(active.items())
            ]
        }
    )


@operation(
    blueprint,
    "GET",
    "/v1/whitelists/<string:whitelist_id>",
    scope="whitelists:read",
    operationId="readWhitelist",
    summary="A whitelist",
    parameters=[describe_id("whitelist_id", "The whitelist's id.")],
    responses={
        "200": describe_answer("What it was built from.", WhitelistSchema, WHITELIST),
        **describe_errors(404),
    },
)
def read_whitelist(whitelist_id: str) -> Response:
    """What a whitelist was computed from, and its totals."""
    found = _find_whitelist(whitelist_id)
    return answer(
        {
            "id": found.id,
            "policy": found.policy,
            "release": found.release_number,
            "release_sha256": found.release_sha256,
            "snapshot_id": found.snapshot_id,
            "as_of": found.as_of.isoformat(),
            "built_at": found.built_at.isoformat(),
            "merchant_count": found.merchant_count,
            "approved_count": found.approved_count,
            "total_limit_fen": found.total_limit_fen,
        }
    )


@operation(
    blueprint,
    "GET",
    "/v1/whitelists/<string:whitelist_id>/entries",
    scope="whitelists:read",
    query=PageSchema(),
    operationId="listWhitelistEntries",
    summary="The entries of a whitelist, page by page",
    parameters=[describe_id("whitelist_id", "The whitelist's id.")],
    responses={
        "200": describe_answer("In the order of merchant_id.", EntriesSchema, ENTRIES),
        **describe_errors(404, 422),
    },
)
def list_whitelist_entries(whitelist_id: str, after: str, limit: int) -> Response:
    """Follow `next` until it is null. A whitelist never changes, so pages fit together."""
    _find_whitelist(whitelist_id)
    entries = list_entries(state().database, whitelist_id, after, limit + 1)
    page = entries[:limit]
    following = page[-1].merchant_id if len(entries) > limit else None
    return answer({"entries": [_show(entry) for entry in page], "next": following})


def answer(document: dict[str, Any]) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(document), content_type="application/json")


def _find_whitelist(whitelist_id: str) -> Any:
    found = find_whitelist(whitelist_id) if whitelist_id.isprintable() else None
    if found is None:
        raise ProblemError(404, "not-found", f"there is no whitelist {whitelist_id[:64]!r}")
    return found


def _show(entry: WhitelistEntry) -> dict[str, Any]:
    return {
        "merchant_id": entry.merchant_id,
        "outcome": entry.outcome,
        "score": entry.score,
        "tier": entry.tier,
        "limit_fen": entry.limit_fen,
        "daily_rate": entry.daily_rate,
        "reasons": orjson.Fragment(entry.reasons_json),
    }
