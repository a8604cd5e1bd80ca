"""What a workbook was exported from, kept inside it: the product, a hash of each file, and every
cell as it was.

It is stored as packed text in a hidden sheet, so that no spreadsheet takes any of it for a number
or a date.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from app.errors import ChengxinError
from app.exchange.laying_out import document_of
from app.exchange.sheets import Column, Line, Sheet
from app.policies.documents import Documents

FORMAT = 1
PIECE = 30_000  # characters of one cell; a spreadsheet holds 32,767
LARGEST = 20_000_000


class NotOurs(ChengxinError):
    """The workbook was not exported by `chengxin policy export`, or is damaged."""


@dataclass(frozen=True, slots=True)
class Base:
    product: str
    hashes: dict[str, str]
    sheets: tuple[Sheet, ...]


def hashes_of(documents: Documents, sheets: Iterable[Sheet]) -> dict[str, str]:
    """The SHA-256 of the text of each document that the sheets show, by the document's key."""
    return {
        sheet.document: hashlib.sha256(
            document_of(documents, sheet.document).source.text.encode()
        ).hexdigest()
        for sheet in sheets
    }


def pack(base: Base) -> list[str]:
    """The texts of the hidden sheet's cells."""
    data = {
        "format": FORMAT,
        "product": base.product,
        "hashes": base.hashes,
        "sheets": [_plain(sheet) for sheet in base.sheets],
    }
    raw = zlib.compress(json.dumps(data, ensure_ascii=True).encode(), 9)
    text = base64.b64encode(raw).decode()
    return [text[at : at + PIECE] for at in range(0, len(text), PIECE)]


def unpack(pieces: Iterable[str]) -> Base:
    """What `pack` packed. Raises NotOurs."""
    try:
        raw = base64.b64decode("".join(pieces), validate=True)
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(raw, LARGEST)
        data = json.loads(text)
        if data["format"] != FORMAT:
            raise NotOurs("another version of chengxin exported this workbook; export it anew")
        sheets = tuple(_sheet(one) for one in data["sheets"])
        return Base(data["product"], data["hashes"], sheets)
    except (ValueError, KeyError, TypeError, binascii.Error, zlib.error):
        raise NotOurs(
            "what this workbook was exported from cannot be read from it; export it anew with"
            " `chengxin policy export PRODUCT --excel FILE.xlsx`"
        ) from None


def _plain(sheet: Sheet) -> dict[str, Any]:
    lines = [
        {**asdict(line), "path": list(line.path), "fixed": sorted(line.fixed)}
        for line in sheet.lines
    ]
    columns = [{"key": one.key, "header": one.header, "kind": one.kind} for one in sheet.columns]
    names = ("name", "shape", "document", "file", "title")
    return {**{n: getattr(sheet, n) for n in names}, "columns": columns, "lines": lines}


def _sheet(data: dict[str, Any]) -> Sheet:
    columns = tuple(Column(**one) for one in data.pop("columns"))
    lines = tuple(
        Line(**{**one, "path": tuple(one["path"]), "fixed": frozenset(one["fixed"])})
        for one in data.pop("lines")
    )
    return Sheet(**data, columns=columns, lines=lines)
