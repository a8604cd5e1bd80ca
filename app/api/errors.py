"""The one map from errors to HTTP: an exception comes in, an RFC 9457 problem document goes out.

Every error of the service has the media type `application/problem+json` and the members type,
title, status, detail and request_id; where single fields are wrong, `errors` lists each with what
was found and what was expected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from flask import Flask, Response, g
from werkzeug.exceptions import HTTPException

from app.errors import ChengxinError
from app.storage.errors import DatabaseNotMigrated, DatabaseUnusable

MEDIA_TYPE = "application/problem+json"
LONGEST_FOUND = 80


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One wrong field: its path (`facts.age`), what was found (as JSON, shortened) and what was
    expected.
    """

    field: str
    found: str
    expected: str


@dataclass(eq=False)
class ProblemError(ChengxinError):
    """An error that knows its HTTP form.

    `kind` is the stable name that a caller's program may rely on.
    """

    status: int
    kind: str
    detail: str
    errors: Sequence[FieldProblem] = ()
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.detail


# kind → title. The kind never changes once it is published.
TITLES: dict[str, str] = {
    "bad-request": "The request cannot be read",
    "invalid-json": "The body is not valid JSON",
    "unauthorized": "An API key is needed",
    "forbidden": "The API key does not allow this",
    "not-found": "There is nothing here",
    "method-not-allowed": "This method is not offered here",
    "no-active-release": "The policy has no active release",
    "idempotency-conflict": "The Idempotency-Key was used with another body",
    "too-large": "The body is too large",
    "unsupported-media-type": "The body must be application/json",
    "invalid-fields": "Some fields are wrong",
    "invalid-facts": "Some facts are wrong",
    "unknown-policy": "There is no such policy",
    "too-many-requests": "Too many requests",
    "refused": "This cannot be done",
    "internal": "The service failed",
    "unavailable": "The service cannot answer now",
}
# What werkzeug raises by itself → kind.
KINDS_BY_STATUS = {
    400: "bad-request",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "unsupported-media-type",
    422: "invalid-fields",
}
DETAILS_BY_STATUS = {
    404: "no such address; the addresses are described at /docs",
    405: "this address does not take this method; see the Allow header",
}
# Domain errors by the name of their class, so that no room is imported only to be named here.
DOMAIN_ERRORS: dict[str, tuple[int, str]] = {
    "UnknownPolicy": (422, "unknown-policy"),
    "BadFacts": (422, "invalid-facts"),
    "BrokenRelease": (503, "unavailable"),
    "TamperedRecord": (503, "unavailable"),
    "WrongColumns": (422, "invalid-fields"),
    "LakeBusy": (503, "unavailable"),
    "NoActiveRelease": (409, "no-active-release"),
}
RETRY_SOON = {"Retry-After": "1"}


def show_found(value: Any) -> str:
    """A value as JSON, cut to what helps; `nothing` for a value that is absent."""
    try:
        text = orjson.dumps(value, default=str).decode()
    except (TypeError, ValueError):
        text = str(value)
    if isinstance(value, Decimal):
        text = str(value)
    return text if len(text) <= LONGEST_FOUND else f"{text[:LONGEST_FOUND]}…"


def register_errors(app: Flask) -> None:
    """Make `app` answer every exception with a problem document."""
    app.register_error_handler(HTTPException, _present_http)
    app.register_error_handler(ChengxinError, _present_domain)
    app.register_error_handler(Exception, _present_failure)


def present(problem: ProblemError) -> Response:
    """The HTTP form of a problem."""
    request_id = g.get("request_id")
    document: dict[str, Any] = {
        "type": f"/problems/{problem.kind}",
        "title": TITLES[problem.kind],
        "status": problem.status,
        "detail": problem.detail,
        "request_id": request_id,
    }
    if problem.errors:
        document["errors"] = [
            {"field": one.field, "found": one.found, "expected": one.expected}
            for one in problem.errors
        ]
    g.problem = problem.kind
    return Response(
        orjson.dumps(document),
        status=problem.status,
        content_type=MEDIA_TYPE,
        headers=problem.headers,
    )


def _present_http(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:  # redirects are answers, not errors
        return error.get_response()  # type: ignore[return-value]
    kind = KINDS_BY_STATUS.get(error.code, "bad-request" if error.code < 500 else "internal")
    detail = DETAILS_BY_STATUS.get(error.code) or error.description or HTTPStatus(error.code).phrase
    problem = ProblemError(error.code, kind, detail, _read_field_messages(error))
    response = present(problem)
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after", "www-authenticate"):
            response.headers[name] = value
    return response


def _present_domain(error: ChengxinError) -> Response:
    if isinstance(error, ProblemError):
        return present(error)
    if isinstance(error, DatabaseUnusable | DatabaseNotMigrated):
        structlog.get_logger().error(
            "database unusable", detail=str(error), request_id=_request_id()
        )
        detail = "the database does not answer; try again with the same Idempotency-Key"
        return present(ProblemError(503, "unavailable", detail, headers=dict(RETRY_SOON)))
    status, kind = _find_domain(error)
    fields = [
        FieldProblem(
            f"facts.{fact.name}", show_found(g.get("facts", {}).get(fact.name)), fact.message
        )
        for fact in (error.problems if kind == "invalid-facts" else ())  # type: ignore[attr-defined]
    ]
    return present(ProblemError(status, kind, str(error), fields))


def _find_domain(error: ChengxinError) -> tuple[int, str]:
    for known in type(error).__mro__:
        if known.__name__ in DOMAIN_ERRORS:
            return DOMAIN_ERRORS[known.__name__]
    return 422, "refused"


def _present_failure(error: Exception) -> Response:
    """Anything unforeseen: the log has the trace, the caller only the request id."""
    structlog.get_logger().error(
        "request failed", request_id=_request_id(), error=type(error).__name__, exc_info=error
    )
    detail = f"an error was logged under the request id {_request_id()}; nothing was decided"
    return present(ProblemError(500, "internal", detail))


def _request_id() -> str | None:
    request_id: str | None = g.get("request_id")
    return request_id


def _read_field_messages(error: HTTPException) -> list[FieldProblem]:
    """The fields that query parsing refused (flask-smorest puts them on the exception)."""
    messages = getattr(error, "data", {}).get("messages", {})
    return [
        FieldProblem(name, "another value", " ".join(map(str, texts)))
        for fields in messages.values()
        if isinstance(fields, dict)
        for name, texts in fields.items()
    ]
