"""Inside values come in; what a reader in Chinese and English reads goes out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from app.rules.catalogue import Input
from app.rules.types import MONEY

LANGUAGES = ("zh", "en")
Words = dict[str, str]
UNITS = {
    "months": ("个月", "months"),
    "days": ("天", "days"),
    "consignees": ("个", "customers"),
    "carriers": ("家", "carriers"),
    "enquiries": ("次", "enquiries"),
    "bills": ("单", "shipments"),
    "years": ("岁", "years"),
}


def both(zh: str, en: str) -> Words:
    return {"zh": zh, "en": en}


def yuan(fen: int | None) -> Words:
    """An amount of money; whole yuan without decimals."""
    if fen is None:
        return both("–", "–")
    amount = Decimal(fen) / 100
    text = f"{amount:,.2f}" if fen % 100 else f"{amount:,.0f}"
    return both(f"{text} 元", f"{text} yuan")


def percent(share: float, signed: bool = False) -> str:
    """A share as a percentage, with as few decimals as say it (at most four)."""
    text = f"{share * 100:+.4f}" if signed else f"{share * 100:.4f}"
    short = text.rstrip("0").rstrip(".")
    return "0%" if short in ("+0", "-0", "+", "-", "") else f"{short}%"


def number(value: float) -> str:
    text = f"{value:,.6f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def show(one: Input | None, value: Any) -> Words:
    """A value of an input, with its unit."""
    if value is None:
        return both("缺失", "missing")
    if isinstance(value, bool):
        return both("是", "yes") if value else both("否", "no")
    if isinstance(value, str):
        return both(value, value)
    if one is None:
        return both(number(value), number(value))
    if one.type.kind == MONEY:
        return yuan(value)
    if one.unit == "ln per month":
        rate = percent(math.expm1(value), signed=True)
        return both(f"每月 {rate}", f"{rate} a month")
    if one.unit == "change":
        return both(percent(value, True), percent(value, True))
    if one.unit == "share":
        return both(percent(value), percent(value))
    zh, en = UNITS.get(one.unit or "", ("", ""))
    if value == 1 and en.endswith("s"):
        en = en[:-1] if en != "enquiries" else "enquiry"
    return both(f"{number(value)} {zh}".strip(), f"{number(value)} {en}".strip())


def short_bound(value: float) -> tuple[float, str]:
    """A float beside a short number is that number and `above` or `below`; else itself and `at`."""
    for digits in range(12):
        near = round(value, digits)
        if near == value:
            return value, "at"
        if math.nextafter(near, math.inf) == value:
            return near, "above"
        if math.nextafter(near, -math.inf) == value:
            return near, "below"
    return value, "at"


def in_language(data: Any, language: str) -> Any:
    """Texts in two languages become one text; `both` leaves them."""
    if language == "both":
        return data
    if isinstance(data, Mapping):
        if set(data) == set(LANGUAGES):
            return data[language]
        return {key: in_language(value, language) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [in_language(one, language) for one in data]
    return data
