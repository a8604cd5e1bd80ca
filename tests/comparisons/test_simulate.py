"""`policy simulate`: the report is what judging merchant by merchant says, and attributions add up
to the swaps.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date
from html.parser import HTMLParser
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from app.comparisons.attribution import METHODS
from app.comparisons.judging import Kept, judge_both, prepare_versions
from app.comparisons.outcomes import BadOutcomes, read_outcomes
from app.comparisons.parts import list_parts, mix
from app.comparisons.simulate import simulate_snapshot
from app.errors import ChengxinError
from app.policies.documents import load_documents
from app.policies.policy import Policy, check_policy
from app.policies.portfolio import PortfolioPipeline, build_portfolio
from app.rules.problems import ProblemsFound
from app.settings import PROJECT_FOLDER
from app.trials.mutants import list_mutants
from app.whitelists.build import judge_snapshot
from app.whitelists.columns import columns_of
from tests.comparisons.desk import Desk, make_features, read_product, shipped

W = "rulesets/wuliudai/"
DAY = date(2026, 10, 31)
TWO_EDITS = (
    (W + "admission.yaml", "cod_amt_12m < 500_000", "cod_amt_12m < 900_000"),
    (W + "admission.yaml", "consignee_cnt < 10", "consignee_cnt < 20"),
    (W + "admission.yaml", "sign_rate < 0.85", "sign_rate < 0.4"),
    (W + "limit.yaml", "0.2 * cod_settled_12m", "0.1 * cod_settled_12m"),
)


def edited(desk: Desk, edits: Any = TWO_EDITS) -> Policy:
    for edit in edits:
        desk.edit(*edit)
    return read_product(desk.rulesets, desk.scorecards)


def simulate(before: Policy, after: Policy, features: pa.Table, **more: Any) -> dict[str, Any]:
    return simulate_snapshot(prepare_versions(before, after), DAY, "s", features, **more)


def whitelist(policy: Policy, features: pa.Table) -> list[dict[str, Any]]:
    return judge_snapshot(policy, 1, "x", "s", DAY, features).table.to_pylist()


def test_the_report_is_what_two_whitelists_say(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.comparisons.judging.BLOCK", 700)  # several blocks, one of them short
    before, after = shipped(), edited(desk)
    features = make_features(3_000)
    report = simulate(before, after, features)
    old, new = whitelist(before, features), whitelist(after, features)
    pairs = Counter((a["outcome"], b["outcome"]) for a, b in zip(old, new, strict=True))
    told = {(a, b): n for a, row in report["migration"].items() for b, n in row.items() if n}
    assert told == dict(pairs)
    comes = [
        (a, b)
        for a, b in zip(old, new, strict=True)
        if a["outcome"] != "approve" and b["outcome"] == "approve"
    ]
    goes = [
        (a, b)
        for a, b in zip(old, new, strict=True)
        if a["outcome"] == "approve" and b["outcome"] != "approve"
    ]
    assert comes and goes, "the test shows nothing unless there are swaps both ways"
    assert report["swapped_in"]["by_first_reason"] == Counter(a["reasons"][0] for a, _ in comes)
    assert report["swapped_out"]["by_first_reason"] == Counter(b["reasons"][0] for _, b in goes)
    assert report["swapped_out"]["limit_fen"] == sum(a["limit_fen"] for a, _ in goes)
    assert [m["merchant_id"] for m in report["swapped_in"]["merchants"]] == [
        a["merchant_id"] for a, _ in comes[:200]
    ]
    for name, rows in (("before", old), ("after", new)):
        limits = [row["limit_fen"] for row in rows if row["limit_fen"] is not None]
        assert report["limits"][name]["total_fen"] == sum(limits)
        tiers = Counter(row["tier"] or "none" for row in rows if row["outcome"] == "approve")
        told = {word: n for word, n in report["tiers"][f"approved_{name}"].items() if n}
        assert told == tiers
        rates = [row["daily_rate"] for row in rows if row["daily_rate"] is not None]
        assert report["price"][name]["mean_daily_rate"] == pytest.approx(np.mean(rates))
    groups = report["groups"]["cod_amt_12m"]
    assert sum(group["merchants"] for group in groups) == 3_000
    assert sum(group["swapped_in"] for group in groups) == len(comes)
    assert sum(group["limit_after_fen"] for group in groups) == sum(
        row["limit_fen"] or 0 for row in new
    )


def test_shares_add_up_to_the_swaps(desk: Desk) -> None:
    report = simulate(shipped(), edited(desk), make_features(3_000))
    assert report["attribution"] == {
        "method": METHODS["exact"],
        "parts": ("ADM-002", "ADM-005", "ADM-006", "limit"),
    }
    for side in ("swapped_in", "swapped_out"):
        swap = report[side]
        assert swap["count"] > 0
        assert sum(swap["by_part"].values()) == pytest.approx(swap["count"])
        for merchant in swap["merchants"]:
            assert sum(merchant["parts"].values()) == pytest.approx(1)
    shared = [m for m in report["swapped_out"]["merchants"] if len(m["parts"]) > 1]
    assert shared, "somebody falls under two stricter rules"
    assert all(max(m["parts"].values()) <= 0.5 + 1e-9 for m in shared if len(m["parts"]) == 2)
    only = report["swapped_in"]["by_part"]
    assert only["ADM-006"] == pytest.approx(report["swapped_in"]["count"])


def test_many_parts_add_up_too(desk: Desk) -> None:
    more = (
        *TWO_EDITS,
        (W + "admission.yaml", "cod_months < 12", "cod_months < 14"),
        (W + "admission.yaml", "active_months_12m < 9", "active_months_12m < 8"),
        (W + "tiering.yaml", 'score: ">= 65"', 'score: ">= 70"'),
    )
    report = simulate(shipped(), edited(desk, more), make_features(1_500))
    assert report["attribution"]["method"] == METHODS["two"]
    for side in ("swapped_in", "swapped_out"):
        assert sum(report[side]["by_part"].values()) == pytest.approx(report[side]["count"])


@pytest.mark.parametrize("product", ["wuliudai", "fapiaodai"])
def test_every_small_change_is_judged_as_by_itself(product: str) -> None:
    """What both judge alike is judged once: here everything is judged apart, and compared."""
    policy, count = shipped(product), 0
    features = make_features(400, product=product)
    columns = columns_of(features, policy)
    documents = load_documents(product, PROJECT_FOLDER / "rulesets", PROJECT_FOLDER / "scorecards")
    for mutant in islice(list_mutants(documents, policy), 0, None, 12):
        what = mutant.name
        try:
            other = check_policy(mutant.documents)
        except ProblemsFound:
            continue  # no policy at all
        judged = judge_both(prepare_versions(policy, other), (columns, columns), 400)
        mixed = mix(policy, other, list_parts(policy, other))
        for found, by in ((judged[0], policy), (judged[1], other), (judged[1], mixed)):
            portfolio = build_portfolio(by, "preapproval", columns, 400)
            alone = PortfolioPipeline(by, "preapproval").judge(portfolio)
            for name in ("outcomes", "scores", "tiers", "limits_fen", "daily_rates"):
                one, two = getattr(found, name), getattr(alone, name)
                assert np.array_equal(one, two, equal_nan=name != "outcomes"), (what, name)
        count += 1
    assert count > 15


def test_other_ranges_and_assumptions_are_parts(desk: Desk) -> None:
    before = shipped()
    desk.edit(W + "policy.yaml", "other_exposure: 0", "other_exposure: 400_000")
    path = desk.rulesets / "catalogue.yaml"
    plain = yaml.safe_load(path.read_text(encoding="utf-8"))
    plain["inputs"]["consignee_cnt"]["range"] = [0, 20]
    path.write_text(yaml.safe_dump(plain, allow_unicode=True), encoding="utf-8")
    after = read_product(desk.rulesets, desk.scorecards)
    features = make_features(2_000)
    report = simulate(before, after, features)
    assert report["attribution"]["parts"] == ("input consignee_cnt", "what is assumed")
    assert sum(report["swapped_out"]["by_part"].values()) == report["swapped_out"]["count"] > 0
    approved = [row for row in whitelist(after, features) if row["outcome"] == "approve"]
    assert report["limits"]["after"]["count"] == len(approved)


def test_all_parts_together_are_the_other_policy(desk: Desk) -> None:
    before, after = shipped(), edited(desk)
    features = make_features(1_000)
    mixed = mix(before, after, list_parts(before, after))
    assert whitelist(mixed, features) == whitelist(after, features)
    assert whitelist(mix(before, after, ()), features) == whitelist(before, features)


def test_a_policy_against_itself_changes_nothing() -> None:
    report = simulate(shipped(), shipped(), make_features(500))
    assert report["attribution"]["parts"] == ()
    assert report["swapped_in"]["count"] == report["swapped_out"]["count"] == 0
    assert report["limits"]["before"] == report["limits"]["after"]


def test_other_stages_count_as_one_change(desk: Desk) -> None:
    desk.edit(W + "policy.yaml", "  - {stage: request, ruleset: request.yaml}\n", "")
    report = simulate(shipped(), read_product(desk.rulesets, desk.scorecards), make_features(300))
    assert report["attribution"]["parts"] == ("the policy as a whole",)


def test_groups_stand_where_the_snapshot_has_them() -> None:
    names = ["布匹", None, "<b>"] * 100
    report = simulate(shipped(), shipped(), make_features(300, industry=pa.array(names)))
    assert [(g["group"], g["merchants"]) for g in report["groups"]["industry"]] == [
        ("<b>", 100),
        ("布匹", 100),
        ("unknown", 100),
    ]
    assert report["notes"] == ["the snapshot has no origin_region, so nothing is shown by region"]


def test_groups_that_changed_most_come_first(desk: Desk) -> None:
    count = 900
    names = [f"trade {place % 30:02}" if place % 7 else None for place in range(count)]
    towns = ["unknown" if place % 2 else "临沂" for place in range(count)]
    features = make_features(count, industry=names, origin_region=towns)
    before, after = shipped(), edited(desk)
    report = simulate(before, after, features)
    groups = report["groups"]["industry"]
    assert report["notes"] == []
    assert groups[-1]["group"] == "unknown"
    moved = [group["swapped_in"] + group["swapped_out"] for group in groups[:-1]]
    assert moved == sorted(moved, reverse=True)
    assert moved[0] > 0
    for grouped in report["groups"].values():
        for key, total in (
            ("merchants", count),
            ("swapped_in", report["swapped_in"]["count"]),
            ("swapped_out", report["swapped_out"]["count"]),
            ("approved_after", report["limits"]["after"]["count"]),
            ("limit_before_fen", report["limits"]["before"]["total_fen"]),
            ("limit_after_fen", report["limits"]["after"]["total_fen"]),
        ):
            assert sum(group[key] for group in grouped) == total, key
    assert [g["group"] for g in report["groups"]["region"]] == ["临沂", "unknown"]
    one = next(group for group in groups if group["group"] == "trade 03")
    rows = [place for place, name in enumerate(names) if name == "trade 03"]
    assert one["merchants"] == len(rows)
    alone = simulate(before, after, features.take(rows))
    assert one["swapped_in"] == alone["swapped_in"]["count"]
    assert one["limit_after_fen"] == alone["limits"]["after"]["total_fen"]


def test_outcomes_of_swapped_sets(desk: Desk, tmp_path: Path) -> None:
    before, after = shipped(), edited(desk)
    features = make_features(2_000)
    old = whitelist(before, features)
    path = tmp_path / "outcomes.csv"
    given = [row for row in old if row["outcome"] == "approve"]
    lines = [f"{row['merchant_id']},{place % 4 == 0:d},1000.10" for place, row in enumerate(given)]
    path.write_text("\n".join(["merchant_id,defaulted,exposure", *lines, "stranger,0,5\n"]))
    report = simulate(before, after, features, outcomes=read_outcomes(path))
    sets = report["outcomes"]["sets"]
    assert report["outcomes"]["strangers"] == 1
    assert sets["swapped_in"]["merchants"] > 0
    assert sets["swapped_in"]["known"] == 0 and sets["swapped_in"]["bad_rate"] is None
    assert sets["kept"]["known"] + sets["swapped_out"]["known"] == len(given)
    bad = sum(place % 4 == 0 for place in range(len(given)))
    assert sets["kept"]["bad"] + sets["swapped_out"]["bad"] == bad
    assert sets["kept"]["loss_fen"] == sets["kept"]["bad"] * 100_010
    assert "given a loan" in report["outcomes"]["warning"]["en"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("merchant_id,defaulted\na,1\n", "has no column exposure"),
        ("merchant_id,defaulted,exposure\na,maybe,1\n", "row 2: defaulted is 'maybe'; write 1 or"),
        ("merchant_id,defaulted,exposure\na,1,-3\n", "row 2: exposure is '-3'"),
        ("merchant_id,defaulted,exposure\na,1,nan\n", "row 2: exposure is 'nan'"),
        ("merchant_id,defaulted,exposure\na,1,3\na,0,3\n", "merchant a stands there twice"),
        ("merchant_id,defaulted,exposure\na,1,3,4\n", "cannot be read"),
        ("", "cannot be read"),
        (
            "merchant_id;defaulted;exposure\na;1;3\n",
            "with commas between them; it has 'merchant_id;",
        ),
        ("merchant_id,defaulted,exposure,defaulted\na,1,3,0\n", "has the column defaulted twice"),
        ("merchant_id,defaulted,exposure\n,1,3\n", "a row has no merchant_id"),
        ('merchant_id,defaulted,exposure\na,1,"1,000"\n', "row 2: exposure is '1,000'"),
        ("merchant_id,defaulted,exposure\na,2,3\n", "row 2: defaulted is '2'; write 1 or 0"),
    ],
)
def test_bad_outcomes_are_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "outcomes.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadOutcomes, match=re.escape(said)):
        read_outcomes(path)


def test_outcomes_that_are_not_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes("merchant_id,défaut\na,1\n".encode("latin-1"))
    with pytest.raises(BadOutcomes, match="not UTF-8"):
        read_outcomes(path)
    path = tmp_path / "lists.parquet"
    pq.write_table(pa.table({"merchant_id": [["a"]], "defaulted": [1], "exposure": [3]}), path)
    with pytest.raises(BadOutcomes, match="merchant_id list<"):
        read_outcomes(path)


def test_spellings_of_outcomes(desk: Desk, tmp_path: Path) -> None:
    """A mark of byte order, blanks in the head, other columns, 1.0 and TRUE; no row at all."""
    path = tmp_path / "outcomes.csv"
    path.write_bytes(
        b"\xef\xbb\xbfmerchant_id, defaulted ,note, exposure\r\n"
        b"a,TRUE,1,5.5\r\nb,0.0,x,6\r\nc,1.0,,7\r\n"
    )
    assert read_outcomes(path).to_pylist() == [
        {"merchant_id": "a", "defaulted": True, "exposure_fen": 550},
        {"merchant_id": "b", "defaulted": False, "exposure_fen": 600},
        {"merchant_id": "c", "defaulted": True, "exposure_fen": 700},
    ]
    path.write_text("merchant_id,defaulted,exposure\n", encoding="utf-8")
    report = simulate(shipped(), edited(desk), make_features(200), outcomes=read_outcomes(path))
    assert {one["known"] for one in report["outcomes"]["sets"].values()} == {0}


class Page(HTMLParser):
    """Collects elements that stay open, addresses, and how often each element stands there."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.tags: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_command_writes_table_json_and_one_page(desk: Desk) -> None:
    desk.publish()
    for day in (DAY, date(2026, 11, 30)):
        desk.keep_snapshot(day, make_features(800, seed=day.month, industry=["<b>"] * 800))
    edited(desk)
    outcomes = desk.folder / "known.csv"
    outcomes.write_text("merchant_id,defaulted,exposure\nm00001,1,800\n", encoding="utf-8")
    page = desk.folder / "report.html"
    days = ("--as-of", "2026-10-31", "--as-of", "2026-11-30")
    words = ("simulate", "wuliudai", "--draft", *days, "--outcomes", str(outcomes))
    shown = desk.run(*words, "--out", str(page))
    assert shown.exit_code == 0, (shown.output, shown.exception)
    assert "wuliudai (files) against wuliudai@1" in shown.stdout
    assert shown.stdout.count("swapped in: ") == 2
    assert shown.stdout.count("given a loan") == 2
    text = page.read_text(encoding="utf-8")
    parsed = Page()
    parsed.feed(text)
    assert parsed.open == [] and parsed.addresses == []
    assert parsed.tags["svg"] >= 8 and parsed.tags["b"] == 2, "data is escaped"
    assert not re.search(r"https?:|url\(|@import|<script", text)
    written = desk.folder / "report.json"
    data = desk.data(*words, "--out", str(written))
    assert json.loads(written.read_text(encoding="utf-8")) == data
    assert [day["as_of"] for day in data["days"]] == ["2026-10-31", "2026-11-30"]
    assert data["days"][0]["migration"] != data["days"][1]["migration"]
    assert {"part": "admission", "where": "ADM-002"}.items() <= data["changes"][0].items()


