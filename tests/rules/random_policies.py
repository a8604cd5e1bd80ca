"""Random whole policies as documents, and random merchants; all from one `random.Random`."""

from __future__ import annotations

from random import Random
from typing import Any

from app.policies.documents import Documents
from app.policies.policy import Policy, check_policy
from app.policies.reasons import SERVICE_CODES
from app.rules.catalogue import acceptor_of_stored
from app.rules.document import node_of
from app.rules.problems import ProblemsFound
from app.rules.types import MONEY, NUMBER
from tests.rules.random_expressions import SCOPE, RandomExpressions, random_value

CODES = [f"R{number}" for number in range(9)]
RANGES = {"份额": ["-1", "2"], "cod_months": ["0", "600"], "货款": ["0", "1_000_000"]}
WORDS = {"zh": "字", "en": "word"}


def catalogue() -> dict[str, Any]:
    inputs: dict[str, Any] = {}
    for name, of in SCOPE.items():
        inputs[name] = {"type": of.declared, "from": "features", "meaning": WORDS}
        if of.values:
            inputs[name]["values"] = list(of.values)
        if name in RANGES:
            inputs[name]["range"] = RANGES[name]
    return {"inputs": inputs}


def reasons() -> dict[str, Any]:
    one = {"merchant": WORDS, "staff": WORDS, "merchant_may_see": "true"}
    return {"reasons": dict.fromkeys((*SERVICE_CODES, *CODES), one)}


