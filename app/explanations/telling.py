"""An answer of what-if comes in; what the merchant may read of it goes out: `if …, then …`, without
anything of anti-fraud rules.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from app.decisions.decide import LivePolicy
from app.decisions.explain import explain_to_merchant
from app.explanations.merchant import notice
from app.explanations.phrases import Words, both, number, percent, short_bound, show, yuan
from app.policies.policy import Policy
from app.policies.reasons import DATA_MISSING, FRAUD_REVIEW

Json = dict[str, Any]
PASSED = {
    "preapproval": both("预授信就可以通过", "you would have passed the pre-approval"),
    "review": both("复核就可以通过", "your line would have passed its review"),
    "drawdown": both("申请就可以通过", "the application would have been approved"),
}
MANY_TIMES = 3  # from here on growth is told in times, not in percent
BETTER = both("结果会更好", "the result would have been better")
MET = both("本次评审已达到该目标。", "This assessment has reached that already.")
AT_BEST = both("您已处于最高档次。", "You are in the best tier already.")
NOTHING = both(
    "仅靠您自己能够改变的事项，本次无法得到不同的结果。",
    "Nothing that you can change by yourself would have led to another result.",
)
NONE_SMALL = both(
    "没有找到少数几项改变就能带来不同结果的办法。",
    "No change of a few things was found that would have led to another result.",
)


def tell_what_if(live: LivePolicy, record: Mapping[str, Any], answer: Mapping[str, Any]) -> Json:
    """The sentences, what stands in the way where there are none, and the caveat that belongs to
    sentences with numbers.
    """
    policy = live.policy
    if answer["status"] == "met":
        at_best = answer["goal"]["tiers"] is not None
        return _told([AT_BEST if at_best else MET])
    if answer["changes"]:
        approved = record["outcome"] == "approve"
        ways = sorted(_drop_worse(answer["changes"]), key=_tasks)
        sentences = [
            _sentence(policy, None if approved else record["purpose"], one) for one in ways
        ]
        unique = {one["zh"]: one for one in sentences}
        return _told(list(unique.values()), (), notice(policy, "no_promise"))
    hidden = [c for c in record["reasons"] if not policy.reasons[c].merchant_may_see]
    if hidden and record["outcome"] != "approve":
        return _told([dict(policy.reasons[FRAUD_REVIEW].merchant)])
    blocked = answer["blocked"]
    codes = blocked["reasons"] or [one["reason"] for one in blocked["rules"]]
    if blocked["missing"] and not blocked["reasons"]:
        codes = [DATA_MISSING]
    texts = explain_to_merchant(codes, policy.reasons) if record["outcome"] != "approve" else []
    sentence = NOTHING if answer["status"] == "nothing" else NONE_SMALL
    return _told([sentence], [both(one["zh"], one["en"]) for one in texts])


def _told(sentences: list[Words], blocked: Any = (), no_promise: Words | None = None) -> Json:
    return {"no_promise": no_promise, "sentences": sentences, "blocked_by": list(blocked)}


def _tasks(change: Mapping[str, Any]) -> int:
    """How many things a merchant has to do; growth of all sales is one."""
    return 1 + len(_others(change)) if "together" in change else len(change["moves"])


def _others(change: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """What moves beside the growth."""
    together = change["together"]
    return {m["input"]: m for m in together["moves"] if m["input"] not in together["grows"]}


def _drop_worse(changes: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Without changes that ask for more than another one does: as much growth, and as far."""

    def asks_more(one: Mapping[str, Any], than: Mapping[str, Any]) -> bool:
        if one is than or "together" not in one or "together" not in than:
            return False
        more, less = _others(one), _others(than)
        is_further = one["together"]["factor"] >= than["together"]["factor"]
        return is_further and all(
            name in more and _distance(more[name]) >= _distance(move) for name, move in less.items()
        )

    kept: list[Mapping[str, Any]] = []
    for place, one in enumerate(changes):
        later = changes[place + 1 :]
        is_worse = any(asks_more(one, k) for k in kept)
        if not is_worse and not any(asks_more(one, k) and not asks_more(k, one) for k in later):
            kept.append(one)
    return kept


