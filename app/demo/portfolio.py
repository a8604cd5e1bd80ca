"""A seed and a size come in; who the merchants are and how each of them trades go out, as arrays.

Nothing here depends on the calendar except through months counted from the plan's end, so the
same seed gives the same merchants whatever period is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.demo.people import MERCHANT_BASE, phone_numbers

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CARRIER_COUNT = 12
CARRIERS_OF_A_MERCHANT = 4
RING_SIZE = 4
# Further from the plan's end, in months, than any period that is asked for.
LONG_AGO = 1_000

# kind → its share of the portfolio in percent. What is special about each stands in `_bend`.
KINDS: dict[str, float] = {
    "steady": 40.0,
    "growing": 14.0,
    "declining": 8.0,
    "seasonal": 6.0,
    "young": 7.0,
    "stopped": 5.0,
    "small": 6.0,
    "concentrated": 4.0,
    "few_buyers": 2.0,
    "refused": 2.0,
    "fraud_self_deal": 1.5,
    "fraud_round": 1.5,
    "fraud_edit_up": 1.0,
    "fraud_repeat": 1.0,
    "fraud_ring": 0.5,
    "fraud_spike": 0.5,
}
KIND_NAMES = tuple(KINDS)


@dataclass(frozen=True, slots=True)
class Industry:
    """A trade: its goods, the middle amount of a bill and of a kilogram in yuan, its season."""

    name: str
    goods: tuple[str, ...]
    ticket: float
    yuan_per_kg: float
    swing: float


INDUSTRIES = (
    Industry("五金", ("合页", "螺丝", "锁具", "水暖件"), 7_000, 22, 0.8),
    Industry("建材", ("瓷砖", "卫浴", "石膏板", "管件"), 10_500, 8, 1.1),
    Industry("板材", ("多层板", "密度板", "木线条"), 12_500, 5, 1.1),
    Industry("服装鞋帽", ("女装", "童装", "运动鞋", "布鞋"), 8_500, 60, 1.4),
    Industry("日用百货", ("收纳箱", "保温杯", "雨具", "拖把"), 5_500, 18, 0.9),
    Industry("家电", ("电风扇", "电饭煲", "小家电"), 9_500, 35, 1.2),
    Industry("汽摩配件", ("滤清器", "刹车片", "轮胎", "蓄电池"), 8_800, 30, 0.6),
    Industry("园林机械", ("割草机", "喷雾器", "油锯"), 9_200, 28, 1.4),
    Industry("文体用品", ("笔记本", "书包", "球类"), 6_000, 25, 1.2),
    Industry("副食酒水", ("调味品", "饮料", "白酒", "干果"), 6_800, 12, 1.2),
    Industry("灯具", ("吸顶灯", "筒灯", "灯带"), 7_600, 40, 0.9),
    Industry("陶瓷", ("碗盘", "花瓶", "茶具"), 7_000, 11, 0.9),
    Industry("塑料制品", ("塑料筐", "薄膜", "水管"), 7_200, 10, 0.8),
    Industry("玩具", ("积木", "毛绒玩具", "童车"), 6_600, 30, 1.3),
    Industry("劳保用品", ("手套", "安全鞋", "口罩"), 6_200, 26, 0.7),
    Industry("化工", ("涂料", "胶水", "清洗剂"), 9_800, 14, 0.8),
)


@dataclass(slots=True)
class Portfolio:
    """How each merchant trades; arrays have one value a merchant unless a comment says more."""

    kinds: Ints  # place in KIND_NAMES
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
    self_deals: Floats
    rounds: Floats
    edits: Floats
    repeats: Floats
    resets: Floats
    phones: Ints

    @property
    def count(self) -> int:
        return len(self.kinds)


def draw_portfolio(count: int, seed: int) -> Portfolio:
    """Draw the merchants; the same (count, seed) gives the same ones."""
    rng = np.random.default_rng([seed, 1])
    industries = rng.integers(0, len(INDUSTRIES), count)
    carriers, steps = _draw_carriers(rng, count)
    portfolio = Portfolio(
        kinds=_draw_kinds(rng, count),
        industries=industries,
        bills=np.clip(rng.lognormal(np.log(11.0), 0.62, count), 1.5, 400.0),
        tickets=np.array([i.ticket for i in INDUSTRIES])[industries]
        * rng.lognormal(0.0, 0.45, count),
        spreads=rng.uniform(0.35, 0.75, count),
        volatilities=rng.uniform(0.05, 0.28, count),
        growths=rng.normal(0.06, 0.12, count),
        opened=np.where(rng.random(count) < 0.16, rng.integers(12, 24, count), LONG_AGO),
        stopped=np.full(count, -LONG_AGO),
        cod_shares=rng.beta(14, 2, count),
        cores=rng.integers(10, 46, count),
        core_shares=rng.uniform(0.65, 0.95, count),
        cores_power=rng.uniform(1.0, 2.2, count),
        windows=rng.integers(5, 30, count),
        drifts=rng.uniform(0.3, 4.0, count),
        carriers=carriers,
        carrier_steps=steps,
        voids=rng.beta(2, 120, count),
        refusals=rng.beta(2, 90, count),
        self_deals=np.where(rng.random(count) < 0.1, 0.01, 0.0),
        rounds=rng.uniform(0.0, 0.08, count),
        edits=rng.beta(1, 120, count),
        repeats=np.full(count, 0.0008),
        resets=np.full(count, 0.0002),
        phones=phone_numbers(np.arange(count) + MERCHANT_BASE),
    )
    _bend(portfolio, rng)
    return portfolio


def _draw_kinds(rng: np.random.Generator, count: int) -> Ints:
    shares = np.array(list(KINDS.values()))
    kinds = rng.choice(len(KINDS), size=count, p=shares / shares.sum())
    # Rings stand together: the members of one are neighbours in the numbering.
    ring = KIND_NAMES.index("fraud_ring")
    members = (kinds == ring).sum() // RING_SIZE * RING_SIZE
    kinds[kinds == ring] = 0
    kinds[count - members :] = ring
    return kinds.astype(np.int64)


def _draw_carriers(rng: np.random.Generator, count: int) -> tuple[Ints, Floats]:
    order = np.argsort(rng.random((count, CARRIER_COUNT)), axis=1)[:, :CARRIERS_OF_A_MERCHANT]
    used = rng.integers(1, CARRIERS_OF_A_MERCHANT + 1, count)
    shares = rng.dirichlet((6.0, 2.0, 1.2, 0.8), count)
    shares[np.arange(CARRIERS_OF_A_MERCHANT)[None, :] >= used[:, None]] = 0.0
    return order.astype(np.int64), np.cumsum(shares / shares.sum(axis=1, keepdims=True), axis=1)


def _bend(portfolio: Portfolio, rng: np.random.Generator) -> None:
    """Give every kind what makes it that kind."""

    def members(kind: str) -> tuple[NDArray[np.bool_], int]:
        chosen = portfolio.kinds == KIND_NAMES.index(kind)
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
    chosen, n = members("fraud_self_deal")
    portfolio.self_deals[chosen] = rng.uniform(0.12, 0.45, n)
    chosen, n = members("fraud_round")
    portfolio.rounds[chosen] = rng.uniform(0.5, 0.9, n)
    chosen, n = members("fraud_edit_up")
    portfolio.edits[chosen] = rng.uniform(0.15, 0.5, n)
    chosen, n = members("fraud_repeat")
    portfolio.repeats[chosen] = rng.uniform(0.06, 0.15, n)
    portfolio.resets[chosen] = rng.uniform(0.01, 0.04, n)