class RandomPolicies:
    def __init__(self, random: Random, null_tests: bool = True) -> None:
        self.random = random
        self.expressions = RandomExpressions(random)
        self.null_tests = null_tests

    def policy(self) -> Policy:
        """A checked policy; documents that the checker refuses are drawn again."""
        while True:
            try:
                return check_policy(self._documents())
            except ProblemsFound:
                continue

    def _documents(self) -> Documents:
        rulesets = {
            "admission.yaml": self._rules(),
            "antifraud.yaml": self._rules(["admission_hits >= 1", 'admission_outcome = "refer"']),
            "tiering.yaml": self._table(["score"], "tier", ["甲", "B", "C"]),
            "limit.yaml": self._formula(),
            "pricing.yaml": self._table(["tier", "limit"], "daily_rate", ["0.00019", "0.0004"]),
        }
        stages = [{"stage": name[:-5], "ruleset": name} for name in rulesets]
        stages.insert(2, {"stage": "scorecard", "scorecard": "card.yaml"})
        purposes = {"preapproval": {"assume": {"m": "100", "b": "true"}}}
        policy = {
            "policy": "p",
            "title": WORDS,
            "terms": {"cap": "500_000", "floor_rate": "0.00019"},
            "purposes": purposes,
            "stages": stages,
        }
        return Documents(
            "p",
            node_of("policy.yaml", policy),
            {name: node_of(name, plain) for name, plain in rulesets.items()},
            {"card.yaml": node_of("card.yaml", self._card())},
            node_of("catalogue.yaml", catalogue()),
            node_of("reasons.yaml", reasons()),
        )

    def _boolean(self) -> str:
        while True:
            text = self.expressions.boolean(self.random.randint(0, 2))
            if self.null_tests or "null)" not in text:
                return text

    def _header(self, kind: str) -> dict[str, Any]:
        plain: dict[str, Any] = {"kind": kind, "unknown": self.random.choice(["refer", "decline"])}
        return plain | self._purposes(0.1)

    def _purposes(self, share: float) -> dict[str, Any]:
        if self.random.random() >= share:
            return {}
        return {"for": self.random.sample(["preapproval", "drawdown", "review"], 2)}

    def _rules(self, more: list[str] | None = None) -> dict[str, Any]:
        rules = []
        for number in range(self.random.randint(1, 7)):
            when = (
                self.random.choice(more) if more and self.random.random() < 0.2 else self._boolean()
            )
            if self.random.random() < 0.85:  # most merchants pass, so that later stages matter
                when = f"{when} and x > 1e299"
            rules.append(
                {
                    "id": f"R-{number}",
                    "when": when,
                    "then": self.random.choice(["decline", "refer", "flag", "flag"]),
                    "reason": self.random.choice(CODES),
                }
                | self._purposes(0.15)
            )
        return self._header("rules") | {"rules": rules}

    def _table(self, more: list[str], output: str, values: list[str]) -> dict[str, Any]:
        cells = {
            "cod_months": ["< 12", "[12..24)", ">= 1", "-"],
            "份额": ["<= 0.35", "> 0.35", "(0.1..1.5]"],
            "货款": [">= 500_000", "< 0.35", "[1..12.34]"],
            "类别": ['"A"', 'not("A")', '"B", "丙"', "丙"],
            "旺季": ["true", "false"],
            "score": [">= 12", "< 5", "[5..12)"],
            "tier": ['"甲"', 'not("甲")'],
            "limit": [">= 10_000", "< 500"],
        }
        columns = [*more, *self.random.sample(["cod_months", "份额", "货款", "类别", "旺季"], 2)]
        rows = []
        for _ in range(self.random.randint(1, 5)):
            row: dict[str, Any] = {
                name: self.random.choice(cells[name])
                for name in columns
                if self.random.random() < 0.6
            }
            row[output] = self.random.choice(values)
            if self.random.random() < 0.2:
                row |= {
                    "then": self.random.choice(["refer", "decline"]),
                    "reason": self.random.choice(CODES),
                }
            rows.append(row | self._purposes(0.1))
        otherwise: dict[str, Any] = {output: self.random.choice(values)}
        if self.random.random() < 0.5:
            otherwise |= {"then": "decline", "reason": self.random.choice(CODES)}
        return self._header("table") | {
            "hit": self.random.choice(["first", "unique"]),
            "inputs": columns,
            "outputs": [output],
            "rows": rows,
            "otherwise": otherwise,
        }

    def _formula(self) -> dict[str, Any]:
        return self._header("formula") | {
            "let": {
                "alpha": self.random.choice(["1.25", 'if tier = "甲" then 2.0 else 0.6']),
                "flow": f"min({self.expressions.money(1)}, 1.25 * m)",
            },
            "limit": f"min(500_000, flow * alpha, {self.expressions.money(1)} + 100_000)",
            "round_down_to": self.random.choice(["1", "1_000"]),
            "minimum": {
                "amount": "0.01",
                "then": self.random.choice(["refer", "decline"]),
                "reason": "R0",
            },
        }

    def _card(self) -> dict[str, Any]:
        characteristics = [
            self._characteristic("a", {"input": "cod_months"}, ["< 12", "[12..24)", ">= 24"]),
            self._characteristic(
                "b", {"input": "货款"}, ["<= 0.35", "(0.35..500_000)", ">= 500_000"]
            ),
            self._characteristic("c", {"value": "份额 * 2"}, ["< 0.1", ">= 0.1"]),
            self._characteristic("d", {"input": "类别"}, ['"A"', "-"]),
            self._characteristic("e", {"input": "旺季"}, ["true", "false"]),
            self._characteristic("f", {"value": "admission_hits"}, ["< 1", ">= 1"]),
        ]
        best = sum(
            max(int(one["missing"]), *(int(b["points"]) for b in one["bins"]))
            for one in characteristics
        )
        return {
            "scorecard": "card",
            "dimensions": {"d": str(best)},
            "characteristics": characteristics,
        }

    def _characteristic(
        self, identity: str, subject: dict[str, str], bins: list[str]
    ) -> dict[str, Any]:
        return subject | {
            "id": identity,
            "dimension": "d",
            "reason": self.random.choice(CODES),
            "missing": str(self.random.randint(0, 3)),
            "bins": [{"when": when, "points": str(self.random.randint(0, 9))} for when in bins],
        }


def random_merchant(
    random: Random, policy: Policy
) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
    """Stored values as a snapshot holds them; then the inside values, and why those that are None
    are.
    """
    stored, values, missing = {}, {}, {}
    is_complete = random.random() < 0.7
    for name, one in policy.inputs.items():
        value = random_value(random, one.type)
        while is_complete and value is None:
            value = random_value(random, one.type)
        if random.random() < (0.9 if is_complete else 0.5) and one.type.kind in (NUMBER, MONEY):
            usual = {"cod_months": 24.0, "份额": 0.4, "x": 1.5, "货款": 30_000_000, "m": 40_000_000}
            value = usual.get(name, value)
        stored[name] = value
        values[name], why = acceptor_of_stored(one.type)(value)
        if values[name] is None:
            missing[name] = why or "NOT_GIVEN"
    return stored, values, missing
