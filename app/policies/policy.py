"""Documents → a checked policy: its stages in order, each checked in the scope of the inputs and of
what earlier stages give.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from app.policies.always import Statement, read_always, scope_of_decision
from app.policies.documents import Documents, bundle_of, canonical_json
from app.policies.reasons import FRAUD_REVIEW, SERVICE_CODES, Reason, read_notices, read_reasons
from app.rules.catalogue import Input, acceptor_of_fact, describe_expected, read_catalogue
from app.rules.document import AnyNode, Scalar
from app.rules.fields import NAME, Fields, read_number
from app.rules.problems import Problem, ProblemsFound, suggest
from app.rules.reading import read_ruleset
from app.rules.rulesets import OUTCOMES, PURPOSES, Formula, Rules, Table
from app.rules.scope import Scope
from app.rules.terms import Term
from app.rules.types import NUMBER, Type
from app.scoring.scorecard import Scorecard, read_scorecard

Checked = Rules | Table | Formula | Scorecard


@dataclass(frozen=True, slots=True)
class Stage:
    name: str
    file: str
    checked: Checked


@dataclass(frozen=True, slots=True)
class Policy:
    """A checked policy. `inputs`: the catalogue entries that it reads; `facts`: those that a caller
    may send, read or not;
    `assumed`: purpose → input → inside value; `stated`: entries that only `always` names."""

    product: str
    title: Mapping[str, str]
    terms: Mapping[str, Decimal]
    assumed: Mapping[str, Mapping[str, Any]]
    stages: tuple[Stage, ...]
    inputs: Mapping[str, Input]
    facts: Mapping[str, Input]
    reasons: Mapping[str, Reason]
    always: tuple[Statement, ...] = ()
    notices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    stated: Mapping[str, Input] = field(default_factory=dict)

    @property
    def day_count(self) -> int:
        return int(self.terms.get("day_count", Decimal(360)))


def check_policy(documents: Documents) -> Policy:
    """The checked policy. Raises ProblemsFound with every problem of every document."""
    policy, problems = read_policy(documents)
    if problems or policy is None:
        raise ProblemsFound(problems)
    return policy


def read_policy(documents: Documents) -> tuple[Policy | None, list[Problem]]:
    """The policy as far as it can be read, and every problem of every document."""
    problems: list[Problem] = []
    catalogue = read_catalogue(documents.catalogue, problems)
    reasons = read_reasons(documents.reasons, problems)
    notices = read_notices(documents.reasons, problems)
    fields = Fields(documents.policy, "the policy", problems)
    product = fields.name("policy")
    if product is not None and product != documents.product:
        node = fields.node_of("policy")
        assert node is not None
        problems.append(
            node.problem(
                "wrong-product",
                f"the policy is called '{product}', its folder '{documents.product}'",
                "the two must be the same",
            )
        )
    title = fields.words("title")
    terms = _read_terms(fields)
    assumed = _read_assumed(fields, catalogue)
    definitions = {
        name: Term("const", NUMBER, (), float(value), value) for name, value in terms.items()
    }
    types = {name: one.type for name, one in catalogue.items()}
    types.update(dict.fromkeys(terms, Type("number")))
    scope = Scope(types, definitions, frozenset(reasons))
    stages = tuple(_read_stages(fields, documents, scope, problems))
    always = _read_always(fields, scope, stages, catalogue)
    fields.finish()
    if product is None or not stages:
        return None, problems
    read = {name for stage in stages for name in _names_read(stage.checked)}
    inputs = {name: one for name, one in catalogue.items() if name in read}
    facts = {name: one for name, one in catalogue.items() if one.origin == "bank"}
    named = {name for statement in always for name in statement.inputs()}
    stated = {name: catalogue[name] for name in catalogue if name in named - read}
    policy = Policy(
        product, title, terms, assumed, stages, inputs, facts, reasons, always, notices, stated
    )
    return policy, problems


def _read_always(
    fields: Fields, scope: Scope, stages: tuple[Stage, ...], catalogue: Mapping[str, Input]
) -> tuple[Statement, ...]:
    gives = {n: t for stage in stages for n, t in gives_of(stage.name, stage.checked).items()}
    whole = scope_of_decision(scope, gives)
    if len(stages) < len(fields.sequence("stages", required=False)):  # some could not be read
        whole = replace(whole, broken=_Unlisted(whole.types))
    return read_always(fields, whole, catalogue, fields.problems)


def _read_terms(fields: Fields) -> dict[str, Decimal]:
    """The product's terms: numbers that expressions may name."""
    terms: dict[str, Decimal] = {}
    for key, node in fields.mapping("terms", required=False):
        if not NAME.fullmatch(key.text):
            fields.problems.append(key.problem("bad-name", f"'{key.text}' is no name"))
        elif not isinstance(node, Scalar):
            fields.problems.append(node.problem("wrong-kind", f"'{key.text}' must be one number"))
        else:
            value = read_number(node, key.text, fields.problems)
            if value is not None:
                terms[key.text] = value
    return terms


