"""`rulesets/cleaning.yaml` comes in; frozen thresholds per source of waybills go out.

Strict: an unknown key refuses the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml

from app.errors import ChengxinError
from app.waybills.codes import Code

DEFAULT_SOURCE = "default"
PARTY_MARKS = ("id", "name", "phone")
KINDS = ("waybill", "invoice")


class CleaningError(ChengxinError):
    """The cleaning file cannot be used; the message says file, line, and what to write instead."""


@dataclass(frozen=True, slots=True)
class CleaningRules:
    """How waybills of one source are cleaned.

    Amounts are fen; statuses and words are lower-case.
    """

    switched_off: frozenset[str]
    self_deal_by: frozenset[str]
    voided_statuses: tuple[str, ...]
    returned_statuses: tuple[str, ...]
    placeholder_names: tuple[str, ...]
    test_words: tuple[str, ...]
    test_amounts_fen: tuple[int, ...]
    amount_outlier_fen: int
    amount_outlier_medians: int
    freight_outlier_bills: int  # fewest bills of a lane (and category) that tell what is usual
    freight_outlier_cod_fen: int  # from this COD amount on …
    freight_outlier_freight_fen: int  # … a freight up to this is the entry form's, not a price
    fee_outlier_fen: int  # a fee may differ from the tariff by this …
    fee_outlier_percent: int  # … or by so many percent of the tariff, whichever is more
    duplicate_suspect_hours: int
    kind: str  # waybill: goods were carried and signed for; invoice: a sale alone

    def judges(self, code: Code) -> bool:
        """Whether this source can get the code."""
        return code.name not in self.switched_off


@dataclass(frozen=True, slots=True)
class Cleaning:
    """The whole file: rules by source, and the SHA-256 of the text they were read from."""

    sources: dict[str, CleaningRules]
    sha256: str

    def knows(self, source: str) -> bool:
        return source in self.sources

    def for_source(self, source: str) -> CleaningRules:
        """The rules of a source; of `default` when the file does not name it."""
        return self.sources.get(source, self.sources[DEFAULT_SOURCE])


def load_cleaning(path: Path) -> Cleaning:
    """Read and check a cleaning file. Raises CleaningError at the first thing that is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CleaningError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    return _Reader(path.name).read(text)


class _Reader:
    """Walks the YAML nodes, which know their lines."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.keys: dict[str, tuple[str, Callable[[yaml.Node], Any]]] = {
            "switched_off": ("switched_off", lambda node: frozenset(self.choose(node, CODE_NAMES))),
            "self_deal_by": (
                "self_deal_by",
                lambda node: frozenset(self.choose(node, PARTY_MARKS)),
            ),
            "voided_statuses": ("voided_statuses", self.words),
            "returned_statuses": ("returned_statuses", self.words),
            "placeholder_names": ("placeholder_names", self.words),
            "test_words": ("test_words", self.words),
            "test_amounts": ("test_amounts_fen", self.amounts),
            "amount_outlier": ("amount_outlier_fen", self.amount),
            "amount_outlier_medians": ("amount_outlier_medians", self.count),
            "freight_outlier_bills": ("freight_outlier_bills", self.count),
            "freight_outlier_cod": ("freight_outlier_cod_fen", self.amount),
            "freight_outlier_freight": ("freight_outlier_freight_fen", self.amount),
            "fee_outlier": ("fee_outlier_fen", self.amount),
            "fee_outlier_percent": ("fee_outlier_percent", self.count),
            "duplicate_suspect_hours": ("duplicate_suspect_hours", self.count),
            "kind": ("kind", self.kind),
        }

    def read(self, text: str) -> Cleaning:
        try:
            if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
                raise CleaningError(
                    f"{self.file}: references (*name) are not allowed; write it out"
                )
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.YAMLError as error:
            raise CleaningError(f"{self.file}: not valid YAML: {error}") from error
        if root is None:
            raise CleaningError(f"{self.file}: the file is empty; write `sources:` with `default:`")
        top = self.mapping(root, ("sources",))
        if "sources" not in top:
            raise self.error(root, "the key 'sources' is missing")
        entries = self.mapping(top["sources"], None)
        if DEFAULT_SOURCE not in entries:
            raise self.error(
                top["sources"], "there is no source 'default'; every other builds on it"
            )
        default = self.source(entries[DEFAULT_SOURCE], None)
        rules = {
            name: default if name == DEFAULT_SOURCE else self.source(node, default)
            for name, node in entries.items()
        }
        return Cleaning(rules, hashlib.sha256(text.encode()).hexdigest())

    def source(self, node: yaml.Node, default: CleaningRules | None) -> CleaningRules:
        given = self.mapping(node, ("title", *self.keys))
        values = {
            self.keys[key][0]: self.keys[key][1](value)
            for key, value in given.items()
            if key != "title"
        }
        if default is not None:
            return replace(default, **values)
        values.setdefault("kind", KINDS[0])
        lacking = [key for key, (name, _) in self.keys.items() if name not in values]
        if lacking:
            raise self.error(node, f"the source 'default' lacks {', '.join(lacking)}")
        return CleaningRules(**{field.name: values[field.name] for field in fields(CleaningRules)})

    def mapping(self, node: yaml.Node, known: tuple[str, ...] | None) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            raise self.error(node, "expected 'key: value' lines here")
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = str(key.value)
            if known is not None and name not in known:
                raise self.error(key, f"unknown key '{name}'; known here: {', '.join(known)}")
            if name in found:
                raise self.error(key, f"the key '{name}' stands twice; keep one")
            found[name] = value
        return found

    def scalars(self, node: yaml.Node) -> list[yaml.ScalarNode]:
        if not isinstance(node, yaml.SequenceNode):
            raise self.error(node, "expected a list such as [a, b]")
        for item in node.value:
            if not isinstance(item, yaml.ScalarNode):
                raise self.error(item, "expected a single value")
        return list(node.value)

    def choose(self, node: yaml.Node, known: tuple[str, ...]) -> list[str]:
        for item in self.scalars(node):
            if item.value not in known:
                raise self.error(item, f"unknown '{item.value}'; known are {', '.join(known)}")
        return [item.value for item in self.scalars(node)]

    def words(self, node: yaml.Node) -> tuple[str, ...]:
        words = tuple(item.value.strip().lower() for item in self.scalars(node))
        if "" in words:
            raise self.error(node, "a word of this list is empty; leave it out")
        return words

    def kind(self, node: yaml.Node) -> str:
        if node.value not in KINDS:
            raise self.error(node, f"unknown kind; known are {', '.join(KINDS)}")
        return str(node.value)

    def amounts(self, node: yaml.Node) -> tuple[int, ...]:
        return tuple(self.amount(item) for item in self.scalars(node))

    def amount(self, node: yaml.Node) -> int:
        """Yuan as written, in fen."""
        try:
            fen = Decimal(str(node.value).replace("_", "")) * 100
        except InvalidOperation:
            fen = Decimal("NaN")
        if not fen.is_finite() or fen < 0 or fen != int(fen):
            raise self.error(node, "expected an amount in yuan such as 100_000 or 0.01")
        return int(fen)

    def count(self, node: yaml.Node) -> int:
        text = str(node.value).replace("_", "")
        if not text.isdecimal() or int(text) < 1:
            raise self.error(node, "expected a whole number from 1 up")
        return int(text)

    def error(self, node: yaml.Node, message: str) -> CleaningError:
        line = node.start_mark.line + 1 if node.start_mark is not None else 1
        return CleaningError(f"{self.file}:{line}: {message}")


CODE_NAMES = tuple(str(code.name) for code in Code)
