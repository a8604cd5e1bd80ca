"""The bytes of a request body come in; a checked JSON object goes out.

Refused: NaN and infinities, a key twice in an object, unpaired surrogates, invalid UTF-8, nesting
deeper than the reader goes, numbers of more than 40 characters.

Numbers with a point or exponent are `Decimal`, so that an amount is read from its text and not from
a binary fraction.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import orjson
from flask import request

from app.api.errors import ProblemError

LONGEST_NUMBER = 40
DEEPEST = 32
LONGEST_IDEMPOTENCY_KEY = 255


def read_body(limit: int) -> bytes:
    """The body of the current request.

    Raises ProblemError: another media type, or more than `limit` bytes.
    """
    if request.mimetype != "application/json":
        found = f"{request.mimetype!r}" if request.mimetype else "no Content-Type"
        detail = f"found {found}; send Content-Type: application/json"
        raise ProblemError(415, "unsupported-media-type", detail)
    if request.content_length is not None and request.content_length > limit:
        raise _too_large(limit)
    raw = request.stream.read(limit + 1)
    if len(raw) > limit:
        raise _too_large(limit)
    return raw


def parse_object(raw: bytes) -> dict[str, Any]:
    """The JSON object in `raw`. Raises ProblemError (400) that says where reading stopped."""
    try:
        orjson.loads(raw)  # strict about what the standard library lets through
        value = _DECODER.decode(raw.decode())
    except orjson.JSONDecodeError as error:
        raise ProblemError(400, "invalid-json", f"the body is not valid JSON: {error}") from None
    except RecursionError:
        raise ProblemError(
            400, "invalid-json", f"the body is nested deeper than {DEEPEST} levels"
        ) from None
    except ValueError as error:
        raise ProblemError(400, "invalid-json", f"the body is not valid JSON: {error}") from None
    if raw.count(b"[") + raw.count(b"{") > DEEPEST and _measure_depth(value) > DEEPEST:
        raise ProblemError(400, "invalid-json", f"the body is nested deeper than {DEEPEST} levels")
    if not isinstance(value, dict):
        raise ProblemError(400, "invalid-json", "the body must be one JSON object: {…}")
    return value


def read_idempotency_key() -> str | None:
    """The Idempotency-Key of the request. Raises ProblemError (400) when it cannot be one."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 1 <= len(key) <= LONGEST_IDEMPOTENCY_KEY or not (key.isascii() and key.isprintable()):
        detail = f"Idempotency-Key: 1 to {LONGEST_IDEMPOTENCY_KEY} printable ASCII characters"
        raise ProblemError(400, "bad-request", detail)
    return key


def _too_large(limit: int) -> ProblemError:
    return ProblemError(413, "too-large", f"the body may have {limit:,} bytes here")


def _measure_depth(value: Any) -> int:
    """How many lists and objects stand within one another."""
    depth, level = 0, [value] if isinstance(value, dict | list) else []
    while level:
        depth += 1
        level = [
            inner
            for one in level
            for inner in (one.values() if isinstance(one, dict) else one)
            if isinstance(inner, dict | list)
        ]
    return depth


def _read_integer(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise ValueError(f"a number of {len(text)} characters; at most {LONGEST_NUMBER} are read")
    return int(text)


def _read_decimal(text: str) -> Decimal:
    if len(text) > LONGEST_NUMBER:
        raise ValueError(f"a number of {len(text)} characters; at most {LONGEST_NUMBER} are read")
    return Decimal(text)


def _read_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return read


_DECODER = json.JSONDecoder(
    parse_float=_read_decimal, parse_int=_read_integer, object_pairs_hook=_read_pairs
)
