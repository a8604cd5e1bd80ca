"""The rules of a policy come in; rules that no merchant, or every merchant, meets, and rules that
others of the same outcome already cover, go out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from app.lint.context import Part, purposes_of
from app.lint.expressions import are_same, look_into_expression, results_of
from app.lint.search import NO, can_be
from app.lint.values import FALSE, NULL, TRUE
from app.rules.document import Mapping, Scalar
from app.rules.rulesets import Rule, Rules
from app.rules.terms import Term
from app.rules.types import BOOLEAN


@dataclass(frozen=True, slots=True)
class Placed:
    """A rule with where it stands. `is_sound`: nothing was found about it alone."""

    part: Part
    rule: Rule
    node: Scalar
    purposes: frozenset[str]
    is_sound: bool


def look_into_rules(part: Part) -> list[Placed]:
    """Report what is at fault in each rule alone; the rules with their places."""
    checked = part.stage.checked
    assert isinstance(checked, Rules)
    return [
        placed
        for node, rule in zip(part.items("rules"), checked.rules, strict=True)
        if isinstance(node, Mapping)
        for placed in _look_into_rule(part, node, rule)
    ]


def _look_into_rule(part: Part, node: Mapping, rule: Rule) -> Iterator[Placed]:
    when = node.get("when")
    if not isinstance(when, Scalar):
        return
    purposes = purposes_of(part.stage, rule.purposes)
    before = len(part.findings.found)
    if not purposes:
        say_no_purpose(part, node, rule.id)
    found = look_into_expression(part, when, (rule.id,))
    results = results_of(rule.when, part)
    if found:
        _say_consequence(part, before, results)
    elif results == NULL:
        part.findings.say(
            when,
            "always-unknown",
            f"the condition of {rule.id} is never known, so the rule always says unknown",
            "compare values that exist; a missing value is tested with `= null`",
            (rule.id,),
        )
    elif not results & TRUE:
        part.findings.say(
            when,
            "never-true",
            f"the condition of {rule.id} never holds, so the rule is never hit",
            "change the condition so that some merchant meets it, or delete the rule",
            (rule.id,),
        )
    elif not results & FALSE:
        part.findings.say(
            when,
            "always-true",
            f"the condition of {rule.id} always holds, so the rule hits every merchant",
            "change the condition so that some merchant fails it",
            (rule.id,),
        )
    is_sound = results & TRUE != 0 and results & FALSE != 0
    yield Placed(part, rule, when, purposes, is_sound)


def say_no_purpose(part: Part, node: Mapping, name: str) -> None:
    """A rule or row whose `for` and whose file's `for` have nothing in common."""
    part.findings.say(
        node.get("for") or node,
        "never-applies",
        f"'{name}' is for purposes that its file leaves out, so it is never judged",
        "name a purpose that stands in the `for` of the file too",
        (name,),
    )


def _say_consequence(part: Part, before: int, results: int) -> None:
    """What the first finding of a rule means for the whole of it."""
    words = "never hit" if not results & TRUE else "always hit" if not results & FALSE else ""
    if not words:
        return
    first = part.findings.found[before]
    problem = replace(first.problem, message=f"{first.problem.message}; so the rule is {words}")
    part.findings.found[before] = replace(first, problem=problem)


def compare_rules(rules: Sequence[Placed]) -> None:
    """Report each rule that is hit only where another one of the same outcome is hit too."""
    sound = [one for one in rules if one.is_sound and one.purposes]
    done: set[int] = set()
    for place, one in enumerate(sound):
        for other_place, other in enumerate(sound):
            if place == other_place or other_place in done or not _may_imply(one, other):
                continue
            if not _implies(one.rule.when, other.rule.when, later_of(one, other)):
                continue
            if _says_same(one, other):
                if place < other_place and one.purposes == other.purposes:
                    continue  # of two that are the same the later one is told
                _say_same(one, other)
            else:
                _say_implied(one, other)
            done.add(place)
            break


def later_of(one: Placed, other: Placed) -> Part:
    """The part that knows the names of both: later stages know more."""
    return one.part if len(one.part.domains) >= len(other.part.domains) else other.part


def _may_imply(one: Placed, other: Placed) -> bool:
    return (
        one.rule.then == other.rule.then
        and one.purposes <= other.purposes
        and not set(one.rule.when.inputs()).isdisjoint(other.rule.when.inputs())
    )


def _implies(one: Term, other: Term, part: Part) -> bool:
    """Whether the other condition is true wherever the first is; False where that is open."""
    fails = Term(
        "or", BOOLEAN, (Term("is_null", BOOLEAN, (other,)), Term("not", BOOLEAN, (other,)))
    )
    return can_be(Term("and", BOOLEAN, (one, fails)), TRUE, part.domains).says == NO


def _says_same(one: Placed, other: Placed) -> bool:
    return are_same(one.rule.when, other.rule.when, later_of(one, other)) or _implies(
        other.rule.when, one.rule.when, later_of(one, other)
    )


def _where(one: Placed, other: Placed) -> str:
    same_file = one.part.stage.file == other.part.stage.file
    return f"{other.rule.id}" if same_file else f"{other.rule.id} in {other.part.stage.file}"


def _say_same(one: Placed, other: Placed) -> None:
    one.part.findings.say(
        one.node,
        "same-condition",
        f"{one.rule.id} has the same condition as {_where(one, other)}"
        f" ('{_flat(other.rule.written)}'), and the same outcome, {one.rule.then}",
        "keep one of the two",
        (one.rule.id,),
    )


def _say_implied(one: Placed, other: Placed) -> None:
    one.part.findings.say(
        one.node,
        "implied-rule",
        f"{one.rule.id} is hit only where {_where(one, other)} is hit"
        f" ('{_flat(other.rule.written)}'), with the same outcome, {one.rule.then}",
        "delete it, give it another outcome, or change its condition",
        (one.rule.id,),
    )


def _flat(text: str) -> str:
    return " ".join(text.split())
