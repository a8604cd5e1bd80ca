"""A policy with its statements comes in; for each statement and purpose a finding goes out: proven
for all merchants, refuted by one that the evaluators confirm, or open.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import z3

from app.policies.always import Silence, Statement
from app.policies.policy import Policy
from app.proofs.decisions import Decisions, Question, silent_inputs
from app.proofs.evaluators import Evaluators, Judged
from app.proofs.landmarks import Landmarks, list_landmarks
from app.proofs.merchants import Symbol
from app.proofs.search import Search
from app.proofs.terms import NotProvable
from app.rules.catalogue import Input
from app.rules.rulesets import PURPOSES
from app.rules.types import Type

PROVEN, REFUTED, OPEN = "proven", "refuted", "open"
SECONDS = 30.0  # the time limit of one statement for one purpose, unless said otherwise
MOST_TRIES = 4  # merchants that are tried in the evaluators before a statement is left open


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known of one statement for one purpose. `judged`: the confirmed counterexample, one
    merchant or the two of a direction; `away`: its inputs that differ from the plain merchant, and
    `mattered`: missing ones that the statement speaks of. `types`: of the inputs.
    """

    statement: Statement
    statement_number: int
    purpose: str
    verdict: str
    seconds: float
    types: Mapping[str, Type]
    why_open: str | None = None
    judged: tuple[Judged, ...] = ()
    away: tuple[str, ...] = ()
    mattered: tuple[str, ...] = ()
    is_from_plain: bool = False

    @property
    def shown(self) -> tuple[str, ...]:
        """The inputs worth showing, each once."""
        return tuple(dict.fromkeys([*self.away, *self.mattered]))


def count_questions(policy: Policy) -> int:
    """How many findings `prove` gives."""
    return sum(len(s.purposes or PURPOSES) for s in policy.always)


def prove(
    policy: Policy,
    catalogue: Mapping[str, Input],
    plain: Callable[[str], Mapping[str, Any]] = lambda purpose: {},
    seconds: float = SECONDS,
) -> Iterator[Finding]:
    """The findings, purpose by purpose. `plain`: a usual merchant for a purpose, from which a
    counterexample departs as little as can be found; `seconds`: the limit of each question.
    """
    landmarks = list_landmarks(policy)
    for purpose in PURPOSES:
        mine = [s for s in policy.always if s.purposes is None or purpose in s.purposes]
        if mine:
            prover = Prover(policy, purpose, catalogue, plain(purpose), landmarks)
            for statement in mine:
                yield prover.decide(statement, seconds)


class Prover:
    """Decides statements about one policy for one purpose."""

    def __init__(
        self,
        policy: Policy,
        purpose: str,
        catalogue: Mapping[str, Input],
        plain: Mapping[str, Any],
        landmarks: Landmarks,
    ) -> None:
        self.purpose, self.plain, self.landmarks = purpose, plain, landmarks
        stated = {name for statement in policy.always for name in statement.inputs()}
        read = {*policy.inputs, *(stated & catalogue.keys())}
        self.types = {n: one.type for n, one in catalogue.items() if n in read}
        self._policy = policy
        self._decisions: Decisions | None = None
        self._evaluators: Evaluators | None = None

    def decide(self, statement: Statement, seconds: float = SECONDS) -> Finding:
        """Proven, refuted or open after about `seconds`."""
        began = time.monotonic()
        try:
            self._decisions = self._decisions or Decisions(self._policy, self.purpose, self.types)
            question = self._decisions.ask(statement)
        except NotProvable as unable:
            return self._open(statement, began, str(unable))
        solver = z3.Solver()
        solver.set("random_seed", 0)
        solver.add(*question.laws, question.broken)
        for _ in range(MOST_TRIES):
            left = seconds - (time.monotonic() - began)
            solver.set("timeout", max(1, int(left * 1000)))
            answer = solver.check()
            if answer == z3.unsat:
                # merchants that were tried and broke nothing in the evaluators are ruled out
                return self._found(statement, PROVEN, began)
            if answer == z3.unknown:
                return self._open(statement, began, f"no answer within {seconds:g} s")
            refuted = self._refute(statement, question, solver, began, left)
            if refuted is not None:
                return refuted
        return self._open(
            statement, began, "the merchants found break it only within the margin of rounding"
        )

    def _refute(
        self,
        statement: Statement,
        question: Question,
        solver: z3.Solver,
        began: float,
        left: float,
    ) -> Finding | None:
        """The finding, when the evaluators confirm the merchant; else that merchant is ruled
        out.
        """
        assert self._decisions is not None
        words = self._decisions.words
        model = solver.model()
        solver.push()
        search = Search(solver, model, question, words, self.plain, self.landmarks)
        found = search.find(max(left, 1))
        solver.pop(solver.num_scopes())
        self._evaluators = self._evaluators or Evaluators(self._policy, self.purpose)
        judged = tuple(self._evaluators.judge(merchant) for merchant in found)
        if self._evaluators.breaks(statement, judged):
            finding = self._found(statement, REFUTED, began)
            return replace(
                finding,
                judged=judged,
                away=self._away(found),
                mattered=self._mattered(statement, found[0]),
                is_from_plain=bool(self.plain),
            )
        same = [
            symbol.equals(merchant[name], words)
            for merchant, symbols in zip(found, _symbols_of(question), strict=True)
            for name, symbol in symbols.items()
        ]
        solver.add(z3.Not(z3.And(*same)))
        return None

    def _away(self, found: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
        if not self.plain:
            return tuple(found[0])
        return tuple(
            name
            for name in found[0]
            if any(merchant[name] != self.plain.get(name) for merchant in found)
        )

    def _mattered(self, statement: Statement, merchant: Mapping[str, Any]) -> tuple[str, ...]:
        """The missing or assumed inputs that a statement about silence speaks of."""
        if not isinstance(statement.claim, Silence):
            return ()
        excepted = statement.claim.excepted
        return tuple(silent_inputs(self._policy, self.purpose, excepted, merchant))

    def _found(self, statement: Statement, verdict: str, began: float) -> Finding:
        number = self._policy.always.index(statement)
        took = time.monotonic() - began
        return Finding(statement, number, self.purpose, verdict, took, self.types)

    def _open(self, statement: Statement, began: float, why: str) -> Finding:
        return replace(self._found(statement, OPEN, began), why_open=why)


def _symbols_of(question: Question) -> list[Mapping[str, Symbol]]:
    if question.other is None or question.input is None:
        return [question.symbols]
    return [question.symbols, {**question.symbols, question.input: question.other}]
