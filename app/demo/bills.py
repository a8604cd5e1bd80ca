"""A portfolio and a month come in; that month's bills go out as plain numpy columns.

What is drawn depends on the seed, the merchants and the month alone: months can be made in any
order, and adding a month later changes none of the earlier ones.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from app.demo.people import MERCHANT_BASE, mix
from app.demo.portfolio import INDUSTRIES, KIND_NAMES, RING_SIZE, Floats, Ints, Portfolio
from app.demo.seasons import count_days, first_day, weigh_days

Bools = NDArray[np.bool_]

SECONDS_A_DAY = 86_400
SEASONAL_SWING = 1.9  # times the trade's own, for the kind `seasonal`
SPIKE_MONTHS, SPIKE_FACTOR = 3, 4.0
CONSIGNEES_A_MERCHANT = 45
B2B_PER_THOUSAND = 12  # consignees that are merchants of the portfolio themselves
RING_SHARE = 0.6
NIGHT_SHARE = 0.01
TEST_SHARE = 0.0004
OUTLIER_SHARE, OUTLIER_FACTOR = 0.0002, 30.0
LAST_RETURN_DAY = 18  # so that a return waybill stands in the same month as its original
TEST_AMOUNTS_FEN = (1, 12_345_600)


@dataclass(slots=True)
class Bills:
    """The bills of one month in the order of entry. Times are seconds since 1970, local."""

    merchants: Ints
    parties: Ints  # consignees; see app.demo.people
    carriers: Ints
    created: Ints
    cod_fen: Ints  # 0: nothing to collect
    first_fen: Ints  # as first entered
    own_phone: Bools  # the consignee gave the shipper's phone: a self-deal
    is_test: Bools
    is_void: Bools
    is_refused: Bools
    numbers: Ints  # the waybill's running number in the month
    returns: Ints  # running number of the bill that this one brings back; -1: none

    def take(self, places: Ints) -> Bills:
        """The bills at these places."""
        return Bills(*(getattr(self, field.name)[places] for field in fields(self)))


def draw_bills(portfolio: Portfolio, seed: int, end: int, month: int) -> Bills:
    """All bills of `month`, returns and repetitions too, for a plan that ends with `end`."""
    rng = np.random.default_rng([seed, 2, month])
    merchants, created = _draw_times(portfolio, rng, end, month)
    count = len(merchants)
    parties = _draw_parties(portfolio, rng, merchants, end, month)
    steps = portfolio.carrier_steps[merchants]
    place = (rng.random(count)[:, None] >= steps).sum(axis=1).clip(0, steps.shape[1] - 1)
    is_test = rng.random(count) < TEST_SHARE
    cod_fen = _draw_amounts(portfolio, rng, merchants)
    cod_fen[is_test] = rng.choice(TEST_AMOUNTS_FEN, is_test.sum())
    is_void = rng.random(count) < portfolio.voids[merchants]
    bills = Bills(
        merchants=merchants,
        parties=parties,
        carriers=portfolio.carriers[merchants, place],
        created=created,
        cod_fen=cod_fen,
        first_fen=_draw_first_amounts(portfolio, rng, merchants, cod_fen),
        own_phone=rng.random(count) < portfolio.self_deals[merchants],
        is_test=is_test,
        is_void=is_void,
        is_refused=~is_void & (rng.random(count) < portfolio.refusals[merchants]),
        numbers=np.arange(count),
        returns=np.full(count, -1),
    )
    return _add_copies(_add_returns(bills, month), portfolio, rng)


def _draw_times(
    portfolio: Portfolio, rng: np.random.Generator, end: int, month: int
) -> tuple[Ints, Ints]:
    """Who ships when: merchants and times of entry, ordered by time."""
    own = np.array([industry.swing for industry in INDUSTRIES])
    weights = weigh_days(month, np.concatenate([own, own * SEASONAL_SWING]))
    is_seasonal = portfolio.kinds == KIND_NAMES.index("seasonal")
    trades = portfolio.industries + len(own) * is_seasonal
    usual_days = 365 / 12
    expected = portfolio.bills * weights.sum(axis=1)[trades] / usual_days
    expected *= rng.lognormal(0.0, portfolio.volatilities)
    expected *= _trend(portfolio, end, month)
    merchants = np.repeat(np.arange(portfolio.count), rng.poisson(expected))
    steps = np.cumsum(weights, axis=1)
    steps /= steps[:, -1:]
    # One search for all trades: the steps of trade k lie between k and k + 1.
    flat = (steps + np.arange(len(steps))[:, None]).ravel()
    of_trade = trades[merchants]
    drawn = np.searchsorted(flat, of_trade + rng.random(len(merchants)), side="right")
    days = np.minimum(drawn - of_trade * weights.shape[1], count_days(month) - 1)
    start = (first_day(month) - first_day(1970 * 12)).days
    created = (start + days) * SECONDS_A_DAY + _draw_seconds(rng, len(merchants))
    order = np.argsort(created, kind="stable")
    return merchants[order], created[order]


def _draw_seconds(rng: np.random.Generator, count: int) -> Ints:
    """Seconds of the day: the counters are open from 7 to 21, busiest towards evening."""
    seconds = rng.triangular(7 * 3600, 17 * 3600, 21 * 3600, count)
    at_night = rng.random(count) < NIGHT_SHARE
    seconds[at_night] = (seconds[at_night] * 6 / 24 + 21.2 * 3600) % SECONDS_A_DAY
    whole: Ints = seconds.astype(np.int64)
    return whole


def _trend(portfolio: Portfolio, end: int, month: int) -> Floats:
    """What growth, opening, stopping and spikes make of a merchant's usual number of bills."""
    years = (month - (end - 5.5)) / 12
    factor = np.exp(np.clip(np.log1p(portfolio.growths) * years, -2.5, 1.2))
    is_spike = portfolio.kinds == KIND_NAMES.index("fraud_spike")
    factor[is_spike & (month > end - SPIKE_MONTHS)] *= SPIKE_FACTOR
    factor[month < end - portfolio.opened] = 0.0
    factor[(portfolio.stopped >= 0) & (month >= end - portfolio.stopped)] = 0.0
    return factor


