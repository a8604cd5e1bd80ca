"""A part of a month's bills comes in; its rows of the waybill file go out as an Arrow table, with
amounts in yuan. A part is what is made together, so that memory does not grow with the month.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from app.demo.bills import OWN_NAME, OWN_PHONE, SECONDS_A_DAY, TEST, Bills, Month, join
from app.demo.carriers import OUTLETS_OF_A_CARRIER, name_carrier
from app.demo.charges import charge, describe_goods
from app.demo.journey import follow
from app.demo.lanes import ORIGIN_PLACE, TOWN_NAMES, town_places
from app.demo.people import (
    MERCHANT_BASE,
    list_names,
    name_consignees,
    name_merchants,
    name_numbers,
    phone_numbers,
)
from app.demo.plants import place_outlets
from app.demo.seasons import count_days, first_day
from app.demo.texts import choose, number_waybills, yuan
from app.demo.world import World

Ints = NDArray[np.int64]

DAYS_A_PART, LARGE_PORTFOLIO = 8, 120_000  # a larger portfolio is made day by day
# What stands in the field of the name when nobody asked for it; the last ones are phones.
PLACEHOLDERS = ("无", "经理", "老板", "12345", "13900000000", "先生 13700001111")
PLACEHOLDER_SHARE, TEST_NAME = 0.006, "测试"


def cut_month(world: World, month: int) -> list[tuple[int, int]]:
    """The parts of a month as days from and to, counted from 0. The bytes depend on them."""
    step = DAYS_A_PART if world.count <= LARGE_PORTFOLIO else 1
    days = count_days(month)
    return [(first, min(first + step, days)) for first in range(0, days, step)]


def make_tables(world: World, drawn: Month, month: int, horizon: int) -> Iterator[pa.Table]:
    """The waybill file of a month, part by part: all columns of the file format, in the order of
    entry. `horizon`: the month after whose end nothing is known yet.
    """
    names = list_names()
    start = (first_day(month) - date(1970, 1, 1)).days
    horizon_at = (first_day(horizon + 1) - date(1970, 1, 1)).days * SECONDS_A_DAY
    for first, end in cut_month(world, month):
        rng = np.random.default_rng([world.seed, 3, month, first])
        bounds = (start + first) * SECONDS_A_DAY, (start + end) * SECONDS_A_DAY
        shipped, repeats = (_between(bills, *bounds) for bills in (drawn.shipped, drawn.repeats))
        table = _make_part(world, drawn, shipped, month, horizon_at, names, rng)
        yield _add_repeats(table, shipped, repeats)


def _between(bills: Bills, first_at: int, end_at: int) -> Bills:
    first, end = np.searchsorted(bills.created, [first_at, end_at])
    return bills.take(slice(int(first), int(end)))


def _make_part(
    world: World,
    drawn: Month,
    bills: Bills,
    month: int,
    horizon_at: int,
    names: list[str],
    rng: np.random.Generator,
) -> pa.Table:
    is_back = bills.returns >= 0
    towns = town_places(np.where(is_back, bills.merchants + MERCHANT_BASE, bills.parties))
    goods, kilograms = describe_goods(bills, world, rng)
    home = np.full(len(bills), ORIGIN_PLACE)
    columns = {
        "waybill_no": number_waybills(bills.carriers, bills.numbers, month),
        **_name_parties(bills, world, names, rng),
        "origin": choose(TOWN_NAMES, np.where(is_back, towns, home)),
        "destination": choose(TOWN_NAMES, np.where(is_back, home, towns)),
        **goods,
        **charge(bills, kilograms, towns, world, rng),
        **follow(bills, towns, world, rng, horizon_at),
        "return_of": number_waybills(bills.carriers, bills.returns, month),
    }
    return pa.table(columns)


def _add_repeats(table: pa.Table, shipped: Bills, repeats: Bills) -> pa.Table:
    """Repetitions were entered twice, not shipped twice: they repeat the values of the first
    record, but for the amount.
    """
    if not len(repeats):
        return table
    both = join(shipped, repeats)
    order = np.argsort(both.created, kind="stable")
    places = both.numbers - shipped.numbers[0]
    table = table.take(pa.array(places[order]))
    amounts = table.schema.get_field_index("cod_amount")
    return table.set_column(amounts, "cod_amount", yuan(both.cod_fen[order]))


def _name_parties(
    bills: Bills, world: World, names: list[str], rng: np.random.Generator
) -> dict[str, pa.Array]:
    count, portfolio = len(bills), world.portfolio
    own_names = name_numbers(bills.merchants + MERCHANT_BASE)
    named = name_numbers(bills.parties)
    is_own = bills.has(OWN_NAME)
    named[is_own] = own_names[is_own]
    odd = rng.random(count) < PLACEHOLDER_SHARE
    named[odd] = len(names) + rng.integers(0, len(PLACEHOLDERS), odd.sum())
    named[bills.has(TEST)] = len(names) + len(PLACEHOLDERS)
    is_merchant = bills.parties >= MERCHANT_BASE
    place = np.where(is_merchant, bills.parties - MERCHANT_BASE, 0)
    # A merchant is reached by the same phone whether it ships or receives.
    phones = np.where(is_merchant, portfolio.phones[place], phone_numbers(bills.parties))
    phones = np.where(bills.has(OWN_PHONE), portfolio.phones[bills.merchants], phones)
    merchant_ids = name_merchants(portfolio.count)
    consignees = pc.if_else(
        pa.array(is_merchant), merchant_ids.take(pa.array(place)), name_consignees(bills.parties)
    )
    outlets = place_outlets(bills.merchants, bills.carriers)
    carriers = range(world.carriers.count)
    outlet_names = [
        f"{name_carrier(c)}-LY{o + 1}" for c in carriers for o in range(OUTLETS_OF_A_CARRIER)
    ]
    operators = [f"{name}-{n}" for name in outlet_names for n in (1, 2, 3)]
    return {
        "shipper_id": merchant_ids.take(pa.array(bills.merchants)),
        "consignee_id": consignees,
        "carrier_id": choose([name_carrier(c) for c in carriers], bills.carriers),
        "outlet_id": choose(outlet_names, outlets),
        "operator": choose(operators, outlets * 3 + bills.created % 3),
        "shipper_name": choose(names, own_names),
        "shipper_phone": pc.cast(pa.array(portfolio.phones[bills.merchants]), pa.string()),
        "shipper_card": pc.cast(pa.array(portfolio.cards[bills.merchants]), pa.string()),
        "consignee_name": choose([*names, *PLACEHOLDERS, TEST_NAME], named),
        "consignee_phone": pc.cast(pa.array(phones), pa.string()),
    }
