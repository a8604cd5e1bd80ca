"""A world and a period come in; loans that merchants drew and what became of them go out.

How likely a loan fails depends on the business behind it: on size, trend, steadiness, customers,
age, on what the merchant cheats with, and on whether the carrier that owes it money absconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from app.demo.frauds import KINDS
from app.demo.seasons import count_days, first_day
from app.demo.world import World

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BORROWERS_SHARE = 0.6
LEAST_YEAR_YUAN, LEAST_TENURE = 500_000, 12  # the gate of the product
LEAST_LOAN, LARGEST_LOAN = 10_000, 500_000
TENORS = (3, 6, 9, 12)
BASE = -3.4  # log-odds of a steady merchant of middle size
USUAL_MONTH_YUAN = 90_000.0
# What a fraud at full strength adds to the log-odds; what is not named adds FRAUD_WEIGHT.
FRAUD_WEIGHT = 1.6
FRAUD_WEIGHTS = {
    "self_deal": 2.3, "ring": 2.6, "fresh": 2.2, "benford": 2.2, "spike": 2.4, "too_fast": 2.2,
    "shared_card": 2.0, "shared_phone": 0.6, "night": 0.3, "void": 0.5, "duplicate_suspect": 0.6,
}  # fmt: skip
STOPPED_WEIGHT, ABSCONDED_WEIGHT = 2.6, 3.0
DEFAULT_DPD = 90
DPD_BEFORE_DEFAULT = 30  # days past due added with every month of a loan that fails


@dataclass(frozen=True, slots=True)
class Loans:
    """`drawn` and `defaulted` are days since 1970, `defaulted` -1 where it was not seen; a row a
    loan. `months` says of each loan after how many months it stops paying, a large number: never.
    """

    merchants: Ints
    drawn: Ints
    amounts: Ints  # yuan
    tenors: Ints  # months
    chances: Floats  # of failing
    max_dpd: Ints
    defaulted: Ints
    exposures: Ints  # yuan still owed when it failed, else at the horizon
    history: dict[str, Ints]  # loan, month, outstanding, dpd: a row a loan and month


def draw_loans(world: World, first: int, end: int) -> Loans:
    """Loans drawn in the second half of the months first to end, seen until the end's last day."""
    rng = np.random.default_rng([world.seed, 8])
    merchants, months = _choose_borrowers(world, rng, first, end)
    count = len(merchants)
    tenors = rng.choice(TENORS, count)
    drawn = np.array([(first_day(m) - date(1970, 1, 1)).days for m in months.tolist()], np.int64)
    drawn += rng.integers(0, 28, count)
    flow = world.portfolio.monthly_yuan[merchants] * rng.uniform(0.4, 1.8, count)
    amounts = (np.clip(flow, LEAST_LOAN, LARGEST_LOAN) // 1_000 * 1_000).astype(np.int64)
    odds = judge_business(world, merchants, months, tenors) + rng.normal(0.0, 0.3, count)
    chances = 1 / (1 + np.exp(-odds))
    fails = rng.random(count) < chances
    # A loan that fails stops paying in one of its months, the last included.
    stops = np.where(fails, 1 + (rng.random(count) * tenors).astype(np.int64), 10**6)
    history = _follow(rng, months, tenors, amounts, chances, stops, end)
    return _sum_up(history, merchants, drawn, amounts, tenors, chances)


def _choose_borrowers(
    world: World, rng: np.random.Generator, first: int, end: int
) -> tuple[Ints, Ints]:
    """Who borrows in which months: one to three loans each, by those whom the gate would let in."""
    portfolio = world.portfolio
    half = first + (end - first + 1) // 2
    merchants, months = [], []
    is_large = portfolio.monthly_yuan * 12 >= LEAST_YEAR_YUAN
    wants = rng.random(portfolio.count) < BORROWERS_SHARE
    for _ in range(3):
        month = rng.integers(half, max(half + 1, end), portfolio.count)
        trades = (portfolio.stopped < 0) | (month < world.end - portfolio.stopped)
        is_old = month - (world.end - portfolio.opened) >= LEAST_TENURE
        chosen = np.flatnonzero(is_large & wants & trades & is_old & (month < end))
        merchants.append(chosen)
        months.append(month[chosen])
        wants &= rng.random(portfolio.count) < 0.4
    order = np.lexsort((np.concatenate(months), np.concatenate(merchants)))
    return np.concatenate(merchants)[order], np.concatenate(months)[order]


def judge_business(world: World, merchants: Ints, months: Ints, tenors: Ints) -> Floats:
    """Log-odds of failing for a loan drawn by each of these merchants in those months."""
    portfolio, end = world.portfolio, world.end
    odds = np.full(len(merchants), BASE)
    odds -= 0.6 * np.log(portfolio.monthly_yuan[merchants] / USUAL_MONTH_YUAN)
    odds -= 2.8 * np.clip(portfolio.growths[merchants], -0.8, 0.5)
    odds += 5.0 * (portfolio.volatilities[merchants] - 0.16)
    tenure = months - (end - portfolio.opened[merchants])
    odds += np.where(tenure < 18, 1.0, 0.0)
    for pattern, weight in (("concentrated", 1.2), ("few_buyers", 1.2), ("refused", 1.3)):
        odds += np.where(portfolio.has(pattern)[merchants], weight, 0.0)
    stopped = portfolio.stopped[merchants]
    stops_within = (stopped >= 0) & (end - stopped <= months + tenors)
    odds += np.where(stops_within, STOPPED_WEIGHT, 0.0)
    odds += _weigh_frauds(world, merchants, months)
    gone = world.carriers.absconded_on
    gone_month = gone.year * 12 + gone.month - 1
    is_hit = (months <= gone_month) & (gone_month <= months + tenors)
    odds += np.where(is_hit, ABSCONDED_WEIGHT * exposure_to_absconder(world)[merchants], 0.0)
    return odds


def exposure_to_absconder(world: World) -> Floats:
    """Of each merchant the share of bills that the carrier which absconds carries."""
    steps = world.portfolio.carrier_steps
    shares = np.diff(steps, axis=1, prepend=0.0)
    found: Floats = (shares * (world.portfolio.carriers == world.carriers.absconder)).sum(axis=1)
    return found


def _weigh_frauds(world: World, merchants: Ints, months: Ints) -> Floats:
    """The gravest of a merchant's frauds that goes on when the loan is drawn or begins soon."""
    frauds = world.frauds
    weights = np.array([FRAUD_WEIGHTS.get(kind.name, FRAUD_WEIGHT) for kind in KINDS])
    full = np.array([kind.strength[1] for kind in KINDS])
    weighed = weights[frauds.kinds] * (0.4 + 0.6 * frauds.strengths / full[frauds.kinds])
    added = np.zeros(len(merchants))
    for month in np.unique(months):
        goes_on = (frauds.since <= month + 1) & (month < frauds.until)
        gravest = np.zeros(world.count)
        np.maximum.at(gravest, frauds.merchants[goes_on], weighed[goes_on])
        here = months == month
        added[here] = gravest[merchants[here]]
    return added


def _follow(
    rng: np.random.Generator,
    months: Ints,
    tenors: Ints,
    amounts: Ints,
    chances: Floats,
    stops: Ints,
    end: int,
) -> dict[str, Ints]:
    """The state of every loan at the end of each month after the one of drawing, in equal parts of
    principal; those who pay are late now and then, and sooner where failing was likely.
    """
    parts: list[dict[str, Ints]] = []
    for age in range(1, max(TENORS) + 4):
        is_stopped = age >= stops
        lives = (months + age <= end) & (is_stopped | (age <= tenors))
        loan = np.flatnonzero(lives)
        paid = np.minimum(np.minimum(age, stops - 1), tenors)
        owed = amounts - amounts * paid // tenors
        is_late = rng.random(len(months)) < 0.03 + 0.25 * chances
        late = np.where(is_late, rng.integers(1, 21, len(months)), 0)
        dpd = np.where(is_stopped, (age - stops + 1) * DPD_BEFORE_DEFAULT, late)
        columns = {"month": months + age, "outstanding": owed, "dpd": dpd}
        parts.append({"loan": loan} | {name: found[loan] for name, found in columns.items()})
    history = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((history["month"], history["loan"]))
    return {name: values[order] for name, values in history.items()}


def _sum_up(
    history: dict[str, Ints],
    merchants: Ints,
    drawn: Ints,
    amounts: Ints,
    tenors: Ints,
    chances: Floats,
) -> Loans:
    count = len(merchants)
    max_dpd = np.zeros(count, dtype=np.int64)
    np.maximum.at(max_dpd, history["loan"], history["dpd"])
    defaulted, exposures = np.full(count, -1), amounts.copy()
    exposures[history["loan"]] = history["outstanding"]  # the last month of a loan stands last
    failed = np.flatnonzero(history["dpd"] >= DEFAULT_DPD)[::-1]  # so that the first one stays
    ends = [
        (first_day(m) - date(1970, 1, 1)).days + count_days(m) - 1
        for m in history["month"][failed].tolist()
    ]
    defaulted[history["loan"][failed]] = np.array(ends, dtype=np.int64)
    exposures[history["loan"][failed]] = history["outstanding"][failed]
    return Loans(merchants, drawn, amounts, tenors, chances, max_dpd, defaulted, exposures, history)
