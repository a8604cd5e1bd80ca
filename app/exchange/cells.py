"""What stands in a cell of a workbook comes in, the text that a YAML file would have goes out.

Spreadsheets change what is typed: `1/2` becomes a date, `85%` the number 0.85, `≥` comes from an
input method. What has one meaning is understood, what has not is refused.
"""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from app.exchange.scalars import write_number
from app.exchange.sheets import CHOICE, EXPRESSION, NAMES, NUMBER, TEST
from app.rules.fields import NUMBER_TEXT

THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
PERCENT = re.compile(r"(?<![\w.,])(?P<number>\d+(\.\d+)?)\s?%(?!\s*[\w(])")  # no remainder
SIGNS = {"≥": ">=", "≤": "<=", "≠": "!=", "“": '"', "”": '"', "„": '"', "－": "-", "−": "-"}
DIGITS_KEPT = 15  # as many as a spreadsheet keeps


class BadCell(Exception):
    """The cell cannot be read: what is wrong, and what to write instead."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def read_cell(value: Any, kind: str) -> str | None:
    """The text of a cell's value for a column of that kind; None for an empty one. Raises
    BadCell.
    """
    if value is None:
        return None
    if isinstance(value, bool):
        if kind == NUMBER:
            raise BadCell(f"a number belongs here, not {str(value).upper()}", "write 12 or 0.35")
        return "true" if value else "false"
    if isinstance(value, (date, time, timedelta)):
        raise BadCell(
            f"the spreadsheet made a date or time of what was typed ({value})",
            "give the cell the format Text, then type it again",
        )
    if isinstance(value, (int, float)):
        number = _number_of(value)
        return write_number(number) if kind in (NUMBER, TEST, EXPRESSION) else format(number, "f")
    text = _collapse(str(value))
    if not text:
        return None
    if kind == NUMBER:
        return _read_number(text)
    if kind in (TEST, EXPRESSION):
        return tidy(text)
    if kind in (CHOICE, NAMES):
        return unicodedata.normalize("NFKC", text).strip()
    return text


def same(one: str | None, other: str | None, kind: str) -> bool:
    """Whether two texts of a column say the same, however they are typed."""
    if one == other:
        return True
    one, other = (None if not (text or "").strip() else text for text in (one, other))
    if one is None or other is None:
        return one == other
    if NUMBER_TEXT.fullmatch(one) and NUMBER_TEXT.fullmatch(other):
        return _decimal(one) == _decimal(other)
    if kind == NAMES:
        return split_names(one) == split_names(other)
    if kind in (TEST, EXPRESSION):
        return _collapse(one) == _collapse(other) or tidy(one) == tidy(other)
    return _collapse(one) == _collapse(other)


def split_names(text: str) -> list[str]:
    """`drawdown, review` as a list, whatever stands between the names."""
    return [name for name in re.split(r"[\s,;，、；]+", text.strip("[] ")) if name]


def tidy(text: str) -> str:
    """An expression in the signs of the language: what a Chinese input method makes of `>=`, digits
    and brackets is put back, outside of texts in quotes.
    """
    for curly in "“”„":
        text = text.replace(curly, '"')
    parts = re.split(r'("(?:\\.|[^"\\])*")', _collapse(text))
    return "".join(part if place % 2 else _plain_signs(part) for place, part in enumerate(parts))


def _plain_signs(text: str) -> str:
    for sign, plain in SIGNS.items():
        text = text.replace(sign, plain)
    text = "".join(
        unicodedata.normalize("NFKC", c) if "\uff01" <= c <= "\uff5e" else c for c in text
    )
    text = re.sub(r"([<>!])\s+=", r"\1=", text)
    return PERCENT.sub(lambda found: _share(found["number"]), text)


def _share(number: str) -> str:
    return write_number(_decimal(number) / 100)


def _collapse(text: str) -> str:
    """One blank for each run of blanks and line breaks; none at the ends. Blanks inside quotes
    stay.
    """
    parts = re.split(r'("(?:\\.|[^"\\])*")', text.strip())
    return "".join(
        part if place % 2 else re.sub(r"\s+", " ", part) for place, part in enumerate(parts)
    )


def _number_of(value: int | float) -> Decimal:
    if isinstance(value, float) and not math.isfinite(value):
        raise BadCell("this is no finite number", "write a number such as 12 or 0.35")
    return Decimal(f"{value:.{DIGITS_KEPT}g}")


def _read_number(text: str) -> str:
    plain = unicodedata.normalize("NFKC", _plain_signs(text)).replace(" ", "")
    share = plain.endswith("%")
    plain = plain.removesuffix("%")
    if THOUSANDS.fullmatch(plain):
        plain = plain.replace(",", "")
    if not NUMBER_TEXT.fullmatch(plain) or len(plain) > 40:
        raise BadCell(f"'{text[:60]}' is no number", "write a number such as 12, 0.35 or 500000")
    number = _decimal(plain)
    return write_number(number / 100 if share else number)


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace("_", ""))
