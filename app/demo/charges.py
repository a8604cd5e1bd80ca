"""One part of a month's bills comes in; goods, weights, freight and fees go out as columns."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from app.demo.bills import LOW_FREIGHT, WRONG_FEE, Bills
from app.demo.industries import INDUSTRIES
from app.demo.lanes import distances
from app.demo.people import mix, spread
from app.demo.texts import choose, yuan
from app.demo.world import World

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PAYMENTS = ("prepaid", "collect", "on_receipt", "monthly", "deduct_from_cod")
PAYMENT_STEPS = np.cumsum((0.30, 0.42, 0.03, 0.10, 0.15))
LIGHTEST_KG, HEAVIEST_KG, KG_A_PIECE = 0.5, 28_000.0, 32.0
LEAST_FREIGHT, ENTRY_FREIGHT = 10.0, 5.0  # yuan; the second is what the entry form begins with
INSURED_SHARE, LEAST_DECLARED_FEN = 0.25, 100_000
WAIVED_SHARE = 0.3  # of wrong fees on ample amounts: nothing was taken
AMPLE_FEN = 500_000


def describe_goods(
    bills: Bills, world: World, rng: np.random.Generator
) -> tuple[dict[str, pa.Array], Floats]:
    """Columns of the goods, and the kilograms. What is sent twice weighs the same: weight and
    pieces depend on merchant, consignee and amount.
    """
    portfolio = world.portfolio
    trades = portfolio.industries[bills.merchants]
    prices = np.array([i.yuan_per_kg for i in INDUSTRIES])[trades]
    worth = np.where(bills.cod_fen > 0, bills.cod_fen / 100, portfolio.tickets[bills.merchants])
    # An amount that was made up or rounded does not change what the goods weigh.
    parcel = bills.merchants * 1_000_003 + bills.parties * 7 + bills.cod_fen
    kilograms = np.clip(worth / prices * np.exp(0.3 * spread(parcel, 11)), LIGHTEST_KG, HEAVIEST_KG)
    grams = np.rint(kilograms * 1000).astype(np.int64)
    litres = grams / (160 + (mix(parcel, 12) % np.uint64(260)).astype(np.float64))
    starts = np.cumsum([0, *(len(i.goods) for i in INDUSTRIES)])
    kinds = np.array([len(i.goods) for i in INDUSTRIES])[trades]
    # The first goods of a trade are shipped most.
    goods = starts[trades] + (kinds * rng.random(len(bills)) ** 2).astype(np.int64)
    columns = {
        "goods_name": choose([name for i in INDUSTRIES for name in i.goods], goods),
        "goods_category": choose([i.name for i in INDUSTRIES], trades),
        "pieces": pa.array(np.maximum(1, np.rint(kilograms / KG_A_PIECE)).astype(np.int64)),
        "weight_kg": yuan(grams, 3),
        "volume_m3": yuan(np.maximum(1, np.rint(litres)).astype(np.int64), 3),
    }
    return columns, kilograms


def charge(
    bills: Bills, kilograms: Floats, towns: Ints, world: World, rng: np.random.Generator
) -> dict[str, pa.Array]:
    """Freight by weight and distance, the carrier's COD fee, insurance for some."""
    count = len(bills)
    rates = 0.12 + distances(towns) / 4_500
    freight = np.maximum(LEAST_FREIGHT, kilograms**0.92 * rates * rng.uniform(0.9, 1.15, count))
    low = np.flatnonzero(bills.has(LOW_FREIGHT))
    shrunk = freight[low] * rng.uniform(0.03, 0.25, len(low))
    freight[low] = np.where(rng.random(len(low)) < 0.5, ENTRY_FREIGHT, np.maximum(shrunk, 1.0))
    payment = np.searchsorted(PAYMENT_STEPS[:-1], rng.random(count), side="right")
    declared = np.where(
        rng.random(count) < INSURED_SHARE, np.maximum(bills.first_fen, LEAST_DECLARED_FEN), 0
    )
    return {
        "freight": yuan(np.rint(freight).astype(np.int64) * 100),
        "freight_payment": choose(PAYMENTS, payment),
        "cod_amount": yuan(bills.cod_fen),
        "cod_amount_first": yuan(bills.first_fen),
        "cod_fee": yuan(_charge_cod(bills, world, rng) * 100),
        "declared_value": yuan(declared),
        "insured_fee": yuan(-(-declared * 3 // 100_000) * 100),
    }


def tariff_yuan(cod_fen: Ints, is_stepped: NDArray[np.bool_]) -> Ints:
    """The COD fee by the carrier's tariff, whole yuan: 0.1% rounded up; or 2 up to 200 yuan, 4 up
    to 3,000, 0.15% above, at most 40 (domain.md 2).
    """
    simple = -(-cod_fen // 100_000)
    stepped = np.select(
        [cod_fen <= 20_000, cod_fen <= 300_000],
        [2, 4],
        np.minimum(40, -(-cod_fen * 15 // 1_000_000)),
    )
    fee: Ints = np.where(cod_fen == 0, 0, np.where(is_stepped, stepped, simple))
    return fee


def _charge_cod(bills: Bills, world: World, rng: np.random.Generator) -> Ints:
    fee = tariff_yuan(bills.cod_fen, world.carriers.is_stepped[bills.carriers])
    wrong = np.flatnonzero(bills.has(WRONG_FEE) & (bills.cod_fen > 0))
    higher = np.rint(fee[wrong] * rng.uniform(1.8, 3.5, len(wrong)) + 5).astype(np.int64)
    is_waived = (rng.random(len(wrong)) < WAIVED_SHARE) & (bills.cod_fen[wrong] > AMPLE_FEN)
    fee[wrong] = np.where(is_waived, 0, higher)
    return fee
