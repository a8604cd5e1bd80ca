"""A policy's documents come in; every small change of them goes out as a mutant: its place, its
words, and the documents with that one change.

A mutant's name (file, id, words) survives edits elsewhere in the file. Not every mutant is a valid
policy; whoever checks it finds that out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count

from app.policies.documents import Documents
from app.policies.policy import Policy, Stage
from app.rules.document import AnyNode
from app.rules.lexer import ExpressionError, tokenize
from app.rules.rulesets import Formula, Rules, Table
from app.rules.scope import Scope
from app.scoring.scorecard import Scorecard
from app.trials.made import Made
from app.trials.measures import Measures
from app.trials.mutants_cards import mutate_scorecard
from app.trials.mutants_formulas import mutate_formula
from app.trials.mutants_rules import mutate_rules
from app.trials.mutants_tables import mutate_table
from app.trials.parts import scope_of
from app.trials.steps import beside
from app.trials.trees import find, pairs_of, put, text_at


@dataclass(frozen=True, slots=True)
class Mutant:
    """One small change. `file`: as the policy names it; `line` 0 where the documents are a
    release's. `documents`: all, with the change.
    """

    stage: str
    file: str
    item: str
    words: str
    shown: str
    line: int
    documents: Documents
    copy: int = 1

    @property
    def name(self) -> str:
        again = f" ({self.copy})" if self.copy > 1 else ""
        return f"{self.file} {self.item}: {self.words}{again}"

    @property
    def place(self) -> str:
        return f"{self.shown}:{self.line}" if self.line else self.file


def list_mutants(documents: Documents, policy: Policy) -> Iterator[Mutant]:
    """Every mutant, stage by stage, each name once. `policy`: what the documents give."""
    taken: dict[str, Iterator[int]] = {}
    for mutant in _all_mutants(documents, policy):
        number = next(taken.setdefault(mutant.name, count(1)))
        yield mutant if number == 1 else replace(mutant, copy=number)


def _all_mutants(documents: Documents, policy: Policy) -> Iterator[Mutant]:
    seen: set[tuple[bool, str]] = set()
    read: set[str] = set()
    for stage in policy.stages:
        is_card = isinstance(stage.checked, Scorecard)
        kept = documents.scorecards if is_card else documents.rulesets
        root = kept[stage.file]
        read |= _words_in(root)
        if (is_card, stage.file) in seen:
            continue
        seen.add((is_card, stage.file))
        for made in _made(root, stage, policy, _codes(policy, stage)):
            changed = {**kept, stage.file: made.root}
            whole = (
                replace(documents, scorecards=changed)
                if is_card
                else replace(documents, rulesets=changed)
            )
            yield _mutant(stage.name, stage.file, root, made, whole)
    for made in _terms(documents.policy, read):
        whole = replace(documents, policy=made.root)
        yield _mutant("policy", "policy.yaml", documents.policy, made, whole)


def _made(root: AnyNode, stage: Stage, policy: Policy, codes: tuple[str, ...]) -> Iterator[Made]:
    scope: Scope = scope_of(policy, stage.name)
    measures = Measures(policy, scope)
    match stage.checked:
        case Rules():
            yield from mutate_rules(root, measures, codes)
        case Table() as table:
            yield from mutate_table(root, table, measures, codes)
        case Formula() as formula:
            yield from mutate_formula(root, formula, measures, codes)
        case Scorecard() as card:
            yield from mutate_scorecard(root, card, measures, codes)


def _codes(policy: Policy, stage: Stage) -> tuple[str, ...]:
    """The reasons that may take each other's place: the stage's own; all where it has only one."""
    mine = _reasons_of(stage)
    everywhere = [code for each in policy.stages for code in _reasons_of(each)]
    return tuple(dict.fromkeys(mine if len(set(mine)) > 1 else everywhere))


def _reasons_of(stage: Stage) -> list[str]:
    match stage.checked:
        case Rules(rules=rules):
            return [rule.reason for rule in rules]
        case Table(rows=rows, otherwise=otherwise):
            return [row.reason for row in (*rows, otherwise) if row.reason]
        case Formula(reason=reason):
            return [reason] if reason else []
        case Scorecard(characteristics=characteristics):
            return [one.reason for one in characteristics]


def _terms(root: AnyNode, read: set[str]) -> Iterator[Made]:
    """The product's terms that some expression names; the others change no decision."""
    for key, _ in pairs_of(root, "terms"):
        written = text_at(root, "terms", key.text)
        if key.text in read and written is not None:
            for new in beside(written, None):
                path = ("terms", key.text)
                yield Made(key.text, f"{written} → {new}", path, put(root, path, new))


def _words_in(root: AnyNode) -> set[str]:
    """Every name in every text of a document; more than what is read does no harm."""
    found: set[str] = set()
    texts: list[AnyNode] = [root]
    while texts:
        node = texts.pop()
        if hasattr(node, "items"):
            inner = node.items
            texts += [one[1] if isinstance(one, tuple) else one for one in inner]
            continue
        try:
            found |= {token.text for token in tokenize(node.text) if token.kind == "name"}
        except ExpressionError:
            continue
    return found


def _mutant(stage: str, file: str, root: AnyNode, made: Made, whole: Documents) -> Mutant:
    node = find(root, *made.path)
    line = node.line if node is not None else 0
    return Mutant(stage, file, made.item, made.words, root.source.file, line, whole)
