"""The stages of a policy made ready to be looked at: each with its document, what its expressions
may name, and what those names can hold; and the findings about them.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, replace

from app.lint.domains import Domain, domain_of
from app.lint.values import ONLY_NULL, possible
from app.policies.documents import Documents
from app.policies.policy import Checked, Policy, Stage, gives_of
from app.rules.catalogue import Catalogue
from app.rules.checker import Checker
from app.rules.document import AnyNode, Scalar
from app.rules.document import Mapping as MappingNode
from app.rules.document import Sequence as SequenceNode
from app.rules.parser import parse_cell
from app.rules.problems import Problem
from app.rules.program import build_program
from app.rules.rulesets import PURPOSES, Formula, Rules, Table
from app.rules.scope import Scope
from app.rules.terms import Term
from app.rules.types import MONEY, NUMBER, TEXT, Type
from app.scoring.scorecard import Scorecard


@dataclass(frozen=True, slots=True)
class Finding:
    """A warning, and by which names of its file it may be accepted. `family`: of an input."""

    problem: Problem
    file: str
    names: tuple[str, ...] = ()
    family: str | None = None


@dataclass(slots=True)
class Findings:
    """What was found, in one list for all parts of a policy."""

    found: list[Finding] = field(default_factory=list)

    def say(
        self,
        node: AnyNode,
        code: str,
        message: str,
        hint: str,
        names: tuple[str, ...] = (),
        span: tuple[int, int] | None = None,
        family: str | None = None,
    ) -> None:
        """A finding at a node, or at the characters `span` of its text."""
        problem: Problem
        if isinstance(node, Scalar):
            start, end = span or (0, len(node.text))
            problem = node.problem_at(start, code, message, hint, max(1, end - start))
        else:
            problem = node.problem(code, message, hint)
        self.found.append(Finding(problem, file_name(node), names, family))


def file_name(node: AnyNode) -> str:
    """The name of the file that a node stands in, without its folder."""
    return node.source.file.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Part:
    """One stage. `node`: its document; `scope`, `domains`: what it may name."""

    stage: Stage
    node: MappingNode
    scope: Scope
    domains: Mapping[str, Domain]
    catalogue: Catalogue
    findings: Findings

    @property
    def checker(self) -> Checker:
        return Checker(self.scope.types, lambda error: None, self.scope.definitions)

    def items(self, key: str) -> tuple[AnyNode, ...]:
        """The entries of a list of the document."""
        node = self.node.get(key)
        return node.items if isinstance(node, SequenceNode) else ()

    def is_whole(self) -> bool:
        """Whether all entries of the file were understood: where a stage before it could not be
        read, some may have been left out without a problem of their own.
        """
        match self.stage.checked:
            case Rules(rules=rules):
                return len(self.items("rules")) == len(rules)
            case Table(rows=rows, columns=columns):
                whole = len(self.items("rows")) == len(rows)
                return whole and len(self.items("inputs")) == len(columns)
            case Formula(lets=lets):
                return len(getattr(self.node.get("let"), "items", ())) == len(lets)
            case Scorecard(characteristics=characteristics):
                return len(self.items("characteristics")) == len(characteristics)

    def cell(self, text: str, subject: Term, of: Type | None) -> Term | None:
        """The condition of a cell; None for `-`."""
        tests = parse_cell(text)
        return None if tests is None else self.checker.cell(subject, of, tests)

    def with_definition(self, name: str, term: Term) -> Part:
        """The part after a `let`: its name stands for the term."""
        types = {**self.scope.types, name: Type(_DECLARED.get(term.kind, term.kind))}
        definitions = {**self.scope.definitions, name: term}
        return replace(self, scope=Scope(types, definitions))


_DECLARED = {NUMBER: "number", MONEY: "money"}


def parts_of(
    documents: Documents,
    policy: Policy,
    catalogue: Catalogue,
    findings: Findings,
    broken: Container[str],
) -> Iterator[Part]:
    """The stages that can be looked at, in order, each with what earlier ones give. `broken`: files
    with problems; of what their stages give no more than the type is taken for known.
    """
    types = {name: one.type for name, one in catalogue.items()}
    types.update(dict.fromkeys(policy.terms, Type("number")))
    definitions = {
        name: Term("const", NUMBER, (), float(value), value) for name, value in policy.terms.items()
    }
    texts = {text for stage in policy.stages for text in _texts_in(stage.checked)}
    domains = {name: domain_of(of, texts) for name, of in types.items()}
    for stage in policy.stages:
        is_card = isinstance(stage.checked, Scorecard)
        node = (documents.scorecards if is_card else documents.rulesets)[stage.file]
        given = gives_of(stage.name, stage.checked)
        given_domains = {name: domain_of(of) for name, of in given.items()}
        if isinstance(node, MappingNode):
            scope = Scope(dict(types), definitions)
            part = Part(stage, node, scope, dict(domains), catalogue, findings)
            if node.source.file not in broken and part.is_whole():
                yield part
                given_domains = _given_domains(stage, given_domains, domains)
        types.update(given)
        domains.update(given_domains)


def _given_domains(
    stage: Stage, given: Mapping[str, Domain], domains: Mapping[str, Domain]
) -> dict[str, Domain]:
    """What a stage can give to later ones: within its type, what its file can lead to."""
    found = dict(given)
    match stage.checked:
        case Rules(rules=rules):
            name = f"{stage.name}_hits"
            found[name] = replace(found[name], low=0.0, high=float(len(rules)))
        case Scorecard(characteristics=characteristics):
            chances = [(*c.points, c.missing) for c in characteristics]
            lowest, highest = (float(sum(map(end, chances))) for end in (min, max))
            is_whole = all(points % 1 == 0 for chance in chances for points in chance)
            found["score"] = Domain(NUMBER, lowest, highest, is_whole)
        case Table(outputs=outputs, rows=rows, otherwise=otherwise):
            for place, (name, of) in enumerate(outputs.items()):
                values = [row.outputs[place] for row in (*rows, otherwise)]
                known = [value for value in values if value is not None]
                if of.kind == NUMBER and known:
                    is_whole = all(value % 1 == 0 for value in known)
                    found[name] = Domain(NUMBER, min(known), max(known), is_whole)
        case Formula(limit=limit, round_down_to_fen=unit):
            low, high, _ = limits_of(limit, unit, domains)
            if low is not None:
                found["limit"] = Domain(MONEY, low, high, True)
    return found


def limits_of(
    limit: Term, unit: int, domains: Mapping[str, Domain]
) -> tuple[int | None, int | None, bool]:
    """The least and the largest limit, in fen: rounded down, and never below 0."""
    program = build_program([limit])
    box = {name: domains[name].whole() for name, _ in program.inputs}
    low, high, null = possible(program, box)[program.outputs[0]]
    if low is None:
        return ONLY_NULL
    return max(0, low // unit * unit), max(0, high // unit * unit), null


def terms_of(checked: Checked) -> list[Term]:
    """Every term of a stage."""
    match checked:
        case Rules(rules=rules):
            return [rule.when for rule in rules]
        case Table(rows=rows, subjects=subjects):
            return [*subjects, *(row.condition for row in rows)]
        case Formula(limit=limit, lets=lets):
            return [limit, *(term for _, term, _ in lets)]
        case Scorecard(characteristics=characteristics):
            return [c.term for c in characteristics]


def _texts_in(checked: Checked) -> Iterator[str]:
    """The texts that a stage's conditions and bins name."""
    stack, seen = terms_of(checked), set[int]()
    while stack:
        term = stack.pop()
        if id(term) in seen:
            continue
        seen.add(id(term))
        if term.op == "const" and term.kind == TEXT and isinstance(term.payload, str):
            yield term.payload
        stack += term.args
    if isinstance(checked, Scorecard):
        for characteristic in checked.characteristics:
            yield from (w for w in characteristic.words if isinstance(w, str) and w)


def purposes_of(stage: Stage, own: frozenset[str] | None) -> frozenset[str]:
    """The purposes for which a rule or row is judged."""
    header = None if isinstance(stage.checked, Scorecard) else stage.checked.header.purposes
    return frozenset(PURPOSES) & (header or frozenset(PURPOSES)) & (own or frozenset(PURPOSES))
