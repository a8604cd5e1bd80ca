"""Numbers of parties come in; made-up Chinese names, telephone numbers, bank cards and ids go out.

A party is an int64: a consignee's number, or MERCHANT_BASE + a merchant's number, so that a
merchant has one name and one phone whether it ships or receives. Nobody living is meant.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

MERCHANT_BASE = 1_000_000_000
NAME_COUNT = 20_000
# Consignees' ids are their numbers, scattered: a factor modulo a prime below MERCHANT_BASE.
ID_PRIME, ID_FACTOR = 999_999_937, 387_420_489

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
    "苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史"
)
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英建国华文玉兰红春梅志海波宁福生庆东"
    "晓峰云凤林斌鹏飞龙翠萍玲辉旭凯鑫淑珍洁宇浩然思雨佳欣怡学义德振兴永顺成光荣利民"
)
# Number ranges that begin like mobile numbers and bank cards; the digits after them are a hash.
PHONE_PREFIXES = np.array([130, 135, 136, 137, 138, 139, 150, 151, 152, 158, 159, 176, 182, 186])
CARD_PREFIX = 622_848


def mix(values: NDArray[np.int64], salt: int) -> NDArray[np.uint64]:
    """A fixed 64-bit hash (splitmix64), so that a party keeps its name, phone and town for ever."""
    x = values.astype(np.uint64) + np.uint64((salt * 0x9E3779B97F4A7C15) & (2**64 - 1))
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def spread(values: NDArray[np.int64], salt: int) -> NDArray[np.float64]:
    """Near-normal numbers (mean 0, deviation 1) that depend on the values alone."""
    hashed = mix(values, salt)
    total = np.zeros(len(values))
    for part in range(4):
        total += ((hashed >> np.uint64(16 * part)) & np.uint64(0xFFFF)).astype(np.float64)
    normal: NDArray[np.float64] = (total / 65_536 - 2.0) * np.sqrt(3.0)
    return normal


def list_names() -> list[str]:
    """NAME_COUNT different names; two of three have two given characters."""
    names = []
    for number in range(NAME_COUNT):
        surname = SURNAMES[number % len(SURNAMES)]
        rest = number // len(SURNAMES)
        first, second = GIVEN[rest % len(GIVEN)], GIVEN[(rest * 7 + number) % len(GIVEN)]
        names.append(surname + first + (second if number % 3 else ""))
    return names


def name_numbers(parties: NDArray[np.int64]) -> NDArray[np.int32]:
    """For each party the place of its name in `list_names()`."""
    return (mix(parties, 1) % np.uint64(NAME_COUNT)).astype(np.int32)


def phone_numbers(parties: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each party an eleven-digit mobile number."""
    hashed = mix(parties, 2)
    prefixes = PHONE_PREFIXES[(hashed % np.uint64(len(PHONE_PREFIXES))).astype(np.int64)]
    numbers: NDArray[np.int64] = prefixes * 100_000_000 + (
        (hashed >> np.uint64(20)) % np.uint64(100_000_000)
    ).astype(np.int64)
    return numbers


def card_numbers(parties: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each party the nineteen digits of a bank card."""
    digits = (mix(parties, 8) % np.uint64(10**13)).astype(np.int64)
    return CARD_PREFIX * 10**13 + digits


def name_merchants(count: int) -> pa.Array:
    """The ids of the merchants 0..count-1: M000001 and so on."""
    return pa.array([f"M{number + 1:06d}" for number in range(count)])


def name_consignees(parties: NDArray[np.int64]) -> pa.Array:
    """The ids of consignees that are no merchants: C and nine digits."""
    scattered = pa.array(parties % ID_PRIME * ID_FACTOR % ID_PRIME)
    digits = pc.utf8_lpad(pc.cast(scattered, pa.string()), 9, "0")
    return pc.binary_join_element_wise("C", digits, "")
