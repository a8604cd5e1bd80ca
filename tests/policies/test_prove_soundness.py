"""What the evaluators say of a merchant is among what the solver's model allows for it: or a proof
would not speak of the evaluators.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pytest

from app.policies.examine import examine
from app.policies.policy import Policy
from app.rules.expression import compile_expression
from app.rules.program import build_program
from app.rules.rulesets import PURPOSES
from app.rules.scalar import compile_scalar
from app.rules.types import BOOLEAN, MONEY, TEXT, Type
from app.settings import PROJECT_FOLDER

z3 = pytest.importorskip("z3", reason="the extra 'prove' is not installed")

from app.proofs.arithmetic import Arithmetic  # noqa: E402
from app.proofs.decisions import Decisions  # noqa: E402
from app.proofs.evaluators import Evaluators  # noqa: E402
from app.proofs.landmarks import list_landmarks  # noqa: E402
from app.proofs.merchants import make_symbol  # noqa: E402
from app.proofs.rounding import Laws, keep_order  # noqa: E402
from app.proofs.terms import Encoder  # noqa: E402
from app.proofs.values import Quantity, Truth, Value, Word, compare  # noqa: E402

MERCHANTS = 25  # for each product and purpose
SCOPE = {
    "a": Type("money"),
    "b": Type("money"),
    "x": Type("number"),
    "y": Type("ratio"),
    "n": Type("integer"),
    "t": Type("category", ("A", "B")),
    "p": Type("boolean"),
}
EXPRESSIONS = (
    "a * 0.35 * y",
    "a / 3 + b * 1.25",
    "a / b",
    "if a / b > 0.1 then a else b",
    "(a / b + 0.2) * 3",
    "min(a, 1.25 * b, a / 3) - b",
    'a * (if t = "A" then 2.0 else if p then 1.6 else 0.6)',
    "a * (if p then 0.7 else 1.0) * (if n > 3 then 0.85 else 1.0)",
    "x * 0.1 + y * 0.2",
    "x / y",
    "x / n",
    "n * 3 - 1",
    "abs(x - y)",
    "max(x, y, n)",
    "floor(x)",
    "ceiling(a, -1)",
    "round half up(a, 0)",
    "round up(a, -2)",
    "decimal(a, 0)",
    "round half down(a, -1)",
    "decimal(x, 2)",
    "round half up(y, 1) > 0.4",
    "a / b >= 0.3",
    "a / b < 0.1 or x = y",
    'not(p) and t != "B"',
    "a != null and a < 1_000",
    'x in [0.1..0.3) or t in ("A", "B")',
    "if n = null then 1 else n / 7",
    "0.1 * 3 * (if p then 0.1 else 0.3)",
    "a * x",
    "a / (if p then 0 else 4)",
)


def _fixed(value: Value, real: Any, words: Mapping[str, int]) -> Any:
    """The condition that the model's value is what the evaluators gave."""
    if real is None:
        return z3.Not(value.known)
    if isinstance(value, Truth):
        return value.true if real else value.false
    if isinstance(value, Word):
        return z3.And(value.known, value.code == words[real])
    of_real = Quantity(z3.BoolVal(True), value.money, value.span, ((z3.BoolVal(True), real),))
    return z3.And(value.known, compare("eq", value, of_real))


