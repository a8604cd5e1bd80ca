"""Example bodies for the OpenAPI description."""

from __future__ import annotations

from typing import Any

DECISION_REQUEST: dict[str, Any] = {
    "policy": "wuliudai",
    "merchant_id": "M000123",
    "purpose": "drawdown",
    "amount": 80000.00,
    "facts": {"age": 41, "bureau_enquiries_6m": 2, "other_exposure": 20000.00},
}
SNAPSHOT: dict[str, Any] = {"id": "s-20261101-6f1c", "as_of": "2026-11-01", "age_days": 3}
RELEASE_SHA256 = "3b1f0f4c7d2a5e6b8c9d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d"
DECISION: dict[str, Any] = {
    "id": "019e2f7c-5d6b-7a10-9c3e-0b4f6a1d2e3f",
    "decided_at": "2026-11-04T02:15:09.123456Z",
    "merchant_id": "M000123",
    "policy": "wuliudai",
    "release": 3,
    "release_sha256": RELEASE_SHA256,
    "role": "champion",
    "experiment": None,
    "stopped": False,
    "purpose": "drawdown",
    "amount_fen": 8_000_000,
    "outcome": "approve",
    "score": 88.0,
    "tier": "A",
    "limit_fen": 35_000_000,
    "daily_rate": 0.00019,
    "yearly_rate": 0.0684,
    "reasons": [],
    "unknowns": [],
    "snapshot": SNAPSHOT,
    "inputs": {"cod_months": 30, "cod_amt_12m": 310_000_000, "age": 41},
    "missing": {},
    "stages": [{"stage": "admission", "outcome": "approve"}],
    "engines_agree": True,
}
FEATURES: dict[str, Any] = {
    "merchant_id": "M000123",
    "snapshot": {"id": SNAPSHOT["id"], "as_of": SNAPSHOT["as_of"]},
    "values": {"cod_months": 30, "cod_amt_12m": 310_000_000, "yoy_12m": None},
    "missing": {"yoy_12m": "TOO_LITTLE_HISTORY"},
}
POLICIES: dict[str, Any] = {
    "policies": [{"policy": "wuliudai", "release": 3, "release_sha256": RELEASE_SHA256}]
}
WHITELIST: dict[str, Any] = {
    "id": "w-20261101-wuliudai-3",
    "policy": "wuliudai",
    "release": 3,
    "release_sha256": RELEASE_SHA256,
    "snapshot_id": SNAPSHOT["id"],
    "as_of": "2026-11-01",
    "built_at": "2026-11-01T01:00:00.000000+00:00",
    "merchant_count": 60_000,
    "approved_count": 21_400,
    "total_limit_fen": 642_000_000_000,
}
ENTRIES: dict[str, Any] = {
    "entries": [
        {
            "merchant_id": "M000123",
            "outcome": "approve",
            "score": 88.0,
            "tier": "A",
            "limit_fen": 35_000_000,
            "daily_rate": 0.00019,
            "reasons": [],
        }
    ],
    "next": "M000123",
}
