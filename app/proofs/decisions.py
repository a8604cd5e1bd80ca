"""A whole policy for one purpose → the decision of every merchant at once; a statement → the
merchants that break it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.policies.always import UPWARDS, Direction, Holds, Silence, Statement
from app.policies.policy import Policy
from app.proofs.arithmetic import Arithmetic
from app.proofs.logic import NO, Formula, all_of, any_of, choose, negation, number
from app.proofs.merchants import Symbol, make_symbol, order_of
from app.proofs.rounding import Laws, Rounded, keep_order
from app.proofs.stages import Said, encode_stage, outcome_word
from app.proofs.terms import Encoder
from app.proofs.values import Quantity, Value, compare
from app.rules.rulesets import Rules
from app.rules.stages import applies
from app.rules.types import Type

ONLY_APPROVED = ("limit", "daily_rate")  # stand in a decision only where it approves


@dataclass(frozen=True, slots=True)
class Run:
    """The decision of one symbolic merchant. `values`: inputs, what stages gave, the outcome."""

    symbols: Mapping[str, Symbol]
    values: Mapping[str, Value]
    declined: Formula
    referred: Formula
    encoder: Encoder
    rounded: int  # how many roundings the policy itself has, before those of statements

    def roundings(self) -> list[Rounded | None]:
        """The policy's own, in its order: the same places in every run."""
        return self.encoder.arithmetic.roundings[: self.rounded]

    @property
    def approved(self) -> Formula:
        return negation(any_of([self.declined, self.referred]))


@dataclass(frozen=True, slots=True)
class Question:
    """Which merchants break a statement: a model of `laws` and `broken` is one, or two that differ
    in `input`.
    """

    broken: Formula
    laws: tuple[Formula, ...]
    symbols: Mapping[str, Symbol]
    other: Symbol | None  # the same input of the second merchant
    input: str | None


class Decisions:
    """Symbolic decisions of one policy for one purpose. `types`: every input that the policy or
    its statements read.
    """

    def __init__(self, policy: Policy, purpose: str, types: Mapping[str, Type]) -> None:
        self.policy, self.purpose, self.types = policy, purpose, types
        self.words: dict[str, int] = {}
        self.laws = Laws()
        self.symbols = {n: make_symbol(n, of, self.words) for n, of in types.items()}
        self.run = self._run(self.symbols)

    def _run(self, symbols: Mapping[str, Symbol]) -> Run:
        values = {name: symbol.as_value() for name, symbol in symbols.items()}
        encoder = Encoder(values, self.words, Arithmetic(self.laws))
        declined, referred = NO, NO
        data = frozenset(self.policy.inputs)
        for stage in self.policy.stages:
            said: Said = encode_stage(stage.name, stage.checked, self.purpose, encoder, data)
            values.update(said.gives)
            declined = any_of([declined, said.declined])
            referred = any_of([referred, said.referred])
        rounded = len(encoder.arithmetic.roundings)
        run = Run(symbols, values, declined, referred, encoder, rounded)
        decided = dict(values)
        for name in ONLY_APPROVED:
            value = values.get(name)
            if isinstance(value, Quantity):
                decided[name] = _known_where(value, run.approved)
        decided["outcome"] = outcome_word(declined, referred, encoder)
        asked = Encoder(decided, self.words, encoder.arithmetic)
        return replace(run, values=decided, encoder=asked)

    def ask(self, statement: Statement) -> Question:
        """What would break a statement. Raises NotProvable."""
        match statement.claim:
            case Holds(term):
                broken = self.run.encoder.truth(term).false
                return self._question(broken, (), None, None)
            case Silence(excepted):
                return self._question(self._slips_through(excepted), (), None, None)
            case Direction() as claim:
                return self._ask_direction(claim)

    def _question(
        self,
        broken: Formula,
        laws: tuple[Formula, ...],
        other: Symbol | None,
        name: str | None,
    ) -> Question:
        domain = [law for symbol in self.symbols.values() for law in symbol.laws]
        whole = (*domain, *self.laws.formulas, *laws)
        return Question(broken, whole, self.symbols, other, name)

    def _slips_through(self, excepted: tuple[str, ...]) -> Formula:
        names = read_by_rules(self.policy, self.purpose) - set(excepted)
        missing = [negation(self.symbols[name].known) for name in sorted(names)]
        assumed = self.policy.assumed.get(self.purpose, {})
        missing += [
            self.symbols[name].equals(assumed[name], self.words)
            for name in sorted(names & assumed.keys())
        ]
        return all_of([self.run.approved, any_of(missing)])

    def _ask_direction(self, claim: Direction) -> Question:
        """Two merchants, alike but for one input, which the second has more of."""
        name = claim.input
        one, other = self.symbols[name], make_symbol(f"{name} ", self.types[name], self.words)
        second = self._run({**self.symbols, name: other})
        laws = [*other.laws, order_of(one, other)]
        broken = _moves(claim, self.run, second)  # may need roundings: before the laws are read
        if claim.where is not None:
            laws += [run.encoder.truth(claim.where).true for run in (self.run, second)]
        for mine, its in zip(self.run.roundings(), second.roundings(), strict=True):
            if mine is not None and its is not None:
                laws += keep_order(mine, its)
        return self._question(broken, tuple(laws), other, name)


def read_by_rules(policy: Policy, purpose: str) -> set[str]:
    """The inputs that the conditions of the rules for this purpose read."""
    found: set[str] = set()
    for stage in policy.stages:
        if isinstance(stage.checked, Rules) and applies(stage.checked.header.purposes, purpose):
            for rule in stage.checked.rules:
                if applies(rule.purposes, purpose):
                    found.update(rule.when.inputs())
    return found & policy.inputs.keys()


def silent_inputs(
    policy: Policy, purpose: str, excepted: tuple[str, ...], merchant: Mapping[str, Any]
) -> list[str]:
    """The inputs, read by rules, of which such a decision may know nothing: they are missing, or
    have the value that the purpose assumes where the caller gives none.
    """
    assumed = policy.assumed.get(purpose, {})
    read = read_by_rules(policy, purpose) - set(excepted)
    return [
        name
        for name, value in merchant.items()
        if name in read and (value is None or (name in assumed and value == assumed[name]))
    ]


def _known_where(value: Quantity, where: Formula) -> Quantity:
    known = all_of([value.known, where])
    return Quantity(
        known, value.money, value.span, value.choices, value.exact, lambda: value.formula
    )


def _moves(claim: Direction, one: Run, other: Run) -> Formula:
    """Where the output does from one merchant to the other what it may not."""
    op = "lt" if claim.verb in UPWARDS else "gt"
    if claim.output == "outcome":
        graver, lighter = (other, one) if op == "lt" else (one, other)
        from_refer = all_of([lighter.referred, negation(lighter.declined), graver.declined])
        return any_of([all_of([lighter.approved, negation(graver.approved)]), from_refer])
    before, after = one.values[claim.output], other.values[claim.output]
    assert isinstance(before, Quantity) and isinstance(after, Quantity)
    if claim.output == "limit":  # no limit is a limit of 0
        zero = number(0)
        a = choose(before.known, before.formula, zero)
        b = choose(after.known, after.formula, zero)
        return a < b if op == "lt" else a > b
    return all_of([before.known, after.known, compare(op, before, after)])
