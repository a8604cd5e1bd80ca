"""An explanation as JSON data → lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

HEADINGS = {
    "reasons": {"zh": "原因", "en": "Reasons"},
    "to_improve": {"zh": "可以改进", "en": "What could be better"},
    "what_if": {"zh": "如果……会怎样", "en": "What if"},
}


def write_merchant(told: Mapping[str, Any], language: str) -> Iterator[str]:
    """A letter: outcome, reasons, what to do, rights. `told` is in one language."""
    yield f"【{told['product']}】{told['headline']}"
    if "offer" in told:
        yield told["offer"]["text"]
    for key in ("reasons", "to_improve"):
        if told.get(key):
            yield f"{HEADINGS[key][language]}:"
        for place, one in enumerate(told.get(key, []), start=1):
            yield f"  {place}. {one['text']}" + (f" — {one['advice']}" if one["advice"] else "")
    if "what_if" in told:
        yield f"{HEADINGS['what_if'][language]}:"
        yield from (f"  {line}" for line in write_what_if(told["what_if"]))
    for key in ("better", "data", "again", "objection", "human_review"):
        if key in told:
            yield told[key]


def write_what_if(told: Mapping[str, Any]) -> Iterator[str]:
    """The sentences, and the caveat."""
    words = told.get("in_words", told)
    yield from words["sentences"]
    yield from (f"– {one}" for one in words["blocked_by"])
    if words.get("no_promise"):
        yield words["no_promise"]


def write_outline(told: Any, indent: int = 0) -> Iterator[str]:
    """Any JSON data as an indented outline: for analysts and auditors."""
    space = "  " * indent
    if isinstance(told, Mapping):
        for key, value in told.items():
            if isinstance(value, (Mapping, list, tuple)) and value and not _is_short(value):
                yield f"{space}{key}:"
                yield from write_outline(value, indent + 1)
            else:
                yield f"{space}{key}: {_short(value)}"
    elif isinstance(told, (list, tuple)):
        for one in told:
            if isinstance(one, (Mapping, list, tuple)) and not _is_short(one):
                lines = list(write_outline(one, indent + 1))
                yield f"{space}- {lines[0].strip()}"
                yield from lines[1:]
            else:
                yield f"{space}- {_short(one)}"
    else:
        yield f"{space}{_short(told)}"


def _is_short(value: Any) -> bool:
    inner = list(value.values()) if isinstance(value, Mapping) else list(value)
    flat = all(not isinstance(one, (Mapping, list, tuple)) for one in inner)
    return flat and len(_short(value)) <= 80


def _short(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_short(one)}" for key, one in value.items()) or "–"
    if isinstance(value, (list, tuple)):
        return ", ".join(_short(one) for one in value) or "–"
    return f"{value:g}" if isinstance(value, float) else str(value)
