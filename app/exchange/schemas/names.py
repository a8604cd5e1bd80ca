"""A product's documents come in; the names that its files may use go out, for completion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.policies.documents import Documents
from app.policies.policy import Policy
from app.rules.catalogue import Input
from app.rules.document import plain_of
from app.rules.fields import NUMBER_TEXT
from app.rules.rulesets import Rules, Table


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one product. `outputs`: what stages give, with the texts that a table gives;
    `rows`: the row ids of each table's stage; `rules`: the ids of all rules.
    """

    inputs: Mapping[str, Input]
    reasons: Mapping[str, str]
    terms: Mapping[str, str]
    outputs: Mapping[str, tuple[str, ...]]
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rules: tuple[str, ...] = ()

    @property
    def meanings(self) -> dict[str, str]:
        """Every input with what it means."""
        return {name: meaning_of(one) for name, one in self.inputs.items()}

    @property
    def columns(self) -> dict[str, str]:
        """Every name that a table's column may have, with what it means."""
        given = dict.fromkeys(self.outputs, "前面阶段的输出 / given by an earlier stage")
        terms = dict.fromkeys(self.terms, "产品参数 / a term of the product")
        return {**self.meanings, **terms, **given}


def meaning_of(one: Input) -> str:
    """What an input means, in both languages."""
    unit = f" ({one.unit})" if one.unit else ""
    return f"{one.meaning.get('zh', '')}\n{one.meaning.get('en', '')}{unit}".strip()


def names_of(documents: Documents, policy: Policy, inputs: Mapping[str, Input]) -> Names:
    """The names that the files of a checked policy may use."""
    outputs: dict[str, tuple[str, ...]] = {}
    rows: dict[str, tuple[str, ...]] = {}
    rules: list[str] = []
    for stage in policy.stages:
        match stage.checked:
            case Rules() as found:
                outputs[f"{stage.name}_hits"] = ()
                outputs[f"{stage.name}_outcome"] = ("approve", "refer", "decline")
                rules += [one.id for one in found.rules]
            case Table() as found:
                plain = plain_of(documents.rulesets[stage.file])
                for name in found.outputs:
                    outputs[name] = _texts_of(plain, name)
                rows[stage.name] = (*(row.id for row in found.rows), "otherwise")
            case _:
                kind = "score" if stage.file in documents.scorecards else "limit"
                outputs[kind] = ()
    reasons = {
        code: f"{one.staff.get('zh', '')} / {one.staff.get('en', '')}"
        for code, one in policy.reasons.items()
    }
    terms = {name: str(value) for name, value in policy.terms.items()}
    files = {"ruleset": tuple(documents.rulesets), "scorecard": tuple(documents.scorecards)}
    return Names(inputs, reasons, terms, outputs, files, rows, tuple(rules))


def _texts_of(table: Any, name: str) -> tuple[str, ...]:
    """The texts of an output column; none where it holds numbers."""
    cells = [row.get(name) for row in [*table["rows"], table["otherwise"]]]
    texts = tuple(dict.fromkeys(cell for cell in cells if isinstance(cell, str)))
    return () if all(NUMBER_TEXT.fullmatch(text) for text in texts) else texts
