"""Strict YAML: text comes in, a tree of nodes that know their place goes out.

Stricter than YAML 1.1: no aliases or anchors (a file of a hundred lines cannot become a billion
nodes), no tags, no tabs, one document, a key only once. Scalars stay text: the schema, not a guess,
says what `no` or `1_000` mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from app.rules.problems import Place, Problem, ProblemsFound

LARGEST_FILE = 2_000_000  # characters
DEEPEST_NESTING = 24
NULLS = frozenset({"", "null", "Null", "NULL", "~"})  # as YAML says, and so every editor


@dataclass(frozen=True, slots=True)
class Source:
    """A text with the name under which the reader knows it."""

    file: str
    text: str
    lines: tuple[str, ...] = field(default=(), repr=False)

    @staticmethod
    def of(file: str, text: str) -> Source:
        return Source(file, text, tuple(text.split("\n")))

    def problem(
        self,
        line: int,
        column: int,
        code: str,
        message: str,
        hint: str | None = None,
        width: int = 1,
    ) -> Problem:
        """A problem at a line and column from 1, with the text of the line."""
        text = self.lines[line - 1].rstrip("\r") if 0 < line <= len(self.lines) else ""
        return Problem(Place(self.file, line, column), code, message, hint, text, width)


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the tree; `line` and `column` from 1, 0 where it was not read from a text."""

    source: Source
    line: int
    column: int
    start: int
    end: int

    def problem(self, code: str, message: str, hint: str | None = None, width: int = 1) -> Problem:
        return self.source.problem(self.line, self.column, code, message, hint, width)


@dataclass(frozen=True, slots=True)
class Scalar(Node):
    """A text; `is_null` when it is a plain `null` (also `Null`, `NULL`), `~` or nothing."""

    text: str
    quoted: bool

    @property
    def is_null(self) -> bool:
        return not self.quoted and self.text in NULLS

    def problem_at(
        self, offset: int, code: str, message: str, hint: str | None = None, width: int = 1
    ) -> Problem:
        """A problem at a character of the text, at its place in the file."""
        if self.line == 0:
            return self.source.problem(0, offset + 1, code, message, hint, width)
        index = self._index_in_file(offset)
        before = self.source.text[:index]
        line = before.count("\n") + 1
        column = index - (before.rfind("\n") + 1) + 1
        return self.source.problem(line, column, code, message, hint, width)

    def _index_in_file(self, offset: int) -> int:
        """Walk file text and scalar text side by side: folded lines, quotes and escapes make the
        two differ.
        """
        raw, at = self.source.text, self.start
        if self.quoted:
            at += 1
        elif raw[at : at + 1] in ("|", ">"):
            at = raw.find("\n", at) + 1 or at
        for character in self.text[:offset]:
            if character in " \n":
                skipped = re.compile(r"\s*").match(raw, at)
                at = skipped.end() if skipped and skipped.end() > at else at + 1
            else:
                while at < self.end and raw[at] in " \n\r" and raw[at] != character:
                    at += 1
                at += (
                    2
                    if self.quoted and raw[at : at + 1] in ("\\", "'") and raw[at] != character
                    else 1
                )
                if self.quoted and character == "'" and raw[at : at + 1] == "'":
                    at += 1
        while at < self.end and offset < len(self.text) and raw[at] in " \n\r" != self.text[offset]:
            at += 1
        return min(at, len(raw))


@dataclass(frozen=True, slots=True)
class Mapping(Node):
    """Keys (each once) and values, in file order."""

    items: tuple[tuple[Scalar, AnyNode], ...]

    def get(self, key: str) -> AnyNode | None:
        return next((value for name, value in self.items if name.text == key), None)


@dataclass(frozen=True, slots=True)
class Sequence(Node):
    items: tuple[AnyNode, ...]


AnyNode = Scalar | Mapping | Sequence


