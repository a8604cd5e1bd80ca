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
PRODUCT_STOPPED = "PRODUCT_STOPPED"  # somebody has stopped the product: everything refers
FRAUD_REVIEW = "FRAUD_REVIEW"  # what a merchant reads instead of a reason that it may not see
SERVICE_CODES = (
    DATA_MISSING,
    DATA_STALE,
    DATA_WRONG_TYPE,
    ENGINE_DISAGREEMENT,
    NO_SNAPSHOT,
    TABLE_CONFLICT,
    FRAUD_REVIEW,
    PRODUCT_STOPPED,
)
# Codes that bundles of earlier versions do not have. Records hold these texts and are replayed to
# the byte: they never change.
LATER_CODES: Mapping[str, Mapping[str, object]] = {
    PRODUCT_STOPPED: {
        "merchant": {
            "zh": "该产品暂停自动审批，需要人工复核",
            "en": "This product is not decided automatically at the moment; a person will look",
        },
        "staff": {
            "zh": "产品已停用，全部转人工复核",
            "en": "The product was stopped: everything goes to manual review",
        },
        "merchant_may_see": "true",
    }
}


# What every explanation for a merchant says beside its reasons; all may be left out. The outcome
# may be said apart for a purpose; without that its plain text is used.
NOTICES = (
    *("approve", "refer", "decline"),
    *(f"{p}_{o}" for p in ("preapproval", "review") for o in ("approve", "refer", "decline")),
    *("better", "data", "no_data", "bank_data", "again", "objection"),
    *("human_review", "human_review_refer", "no_promise"),
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
    fields.has("notices")  # read apart, by `read_notices`
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


def read_notices(root: AnyNode, problems: list[Problem]) -> dict[str, Mapping[str, str]]:
    """The texts under `notices:` of the reasons document, each in both languages; all may be left
    out.
    """
    silent: list[Problem] = []
    inner = Fields(root, "the reasons", silent).fields("notices", "'notices'", required=False)
    problems.extend(problem for problem in silent if problem.code == "wrong-kind")
    if inner is None:
        return {}
    found = Fields(inner.node, "'notices'", problems)
    texts = {name: found.words(name, required=False) for name in NOTICES}
    found.finish()
    return {name: words for name, words in texts.items() if words}
