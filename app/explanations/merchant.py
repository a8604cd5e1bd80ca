"""A record and its release come in; the letter that the merchant may read goes out, in Chinese and
English.

Nothing here names a rule, a threshold of a rule or anything that an anti-fraud rule found: reasons
that the merchant may not see are one general text.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from app.decisions.decide import LivePolicy
from app.decisions.explain import explain_to_merchant
from app.explanations.phrases import Words, both, number, percent, yuan
from app.policies.policy import Policy

Json = dict[str, Any]
MOST_HINTS = 3


def explain_merchant(live: LivePolicy, record: Mapping[str, Any]) -> Json:
    """The explanation as JSON data; texts are {zh, en}. A text that the release does not have is
    left out.
    """
    policy = live.policy
    outcome = record["outcome"]
    told: Json = {
        "product": dict(policy.title),
        "outcome": outcome,
        "headline": notice(policy, f"{record['purpose']}_{outcome}", outcome)
        or both(outcome, outcome),
    }
    if outcome == "approve":
        told["offer"] = _offer(policy, record)
        told["reasons"] = []
        told["to_improve"] = _hints(policy, record)
        told["better"] = notice(policy, "better")
    else:
        told["reasons"] = [
            {"text": both(one["zh"], one["en"]), "advice": one.get("advice")}
            for one in explain_to_merchant(record["reasons"], policy.reasons)
        ]
    told["data"] = _data(policy, record)
    if outcome == "decline":
        told["again"] = notice(policy, "again")
    told["objection"] = notice(policy, "objection")
    told["human_review"] = notice(policy, f"human_review_{outcome}", "human_review")
    return {key: value for key, value in told.items() if value is not None}


def notice(policy: Policy, *names: str) -> Words | None:
    """The first of these notices that the release has."""
    for name in names:
        words = policy.notices.get(name)
        if words:
            return dict(words)
    return None


def _offer(policy: Policy, record: Mapping[str, Any]) -> Json:
    offer: Json = {"limit_fen": record["limit_fen"], "daily_rate": record["daily_rate"]}
    limit = yuan(record["limit_fen"])
    zh, en = [f"额度 {limit['zh']}"], [f"A limit of {limit['en']}"]
    if record["limit_fen"] is None:
        zh, en = ["本产品不设额度"], ["No limit is named"]
    if record["daily_rate"] is not None:
        day, year = percent(record["daily_rate"]), percent(record["yearly_rate"])
        days = policy.day_count
        zh.append(f"日利率 {day}（年化 {year}，按 {days} 天计，单利）")
        en.append(f"{day} interest a day ({year} a year by {days} days, simple interest)")
        offer["yearly_rate"] = record["yearly_rate"]
    months = policy.terms.get("tenor_months")
    if months is not None:
        zh.append(f"期限最长 {number(float(months))} 个月")
        en.append(f"for up to {number(float(months))} months")
    text = both("，".join(zh) + "。", ", ".join(en) + ".")
    asked = record.get("amount_fen")
    if asked is not None and record["limit_fen"] is not None and asked > record["limit_fen"]:
        amount = yuan(asked)
        text["zh"] += f"您希望的金额是 {amount['zh']}，目前最多可用 {limit['zh']}。"
        text["en"] += (
            f" You asked for {amount['en']}; the most that you can use for now is {limit['en']}."
        )
    return offer | {"text": text}


def _hints(policy: Policy, record: Mapping[str, Any]) -> list[Json]:
    """What cost points on approve, most first, in general words."""
    for stage, traced in zip(policy.stages, record["stages"], strict=True):
        if "characteristics" not in traced:
            continue
        reasons = {c.id: c.reason for c in getattr(stage.checked, "characteristics", ())}
        lost = sorted((c for c in traced["characteristics"] if c["lost"] > 0), key=_lost)
        codes = dict.fromkeys(reasons[c["id"]] for c in lost)
        seen = [policy.reasons[code] for code in codes if policy.reasons[code].merchant_may_see]
        return [
            {"text": dict(one.merchant), "advice": None}  # advice speaks to who was refused
            for one in seen[:MOST_HINTS]
        ]
    return []


def _lost(characteristic: Mapping[str, Any]) -> float:
    return -float(characteristic["lost"])


def _data(policy: Policy, record: Mapping[str, Any]) -> Words:
    """Which data was read, and up to which day."""
    snapshot = record["snapshot"]
    if snapshot is None:
        told = notice(policy, "no_data") or both(
            "评审时没有查到您的交易记录。", "No trade records of yours were found."
        )
    else:
        until = (date.fromisoformat(snapshot["as_of"]) - timedelta(days=1)).isoformat()
        words = notice(policy, "data") or both(
            "评审使用了您截至 {until} 的交易记录。", "The assessment used your trade up to {until}."
        )
        told = {language: text.replace("{until}", until) for language, text in words.items()}
    from_bank = (
        name for name, one in policy.inputs.items() if one.origin == "bank" and _given(record, name)
    )
    more = notice(policy, "bank_data")
    if more is None or next(from_bank, None) is None:
        return told
    return both(told["zh"] + more["zh"], f"{told['en']} {more['en']}")


def _given(record: Mapping[str, Any], name: str) -> bool:
    return name not in record["assumed"] and record["inputs"].get(name) is not None
