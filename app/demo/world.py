"""A size, a seed, an end and a calendar come in; everything that months are drawn from goes out:
merchants, carriers, planted frauds, and the ties that honest merchants have.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.demo.carriers import Carriers, draw_carriers
from app.demo.frauds import OPEN, Frauds, plant_frauds
from app.demo.industries import INDUSTRIES
from app.demo.people import MERCHANT_BASE, mix, phone_numbers
from app.demo.portfolio import Portfolio, draw_portfolio
from app.features.holidays import Calendar

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CONSIGNEES_A_MERCHANT = 32
LISTED_PARTIES = 120  # on the blacklist, whatever the size of the portfolio
CAPTIVES_A_MERCHANT = 20
FRESH_A_MONTH, FRESH_MONTHS = 40, 600
YOUNGEST_CHEAT = 6  # months of trade
# Ties of honest merchants, shares of the portfolio: shops of one family with one phone or one
# card, and neighbours in the market who help each other out with goods.
PHONE_FAMILIES, CARD_FAMILIES, NEIGHBOURS = 0.03, 0.01, 0.03
NEIGHBOUR_SHARE = (0.01, 0.06)  # of bills
LISTED_CUSTOMER_SHARE = 0.03  # of merchants who happen to sell to somebody on the blacklist


@dataclass(frozen=True, slots=True)
class Ties:
    """Of each merchant the other one, itself where there is none; and of neighbours the share of
    bills that they send each other.
    """

    phone: Ints
    card: Ints
    neighbours: Ints
    neighbour_shares: Floats


@dataclass(frozen=True, slots=True)
class Pools:
    """Consignees by number: each trade has a pool that its merchants share, through which each
    walks with its own step; after the pools stand listed parties, captives and fresh ones.
    """

    starts: Ints  # of a trade's pool
    sizes: Ints
    offsets: Ints  # of a merchant
    strides: Ints
    listed: int
    captives: int
    fresh: int


@dataclass(frozen=True, slots=True)
class World:
    """What does not change from month to month."""

    seed: int
    end: int
    calendar: Calendar
    portfolio: Portfolio
    carriers: Carriers
    frauds: Frauds
    ties: Ties
    pools: Pools
    ranks: Ints  # goods go down from merchant to merchant: only to those of a higher rank

    @property
    def count(self) -> int:
        return self.portfolio.count


def draw_world(merchants: int, seed: int, end: int, calendar: Calendar) -> World:
    """Draw it; the same arguments give the same world."""
    carriers = draw_carriers(merchants, seed, end)
    portfolio = draw_portfolio(merchants, seed, carriers)
    trades = (portfolio.stopped < 0) & (portfolio.opened > YOUNGEST_CHEAT)
    frauds = plant_frauds(portfolio.bills, trades & ~portfolio.has("small"), seed, end)
    ties = _tie(portfolio, frauds, seed)
    parties = np.arange(merchants) + MERCHANT_BASE
    phone_of = np.where(
        frauds.rank_of("shared_phone") >= 0, frauds.first_in_group("shared_phone"), ties.phone
    )
    card_of = np.where(
        frauds.rank_of("shared_card") >= 0, frauds.first_in_group("shared_card"), ties.card
    )
    portfolio.phones = phone_numbers(parties)[phone_of]
    portfolio.cards = portfolio.cards[card_of]
    ranks = (mix(parties, 9) >> np.uint64(1)).astype(np.int64)
    pools = _lay_pools(portfolio, frauds)
    return World(seed, end, calendar, portfolio, carriers, frauds, ties, pools, ranks)


def _tie(portfolio: Portfolio, frauds: Frauds, seed: int) -> Ties:
    rng = np.random.default_rng([seed, 7])
    everyone = np.arange(portfolio.count)
    honest = np.ones(portfolio.count, dtype=bool)
    honest[frauds.merchants] = False
    phone, card, neighbours = everyone.copy(), everyone.copy(), everyone.copy()
    for tie, share in ((phone, PHONE_FAMILIES), (card, CARD_FAMILIES), (neighbours, NEIGHBOURS)):
        pairs = rng.permutation(everyone[honest])[: int(share * portfolio.count) // 2 * 2]
        first, second = pairs[0::2], pairs[1::2]
        size = min(len(first), len(second))
        tie[second[:size]] = first[:size]
        if tie is neighbours:
            tie[first[:size]] = second[:size]
    shares = np.where(neighbours == everyone, 0.0, rng.uniform(*NEIGHBOUR_SHARE, portfolio.count))
    return Ties(phone, card, neighbours, shares)


def _lay_pools(portfolio: Portfolio, frauds: Frauds) -> Pools:
    wanted = np.bincount(portfolio.industries, minlength=len(INDUSTRIES)) * CONSIGNEES_A_MERCHANT
    # A prime size, so that no merchant meets a consignee of its walk twice.
    sizes = np.array([_next_prime(size + 101) for size in wanted])
    ends = np.cumsum(sizes)
    everyone = np.arange(portfolio.count)
    own = sizes[portfolio.industries]
    listed = int(ends[-1])
    captives = listed + LISTED_PARTIES
    return Pools(
        starts=ends - sizes,
        sizes=sizes,
        offsets=mix(everyone, 4).astype(np.int64) & 0x7FFFFFFF,
        strides=1 + (mix(everyone, 5).astype(np.int64) & 0x7FFFFFFF) % (own - 1),
        listed=listed,
        captives=captives,
        fresh=captives + len(frauds.rows_of("captive")) * CAPTIVES_A_MERCHANT,
    )


def _next_prime(number: int) -> int:
    candidate = int(number) | 1
    while any(candidate % d == 0 for d in range(3, int(candidate**0.5) + 1, 2)):
        candidate += 2
    return candidate


def is_open(until: int) -> bool:
    """Whether a fraud with this end goes on."""
    return until >= OPEN