def _read_assumed(fields: Fields, catalogue: Mapping[str, Input]) -> dict[str, dict[str, Any]]:
    """`purposes: {preapproval: {assume: {other_exposure: 0}}}`: values that stand in where the
    caller gives none.
    """
    assumed: dict[str, dict[str, Any]] = {}
    for key, node in fields.mapping("purposes", required=False):
        if key.text not in PURPOSES:
            fields.problems.append(
                key.problem(
                    "bad-choice",
                    f"there is no purpose '{key.text}'",
                    suggest(key.text, PURPOSES) or f"purposes are {', '.join(PURPOSES)}",
                    len(key.text),
                )
            )
            continue
        inner = Fields(node, f"the purpose '{key.text}'", fields.problems)
        values: dict[str, Any] = {}
        for name, value in inner.mapping("assume", required=False):
            one = catalogue.get(name.text)
            if one is None:
                fields.problems.append(
                    name.problem(
                        "unknown-name",
                        f"unknown input '{name.text}'",
                        suggest(name.text, catalogue),
                        max(1, len(name.text)),
                    )
                )
                continue
            accepted, why = read_value(value, one.type)
            if why is not None:
                fields.problems.append(
                    value.problem(
                        "wrong-type", f"'{name.text}' must be {describe_expected(one.type)}"
                    )
                )
            values[name.text] = accepted
        inner.finish()
        assumed[key.text] = values
    return assumed


def read_value(node: AnyNode, of: Type) -> tuple[Any, str | None]:
    """The inside value of a YAML value of that type (money in yuan), and why it does not count, or
    None.
    """
    if not isinstance(node, Scalar):
        return None, "WRONG_TYPE"
    if node.is_null:
        return None, None
    if of.declared in ("text", "category"):
        return acceptor_of_fact(of)(node.text)
    if of.declared == "boolean":
        return acceptor_of_fact(of)({"true": True, "false": False}.get(node.text, node.text))
    silent: list[Problem] = []
    number = read_number(node, "", silent)
    if number is None:
        return None, "WRONG_TYPE"
    return acceptor_of_fact(of)(number if of.declared == "money" else float(number))


def _read_stages(
    fields: Fields, documents: Documents, scope: Scope, problems: list[Problem]
) -> Iterator[Stage]:
    names: set[str] = set()
    for node in fields.sequence("stages"):
        inner = Fields(node, "a stage", problems)
        name = inner.name("stage")
        key = "scorecard" if inner.has("scorecard") else "ruleset"
        file = inner.text(key)
        inner.finish()
        if name is None or file is None:
            continue
        if name in names:
            problems.append(
                node.problem(
                    "id-twice",
                    f"the stage '{name}' stands here a second time",
                    "give each stage its own name",
                )
            )
            continue
        names.add(name)
        document = (documents.scorecards if key == "scorecard" else documents.rulesets).get(file)
        if document is None:  # it could not be read, so what it gives is not known
            scope = replace(scope, broken=_Unlisted(scope.types))
            continue
        checked: Checked | None
        if key == "scorecard":
            checked = read_scorecard(document, scope, problems)
        else:
            checked = read_ruleset(document, name, scope, problems)
        if checked is None:
            scope = replace(scope, broken=_Unlisted(scope.types))
            continue
        gives = gives_of(name, checked)
        yield Stage(name, file, checked)
        for given in gives:
            if given in scope.types:
                problems.append(
                    node.problem(
                        "name-taken", f"the stage '{name}' gives '{given}', which exists already"
                    )
                )
        scope = replace(scope, types={**scope.types, **gives})


class _Unlisted:
    """Every name but these: what a stage that could not be read would have given is among them."""

    def __init__(self, listed: Container[str]) -> None:
        self._listed = listed

    def __contains__(self, name: object) -> bool:
        return name not in self._listed


def gives_of(stage: str, checked: Checked) -> dict[str, Type]:
    """What a stage gives to later ones, with types."""
    match checked:
        case Rules():
            return {
                f"{stage}_hits": Type("integer"),
                f"{stage}_outcome": Type("category", OUTCOMES),
            }
        case Table(outputs=outputs):
            return dict(outputs)
        case Formula():
            return {"limit": Type("money")}
        case Scorecard():
            return {"score": Type("number")}


def _names_read(checked: Checked) -> set[str]:
    match checked:
        case Rules(rules=rules):
            terms = [rule.when for rule in rules]
        case Table(rows=rows, subjects=subjects):
            terms = [*subjects, *(row.condition for row in rows)]
        case Formula(limit=limit, lets=lets):
            terms = [limit, *(term for _, term, _ in lets)]
        case Scorecard(characteristics=characteristics):
            terms = [c.term for c in characteristics]
    return {name for term in terms for name in term.inputs()}


def reasons_used(policy: Policy) -> set[str]:
    """The codes that a decision of this policy can give."""
    used = {*SERVICE_CODES, FRAUD_REVIEW}
    for stage in policy.stages:
        match stage.checked:
            case Rules(rules=rules):
                used |= {rule.reason for rule in rules}
            case Table(rows=rows, otherwise=otherwise):
                used |= {row.reason for row in (*rows, otherwise) if row.reason}
            case Formula(reason=reason):
                used |= {reason} if reason else set()
            case Scorecard(characteristics=characteristics):
                used |= {c.reason for c in characteristics}
    return used


def freeze_policy(documents: Documents, policy: Policy) -> str:
    """The canonical JSON of the policy's release: its documents, and the inputs, facts and reasons
    that they use.
    """
    return canonical_json(
        bundle_of(documents, {*policy.inputs, *policy.facts, *policy.stated}, reasons_used(policy))
    )
