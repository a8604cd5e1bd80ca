"""What an import has found so far: inputs, names, stages; what does not fit, what a person should
know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from app.dmn.importing_text import Names, Unfit
from app.rules import syntax as s
from app.rules.lexer import ExpressionError
from app.rules.parser import parse_cell, parse_expression
from app.rules.scope import Scope, checker_of
from app.rules.terms import Term, conjunction
from app.rules.types import Type


@dataclass(frozen=True)
class Misfit:
    """A part of the model that our language does not say. `rule` counts from 1; `cell` names the
    column. `is_input`: it is no decision, but an input of that name.
    """

    decision: str
    why: str
    rule: int | None = None
    cell: str | None = None
    is_input: bool = False

    def __str__(self) -> str:
        place = f"{'input' if self.is_input else 'decision'} '{self.decision}'"
        if self.rule is not None:
            place += f", rule {self.rule}"
        if self.cell is not None:
            place += f", {self.cell}"
        return f"{place}: {self.why}"

    def as_json(self) -> dict[str, object]:
        return {
            "decision": self.decision,
            "is_input": self.is_input,
            "rule": self.rule,
            "cell": self.cell,
            "why": self.why,
        }


@dataclass(frozen=True)
class Stage:
    """A file of the product."""

    name: str
    file: str
    text: str
    decision: str
    kind: str = "ruleset"


@dataclass
class Found:
    """`names`: what expressions may read, the model's → ours (a name, or an expression in
    parentheses); `tables`: decision → output of the model → ours.
    """

    scope: Scope = field(default_factory=lambda: Scope({}))
    inputs: dict[str, tuple[str, Type]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    undeclared: list[str] = field(default_factory=list)
    terms: dict[str, str] = field(default_factory=dict)
    tables: dict[str, dict[str, str]] = field(default_factory=dict)
    stages: list[Stage] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    misfits: list[Misfit] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)

    def taken(self) -> set[str]:
        """Our names that are given already."""
        names = {*self.scope.types, *self.terms}
        for stage in self.stages:
            names |= {stage.name, f"{stage.name}_hits", f"{stage.name}_outcome"}
        return names | {"id", "then", "reason", "for", "outcome", "limit", "score"}

    def add_type(self, name: str, of: Type) -> None:
        self.scope = replace(self.scope, types={**self.scope.types, name: of})

    def note(self, decision: str, text: str) -> None:
        if (decision, text) not in self.notes:
            self.notes.append((decision, text))

    def expression(
        self, text: str, names: Mapping[str, str], wanted: str | None = None
    ) -> tuple[str, s.Syntax, Term]:
        """An expression of the model in our language, checked. Raises Unfit."""
        ours = Names(names).translate(text)
        if not ours:
            raise Unfit("it is empty")
        errors: list[ExpressionError] = []
        try:
            tree = parse_expression(ours)
        except ExpressionError as error:
            raise Unfit(words_of(error)) from error
        term = checker_of(self.scope, errors.append).expression(tree, wanted, "the expression")
        if term is None:
            raise Unfit("; ".join(map(words_of, errors)))
        return ours, tree, term

    def cell(
        self, text: str, names: Mapping[str, str], subject: Term, of: Type | None
    ) -> tuple[str, Term]:
        """A cell of the model in our language, checked. Raises Unfit."""
        ours = Names(names).translate(text) or "-"
        errors: list[ExpressionError] = []
        try:
            tests = parse_cell(ours)
        except ExpressionError as error:
            raise Unfit(words_of(error)) from error
        if tests is None:
            return ours, conjunction(())
        term = checker_of(self.scope, errors.append).cell(subject, of, tests)
        if term is None:
            raise Unfit("; ".join(map(words_of, errors)))
        return ours, term


def words_of(error: ExpressionError) -> str:
    """What is wrong, with its hint."""
    return f"{error.message} ({error.hint})" if error.hint else error.message
