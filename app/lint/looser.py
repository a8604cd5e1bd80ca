"""A condition comes in; a looser one goes out, in which every value that is computed and compared
with constants more than once has a name of its own.

`a / b >= 0.3` and `a / b < 0.2` are never both true, but the box of `a` and `b` can be divided for
ever without showing it. With a name for the quotient it shows at once. Every merchant of the
condition is one of the looser condition, not the other way round: only a *no* says something.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from app.lint.domains import Domain
from app.lint.values import possible
from app.rules.program import build_program
from app.rules.terms import COMPARE, Term
from app.rules.types import MONEY, NUMBER


def loosen(term: Term, domains: Mapping[str, Domain]) -> tuple[Term, dict[str, Domain]] | None:
    """The looser condition and the domains of all names; None where it would be the same."""
    counts = Counter(_computed(term))
    again = [one for one, count in counts.items() if count > 1]
    if not again:
        return None
    names = {one: f"\0value {place}" for place, one in enumerate(again)}
    own = {name: _domain_of(one, domains) for one, name in names.items()}
    return _replace(term, names), {**domains, **own}


def _computed(term: Term) -> Iterator[Term]:
    """The computed side of each comparison with a constant."""
    if term.op in COMPARE:
        one, other = term.args
        for side, against in ((one, other), (other, one)):
            is_number = side.kind in (NUMBER, MONEY) and side.op not in ("input", "const")
            if is_number and [*side.inputs()] and not [*against.inputs()]:
                yield side
    for arg in term.args:
        yield from _computed(arg)


def _replace(term: Term, names: Mapping[Term, str]) -> Term:
    if term in names:
        return Term("input", term.kind, (), names[term])
    return replace(term, args=tuple(_replace(arg, names) for arg in term.args))


def _domain_of(term: Term, domains: Mapping[str, Domain]) -> Domain:
    """Between what the ranges of its inputs allow."""
    program = build_program([term])
    whole = {name: domains[name].whole() for name, _ in program.inputs}
    (place,) = program.outputs
    low, high, nullable = possible(program, whole)[place]
    if low is None:  # never known: any range will do, null is what it is
        return Domain(term.kind, 0, 0, nullable=True)
    return Domain(term.kind, low, high, term.kind == MONEY, nullable=nullable)
