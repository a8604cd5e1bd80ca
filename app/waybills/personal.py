"""Names, phones and cards come in as SQL expressions; keyed hashes and masked forms go out, so
that the clear text stays in memory.
"""

from __future__ import annotations

import hashlib

import duckdb

BLOCK = 64  # bytes: the block size of SHA-256

# A mobile number anywhere in a name, and a name that is only digits, dashes and blanks.
PHONE_INSIDE = r"1[3-9]\d{9}"
ONLY_DIGITS = r"[0-9\-+]+"


def set_hash_key(con: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Give the connection the two padded keys of HMAC-SHA256 (RFC 2104) as variables, so that no
    statement holds the key.
    """
    padded = (hashlib.sha256(key).digest() if len(key) > BLOCK else key).ljust(BLOCK, b"\0")
    con.execute("SET VARIABLE inner_key = ?::BLOB", [bytes(byte ^ 0x36 for byte in padded)])
    con.execute("SET VARIABLE outer_key = ?::BLOB", [bytes(byte ^ 0x5C for byte in padded)])


def hash_sql(value: str) -> str:
    """HMAC-SHA256 of a text expression in UTF-8, 64 hexadecimal digits; null of null."""
    inner = f"unhex(sha256(getvariable('inner_key') || encode({value})))"
    return f"sha256(getvariable('outer_key') || {inner})"


def normal_name_sql(raw: str) -> str:
    """A name without blanks (also full-width ones); null when nothing is left."""
    return rf"nullif(regexp_replace({raw}, '[\s\x{{3000}}\x{{a0}}]+', '', 'g'), '')"


def normal_phone_sql(raw: str) -> str:
    """The digits of a phone, without the country's 86 before a mobile number; null when there are
    none.
    """
    digits = f"regexp_replace({raw}, '[^0-9]+', '', 'g')"
    return f"nullif(regexp_replace({digits}, '^(?:00)?86(1[0-9]{{10}})$', '\\1'), '')"


def normal_card_sql(raw: str) -> str:
    """The letters and digits of a card number, in capitals; null of what cannot tell two cards
    apart: fewer than eight, all the same, or 6.2E+18, which a spreadsheet made of many cards.
    """
    card = f"upper(regexp_replace({raw}, '[^0-9A-Za-z]+', '', 'g'))"
    return (
        rf"CASE WHEN NOT regexp_full_match({raw}, '\s*[0-9.,]+[eE][+]?[0-9]+\s*')"
        f" AND length({card}) >= 8 AND ltrim({card}, left({card}, 1)) <> '' THEN {card} END"
    )


def mask_name_sql(name: str) -> str:
    """`王**`: the first character only."""
    return f"left({name}, 1) || '**'"


def mask_phone_sql(phone: str) -> str:
    """`138****1234`; of a number under eight digits nothing is shown."""
    return (
        f"CASE WHEN length({phone}) >= 11 THEN left({phone}, 3) || '****' || right({phone}, 4)"
        f" WHEN length({phone}) >= 8 THEN '****' || right({phone}, 2)"
        f" WHEN {phone} IS NOT NULL THEN '****' END"
    )


def mask_card_sql(card: str) -> str:
    """`****1234`: the last four only."""
    return f"'****' || right({card}, 4)"


def is_real_phone_sql(phone: str) -> str:
    """Whether a normal phone can tell two people apart: at least seven digits, not all the same."""
    return f"(length({phone}) >= 7 AND ltrim({phone}, left({phone}, 1)) <> '')"


def is_placeholder_sql(name: str, placeholders: tuple[str, ...]) -> str:
    """Whether a normal name names nobody:

    digits, a word of the list, or a phone in the name's place.
    """
    words = ", ".join(quote(word) for word in placeholders) or "NULL"
    return (
        f"coalesce(lower({name}) IN ({words}) OR regexp_full_match({name}, '{ONLY_DIGITS}')"
        f" OR regexp_matches({name}, '{PHONE_INSIDE}'), false)"
    )


def is_test_sql(text: str, words: tuple[str, ...]) -> str:
    """Whether a text has one of the words in it; a Latin word only as a whole word ('contest' is
    none).
    """
    if not words:
        return "false"
    patterns = [
        rf"(?:^|[^a-z]){_escape(word)}(?:$|[^a-z])" if word.isascii() else _escape(word)
        for word in words
    ]
    return f"coalesce(regexp_matches(lower({text}), {quote('|'.join(patterns))}), false)"


def quote(text: str) -> str:
    """A SQL text literal."""
    return "'" + text.replace("'", "''") + "'"


def _escape(word: str) -> str:
    return "".join(char if char.isalnum() else f"\\x{{{ord(char):x}}}" for char in word)
