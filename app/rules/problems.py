"""A finding is a value: where, code, message, hint. All findings of a text are collected; they are
raised once, at the edge.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from app.errors import ChengxinError


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a text: file name as shown to the reader, line and column from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing to mend. `line_text` is the line it stands in, `width` how many characters the
    caret underlines.
    """

    place: Place
    code: str
    message: str
    hint: str | None = None
    line_text: str = ""
    width: int = 1

    def __str__(self) -> str:
        return render(self)

    def as_json(self) -> dict[str, object]:
        return {
            "file": self.place.file,
            "line": self.place.line,
            "column": self.place.column,
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
        }


class ProblemsFound(ChengxinError):
    """A text has problems; `problems` has all of them, sorted by place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(render(problem) for problem in self.problems))


def render(problem: Problem) -> str:
    """`file:line:column: message [code]`, then the line with a caret under the place, then the
    hint.
    """
    lines = [f"{problem.place}: {problem.message} [{problem.code}]"]
    if problem.line_text.strip():
        shown, column = _shorten(problem.line_text, problem.place.column)
        padding = "".join("\t" if c == "\t" else _blank(c) for c in shown[: column - 1])
        carets = "".join(
            "^" * len(_blank(c)) for c in shown[column - 1 : column - 1 + problem.width]
        )
        lines += [f"    {shown}", f"    {padding}{carets or '^'}"]
    if problem.hint:
        lines.append(f"    {problem.hint}")
    return "\n".join(lines)


LONGEST_SHOWN = 160


def _shorten(line: str, column: int) -> tuple[str, int]:
    """A very long line is shown around the place only."""
    start = 0 if len(line) <= LONGEST_SHOWN else max(0, column - 1 - LONGEST_SHOWN // 2)
    cut = line[start : start + LONGEST_SHOWN]
    shown = "".join(c if c.isprintable() or c == "\t" else "?" for c in cut)
    return ("…" + shown, column - start + 1) if start else (shown, column)


def _blank(character: str) -> str:
    """Blanks as wide as the character is on a terminal: two for Chinese and full-width ones."""
    wide = "\u1100" <= character <= "\u115f" or "\u2e80" <= character <= "\ua4cf"
    wide = wide or "\uac00" <= character <= "\ud7a3" or "\uf900" <= character <= "\ufaff"
    return "  " if wide or "\uff00" <= character <= "\uff60" else " "


def suggest(name: str, known: Iterable[str], most: int = 3) -> str | None:
    """`did you mean 'a', 'b'?` with the nearest known names, or None where nothing is near."""
    near = difflib.get_close_matches(name, list(known), n=most, cutoff=0.6)
    if not near:
        return None
    return "did you mean " + ", ".join(f"'{n}'" for n in near) + "?"