def _draw_parties(
    portfolio: Portfolio, rng: np.random.Generator, merchants: Ints, end: int, month: int
) -> Ints:
    """Consignees: regulars who come back, passers-by who change, colleagues, and rings."""
    count = len(merchants)
    chance, is_regular = rng.random(count), rng.random(count) < portfolio.core_shares[merchants]
    cores = portfolio.cores[merchants]
    regular = cores * chance ** portfolio.cores_power[merchants]
    passed = portfolio.drifts[merchants] * (month - end + 600)
    passing = cores + passed + chance * portfolio.windows[merchants]
    local = np.where(is_regular, regular, passing).astype(np.int64)
    parties = _place_in_pool(portfolio, merchants, local)
    hashed = mix(merchants * 100_000 + local, 3)
    colleague = (hashed >> np.uint64(16)).astype(np.int64) % portfolio.count
    is_colleague = (hashed % np.uint64(1000) < B2B_PER_THOUSAND) & (colleague != merchants)
    parties = np.where(is_colleague, MERCHANT_BASE + colleague, parties)
    is_ring = portfolio.kinds[merchants] == KIND_NAMES.index("fraud_ring")
    in_ring = is_ring & (rng.random(count) < RING_SHARE)
    place = merchants - portfolio.count
    following = portfolio.count + place // RING_SIZE * RING_SIZE + (place + 1) % RING_SIZE
    received: Ints = np.where(in_ring, MERCHANT_BASE + following, parties)
    return received


def _place_in_pool(portfolio: Portfolio, merchants: Ints, local: Ints) -> Ints:
    """Merchants of one trade share a pool of consignees; each walks through it in its own steps."""
    sizes = np.bincount(portfolio.industries, minlength=len(INDUSTRIES)) * CONSIGNEES_A_MERCHANT
    # A prime size, so that no merchant meets a consignee of its walk twice.
    primes = np.array([_next_prime(size + 101) for size in sizes])
    starts = np.concatenate([[0], np.cumsum(primes)[:-1]])
    everyone = np.arange(portfolio.count)
    pools = primes[portfolio.industries]
    offsets = mix(everyone, 4).astype(np.int64) & 0x7FFFFFFF
    strides = 1 + (mix(everyone, 5).astype(np.int64) & 0x7FFFFFFF) % (pools - 1)
    walked = (offsets[merchants] + local * strides[merchants]) % pools[merchants]
    parties: Ints = starts[portfolio.industries[merchants]] + walked
    return parties


