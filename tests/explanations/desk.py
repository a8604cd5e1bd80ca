"""Live policies and records without a database."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson

from app.decisions.decide import LivePolicy
from app.decisions.intake import Reader
from app.decisions.ports import ActiveRelease
from app.decisions.record import judged_part
from app.decisions.service import load_live
from app.policies.cases import Case, load_cases
from app.policies.documents import load_documents
from app.policies.policy import Policy
from app.rules.catalogue import read_catalogue
from tests.samples import RULESETS, SCORECARDS, read_sample

PRODUCTS = ("wuliudai", "fapiaodai")


@cache
def live_of(product: str) -> LivePolicy:
    sample = read_sample(product)
    return load_live(ActiveRelease(product, 1, sample.sha256, sample.bundle_json))


def wrap(policy: Policy) -> LivePolicy:
    return LivePolicy(ActiveRelease("p", 1, "", ""), policy, Reader(policy), {})


@cache
def cases_of(product: str) -> tuple[Case, ...]:
    live = live_of(product)
    catalogue = read_catalogue(load_documents(product, RULESETS, SCORECARDS).catalogue, [])
    folder = RULESETS / product / "cases"
    return tuple(load_cases(folder, RULESETS.parent, catalogue, live.policy.inputs))


def values_of(product: str, case: Case, **given: Any) -> dict[str, Any]:
    return {name: case.values[name] for name in live_of(product).policy.inputs} | given


def record_of(
    live: LivePolicy, values: Mapping[str, Any], purpose: str = "drawdown"
) -> dict[str, Any]:
    """A record as it is read back from where it is stored."""
    missing = {name: "NOT_GIVEN" for name, value in values.items() if value is None}
    judged = judged_part(live.policy, live.pipeline(purpose).judge(values, missing, "both"))
    record = {
        "id": "d1",
        "purpose": purpose,
        "inputs": dict(values),
        "missing": missing,
        "assumed": {},
        "snapshot": {"id": "s", "as_of": "2026-11-01", "age_days": 3},
        "engines": {},
        **judged,
    }
    read: dict[str, Any] = orjson.loads(orjson.dumps(record))
    return read
