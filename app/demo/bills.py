"""A world and a month come in; that month's bills go out as plain numpy columns.

What is drawn depends on the world and the month alone: months can be made in any order and by any
number of processes, and adding a month later changes none of the earlier ones.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from app.demo.carriers import TURNING_DAYS, TURNING_SHARE
from app.demo.people import MERCHANT_BASE
from app.demo.plants import Plants, grow_plants
from app.demo.seasons import count_days, first_day, weigh_days
from app.demo.trade import draw_amounts, draw_first_amounts, draw_parties, draw_times
from app.demo.world import World

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Marks = NDArray[np.int32]

SECONDS_A_DAY = 86_400
MERCHANTS_AT_ONCE = 20_000  # drawn together; part of what the bytes depend on
LAST_RETURN_DAY = 18  # so that a return waybill stands in the same month as its original
TEST_SHARE, TEST_AMOUNTS_FEN = 0.0004, (1, 12_345_600)
# Slips of honest people, shares of bills.
OWN_PHONE_SHARE, WRONG_FEE_SHARE, LOW_FREIGHT_SHARE, FAST_SHARE = 0.001, 0.003, 0.002, 0.003
SUSPECT_SHARE, REPEAT_SHARE, RESET_SHARE = 0.0006, 0.0008, 0.0002
RESET_FEN = 50_000  # by which the amount is higher when a number comes again

# What a bill is beside its columns, as bits.
OWN_PHONE, OWN_NAME, TEST, VOID, REFUSED, LOW_FREIGHT, WRONG_FEE, FAST = (1 << n for n in range(8))


@dataclass(slots=True)
class Bills:
    """The bills of one month in the order of entry. Times are seconds since 1970, local."""

    merchants: Ints
    parties: Ints  # consignees; see app.demo.people
    carriers: Ints
    created: Ints
    cod_fen: Ints  # 0: nothing to collect
    first_fen: Ints  # as first entered
    marks: Marks
    numbers: Ints  # the waybill's running number in the month
    returns: Ints  # running number of the bill that this one brings back; -1: none

    def take(self, places: NDArray[np.integer] | slice) -> Bills:
        """The bills at these places."""
        return Bills(*(getattr(self, field.name)[places] for field in fields(self)))

    def has(self, mark: int) -> NDArray[np.bool_]:
        """Which bills have a mark."""
        return (self.marks & mark) > 0

    def __len__(self) -> int:
        return len(self.numbers)


@dataclass(frozen=True, slots=True)
class Month:
    """`shipped`: all bills, each once; `repeats`: records that were entered again as they are, and
    some under the same number with a higher amount.
    """

    shipped: Bills
    repeats: Bills


def draw_month(world: World, month: int) -> Month:
    """All bills of a month."""
    plants = grow_plants(world, month)
    weights = weigh_days(month, world.calendar)
    blocks = range(0, world.count, MERCHANTS_AT_ONCE)
    parts = [_draw_block(world, plants, weights, month, first) for first in blocks]
    bills = _sort(join(*parts))
    shipped = _sort(_add_returns(bills, month))
    rng = np.random.default_rng([world.seed, 5, month])
    return Month(shipped, _repeat(shipped, plants, rng))


def _draw_block(world: World, plants: Plants, weights: Floats, month: int, first: int) -> Bills:
    rng = np.random.default_rng([world.seed, 2, month, first])
    block = np.arange(first, min(first + MERCHANTS_AT_ONCE, world.count))
    merchants, days = draw_times(world, plants, rng, weights, block, month)
    start = (first_day(month) - first_day(1970 * 12)).days
    carriers, created = _choose_carriers(world, plants, rng, merchants, start + days)
    count = len(merchants)
    parties = plants.place_parties(rng, merchants, draw_parties(world, rng, merchants, month))
    marks, parties = _mark(world, plants, rng, merchants, parties)
    cod_fen = draw_amounts(world, plants, rng, merchants)
    is_test = (marks & TEST) > 0
    cod_fen[is_test] = rng.choice(TEST_AMOUNTS_FEN, is_test.sum())
    bills = Bills(
        merchants=merchants,
        parties=parties,
        carriers=carriers,
        created=created,
        cod_fen=cod_fen,
        first_fen=draw_first_amounts(world, plants, rng, merchants, cod_fen),
        marks=marks,
        numbers=np.zeros(count, dtype=np.int64),
        returns=np.full(count, -1),
    )
    return join(bills, _enter_twice(bills, plants, rng, month))


def _choose_carriers(
    world: World, plants: Plants, rng: np.random.Generator, merchants: Ints, days: Ints
) -> tuple[Ints, Ints]:
    """Carriers, and the times of entry at their counters. Who would go to the one that absconded,
    or that no longer takes everything, goes to the merchant's next carrier.
    """
    portfolio, carriers = world.portfolio, world.carriers
    steps = portfolio.carrier_steps[merchants]
    place = (rng.random(len(merchants))[:, None] >= steps).sum(axis=1).clip(0, steps.shape[1] - 1)
    chosen = portfolio.carriers[merchants, place]
    created = days * SECONDS_A_DAY + plants.draw_seconds(rng, merchants, chosen)
    turning_at = carriers.absconded_at - TURNING_DAYS * SECONDS_A_DAY
    places = np.flatnonzero((chosen == carriers.absconder) & (created >= turning_at))
    turned = rng.random(len(places)) < TURNING_SHARE
    places = places[turned | (created[places] >= carriers.absconded_at)]
    chosen[places] = portfolio.carriers[merchants[places], (place[places] + 1) % steps.shape[1]]
    return chosen, created


def _mark(
    world: World, plants: Plants, rng: np.random.Generator, merchants: Ints, parties: Ints
) -> tuple[Marks, Ints]:
    """Marks of the bills; the consignee of one who sells to itself by name is itself."""
    portfolio, count = world.portfolio, len(merchants)
    marks = np.zeros(count, dtype=np.int32)

    def add(mark: int, usual: float | Floats, kind: str | None = None) -> None:
        where = rng.random(count) < usual
        if kind is not None:
            where |= plants.choose(kind, rng, merchants)
        marks[where] |= mark

    add(TEST, TEST_SHARE)
    add(VOID, portfolio.voids[merchants], "void")
    add(REFUSED, portfolio.refusals[merchants])
    marks[(marks & VOID) > 0] &= ~REFUSED
    add(LOW_FREIGHT, LOW_FREIGHT_SHARE, "freight_outlier")
    add(WRONG_FEE, WRONG_FEE_SHARE, "fee_outlier")
    add(FAST, FAST_SHARE, "too_fast")
    add(OWN_PHONE, OWN_PHONE_SHARE)
    own = np.flatnonzero(plants.choose("self_deal", rng, merchants))
    # One takes its own phone, the next its own name, the third both; the fourth its own number.
    way = merchants[own] % 4
    marks[own[way != 1]] |= OWN_PHONE
    marks[own[(way == 1) | (way == 2)]] |= OWN_NAME
    by_number = own[way == 3]
    parties[by_number] = MERCHANT_BASE + merchants[by_number]
    return marks, parties


def _enter_twice(bills: Bills, plants: Plants, rng: np.random.Generator, month: int) -> Bills:
    """Bills entered a second time under another number within the day: the same parties, goods and
    amount.
    """
    chosen = rng.random(len(bills)) < SUSPECT_SHARE
    chosen |= plants.choose("duplicate_suspect", rng, bills.merchants)
    again = bills.take(np.flatnonzero(chosen & (bills.marks & (VOID | REFUSED) == 0)))
    again.created = again.created + rng.integers(600, 18 * 3600, len(again))
    start = (first_day(month) - first_day(1970 * 12)).days + count_days(month)
    return again.take(np.flatnonzero(again.created < start * SECONDS_A_DAY))


def _sort(bills: Bills) -> Bills:
    """In the order of entry, numbered; what is brought back keeps pointing at its original."""
    order = np.argsort(bills.created, kind="stable")
    ordered = bills.take(order)
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.arange(len(order))
    ordered.numbers = np.arange(len(order))
    ordered.returns = np.where(ordered.returns < 0, -1, places[ordered.returns])
    return ordered


def _add_returns(bills: Bills, month: int) -> Bills:
    """Refused bills whose consignee ships too come back on a waybill of their own, parties swapped.

    The others are only marked as returned: their consignees have no number as shippers.
    """
    start = (first_day(month) - first_day(1970 * 12)).days * SECONDS_A_DAY
    early = bills.created < start + LAST_RETURN_DAY * SECONDS_A_DAY
    places = np.flatnonzero(bills.has(REFUSED) & early & (bills.parties >= MERCHANT_BASE))
    originals = bills.take(places)
    none = np.zeros(len(places), dtype=np.int64)
    back = replace(
        originals,
        merchants=originals.parties - MERCHANT_BASE,
        parties=originals.merchants + MERCHANT_BASE,
        created=originals.created + 6 * SECONDS_A_DAY + originals.numbers % SECONDS_A_DAY,
        cod_fen=none,
        first_fen=none,
        marks=none.astype(np.int32),
        returns=originals.numbers,
    )
    return join(bills, back)


def _repeat(shipped: Bills, plants: Plants, rng: np.random.Generator) -> Bills:
    chance = rng.random(len(shipped))
    repeats = REPEAT_SHARE + plants.strengths["duplicate"][shipped.merchants]
    is_own = shipped.returns < 0
    same = shipped.take(np.flatnonzero(is_own & (chance < repeats)))
    resets = repeats + RESET_SHARE + plants.strengths["reset"][shipped.merchants]
    is_reset = is_own & (chance >= repeats) & (chance < resets) & (shipped.cod_fen > 0)
    changed = shipped.take(np.flatnonzero(is_reset))
    changed.cod_fen = changed.cod_fen + RESET_FEN
    again = join(same, changed)
    return again.take(np.argsort(again.created, kind="stable"))


def join(*parts: Bills) -> Bills:
    """One after the other."""
    return Bills(
        *(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Bills))
    )