def _distance(move: Mapping[str, Any]) -> float:
    return float(abs(move["to"] - move["from"]))


def _sentence(policy: Policy, purpose: str | None, change: Mapping[str, Any]) -> Words:
    """`purpose`: None where it was approved already."""
    together = change.get("together")
    then = (together or change)["then"]
    moves = [] if together is None else [_growth(policy, together)]
    told = change if together is None else together
    grows = () if together is None else together["grows"]
    sums = [m for m in change["moves"] if policy.inputs[m["input"]].moves_with and together is None]
    moves += [_move(policy, move) for move in told["moves"] if move["input"] not in grows]
    result = BETTER if purpose is None else PASSED.get(purpose, PASSED["drawdown"])
    zh, en = result["zh"], result["en"]
    if then["limit_fen"] is not None:
        limit = yuan(then["limit_fen"])
        zh, en = f"{zh}，额度 {limit['zh']}", f"{en}, with a limit of {limit['en']}"
    if then["daily_rate"] is not None:
        day = percent(then["daily_rate"])
        zh, en = f"{zh}、日利率 {day}", f"{en} at {day} a day"
    told_zh = f"如果{'，并且'.join(m['zh'] for m in moves)}，其他情况不变，{zh}。"
    told_en = f"If {' and '.join(m['en'] for m in moves)}, and all else stayed the same, then {en}."
    if any(policy.inputs[move["input"]].unit != "change" for move in sums):
        told_zh += "（各项销售额通常会一起变化，这里只列出至少要改变的。）"
        told_en += " (Sums of sales usually move together; this names the ones that have to.)"
    return both(told_zh, told_en)


def _growth(policy: Policy, together: Mapping[str, Any]) -> Words:
    """Sales as a whole, told by the sum that the group is named by."""
    one = policy.inputs[together["input"]]
    (move,) = (m for m in together["moves"] if m["input"] == together["input"])
    was, to = show(one, move["from"]), show(one, move["to"])
    factor = together["factor"]
    more = percent(_rounded_up(factor - 1))
    zh, en = f"提高约 {more}", f"rose by about {more}"
    if factor > MANY_TIMES:
        times = number(math.ceil(factor * 10) / 10)
        zh, en = f"提高到约 {times} 倍", f"rose to about {times} times what they are"
    if together["steady"]:
        zh, en = f"{zh}并保持稳定", f"{en} and stayed there"
    return both(
        f"您的销售额整体{zh}（{one.plain['zh']}从 {was['zh']}提高到至少 {to['zh']}，"
        "其他月份的销售额同比例提高）",
        f"your sales as a whole {en} ({one.plain['en']} from {was['en']}"
        f" to at least {to['en']}, and all your other sums of sales in the same proportion)",
    )


def _rounded_up(share: float) -> float:
    """To a tenth of a percent, never 0."""
    return max(1, math.ceil(share * 1000)) / 1000


def _move(policy: Policy, move: Mapping[str, Any]) -> Words:
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
            f"再过 {wait} 个月再申请（{zh}满 {number(to)} 个月）",
            f"you apply in {wait} {months} ({en} reach {number(to)})",
        )
    near, side = (to, "at") if isinstance(to, int) else short_bound(to)
    word_zh, word_en = ("提高到", "rose to") if up else ("降到", "fell to")
    is_share = one.unit in ("share", "change") and round(now, 4) != round(to, 4)
    was, bound = show(one, round(now, 4) if is_share else now), show(one, near)
    if side == "at":
        least_zh, least_en = ("至少 ", "at least ") if up else ("不超过 ", "at most ")
    else:
        least_zh, least_en = ("超过 ", "above ") if up else ("低于 ", "below ")
    return both(
        f"{zh}从 {was['zh']}{word_zh}{least_zh}{bound['zh']}",
        f"{en} {word_en} {least_en}{bound['en']} (from {was['en']})",
    )
