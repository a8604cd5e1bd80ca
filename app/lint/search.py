"""A question about all merchants: does one exist for whom some conditions give certain results?

A box gives each name a set of values. A box that is decided as a whole is done; another one is
divided: first null from the rest, then at the values with which conditions compare the name, then,
where arithmetic reads the name, in the middle. Where all conditions compare names with constants
the answer is exact; elsewhere a yes comes with a merchant that was tried, and a no holds for all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.lint.domains import Domain
from app.lint.looser import loosen
from app.lint.values import (
    ABOVE,
    BELOW,
    EQUAL,
    FALSE,
    NULL,
    TRUE,
    Env,
    Value,
    constant,
    is_single,
    possible,
)
from app.rules.program import Program, build_program
from app.rules.terms import COMPARE, Term
from app.rules.types import BOOLEAN, MONEY, NUMBER, TEXT

YES, NO, MAYBE = "yes", "no", "maybe"
Judge = Callable[[Sequence[Value]], str]  # of the terms' sets: whether the box answers the question
Merchant = dict[str, Value]  # a set with one value for each name
MOST_BOXES = 4_000


@dataclass(frozen=True, slots=True)
class Answer:
    """`yes` with a merchant, `no`, or `maybe` where the search was given up."""

    says: str
    merchant: Merchant | None = None


class Question:
    """Terms whose results are asked for, over the domains of the names that they read."""

    def __init__(self, terms: Sequence[Term], domains: Mapping[str, Domain]) -> None:
        self.program = build_program(terms)
        self.names = [name for name, _ in self.program.inputs]
        self.domains = {name: domains[name] for name in self.names}
        self.thresholds, self.computed = _landmarks(self.program, self.domains)
        self.kinds = [operation.kind for operation in self.program.operations]
        self.orders = _orders(self.program)

    def ask(self, judge: Judge, box: Env | None = None, most: int = MOST_BOXES) -> Answer:
        """Whether a merchant (of the box) answers the question."""
        start = {name: domain.whole() for name, domain in self.domains.items()}
        start.update({name: value for name, value in (box or {}).items() if name in start})
        start.update(dict.fromkeys(self.orders.values(), BELOW | EQUAL | ABOVE))
        open_boxes, is_open = [start], False
        for _ in range(most):
            if not open_boxes:
                return Answer(MAYBE if is_open else NO)
            one = open_boxes.pop()
            found = possible(self.program, one, self.orders)
            says = judge([found[i] for i in self.program.outputs])
            if says == NO:
                continue
            for merchant in self._samples(one):
                tried = possible(self.program, merchant)
                if judge([tried[i] for i in self.program.outputs]) == YES:
                    return Answer(YES, merchant)
            parts = self._divide(one, found)
            if not parts:
                is_open = True
            open_boxes += parts
        return Answer(MAYBE)

    def _samples(self, box: Env) -> Iterator[Merchant]:
        """Merchants of the box: of the middle, and, for arithmetic, of both ends."""
        for at in (0.5, 0.0, 1.0) if self.computed else (0.5,):
            yield {name: self._one_of(name, box[name], at) for name in self.names}

    def _one_of(self, name: str, value: Value, at: float) -> Value:
        kind = self.domains[name].kind
        if kind == BOOLEAN:
            return next(one for one in (TRUE, FALSE, NULL) if value & one)
        if kind == TEXT:
            return frozenset((min(value, key=lambda text: (text is None, text or "")),))
        low, high, _ = value
        if low is None:
            return constant(None, kind)
        chosen = low if at == 0 else high if at == 1 else self._nice(name, low, high)
        return (chosen, chosen, False)

    def _nice(self, name: str, low: float, high: float) -> float | int:
        return nice_between(self.domains[name], low, high)

    def _divide(self, box: Env, found: Sequence[Value]) -> list[dict[str, Value]]:
        """The box in two or three, the likelier part last; none where it cannot be divided."""
        best, parts_of_best, name_of_best = 0, list[Value](), ""
        for name, weight in self._undecided(found).items():
            parts, rank = self._parts(name, box[name])
            if parts and rank * 1_000 + min(weight, 999) > best:
                best, parts_of_best, name_of_best = rank * 1_000 + weight, parts, name
        return [{**box, name_of_best: part} for part in parts_of_best]

    def _undecided(self, found: Sequence[Value]) -> dict[str, int]:
        """The names on which what is still undecided depends, with how often it reads them."""
        counts: dict[str, int] = {}
        seen: set[int] = set()
        stack = list(self.program.outputs)
        while stack:
            at = stack.pop()
            if at in seen or is_single(found[at], self.kinds[at]):
                continue
            seen.add(at)
            operation = self.program.operations[at]
            stack += operation.args
            if at in self.orders:
                counts[self.orders[at]] = counts.get(self.orders[at], 0) + 1
            for arg in operation.args:
                if self.program.operations[arg].op == "input":
                    name = self.program.operations[arg].payload
                    counts[name] = counts.get(name, 0) + 1
            if operation.op == "input":
                counts.setdefault(operation.payload, 1)
        return counts

    def _parts(self, name: str, value: Value) -> tuple[list[Value], int]:
        """The parts of a name's set, and how soon it is worth dividing it (3: soon)."""
        if name not in self.domains:  # how two sides of comparisons stand to one another
            orders = [one for one in (EQUAL, ABOVE, BELOW) if value & one]
            return (orders if len(orders) > 1 else []), 2
        kind = self.domains[name].kind
        if kind == BOOLEAN:
            parts: list[Value] = [one for one in (NULL, FALSE, TRUE) if value & one]
            return (parts if len(parts) > 1 else []), 2
        if kind == TEXT:
            if len(value) < 2:
                return [], 0
            ordered = sorted(value, key=lambda text: (text is not None, text or ""))
            return [frozenset((text,)) for text in ordered], 2
        low, high, null = value
        if low is None:
            return [], 0
        if null:
            return [constant(None, kind), (low, high, False)], 3
        inside = [t for t in self.thresholds[name] if low <= t <= high]
        if inside and low != high:
            return self._around(name, low, high, inside[len(inside) // 2]), 2
        if name in self.computed and low != high:
            return self._halves(name, low, high), 1
        return [], 0

    def _around(self, name: str, low: float, high: float, at: float) -> list[Value]:
        domain = self.domains[name]
        parts = [(low, domain.before(at), False), (domain.after(at), high, False)]
        point = [(at, at, False)] if domain.holds(at) else []
        return [part for part in parts if part[0] <= part[1]] + point

    def _halves(self, name: str, low: float, high: float) -> list[Value]:
        domain = self.domains[name]
        middle: float = low + (high - low) // 2 if domain.kind == MONEY else _middle(low, high)
        if domain.is_whole and domain.kind == NUMBER:
            middle = float(math.floor(middle))
        above = domain.after(middle)
        if not low <= middle < above <= high:
            return [(low, low, False), (high, high, False)] if low < high else []
        return [(low, middle, False), (above, high, False)]


def _middle(low: float, high: float) -> float:
    """Halfway; of a wide range of one sign halfway in size, of one with both signs at zero."""
    if low < 0 < high:
        return 0.0
    small, large = sorted((abs(low), abs(high)))
    if large > 1_000 * max(small, 1e-6):
        return math.copysign(math.sqrt(max(small, 1e-9)) * math.sqrt(large), low + high)
    return low / 2 + high / 2


def nice_between(domain: Domain, low: float, high: float) -> float | int:
    """A short number that the interval holds, near its middle."""
    if low == high:
        return low
    if domain.kind == MONEY:
        middle: float = (int(low) + int(high)) // 2
        units = [10**decimals for decimals in range(15, -1, -1)]
        rounded = [int(middle) // unit * unit for unit in units]
        return next((fen for fen in rounded if fen >= low), int(middle))
    wide = math.isinf(high - low) or high - low > 1e15
    middle = min(max(low, 1.0), high) if wide else low / 2 + high / 2
    for decimals in range(-9, 17):
        near = round(middle, decimals)
        if low <= near <= high and (not domain.is_whole or near % 1 == 0):
            return near + 0.0
    return float(math.floor(middle)) if domain.is_whole else middle


def _landmarks(
    program: Program, domains: Mapping[str, Domain]
) -> tuple[dict[str, list[float]], frozenset[str]]:
    """The values that each name is compared with, in order; the names that arithmetic reads."""
    start = {name: domain.whole() for name, domain in domains.items()}
    found = possible(program, start)
    depends: list[bool] = []
    thresholds: dict[str, set[float]] = {name: set() for name in domains}
    computed: set[str] = set()
    for operation in program.operations:
        op = operation.op
        depends.append(op == "input" or any(depends[arg] for arg in operation.args))
        if op in ("and", "or", "not", "is_null"):
            continue
        pair = [program.operations[arg] for arg in operation.args]
        for position, one in enumerate(pair):
            if one.op != "input" or one.kind not in (NUMBER, MONEY):
                continue
            other = operation.args[1 - position] if len(pair) == 2 else None
            if op in COMPARE and other is not None and not depends[other]:
                low, _, _ = found[other]
                if low is not None:
                    thresholds[one.payload].add(low)
            else:
                computed.add(one.payload)
    return (
        {name: sorted(values) for name, values in thresholds.items()},
        frozenset(computed),
    )


def _orders(program: Program) -> dict[int, str]:
    """Comparisons that share both sides with another one, neither of them constant: with the name
    of the pair.
    """
    pairs: dict[tuple[int, ...], list[int]] = {}
    for at, operation in enumerate(program.operations):
        sides = [program.operations[arg] for arg in operation.args]
        if operation.op not in COMPARE or any(s.kind not in (NUMBER, MONEY) for s in sides):
            continue
        if all(side.op != "const" for side in sides):
            pairs.setdefault(tuple(sorted(operation.args)), []).append(at)
    shared = [(pair, places) for pair, places in pairs.items() if len(places) > 1]
    return {at: f"\0order {pair}" for pair, places in shared for at in places}


def truth(term_sets: Sequence[Value], wanted: int) -> str:
    """Whether the first set lies within the wanted results of a condition, outside, or neither."""
    mask: int = term_sets[0]
    return NO if not mask & wanted else MAYBE if mask & ~wanted else YES


def can_be(term: Term, wanted: int, domains: Mapping[str, Domain]) -> Answer:
    """Whether a merchant exists for whom the condition gives one of the wanted results."""
    looser = loosen(term, domains)
    if looser is not None:
        answer = Question([looser[0]], looser[1]).ask(lambda sets: truth(sets, wanted))
        if answer.says == NO:
            return answer
    return Question([term], domains).ask(lambda sets: truth(sets, wanted))
