"""A record and its release come in; what the merchant may read goes out, in Chinese and English.

Nothing here names a rule, a threshold of a rule or anything that an anti-fraud rule found: reasons
that the merchant may not see are one general text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.decisions.decide import LivePolicy
from app.decisions.explain import explain_to_merchant
from app.explanations.phrases import both, number, percent, short_bound, show, yuan
from app.policies.policy import Policy
from app.policies.reasons import DATA_MISSING, FRAUD_REVIEW

Json = dict[str, Any]
MOST_HINTS = 3


def explain_merchant(live: LivePolicy, record: Mapping[str, Any]) -> Json:
    """The explanation as JSON data; texts are {zh, en}."""
    policy = live.policy
    outcome = record["outcome"]
    told: Json = {
        "product": dict(policy.title),
        "outcome": outcome,
        "headline": _notice(policy, outcome) or both(outcome, outcome),
    }
    if outcome == "approve":
        told["offer"] = _offer(policy, record)
        told["reasons"] = []
        told["to_improve"] = _hints(policy, record)
        told["better"] = _notice(policy, "better")
    else:
        told["reasons"] = [
            {"text": both(one["zh"], one["en"]), "advice": one.get("advice")}
            for one in explain_to_merchant(record["reasons"], policy.reasons)
        ]
    told["data"] = _data(record)
    told["objection"] = _notice(policy, "objection")
    told["human_review"] = _notice(policy, "human_review")
    return {key: value for key, value in told.items() if value is not None}


def tell_what_if(live: LivePolicy, record: Mapping[str, Any], answer: Mapping[str, Any]) -> Json:
    """What-if in the merchant's words: `if …, then …`, without anything of anti-fraud rules."""
    policy = live.policy
    told: Json = {"no_promise": _notice(policy, "no_promise")}
    hidden = [c for c in record["reasons"] if not policy.reasons[c].merchant_may_see]
    if hidden and record["outcome"] != "approve" and not answer["changes"]:
        return told | {"sentences": [dict(policy.reasons[FRAUD_REVIEW].merchant)], "blocked_by": []}
    if answer["status"] == "met":
        text = both("本次申请已达到该目标。", "This application has reached that already.")
        if answer["goal"]["tiers"] is not None:
            text = both("您已处于最高档次。", "You are in the best tier already.")
        return told | {"sentences": [text], "blocked_by": []}
    sentences = [_sentence(policy, change) for change in answer["changes"]]
    blocked = []
    if not sentences:
        sentences = [
            both(
                "仅靠您自己能够改变的事项，本次无法得到不同的结果。",
                "Nothing that you can change by yourself would have led to another result.",
            )
            if answer["status"] == "nothing"
            else both(
                "没有找到少数几项改变就能带来不同结果的办法。",
                "No change of a few things was found that would have led to another result.",
            )
        ]
        codes = [one["reason"] for one in answer["blocked"]["rules"]]
        if answer["blocked"]["missing"]:
            codes = [DATA_MISSING]
        blocked = [both(one["zh"], one["en"]) for one in explain_to_merchant(codes, policy.reasons)]
    return told | {"sentences": sentences, "blocked_by": blocked}


def _notice(policy: Policy, name: str) -> dict[str, str] | None:
    words = policy.notices.get(name)
    return dict(words) if words else None


def _offer(policy: Policy, record: Mapping[str, Any]) -> Json:
    offer: Json = {"limit_fen": record["limit_fen"], "daily_rate": record["daily_rate"]}
    limit = yuan(record["limit_fen"])
    zh, en = [f"额度 {limit['zh']}"], [f"A limit of {limit['en']}"]
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
    return offer | {"text": both("，".join(zh) + "。", ", ".join(en) + ".")}


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


def _data(record: Mapping[str, Any]) -> dict[str, str]:
    snapshot = record["snapshot"]
    if snapshot is None:
        return both("评审时没有您的运单数据。", "There was no waybill data of yours to look at.")
    day = snapshot["as_of"]
    return both(
        f"评审使用了截至 {day} 前一日的运单数据和银行提供的资料。",
        f"The assessment used waybill data up to the day before {day}, and what the bank sent.",
    )


def _sentence(policy: Policy, change: Mapping[str, Any]) -> dict[str, str]:
    moves = [_move(policy, move) for move in change["moves"]]
    then = change["then"]
    limit = yuan(then["limit_fen"])
    zh, en = "申请就可以通过", "the application would have been approved"
    if then["limit_fen"] is not None:
        zh, en = f"{zh}，额度 {limit['zh']}", f"{en}, with a limit of {limit['en']}"
    if then["daily_rate"] is not None:
        day = percent(then["daily_rate"])
        zh, en = f"{zh}、日利率 {day}", f"{en} at {day} a day"
    return both(
        f"如果{'，并且'.join(m['zh'] for m in moves)}，{zh}。",
        f"If {' and '.join(m['en'] for m in moves)}, then {en}.",
    )


def _move(policy: Policy, move: Mapping[str, Any]) -> dict[str, str]:
    one = policy.inputs[move["input"]]
    zh, en = one.plain["zh"], one.plain["en"]
    now, to = move["from"], move["to"]
    if isinstance(to, bool):
        if to:
            return both(f"完成{zh}", f"{en} were in place")
        return both(
            f"不再有{zh}", f"there were no {en.removeprefix('a ').removeprefix('another ')}"
        )
    up = to > now
    if move["how"] == "wait":
        wait = number(to - now)
        months = "month" if wait == "1" else "months"
        return both(
            f"再过 {wait} 个月（{zh}满 {number(to)} 个月），其他情况不变",
            f"you apply in {wait} {months} ({en} reach {number(to)}) and all else stays the same",
        )
    near, side = (to, "at") if isinstance(to, int) else short_bound(to)
    word_zh, word_en = ("提高到", "rose to") if up else ("降到", "fell to")
    was, bound = show(one, now), show(one, near)
    if side == "at":
        least_zh, least_en = ("至少 ", "at least ") if up else ("不超过 ", "at most ")
    else:
        least_zh, least_en = ("超过 ", "above ") if up else ("低于 ", "below ")
    return both(
        f"{zh}从 {was['zh']}{word_zh}{least_zh}{bound['zh']}",
        f"{en} {word_en} {least_en}{bound['en']} (from {was['en']})",
    )
