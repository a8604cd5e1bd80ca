"""`POST /v1/waybills`: a batch of waybills from the logistics platform comes in; what became of its
rows goes out.

A batch is imported like a file: wholly or not at all, into the same lake. Rows that are wrong wait
in quarantine. The same batch
again changes nothing, whatever its Idempotency-Key, because what it holds is compared and not how
it was sent.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
from flask import Response
from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate

from app.api.body import parse_object, read_body, read_idempotency_key
from app.api.describing import (
    IDEMPOTENCY_PARAMETER,
    describe_answer,
    describe_errors,
    operation,
)
from app.api.errors import FieldProblem, ProblemError, show_found
from app.api.schemas import load_envelope, text_field
from app.api.state import state

MOST_BYTES = 4 * 1024 * 1024
MOST_ROWS = 5_000
SOURCE_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,39}$"
A_SOURCE = "a source's name: up to 40 lower-case letters, digits, - and _, for example linyi-tms"
ROWS = f"a list of 1 to {MOST_ROWS} waybills, each an object"
EXAMPLE: dict[str, Any] = {
    "source": "linyi-tms",
    "waybills": [
        {
            "waybill_no": "LY2026110100017",
            "shipper_id": "M000123",
            "consignee_id": "C9917",
            "created_at": "2026-11-01 10:21:00",
            "carrier_id": "ZX04",
            "cod_amount": "1280.00",
            "freight": "35",
            "status": "signed",
        }
    ],
}
REPORT: dict[str, Any] = {
    "import_id": "20261101T102500-6f1c",
    "already_imported": False,
    "received": 1,
    "new": 1,
    "duplicate": 0,
    "conflict": 0,
    "quarantined": {},
    "warnings": [],
}

blueprint = Blueprint("waybills", __name__, description="Waybills from the logistics platform")


class BatchSchema(Schema):
    """Waybills with the columns of waybill files; amounts in yuan, times without zone are
    Asia/Shanghai.
    """

    class Meta:
        unknown = RAISE

    error_messages = {"unknown": "one of: source, waybills"}  # noqa: RUF012 - marshmallow's way

    source = text_field(SOURCE_PATTERN, A_SOURCE, required=True)
    waybills = fields.List(
        fields.Dict(error_messages={"invalid": "an object"}),
        required=True,
        validate=validate.Length(1, MOST_ROWS, error=ROWS),
        error_messages={"invalid": ROWS, "required": ROWS, "null": ROWS},
    )


class ReportSchema(Schema):
    """received = new + duplicate + conflict + the sum of quarantined."""

    import_id = fields.String(required=True)
    already_imported = fields.Boolean(required=True)
    received = fields.Integer(required=True)
    new = fields.Integer(required=True)
    duplicate = fields.Integer(required=True)
    conflict = fields.Integer(required=True)
    quarantined = fields.Dict(required=True, metadata={"description": "Rows by code."})
    warnings = fields.List(fields.String(), required=True)


_SCHEMA = BatchSchema()


@operation(
    blueprint,
    "POST",
    "/v1/waybills",
    scope="waybills:write",
    operationId="sendWaybills",
    summary="Send a batch of waybills",
    parameters=[IDEMPOTENCY_PARAMETER],
    requestBody={
        "required": True,
        "content": {"application/json": {"schema": BatchSchema, "example": EXAMPLE}},
    },
    responses={
        "200": describe_answer("What became of the rows.", ReportSchema, REPORT),
        **describe_errors(413, 415, 422),
    },
)
def send_waybills() -> Response:
    """Import the batch. It counts in the next feature snapshot, not in decisions before that."""
    read_idempotency_key()
    given = load_envelope(_SCHEMA, parse_object(read_body(MOST_BYTES)))
    report = _import(_read_rows(given["waybills"]), given["source"])
    return Response(
        orjson.dumps({name: report[name] for name in REPORT}), content_type="application/json"
    )


def _import(rows: list[dict[str, Any]], source: str) -> dict[str, Any]:
    # Heavy: only workers that need it.
    from app.quality.arrivals import report_arrival
    from app.waybills.intake import import_rows, open_intake

    settings = state().settings
    intake = open_intake(
        settings.lake, settings.hash_key(), settings.rulesets, settings.memory_limit_mb
    )
    report: dict[str, Any] = import_rows(intake, rows, source).as_json()
    if not report["already_imported"]:
        report_arrival(
            settings.lake, settings.rulesets, settings.memory_limit_mb, report["import_id"]
        )
    return report


def _read_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with decimals as their digits, as a file would have them.

    Raises ProblemError (422) for values that no column holds, naming row and column.
    """
    problems = [
        FieldProblem(f"waybills.{index}.{name}", show_found(value), "a text, a number or null")
        for index, row in enumerate(rows)
        for name, value in row.items()
        if isinstance(value, list | dict | bool)
    ]
    if problems:
        detail = f"{len(problems)} values are neither text, number nor null"
        raise ProblemError(422, "invalid-fields", detail, problems[:100])
    return [
        {name: f"{value:f}" if isinstance(value, Decimal) else value for name, value in row.items()}
        for row in rows
    ]
