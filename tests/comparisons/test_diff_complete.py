"""Whatever is edited, `policy diff` tells it, and by a name that a reader finds in the files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.comparisons.diff import diff_policies
from app.policies.documents import Documents, load_documents, sha256_of
from app.policies.policy import Policy, check_policy, freeze_policy, reasons_used
from app.rules.document import node_of, plain_of
from app.rules.problems import ProblemsFound
from app.settings import PROJECT_FOLDER
from tests.comparisons.desk import Desk, read_product
from tests.comparisons.edits import Place, apply, list_edits, list_places

PRODUCTS = ("wuliudai", "fapiaodai")


@dataclass(frozen=True)
class Product:
    """A shipped product, and the scalars that a release of it holds."""

    documents: Documents
    policy: Policy
    sha256: str
    places: tuple[Place, ...]
    known: dict[str, tuple[str, ...]]


@cache
def product(name: str) -> Product:
    documents = load_documents(name, PROJECT_FOLDER / "rulesets", PROJECT_FOLDER / "scorecards")
    policy = check_policy(documents)
    codes = reasons_used(policy)
    frozen = {"inputs": {*policy.inputs, *policy.facts, *policy.stated}, "reasons": codes}
    places = tuple(
        place
        for place in list_places(documents)
        if place.document not in ("catalogue.yaml", "reasons.yaml")
        or place.path[1] in frozen.get(str(place.path[0]), {place.path[1]})
    )
    known = {
        "input": tuple(sorted(policy.inputs)),
        "reason": tuple(sorted(codes)),
        "dimension": ("operation", "stability", "antifraud"),
    }
    return Product(documents, policy, sha256_of(freeze_policy(documents, policy)), places, known)


def by_document(name: str) -> st.SearchStrategy[Place]:
    """Each document as likely as any other, though the catalogue is far the longest."""
    groups: dict[str, list[Place]] = {}
    for place in product(name).places:
        groups.setdefault(place.document, []).append(place)
    return st.one_of([st.sampled_from(group) for group in groups.values()])


@pytest.mark.parametrize("name", PRODUCTS)
@settings(max_examples=70, deadline=None)
@given(data=st.data())
def test_no_edit_is_silent(name: str, data: st.DataObject) -> None:
    """Another hash has words, and they name the rule, row, input, reason or stage."""
    one = product(name)
    place = data.draw(by_document(name))
    text = data.draw(st.sampled_from(sorted({*list_edits(place, one.known)} or {place.text})))
    documents = apply(one.documents, place, text)
    try:
        policy = check_policy(documents)
    except ProblemsFound:
        assume(False)
    assume(sha256_of(freeze_policy(documents, policy)) != one.sha256)
    changes = diff_policies(one.policy, policy)
    assert changes, (place, text)
    told = " ".join(f"{change.part} {change}" for change in changes)
    names = (*place.names, "scorecard") if place.document.startswith("score") else place.names
    assert any(name in told for name in names), (place, text, told)
    back = diff_policies(policy, one.policy)
    assert len(back) == len(changes), "there and back are the same changes"


W = "rulesets/wuliudai/"
WORDS = [
    (
        W + "admission.yaml",
        "zh: 签收率至少 85%",
        "zh: 签收率",
        ["ADM-006: title (zh) “签收率至少 85%” → “签收率”"],
    ),
    (
        W + "policy.yaml",
        "zh: 物流贷,",
        "zh: 运单贷,",
        ["policy wuliudai: title (zh) “物流贷” → “运单贷”"],
    ),
    (
        W + "tiering.yaml",
        "{id: T-C,",
        "{id: T-CC,",
        ["T-CC: renamed from T-C"],
    ),
    (
        W + "policy.yaml",
        "{stage: request, ruleset",
        "{stage: ask, ruleset",
        ["ask: stage renamed from request"],
    ),
    (
        "scorecards/wuliudai.yaml",
        "- id: ticket",
        "- id: bill",
        ["scorecard, bill: renamed from ticket"],
    ),
    (
        W + "policy.yaml",
        "  - {that: limit <= 500_000}\n  - {that: daily_rate >= price_floor}\n",
        "  - {that: daily_rate >= price_floor}\n  - {that: limit <= 500_000}\n",
        ["always: the statements stand in another order"],
    ),
    (
        W + "policy.yaml",
        "assume: {other_exposure: 0}",
        "assume: {other_exposure: 0, region: null}",
        ["purpose preapproval: assumed region nothing → null"],
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "said"), WORDS)
def test_words_and_names(desk: Desk, file: str, old: str, new: str, said: list[str]) -> None:
    before = read_product(desk.rulesets, desk.scorecards)
    desk.edit(file, old, new)
    after = read_product(desk.rulesets, desk.scorecards)
    assert [str(one) for one in diff_policies(before, after)] == said


def test_texts_for_merchants_and_how_they_can_move_an_input(desk: Desk) -> None:
    before = product("wuliudai")
    catalogue, reasons = plain_of(before.documents.catalogue), plain_of(before.documents.reasons)
    one = catalogue["inputs"]["cod_amt_3m"]
    one["merchant_can"], one["never_above"] = "either", "cod_amt_6m"
    one["plain"]["en"] = "your sales"
    reasons["notices"]["approve"]["en"] = "Yes."
    del reasons["notices"]["refer"]
    changed = Documents(
        before.documents.product,
        before.documents.policy,
        before.documents.rulesets,
        before.documents.scorecards,
        node_of("catalogue.yaml", catalogue),
        node_of("reasons.yaml", reasons),
    )
    said = [str(one) for one in diff_policies(before.policy, check_policy(changed))]
    assert said[:3] == [
        "input cod_amt_3m: merchant_can raise → either",
        "input cod_amt_3m: never_above cod_amt_12m → cod_amt_6m",
        "input cod_amt_3m: name for merchants (en) “your COD sales of the last 3 months” →"
        " “your sales”",
    ]
    assert [line.split(" “")[0] for line in said[3:]] == [
        "notice approve: text (en)",
        "notice refer: text (en)",
        "notice refer: text (zh)",
    ]


def test_a_computed_column_and_an_input_that_only_a_statement_names(desk: Desk) -> None:
    desk.edit(W + "tiering.yaml", "antifraud_hits]", "antifraud_hits, {name: s, is: cv / 2}]")
    desk.edit(W + "tiering.yaml", '">= 85",', '">= 85", s: "< 1",')
    desk.edit(W + "policy.yaml", "always:\n", "always:\n  - {that: cod_amt_24m != 1 or true}\n")
    before = read_product(desk.rulesets, desk.scorecards)
    desk.edit(W + "tiering.yaml", "is: cv / 2", "is: cv  /  4")
    catalogue = desk.rulesets / "catalogue.yaml"
    head, tail = catalogue.read_text("utf-8").split("  cod_amt_24m:\n")
    catalogue.write_text(
        f"{head}  cod_amt_24m:\n" + tail.replace("days: 45", "days: 46", 1), "utf-8"
    )
    found = diff_policies(before, read_product(desk.rulesets, desk.scorecards))
    assert [str(one) for one in found] == [
        "tiering: column s is `cv / 2` → `cv / 4`",
        "input cod_amt_24m: oldest value 45 days → 46 days",
    ]


def test_another_way_of_writing_is_said_and_is_no_change(desk: Desk) -> None:
    desk.publish()
    assert desk.data("diff", "wuliudai@1", "wuliudai")["same_text"] is True
    desk.edit(W + "admission.yaml", "cod_amt_12m < 500_000", "cod_amt_12m < 500_000.00")
    told = desk.run("diff", "wuliudai@1", "wuliudai")
    assert told.exit_code == 0
    assert told.stdout.strip() == (
        "wuliudai@1 and wuliudai (files) mean the same, though they are not written the same"
    )
    assert desk.data("diff", "wuliudai@1", "wuliudai")["same_text"] is False
