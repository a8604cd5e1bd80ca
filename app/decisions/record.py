"""A judgement → the record: one JSON text that explains itself and is enough to replay the
decision. The order of keys is kept.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from typing import Any

import orjson

from app.decisions.explain import explain_to_merchant
from app.decisions.intake import Intake
from app.decisions.ports import ActiveRelease, DecisionRequest, HeldSnapshot, SnapshotRow
from app.policies.pipeline import Judgement
from app.policies.policy import Policy
from app.policies.reasons import PRODUCT_STOPPED

ENGINES = {"durable_rules": version("durable-rules"), "scalar": "1"}
# What depends on when and where it was decided, not on what: left out when a replay is compared.
CIRCUMSTANCES = ("id", "decided_at", "timings_us", "engines")


CHAMPION, CHALLENGER, SHADOW = "champion", "challenger", "shadow"


@dataclass(frozen=True, slots=True)
class Part:
    """In which part a release decides. `experiment`: the draw of merchants, where one is under way.
    `is_stopped`: the product is, so the decision refers whatever the release says.
    """

    role: str = CHAMPION
    experiment: str | None = None
    is_stopped: bool = False


ALONE = Part()


def refer_stopped(judgement: Judgement) -> Judgement:
    """The judgement of a product that is stopped: it refers, with the trace as judged."""
    reasons = (PRODUCT_STOPPED, *(code for code in judgement.reasons if code != PRODUCT_STOPPED))
    return replace(judgement, outcome="refer", limit_fen=None, daily_rate=None, reasons=reasons)


def new_decision_id(at: datetime) -> str:
    """Ids sort by time: milliseconds in hex, then 80 random bits."""
    return f"{int(at.timestamp() * 1000):012x}{uuid.uuid4().hex[:20]}"


def judged_part(policy: Policy, judgement: Judgement) -> dict[str, Any]:
    """What the policy said: the part that a replay must give again to the byte."""
    daily = judgement.daily_rate
    return {
        "outcome": judgement.outcome,
        "score": judgement.score,
        "tier": judgement.tier,
        "limit_fen": judgement.limit_fen,
        "daily_rate": daily,
        "yearly_rate": None if daily is None else round(daily * policy.day_count, 6),
        "reasons": list(judgement.reasons),
        "explanations": explain_to_merchant(judgement.reasons, policy.reasons),
        "unknowns": list(judgement.unknowns),
        "stages": list(judgement.stages),
        "engines_agree": not judgement.disagreements,
    }


def build_record(
    decision_id: str,
    decided_at: datetime,
    request: DecisionRequest,
    release: ActiveRelease,
    snapshot: SnapshotRow | None,
    age_days: int,
    intake: Intake,
    judged: dict[str, Any],
    timings_us: dict[str, int],
    part: Part,
) -> dict[str, Any]:
    """The whole record. Money in fen, rates a day and a year as fractions."""
    top = {key: judged[key] for key in list(judged)[: list(judged).index("stages")]}
    return {
        "id": decision_id,
        "decided_at": decided_at.isoformat(timespec="milliseconds"),
        "merchant_id": request.merchant_id,
        "policy": request.policy,
        "release": release.number,
        "release_sha256": release.sha256,
        "role": part.role,
        "experiment": part.experiment,
        "stopped": part.is_stopped,
        "purpose": request.purpose,
        "amount_fen": request.amount_fen,
        **top,
        "snapshot": None
        if snapshot is None
        else {
            "id": snapshot.id,
            "as_of": snapshot.as_of.isoformat(),
            "age_days": age_days,
            "newer_held": tell_held(snapshot.newer_held),
        },
        "inputs": intake.values,
        "missing": intake.missing,
        "assumed": intake.assumed,
        "stages": judged["stages"],
        "engines": ENGINES,
        "engines_agree": judged["engines_agree"],
        "timings_us": timings_us,
    }


def tell_held(held: HeldSnapshot | None) -> dict[str, Any] | None:
    """A newer snapshot that is held, as JSON data."""
    if held is None:
        return None
    return {
        "id": held.id,
        "as_of": held.as_of.isoformat(),
        "since": held.since.isoformat(timespec="seconds"),
        "expectations": list(held.expectations),
    }


def record_bytes(record: dict[str, Any]) -> bytes:
    return orjson.dumps(record)
