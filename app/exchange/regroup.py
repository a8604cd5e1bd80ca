"""The entries of a mapping or list come in with the order and selection that is wanted; the edits
go out that leave every entry that stays, its comments and the blank lines around it as they are.
"""

from __future__ import annotations

from collections.abc import Sequence as Values
from dataclasses import dataclass
from itertools import pairwise

from app.exchange.spans import Edit, apply_edits, end_of, is_flow, line_end, line_start
from app.rules.document import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it stands, with what changes inside it."""

    start: int
    end: int
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """An entry as it shall stand: an old one by its number, or the lines of a new one."""

    origin: int | None
    lines: tuple[str, ...]


def regroup(
    node: Mapping | Sequence, entries: Values[Entry], parts: Values[Part], empty: str
) -> list[Edit]:
    """The edits; `empty` is how the node is written when nothing is left of it."""
    if [part.origin for part in parts] == list(range(len(entries))):
        return [edit for entry in entries for edit in entry.edits]
    if is_flow(node):
        return [_in_flow(node, entries, parts)]
    return [_in_block(node, entries, parts, empty)]


def _in_flow(node: Mapping | Sequence, entries: Values[Entry], parts: Values[Part]) -> Edit:
    raw = node.source.text
    between = [raw[a.end : b.start] for a, b in pairwise(entries)]
    usual = next((one for one in between if one.strip() == ","), ", ")
    pieces = []
    for place, part in enumerate(parts):
        if place:
            pieces.append(_gap_in_flow(parts[place - 1].origin, part.origin, between, usual))
        pieces.append(_body(raw, entries, part))
    last = parts[-1].origin if parts else None
    if last is not None and last < len(between) and _comment_behind(between[last]):
        blanks = between[last].rpartition("\n")[2]
        pieces.append(_comment_behind(between[last]) + "\n" + blanks)
    end = end_of(node)
    head, tail = raw[node.start], raw[end - 1]
    if entries:
        head, tail = raw[node.start : entries[0].start], raw[entries[-1].end : end]
    return Edit(node.start, end, head + "".join(pieces) + tail)


def _gap_in_flow(before: int | None, after: int | None, between: Values[str], usual: str) -> str:
    """What stands between two entries: a comment behind the first one stays, and so do lines of
    comments above the second one.
    """
    if before is not None and after == before + 1:
        return between[before]
    behind = (
        _comment_behind(between[before]) if before is not None and before < len(between) else ""
    )
    above = between[after - 1].split("\n")[1:-1] if after else []
    above = above if any("#" in line for line in above) else []
    if not behind and not above:
        return usual
    sample = between[before] if behind and before is not None else between[(after or 1) - 1]
    return "\n".join(["," + behind, *above, sample.rpartition("\n")[2]])


def _comment_behind(gap: str) -> str:
    """The comment on the line of the entry before a gap, with the blanks before it."""
    line = gap.partition("\n")[0].replace(",", "", 1) if "\n" in gap else ""
    return line if "#" in line else ""


def _body(raw: str, entries: Values[Entry], part: Part) -> str:
    if part.origin is None:
        return part.lines[0]
    entry = entries[part.origin]
    return apply_edits(raw, entry.start, entry.end, entry.edits)


def _in_block(
    node: Mapping | Sequence, entries: Values[Entry], parts: Values[Part], empty: str
) -> Edit:
    raw = node.source.text
    line_break = "\r\n" if "\r\n" in raw else "\n"
    column = entries[0].start - line_start(raw, entries[0].start)
    is_inline = bool(raw[line_start(raw, entries[0].start) : entries[0].start].strip())
    starts = [_start_with_comments(raw, entry, column) for entry in entries]
    if is_inline:
        starts[0] = entries[0].start
    ends = [line_end(raw, entry.end) for entry in entries]
    gaps = [raw[end : starts[n + 1]] for n, end in enumerate(ends[:-1])]
    usual = gaps[0] if gaps and not gaps[0].strip() else line_break
    pieces = []
    for place, part in enumerate(parts):
        if place:
            pieces.append(_gap(parts[place - 1].origin, part.origin, gaps, usual))
        if part.origin is None:
            indent = " " * column
            body = line_break.join(indent + line for line in part.lines)
        else:
            n = part.origin
            start = entries[n].start if is_inline and place == 0 else starts[n]
            body = apply_edits(raw, start, ends[n], entries[n].edits)
            body = " " * column + body if is_inline and n == 0 and place else body
        pieces.append(body.lstrip(" ") if is_inline and place == 0 else body)
    if not parts:
        pieces = [empty if is_inline else " " * (column + 2) + empty]
    return Edit(starts[0], ends[-1], "".join(pieces))


def _gap(before: int | None, after: int | None, gaps: list[str], usual: str) -> str:
    """What stands between two entries: as it was where they were neighbours; a comment that stands
    apart stays behind the entry that it follows.
    """
    if before is None or before >= len(gaps):
        return usual
    return gaps[before] if after == before + 1 or gaps[before].strip() else usual


def _start_with_comments(raw: str, entry: Entry, column: int) -> int:
    """Comment lines directly above an entry, in its column, belong to it."""
    start = line_start(raw, entry.start)
    while start:
        above = line_start(raw, start - 1)
        line = raw[above : start - 1]
        if not line.strip().startswith("#") or len(line) - len(line.lstrip()) != column:
            break
        start = above
    return start
