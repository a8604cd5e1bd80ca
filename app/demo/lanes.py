"""Where the goods go: towns, how far they are, and which town a party is in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.demo.people import mix

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ORIGIN = "临沂"
# Towns and their distance from Linyi by road, km.
TOWNS = {
    "济南": 260, "青岛": 250, "潍坊": 200, "徐州": 180, "连云港": 130, "郑州": 480, "石家庄": 560,
    "南京": 420, "合肥": 470, "苏州": 580, "上海": 650, "杭州": 720, "天津": 560, "北京": 680,
    "太原": 760, "武汉": 800, "西安": 950, "沈阳": 1150, "长沙": 1120, "南昌": 960, "哈尔滨": 1700,
    "重庆": 1550, "成都": 1750, "广州": 1750, "昆明": 2250, "兰州": 1550, "乌鲁木齐": 3300,
}  # fmt: skip
TOWN_NAMES = (*TOWNS, ORIGIN)
ORIGIN_PLACE = len(TOWNS)
_KM = np.array([*TOWNS.values(), 0.0])
# More is sold nearby than far away.
_STEPS = np.cumsum(_KM[:-1] ** -0.5) / (_KM[:-1] ** -0.5).sum()


def town_places(parties: Ints) -> Ints:
    """For each party the place of its town in TOWN_NAMES."""
    chance = (mix(parties, 7) >> np.uint64(11)).astype(np.float64) / 2**53
    places: Ints = np.searchsorted(_STEPS[:-1], chance, side="right").astype(np.int64)
    return places


def distances(towns: Ints) -> Floats:
    """Kilometres between the market and towns, by their places."""
    found: Floats = _KM[towns]
    return found
