"""Bringing terms to one kind: a literal beside money becomes fen, a written null takes its
neighbour's kind, and what cannot stand together is a problem.
"""

from __future__ import annotations

from collections.abc import Callable

from app.rules import syntax as s
from app.rules.lexer import ExpressionError
from app.rules.terms import Term
from app.rules.types import KIND_WORDS, LARGEST_FEN, MONEY, NUMBER, TEXT, whole_fen

Report = Callable[[ExpressionError], None]
NOTHING = "null"  # the kind of a written null, until its neighbour gives it one


class Kinds:
    """`report` gets each problem, with its offset in the expression's text."""

    def __init__(self, report: Report) -> None:
        self.report = report

    def _unify(self, terms: list[Term], places: list[s.Syntax]) -> list[Term] | None:
        """All terms in one kind: a number literal becomes money beside money, null takes the
        others' kind.
        """
        kinds = [term.kind for term in terms if term.kind != NOTHING]
        wanted = MONEY if MONEY in kinds else kinds[0] if kinds else NUMBER
        fitted = []
        for term, place in zip(terms, places, strict=True):
            one = self._fit(term, wanted, place)
            if one is None:
                return None
            if one.kind != wanted:
                first = next(t for t in terms if t.kind == wanted)
                self._say(
                    place,
                    "wrong-type",
                    f"{words_of(one)} cannot stand beside {words_of(first)}",
                    _hint_for_pair(one, wanted),
                )
                return None
            fitted.append(one)
        return fitted

    def _fit(self, term: Term, wanted: str, place: s.Syntax) -> Term | None:
        """The term in the wanted kind where that is possible, else the term as it is; None after a
        problem.
        """
        settled = self._settle(term, wanted)
        assert settled is not None
        if wanted != MONEY or settled.kind != NUMBER:
            return settled
        return self._to_money(settled, place)

    def _settle(self, term: Term | None, kind: str) -> Term | None:
        return Term("const", kind) if term is not None and term.kind == NOTHING else term

    def _to_money(self, term: Term, place: s.Syntax) -> Term | None:
        """Literals in yuan become fen, also inside if, min, max, abs and sums; anything else stays
        a number.
        """
        if term.op == "const" and term.literal is not None:
            fen = whole_fen(term.literal)
            if fen is None:
                self._say(
                    place,
                    "less-than-a-fen",
                    f"{term.literal} yuan is not a whole number of fen",
                    "money has at most two decimals",
                )
                return None
            if abs(fen) > LARGEST_FEN:
                self._say(
                    place, "too-much-money", f"{term.literal} yuan is more than can be held exactly"
                )
                return None
            return Term("const", MONEY, (), fen, term.literal)
        if term.op == "const" and term.payload is None:
            return Term("const", MONEY)
        if term.op in ("if", "min", "max", "abs", "neg", "add", "sub"):
            start = 1 if term.op == "if" else 0
            converted = [self._to_money(arg, place) for arg in term.args[start:]]
            args = tuple(arg for arg in converted if arg is not None)
            if len(args) != len(converted):
                return None
            if all(arg.kind == MONEY for arg in args):
                return Term(term.op, MONEY, term.args[:start] + args, term.payload)
        return term

    def _say(self, node: s.Syntax, code: str, message: str, hint: str | None = None) -> None:
        self.report(ExpressionError(node.start, code, message, hint, max(1, node.end - node.start)))


def words_of(term: Term) -> str:
    return KIND_WORDS.get(term.kind, "null")


def _hint_for_pair(term: Term, wanted: str) -> str | None:
    kind = term.kind
    if kind == TEXT and term.op == "const":
        what = {MONEY: "an amount stands", NUMBER: "a number stands"}
        return f"{what.get(wanted, 'true and false stand')} without quotes"
    if MONEY in (kind, wanted) and NUMBER in (kind, wanted):
        return (
            "an amount is written as one literal in yuan, as in 500_000;"
            " a number times money is money"
        )
    if TEXT in (kind, wanted):
        return 'a text stands in double quotes, as in "A"'
    return None
