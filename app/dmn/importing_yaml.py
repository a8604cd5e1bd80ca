"""Texts of the YAML files that an import writes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal

from app.rules.types import Type


def quoted(text: str) -> str:
    """A text in YAML's double quotes."""
    return json.dumps(text, ensure_ascii=False)


def code(text: str) -> str:
    """A text of our language for YAML; its own double quotes stay as they are where they can."""
    is_plain = "'" not in text and "\\" not in text and text.isprintable()
    return f"'{text}'" if '"' in text and is_plain else quoted(text)


def comment(text: str) -> str:
    """Lines of a comment, none longer than a reader's window."""
    found: list[str] = []
    for paragraph in text.splitlines():
        line = "#"
        for word in paragraph.split():
            if len(line) + len(word) > 110 and line != "#":
                found.append(line)
                line = "#"
            line += f" {word}"
        found.append(line)
    return "".join(f"{line}\n" for line in found)


def in_both(text: str, english: str = "") -> str:
    """A text in both languages; the same where there is one alone: a person translates it."""
    return f"{{zh: {quoted(text)}, en: {quoted(english or text)}}}"


def number(value: Decimal | None) -> str:
    """A number, or null."""
    return "null" if value is None else format(value, "f")


def input_entry(name: str, of: Type, meaning: str) -> str:
    """An input of the catalogue."""
    lines = [f"  {name}:", f"    type: {of.declared}", "    from: bank"]
    if of.values is not None:
        lines.append(f"    values: [{', '.join(quoted(value) for value in of.values)}]")
    if of.low is not None or of.high is not None:
        lines.append(f"    range: [{number(of.low)}, {number(of.high)}]")
    lines.append(f"    meaning: {in_both(meaning)}")
    return "\n".join(lines) + "\n"


def row_line(cells: Mapping[str, str], outputs: Mapping[str, str], note: str = "") -> str:
    """A row of a table in its file, with what is noted of it above."""
    above = f"  # {' '.join(note.split())}\n" if note.strip() else ""
    return f"{above}  - {row_text(cells, outputs)}\n"


def row_text(cells: Mapping[str, str], outputs: Mapping[str, str]) -> str:
    """A row; cells of `-` are left out."""
    pairs = [f"{name}: {code(cell)}" for name, cell in cells.items() if cell != "-"]
    pairs += [f"{name}: {value}" for name, value in outputs.items()]
    return "{" + ", ".join(pairs) + "}"


def listed(names: Iterable[str]) -> str:
    """A list in one line."""
    return "[" + ", ".join(names) + "]"
