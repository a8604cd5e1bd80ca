"""A number of merchants and a seed come in; the carriers that work for them go out.

One of them absconds with the COD five months before the plan's end: it pays later and later, takes
fewer goods, and then nothing is paid any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from app.demo.seasons import first_day

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST, MOST, MERCHANTS_A_CARRIER = 12, 400, 160
OUTLETS_OF_A_CARRIER = 5
ABSCONDED_BEFORE_END, ABSCONDED_ON = 5, 17  # months; day of that month
SHORTEST_PAYOUT, LONGEST_PAYOUT = 3.0, 15.0  # days after signing
# Days before the absconding from which on money comes so many days later.
DELAYS = ((60, 2.0), (30, 5.0), (14, 10.0))
TURNING_DAYS, TURNING_SHARE = 4, 0.7  # goods that it no longer takes just before
NIGHT_SHARE = 0.01
NIGHT_OUTLETS, NIGHT_OUTLET_SHARE = 0.08, 0.10  # outlets of night markets


@dataclass(frozen=True, slots=True)
class Carriers:
    """Arrays have one value a carrier unless a comment says more."""

    sizes: Floats  # how much merchants are drawn to it; sums to 1
    is_stepped: NDArray[np.bool_]  # its COD fee: the stepped tariff, else 0.1%
    paces: Floats  # mean days that it keeps money beyond SHORTEST_PAYOUT
    speeds: Floats  # km a day
    night_shares: Floats  # (carriers × outlets,) share of bills entered from 23 to 5
    absconder: int
    absconded_on: date

    @property
    def count(self) -> int:
        return len(self.sizes)

    @property
    def absconded_at(self) -> int:
        """The midnight at which it was gone, in seconds since 1970."""
        return (self.absconded_on - date(1970, 1, 1)).days * 86_400

    def delay_of(self, carriers: Ints, signed: Ints) -> Floats:
        """Days by which the money for bills signed then comes later than usual."""
        days = np.zeros(len(carriers))
        for before, late in DELAYS:
            days[signed >= self.absconded_at - before * 86_400] = late
        return np.where(carriers == self.absconder, days, 0.0)


def name_carrier(number: int) -> str:
    """`ZX01` and so on."""
    return f"ZX{number + 1:02d}"


def count_carriers(merchants: int) -> int:
    """How many carriers serve so many merchants."""
    return min(MOST, max(FEWEST, merchants // MERCHANTS_A_CARRIER))


def draw_carriers(merchants: int, seed: int, end: int) -> Carriers:
    """Draw the carriers; the same numbers give the same ones."""
    rng = np.random.default_rng([seed, 4])
    count = count_carriers(merchants)
    sizes = np.sort(rng.lognormal(0.0, 0.7, count))[::-1]
    is_night = rng.random(count * OUTLETS_OF_A_CARRIER) < NIGHT_OUTLETS
    usual = NIGHT_SHARE * rng.uniform(0.4, 1.6, count * OUTLETS_OF_A_CARRIER)
    gone = first_day(end - ABSCONDED_BEFORE_END) + timedelta(days=ABSCONDED_ON - 1)
    return Carriers(
        sizes=sizes / sizes.sum(),
        is_stepped=np.arange(count) % 3 == 2,
        paces=rng.uniform(0.8, 7.5, count),
        speeds=rng.uniform(520.0, 720.0, count),
        night_shares=np.where(is_night, NIGHT_OUTLET_SHARE, usual),
        absconder=int(rng.integers(count // 3, 2 * count // 3 + 1)),
        absconded_on=gone,
    )
