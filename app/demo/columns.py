"""One month's bills come in; the waybill file goes out as an Arrow table, amounts in yuan.

Here stands what follows from a bill: freight, fees, goods, towns, the way of the parcel and of the
money. Times after the horizon (the day the file was exported) are null: nobody knows them yet.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from app.demo.bills import SECONDS_A_DAY, Bills
from app.demo.people import (
    MERCHANT_BASE,
    list_names,
    mix,
    name_merchants,
    name_numbers,
    phone_numbers,
)
from app.demo.portfolio import CARRIER_COUNT, INDUSTRIES, Floats, Ints, Portfolio

ORIGIN = "临沂"
# Towns and their distance from Linyi by road, km.
TOWNS = {
    "济南": 260, "青岛": 250, "潍坊": 200, "徐州": 180, "连云港": 130, "郑州": 480, "石家庄": 560,
    "南京": 420, "合肥": 470, "苏州": 580, "上海": 650, "杭州": 720, "天津": 560, "北京": 680,
    "太原": 760, "武汉": 800, "西安": 950, "沈阳": 1150, "长沙": 1120, "南昌": 960, "哈尔滨": 1700,
    "重庆": 1550, "成都": 1750, "广州": 1750, "昆明": 2250, "兰州": 1550, "乌鲁木齐": 3300,
}  # fmt: skip
PAYMENTS = ("prepaid", "collect", "on_receipt", "monthly", "deduct_from_cod")
PAYMENT_SHARES = (0.30, 0.42, 0.03, 0.10, 0.15)
STATES = (
    "created", "in_transit", "arrived", "signed", "cod_collected", "cod_remitted", "cod_paid",
    "returned", "cancelled", "voided",
)  # fmt: skip
PLACEHOLDERS = ("无", "经理", "老板", "12345")
PLACEHOLDER_SHARE, TEST_NAME = 0.006, "测试"
ENTRY_FREIGHT_YUAN, ENTRY_FREIGHT_SHARE = 5.0, 0.002
WRONG_TIME_SHARE = 0.0005
KM_A_DAY = 620.0
LONGEST_DICTIONARY = 1_000


def make_table(
    bills: Bills, portfolio: Portfolio, seed: int, month: int, horizon_at: int
) -> pa.Table:
    """The waybill file of a month: all columns of the file format, rows in the order of entry.

    `horizon_at`: seconds since 1970 (local time) up to which things are known.
    """
    rng = np.random.default_rng([seed, 3, month])
    # Repetitions were entered twice, not shipped twice: they repeat the values of the first record.
    shipped = bills.take(np.arange(bills.numbers.max(initial=-1) + 1))
    goods = _describe_goods(shipped, portfolio, rng)
    columns = {"waybill_no": _number(shipped.carriers, shipped.numbers, month)}
    columns |= _name_parties(shipped, portfolio, rng) | goods
    columns |= _charge(shipped, goods, rng) | _follow(shipped, rng, horizon_at)
    columns["return_of"] = _number(shipped.carriers, shipped.returns, month)
    table = pa.table(columns).take(pa.array(bills.numbers))
    amounts = table.schema.get_field_index("cod_amount")
    return table.set_column(amounts, "cod_amount", _yuan(bills.cod_fen))


def _choose(values: Sequence[str], places: NDArray[np.integer]) -> pa.Array:
    """Texts by their places. Long lists are spelled out: the Parquet writer lays a dictionary of
    thousands of values down differently from run to run, and the files must be equal to the byte.
    """
    if len(values) > LONGEST_DICTIONARY:
        return pa.array(values).take(pa.array(places))
    return pa.DictionaryArray.from_arrays(pa.array(places.astype(np.int32)), pa.array(values))


def _yuan(fen: Ints, scale: int = 2) -> pa.Array:
    """Exact decimals from whole fen (or thousandths, for scale 3), without a detour over floats."""
    low_high = np.empty((len(fen), 2), dtype=np.int64)
    low_high[:, 0] = fen
    low_high[:, 1] = fen >> 63
    return pa.Array.from_buffers(pa.decimal128(16, scale), len(fen), [None, pa.py_buffer(low_high)])


def _number(carriers: Ints, numbers: Ints, month: int) -> pa.Array:
    """Waybill numbers: carrier, year, month, running number; null for a number below 0."""
    stamp = (month // 12) % 100 * 100 + month % 12 + 1
    whole = ((carriers + 11) * 10_000 + stamp) * 10_000_000 + numbers
    return pc.cast(pa.array(whole, mask=numbers < 0), pa.string())


def _name_parties(
    bills: Bills, portfolio: Portfolio, rng: np.random.Generator
) -> dict[str, pa.Array]:
    count = len(bills.merchants)
    names = list_names()
    shippers = bills.merchants + MERCHANT_BASE
    named = name_numbers(bills.parties)
    odd = rng.random(count) < PLACEHOLDER_SHARE
    named[odd] = len(names) + rng.integers(0, len(PLACEHOLDERS), odd.sum())
    named[bills.is_test] = len(names) + len(PLACEHOLDERS)
    phones = np.where(
        bills.own_phone, portfolio.phones[bills.merchants], phone_numbers(bills.parties)
    )
    is_merchant = bills.parties >= MERCHANT_BASE
    place = np.where(is_merchant, bills.parties - MERCHANT_BASE, 0)
    merchant_ids = name_merchants(portfolio.count)
    plain = pc.utf8_lpad(pc.cast(pa.array(bills.parties), pa.string()), 9, "0")
    consignees = pc.if_else(
        pa.array(is_merchant),
        merchant_ids.take(pa.array(place)),
        pc.binary_join_element_wise("C", plain, ""),
    )
    outlets = mix(bills.merchants * CARRIER_COUNT + bills.carriers, 6) % np.uint64(5)
    places = bills.carriers * 5 + outlets.astype(np.int64)
    outlet_names = [f"ZX{c + 1:02d}-LY{o + 1}" for c in range(CARRIER_COUNT) for o in range(5)]
    operators = [f"{name}-{n}" for name in outlet_names for n in (1, 2, 3)]
    return {
        "shipper_id": merchant_ids.take(pa.array(bills.merchants)),
        "consignee_id": consignees,
        "carrier_id": _choose([f"ZX{c + 1:02d}" for c in range(CARRIER_COUNT)], bills.carriers),
        "outlet_id": _choose(outlet_names, places),
        "operator": _choose(operators, places * 3 + bills.created % 3),
        "shipper_name": _choose(names, name_numbers(shippers)),
        "shipper_phone": pc.cast(pa.array(portfolio.phones[bills.merchants]), pa.string()),
        "consignee_name": _choose([*names, *PLACEHOLDERS, TEST_NAME], named),
        "consignee_phone": pc.cast(pa.array(phones), pa.string()),
        "origin": _choose([ORIGIN], np.zeros(count, dtype=np.int32)),
        "destination": _choose(list(TOWNS), _town_places(bills.parties)),
    }


def _town_places(parties: Ints) -> Ints:
    return (mix(parties, 7) % np.uint64(len(TOWNS))).astype(np.int64)


def _distances(bills: Bills) -> Floats:
    return np.array(list(TOWNS.values()), dtype=float)[_town_places(bills.parties)]


def _describe_goods(
    bills: Bills, portfolio: Portfolio, rng: np.random.Generator
) -> dict[str, pa.Array]:
    count = len(bills.merchants)
    trades = portfolio.industries[bills.merchants]
    prices = np.array([i.yuan_per_kg for i in INDUSTRIES])[trades]
    worth = np.where(bills.cod_fen > 0, bills.cod_fen / 100, portfolio.tickets[bills.merchants])
    grams = np.clip(worth / prices * np.exp(0.3 * rng.standard_normal(count)), 0.5, 28_000) * 1000
    cubic = grams / rng.uniform(160, 420, count)  # litres a kilogram, so: cubic decimetres
    starts = np.cumsum([0, *(len(i.goods) for i in INDUSTRIES)])
    kinds = np.array([len(i.goods) for i in INDUSTRIES])[trades]
    # The first goods of a trade are shipped most.
    goods = starts[trades] + (kinds * rng.random(count) ** 2).astype(np.int64)
    return {
        "goods_name": _choose([name for i in INDUSTRIES for name in i.goods], goods),
        "goods_category": _choose([i.name for i in INDUSTRIES], trades),
        "pieces": pa.array(np.maximum(1, np.rint(grams / 32_000)).astype(np.int64)),
        "weight_kg": _yuan(np.rint(grams).astype(np.int64), 3),
        "volume_m3": _yuan(np.maximum(1, np.rint(cubic)).astype(np.int64), 3),
    }


def _charge(
    bills: Bills, goods: dict[str, pa.Array], rng: np.random.Generator
) -> dict[str, pa.Array]:
    """Freight by weight and distance, the carrier's COD fee, insurance for some."""
    count = len(bills.merchants)
    kilograms = pc.cast(goods["weight_kg"], pa.float64()).to_numpy(zero_copy_only=False)
    rates = 0.12 + _distances(bills) / 4_500
    freight = np.rint(np.maximum(10.0, kilograms**0.92 * rates * rng.uniform(0.9, 1.15, count)))
    freight[rng.random(count) < ENTRY_FREIGHT_SHARE] = ENTRY_FREIGHT_YUAN
    insured = rng.random(count) < 0.25
    declared = np.where(insured, np.maximum(bills.first_fen, 100_000), 0)
    return {
        "freight": _yuan(freight.astype(np.int64) * 100),
        "freight_payment": _choose(PAYMENTS, rng.choice(len(PAYMENTS), count, p=PAYMENT_SHARES)),
        "cod_amount": _yuan(bills.cod_fen),
        "cod_amount_first": _yuan(bills.first_fen),
        "cod_fee": _yuan(_cod_fee_yuan(bills) * 100),
        "declared_value": _yuan(declared),
        "insured_fee": _yuan(-(-declared * 3 // 100_000) * 100),
    }


def _cod_fee_yuan(bills: Bills) -> Ints:
    """Even carriers take 0.1%; odd ones 2 or 4 yuan, above 3,000 yuan 0.15%, at most 40."""
    fen = bills.cod_fen
    simple = -(-fen // 100_000)
    stepped = np.select(
        [fen <= 20_000, fen <= 300_000], [2, 4], np.minimum(40, -(-fen * 15 // 1_000_000))
    )
    fee: Ints = np.where(fen == 0, 0, np.where(bills.carriers % 2 == 0, simple, stepped))
    return fee


def _follow(bills: Bills, rng: np.random.Generator, horizon_at: int) -> dict[str, pa.Array]:
    """When the parcel was signed and the money came, and the state the carrier's system shows."""
    count = len(bills.merchants)
    transit = 0.6 + _distances(bills) / KM_A_DAY + rng.gamma(1.5, 0.5, count)
    signed = bills.created + (transit * SECONDS_A_DAY).astype(np.int64)
    collected = signed + rng.integers(0, SECONDS_A_DAY, count)
    # Some carriers pay after three days, some keep the money for ten; none longer than fifteen.
    pace = 1.0 + bills.carriers % 6 * 1.3
    payout = np.clip(3.0 + rng.gamma(1.6, pace / 1.6, count), 3.0, 15.0)
    paid = signed + (payout * SECONDS_A_DAY).astype(np.int64)
    has_cod = bills.cod_fen > 0
    is_cancelled = bills.is_void & (rng.random(count) < 0.3)
    is_gone = bills.is_void | bills.is_refused
    known_signed = ~is_gone & (signed < horizon_at)
    known_collected = known_signed & has_cod & (collected < horizon_at)
    known_paid = known_collected & (paid < horizon_at)
    state = np.where(bills.created + SECONDS_A_DAY // 2 < horizon_at, 1, 0)
    state[~is_gone & (signed - SECONDS_A_DAY // 3 < horizon_at)] = 2
    state[known_signed] = 3
    state[known_collected] = 4
    state[known_collected & (paid - SECONDS_A_DAY < horizon_at)] = 5
    state[known_paid] = 6
    state[bills.is_refused & (signed < horizon_at)] = 7
    state[bills.is_void] = 9
    state[is_cancelled] = 8
    wrong = rng.random(count) < WRONG_TIME_SHARE
    signed = np.where(wrong, bills.created - 3600, signed)
    return {
        "created_at": _times(bills.created, None),
        "signed_at": _times(signed, known_signed),
        "cod_collected_at": _times(collected, known_collected),
        "cod_paid_at": _times(paid, known_paid),
        "status": _choose(STATES, state),
    }


def _times(seconds: Ints, known: NDArray[np.bool_] | None) -> pa.Array:
    mask = None if known is None else ~known
    return pc.cast(pa.array(seconds, mask=mask), pa.timestamp("s")).cast(pa.timestamp("ms"))
