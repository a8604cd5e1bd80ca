"""FEEL's functions on texts. A character is a code point."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any

from app.dmn import temporal
from app.dmn.errors import FeelFault
from app.dmn.signatures import Room
from app.dmn.values import Function, Range, cut

feel = Room()
FLAGS = {"s": re.DOTALL, "m": re.MULTILINE, "i": re.IGNORECASE}
SIMPLE = re.compile(r"[^\W\d]\w*(?: \w+)*")


@feel("string(from: Any)")
def text_of(value: Any) -> Any:
    """A value as text; a text as it is."""
    return value if value is None or isinstance(value, str) else inside(value)


def inside(value: Any) -> str:
    """A value as FEEL writes it inside a list."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Decimal):
        return plain_number(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(inside, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(k)}: {inside(v)}" for k, v in value.items()) + "}"
    if isinstance(value, Range):
        return range_text(value)
    if isinstance(value, Function):
        return "function(" + ", ".join(value.parameters) + ")"
    return temporal.write(value)


def plain_number(value: Decimal) -> str:
    """A number without an exponent, unless that would be very long."""
    return f"{value:f}" if abs(value.adjusted()) <= 40 else str(value)


def range_text(value: Range) -> str:
    """A range as FEEL writes it."""
    if value.sign:
        return f"({value.sign} {inside(value.high if value.low is None else value.low)})"
    opening, closing = "[" if value.low_closed else "(", "]" if value.high_closed else ")"
    return f"{opening}{inside(value.low)}..{inside(value.high)}{closing}"


def _key(name: str) -> str:
    return name if SIMPLE.fullmatch(name) else inside(name)


@feel("substring(string: string, start position: number, length?: number)")
def _substring(text: str, start: Any, length: Any = None) -> str:
    at, size = cut(start, "the start"), None if length is None else cut(length, "the length")
    if at == 0 or abs(at) > len(text):
        raise FeelFault("substring: the start is outside the text")
    if size is not None and size < 1:
        raise FeelFault("substring: the length must be at least 1")
    begin = at - 1 if at > 0 else len(text) + at
    return text[begin:] if size is None else text[begin : begin + size]


@feel("string length(string: string)")
def _length(text: str) -> Decimal:
    return Decimal(len(text))


@feel("upper case(string: string)")
def _upper(text: str) -> str:
    return text.upper()


@feel("lower case(string: string)")
def _lower(text: str) -> str:
    return text.lower()


@feel("substring before(string: string, match: string)")
def _before(text: str, match: str) -> str:
    return text.partition(match)[0] if match and match in text else ""


@feel("substring after(string: string, match: string)")
def _after(text: str, match: str) -> str:
    return text.partition(match)[2] if match else text


@feel("contains(string: string, match: string)")
def _contains(text: str, match: str) -> bool:
    return match in text


@feel("starts with(string: string, match: string)")
def _starts(text: str, match: str) -> bool:
    return text.startswith(match)


@feel("ends with(string: string, match: string)")
def _ends(text: str, match: str) -> bool:
    return text.endswith(match)


@feel("string join(list: list, delimiter?: string)")
def _join(items: list[Any], delimiter: str | None = None) -> str:
    if not all(item is None or isinstance(item, str) for item in items):
        raise FeelFault("string join: every item must be a text")
    return (delimiter or "").join(item for item in items if item is not None)


@lru_cache(maxsize=256)
def pattern_of(pattern: str, flags: str) -> re.Pattern[str]:
    """A pattern of XPath as one of Python; a fault where it is none."""
    from elementpath.regex import RegexError, translate_pattern

    if set(flags) - set("smixq"):
        raise FeelFault(f"the flags of a pattern are among s, m, i, x, q; '{flags}' is not")
    mode = 0
    for flag in flags:
        mode |= FLAGS.get(flag, 0)
    try:
        if "q" in flags:
            return re.compile(re.escape(pattern), mode & re.IGNORECASE)
        if "x" in flags:
            pattern = _without_blanks(pattern)
        return re.compile(translate_pattern(pattern, mode), mode)
    except (RegexError, re.error, OverflowError, RecursionError, ValueError) as error:
        raise FeelFault(f"'{pattern}' is not a pattern: {error}") from error


def _without_blanks(pattern: str) -> str:
    """Flag x: blanks outside of `[…]` do not count."""
    found, depth, at = [], 0, 0
    while at < len(pattern):
        sign = pattern[at]
        if sign == "\\" and at + 1 < len(pattern) and not pattern[at + 1].isspace():
            found.append(pattern[at : at + 2])
            at += 2
            continue
        depth += (sign == "[") - (sign == "]")
        if depth > 0 or not sign.isspace():
            found.append(sign)
        at += 1
    return "".join(found)


@feel("matches(input: string, pattern: string, flags?: string)")
def _matches(text: str, pattern: str, flags: str | None = None) -> bool:
    return pattern_of(pattern, flags or "").search(text) is not None


@feel("replace(input: string, pattern: string, replacement: string, flags?: string)")
def _replace(text: str, pattern: str, replacement: str, flags: str | None = None) -> str:
    wanted = pattern_of(pattern, flags or "")
    if wanted.fullmatch(""):
        raise FeelFault("replace: the pattern fits an empty text")
    if "q" in (flags or ""):
        return wanted.sub(lambda match: replacement, text)
    parts = re.findall(r"\\\\|\\\$|\$\d+|[^\\$]+|.", replacement, re.S)
    if any(part in ("\\", "$") for part in parts):
        raise FeelFault("replace: '$' in the replacement is followed by a digit or written '\\$'")

    def filled(match: re.Match[str]) -> str:
        return "".join(_group(match, part) for part in parts)

    return wanted.sub(filled, text)


def _group(match: re.Match[str], part: str) -> str:
    if part in ("\\\\", "\\$"):
        return part[1]
    if not part.startswith("$"):
        return part
    digits, rest = part[1:], ""
    while int(digits) > (match.re.groups or 0) and len(digits) > 1:
        digits, rest = digits[:-1], digits[-1] + rest
    return (match[int(digits)] or "" if int(digits) <= match.re.groups else "") + rest


@feel("split(string: string, delimiter: string)")
def _split(text: str, delimiter: str) -> list[str]:
    wanted = pattern_of(delimiter, "")
    if wanted.fullmatch(""):
        raise FeelFault("split: the delimiter fits an empty text")
    found, at = [], 0
    for match in wanted.finditer(text):
        found.append(text[at : match.start()])
        at = match.end()
    return [*found, text[at:]]
