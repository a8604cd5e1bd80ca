"""What the makers of mutants give, and what rules, tables and formulas share of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.rules.document import AnyNode
from app.trials.trees import Path, put, text_at

OTHERS = {
    "decline": ("refer", "flag"),
    "refer": ("decline", "flag"),
    "flag": ("refer", "decline"),
}
OTHER_UNKNOWN = {"refer": "decline", "decline": "refer"}


@dataclass(frozen=True, slots=True)
class Made:
    """One change of a document. `item`: the id of the rule, row, characteristic or value; `words`:
    what changed; `path`: where; `root`: the whole changed document.
    """

    item: str
    words: str
    path: Path
    root: AnyNode


def put_text(root: AnyNode, item: str, path: Path, new: str, key: str = "") -> Made:
    """The text at that place changed to another; told with its key."""
    before = text_at(root, *path)
    said = f"{key} " if key else ""
    return Made(item, f"{said}{before} → {said}{new}", path, put(root, path, new))


def swap_reason(root: AnyNode, item: str, path: Path, codes: tuple[str, ...]) -> Iterator[Made]:
    """The reason at that place changed to the next one of the same policy."""
    code = text_at(root, *path)
    if code in codes and len(codes) > 1:
        other = codes[(codes.index(code) + 1) % len(codes)]
        yield put_text(root, item, path, other, "reason")


def turn_unknown(root: AnyNode) -> Iterator[Made]:
    """What a document's unknown leads to: the other."""
    said = text_at(root, "unknown")
    if said is None:  # the language's default; there is no place to change
        return
    if said in OTHER_UNKNOWN:
        yield put_text(root, "unknown", ("unknown",), OTHER_UNKNOWN[said])
