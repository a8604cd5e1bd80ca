"""How an operation is described: its errors by status come in, the OpenAPI responses with examples
go out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from marshmallow import Schema, fields

from app.api.authentication import allow
from app.api.errors import MEDIA_TYPE, TITLES

REQUEST_ID_HEADER = {
    "X-Request-Id": {"description": "Names the request in our logs.", "schema": {"type": "string"}}
}
RETRY_HEADER = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string"}},
}
IDEMPOTENCY_PARAMETER = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "description": (
        "1 to 255 printable characters, new for every new request. The same key with the same bytes"
        " of body gives the same answer, however often; with another body it gives 409."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
}
# status → (kind, an example of `detail`)
ERRORS: dict[int, tuple[str, str]] = {
    400: ("invalid-json", "the body is not valid JSON: unexpected character: line 1 column 2"),
    401: ("unauthorized", "send the header Authorization: Bearer <API key>"),
    403: ("forbidden", "the API key 4f2a lacks the scope decisions:write"),
    404: ("not-found", "there is no decision '0193-…'"),
    409: ("idempotency-conflict", "this Idempotency-Key came with another body before"),
    413: ("too-large", "the body may have 65,536 bytes here"),
    415: ("unsupported-media-type", "found 'text/plain'; send Content-Type: application/json"),
    422: ("invalid-fields", "wrong: amount"),
    429: ("too-many-requests", "the API key 4f2a may make 500 requests a second"),
    500: ("internal", "an error was logged under the request id 5e9f; nothing was decided"),
    503: ("unavailable", "the database does not answer; try again with the same Idempotency-Key"),
}
View = TypeVar("View", bound=Callable[..., Any])
EVERYWHERE = (400, 401, 403, 429, 500, 503)


class FieldProblemSchema(Schema):
    """One wrong field."""

    field = fields.String(required=True)
    found = fields.String(required=True)
    expected = fields.String(required=True)


class ProblemSchema(Schema):
    """An error as RFC 9457 describes it."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    request_id = fields.String(required=True)
    errors = fields.List(fields.Nested(FieldProblemSchema))


def describe_errors(*statuses: int) -> dict[str, Any]:
    """OpenAPI responses for errors: those that every protected operation has, and `statuses`."""
    return {str(status): describe_error(status) for status in sorted({*EVERYWHERE, *statuses})}


def describe_error(status: int) -> dict[str, Any]:
    """The OpenAPI response for one error status."""
    kind, detail = ERRORS[status]
    example: dict[str, Any] = {
        "type": f"/problems/{kind}",
        "title": TITLES[kind],
        "status": status,
        "detail": detail,
        "request_id": "5e9fd2c1a7b04e6688aa10cf",
    }
    if status == 422:
        example["errors"] = [
            {"field": "amount", "found": "12.345", "expected": "at most two decimals"}
        ]
    headers = REQUEST_ID_HEADER | (RETRY_HEADER if status in (429, 503) else {})
    return {
        "description": TITLES[kind],
        "headers": headers,
        "content": {MEDIA_TYPE: {"schema": ProblemSchema, "example": example}},
    }


def describe_answer(
    description: str, schema: Schema | type[Schema], example: dict[str, Any], **headers: Any
) -> dict[str, Any]:
    """The OpenAPI response for a good answer."""
    return {
        "description": description,
        "headers": REQUEST_ID_HEADER | headers,
        "content": {"application/json": {"schema": schema, "example": example}},
    }


def describe_id(name: str, description: str) -> dict[str, Any]:
    """An OpenAPI path parameter that is one of our ids."""
    return {
        "in": "path",
        "name": name,
        "required": True,
        "description": description,
        "schema": {"type": "string", "minLength": 1, "maxLength": 128},
    }


def operation(
    blueprint: Any,
    method: str,
    path: str,
    *,
    scope: str,
    query: Schema | None = None,
    **described: Any,
) -> Callable[[View], View]:
    """Offer a view at `method path` to keys with `scope`, described by the OpenAPI members
    `described`.

    `query`: the schema of the query parameters, which the view gets by name.
    """

    def offer(view: View) -> View:
        documented = blueprint.doc(**described)(allow(scope)(view))
        if query is not None:
            documented = blueprint.arguments(query, location="query", as_kwargs=True)(documented)
        blueprint.route(path, methods=[method])(documented)
        return view

    return offer
