"""A seed and a size come in; who the merchants are and how each of them trades go out, as arrays.

Nothing here depends on the calendar except through months counted from the plan's end, so the
same seed gives the same merchants whatever period is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.demo.carriers import Carriers
from app.demo.industries import INDUSTRIES
from app.demo.people import MERCHANT_BASE, card_numbers, phone_numbers

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CARRIERS_OF_A_MERCHANT = 4
# Further from the plan's end, in months, than any period that is asked for.
LONG_AGO = 1_000
MOST_BILLS = 1_500.0  # a month
MERCHANTS_AT_ONCE = 5_000  # bounds memory where carriers are chosen

# pattern → its share of the portfolio in percent. What is special about each stands in `_bend`.
PATTERNS: dict[str, float] = {
    "steady": 46.0,
    "growing": 14.0,
    "declining": 8.0,
    "seasonal": 6.0,
    "young": 7.0,
    "stopped": 5.0,
    "small": 6.0,
    "concentrated": 4.0,
    "few_buyers": 2.0,
    "refused": 2.0,
}
PATTERN_NAMES = tuple(PATTERNS)


@dataclass(slots=True)
class Portfolio:
    """How each merchant trades; arrays have one value a merchant unless a comment says more."""

    patterns: Ints  # place in PATTERN_NAMES
    industries: Ints  # place in INDUSTRIES
    bills: Floats  # a month, before season, trend and chance
    tickets: Floats  # middle amount of a bill, yuan
    spreads: Floats  # σ of the logarithm of the amount
    volatilities: Floats  # σ of the logarithm of a month's busyness
    growths: Floats  # a year; 0.2 is 20% more
    opened: Ints  # months before the plan's end in which trading began
    stopped: Ints  # months before the plan's end since which nothing is shipped; negative: never
    cod_shares: Floats
    cores: Ints  # how many regular consignees
    core_shares: Floats  # share of bills that go to them
    cores_power: Floats  # above 1 the first of them get more
    windows: Ints  # how many occasional consignees at a time
    drifts: Floats  # how many of these are new each month
    carriers: Ints  # (merchants, CARRIERS_OF_A_MERCHANT) carrier numbers
    carrier_steps: Floats  # the same shape: cumulative shares of them
    voids: Floats
    refusals: Floats
    rounds: Floats
    edits: Floats
    phones: Ints
    cards: Ints

    @property
    def count(self) -> int:
        return len(self.patterns)

    def has(self, pattern: str) -> NDArray[np.bool_]:
        """Which merchants trade in this pattern."""
        found: NDArray[np.bool_] = self.patterns == PATTERN_NAMES.index(pattern)
        return found

    @property
    def monthly_yuan(self) -> Floats:
        """What each merchant collects in a usual month."""
        middle: Floats = self.bills * self.tickets * np.exp(self.spreads**2 / 2) * self.cod_shares
        return middle


def draw_portfolio(count: int, seed: int, carriers: Carriers) -> Portfolio:
    """Draw the merchants; the same (count, seed) gives the same ones."""
    rng = np.random.default_rng([seed, 1])
    shares = np.array(list(PATTERNS.values()))
    industries = rng.integers(0, len(INDUSTRIES), count)
    chosen, steps = _draw_carriers(rng, count, carriers)
    bills = _draw_sizes(rng, count)
    parties = np.arange(count) + MERCHANT_BASE
    portfolio = Portfolio(
        patterns=rng.choice(len(PATTERNS), size=count, p=shares / shares.sum()),
        industries=industries,
        bills=bills,
        tickets=np.array([i.ticket for i in INDUSTRIES])[industries]
        * rng.lognormal(0.0, 0.45, count),
        # Who ships more ships more kinds of goods to more kinds of customers.
        spreads=np.clip(0.42 + 0.42 * np.log(bills / 8) + rng.normal(0, 0.08, count), 0.35, 1.2),
        volatilities=rng.uniform(0.05, 0.28, count),
        growths=rng.normal(0.06, 0.12, count),
        opened=np.where(rng.random(count) < 0.16, rng.integers(12, 24, count), LONG_AGO),
        stopped=np.full(count, -LONG_AGO),
        cod_shares=rng.beta(14, 2, count),
        cores=(rng.integers(10, 46, count) * np.sqrt(np.maximum(bills, 8) / 8)).astype(np.int64),
        core_shares=rng.uniform(0.65, 0.95, count),
        cores_power=rng.uniform(1.0, 2.2, count),
        windows=rng.integers(5, 30, count),
        drifts=rng.uniform(0.3, 4.0, count),
        carriers=chosen,
        carrier_steps=steps,
        voids=rng.beta(2, 120, count),
        refusals=rng.beta(2, 90, count),
        rounds=np.where(
            rng.random(count) < 0.02, rng.uniform(0.08, 0.22, count), rng.uniform(0, 0.08, count)
        ),
        edits=rng.beta(1, 120, count),
        phones=phone_numbers(parties),
        cards=card_numbers(parties),
    )
    _bend(portfolio, rng)
    return portfolio


def _draw_sizes(rng: np.random.Generator, count: int) -> Floats:
    """Bills a month: most merchants have a few, one in fourteen belongs to a tail without
    a middle (Pareto, exponent 1.15).
    """
    body = rng.lognormal(np.log(10.4), 0.70, count)
    tail = np.where(rng.random(count) < 0.07, 1.5 + rng.pareto(1.15, count), 1.0)
    return np.clip(body * tail, 1.5, MOST_BILLS)


def _draw_carriers(rng: np.random.Generator, count: int, carriers: Carriers) -> tuple[Ints, Floats]:
    """Four different carriers for each merchant, larger ones sooner, and how its bills are parted
    among them; some have no bills and stand by.
    """
    # The largest keys of u^(1/size) are a draw without replacement by size (Efraimidis, Spirakis).
    order = np.empty((count, CARRIERS_OF_A_MERCHANT), dtype=np.int64)
    for start in range(0, count, MERCHANTS_AT_ONCE):
        rows = order[start : start + MERCHANTS_AT_ONCE]
        keys = np.log(rng.random((len(rows), carriers.count))) / carriers.sizes
        rows[:] = np.argsort(-keys, axis=1)[:, :CARRIERS_OF_A_MERCHANT]
    used = rng.integers(1, CARRIERS_OF_A_MERCHANT + 1, count)
    shares = rng.dirichlet((6.0, 2.0, 1.2, 0.8), count)
    shares[np.arange(CARRIERS_OF_A_MERCHANT)[None, :] >= used[:, None]] = 0.0
    return order, np.cumsum(shares / shares.sum(axis=1, keepdims=True), axis=1)


def _bend(portfolio: Portfolio, rng: np.random.Generator) -> None:
    """Give every pattern what makes it that pattern."""

    def members(pattern: str) -> tuple[NDArray[np.bool_], int]:
        chosen = portfolio.has(pattern)
        return chosen, int(chosen.sum())

    chosen, n = members("growing")
    portfolio.growths[chosen] = rng.uniform(0.25, 0.9, n)
    chosen, n = members("declining")
    portfolio.growths[chosen] = rng.uniform(-0.75, -0.25, n)
    chosen, n = members("young")
    portfolio.opened[chosen] = rng.integers(2, 12, n)
    chosen, n = members("stopped")
    portfolio.stopped[chosen] = rng.integers(0, 8, n)
    chosen, n = members("small")
    portfolio.bills[chosen] = rng.uniform(1.5, 5.0, n)
    chosen, n = members("concentrated")
    portfolio.cores_power[chosen] = rng.uniform(5.0, 12.0, n)
    portfolio.core_shares[chosen] = 0.95
    chosen, n = members("few_buyers")
    portfolio.cores[chosen] = rng.integers(2, 8, n)
    portfolio.core_shares[chosen] = 1.0
    chosen, n = members("refused")
    portfolio.refusals[chosen] = rng.uniform(0.15, 0.3, n)
