"""What a workbook holds, apart from any file format: sheets of lines of cells, each cell a text or
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

ID, TEXT, TEST, EXPRESSION, NUMBER, CHOICE, NAMES = (
    "id",
    "text",
    "test",
    "expression",
    "number",
    "choice",
    "names",
)
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `key`: where its values stand within a line's data (`title.zh`); `choices`: the
    list to choose from; `is_closed`: nothing else may be written.
    """

    key: str
    header: str
    kind: str
    width: int = 14
    note: str = ""
    choices: tuple[str, ...] = ()
    is_closed: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `key` names it within its sheet; `path`: where its data stands in the document.
    `kinds`: columns that hold something else than the column says; `fixed`: columns of this line
    that nobody changes.
    """

    key: str
    path: Path
    cells: dict[str, str | None]
    kinds: dict[str, str] = field(default_factory=dict)
    fixed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: `shape` says how its lines stand in the document `document`, which `file` names
    for a reader.
    """

    name: str
    shape: str
    document: str
    file: str
    title: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]

    def column(self, key: str) -> Column:
        return next(one for one in self.columns if one.key == key)

    def kind_of(self, line: Line | None, key: str) -> str:
        kinds = line.kinds if line is not None else {}
        return kinds.get(key) or self.column(key).kind
