"""A world and a month come in; what the planted frauds do to that month's bills goes out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.demo.carriers import OUTLETS_OF_A_CARRIER
from app.demo.frauds import KIND_NAMES
from app.demo.people import MERCHANT_BASE, mix
from app.demo.world import (
    CAPTIVES_A_MERCHANT,
    FRESH_A_MONTH,
    FRESH_MONTHS,
    LISTED_CUSTOMER_SHARE,
    LISTED_PARTIES,
    World,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

LISTED_A_MERCHANT, LISTED_BY_CHANCE = 12, 0.03  # customers; share of bills of an honest merchant
NIGHT_FROM, NIGHT_HOURS = 23, 6
# First digits of sums that people invent: they avoid the small ones and the nine.
INVENTED_DIGITS = np.cumsum([0.04, 0.06, 0.08, 0.11, 0.16, 0.18, 0.17, 0.13, 0.07])


@dataclass(frozen=True, slots=True)
class Plants:
    """`strengths[kind]`: of each merchant in this month, 0 where there is none."""

    world: World
    month: int
    strengths: dict[str, Floats]
    partners: dict[str, Ints]  # of a ring or pair: to whom each sends
    ranks: dict[str, Ints]  # of captive, fresh and blacklist: the merchant's number among them

    def choose(self, kind: str, rng: np.random.Generator, merchants: Ints) -> Bools:
        """Which of the bills of these merchants the fraud is in."""
        chosen = np.zeros(len(merchants), dtype=bool)
        share = self.strengths[kind][merchants]
        places = np.flatnonzero(share > 0)
        chosen[places] = rng.random(len(places)) < share[places]
        return chosen

    def place_parties(self, rng: np.random.Generator, merchants: Ints, parties: Ints) -> Ints:
        """The consignees, with those of frauds and of neighbours put in their places."""
        world = self.world
        ties = world.ties
        places = np.flatnonzero(ties.neighbour_shares[merchants] > 0)
        shares = ties.neighbour_shares[merchants[places]]
        places = places[rng.random(len(places)) < shares]
        parties[places] = MERCHANT_BASE + ties.neighbours[merchants[places]]
        self._place_listed(rng, merchants, parties)
        where = np.flatnonzero(self.choose("captive", rng, merchants))
        rank = self.ranks["captive"][merchants[where]]
        own = (rng.random(len(where)) ** 1.4 * (8 + rank % 12)).astype(np.int64)
        parties[where] = world.pools.captives + rank * CAPTIVES_A_MERCHANT + own
        where = np.flatnonzero(self.choose("fresh", rng, merchants))
        rank = self.ranks["fresh"][merchants[where]]
        batch = rank * FRESH_MONTHS + (self.month - world.end) % FRESH_MONTHS
        own = rng.integers(0, FRESH_A_MONTH, len(where))
        parties[where] = world.pools.fresh + batch * FRESH_A_MONTH + own
        for kind, partners in self.partners.items():
            where = np.flatnonzero(self.choose(kind, rng, merchants))
            parties[where] = MERCHANT_BASE + partners[merchants[where]]
        return parties

    def _place_listed(self, rng: np.random.Generator, merchants: Ints, parties: Ints) -> None:
        where = np.flatnonzero(self.choose("blacklist", rng, merchants))
        rank = self.ranks["blacklist"][merchants[where]]
        some = (rng.random(len(where)) * LISTED_A_MERCHANT).astype(np.int64)
        parties[where] = self.world.pools.listed + (rank * 7 + some) % LISTED_PARTIES
        hashed = mix(merchants, 10)
        is_unlucky = hashed % np.uint64(10_000) < np.uint64(LISTED_CUSTOMER_SHARE * 10_000)
        where = np.flatnonzero(is_unlucky)
        where = where[rng.random(len(where)) < LISTED_BY_CHANCE]
        one = (hashed[where] >> np.uint64(20)) % np.uint64(LISTED_PARTIES)
        parties[where] = self.world.pools.listed + one.astype(np.int64)

    def draw_seconds(self, rng: np.random.Generator, merchants: Ints, carriers: Ints) -> Ints:
        """Seconds of the day: the counters are open from 7 to 21, busiest towards evening; some
        outlets work at night, and so do some cheats.
        """
        count = len(merchants)
        seconds = rng.triangular(7 * 3600, 17 * 3600, 21 * 3600, count)
        usual = self.world.carriers.night_shares[place_outlets(merchants, carriers)]
        at_night = rng.random(count) < usual
        at_night |= self.choose("night", rng, merchants)
        hours = NIGHT_FROM + rng.random(int(at_night.sum())) * NIGHT_HOURS
        seconds[at_night] = hours * 3600 % 86_400
        whole: Ints = seconds.astype(np.int64)
        return whole

    def invent_amounts(self, rng: np.random.Generator, merchants: Ints, yuan: Floats) -> None:
        """Put invented sums in the place of some amounts, of the merchant's usual size."""
        where = np.flatnonzero(self.choose("benford", rng, merchants))
        digit = 1 + np.searchsorted(INVENTED_DIGITS[:-1], rng.random(len(where)), side="right")
        size = 10.0 ** np.floor(np.log10(self.world.portfolio.tickets[merchants[where]]))
        yuan[where] = (digit + rng.random(len(where))) * size


def grow_plants(world: World, month: int) -> Plants:
    """What the frauds of a world are in a month."""
    frauds = world.frauds
    return Plants(
        world,
        month,
        {kind: frauds.strengths_in(kind, month) for kind in KIND_NAMES},
        {kind: frauds.next_in_group(kind) for kind in ("reciprocal", "ring")},
        {kind: frauds.rank_of(kind) for kind in ("captive", "fresh", "blacklist")},
    )


def place_outlets(merchants: Ints, carriers: Ints) -> Ints:
    """The outlet, as a place among all, at which a merchant hands its goods to a carrier."""
    # 400 carriers at most, so that two pairs never share a number.
    own = mix(merchants * 1_000 + carriers, 6) % np.uint64(OUTLETS_OF_A_CARRIER)
    places: Ints = carriers * OUTLETS_OF_A_CARRIER + own.astype(np.int64)
    return places
