"""Which stored values and facts count online: types, ranges, age; and why the others do not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.decisions.intake import BadFacts, Reader
from app.decisions.ports import FeatureRow, SnapshotRow
from app.policies.documents import documents_of
from app.policies.pipeline import Pipeline
from app.policies.policy import Policy, check_policy
from tests.decisions.test_decider import TODAY
from tests.samples import read_sample


@pytest.fixture(scope="module")
def policy() -> Policy:
    return check_policy(documents_of(json.loads(read_sample().bundle_json)))


def read(
    policy: Policy, age_days: int = 0, row: bool = True, facts: Any = None, **changes: Any
) -> Any:
    """The base merchant's inputs, with some stored values changed."""
    values = json.dumps(json.loads(read_sample().values_json) | changes)
    feature_row = FeatureRow(SnapshotRow("s1", TODAY), "M1", values, "{}") if row else None
    sent = read_sample().facts if facts is None else facts
    return Reader(policy).read("drawdown", feature_row, age_days, sent, 5_000_000)


def codes_of(policy: Policy, intake: Any) -> tuple[str, tuple[str, ...]]:
    judged = Pipeline(policy, "drawdown").judge(intake.values, intake.missing)
    return judged.outcome, judged.reasons


def test_a_value_is_stale_from_the_day_after_its_age_limit(policy: Policy) -> None:
    ages = {
        name: one.max_age_days for name, one in policy.inputs.items() if one.origin == "features"
    }
    limit = min(age for age in ages.values() if age is not None)
    fresh, stale = read(policy, limit), read(policy, limit + 1)
    assert "STALE" not in fresh.missing.values()
    assert codes_of(policy, fresh)[0] == "approve"
    found = {name for name, why in stale.missing.items() if why == "STALE"}
    assert found == {name for name, age in ages.items() if age == limit}
    assert all(stale.values[name] is None for name in found)
    outcome, reasons = codes_of(policy, stale)
    assert outcome != "approve"
    assert "DATA_STALE" in reasons
    assert not {"DATA_MISSING", "NO_SNAPSHOT"} & set(reasons)


@pytest.mark.parametrize(
    ("name", "value", "why", "code"),
    [
        ("cod_months", "24", "WRONG_TYPE", "DATA_WRONG_TYPE"),
        ("cod_months", 24.5, "WRONG_TYPE", "DATA_WRONG_TYPE"),
        ("cod_months", True, "WRONG_TYPE", "DATA_WRONG_TYPE"),
        ("cod_months", -1, "WRONG_VALUE", "DATA_WRONG_TYPE"),
        ("cod_months", [24], "WRONG_TYPE", "DATA_WRONG_TYPE"),
        ("cod_amt_12m", 100.0, "WRONG_TYPE", "DATA_WRONG_TYPE"),
        ("cod_amt_12m", "100", "WRONG_TYPE", "DATA_WRONG_TYPE"),
        ("cod_amt_12m", 2**60, "WRONG_VALUE", "DATA_WRONG_TYPE"),
        ("cod_months", None, "NOT_GIVEN", "DATA_MISSING"),
    ],
)
def test_a_stored_value_that_does_not_count_is_missing_with_its_reason(
    policy: Policy, name: str, value: Any, why: str, code: str
) -> None:
    intake = read(policy, **{name: value})
    assert (intake.values[name], intake.missing[name]) == (None, why)
    outcome, reasons = codes_of(policy, intake)
    assert outcome != "approve"
    assert code in reasons


def test_a_merchant_without_a_row_has_no_snapshot(policy: Policy) -> None:
    intake = read(policy, row=False)
    features = {name for name, one in policy.inputs.items() if one.origin == "features"}
    assert {name for name, why in intake.missing.items() if why == "NO_SNAPSHOT"} == features
    outcome, reasons = codes_of(policy, intake)
    assert outcome != "approve"
    assert "NO_SNAPSHOT" in reasons
    assert not {"DATA_STALE", "DATA_WRONG_TYPE"} & set(reasons)


def test_a_fact_that_is_not_sent_is_missing_and_one_of_a_wrong_type_refused(
    policy: Policy,
) -> None:
    intake = read(policy, facts={})
    bank = {name for name, one in policy.inputs.items() if one.origin == "bank"}
    assert {name for name, why in intake.missing.items() if why == "NOT_GIVEN"} >= bank
    assert codes_of(policy, intake)[0] != "approve"
    with pytest.raises(BadFacts, match="fact 'age': \"40\" was sent; expected is a whole number"):
        read(policy, facts={**read_sample().facts, "age": "40"})
    with pytest.raises(BadFacts, match="computes this from waybills; it cannot be sent"):
        read(policy, facts={**read_sample().facts, "cod_months": 99})
