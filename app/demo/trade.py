"""A block of merchants and a month come in; when they ship, to whom and for how much goes out, with
what the planted frauds change of it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.demo.industries import INDUSTRIES
from app.demo.people import MERCHANT_BASE, mix
from app.demo.plants import Plants
from app.demo.world import World

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

B2B_PER_THOUSAND = 24  # consignees that are merchants themselves; half of them lie upstream
OUTLIER_SHARE, OUTLIER_FACTOR = 0.0002, 30.0
LEAST_EDIT, MOST_EDIT = 0.4, 0.9  # the amount as first entered, of the later one
LOWERED_SHARE, LOWERED_FACTOR = 0.005, 1.1
LONGEST_DAMPING, LONGEST_GROWTH = -2.5, 1.2  # bounds of the logarithm of a trend


def draw_times(
    world: World,
    plants: Plants,
    rng: np.random.Generator,
    weights: Floats,
    block: Ints,
    month: int,
) -> tuple[Ints, Ints]:
    """Who of the block ships on which day of the month (from 0): a row a bill.

    `weights` as `seasons.weigh_days` gives them.
    """
    portfolio = world.portfolio
    trades = portfolio.industries[block] + len(INDUSTRIES) * portfolio.has("seasonal")[block]
    usual_days = 365 / 12
    expected = portfolio.bills[block] * weights.sum(axis=1)[trades] / usual_days
    expected *= rng.lognormal(0.0, portfolio.volatilities[block])
    expected *= _trend(world, plants, block, month)
    counts = rng.poisson(expected)
    steps = np.cumsum(weights, axis=1)
    steps /= steps[:, -1:]
    # One search for all trades: the steps of trade k lie between k and k + 1.
    flat = (steps + np.arange(len(steps))[:, None]).ravel()
    of_trade = np.repeat(trades, counts)
    drawn = np.searchsorted(flat, of_trade + rng.random(len(of_trade)), side="right")
    days = np.minimum(drawn - of_trade * weights.shape[1], weights.shape[1] - 1)
    return np.repeat(block, counts), days


def _trend(world: World, plants: Plants, block: Ints, month: int) -> Floats:
    """What growth, opening, stopping and spikes make of a merchant's usual number of bills."""
    portfolio, end = world.portfolio, world.end
    years = (month - (end - 5.5)) / 12
    logarithm = np.log1p(portfolio.growths[block]) * years
    factor = np.exp(np.clip(logarithm, LONGEST_DAMPING, LONGEST_GROWTH))
    factor *= np.maximum(plants.strengths["spike"][block], 1.0)
    factor[month < end - portfolio.opened[block]] = 0.0
    stopped = portfolio.stopped[block]
    factor[(stopped >= 0) & (month >= end - stopped)] = 0.0
    return factor


def draw_parties(world: World, rng: np.random.Generator, merchants: Ints, month: int) -> Ints:
    """Consignees of honest trade: regulars who come back, passers-by who change, and merchants who
    buy from merchants.
    """
    portfolio, pools = world.portfolio, world.pools
    count = len(merchants)
    chance, is_regular = rng.random(count), rng.random(count) < portfolio.core_shares[merchants]
    cores = portfolio.cores[merchants]
    regular: Floats = cores * chance ** portfolio.cores_power[merchants]
    passed = portfolio.drifts[merchants] * (month - world.end + 600)
    passing = cores + passed + chance * portfolio.windows[merchants]
    local: Ints = np.where(is_regular, regular, passing).astype(np.int64)
    industries = portfolio.industries[merchants]
    walked: Ints = pools.offsets[merchants] + local * pools.strides[merchants]
    parties: Ints = pools.starts[industries] + walked % pools.sizes[industries]
    hashed = mix(merchants * 100_000 + local, 3)
    places = np.flatnonzero(hashed % np.uint64(1000) < np.uint64(B2B_PER_THOUSAND))
    other = (hashed[places] >> np.uint64(16)).astype(np.int64) % portfolio.count
    # Goods flow from agents to dealers to shops: nobody sells upstream, so trade has no circles.
    is_down = world.ranks[other] > world.ranks[merchants[places]]
    parties[places[is_down]] = MERCHANT_BASE + other[is_down]
    return parties


def draw_amounts(world: World, plants: Plants, rng: np.random.Generator, merchants: Ints) -> Ints:
    """COD amounts in fen, most of them whole yuan, some of them 0."""
    portfolio, count = world.portfolio, len(merchants)
    yuan = portfolio.tickets[merchants] * np.exp(
        portfolio.spreads[merchants] * rng.standard_normal(count)
    )
    yuan *= np.where(rng.random(count) < OUTLIER_SHARE, OUTLIER_FACTOR, 1.0)
    plants.invent_amounts(rng, merchants, yuan)
    step = rng.choice([0.01, 1.0, 10.0, 50.0], size=count, p=[0.2, 0.45, 0.25, 0.1])
    is_round = rng.random(count) < portfolio.rounds[merchants]
    step[is_round | plants.choose("round", rng, merchants)] = 1_000.0
    fen: Ints = np.rint(np.maximum(np.rint(yuan / step), 1.0) * step * 100).astype(np.int64)
    fen[rng.random(count) >= portfolio.cod_shares[merchants]] = 0
    return fen


def draw_first_amounts(
    world: World, plants: Plants, rng: np.random.Generator, merchants: Ints, cod_fen: Ints
) -> Ints:
    """Amounts as first entered: mostly the same, now and then raised later, seldom lowered."""
    count = len(merchants)
    chance = rng.random(count)
    is_raised = chance < world.portfolio.edits[merchants]
    is_raised |= plants.choose("edit_up", rng, merchants)
    is_lowered = ~is_raised & (chance > 1 - LOWERED_SHARE)
    factor = np.where(is_raised, rng.uniform(LEAST_EDIT, MOST_EDIT, count), 1.0)
    factor[is_lowered] = LOWERED_FACTOR
    edited = np.rint(cod_fen * factor / 100).astype(np.int64) * 100
    first_fen: Ints = np.where(is_raised | is_lowered, edited, cod_fen)
    return first_fen
