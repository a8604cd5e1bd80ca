"""Values and expressions come in; the words in which an analyst reads a change go out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.rules.lexer import tokenize
from app.rules.terms import COMPARE, Term
from app.rules.types import MONEY

Said = Iterator[tuple[str, str]]  # (where, what changed)
Moved = tuple[str, str, tuple[str, ...]]  # before, after, the inputs compared


def show(value: Any, kind: str = "") -> str:
    """A value as a reader writes it: money (fen inside) in yuan, thousands apart."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, Decimal)):
        exact = Decimal(str(value)) / (100 if kind == MONEY else 1)
        text = f"{exact:,f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)


def show_list(values: Iterable[str] | None, nothing: str) -> str:
    listed = sorted(values) if values is not None else []
    return ", ".join(listed) or nothing


def plain(written: str) -> str:
    """An expression on one line, with single blanks."""
    return " ".join(written.split())


def same_text(was: str, now: str) -> bool:
    """Whether two texts of an expression differ in nothing but formatting."""
    return _tokens(was) == _tokens(now)


def _tokens(written: str) -> list[str | Decimal]:
    return [
        Decimal(token.text.replace("_", "")) if token.kind == "number" else token.text
        for token in tokenize(written)
    ]


def moved_thresholds(
    before: Term, after: Term, names: tuple[str, ...] = ()
) -> Sequence[Moved] | None:
    """The constants that differ where all else is the same; None where more differs."""
    if before == after:
        return ()
    if before.op == after.op == "const" and before.kind == after.kind:
        return ((show(before.payload, before.kind), show(after.payload, after.kind), names),)
    same = before.op == after.op and before.payload == after.payload and before.op != "const"
    if not same or len(before.args) != len(after.args):
        return None
    if before.op in COMPARE:
        names = tuple(dict.fromkeys(before.inputs()))
    found: list[Moved] = []
    for one, other in zip(before.args, after.args, strict=True):
        inner = moved_thresholds(one, other, names)
        if inner is None:
            return None
        found += inner
    return found


def condition_changes(before: Term, after: Term, was: str, now: str) -> list[str]:
    """What changed about a condition, in words; its two texts where more than thresholds did."""
    if before == after:
        return []
    moved = moved_thresholds(before, after)
    if not moved:
        return [f"condition `{plain(was)}` → `{plain(now)}`"]
    said = [
        f"threshold {old} → {new}" + (f" ({', '.join(names)})" if names else "")
        for old, new, names in moved
    ]
    return list(dict.fromkeys(said))


def expression_change(was: str, now: str) -> str | None:
    """What changed in an expression's own text: numbers where only they differ, else the texts;
    None where nothing but formatting did.
    """
    before, after = _tokens(was), _tokens(now)
    if before == after:
        return None
    pairs = [(a, b) for a, b in zip(before, after, strict=False) if a != b]
    numbers = all(isinstance(a, Decimal) and isinstance(b, Decimal) for a, b in pairs)
    if len(before) == len(after) and numbers:
        moved = ", ".join(f"{show(a)} → {show(b)}" for a, b in pairs)
        return f"{moved} in `{plain(now)}`"
    return f"`{plain(was)}` → `{plain(now)}`"


def tell_words(where: str, what: str, was: Mapping[str, str], now: Mapping[str, str]) -> Said:
    """What changed in a text that stands in several languages."""
    for language in sorted({*was, *now}):
        if was.get(language) != now.get(language):
            old, new = was.get(language, ""), now.get(language, "")
            yield where, f"{what} ({language}) “{old}” → “{new}”"


def tell_purposes(where: str, was: frozenset[str] | None, now: frozenset[str] | None) -> Said:
    if was != now:
        said = f"{show_list(was, 'all purposes')} → {show_list(now, 'all purposes')}"
        yield where, f"for {said}"


def tell_order(where: str, what: str, before: Sequence[str], after: Sequence[str]) -> Said:
    """The order of what both have."""
    old = [one for one in before if one in after]
    new = [one for one in after if one in before]
    if old != new:
        moved = [one for place, one in enumerate(new) if old[place] != one]
        was = ", ".join(one for one in old if one in moved)
        yield where, f"order of {what} {was} → {', '.join(moved)}"
