"""A small policy with every shape that an export has to say: written into a folder by tests."""

from __future__ import annotations

from pathlib import Path

import yaml

from app.settings import PROJECT_FOLDER

CATALOGUE = """
inputs:
  age: {type: integer, from: bank, range: [0, 120], meaning: {zh: 年龄, en: age}}
  sales: {type: money, from: bank, range: [0, 1000000], meaning: {zh: 销售, en: sales}}
  share: {type: ratio, from: bank, range: [0, 1], meaning: {zh: 占比, en: share}}
  other: {type: money, from: bank, meaning: {zh: 其他, en: other}}
  region: {type: category, values: [north, south, "e\\"ast"], from: bank,
           meaning: {zh: 地区, en: region}}
  town: {type: text, from: bank, meaning: {zh: 城市, en: town}}
  flagged: {type: boolean, from: bank, meaning: {zh: 标记, en: flagged}}
  for: {type: number, from: bank, meaning: {zh: 保留字, en: a word of FEEL}}
"""
FILES = {
    "gate.yaml": """
kind: rules
title: {zh: 门, en: Gate}
unknown: decline
rules:
  - {id: G1, when: 'region in ("north", "south") and not(flagged)', then: refer, reason: R1}
  - {id: G2, when: 'region != "north"', then: flag, reason: R1}
  - {id: G3, when: sales between 100 and 200.5, then: refer, reason: R2}
  - {id: G4, when: 'if town = "X" then share > 0.5 else flagged', then: decline, reason: R1}
  - {id: G5, when: sales / other > 2, then: flag, reason: R2}
  - {id: G6, when: 'town in ("A", "B", null)', then: flag, reason: R1}
  - {id: G7, for: [review], when: age > 100, then: decline, reason: R1}
  - {id: G8, when: for >= -1.5 and sales != null, then: flag, reason: R2}
  - {id: G9, when: 'share in [0.25..0.5) or flagged = true', then: flag, reason: R2}
""",
    "kinds.yaml": """
kind: table
hit: unique
inputs: [region, flagged, {name: part, is: sales / other}, town]
outputs: [kind, bonus, is_good]
rows:
  - {id: K1, region: north, flagged: "true", kind: A, bonus: 1.5, is_good: true}
  - {id: K2, region: 'not("north")', part: "[0.5..2)", kind: B, bonus: -2, is_good: false}
  - {id: K3, region: south, town: '"A","B"', kind: C, then: refer, reason: R2}
  - {id: K4, town: 'null', flagged: "false", kind: D, bonus: 0}
otherwise: {kind: E, then: decline, reason: R1}
""",
    "levels.yaml": """
kind: table
hit: first
unknown: decline
inputs: [kind, share, sales, age]
outputs: [tier]
rows:
  - {id: L1, kind: A, share: "<= 0.5", sales: "> 1_000 - 900", tier: A}
  - {id: L2, kind: '"B","C"', sales: "< other", tier: B}
  - {id: L3, age: 'not([18..60])', tier: C}
  - {id: L4, for: [review], share: "> 0.9", tier: D}
  - {id: L5, age: '!= 30', share: '< 0.1, > 0.3', tier: D, then: refer, reason: R2}
  - {id: L6, kind: 'null', tier: E}
otherwise: {then: decline, reason: R1}
""",
    "limit.yaml": """
kind: formula
let:
  part: if region = "north" then 0.1 else if flagged or share > 0.5 then 0.05 else 0.333
  seen: sales * part
  mean: (sales + other) / 3
limit: min(cap, seen, 1.5 * mean) - abs(other) + round up(sales, -2) / 7
round_down_to: 0.5
minimum: {amount: 20, then: refer, reason: R2}
""",
    "late.yaml": """
kind: rules
unknown: refer
rules:
  - {id: Z1, when: 'tier = "A" and limit > 1_000', then: flag, reason: R1}
  - {id: Z2, when: gate_hits >= 3, then: refer, reason: R1}
  - {id: Z3, when: 'gate_outcome = "decline"', then: flag, reason: R1}
  - {id: Z4, when: score < 5 and is_good != false, then: refer, reason: R2}
""",
}
CARD = """
scorecard: small
dimensions: {one: 22.5}
characteristics:
  - {id: money, dimension: one, input: sales, reason: R1, missing: 1.25,
     bins: [{when: "< 100", points: 0}, {when: "[100..200.5]", points: 3.5},
            {when: "> 200.5", points: 10}]}
  - {id: where, dimension: one, input: region, reason: R2, missing: -1,
     bins: [{when: north, points: 4}, {when: "-", points: 2}]}
  - {id: marks, dimension: one, input: flagged, reason: R2, missing: 0,
     bins: [{when: "true", points: 0}, {when: "false", points: 5}]}
  - {id: hits, dimension: one, value: gate_hits / 2, reason: R2, missing: 0,
     bins: [{when: "<= 0.5", points: 3.5}, {when: "> 0.5", points: 0}]}
"""
STAGES = ("gate", "kinds", "score", "levels", "limit", "late")


def write_small_policy(folder: Path) -> None:
    """The rulesets and scorecards of the product `small`."""
    product = folder / "rulesets" / "small"
    product.mkdir(parents=True)
    (folder / "scorecards").mkdir()
    text = (PROJECT_FOLDER / "rulesets" / "reasons.yaml").read_text(encoding="utf-8")
    reasons = yaml.safe_load(text)
    texts = {"zh": "某", "en": "some"}
    for code in ("R1", "R2"):
        reasons["reasons"][code] = {"staff": dict(texts), "merchant_may_see": False}
    shown = yaml.safe_dump(reasons, allow_unicode=True)
    (folder / "rulesets" / "reasons.yaml").write_text(shown, encoding="utf-8")
    (folder / "rulesets" / "catalogue.yaml").write_text(CATALOGUE, encoding="utf-8")
    (folder / "scorecards" / "small.yaml").write_text(CARD, encoding="utf-8")
    stages = [
        f"  - {{stage: {name}, "
        + ("scorecard: small.yaml}" if name == "score" else f"ruleset: {name}.yaml}}")
        for name in STAGES
    ]
    policy = (
        "policy: small\ntitle: {zh: 小, en: small}\nterms: {cap: 300}\n"
        "purposes: {preapproval: {assume: {other: 12.5}}}\nstages:\n" + "\n".join(stages) + "\n"
    )
    (product / "policy.yaml").write_text(policy, encoding="utf-8")
    for name, content in FILES.items():
        (product / name).write_text(content, encoding="utf-8")