def _next_prime(number: int) -> int:
    candidate = int(number) | 1
    while any(candidate % d == 0 for d in range(3, int(candidate**0.5) + 1, 2)):
        candidate += 2
    return candidate


def _draw_amounts(portfolio: Portfolio, rng: np.random.Generator, merchants: Ints) -> Ints:
    """COD amounts in fen, most of them whole yuan, some of them 0."""
    count = len(merchants)
    yuan = portfolio.tickets[merchants] * np.exp(
        portfolio.spreads[merchants] * rng.standard_normal(count)
    )
    yuan *= np.where(rng.random(count) < OUTLIER_SHARE, OUTLIER_FACTOR, 1.0)
    step = rng.choice([0.01, 1.0, 10.0, 50.0], size=count, p=[0.2, 0.45, 0.25, 0.1])
    step[rng.random(count) < portfolio.rounds[merchants]] = 1_000.0
    fen: Ints = np.rint(np.maximum(np.rint(yuan / step), 1.0) * step * 100).astype(np.int64)
    fen[rng.random(count) >= portfolio.cod_shares[merchants]] = 0
    return fen


def _draw_first_amounts(
    portfolio: Portfolio, rng: np.random.Generator, merchants: Ints, cod_fen: Ints
) -> Ints:
    """Amounts as first entered: mostly the same, now and then raised later, seldom lowered."""
    chance = rng.random(len(merchants))
    is_raised = chance < portfolio.edits[merchants]
    is_lowered = chance > 0.995
    factor = np.where(is_raised, rng.uniform(0.4, 0.9, len(merchants)), 1.0)
    factor[is_lowered] = 1.1
    edited = np.rint(cod_fen * factor / 100).astype(np.int64) * 100
    first_fen: Ints = np.where(is_raised | is_lowered, edited, cod_fen)
    return first_fen


def _add_returns(bills: Bills, month: int) -> Bills:
    """Refused bills whose consignee ships too come back on a waybill of their own, parties swapped.

    The others are only marked as returned: their consignees have no number as shippers.
    """
    start = (first_day(month) - first_day(1970 * 12)).days * SECONDS_A_DAY
    early = bills.created < start + LAST_RETURN_DAY * SECONDS_A_DAY
    places = np.flatnonzero(bills.is_refused & early & (bills.parties >= MERCHANT_BASE))
    originals = bills.take(places)
    size, none = len(bills.numbers), np.zeros(len(places), dtype=np.int64)
    back = replace(
        originals,
        merchants=originals.parties - MERCHANT_BASE,
        parties=originals.merchants + MERCHANT_BASE,
        created=originals.created + 6 * SECONDS_A_DAY + originals.numbers % SECONDS_A_DAY,
        cod_fen=none,
        first_fen=none,
        own_phone=none.astype(bool),
        is_refused=none.astype(bool),
        numbers=size + np.arange(len(places)),
        returns=originals.numbers,
    )
    return _join(bills, back)


def _add_copies(bills: Bills, portfolio: Portfolio, rng: np.random.Generator) -> Bills:
    """Repeat some records as they are, and some under the same number with a higher amount."""
    chance = rng.random(len(bills.numbers))
    repeats = portfolio.repeats[bills.merchants]
    is_own = bills.returns < 0
    same = bills.take(np.flatnonzero(is_own & (chance < repeats)))
    resets = repeats + portfolio.resets[bills.merchants]
    is_reset = is_own & (chance >= repeats) & (chance < resets) & (bills.cod_fen > 0)
    changed = bills.take(np.flatnonzero(is_reset))
    changed.cod_fen = changed.cod_fen + 50_000
    return _join(bills, same, changed)


def _join(*parts: Bills) -> Bills:
    return Bills(
        *(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Bills))
    )
