"""The whitelist of a product that is stopped: everybody is referred, with the reasons as judged."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.policies.portfolio import PortfolioJudgement
from app.whitelists.build import refer_all


def test_everybody_is_referred_for_that_reason_first() -> None:
    given: dict[str, Any] = {
        "outcomes": np.array([0, 1, 2], np.int8),
        "scores": np.array([90.0, 60.0, np.nan]),
        "tiers": np.array([0, 1, -1], np.int32),
        "tier_words": ("A", "D"),
        "limits_fen": np.array([5_000_000, -1, -1], np.int64),
        "daily_rates": np.array([0.0002, np.nan, np.nan]),
        "reason_starts": np.array([0, 0, 1, 3], np.int64),
        "reason_codes": np.array([1, 0, 1], np.int32),
        "reason_words": ("IDLE", "TIER_D"),
    }
    judged = refer_all(PortfolioJudgement(**given))
    assert [judged.outcome_of(row) for row in range(3)] == ["refer"] * 3
    assert [judged.reasons_of(row) for row in range(3)] == [
        ("PRODUCT_STOPPED",),
        ("PRODUCT_STOPPED", "TIER_D"),
        ("PRODUCT_STOPPED", "IDLE", "TIER_D"),
    ]
    assert judged.limits_fen.tolist() == [-1, -1, -1]
    assert np.isnan(judged.daily_rates).all()
    assert judged.tiers.tolist() == [0, 1, -1]
