"""The envelope of requests and the shape of answers as marshmallow schemas: the OpenAPI description
is made from them.

Requests are loaded through instances that live as long as the process; answers are built elsewhere
and only described here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from app.api.errors import FieldProblem, ProblemError, show_found

PURPOSES = ("preapproval", "drawdown", "review")
OUTCOMES = ("approve", "refer", "decline")
MOST_YUAN = 10_000_000_000
POLICY_PATTERN = r"^[a-z][a-z0-9_]{0,63}$"
ID_PATTERN = r"^[^\x00-\x1f\x7f]{1,128}$"
A_POLICY = "the name of a policy, for example 'wuliudai'"
AN_ID = "1 to 128 characters without control characters"


class FullMatch(validate.Regexp):
    """The whole text must match (`$` alone would let a line break at the end through)."""

    def __call__(self, value: str) -> str:  # type: ignore[override]
        if re.fullmatch(str(self.regex.pattern), value) is None:
            raise ValidationError(self.error)
        return value


def text_field(pattern: str, expected: str, **given: Any) -> fields.String:
    """A text of a form; `expected` is what a caller is told."""
    kinds = ("invalid", "required", "null", "invalid_utf8")
    messages: dict[str, Any] = dict.fromkeys(kinds, expected)
    return fields.String(
        validate=FullMatch(pattern, error=expected),
        error_messages=messages,
        metadata={"description": expected, **given.pop("metadata", {})},
        **given,
    )


class Yuan(fields.Field[int]):
    """An amount in yuan with at most two decimals, read exactly from its text into whole fen."""

    EXPECTED = "an amount in yuan above 0, at most 10,000,000,000, with at most two decimals"

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> int:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise ValidationError(self.EXPECTED)
        if not 0 < value <= MOST_YUAN:
            raise ValidationError(self.EXPECTED)
        fen = Decimal(value) * 100
        if fen != int(fen):
            raise ValidationError(self.EXPECTED)
        return int(fen)


class DecisionRequestSchema(Schema):
    """What a caller asks."""

    class Meta:
        unknown = RAISE

    error_messages = {  # noqa: RUF012 - marshmallow wants it here
        "unknown": "one of: policy, merchant_id, purpose, amount, facts"
    }

    policy = text_field(POLICY_PATTERN, A_POLICY, required=True)
    merchant_id = text_field(ID_PATTERN, f"a merchant's id, {AN_ID}", required=True)
    purpose = fields.String(
        load_default="drawdown",
        validate=validate.OneOf(PURPOSES, error=f"one of: {', '.join(PURPOSES)}"),
        error_messages={"invalid": f"one of: {', '.join(PURPOSES)}"},
        metadata={"description": "What the decision is for; default drawdown."},
    )
    amount = Yuan(
        load_default=None,
        allow_none=True,
        metadata={
            "type": "number",
            "nullable": True,
            "minimum": 0.01,
            "maximum": MOST_YUAN,
            "description": "What the merchant wants to draw, in yuan, with at most two decimals.",
        },
    )
    facts = fields.Dict(
        load_default=dict,
        error_messages={"invalid": "an object of facts by their names in the catalogue"},
        metadata={
            "description": "What the bank knows, by the names of the catalogue; money in yuan.",
            "additionalProperties": True,
        },
    )


def load_envelope(schema: Schema, given: dict[str, Any]) -> dict[str, Any]:
    """`given` through `schema`. Raises ProblemError (422) that names every wrong field."""
    try:
        loaded: dict[str, Any] = schema.load(given)
    except ValidationError as error:
        problems = [
            FieldProblem(
                name,
                show_found(given[name]) if name in given else "nothing",
                _flatten(messages),
            )
            for name, messages in error.messages_dict.items()
        ]
        names = ", ".join(problem.field for problem in problems)
        raise ProblemError(422, "invalid-fields", f"wrong: {names}", problems) from None
    return loaded


def _flatten(messages: Any) -> str:
    if isinstance(messages, dict):
        return "; ".join(f"{name}: {_flatten(inner)}" for name, inner in messages.items())
    return "; ".join(map(str, messages))


def nullable(kind: type[fields.Field[Any]], description: str, **given: Any) -> fields.Field[Any]:
    """A field of an answer that may be null."""
    return kind(allow_none=True, metadata={"description": description, **given})


class HeldSchema(Schema):
    """A newer snapshot that was not published, because its data break expectations."""

    id = fields.String(required=True)
    as_of = fields.Date(required=True)
    since = fields.DateTime(required=True)
    expectations = fields.List(fields.String(), required=True)


class SnapshotSchema(Schema):
    """The feature snapshot that a decision used."""

    id = fields.String(required=True)
    as_of = fields.Date(required=True)
    age_days = fields.Integer(metadata={"description": "Days between as_of and the decision."})
    newer_held = fields.Nested(
        HeldSchema,
        allow_none=True,
        metadata={"description": "A newer snapshot that is held back for the quality of its data."},
    )


class SnapshotNameSchema(Schema):
    """Which feature snapshot it is."""

    id = fields.String(required=True)
    as_of = fields.Date(required=True)


class DecisionSchema(Schema):
    """A decision: the record as it is stored."""

    id = fields.String(required=True)
    decided_at = fields.DateTime(required=True)
    merchant_id = fields.String(required=True)
    policy = fields.String(required=True)
    release = fields.Integer(required=True)
    release_sha256 = fields.String(required=True)
    role = fields.String(
        validate=validate.OneOf(("champion", "challenger")),
        metadata={
            "description": "challenger: another release, which decides for a share of merchants."
        },
    )
    experiment = nullable(fields.String, "The draw of merchants, where a challenger runs.")
    stopped = fields.Boolean(
        metadata={"description": "The product was stopped: everything refers, PRODUCT_STOPPED."}
    )
    purpose = fields.String(required=True, validate=validate.OneOf(PURPOSES))
    amount_fen = nullable(fields.Integer, "What was asked for, in fen.")
    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOMES))
    score = nullable(fields.Float, "Points of the scorecard.")
    tier = nullable(fields.String, "A to E.")
    limit_fen = nullable(fields.Integer, "The limit in fen; only on approve.")
    daily_rate = nullable(fields.Float, "Interest per day as a share; only on approve.")
    yearly_rate = nullable(fields.Float, "The same per year; only on approve.")
    reasons = fields.List(
        fields.String(), required=True, metadata={"description": "Reason codes, gravest first."}
    )
    explanations = fields.Raw(metadata={"description": "The reasons in words."})
    unknowns = fields.Raw(metadata={"description": "What could not be judged, and why."})
    snapshot = fields.Nested(SnapshotSchema, allow_none=True)
    inputs = fields.Dict(metadata={"description": "Every input that was used, by name."})
    missing = fields.Dict(metadata={"description": "Inputs without a value, with the reason."})
    assumed = fields.Raw(metadata={"description": "What was assumed for this purpose."})
    stages = fields.List(fields.Raw(), metadata={"description": "Each stage with its outcome."})
    engines = fields.Raw(metadata={"description": "The engines with their versions."})
    engines_agree = fields.Boolean()
    timings_us = fields.Raw(metadata={"description": "Microseconds per stage."})


class FeaturesSchema(Schema):
    """A merchant's features in the newest snapshot."""

    merchant_id = fields.String(required=True)
    snapshot = fields.Nested(SnapshotNameSchema, required=True)
    values = fields.Dict(required=True, metadata={"description": "By name; money in fen."})
    missing = fields.Dict(required=True, metadata={"description": "Reason codes of the nulls."})