def test_wrong_use_is_told(desk: Desk) -> None:
    desk.publish()
    desk.keep_snapshot(DAY, make_features(10))
    for words, said in (
        (("--as-of", "2026-10-31", "--out", "report.pdf"), "ends in .html or .json"),
        (("--as-of", "2026-10-30"), "no feature snapshot as of 2026-10-30"),
        (("--as-of", "2026-10-31", "--against", "9"), "wuliudai has no release '9'"),
    ):
        result = desk.run("simulate", "wuliudai", *words)
        assert isinstance(result.exception, ChengxinError), result.output
        assert said in str(result.exception)


def test_an_input_of_another_type_leaves_the_other_version_as_it_was(desk: Desk) -> None:
    """What the draft calls a number is still money for the release."""
    features, before = make_features(400), shipped()
    alone = simulate(before, before, features)["limits"]["before"]
    desk.edit(*MONEY_AS_NUMBER)
    after = read_product(desk.rulesets, desk.scorecards)
    assert after.inputs["avg_ticket"].type.kind != before.inputs["avg_ticket"].type.kind
    assert simulate(before, after, features)["limits"]["before"] == alone
    assert alone["count"] > 0


MONEY_AS_NUMBER = (
    "rulesets/catalogue.yaml",
    "  avg_ticket:\n    type: money",
    "  avg_ticket:\n    type: number",
)


def test_what_the_first_gave_is_kept_for_the_next_time(desk: Desk) -> None:
    features = make_features(500)
    kept: Kept = {}
    first = simulate(shipped(), shipped(), features, kept=kept)
    blocks = dict(kept)
    assert blocks
    after = edited(desk)
    assert simulate(shipped(), after, features, kept=kept) == simulate(shipped(), after, features)
    assert simulate(shipped(), shipped(), features, kept=kept) == first
    assert all(kept[start] is blocks[start] for start in blocks)
