"""Where a node of a document begins and ends in its text, and replacing parts of that text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.rules.document import AnyNode, Mapping, Scalar, Sequence


@dataclass(frozen=True, slots=True)
class Edit:
    """The text from `start` to `end` (characters of the file) becomes `text`."""

    start: int
    end: int
    text: str


def apply_edits(text: str, start: int, end: int, edits: Iterable[Edit]) -> str:
    """The part of a text from `start` to `end`, with the edits that lie in it."""
    parts, at = [], start
    for edit in sorted(edits, key=lambda one: (one.start, one.end)):
        parts += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*parts, text[at:end]])


def is_flow(node: AnyNode) -> bool:
    """Whether a mapping or list stands in braces or brackets."""
    return not isinstance(node, Scalar) and node.source.text[node.start : node.start + 1] in (
        "{",
        "[",
    )


def end_of(node: AnyNode) -> int:
    """Where the text of a node ends: without comments and line breaks behind it."""
    raw = node.source.text
    if isinstance(node, Scalar):
        if not node.quoted and raw[node.start : node.start + 1] in ("|", ">"):
            return node.start + len(raw[node.start : node.end].rstrip())
        return node.end
    last = node.start + 1 if is_flow(node) else node.start
    if isinstance(node, Mapping) and node.items:
        key, value = node.items[-1]
        last = max(raw.find(":", key.end) + 1, end_of(value))
    elif isinstance(node, Sequence) and node.items:
        last = end_of(node.items[-1])
    if not is_flow(node):
        return last
    closing = "}" if raw[node.start] == "{" else "]"
    while raw[last] != closing:
        last = raw.index("\n", last) if raw[last] == "#" else last + 1
    return last + 1


def start_of_item(sequence: Sequence, item: AnyNode) -> int:
    """Where an entry of a list begins: at its dash, where it has one."""
    if is_flow(sequence):
        return item.start
    return sequence.source.text.rindex("-", 0, item.start) if item.start else 0


def line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def line_end(text: str, at: int) -> int:
    """The end of the line in which a place lies, before its line break."""
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    return end - 1 if end > at and text[end - 1] == "\r" else end