class ActiveReleaseSchema(Schema):
    """The release of a policy that decides now."""

    policy = fields.String(required=True)
    release = fields.Integer(required=True)
    release_sha256 = fields.String(required=True)


class PoliciesSchema(Schema):
    """All policies with an active release."""

    policies = fields.List(fields.Nested(ActiveReleaseSchema), required=True)


class WhitelistSchema(Schema):
    """A batch judgement of a whole portfolio."""

    id = fields.String(required=True)
    policy = fields.String(required=True)
    release = fields.Integer(required=True)
    release_sha256 = fields.String(required=True)
    snapshot_id = fields.String(required=True)
    as_of = fields.Date(required=True)
    built_at = fields.DateTime(required=True)
    merchant_count = fields.Integer(required=True)
    approved_count = fields.Integer(required=True)
    total_limit_fen = fields.Integer(required=True)


class WhitelistEntrySchema(Schema):
    """One merchant of a whitelist."""

    merchant_id = fields.String(required=True)
    outcome = fields.String(required=True)
    score = nullable(fields.Float, "Points of the scorecard.")
    tier = nullable(fields.String, "A to E.")
    limit_fen = nullable(fields.Integer, "The limit in fen.")
    daily_rate = nullable(fields.Float, "Interest per day as a share.")
    reasons = fields.List(fields.String(), required=True)


class EntriesSchema(Schema):
    """A page of a whitelist; `next` goes into `after` for the next page and is null on the last."""

    entries = fields.List(fields.Nested(WhitelistEntrySchema), required=True)
    next = nullable(fields.String, "Cursor of the next page.")


class PageSchema(Schema):
    """Which page of a list."""

    after = fields.String(
        load_default="",
        validate=FullMatch(r"^[^\x00-\x1f\x7f]{0,128}$", error="the `next` of the page before"),
        metadata={"description": "The `next` of the page before; leave it out for the first."},
    )
    limit = fields.Integer(
        load_default=500,
        validate=validate.Range(1, 5_000, error="a whole number from 1 to 5000"),
        error_messages={"invalid": "a whole number from 1 to 5000"},
        metadata={"description": "How many entries at most, 1 to 5000."},
    )
