"""A document and what it shall say come in; its text with only the changed places replaced goes
out.

What is wanted is a tree of plain data. Entries of a list that was read are `Item`s: they name the
entry that they come from, so that one can be changed, moved, added and left out, and its comments,
order and formatting stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.errors import ChengxinError
from app.exchange.regroup import Entry, Part, regroup
from app.exchange.scalars import Hints, write_flow, write_scalar
from app.exchange.spans import Edit, apply_edits, end_of, is_flow, start_of_item
from app.rules.document import AnyNode, Mapping, Scalar, Sequence, load_yaml, plain_of
from app.rules.problems import ProblemsFound


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of a list: the number of the entry that it comes from (None: new), what it holds."""

    origin: int | None
    value: Any


class CannotWrite(ChengxinError):
    """The text could not be changed so that it says what is wanted; nothing was written."""


def patch(root: AnyNode, wanted: Any) -> str:
    """The document's text with what differs replaced in place. Raises CannotWrite."""
    text = root.source.text
    changed = apply_edits(text, 0, len(text), _edits(root, wanted, frozenset(), False))
    try:
        again = load_yaml(root.source.file, changed)
    except ProblemsFound as found:
        raise CannotWrite(_refusal(root)) from found
    if _ordered(plain_of(again)) != _ordered(strip_items(wanted)):
        raise CannotWrite(_refusal(root))
    return changed


def strip_items(wanted: Any) -> Any:
    """What is wanted as plain data, without where it comes from."""
    if isinstance(wanted, Item):
        return strip_items(wanted.value)
    if isinstance(wanted, list):
        return [strip_items(one) for one in wanted]
    if isinstance(wanted, dict):
        return {key: strip_items(value) for key, value in wanted.items()}
    return wanted


def _refusal(root: AnyNode) -> str:
    return (
        f"{root.source.file} is written in a way that cannot be changed in place;"
        " make this change in the file itself"
    )


def _ordered(plain: Any) -> Any:
    """Plain data in which the order of keys counts."""
    if isinstance(plain, dict):
        return [(key, _ordered(value)) for key, value in plain.items()]
    return [_ordered(one) for one in plain] if isinstance(plain, list) else plain


def _edits(node: AnyNode, wanted: Any, quoted: Hints, in_flow: bool) -> list[Edit]:
    """`in_flow`: the node stands in braces or brackets."""
    if isinstance(node, Mapping) and isinstance(wanted, dict):
        return _edit_mapping(node, wanted, quoted, in_flow)
    is_listed = isinstance(wanted, list) and all(isinstance(one, Item) for one in wanted)
    if isinstance(node, Sequence) and is_listed:
        return _edit_sequence(node, wanted, in_flow)
    plain = strip_items(wanted)
    if plain_of(node) == plain:
        return []
    if isinstance(node, Scalar) and (plain is None or isinstance(plain, str)):
        return [_replaced(node, plain, in_flow)]
    if isinstance(node, Scalar) or is_flow(node):
        before = _blank_before(node)
        return [Edit(node.start, end_of(node), before + write_flow(plain, quoted))]
    raise CannotWrite(_refusal(node))


def _replaced(node: Scalar, text: str | None, in_flow: bool) -> Edit:
    raw = node.source.text
    quotes = raw[node.start] if node.quoted else ""
    end = end_of(node)
    return Edit(node.start, end, _blank_before(node) + write_scalar(text, quotes, in_flow))


def _blank_before(node: AnyNode) -> str:
    """Nothing stands at the place of an empty value, often not even the blank after the colon."""
    raw = node.source.text
    return " " if node.start == end_of(node) and raw[node.start - 1 : node.start] == ":" else ""


def _edit_mapping(
    node: Mapping, wanted: dict[str, Any], quoted: Hints, in_flow: bool
) -> list[Edit]:
    in_flow = in_flow or is_flow(node)
    entries, places = [], {}
    for place, (key, value) in enumerate(node.items):
        colon = node.source.text.index(":", key.end) + 1
        inner = _edits(value, wanted[key.text], quoted, in_flow) if key.text in wanted else []
        entries.append(Entry(key.start, max(colon, end_of(value)), tuple(inner)))
        places[key.text] = place
    parts = []
    for name, value in wanted.items():
        if name in places:
            parts.append(Part(places[name], ()))
        else:
            parts.append(Part(None, _lines_of_pair(name, value, quoted, in_flow)))
    return regroup(node, entries, parts, "{}")


def _edit_sequence(node: Sequence, wanted: list[Item], in_flow: bool) -> list[Edit]:
    in_flow = in_flow or is_flow(node)
    quoted = _quoted_keys(node)
    values = {one.origin: one.value for one in wanted if one.origin is not None}
    entries = []
    for place, item in enumerate(node.items):
        inner = _edits(item, values[place], quoted, in_flow) if place in values else []
        entries.append(Entry(start_of_item(node, item), end_of(item), tuple(inner)))
    parts = [
        Part(None, _lines_of_item(node, one.value, quoted))
        if one.origin is None
        else Part(one.origin, ())
        for one in wanted
    ]
    return regroup(node, entries, parts, "[]")


def _quoted_keys(node: Sequence) -> Hints:
    """The keys whose values stand in quotes in the entries of a list."""
    found: set[str] = set()
    for item in node.items:
        for key, value in item.items if isinstance(item, Mapping) else ():
            if isinstance(value, Scalar) and value.quoted:
                found.add(key.text)
            elif isinstance(value, Sequence):
                found |= _quoted_keys(value)
    return frozenset(found - {"title"})


def _lines_of_pair(key: str, value: Any, quoted: Hints, in_flow: bool) -> tuple[str, ...]:
    """A new key; a list of entries stands below it where there is room."""
    plain = strip_items(value)
    name = write_scalar(key)
    if not in_flow and isinstance(plain, list) and plain and isinstance(plain[0], dict):
        return (f"{name}:", *(f"  - {write_flow(one, quoted)}" for one in plain))
    if not in_flow and isinstance(plain, str):
        quotes = '"' if key in quoted else ""
        return (f"{name}: {write_scalar(plain, quotes, in_flow)}",)
    return (f"{name}: {write_flow(plain, quoted, key)}",)


def _lines_of_item(node: Sequence, value: Any, quoted: Hints) -> tuple[str, ...]:
    """A new entry, in the form of those that are there."""
    plain = strip_items(value)
    if is_flow(node):
        return (write_flow(plain, quoted),)
    likes = node.items[0] if node.items else None
    if not isinstance(plain, dict) or not plain or likes is None or is_flow(likes):
        return (f"- {write_flow(plain, quoted)}",)
    lines = [line for key, one in plain.items() for line in _lines_of_pair(key, one, quoted, False)]
    gap = " " * (likes.start - start_of_item(node, likes) - 1)
    if "\n" in node.source.text[start_of_item(node, likes) : likes.start]:
        gap = " "
    return (f"-{gap}{lines[0]}", *(f" {gap}{line}" for line in lines[1:]))
