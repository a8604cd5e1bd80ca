"""FEEL values as JSON, numbers with all their digits."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from app.dmn.builtins_text import text_of
from app.dmn.moments import Date, Length, Moment, Months, Time
from app.dmn.temporal import write

LONGEST = 40


def to_json(value: Any) -> Any:
    """A FEEL value made of lists, objects, texts, Decimals, booleans and null."""
    if value is None or isinstance(value, str | bool | Decimal):
        return value
    if isinstance(value, list):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, Date | Time | Moment | Length | Months):
        return write(value)
    return text_of(value)


def number(value: Decimal) -> str:
    """A number as JSON writes it: no trailing zeros, an exponent only where it is very long."""
    if abs(value.adjusted()) >= LONGEST and value:
        return f"{value}".replace("E+", "e").replace("E-", "e-")
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def dumps(value: Any, depth: int = 0) -> str:
    """JSON text, indented by two blanks, Decimals as numbers."""
    inner, outer = "  " * (depth + 1), "  " * depth
    if isinstance(value, Decimal):
        return number(value)
    if isinstance(value, list) and value:
        parts = [inner + dumps(item, depth + 1) for item in value]
        return "[\n" + ",\n".join(parts) + f"\n{outer}]"
    if isinstance(value, dict) and value:
        parts = [
            f"{inner}{json.dumps(key, ensure_ascii=False)}: {dumps(item, depth + 1)}"
            for key, item in value.items()
        ]
        return "{\n" + ",\n".join(parts) + f"\n{outer}}}"
    return json.dumps(value, ensure_ascii=False)
