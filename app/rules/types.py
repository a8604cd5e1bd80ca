"""Types of the language. Four kinds exist when a ruleset runs: boolean, number (float64), money
(whole fen, int64) and text.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

BOOLEAN, NUMBER, MONEY, TEXT = "boolean", "number", "money", "text"
# What the catalogue may say, and the kind each has when it runs.
DECLARED = {
    "boolean": BOOLEAN,
    "integer": NUMBER,
    "number": NUMBER,
    "ratio": NUMBER,
    "money": MONEY,
    "text": TEXT,
    "category": TEXT,
}
LARGEST_FEN = 2**53  # beyond it float64 no longer holds every whole fen, so nothing is money there


def whole_fen(yuan: Decimal) -> int | None:
    """A finite amount in yuan as fen; None where it is no whole number of fen.

    Exact however many digits it has: Decimal's own arithmetic would round at 28 of them.
    """
    sign, digits, exponent = yuan.as_tuple()
    assert isinstance(exponent, int)
    text, shift = "".join(map(str, digits)), exponent + 2
    if shift < 0:
        text, below = text[:shift], text[shift:]
        if below.strip("0"):
            return None
    fen = int(text or "0")
    if shift > 0 and fen:
        fen *= 10**shift
    return -fen if sign else fen


@dataclass(frozen=True, slots=True)
class Type:
    """A declared type. `values` are a category's; `low` and `high` bound valid values (yuan for
    money), None where unbounded.
    """

    declared: str
    values: tuple[str, ...] | None = None
    low: Decimal | None = None
    high: Decimal | None = None

    @property
    def kind(self) -> str:
        return DECLARED[self.declared]

    def __str__(self) -> str:
        return {
            "boolean": "true or false",
            "money": "money",
            "integer": "a whole number",
            "ratio": "a ratio",
        }.get(self.declared, f"a {self.declared}")


KIND_WORDS = {BOOLEAN: "true or false", NUMBER: "a number", MONEY: "money", TEXT: "a text"}
