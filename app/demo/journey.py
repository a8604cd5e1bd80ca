"""One part of a month's bills comes in; the way of the parcel and of the money goes out as columns.

Times after the horizon (the day the file was exported) are null: nobody knows them yet.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from app.demo.bills import FAST, REFUSED, SECONDS_A_DAY, VOID, Bills
from app.demo.carriers import LONGEST_PAYOUT, SHORTEST_PAYOUT
from app.demo.lanes import distances
from app.demo.texts import choose, times
from app.demo.world import World

Ints = NDArray[np.int64]

STATES = (
    "created", "in_transit", "arrived", "signed", "cod_collected", "cod_remitted", "cod_paid",
    "returned", "cancelled", "voided",
)  # fmt: skip
WRONG_TIME_SHARE = 0.0005  # signed before it was entered
CANCELLED_SHARE = 0.3  # of voided bills
LEAST_TRANSIT_DAYS = 0.6
# Whoever makes bills up signs them sooner than a lorry drives: at 80 km an hour and two hours.
LORRY_KM_A_SECOND, LORRY_SECONDS = 80 / 3600, 7200
FASTEST_SECONDS = 600


def follow(
    bills: Bills, towns: Ints, world: World, rng: np.random.Generator, horizon_at: int
) -> dict[str, pa.Array]:
    """When the parcel was signed and the money came, and the state the carrier's system shows."""
    count, carriers = len(bills), world.carriers
    km = distances(towns)
    transit = LEAST_TRANSIT_DAYS + km / carriers.speeds[bills.carriers] + rng.gamma(1.5, 0.5, count)
    signed = bills.created + (transit * SECONDS_A_DAY).astype(np.int64)
    fast = np.flatnonzero(bills.has(FAST))
    longest = km[fast] / LORRY_KM_A_SECOND + LORRY_SECONDS
    hurried = FASTEST_SECONDS + rng.random(len(fast)) * 0.9 * (longest - FASTEST_SECONDS)
    signed[fast] = bills.created[fast] + hurried.astype(np.int64)
    collected = signed + rng.integers(0, SECONDS_A_DAY, count)
    # Some carriers pay after three days as agreed, some keep the money for ten and more.
    pace = carriers.paces[bills.carriers]
    usual = np.clip(SHORTEST_PAYOUT + rng.gamma(1.6, pace / 1.6), SHORTEST_PAYOUT, LONGEST_PAYOUT)
    payout = usual + carriers.delay_of(bills.carriers, signed)
    paid = signed + (payout * SECONDS_A_DAY).astype(np.int64)
    is_lost = (bills.carriers == carriers.absconder) & (paid >= carriers.absconded_at)
    is_cancelled = bills.has(VOID) & (rng.random(count) < CANCELLED_SHARE)
    is_gone = bills.has(VOID | REFUSED)
    known_signed = ~is_gone & (signed < horizon_at)
    known_collected = known_signed & (bills.cod_fen > 0) & (collected < horizon_at)
    known_paid = known_collected & ~is_lost & (paid < horizon_at)
    state = np.where(bills.created + SECONDS_A_DAY // 2 < horizon_at, 1, 0)
    state[~is_gone & (signed - SECONDS_A_DAY // 3 < horizon_at)] = 2
    state[known_signed] = 3
    state[known_collected] = 4
    state[known_collected & ~is_lost & (paid - SECONDS_A_DAY < horizon_at)] = 5
    state[known_paid] = 6
    state[bills.has(REFUSED) & (signed < horizon_at)] = 7
    state[bills.has(VOID)] = 9
    state[is_cancelled] = 8
    wrong = rng.random(count) < WRONG_TIME_SHARE
    signed = np.where(wrong, bills.created - 3600, signed)
    return {
        "created_at": times(bills.created, None),
        "signed_at": times(signed, known_signed),
        "cod_collected_at": times(collected, known_collected),
        "cod_paid_at": times(paid, known_paid),
        "status": choose(STATES, state),
    }
