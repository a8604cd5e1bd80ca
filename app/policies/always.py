"""The `always:` list of a policy file comes in; typed statements of what must hold for every
merchant come out.

Three forms exist: `that: EXPRESSION`, `{limit: never rises with, input: NAME}` and
`{unknown: never approves}`; each may say `for` which purposes it speaks. `app.proofs` decides them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.rules.catalogue import Input
from app.rules.document import Mapping as MappingNode
from app.rules.document import Scalar
from app.rules.fields import Fields
from app.rules.problems import Problem, suggest
from app.rules.rulesets import OUTCOMES
from app.rules.scope import Scope, check_expression, read_purposes
from app.rules.terms import Term
from app.rules.types import BOOLEAN, TEXT, Type

DIRECTIONS = {
    "outcome": ("never worsens with", "never improves with"),
    "limit": ("never rises with", "never falls with"),
    "score": ("never rises with", "never falls with"),
    "daily_rate": ("never rises with", "never falls with"),
}
UPWARDS = ("never worsens with", "never rises with")  # what may not become more


@dataclass(frozen=True, slots=True)
class Holds:
    """An expression over inputs and what the policy gives; broken where it is false."""

    term: Term


@dataclass(frozen=True, slots=True)
class Direction:
    """What an output may not do when one input grows and all others stay as they are; `where`:
    only between merchants for both of whom this is true.
    """

    output: str  # a key of DIRECTIONS
    verb: str
    input: str
    where: Term | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """A missing input of a judged rule keeps the policy from approving, but for those named."""

    excepted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. `written` is how it is shown; `purposes` None: it must hold for all."""

    written: str
    claim: Holds | Direction | Silence
    purposes: frozenset[str] | None

    def inputs(self) -> set[str]:
        """The names that it reads, of inputs and of what the policy gives."""
        match self.claim:
            case Holds(term):
                return set(term.inputs())
            case Direction(input=name, where=where):
                return {name, *(where.inputs() if where is not None else ())}
            case Silence(excepted):
                return set(excepted)


def scope_of_decision(scope: Scope, gives: Mapping[str, Type]) -> Scope:
    """What a statement may name: inputs, what stages give, and the decision's outcome."""
    types = {**scope.types, **gives, "outcome": Type("category", OUTCOMES)}
    return Scope(types, scope.definitions, scope.reasons, scope.broken)


def read_always(
    fields: Fields, scope: Scope, catalogue: Mapping[str, Input], problems: list[Problem]
) -> tuple[Statement, ...]:
    """The statements of `always:`, none where it does not stand; what is wrong goes to
    `problems`.
    """
    found: list[Statement] = []
    for node in fields.sequence("always", required=False):
        one = Fields(node, "a statement", problems)
        if not isinstance(node, MappingNode):
            continue
        found += _read_statement(node, one, scope, catalogue)
        one.finish()
    return tuple(found)


def _read_statement(
    node: MappingNode, fields: Fields, scope: Scope, catalogue: Mapping[str, Input]
) -> Iterator[Statement]:
    claim: tuple[str, Holds | Direction | Silence] | None = None
    purposes = read_purposes(fields)
    output = next((key.text for key, _ in node.items if key.text in DIRECTIONS), None)
    if fields.has("that"):
        claim = _read_expression(fields, scope)
    elif output is not None:
        claim = _read_direction(fields, output, scope, catalogue)
    elif fields.has("unknown"):
        claim = _read_silence(fields, catalogue)
    else:
        forms = "'that', 'unknown' or one of " + ", ".join(DIRECTIONS)
        fields.rest()
        fields.problems.append(
            node.problem(
                "key-missing",
                f"a statement needs {forms}",
                "as in {that: limit <= 500_000} or {limit: never rises with, input: NAME}",
            )
        )
    if claim is not None:
        yield Statement(claim[0], claim[1], purposes)


def _read_expression(fields: Fields, scope: Scope) -> tuple[str, Holds] | None:
    node = fields.scalar("that")
    if node is None:
        return None
    checked = check_expression(node, scope, fields.problems, BOOLEAN, "what must always hold")
    return (node.text, Holds(checked[0])) if checked is not None else None


def _read_direction(
    fields: Fields, output: str, scope: Scope, catalogue: Mapping[str, Input]
) -> tuple[str, Direction] | None:
    verb = fields.choice(output, DIRECTIONS[output])
    node = fields.scalar("input")
    where = fields.scalar("where", required=False)
    checked = None
    if where is not None:
        checked = check_expression(where, scope, fields.problems, BOOLEAN, "'where'")
    if output not in scope.types and output not in scope.broken:
        at = fields.node_of(output)
        assert at is not None
        message = f"no stage of this policy gives '{output}'"
        fields.problems.append(at.problem("unknown-name", message))
        return None
    if verb is None or node is None or not _is_input(node, catalogue, fields.problems):
        return None
    if catalogue[node.text].type.kind == TEXT:
        fields.problems.append(
            node.problem(
                "no-order",
                f"the values of '{node.text}' have no order, so nothing can rise with it",
                "name an input that is a number, an amount or true or false",
                len(node.text),
            )
        )
        return None
    if where is None or checked is None:
        return f"{output} {verb} {node.text}", Direction(output, verb, node.text)
    claim = Direction(output, verb, node.text, checked[0])
    return f"{output} {verb} {node.text} where {where.text}", claim


def _read_silence(fields: Fields, catalogue: Mapping[str, Input]) -> tuple[str, Silence] | None:
    verb = fields.choice("unknown", ("never approves",))
    excepted = fields.texts("except", required=False)
    known = [_is_input(node, catalogue, fields.problems) for node in excepted]
    if verb is None or not all(known):
        return None
    names = tuple(node.text for node in excepted)
    but = f", except {', '.join(names)}" if names else ""
    return f"unknown {verb}{but}", Silence(names)


def _is_input(node: Scalar, catalogue: Mapping[str, Input], problems: list[Problem]) -> bool:
    if node.text in catalogue:
        return True
    problems.append(
        node.problem(
            "unknown-name",
            f"unknown input '{node.text}'",
            suggest(node.text, catalogue),
            max(1, len(node.text)),
        )
    )
    return False
