"""The reasons document → reason codes with their texts for the merchant and for staff, in both
languages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.rules.document import AnyNode
from app.rules.fields import Fields
from app.rules.problems import Problem

DATA_MISSING, DATA_STALE, DATA_WRONG_TYPE = "DATA_MISSING", "DATA_STALE", "DATA_WRONG_TYPE"
ENGINE_DISAGREEMENT, NO_SNAPSHOT, TABLE_CONFLICT = (
    "ENGINE_DISAGREEMENT",
    "NO_SNAPSHOT",
    "TABLE_CONFLICT",
)
FRAUD_REVIEW = "FRAUD_REVIEW"  # what a merchant reads instead of a reason that it may not see
SERVICE_CODES = (
    DATA_MISSING,
    DATA_STALE,
    DATA_WRONG_TYPE,
    ENGINE_DISAGREEMENT,
    NO_SNAPSHOT,
    TABLE_CONFLICT,
    FRAUD_REVIEW,
)


@dataclass(frozen=True, slots=True)
class Reason:
    """Texts are {zh: …, en: …}; `advice` may be empty."""

    code: str
    merchant: Mapping[str, str]
    staff: Mapping[str, str]
    merchant_may_see: bool
    advice: Mapping[str, str]


def read_reasons(root: AnyNode, problems: list[Problem]) -> dict[str, Reason]:
    """Every reason of the document; what is wrong with it goes to `problems`."""
    fields = Fields(root, "the reasons", problems)
    found: dict[str, Reason] = {}
    for key, node in fields.mapping("reasons"):
        one = Fields(node, f"the reason '{key.text}'", problems)
        may_see = one.choice("merchant_may_see", ("true", "false")) == "true"
        found[key.text] = Reason(
            code=key.text,
            merchant=one.words("merchant", required=may_see),
            staff=one.words("staff"),
            merchant_may_see=may_see,
            advice=one.words("advice", required=False),
        )
        one.finish()
    for code in SERVICE_CODES:
        if code not in found:
            problems.append(
                root.problem(
                    "reason-missing", f"the reason '{code}', which the service gives, is missing"
                )
            )
    fields.finish()
    return found