def load_yaml(file: str, text: str) -> AnyNode:
    """Read one strict YAML document. Raises ProblemsFound."""
    source = Source.of(file, text)
    if len(text) > LARGEST_FILE:
        raise ProblemsFound(
            [
                Problem(
                    Place(file, 1, 1),
                    "too-large",
                    f"the file has {len(text):,} characters; at most {LARGEST_FILE:,} are read",
                )
            ]
        )
    forbidden = _FORBIDDEN.search(text)
    if forbidden is not None:
        first_bad = forbidden.start()
        line = text.count("\n", 0, first_bad) + 1
        column = first_bad - (text.rfind("\n", 0, first_bad) + 1) + 1
        raise ProblemsFound([_forbidden(source, line, column, text[first_bad])])
    builder = _Builder(source)
    try:
        root = builder.read(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except yaml.MarkedYAMLError as error:
        raise ProblemsFound([_explain(source, error)]) from None
    except yaml.YAMLError as error:
        raise ProblemsFound(
            [source.problem(1, 1, "yaml", "this cannot be read as YAML")]
        ) from error
    if builder.problems:
        raise ProblemsFound(builder.problems)
    return root


# Tabs, control characters, line breaks that nobody sees, what is no character at all.
_FORBIDDEN = re.compile(
    r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]"
)


def _forbidden(source: Source, line: int, column: int, character: str) -> Problem:
    if character == "\t":
        return source.problem(line, column, "tab", "a tab stands here", "write spaces instead")
    return source.problem(
        line,
        column,
        "bad-character",
        f"the character U+{ord(character):04X} may not stand in a file",
        "delete it",
    )


