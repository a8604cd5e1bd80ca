"""`policy diff`: every change of meaning is told in words, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.comparisons.diff import diff_policies
from app.errors import ChengxinError
from app.policies.documents import load_documents
from app.policies.examine import thaw
from app.policies.policy import check_policy, freeze_policy
from app.rules.problems import ProblemsFound
from app.settings import PROJECT_FOLDER
from app.trials.mutants import list_mutants
from tests.comparisons.desk import Desk, read_product, shipped

W = "rulesets/wuliudai/"
ANOTHER_ORDER = (
    "    then: decline\n    reason: IDLE",
    "    reason: IDLE\n    then: decline",
)
EDITS = [
    (
        W + "admission.yaml",
        "cod_amt_12m < 500_000",
        "cod_amt_12m < 400_000",
        ["ADM-002: threshold 500,000 → 400,000 (cod_amt_12m)"],
    ),
    (
        W + "admission.yaml",
        "age < 20 or age > 60",
        "age < 20 or age >= 60",
        ["ADM-007: condition `age < 20 or age > 60` → `age < 20 or age >= 60`"],
    ),
    (
        W + "admission.yaml",
        "when: bureau_enquiries_6m > 6\n    then: refer",
        "when: bureau_enquiries_6m > 6\n    then: decline",
        ["ADM-013: outcome refer → decline"],
    ),
    (
        W + "admission.yaml",
        "reason: IDLE",
        "reason: LOW_SALES",
        [
            "ADM-004: reason IDLE → LOW_SALES",
        ],
    ),
    (W + "admission.yaml", "id: ADM-004", "id: ADM-104", ["ADM-104: renumbered from ADM-004"]),
    (
        W + "admission.yaml",
        "unknown: refer",
        "unknown: decline",
        [
            "admission: unknown leads to refer → decline",
        ],
    ),
    (
        W + "admission.yaml",
        "    for: [drawdown, review]\n    when: blacklisted",
        "    when: blacklisted",
        ["ADM-010: for drawdown, review → all purposes"],
    ),
    (W + "tiering.yaml", 'score: ">= 85"', 'score: ">= 80"', ["T-A: score >= 85 → >= 80"]),
    (
        W + "tiering.yaml",
        "then: refer, reason: TIER_D",
        "then: decline, reason: TIER_D",
        [
            "T-D: outcome refer → decline",
        ],
    ),
    (W + "tiering.yaml", "hit: first", "hit: unique", ["tiering: hit first → unique"]),
    (
        W + "pricing.yaml",
        "daily_rate: 0.00025",
        "daily_rate: 0.00026",
        [
            "P-B: daily_rate 0.00025 → 0.00026",
        ],
    ),
    (
        W + "limit.yaml",
        "0.2 * cod_settled_12m",
        "0.25 * cod_settled_12m",
        [
            "limit, let settled_bound: 0.2 → 0.25 in `0.25 * cod_settled_12m`",
        ],
    ),
    (
        W + "limit.yaml",
        "min(cap, raised, settled_bound)",
        "min(cap, raised)",
        [
            "limit: `min(cap, raised, settled_bound) - other_exposure` →"
            " `min(cap, raised) - other_exposure`",
        ],
    ),
    (
        W + "limit.yaml",
        "round_down_to: 1_000",
        "round_down_to: 100",
        [
            "limit: rounded down to 1,000 → 100",
        ],
    ),
    (W + "limit.yaml", "amount: 10_000", "amount: 20_000", ["limit: minimum 10,000 → 20,000"]),
    (W + "policy.yaml", "cap: 500_000", "cap: 400_000", ["term cap: 500,000 → 400,000"]),
    (
        W + "policy.yaml",
        "other_exposure: 0",
        "other_exposure: 1_000",
        [
            "purpose preapproval: assumed other_exposure 0 → 1,000",
        ],
    ),
    (
        W + "policy.yaml",
        "always:\n",
        "always:\n  - {that: limit <= 499_999, for: [review]}\n",
        ["always: now stated, for review: limit <= 499_999"],
    ),
    (
        "rulesets/reasons.yaml",
        "merchant_may_see: true",
        "merchant_may_see: false",
        ["now kept from the merchant"],
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "said"), EDITS)
def test_an_edit_is_told_in_words(
    desk: Desk, file: str, old: str, new: str, said: list[str]
) -> None:
    before = read_product(desk.rulesets, desk.scorecards)
    desk.edit(file, old, new)
    found = [
        str(change)
        for change in diff_policies(before, read_product(desk.rulesets, desk.scorecards))
    ]
    if file.endswith("reasons.yaml"):
        assert found and all(line.endswith(said[0]) for line in found)
    else:
        assert found == said


def test_formatting_comments_and_order_of_keys_are_no_change(desk: Desk) -> None:
    before = read_product(desk.rulesets, desk.scorecards)
    for file, old, new in (
        (W + "admission.yaml", "cod_amt_12m < 500_000", "  cod_amt_12m   <   500000.00  # half"),
        (W + "admission.yaml", *ANOTHER_ORDER),
        (W + "tiering.yaml", 'score: ">= 85"', 'score: ">=   85.0"'),
        (W + "limit.yaml", "0.2 * cod_settled_12m", "0.20*cod_settled_12m"),
    ):
        desk.edit(file, old, new)
    assert diff_policies(before, read_product(desk.rulesets, desk.scorecards)) == []


def test_a_release_means_what_its_files_mean() -> None:
    for product in ("wuliudai", "fapiaodai"):
        documents = load_documents(
            product, PROJECT_FOLDER / "rulesets", PROJECT_FOLDER / "scorecards"
        )
        policy = check_policy(documents)
        assert diff_policies(policy, thaw(freeze_policy(documents, policy))) == []


@pytest.mark.parametrize("product", ["wuliudai", "fapiaodai"])
def test_no_mutant_passes_for_the_same(product: str) -> None:
    policy = shipped(product)
    documents = load_documents(product, PROJECT_FOLDER / "rulesets", PROJECT_FOLDER / "scorecards")
    silent, count = [], 0
    for mutant in list_mutants(documents, policy):
        try:
            other = check_policy(mutant.documents)
        except ProblemsFound:
            continue  # no policy at all
        count += 1
        if not diff_policies(policy, other):
            silent.append(mutant.name)
    assert silent == []
    assert count > 100


def test_rows_that_change_places_are_told() -> None:
    policy = shipped()
    place = next(i for i, stage in enumerate(policy.stages) if stage.name == "tiering")
    table = policy.stages[place].checked
    rows = table.rows  # type: ignore[union-attr]
    swapped = replace(table, rows=(rows[1], rows[0], *rows[2:]))  # type: ignore[type-var]
    stages = list(policy.stages)
    stages[place] = replace(stages[place], checked=swapped)  # type: ignore[arg-type]
    found = diff_policies(policy, replace(policy, stages=tuple(stages)))
    assert [str(one) for one in found] == ["tiering: order of rows T-A, T-B → T-B, T-A"]


def test_the_command_tells_files_from_releases(desk: Desk) -> None:
    desk.publish()
    same = desk.run("diff", "wuliudai@active", "wuliudai")
    assert (same.exit_code, same.stdout) == (
        0,
        "wuliudai@1 and wuliudai (files) mean the same\n",
    )
    desk.edit(W + "admission.yaml", "cod_amt_12m < 500_000", "cod_amt_12m < 400_000")
    told = desk.data("diff", "wuliudai@1", "wuliudai", status=1)
    assert told["changes"] == [
        {
            "part": "admission",
            "where": "ADM-002",
            "what": "threshold 500,000 → 400,000 (cod_amt_12m)",
        }
    ]
    back = desk.run("diff", "wuliudai", "wuliudai@1")
    assert (back.exit_code, back.stdout) == (
        1,
        "ADM-002: threshold 400,000 → 500,000 (cod_amt_12m)\n",
    )


def test_a_version_that_does_not_exist_is_wrong_use(desk: Desk) -> None:
    desk.publish()
    for words, said in (
        (("wuliudai", "wuliudai@7"), "wuliudai has no release '7'; write active or a number: 1"),
        (("wuliuday@1", "wuliudai"), "did you mean 'wuliudai'?"),
        (("wuliuday", "wuliudai"), "did you mean 'wuliudai'?"),
    ):
        result = desk.run("diff", *words)
        assert isinstance(result.exception, ChengxinError)
        assert said in str(result.exception)
