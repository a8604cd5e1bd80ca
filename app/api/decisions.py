"""`POST /v1/decisions` and `GET /v1/decisions/{id}`: a request comes in, the decision's record goes
out, byte for byte.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

from flask import Response, g
from flask_smorest import Blueprint

from app.api.body import parse_object, read_body, read_idempotency_key
from app.api.describing import (
    IDEMPOTENCY_PARAMETER,
    describe_answer,
    describe_errors,
    describe_id,
    operation,
)
from app.api.errors import ProblemError
from app.api.examples import DECISION, DECISION_REQUEST
from app.api.observing import count_decision
from app.api.schemas import DecisionRequestSchema, DecisionSchema, load_envelope
from app.api.state import state
from app.decisions.ports import Claim, DecisionRequest, RecordedDecision
from app.errors import ChengxinError

MOST_BYTES = 64 * 1024
DISAGREED = b'"engines_agree":false'

blueprint = Blueprint("decisions", __name__, description="Deciding on a merchant")
_SCHEMA = DecisionRequestSchema()


@operation(
    blueprint,
    "POST",
    "/v1/decisions",
    scope="decisions:write",
    operationId="createDecision",
    summary="Ask for a decision",
    parameters=[IDEMPOTENCY_PARAMETER],
    requestBody={
        "required": True,
        "content": {
            "application/json": {"schema": DecisionRequestSchema, "example": DECISION_REQUEST}
        },
    },
    responses={
        "201": describe_answer(
            "The decision; the same bytes when the request is repeated with its Idempotency-Key.",
            DecisionSchema,
            DECISION,
            **{
                "Location": {
                    "description": "Where the decision can be read again.",
                    "schema": {"type": "string"},
                },
                "Idempotent-Replayed": {
                    "description": "`true` when the decision had been made before.",
                    "schema": {"type": "string"},
                },
            },
        ),
        **describe_errors(409, 413, 415, 422),
    },
)
def create_decision() -> Response:
    """Decide on a merchant from its waybills and the facts that the bank gives; record the
    decision; answer it.
    """
    raw = read_body(MOST_BYTES)
    given = load_envelope(_SCHEMA, parse_object(raw))
    claim = _read_claim(raw)
    asked = DecisionRequest(
        policy=given["policy"],
        merchant_id=given["merchant_id"],
        purpose=given["purpose"],
        facts=_read_facts(given["facts"]),
        amount_fen=given["amount"],
    )
    recorded, is_new = _decide(asked, claim)
    g.policy, g.release, g.outcome = recorded.policy, recorded.release, recorded.outcome
    if is_new:
        count_decision(recorded.policy, recorded.outcome, DISAGREED not in recorded.record_json)
    headers = {"Location": f"/v1/decisions/{recorded.id}"}
    if not is_new:
        g.replayed = True
        headers["Idempotent-Replayed"] = "true"
    return Response(recorded.record_json, 201, headers, content_type="application/json")


@operation(
    blueprint,
    "GET",
    "/v1/decisions/<string:decision_id>",
    scope="decisions:read",
    operationId="readDecision",
    summary="Read a decision again",
    parameters=[describe_id("decision_id", "The `id` of the decision.")],
    responses={
        "200": describe_answer("The decision as it was answered.", DecisionSchema, DECISION),
        **describe_errors(404),
    },
)
def read_decision(decision_id: str) -> Response:
    """The record, byte for byte as it was answered."""
    recorded = state().store.find_decision(decision_id) if decision_id.isprintable() else None
    if recorded is None:
        raise ProblemError(404, "not-found", f"there is no decision {decision_id[:64]!r}")
    return Response(recorded.record_json, content_type="application/json")


def _decide(asked: DecisionRequest, claim: Claim | None) -> tuple[RecordedDecision, bool]:
    """The decision, and whether it was made now.

    A repeated request gets what was stored, even where it could not be decided any more (the
    release was retired, the catalogue has changed): that is looked up only when deciding fails, and
    settled by the unique index when it does not, so a first request pays nothing for it.
    """
    try:
        recorded = state().decider.decide(asked, claim)
    except ChengxinError:
        stored = state().store.find_claimed(claim) if claim else None
        if stored is None:
            raise
        recorded = stored
    else:
        if claim is None or recorded.claim is claim:
            return recorded, True
    if claim and recorded.claim and recorded.claim.body_sha256 != claim.body_sha256:
        detail = "this Idempotency-Key came with another body before; use a new one"
        raise ProblemError(409, "idempotency-conflict", detail)
    return recorded, False


def _read_claim(raw: bytes) -> Claim | None:
    key = read_idempotency_key()
    return None if key is None else Claim(g.api_key_id, key, hashlib.sha256(raw).hexdigest())


def _read_facts(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts as plain JSON values."""
    g.facts = {
        name: float(value) if type(value) is Decimal else value for name, value in facts.items()
    }
    read: dict[str, Any] = g.facts
    return read
