"""Planted faults in the shipped policies: each is found by the statement that forbids it, with a
merchant that breaks it in the evaluators too.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.commands.policy_prove import plain_merchant
from app.policies.examine import Examined, examine
from app.policies.pipeline import Judgement, Pipeline
from app.policies.policy import Policy
from app.rules.catalogue import read_catalogue
from app.settings import PROJECT_FOLDER

pytest.importorskip("z3", reason="the extra 'prove' is not installed")

from app.proofs.landmarks import list_landmarks
from app.proofs.prove import Finding, Prover

CAP, PRICE, TIER_A, COURT, EXPOSURE, MONTH, SILENCE = range(7)  # places in `always:`
OWN = -1
SECONDS = 60.0


@dataclass(frozen=True)
class Fault:
    """An edit of a file, the statement that it breaks, how many inputs the counterexample may have
    away from the plain merchant, and what must be seen in the evaluators.
    """

    name: str
    file: str
    old: str
    new: str
    breaks: int
    most_away: int
    seen: Callable[[list[Judgement], Mapping[str, Any]], bool]
    purpose: str = "drawdown"
    states: str = ""  # one more statement, the last; `breaks` is then OWN


def _approves(found: list[Judgement], merchant: Mapping[str, Any]) -> bool:
    return found[0].outcome == "approve"


def _limit(judgement: Judgement) -> int:
    return judgement.limit_fen or 0


def _above_cap(found: list[Judgement], merchant: Mapping[str, Any]) -> bool:
    return _limit(found[0]) > 500_000_00


LIMIT = "limit: min(cap, raised, settled_bound) - other_exposure"
FAULTS = (
    Fault(
        "the cap is left out",
        "limit.yaml",
        LIMIT,
        "limit: min(raised, settled_bound) - other_exposure",
        CAP,
        4,
        _above_cap,
    ),
    Fault(
        "the cap is left out for one tier",
        "limit.yaml",
        LIMIT,
        'limit: (if tier = "B" then min(raised, settled_bound) '
        "else min(cap, raised, settled_bound)) - other_exposure",
        CAP,
        6,
        lambda found, _: _above_cap(found, _) and found[0].tier == "B",
    ),
    Fault(
        "one price stands below the floor",
        "pricing.yaml",
        "daily_rate: 0.00032",
        "daily_rate: 0.00018",
        PRICE,
        4,
        lambda found, _: found[0].daily_rate == 0.00018,
    ),
    Fault(
        "tier A begins a point too low",
        "tiering.yaml",
        '">= 85"',
        '">= 84"',
        TIER_A,
        4,
        lambda found, _: found[0].tier == "A" and found[0].score == 84,
    ),
    Fault(
        "court enforcement only refers",
        "admission.yaml",
        "when: court_enforced\n    then: decline",
        "when: court_enforced\n    then: refer",
        COURT,
        1,
        lambda found, merchant: merchant["court_enforced"] and found[0].outcome == "refer",
    ),
    Fault(
        "court enforcement is not asked in reviews",
        "admission.yaml",
        "for: [drawdown, review]\n    when: court_enforced",
        "for: [drawdown]\n    when: court_enforced",
        COURT,
        1,
        _approves,
        "review",
    ),
    Fault(
        "other loans raise the limit",
        "limit.yaml",
        "- other_exposure",
        "+ other_exposure",
        EXPOSURE,
        2,
        lambda found, _: _limit(found[0]) < _limit(found[1]),
    ),
    Fault(
        "points go against volume",
        "../../scorecards/wuliudai.yaml",
        '{when: "[80_000..150_000)", points: 9}',
        '{when: "[80_000..150_000)", points: 2}',
        MONTH,
        6,
        lambda found, _: found[0].score > found[1].score,
    ),
    Fault(
        "a missing value slips through",
        "admission.yaml",
        "when: sign_rate < 0.85",
        "when: sign_rate != null and sign_rate < 0.85",
        SILENCE,
        1,
        lambda found, merchant: _approves(found, merchant) and merchant["sign_rate"] is None,
    ),
    Fault(
        "a default stands in for a missing value",
        "admission.yaml",
        "when: overdue_now",
        "when: if overdue_now = null then false else overdue_now",
        SILENCE,
        1,
        lambda found, merchant: _approves(found, merchant) and merchant["overdue_now"] is None,
    ),
    Fault(
        "a purpose assumes what a rule asks",
        "policy.yaml",
        "purposes:\n",
        "purposes:\n  drawdown: {assume: {overdue_now: false}}\n",
        SILENCE,
        0,
        lambda found, merchant: _approves(found, merchant) and merchant["overdue_now"] is False,
    ),
    Fault(
        "court enforcement is only a flag",
        "admission.yaml",
        "when: court_enforced\n    then: decline",
        "when: court_enforced\n    then: flag",
        COURT,
        1,
        lambda found, merchant: merchant["court_enforced"] and _approves(found, merchant),
    ),
    Fault(
        "a row for tier A without a score stands first",
        "tiering.yaml",
        "  - {id: T-A,",
        '  - {id: T-0, cod_months: ">= 48", antifraud_hits: "0", tier: A}\n  - {id: T-A,',
        TIER_A,
        6,
        lambda found, _: found[0].tier == "A" and (found[0].score or 0) < 85,
    ),
    Fault(
        "a factor rises with other loans",
        "limit.yaml",
        "seasoning: if cod_months",
        "seasoning: if other_exposure > 400_000 then 9.0 else if cod_months",
        EXPOSURE,
        4,
        lambda found, _: _limit(found[0]) < _limit(found[1]),
    ),
    Fault(
        "the limit is rounded up",
        "limit.yaml",
        LIMIT,
        "limit: ceiling((min(cap, raised, settled_bound) - other_exposure) / 300_000) * 300_000",
        CAP,
        4,
        _above_cap,
    ),
    Fault(
        "the minimum is dropped",
        "limit.yaml",
        "minimum: {amount: 10_000, then: decline, reason: LIMIT_TOO_SMALL}",
        "",
        OWN,
        2,
        lambda found, merchant: _approves(found, merchant) and _limit(found[0]) < 10_000_00,
        states="{that: limit >= 10_000}",
    ),
    Fault(
        "the limit is rounded to hundreds",
        "limit.yaml",
        "round_down_to: 1_000",
        "round_down_to: 100",
        OWN,
        3,
        lambda found, merchant: _limit(found[0]) % 1_000_00 != 0,
        states="{that: floor(limit / 1_000) * 1_000 = limit}",
    ),
    Fault(
        "a direction is stated the wrong way round",
        "policy.yaml",
        "limit: never rises with, input: other_exposure",
        "limit: never falls with, input: other_exposure",
        EXPOSURE,
        2,
        lambda found, _: _limit(found[0]) > _limit(found[1]),
    ),
)


def _examine(folder: Path) -> Examined:
    looked = examine("wuliudai", folder / "rulesets", folder / "scorecards")
    assert not looked.problems, "\n".join(map(str, looked.problems))
    return looked


def _prover(looked: Examined, purpose: str) -> tuple[Policy, Prover]:
    policy, documents = looked.policy, looked.documents
    assert policy is not None and documents is not None
    catalogue = read_catalogue(documents.catalogue, [])
    plain = plain_merchant(looked, policy)(purpose)
    return policy, Prover(policy, purpose, catalogue, plain, list_landmarks(policy))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "-"))
def test_a_planted_fault_is_found(fault: Fault, tmp_path: Path) -> None:
    for name in ("rulesets", "scorecards"):
        shutil.copytree(PROJECT_FOLDER / name, tmp_path / name)
    path = tmp_path / "rulesets" / "wuliudai" / fault.file
    text = path.read_text(encoding="utf-8")
    assert text.count(fault.old) == 1
    path.write_text(text.replace(fault.old, fault.new), encoding="utf-8")
    if fault.states:
        with (tmp_path / "rulesets" / "wuliudai" / "policy.yaml").open("a", encoding="utf-8") as f:
            f.write(f"\n  - {fault.states}\n")
    if fault.breaks == MONTH:  # the best bin stays the best, so the points still add up
        assert "points: 15" in text
    policy, prover = _prover(_examine(tmp_path), fault.purpose)
    finding: Finding = prover.decide(policy.always[fault.breaks], SECONDS)
    assert finding.verdict == "refuted", finding.why_open
    merchant = finding.judged[0].merchant
    pipeline = Pipeline(policy, fault.purpose)
    found = [
        pipeline.judge({name: one.merchant[name] for name in policy.inputs})
        for one in finding.judged
    ]
    assert fault.seen(found, merchant), (found, finding.away)
    assert all(one.agreed for one in finding.judged)
    assert len(finding.away) <= fault.most_away, finding.away


@pytest.mark.parametrize("place", range(7))
def test_without_a_fault_each_of_them_is_proven(place: int) -> None:
    policy, prover = _prover(_examine(PROJECT_FOLDER), "drawdown")
    finding = prover.decide(policy.always[place], SECONDS)
    assert finding.verdict == "proven", (finding.why_open, finding.away)


def test_a_question_without_time_stays_open() -> None:
    policy, prover = _prover(_examine(PROJECT_FOLDER), "drawdown")
    finding = prover.decide(policy.always[MONTH], 0.001)
    assert finding.verdict == "open"
    assert finding.why_open == "no answer within 0.001 s"
