"""A world comes in; what a bank would bring about a few of its merchants goes out.

Each example differs from a clean borrower in one thing, so that one sees what that thing does.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from app.demo.portfolio import LONG_AGO
from app.demo.world import World

# A borrower with nothing against them; money in yuan, as a bank sends it.
CLEAN: dict[str, Any] = {
    "age": 41,
    "licence_months": 63,
    "in_bank_region": True,
    "region": "山东省临沂市兰山区",
    "blacklisted": False,
    "court_enforced": False,
    "registry_abnormal": False,
    "overdue_now": False,
    "dpd_now": 0,
    "max_dpd_24m": 3,
    "bureau_enquiries_6m": 2,
    "credit_authorised": True,
    "other_active_line": False,
    "carrier_staff_related": False,
    "other_exposure": 0,
    "avg_deposit_6m": 36_500.00,
}

AMPLE_YUAN_A_YEAR, AMPLE_BILLS_A_MONTH = 1_500_000, 10

# What an example has instead; the first is clean.
DIFFERENCES: tuple[dict[str, Any], ...] = (
    {},
    {"overdue_now": True, "dpd_now": 12, "max_dpd_24m": 12},
    {"bureau_enquiries_6m": 9},
    {"other_exposure": 60_000.00},
    {"age": 63},
    {"in_bank_region": False, "region": "江苏省徐州市"},
    {"credit_authorised": False},
    {"court_enforced": None},
)


def choose_examples(world: World) -> dict[str, dict[str, Any]]:
    """Facts for the first honest merchants of steady, ample trade, one a difference: {merchant_id:
    facts}.

    Their waybills leave little to object to, so that what the facts change is what the bank knows.
    """
    portfolio = world.portfolio
    is_ample = (
        portfolio.has("steady")
        & (12 * portfolio.monthly_yuan > AMPLE_YUAN_A_YEAR)
        & (portfolio.bills > AMPLE_BILLS_A_MONTH)
        & (portfolio.growths > 0.0)
        & (portfolio.opened == LONG_AGO)
    )
    is_ample[world.frauds.merchants] = False
    return {
        f"M{number + 1:06d}": CLEAN | difference
        for number, difference in zip(np.flatnonzero(is_ample).tolist(), DIFFERENCES, strict=False)
    }