class _Builder:
    """Turns parser events into nodes; collects what strictness forbids."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[Problem] = []

    def read(self, events: Iterator[Any]) -> AnyNode:
        root: AnyNode | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                self._say(
                    event,
                    "two-documents",
                    "a second document starts here",
                    "one file holds one document",
                )
                break
            if isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent, yaml.AliasEvent)):
                root = self._node(event, events, 1)
        if root is None:
            root = Scalar(self.source, 1, 1, 0, 0, "", False)
        return root

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> AnyNode:
        mark, end = event.start_mark, event.end_mark
        place = (self.source, mark.line + 1, mark.column + 1, mark.index, end.index)
        if isinstance(event, yaml.AliasEvent):
            self._say(event, "alias", "aliases (*name) are not read", "write the value out")
            raise ProblemsFound(self.problems)
        if event.anchor is not None:
            self._say(
                event,
                "anchor",
                "anchors (&name) are not read",
                "write the value out where it is needed",
            )
        if event.tag is not None:
            self._say(
                event,
                "tag",
                "tags (!name) are not read",
                "a text that starts with ! must be quoted",
            )
        if depth > DEEPEST_NESTING:
            self._say(event, "too-deep", f"nested deeper than {DEEPEST_NESTING} levels")
            raise ProblemsFound(self.problems)
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(*place, event.value, event.style in ("'", '"'))
        if isinstance(event, yaml.SequenceStartEvent):
            members = []
            for inner in events:
                if isinstance(inner, yaml.SequenceEndEvent):
                    break
                members.append(self._node(inner, events, depth + 1))
            return Sequence(*place, tuple(members))
        return Mapping(*place, self._pairs(events, depth))

    def _pairs(self, events: Iterator[Any], depth: int) -> tuple[tuple[Scalar, AnyNode], ...]:
        pairs: list[tuple[Scalar, AnyNode]] = []
        seen: dict[str, Scalar] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._node(event, events, depth + 1)
            value = self._node(next(events), events, depth + 1)
            if not isinstance(key, Scalar):
                self.problems.append(key.problem("bad-key", "a key must be a name"))
                continue
            if key.text in seen:
                first = seen[key.text]
                self.problems.append(
                    key.problem(
                        "key-twice",
                        f"the key '{key.text}' stands here a second time"
                        f" (first in line {first.line})",
                        "keep one of the two",
                        max(1, len(key.text)),
                    )
                )
                continue
            seen[key.text] = key
            pairs.append((key, value))
        return tuple(pairs)

    def _say(self, event: Any, code: str, message: str, hint: str | None = None) -> None:
        mark = event.start_mark
        self.problems.append(
            self.source.problem(mark.line + 1, mark.column + 1, code, message, hint)
        )


_TRAP = re.compile(
    r"""(?:^|[:,{\[]|-)\s*(?P<cell>>=?\s*[^\s|>+-]|\[[^\],]*\.\.|\*|&|!|%|@|`|-\s*[,}])"""
)


# What the parser says → what an analyst reads, and what to write instead.
_COMPLAINTS: dict[str, tuple[str, str | None]] = {
    "quoted scalar": ("a quoted text has no end", "end it with the quote that it starts with"),
    "values are not allowed": (
        "a second key stands here, in the value of the key before it",
        "quote a text that has ': ' in it, and begin a key in the column of the keys beside it",
    ),
    "expected ',' or ']'": ("a list that starts with [ has no end", "end it with ]"),
    "expected ',' or '}'": ("keys that start with { have no end", "end them with }"),
    "block mapping": (
        "a key and its value are expected here, as in `key: value`",
        "begin it in the column of the keys beside it",
    ),
    "simple key": (
        "a key and its value are expected here, as in `key: value`",
        "a blank follows the colon",
    ),
    "block collection": (
        "an entry of a list is expected here",
        "begin it with `- `, in the column of the entries beside it",
    ),
    "did not find expected node content": (
        "a value is expected here",
        "a text that starts with a sign must be quoted",
    ),
}


def _explain(source: Source, error: yaml.MarkedYAMLError) -> Problem:
    """The parser's complaint in an analyst's words, with the usual trap pointed out."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    for candidate in dict.fromkeys(
        (line, line - 1, (error.context_mark.line + 1) if error.context_mark else line)
    ):
        text = source.lines[candidate - 1] if 0 < candidate <= len(source.lines) else ""
        trap = _TRAP.search(re.sub(r'"[^"]*"|\'[^\']*\'', lambda m: "x" * len(m.group()), text))
        if trap:
            return source.problem(
                candidate,
                trap.start("cell") + 1,
                "quote-needed",
                f"a cell that starts with {trap.group('cell')[0]} must be quoted",
                'write it in double quotes, for example ">= 85", "[12..24)" or "-"',
            )
    said = f"{error.context or ''} {error.problem or ''}"
    message, hint = next(
        (words for sign, words in _COMPLAINTS.items() if sign in said),
        ("this cannot be read as YAML", None),
    )
    begun = error.context_mark
    if begun is not None and ("no end" in message or "simple key" in said):
        line, column = begun.line + 1, begun.column + 1  # not where it was missed, at the very end
    return source.problem(line, column, "yaml", message, hint)


def plain_of(node: AnyNode) -> Any:
    """The tree as JSON data: mappings, lists, texts and null. Its canonical form is what a release
    hashes.
    """
    if isinstance(node, Scalar):
        return None if node.is_null else node.text
    if isinstance(node, Sequence):
        return [plain_of(item) for item in node.items]
    return {key.text: plain_of(value) for key, value in node.items}


def node_of(file: str, plain: Any) -> AnyNode:
    """The tree again from `plain_of`; places are unknown (line 0)."""
    source = Source(file, "")
    if plain is None:
        return Scalar(source, 0, 0, 0, 0, "", False)
    if isinstance(plain, str):
        return Scalar(source, 0, 0, 0, 0, plain, True)
    if isinstance(plain, list):
        return Sequence(source, 0, 0, 0, 0, tuple(node_of(file, item) for item in plain))
    return Mapping(
        source,
        0,
        0,
        0,
        0,
        tuple(
            (Scalar(source, 0, 0, 0, 0, key, False), node_of(file, value))
            for key, value in plain.items()
        ),
    )
