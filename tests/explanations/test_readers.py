"""What each reader is told: merchants nothing of fraud rules, everybody both languages."""

from __future__ import annotations

import re
from typing import Any

import orjson
import pytest

from app.decisions.decide import LivePolicy
from app.explanations.analyst import explain_analyst
from app.explanations.merchant import explain_merchant
from app.explanations.phrases import in_language, short_bound
from app.explanations.telling import tell_what_if
from app.explanations.text import write_merchant
from app.explanations.what_if import what_if
from app.policies.cases import Case
from app.rules.rulesets import Rules
from tests.explanations.desk import PRODUCTS, cases_of, live_of, record_of, values_of

CODE = re.compile(r"\b[A-Z]{2,}-\d+|\b[A-Z]+_[A-Z_]+")


def told_to_merchant(product: str, case: Case) -> dict[str, Any]:
    live = live_of(product)
    record = record_of(live, values_of(product, case), case.purpose)
    told = explain_merchant(live, record)
    return told | {"what_if": tell_what_if(live, record, what_if(live, record))}


def letter_of(live: LivePolicy, record: dict[str, Any], language: str) -> list[str]:
    told = explain_merchant(live, record)
    told["what_if"] = tell_what_if(live, record, what_if(live, record))
    return list(write_merchant(in_language(told, language), language))


@pytest.mark.parametrize("product", PRODUCTS)
def test_no_merchant_reads_of_fraud_rules(product: str) -> None:
    policy = live_of(product).policy
    hidden = [reason for reason in policy.reasons.values() if not reason.merchant_may_see]
    names = {name for name, one in policy.inputs.items() if one.family == "fraud"}
    titles = [
        text
        for stage in policy.stages
        if isinstance(stage.checked, Rules)
        for rule in stage.checked.rules
        if not policy.reasons[rule.reason].merchant_may_see
        for text in rule.title.values()
    ]
    assert hidden and names and titles
    for case in cases_of(product):
        text = orjson.dumps(told_to_merchant(product, case)).decode()
        assert not CODE.search(text.replace("COD", "")), case.name
        for word in [*names, *titles, *(t for r in hidden for t in r.staff.values())]:
            assert word not in text, (case.name, word)


def test_a_fraud_hit_is_one_general_text_without_numbers() -> None:
    live = live_of("wuliudai")
    base = values_of("wuliudai", cases_of("wuliudai")[0])
    seen = set()
    for given in ({"self_deal_share": 0.5}, {"round_excess": 0.9}, {"carrier_staff_related": True}):
        record = record_of(live, base | given)
        told = explain_merchant(live, record)
        answer = tell_what_if(live, record, what_if(live, record))
        text = orjson.dumps([told["reasons"], answer["sentences"], answer["blocked_by"]]).decode()
        assert not re.search(r"\d", text)
        seen.add(text)
    assert len(seen) == 1


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_text_stands_in_both_languages(product: str) -> None:
    def check(data: Any) -> None:
        if isinstance(data, dict):
            if "zh" in data or "en" in data:
                assert set(data) == {"zh", "en"} and all(data.values())
            for one in data.values():
                check(one)
        elif isinstance(data, list):
            for one in data:
                check(one)

    for case in cases_of(product):
        told = told_to_merchant(product, case)
        check(told)
        assert len(told["reasons"]) <= 5 and all(one["advice"] for one in told["reasons"])
        assert {"headline", "objection", "human_review"} <= told.keys()
        for language in ("zh", "en"):
            lines = list(write_merchant(in_language(told, language), language))
            assert len(lines) >= 4


