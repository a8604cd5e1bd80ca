"""A recorded decision explained to its merchant, an analyst or an auditor, over HTTP."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from app.api.authentication import require_scope
from app.api.describing import describe_answer, describe_errors, describe_id, operation
from app.api.errors import ProblemError
from app.api.state import state
from app.explanations.explain import LANGUAGES, READERS, Explainer
from app.storage.archive import open_archive

blueprint = Blueprint("explanations", __name__, description="Decisions in words")
STAFF_SCOPE = "explanations:read"


class ExplanationQuery(Schema):
    """Who reads, in which language, and whether to say what would have changed it."""

    reader = fields.String(
        data_key="for",
        load_default="merchant",
        validate=validate.OneOf(READERS, error=f"one of: {', '.join(READERS)}"),
        metadata={"description": "Who reads it; analyst and auditor need explanations:read."},
    )
    language = fields.String(
        load_default="both",
        validate=validate.OneOf(LANGUAGES, error=f"one of: {', '.join(LANGUAGES)}"),
        metadata={"description": "zh, en, or both: then each text is {zh, en}."},
    )
    what_if = fields.Boolean(
        load_default=False,
        metadata={"description": "Add the smallest change that would have reached the goal."},
    )
    goal = fields.String(
        load_default=None,
        validate=validate.Length(max=40),
        metadata={"description": "approve, next-tier or limit=YUAN; says what_if too."},
    )


class ExplanationSchema(Schema):
    """An explanation. A merchant's has the members named here; others have more."""

    decision_id = fields.String(required=True)
    reader = fields.String(data_key="for", required=True)
    language = fields.String(required=True)
    outcome = fields.String(required=True)
    headline = fields.Raw()
    offer = fields.Raw()
    reasons = fields.List(fields.Raw())
    to_improve = fields.List(fields.Raw())
    better = fields.Raw()
    data = fields.Raw()
    again = fields.Raw()
    objection = fields.Raw()
    human_review = fields.Raw()
    what_if = fields.Raw()


EXAMPLE: dict[str, Any] = {
    "decision_id": "019e2f7c5d6b7a109c3e0b4f6a1d2e3f",
    "for": "merchant",
    "language": "en",
    "outcome": "decline",
    "headline": "We are sorry: your application has not been approved for now.",
    "reasons": [
        {"text": "You have few customers", "advice": "Apply again with more customers"},
    ],
}


@operation(
    blueprint,
    "GET",
    "/v1/decisions/<string:decision_id>/explanation",
    scope="decisions:read",
    query=ExplanationQuery(),
    operationId="explainDecision",
    summary="A decision in words",
    parameters=[describe_id("decision_id", "The `id` of the decision.")],
    responses={
        "200": describe_answer("The explanation.", ExplanationSchema, EXAMPLE),
        **describe_errors(404, 422),
    },
)
def explain_decision(
    decision_id: str, reader: str, language: str, what_if: bool, goal: str | None
) -> Response:
    """From the stored record and its release alone. The merchant's text may be shown to the
    merchant; the others are for staff.
    """
    if reader != "merchant":
        require_scope(STAFF_SCOPE)
    here = state()
    known = decision_id.isprintable() and here.store.find_decision(decision_id) is not None
    if not known:
        raise ProblemError(404, "not-found", f"there is no decision {decision_id[:64]!r}")
    explainer = Explainer(here.decider, open_archive(here.database, here.settings.lake))
    told = explainer.explain(decision_id, reader, language, what_if or goal is not None, goal)
    return Response(orjson.dumps(told), content_type="application/json")
