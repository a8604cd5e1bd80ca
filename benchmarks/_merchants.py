"""Random merchants for the benchmarks of deciding: plausible values for every input of a policy,
some missing.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

from app.policies.documents import load_documents
from app.policies.policy import Policy, check_policy

ROOT = Path(__file__).resolve().parent.parent
# What an ordinary merchant looks like: (centre, spread) of a normal distribution, cut at the
# catalogue's range.
ORDINARY: dict[str, tuple[float, float]] = {
    "cod_months": (26, 10),
    "cod_amt_12m": (160_000_000, 90_000_000),
    "cod_settled_12m": (150_000_000, 80_000_000),
    "cod_amt_3m": (42_000_000, 20_000_000),
    "cod_amt_6m": (80_000_000, 40_000_000),
    "cod_trim_month": (13_000_000, 7_000_000),
    "cod_median_month": (13_000_000, 7_000_000),
    "cod_min_month": (6_000_000, 3_000_000),
    "avg_ticket": (180_000, 90_000),
    "active_months_12m": (11, 1.5),
    "days_since_last_bill": (2, 4),
    "consignee_cnt": (45, 25),
    "carrier_cnt": (3, 1.5),
    "sign_rate": (0.95, 0.04),
    "age": (40, 9),
    "licence_months": (60, 30),
    "bureau_enquiries_6m": (2, 2),
    "cod_penetration": (0.8, 0.2),
    "top1_consignee_share": (0.2, 0.15),
    "hhi_consignee": (0.08, 0.08),
    "cv": (0.35, 0.2),
    "retention": (0.7, 0.2),
    "other_exposure": (2_000_000, 3_000_000),
    "yoy_3m": (0.1, 0.4),
    "yoy_12m": (0.1, 0.3),
    "slope_12m": (0.01, 0.03),
    "self_deal_share": (0.0, 0.05),
    "round_share": (0.05, 0.08),
}
USUALLY_TRUE = {"in_bank_region", "credit_authorised"}


def read_shipped(product: str) -> Policy:
    """A shipped policy, checked."""
    return check_policy(load_documents(product, ROOT / "rulesets", ROOT / "scorecards"))


def make_merchants(
    policy: Policy, count: int, seed: int, missing: float = 0.002
) -> list[dict[str, Any]]:
    """Inside values of every input (money in fen), `missing` of them null."""
    random = Random(seed)
    return [
        {name: _value(random, name, one, missing) for name, one in policy.inputs.items()}
        for _ in range(count)
    ]


def _value(random: Random, name: str, one: Any, missing: float) -> Any:
    if random.random() < missing:
        return None
    kind = one.type
    if kind.kind == "boolean":
        return random.random() < (0.98 if name in USUALLY_TRUE else 0.02)
    if kind.kind == "text":
        return random.choice(kind.values or ("a", "b"))
    centre, spread = ORDINARY.get(
        name, (0.02, 0.02) if kind.kind == "number" else (10_000_000, 5_000_000)
    )
    value = random.gauss(centre, spread)
    scale = 100 if kind.kind == "money" else 1
    if kind.low is not None:
        value = max(value, float(kind.low) * scale)
    if kind.high is not None:
        value = min(value, float(kind.high) * scale)
    if kind.kind == "money":
        return int(value)
    return float(round(value)) if kind.declared == "integer" else value
