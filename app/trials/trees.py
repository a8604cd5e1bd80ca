"""A document with one place of it changed: the rest is shared, so that thousands cost little."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.rules.document import AnyNode, Mapping, Scalar, Sequence, node_of

Path = tuple[str | int, ...]


def find(root: AnyNode | None, *path: str | int) -> AnyNode | None:
    """The node at that place, None where there is none."""
    for step in path:
        if isinstance(step, str):
            root = root.get(step) if isinstance(root, Mapping) else None
        else:
            root = root.items[step] if isinstance(root, Sequence) else None
    return root


def text_at(root: AnyNode | None, *path: str | int) -> str | None:
    """The text at that place; None where there is none, or null."""
    node = find(root, *path)
    return node.text if isinstance(node, Scalar) and not node.is_null else None


def items_of(root: AnyNode | None, *path: str | int) -> tuple[AnyNode, ...]:
    node = find(root, *path)
    return node.items if isinstance(node, Sequence) else ()


def pairs_of(root: AnyNode | None, *path: str | int) -> tuple[tuple[Scalar, AnyNode], ...]:
    node = find(root, *path)
    return node.items if isinstance(node, Mapping) else ()


def put(root: AnyNode, path: Path, new: Any) -> AnyNode:
    """The tree with a node, or JSON data, at that place, which must exist; None takes it away."""
    if not path:
        return new if isinstance(new, (Scalar, Mapping, Sequence)) else node_of("", new)
    step, rest = path[0], path[1:]
    if isinstance(root, Mapping) and isinstance(step, str):
        pairs = []
        for key, value in root.items:
            if key.text != step:
                pairs.append((key, value))
            elif rest or new is not None:
                pairs.append((key, put(value, rest, new)))
        return replace(root, items=tuple(pairs))
    assert isinstance(root, Sequence) and isinstance(step, int)
    before, after = root.items[:step], root.items[step + 1 :]
    if not rest and new is None:
        return replace(root, items=(*before, *after))
    return replace(root, items=(*before, put(root.items[step], rest, new), *after))


def swap(root: AnyNode, path: Path, place: int) -> AnyNode:
    """The tree with an entry of a list and the one after it in each other's place."""
    items = list(items_of(root, *path))
    items[place], items[place + 1] = items[place + 1], items[place]
    node = find(root, *path)
    assert isinstance(node, Sequence)
    return put(root, path, replace(node, items=tuple(items)))
