"""The lines of a sheet as the files say now, under the keys that the same lines had in the export.

Bins and rows without an id are known by their place alone, and a line that was added or deleted
above moves them; so they are found again by what they say.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.exchange.cells import same
from app.exchange.sheets import Line, Sheet

Cells = Mapping[str, str | None]


def align(base: Mapping[str, Line], edited: Mapping[str, Cells], current: Sheet) -> dict[str, str]:
    """Each line's key now → its key in the export, or one that the export does not have; in the
    order of the files. `edited`: exported key → what the workbook says there now, since that may
    have been brought in before.
    """
    found: dict[str, str] = {}
    for line in current.lines:
        if not _is_by_place(line.key):
            found[line.key] = line.key
    groups = dict.fromkeys(_group(line.key) for line in current.lines if _is_by_place(line.key))
    for group in groups:
        found |= _align_group(
            group,
            [line for key, line in base.items() if _is_by_place(key) and _group(key) == group],
            [one for one in current.lines if _is_by_place(one.key) and _group(one.key) == group],
            edited,
            current,
        )
    return {line.key: found[line.key] for line in current.lines}


def _align_group(
    group: str, was: list[Line], now: list[Line], edited: Mapping[str, Cells], sheet: Sheet
) -> dict[str, str]:
    found: dict[str, str] = {}
    left = list(was)
    for said in ({one.key: one.cells for one in was}, edited):
        for line in (line for line in now if line.key not in found):
            ways = (one for one in left if one.key in said)
            like = next((one for one in ways if says_same(sheet, line, said[one.key])), None)
            if like is not None:
                found[line.key] = like.key
                left.remove(like)
    others = [line for line in now if line.key not in found]
    if len(others) == len(left):  # changed in their places
        return found | {line.key: one.key for line, one in zip(others, left, strict=True)}
    return found | {line.key: f"{group}#+{place}" for place, line in enumerate(others)}


def says_same(sheet: Sheet, line: Line, cells: Cells) -> bool:
    """Whether each cell of a line says what these cells say."""
    return all(
        same(line.cells.get(one.key), cells.get(one.key), sheet.kind_of(line, one.key))
        for one in sheet.columns
    )


def _is_by_place(key: str) -> bool:
    return key.rpartition("#")[2].isdecimal()


def _group(key: str) -> str:
    return key.rpartition("#")[0]
