"""An expression or a cell comes in; what can never, or must always, happen in it goes out: a
comparison that no value of the range can change, a part that adds nothing, an arm never taken.

The smallest part at fault is reported, and nothing of what stands around it.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.lint.context import Part
from app.lint.domains import Domain
from app.lint.search import MAYBE, NO, YES, Judge, Question, can_be, truth
from app.lint.values import FALSE, NULL, TRUE, Value, possible
from app.lint.wording import write_number, write_range
from app.rules import syntax as s
from app.rules.document import Scalar
from app.rules.parser import parse_cell, parse_expression
from app.rules.program import build_program
from app.rules.terms import COMPARE, Term, conjunction
from app.rules.types import BOOLEAN, MONEY, NUMBER, Type

INSIDE = "write a value inside the range, or take this condition out"


def look_into_expression(part: Part, node: Scalar, names: tuple[str, ...]) -> int:
    """Report what is at fault in an expression; how many findings that gave."""
    return _Look(part, node, names).at(parse_expression(node.text), ())


def look_into_cell(
    part: Part, node: Scalar, subject: Term, of: Type | None, names: tuple[str, ...]
) -> int:
    """Report what is at fault in a cell of a table; how many findings that gave."""
    tests = parse_cell(node.text)
    if tests is None:
        return 0
    return _Look(part, node, names).tests(subject, of, tests, ())


class _Look:
    """Walks one text. `path`: what holds where the walk is, from the conditions of `if` above."""

    def __init__(self, part: Part, node: Scalar, names: tuple[str, ...]) -> None:
        self.part, self.node, self.names = part, node, names
        self.checker = part.checker

    def say(self, at: s.Syntax, code: str, message: str, hint: str) -> int:
        self.part.findings.say(self.node, code, message, hint, self.names, (at.start, at.end))
        return 1

    def text(self, at: s.Syntax) -> str:
        return " ".join(self.node.text[at.start : at.end].split())

    def at(self, tree: s.Syntax, path: tuple[Term, ...]) -> int:
        """Findings in a part of the expression."""
        match tree:
            case s.Comparison():
                return self._inside((tree.left, tree.right), path) or self._comparison(tree)
            case s.Membership():
                subject = self.checker.term(tree.subject)
                of = self.checker._type_of(tree.subject)
                inner = self.at(tree.subject, path)
                return inner or (subject is not None and self.tests(subject, of, tree.tests, path))
            case s.Logic():
                return self._inside(tree.operands, path) or self._logic(tree)
            case s.Conditional():
                return self._conditional(tree, path)
            case s.Negation() | s.Negative():
                return self.at(tree.operand, path)
            case s.Arithmetic():
                return self._inside((tree.left, tree.right), path)
            case s.Call():
                return self._inside(tree.arguments, path)
        return 0

    def _inside(self, trees: Sequence[s.Syntax], path: tuple[Term, ...]) -> int:
        return sum([self.at(tree, path) for tree in trees])

    # --- comparisons ---

    def _comparison(self, tree: s.Comparison) -> int:
        term = self.checker.term(tree)
        return 0 if term is None else self._atom(term, tree, tree)

    def tests(
        self, subject: Term, of: Type | None, tests: tuple[s.Test, ...], path: tuple[Term, ...]
    ) -> int:
        """Findings in tests of one subject: the cell of a table, or what follows `in`."""
        found = 0
        terms: list[Term] = []
        for test in tests:
            term = self.checker.cell(subject, of, (test,))
            if term is None:
                return found
            terms.append(term)
            found += self._test(subject, of, test, term, alone=len(tests) == 1)
        if found == 0 and len(terms) > 1:
            found += self._spare("or", terms, list(tests))
        return found

    def _test(self, subject: Term, of: Type | None, test: s.Test, term: Term, alone: bool) -> int:
        match test:
            case s.CompareTest():
                return self._atom(term, test, test)
            case s.NotTest(tests=inner):
                found = self.tests(subject, of, inner, ())
                return found or self._condition(term, test)
            case s.RangeTest(low=low, high=high):
                found = 0
                if term.op == "and" and len(term.args) == 2:
                    found += self._end(term.args[0], low) + self._end(term.args[1], high)
                return found or self._condition(term, test)
        return 0

    def _end(self, term: Term, at: s.Syntax) -> int:
        """An end of an interval may be the end of the range, but not lie outside it."""
        pair = _name_and_constant(term, self.part)
        if pair is None:
            return 0
        name, value, domain = pair
        if domain.low <= value <= domain.high:
            return 0
        return self._outside(at, name, value, domain, "this end of the interval")

    def _atom(self, term: Term, shown: s.Syntax, at: s.Syntax) -> int:
        """Findings about one comparison."""
        if term.op == "not" or term.op not in COMPARE:
            return 0
        possible_now = _known_results(term, self.part)
        if possible_now == TRUE | FALSE:
            return 0
        pair = _name_and_constant(term, self.part)
        if pair is None:
            return self._condition(term, shown)
        name, value, domain = pair
        holds = "always holds" if possible_now == TRUE else "never holds"
        where = f"{name} is {write_range(domain)}"
        if domain.low <= value <= domain.high:
            if domain.is_whole and domain.kind == NUMBER and value % 1 and term.op in ("eq", "ne"):
                return self.say(
                    at,
                    "never-equal",
                    f"'{self._written(term, name, value)}' {holds}: {name} is a whole number",
                    "compare it with a whole number",
                )
            return self.say(
                at,
                "threshold-at-edge",
                f"'{self._written(term, name, value)}' {holds}: {where}",
                INSIDE,
            )
        return self._outside(
            at, name, value, domain, f"'{self._written(term, name, value)}' {holds}"
        )

    def _outside(self, at: s.Syntax, name: str, value: float, domain: Domain, what: str) -> int:
        shown = write_number(value, domain.kind)
        return self.say(
            at,
            "threshold-outside-range",
            f"{what}: {shown} is outside the range of {name}, {write_range(domain)}"
            if what.startswith("'")
            else f"{what}, {shown}, is outside the range of {name}, {write_range(domain)}",
            INSIDE,
        )

    def _written(self, term: Term, name: str, value: float) -> str:
        signs = {"eq": "=", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
        mirrored = {"lt": ">", "le": ">=", "gt": "<", "ge": "<="}
        op = term.op if term.args[0].op == "input" else mirrored.get(term.op, term.op)
        return f"{name} {signs[op]} {write_number(value, self.part.domains[name].kind)}"

    # --- conditions ---

    def _logic(self, tree: s.Logic) -> int:
        term = self.checker.term(tree)
        if term is None:
            return 0
        found = self._condition(term, tree)
        if found:
            return found
        parts = [self.checker.expression(operand, BOOLEAN) for operand in tree.operands]
        known = [part for part in parts if part is not None]
        return self._spare(tree.op, known, tree.operands) if len(known) == len(parts) else 0

    def _condition(self, term: Term, at: s.Syntax) -> int:
        """A condition that no merchant meets, or each."""
        said = results_of(term, self.part)
        if said == NULL:
            return self.say(
                at,
                "always-unknown",
                f"'{self.text(at)}' is never known, whatever the merchant",
                "compare values that exist; a missing value is tested with `= null`",
            )
        if not said & TRUE:
            return self.say(
                at,
                "never-true",
                f"'{self.text(at)}' never holds{_over(term)}",
                "change the condition so that some merchant meets it, or take it out",
            )
        if not said & FALSE:
            return self.say(
                at,
                "always-true",
                f"'{self.text(at)}' always holds{_over(term)}",
                "change the condition so that some merchant fails it, or take it out",
            )
        return 0

    def _spare(self, op: str, terms: list[Term], at: Sequence[s.Syntax]) -> int:
        """The first part without which the whole gives the same results, null included."""
        for place in reversed(range(len(terms))):
            rest = terms[:place] + terms[place + 1 :]
            shorter = rest[0] if len(rest) == 1 else Term(op, BOOLEAN, tuple(rest))
            if are_same(Term(op, BOOLEAN, tuple(terms)), shorter, self.part):
                return self.say(
                    at[place],
                    "part-without-effect",
                    f"'{self.text(at[place])}' changes nothing beside what else is tested here",
                    "take it out, or change it so that it decides something",
                )
        return 0

    def _conditional(self, tree: s.Conditional, path: tuple[Term, ...]) -> int:
        found = self.at(tree.condition, path)
        condition = self.checker.expression(tree.condition, BOOLEAN)
        if condition is None:
            return found
        if found == 0:
            found += self._arms(tree, condition, path)
        if found:
            return found
        met, failed = (*path, condition), (*path, Term("not", BOOLEAN, (condition,)))
        return self.at(tree.then, met) + self.at(tree.otherwise, failed)

    def _arms(self, tree: s.Conditional, condition: Term, path: tuple[Term, ...]) -> int:
        """An arm that no merchant reaches, given the conditions above."""
        domains = self.part.domains
        if can_be(conjunction((*path, condition)), TRUE, domains).says == NO:
            why = "the conditions before it leave nothing for it" if path else "it never holds"
            return self.say(
                tree.condition,
                "arm-unreachable",
                f"'{self.text(tree.condition)}' is never true here: {why}",
                "put the narrower condition first, or take this one out",
            )
        failed = Term("not", BOOLEAN, (condition,))
        if can_be(conjunction((*path, failed)), TRUE, domains).says == NO:
            return self.say(
                tree.otherwise,
                "arm-unreachable",
                f"this is never taken: '{self.text(tree.condition)}' is always true here",
                "take the condition out, or change it so that some merchant fails it",
            )
        return 0


def results_of(term: Term, part: Part) -> int:
    """The results that a condition can give: those that no search has ruled out."""
    return sum(
        result for result in (TRUE, FALSE, NULL) if can_be(term, result, part.domains).says != NO
    )


def are_same(one: Term, other: Term, part: Part) -> bool:
    """Whether two conditions give the same result for every merchant; False where that is open."""
    return Question([one, other], part.domains).ask(_differ).says == NO


def _differ(sets: Sequence[Value]) -> str:
    one, other = sets
    if not one & other:
        return YES
    return NO if one == other and one in (TRUE, FALSE, NULL) else MAYBE


def _known_results(term: Term, part: Part) -> int:
    """The results of a comparison over all known values of what it names, without null."""
    program = build_program([term])
    box = {name: part.domains[name].known() for name, _ in program.inputs}
    if not program.inputs:
        return TRUE | FALSE if term.op == "const" else _constant_results(term)
    found: int = possible(program, box)[program.outputs[0]]
    if found & (TRUE | FALSE) == TRUE | FALSE and len(program.inputs) <= 2:
        return sum(
            result
            for result in (TRUE, FALSE)
            if Question([term], part.domains).ask(_IS[result], box).says != NO
        )
    return found & (TRUE | FALSE) or NULL


_IS: dict[int, Judge] = {
    TRUE: lambda sets: truth(sets, TRUE),
    FALSE: lambda sets: truth(sets, FALSE),
}


def _constant_results(term: Term) -> int:
    program = build_program([term])
    found: int = possible(program, {})[program.outputs[0]]
    return found


def _name_and_constant(term: Term, part: Part) -> tuple[str, float, Domain] | None:
    """The input, the value and the input's domain, where a comparison has just these two."""
    if term.op not in COMPARE or term.args[0].kind not in (NUMBER, MONEY):
        return None
    for one, other in (term.args, term.args[::-1]):
        if one.op != "input" or any(True for _ in other.inputs()):
            continue
        program = build_program([other])
        low, high, _ = possible(program, {})[program.outputs[0]]
        if low is not None and low == high:
            return one.payload, low, part.domains[one.payload]
    return None


def _over(term: Term) -> str:
    """Of which names the ranges say it."""
    names = list(dict.fromkeys(term.inputs()))
    return f" over the ranges of {', '.join(names)}" if names else ", whatever the merchant"
