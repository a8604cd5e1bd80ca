"""The catalogue: what every input is, and which received values count. A value that does not count
is missing, with a reason.

Values inside are bool, float, int fen and str; None is null.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from app.rules.document import AnyNode, Scalar
from app.rules.fields import NAME, Fields
from app.rules.lexer import FUNCTIONS, KEYWORDS
from app.rules.problems import Problem
from app.rules.types import DECLARED, LARGEST_FEN, TEXT, Type, whole_fen

ORIGINS = ("features", "bank", "request")
DIRECTIONS = ("higher_is_better", "lower_is_better", "none")
WAYS = ("raise", "lower", "either", "wait")  # how a merchant can move an input; wait: months pass
GROWING = ("money", "integer", "number", "ratio", None)
NOT_GIVEN, WRONG_TYPE, WRONG_VALUE, STALE = "NOT_GIVEN", "WRONG_TYPE", "WRONG_VALUE", "STALE"


@dataclass(frozen=True, slots=True)
class Input:
    """One input of the catalogue. `max_age_days`: an older value is stale; None: it never is.

    `merchant_can`: how the merchant can move it (one of WAYS), None where it cannot; `plain`: its
    name in words for the merchant; `never_above`: another input that bounds it; `moves_with`:
    another input with which it grows in one proportion.
    """

    name: str
    type: Type
    origin: str
    max_age_days: int | None
    direction: str
    unit: str | None
    meaning: Mapping[str, str]
    family: str | None
    merchant_can: str | None = None
    plain: Mapping[str, str] = field(default_factory=dict)
    never_above: str | None = None
    moves_with: str | None = None


Catalogue = Mapping[str, Input]
Accepted = tuple[Any, str | None]  # (the inside value or None, why it does not count or None)
Acceptor = Callable[[Any], Accepted]


def read_catalogue(root: AnyNode, problems: list[Problem]) -> dict[str, Input]:
    """The inputs of a catalogue document; what is wrong with it goes to `problems`."""
    fields = Fields(root, "the catalogue", problems)
    found: dict[str, Input] = {}
    for key, node in fields.mapping("inputs"):
        name = key.text
        if not NAME.fullmatch(name) or name in KEYWORDS or name in FUNCTIONS:
            problems.append(
                key.problem(
                    "bad-name",
                    f"'{name}' cannot be the name of an input",
                    "a name has letters, digits and _, starts with a letter,"
                    " and is no word of the language",
                    max(1, len(name)),
                )
            )
            continue
        one = _read_input(name, Fields(node, f"the input '{name}'", problems))
        if one is not None:
            found[name] = one
    fields.finish()
    return found


def _read_input(name: str, fields: Fields) -> Input | None:
    declared = fields.choice("type", DECLARED)
    values = tuple(node.text for node in fields.texts("values", required=declared == "category"))
    bounds = _read_range(fields)
    age = _read_age(fields)
    read = Input(
        name=name,
        type=Type(declared or "number", values or None, *bounds),
        origin=fields.choice("from", ORIGINS) or "bank",
        max_age_days=age,
        direction=fields.choice("direction", DIRECTIONS, required=False) or "none",
        unit=fields.text("unit", required=False),
        meaning=fields.words("meaning"),
        family=fields.text("family", required=False),
        merchant_can=fields.choice("merchant_can", WAYS, required=False),
        plain=fields.words("plain", required=fields.has("merchant_can")),
        never_above=fields.text("never_above", required=False),
        moves_with=fields.text("moves_with", required=False),
    )
    if read.merchant_can and (read.family == "fraud" or read.type.kind == TEXT):
        node = fields.node_of("merchant_can")
        assert node is not None
        fields.problems.append(
            node.problem(
                "bad-choice",
                f"'{name}' cannot have 'merchant_can': it is of the family fraud, or a text",
                "what-if must not speak of it; leave the key out",
            )
        )
    if read.moves_with and (read.family == "fraud" or declared not in GROWING):
        node = fields.node_of("moves_with")
        assert node is not None
        fields.problems.append(
            node.problem(
                "bad-choice",
                f"'{name}' cannot have 'moves_with': it is of the family fraud, or no number",
                "what-if lets it grow with another input; leave the key out",
            )
        )
    if values and declared not in ("category", None):
        node = fields.node_of("values")
        assert node is not None
        fields.problems.append(node.problem("bad-choice", "only a category has values"))
    fields.finish()
    return read if declared is not None else None


def _read_age(fields: Fields) -> int | None:
    """`max_age_days`: whole days."""
    age = fields.number("max_age_days", required=False)
    if age is None or (age == int(age) and age >= 0):
        return None if age is None else int(age)
    node = fields.node_of("max_age_days")
    assert isinstance(node, Scalar)
    fields.problems.append(
        node.problem(
            "number-expected",
            f"'max_age_days' is '{node.text}', which is no whole number of days",
            "write whole days, such as 45",
            max(1, len(node.text)),
        )
    )
    return None


def _read_range(fields: Fields) -> tuple[Decimal | None, Decimal | None]:
    ends = fields.texts("range", required=False)
    if not ends:
        return None, None
    bounds: list[Decimal | None] = []
    for end in ends:
        if end.is_null:
            bounds.append(None)
            continue
        try:
            bounds.append(Decimal(end.text.replace("_", "")))
        except InvalidOperation:
            fields.problems.append(
                end.problem(
                    "number-expected", f"'{end.text}' is no number", "write null for an open end"
                )
            )
            return None, None
    if len(bounds) != 2 or (
        bounds[0] is not None and bounds[1] is not None and bounds[0] > bounds[1]
    ):
        fields.problems.append(
            ends[0].problem("bad-range", "a range has a lower and an upper end, as in [0, 1]")
        )
        return None, None
    return bounds[0], bounds[1]


# --- which values count
# ----------------------------------------------------------------------------------------------


def acceptor_of_fact(kind: Type) -> Acceptor:
    """For a value as the bank sends it: JSON, money in yuan."""
    if kind.declared == "money":
        return _yuan_acceptor(kind)
    return _acceptor(kind)


def acceptor_of_stored(kind: Type) -> Acceptor:
    """For a value from a feature snapshot: money as whole fen, an integer."""
    if kind.declared == "money":
        return _fen_acceptor(kind)
    return _acceptor(kind)


def _acceptor(kind: Type) -> Acceptor:
    if kind.declared == "boolean":
        return lambda value: (value, None) if value is True or value is False else _refuse(value)
    if kind.declared in ("text", "category"):
        allowed = None if kind.values is None else frozenset(kind.values)

        def accept_text(value: Any) -> Accepted:
            if type(value) is not str:
                return _refuse(value)
            if allowed is not None and value not in allowed:
                return None, WRONG_VALUE
            return value, None

        return accept_text
    low = -math.inf if kind.low is None else float(kind.low)
    high = math.inf if kind.high is None else float(kind.high)
    whole = kind.declared == "integer"

    def accept_number(value: Any) -> Accepted:
        if type(value) is not float:
            if type(value) is not int:
                return _refuse(value)
            if not -LARGEST_FEN <= value <= LARGEST_FEN:
                return None, WRONG_VALUE
            value = float(value)
        if not low <= value <= high or value - value != 0:
            return None, WRONG_VALUE
        if whole and value % 1:
            return None, WRONG_TYPE
        return value, None

    return accept_number


def _fen_acceptor(kind: Type) -> Acceptor:
    low = -LARGEST_FEN if kind.low is None else int(kind.low * 100)
    high = LARGEST_FEN if kind.high is None else int(kind.high * 100)

    def accept_fen(value: Any) -> Accepted:
        if type(value) is not int:
            return _refuse(value)
        return (value, None) if low <= value <= high else (None, WRONG_VALUE)

    return accept_fen


def _yuan_acceptor(kind: Type) -> Acceptor:
    accept_fen = _fen_acceptor(kind)

    def accept_yuan(value: Any) -> Accepted:
        if type(value) is int:
            return accept_fen(value * 100)
        if not isinstance(value, (float, Decimal)):
            return _refuse(value)
        exact = Decimal(repr(value)) if isinstance(value, float) else value
        if not exact.is_finite() or exact.copy_abs() > LARGEST_FEN:
            return None, WRONG_VALUE
        fen = whole_fen(exact)
        return (None, WRONG_TYPE) if fen is None else accept_fen(fen)

    return accept_yuan


def _refuse(value: Any) -> Accepted:
    return (None, None) if value is None else (None, WRONG_TYPE)


def describe_expected(kind: Type) -> str:
    """What a caller should have sent, for error messages."""
    words = {
        "boolean": "true or false",
        "integer": "a whole number",
        "number": "a number",
        "ratio": "a ratio as a number, such as 0.35",
        "money": "an amount in yuan with at most two decimals",
        "text": "a text",
    }.get(kind.declared, "")
    if kind.values is not None:
        words = "one of " + ", ".join(f'"{value}"' for value in kind.values)
    if kind.low is not None and kind.high is not None:
        words += f" from {kind.low} to {kind.high}"
    elif kind.low is not None:
        words += f", at least {kind.low}"
    elif kind.high is not None:
        words += f", at most {kind.high}"
    return words