def test_the_letter_to_a_merchant() -> None:
    live = live_of("wuliudai")
    values = values_of("wuliudai", cases_of("wuliudai")[0], cod_months=11.0, sign_rate=0.8)
    assert letter_of(live, record_of(live, values), "zh") == [
        "【物流贷】很抱歉，您的申请暂未通过。",
        "原因:",
        "  1. 在平台的交易记录时间较短 — 继续通过平台发货，满 12 个月后可再次申请",
        "  2. 货物签收比例较低 — 减少拒收与退货",
        "如果……会怎样:",
        "  如果再过 1 个月再申请（代收货款的交易月数满 12 个月），"
        "并且货物签收比例从 80%提高到至少 85%，其他情况不变，申请就可以通过，"
        "额度 224,000 元、日利率 0.025%。",
        "  以上测算只说明本次评审的依据，不构成放款承诺；以届时的评审和银行的决定为准。",
        "评审使用了您在平台上截至 2026-10-31 的交易记录，以最近 12 个月为主，并与上一年同期比较。"
        "同时使用了合作银行提供的资料（如身份、征信、其他贷款）。",
        "上面写明了时间或条件的，满足后即可再次申请；其余情况，建议三个月后再申请。"
        "届时按最新数据重新评审。",
        "如对结果或所用数据有异议，请在收到本通知之日起 30 日内向合作银行客户经理或平台客服提出，"
        "我们将在 20 日内核查并答复；数据有误的，更正后重新评审。",
        "本结果由系统自动作出。您有权拒绝仅由系统作出的决定，要求人工复核，并要求我们作出说明。",
    ]
    assert letter_of(live, record_of(live, values), "en") == [
        "【Waybill loan】We are sorry: your application has not been approved for now.",
        "Reasons:",
        "  1. Your trading history on the platform is short — Keep shipping through the platform"
        " and apply again after twelve months",
        "  2. Too few of your shipments are accepted by their receivers"
        " — Reduce refusals and returns",
        "What if:",
        "  If you apply in 1 month (your months of COD history reach 12) and the share of your"
        " shipments that are signed for rose to at least 85% (from 80%), and all else stayed the"
        " same, then the application would have been approved, with a limit of 224,000 yuan at"
        " 0.025% a day.",
        "  This shows what this assessment depended on. It is no promise of a loan: a later"
        " assessment and the bank's decision count.",
        "The assessment used your trade records on the platform up to 2026-10-31, mainly those of"
        " the last 12 months, compared with the year before. It also used what the bank sent, such"
        " as identity, credit report and other loans.",
        "Where a time or a condition is named above, you can apply again as soon as it is met;"
        " otherwise in about three months. The newest data will count then.",
        "If you object to the result or to the data behind it, tell your account manager at the"
        " bank or the platform's customer service within 30 days of this notice. We check and"
        " answer within 20 days; wrong data is corrected and you are assessed again.",
        "This result was made automatically. You may refuse a decision that is made by a machine"
        " alone: you have the right to have a person review it and to have it explained.",
    ]


def test_an_analyst_sees_conditions_rows_points_and_what_binds() -> None:
    live = live_of("wuliudai")
    case = next(c for c in cases_of("wuliudai") if c.name == "1.25 times the median binds")
    told = explain_analyst(live, record_of(live, values_of("wuliudai", case)))
    stages = {one["stage"]: one for one in told["stages"]}
    assert stages["admission"]["rules"][0]["values"]["cod_months"]["en"] == "36 months"
    lost = [one["lost"] for one in stages["scorecard"]["characteristics"]]
    assert lost == sorted(lost, reverse=True)
    flow = next(one for one in stages["limit"]["min"] if one["of"] == "monthly_flow")
    assert flow["binding"] == "1.25 * cod_median_month"
    assert flow["next"]["would_give"]["en"] == "200,000 yuan"
    tier_b = next(c for c in cases_of("wuliudai") if c.name == "tier B: alpha 1.6")
    told = explain_analyst(live, record_of(live, values_of("wuliudai", tier_b)))
    rows = {r["id"]: r for s in told["stages"] if s["stage"] == "tiering" for r in s["rows"]}
    assert rows["T-A"]["failed_cells"] == {"score": ">= 85"}


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_case_can_be_explained_to_an_analyst(product: str) -> None:
    live = live_of(product)
    for case in cases_of(product):
        record = record_of(live, values_of(product, case), case.purpose)
        told = explain_analyst(live, record)
        assert [one["stage"] for one in told["stages"]] == [s.name for s in live.policy.stages]
        orjson.dumps(told)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.85, (0.85, "at")), (0.14999999999999997, (0.15, "below")), (0.3, (0.3, "at"))],
)
def test_a_float_beside_a_threshold_is_shown_as_it(value: float, shown: tuple[float, str]) -> None:
    assert short_bound(value) == shown


def test_what_the_engines_cause_is_not_the_merchants_doing() -> None:
    live = live_of("wuliudai")
    record = record_of(live, values_of("wuliudai", cases_of("wuliudai")[0]))
    record |= {"outcome": "refer", "reasons": ["ENGINE_DISAGREEMENT"], "engines_agree": False}
    record |= {"limit_fen": None, "daily_rate": None, "yearly_rate": None}
    answer = what_if(live, record)
    assert answer["status"] == "nothing" and answer["changes"] == []
    told = tell_what_if(live, record, answer)
    assert [one["en"] for one in told["blocked_by"]] == ["A person will look at your application"]
    assert letter_of(live, record, "en")[1:3] == [
        "Reasons:",
        "  1. A person will look at your application — There is nothing to do; wait for the result"
        " of the review",
    ]
    assert explain_analyst(live, record)["engines_agree"] is False


def test_in_the_best_tier_and_refused_the_next_goal_is_to_be_approved() -> None:
    live = live_of("wuliudai")
    base = next(c for c in cases_of("wuliudai") if c.name == "exactly the smallest limit")
    values = values_of("wuliudai", base, other_exposure=0, overdue_now=True)
    record = record_of(live, values)
    assert (record["outcome"], record["tier"]) == ("decline", "A")
    answer = what_if(live, record, "next-tier")
    assert [m["input"] for m in answer["changes"][0]["moves"]] == ["overdue_now"]
