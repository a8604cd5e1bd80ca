"""Reason codes → texts: what the merchant may read (never more than five, no fraud rule named), and
what staff read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.policies.reasons import FRAUD_REVIEW, Reason

MOST_FOR_MERCHANT = 5


def explain_to_merchant(
    codes: Iterable[str], reasons: Mapping[str, Reason]
) -> list[dict[str, Any]]:
    """At most five texts in both languages with advice; reasons the merchant may not see become one
    general text.
    """
    shown: dict[str, dict[str, Any]] = {}
    for code in codes:
        reason = reasons[code]
        if not reason.merchant_may_see:
            reason = reasons[FRAUD_REVIEW]
        if reason.code not in shown and len(shown) < MOST_FOR_MERCHANT:
            shown[reason.code] = {"code": reason.code, **reason.merchant}
            if reason.advice:
                shown[reason.code]["advice"] = dict(reason.advice)
    return list(shown.values())


def explain_to_staff(
    codes: Iterable[str], reasons: Mapping[str, Reason], language: str
) -> list[str]:
    """One line a reason: code and text."""
    return [f"{code}: {reasons[code].staff.get(language, '')}" for code in codes]
