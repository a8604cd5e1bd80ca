"""Goods categories and origins as carriers write them come in; the few names by which merchants are
grouped go out: one industry written in one way, a town without its province and its district.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from app.features.month_bills import read_parquet

CATEGORY, ORIGIN = 3, 4  # kinds as in block_parts.sql
LONGEST = 40  # characters of a name; what is longer is an address or a remark
PROVINCES = (
    *("河北", "山西", "辽宁", "吉林", "黑龙江", "江苏", "浙江", "安徽", "福建", "江西", "山东"),
    *("河南", "湖北", "湖南", "广东", "海南", "四川", "贵州", "云南", "陕西", "甘肃", "青海"),
    *("台湾", "内蒙古", "广西", "西藏", "宁夏", "新疆", "香港", "澳门", "中国"),
)
MUNICIPALITIES = ("北京", "天津", "上海", "重庆")
_PROVINCE = re.compile(
    f"(?:{'|'.join(PROVINCES)})(?:省|壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区)?"
)
_TOWN = re.compile(r"(.{2,}?)(?:市|自治州|地区|盟)")
_BETWEEN = re.compile(r"[\s/\\|,、·>_-]+")


def open_words(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> None:
    """Make the table `words` (kind, value, word): under which name each key of a category or of an
    origin counts. `files`: what sql/words.sql gave, a file a month.
    """
    found: list[tuple[int, str]] = []
    if files:
        origin = read_parquet(files)
        found = connection.execute(f"select distinct kind, word from {origin}").fetchall()
    rows = [
        (kind, text, name)
        for kind, text in found
        if (name := name_category(text) if kind == CATEGORY else name_town(text))
    ]
    kinds, texts, names = zip(*rows, strict=True) if rows else ((), (), ())
    told = pa.table(
        {
            "kind": pa.array(kinds, pa.int8()),
            "text": pa.array(texts, pa.string()),
            "word": pa.array(names, pa.string()),
        }
    )
    connection.register("told_words", told)
    connection.execute(
        "create or replace table words as select kind, key_of(text) as value, word from told_words"
    )
    connection.unregister("told_words")


def name_category(text: str) -> str:
    """A goods category in one way of writing: full-width letters folded, blanks made one, Latin
    letters small; empty when nothing is left.
    """
    return _fold(text).lower()[:LONGEST].strip()


def name_town(text: str) -> str:
    """The town of an origin: 山东省临沂市兰山区, 山东-临沂 and 临沂市 are all 临沂.

    A province alone is the province. Latin letters are written as in Linyi. Empty when nothing is
    left.
    """
    words = [word for word in _BETWEEN.split(_fold(text)) if word]
    if not words:
        return ""
    if all(word.isascii() for word in words):
        return " ".join(words).title()[:LONGEST].strip()
    while len(words) > 1 and _PROVINCE.fullmatch(words[0]):
        del words[0]
    place = _after_province(words[0])
    for name in (*MUNICIPALITIES, *PROVINCES):
        if place.startswith(name) and (name in MUNICIPALITIES or _PROVINCE.fullmatch(place)):
            return name
    town = _TOWN.match(place)
    return (town[1] if town is not None else place)[:LONGEST]


def _after_province(place: str) -> str:
    """The place without country and province, unless nothing is left: 吉林市 is a town."""
    led = _PROVINCE.match(place)
    while led is not None:
        rest = place[led.end() :]
        if len(rest) < 2 or rest[0] in "市县区":
            break
        place, led = rest, _PROVINCE.match(rest)
    return place


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())