def _draw(chance: random.Random, of: Type, marks: list[int | float]) -> Any:
    if chance.random() < 0.08:
        return None
    if of.kind == BOOLEAN:
        return chance.random() < 0.5
    if of.kind == TEXT:
        return chance.choice(of.values or ("some text",))
    low = float(of.low) if of.low is not None else -1e6
    high = min(float(of.high), 1e8) if of.high is not None else 1e6
    if of.kind == MONEY:
        at = chance.choice([*marks, chance.randint(0, 10 ** chance.randint(2, 12))])
        return int(max(low * 100, min(at + chance.randint(-1, 1), high * 100)))
    at = chance.choice([*marks, chance.uniform(low, min(high, low + 2)), chance.uniform(low, high)])
    at = max(low, min(at, high))
    return float(int(at)) if of.declared == "integer" else at


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_every_result_of_an_expression_is_allowed(text: str) -> None:
    term = compile_expression(text, SCOPE)
    judge = compile_scalar(build_program([term]))
    words: dict[str, int] = {}
    laws = Laws()
    symbols = {name: make_symbol(name, of, words) for name, of in SCOPE.items()}
    encoder = Encoder({n: s.as_value() for n, s in symbols.items()}, words, Arithmetic(laws))
    value = encoder.value(term)
    chance = random.Random(text)
    for _ in range(12):
        row = {name: _draw(chance, of, [0, 1, 2.5, 1000]) for name, of in SCOPE.items()}
        real = judge(row)[0]
        solver = z3.Solver()
        solver.set("timeout", 20_000)
        same = _fixed(value, real, words)  # may need a rounding: before the laws are read
        solver.add(*laws.formulas, *(law for s in symbols.values() for law in s.laws))
        solver.add(*(symbols[name].equals(v, words) for name, v in row.items()))
        assert solver.check() == z3.sat, row
        solver.add(same)
        assert solver.check() == z3.sat, (row, real)


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("product", ["wuliudai", "fapiaodai"])
def test_every_decision_is_allowed_and_no_other_outcome(product: str, purpose: str) -> None:
    policy = _policy(product)
    decisions = Decisions(policy, purpose, {n: one.type for n, one in policy.inputs.items()})
    evaluators = Evaluators(policy, purpose)
    landmarks = list_landmarks(policy)
    chance = random.Random(f"{product} {purpose}")
    base = _approved(product)
    values, words, symbols = decisions.run.values, decisions.words, decisions.symbols
    keys = [k for k in ("outcome", "score", "tier", "limit", "daily_rate") if k in values]
    assert len(keys) == 5
    solver = z3.Solver()
    solver.add(*decisions.laws.formulas, *(law for s in symbols.values() for law in s.laws))
    outcomes = set()
    for _ in range(MERCHANTS):
        row = {name: base[name] for name in symbols}
        for name in chance.sample(sorted(symbols), chance.choice((0, 1, 2, 4, 12))):
            row[name] = _draw(chance, policy.inputs[name].type, landmarks.get(name, []))
        real = evaluators.judge(row)
        assert real.agreed
        outcomes.add(real.judgement.outcome)
        solver.push()
        solver.add(*(symbols[name].equals(value, words) for name, value in row.items()))
        same = [_fixed(values[key], real.gives[key], words) for key in keys]
        assert solver.check(*same) == z3.sat, (row, real.judgement)
        assert solver.check(z3.Not(same[0])) == z3.unsat, (row, real.judgement)
        solver.pop()
    assert len(outcomes) > 1


@pytest.mark.parametrize("text", ["a / b", "x / y", "x / n", "a * 0.35", "a / 7", "x * -0.1"])
def test_two_results_keep_the_order_that_is_asked_of_them(text: str) -> None:
    scope = {"a": Type("money"), "b": Type("money"), "x": Type("number"), "y": Type("number")}
    scope["n"] = Type("integer")
    term = compile_expression(text, scope)
    judge = compile_scalar(build_program([term]))
    words: dict[str, int] = {}
    laws = Laws()
    one = {name: make_symbol(name, of, words) for name, of in scope.items()}
    grown = {"a", "x"} & set(term.inputs())
    other = one | {name: make_symbol(f"{name} ", scope[name], words) for name in grown}
    arithmetics = (Arithmetic(laws), Arithmetic(laws))
    values = [
        Encoder({n: s.as_value() for n, s in symbols.items()}, words, arithmetic).value(term)
        for symbols, arithmetic in zip((one, other), arithmetics, strict=True)
    ]
    assert all(isinstance(v, Quantity) and v.formula is not None for v in values)  # roundings made
    chance = random.Random(text)
    for _ in range(30):
        row = {"a": chance.randint(-9, 9), "b": chance.choice((-7, -3, 3, 11)), "n": -3.0}
        row |= {"x": chance.uniform(-2, 2), "y": chance.choice((-0.3, 0.7, -1e-5))}
        more = row | {name: row[name] + chance.choice((0, 1, 2)) for name in grown}
        same = [
            _fixed(value, judge(given)[0], words)
            for value, given in zip(values, (row, more), strict=True)
        ]
        pairs = zip(*(a.roundings for a in arithmetics), strict=True)
        orders = [law for a, b in pairs if a and b for law in keep_order(a, b)]
        assert orders
        solver = z3.Solver()
        solver.add(*laws.formulas, *orders, *same)
        solver.add(*(one[name].equals(value, words) for name, value in row.items()))
        solver.add(*(other[name].equals(more[name], words) for name in grown))
        assert solver.check() == z3.sat, (row, more)


def _policy(product: str) -> Policy:
    looked = examine(product, PROJECT_FOLDER / "rulesets", PROJECT_FOLDER / "scorecards")
    assert looked.policy is not None
    return looked.policy


def _approved(product: str) -> Mapping[str, Any]:
    looked = examine(product, PROJECT_FOLDER / "rulesets", PROJECT_FOLDER / "scorecards")
    return next(c.values for c in looked.cases if c.expected.get("outcome") == "approve")
