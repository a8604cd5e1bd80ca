"""What merchants are grouped by: the industry and the region of a handful of bills, and the names
under which categories and origins count.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from app.features.words import name_category, name_town
from tests.features.lakes import RETURNED, Waybill, build, see, write_lake

T = date(2020, 1, 1)
LACKS, BASELESS = "SOURCE_LACKS", "NO_BASE"


def bill(number: int, yuan: int, category: str | None, origin: str | None, **other: Any) -> Waybill:
    day = other.pop("day", "2019-06-05")
    return Waybill(
        f"W{number}",
        datetime.fromisoformat(f"{day} 12:00"),
        cod_fen=yuan * 100,
        goods_category=category,
        origin=origin,
        **other,
    )


CASES: dict[str, tuple[list[tuple[Any, ...]], str, str]] = {
    "amounts lead the industry, bills the region": (
        [(900, "lamps", "临沂"), (400, "tools", "济南"), (400, "tools", "济南")],
        "lamps",
        "济南",
    ),
    "of equal amounts the one with more bills": (
        [(800, "lamps", "a"), (400, "tools", "a"), (400, "tools", "a")],
        "tools",
        "A",
    ),
    "of equals the first by its letters": ([(5, "b", "y"), (5, "a", "x")], "a", "X"),
    "a third is enough": ([(1, "a", "a"), (1, "b", "b"), (1, "c", "c")], "a", "A"),
    "less than a third is none": (
        [(1, "a", "a"), (1, "b", "b"), (1, "c", "c"), (1, "d", "d")],
        BASELESS,
        BASELESS,
    ),
    "one way of writing": (
        [(3, "Ｌａｍｐｓ", "山东省临沂市"), (3, " lamps", "临沂"), (5, "tools", "济南")],
        "lamps",
        "临沂",
    ),
    "no amount": ([(0, "lamps", "临沂")], BASELESS, "临沂"),
    "nothing recorded": ([(9, None, None)], LACKS, LACKS),
    "nothing but signs": ([(9, "lamps", "-/-")], "lamps", LACKS),
    "bills without one do not count": (
        [(90, None, None), (90, None, None), (90, None, None), (1, "lamps", "临沂")],
        "lamps",
        "临沂",
    ),
    "too old, too new, returned": (
        [
            (90, "old", "old", {"day": "2018-12-31"}),
            (90, "returned", "returned", {"flags": RETURNED}),
            (1, "lamps", "临沂", {"day": "2019-01-01"}),
            (90, "new", "new", {"day": "2020-01-01"}),
        ],
        "lamps",
        "临沂",
    ),
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """All cases as the merchants of one lake, cut into two imports."""
    bills = [
        bill(1000 * case + n, *row[:3], merchant_id=name, **(row[3] if len(row) > 3 else {}))
        for case, (name, (rows, _, _)) in enumerate(CASES.items())
        for n, row in enumerate(rows)
    ]
    lake = write_lake(tmp_path_factory.mktemp("lake"), {"i1": bills[::2], "i2": bills[1::2]})
    return see(lake, T)


@pytest.mark.parametrize("name", CASES)
def test_counted_on_fingers(seen: dict[str, dict[str, object]], name: str) -> None:
    _, industry, region = CASES[name]
    assert (seen[name]["industry"], seen[name]["origin_region"]) == (industry, region)


def test_the_month_that_t_cuts_does_not_count(tmp_path: Path) -> None:
    rows = [
        bill(1, 1, "lamps", "临沂", day="2019-12-05"),
        bill(2, 90, "tools", "济南", day="2020-01-05"),
        bill(3, 90, "tools", "济南", day="2020-01-06"),
    ]
    row = see(write_lake(tmp_path, {"i": rows}), date(2020, 1, 15))["M"]
    assert (row["industry"], row["origin_region"]) == ("lamps", "临沂")


def test_one_merchant_can_be_looked_up(tmp_path: Path) -> None:
    lake = write_lake(tmp_path, {"i": [bill(1, 9, "lamps", None)]})
    snapshot = build(lake, T).snapshot
    row = snapshot.find("M")
    assert row is not None
    assert (row["industry"], row["origin_region"]) == ("lamps", None)
    (texts,) = snapshot.texts()
    assert '"industry":"lamps","origin_region":null' in texts[1]
    assert snapshot.hash_content() == snapshot.provenance["content_sha256"]


@pytest.mark.parametrize(
    ("written", "town"),
    [
        *((one, "临沂") for one in ("临沂", "临沂市", "山东省临沂市", "山东临沂", "临沂/兰山")),
        *((one, "临沂") for one in ("山东-临沂", "山东省 临沂市 兰山区", "山东省临沂市兰山区")),
        ("中国山东省临沂市", "临沂"),
        *((one, "山东") for one in ("山东", "山东省", "中国 山东省")),
        *((one, "北京") for one in ("北京", "北京市", "北京市朝阳区", "北京朝阳")),
        *((one, "吉林") for one in ("吉林", "吉林省", "吉林市", "吉林省吉林市")),
        ("广西壮族自治区南宁市", "南宁"),
        ("新疆乌鲁木齐市", "乌鲁木齐"),
        ("内蒙古呼和浩特", "呼和浩特"),
        ("江苏省苏州市昆山市", "苏州"),
        ("津市市", "津市"),
        ("沙市区", "沙市区"),
        ("延边朝鲜族自治州", "延边朝鲜族"),
        ("LINYI", "Linyi"),
        ("ＬＩＮＹＩ", "Linyi"),
        ("linyi-lanshan", "Linyi Lanshan"),
        ("", ""),
        (" - ", ""),
    ],
)  # fmt: skip
def test_towns(written: str, town: str) -> None:
    assert name_town(written) == town


def test_categories() -> None:
    assert name_category(" Ｈａｒｄ　Ware ") == "hard ware"
    assert name_category("五金") == "五金"
    assert name_category("x" * 500) == "x" * 40
