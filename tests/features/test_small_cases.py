"""Waybills whose features can be counted on fingers: each merchant of one lake is a case, as of
2020-01-01 unless its name says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.features.lake import OutlierRule
from tests.features import slow_carriage, slow_parties, slow_peers
from tests.features.lakes import (
    EDITED_UP,
    RETURNED,
    SELF_DEAL,
    TEST,
    TIME,
    VOIDED,
    Waybill,
    see,
    write_lake,
)

T = date(2020, 1, 1)
YUAN = 100
SHORT, LACKS, BASELESS = "TOO_LITTLE_HISTORY", "SOURCE_LACKS", "NO_BASE"
NUMBER = iter(range(10**9))


def at(day: str, clock: str = "12:00:00") -> datetime:
    return datetime.fromisoformat(f"{day} {clock}")


def bill(day: str, yuan: float | None = 100, consignee: str = "C", **other: Any) -> Waybill:
    """A sold and delivered bill; `yuan` is its COD amount."""
    fen = None if yuan is None else round(yuan * 100)
    other.setdefault("status", "signed")
    return Waybill(f"W{next(NUMBER)}", at(day), consignee_id=consignee, cod_fen=fen, **other)


def year(*yuan: float, of: int = 2019) -> list[Waybill]:
    """One bill a month, from January on; 0 makes a bill without COD."""
    return [bill(f"{of}-{m:02d}-05", y) for m, y in enumerate(yuan, start=1)]


TWELVE = year(120, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 0)
CASES: dict[str, tuple[Iterable[Waybill], dict[str, Any]]] = {
    "windows": (
        [
            bill("2019-12-01", 1),
            bill("2019-11-30", 2),
            bill("2019-10-01", 4),
            bill("2019-09-30", 8),
            bill("2019-07-01", 16),
            bill("2019-06-30", 32),
            bill("2019-01-01", 64),
            bill("2018-12-31", 128),
            bill("2018-01-01", 256),
            bill("2017-12-31", 512),
        ],
        {
            "waybill_cnt_1m": 1,
            "waybill_cnt_3m": 3,
            "waybill_cnt_6m": 5,
            "waybill_cnt_12m": 7,
            "cod_amt_1m": 100,
            "cod_amt_3m": 700,
            "cod_amt_6m": 3_100,
            "cod_amt_12m": 12_700,
            "cod_amt_24m": 51_100,
            "avg_ticket": 1_814,
            "p50_ticket": 800,
        },
    ),
    "two bills in the middle": (
        [bill("2019-12-03", 1), bill("2019-12-03", 2.01), bill("2019-12-04", 9, flags=VOIDED)],
        {"p50_ticket": 151},
    ),
    "weeks": (
        [bill(f"2019-{day}") for day in ("07-03", "12-24", "12-25", "12-31")],
        {"active_week_ratio_26w": 3 / 26},
    ),
    "a day short of 26 weeks": (
        [bill("2019-07-04")],
        {"active_week_ratio_26w": SHORT},
    ),
    "gaps": (  # 21–25 January and 20–28 February; between them carriers stood still
        [
            bill("2019-01-20"),
            *(bill(str(date(2019, 3, 1) + timedelta(10 * n))) for n in range(31)),
        ],
        {"max_gap_days": 14},
    ),
    "a gap to the end": (
        [bill("2018-12-31"), bill("2019-06-01"), bill("2019-06-02")],
        {"max_gap_days": (date(2019, 12, 31) - date(2019, 6, 2)).days},
    ),
    "no bill in the gap's window": (
        [bill("2018-12-31")],
        {"max_gap_days": BASELESS},
    ),
    "accel": (  # ln 100 in the first and the last month
        year(99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 99),
        {"slope_12m": 0.0, "accel": 2.5 * 4.605170185988092 / 17.5},
    ),
    "more consignees": (
        [
            *(bill("2019-12-03", consignee=c) for c in "ABC"),
            *(bill("2019-03-03", consignee=c) for c in "AD"),
        ],
        {"net_consignee_growth": 0.5, "retention": 0.5},
    ),
    "only ones": (
        [bill("2019-12-03", 1 + n / 1000) for n in range(300)],
        {"benford_mad": 2 * 0.6989700043360188 / 9},
    ),
    "too few for Benford": (
        [bill("2019-12-03", 1 + n / 1000) for n in range(299)],
        {"benford_mad": SHORT},
    ),
    "a spike": (
        [bill("2019-06-05", 600), bill("2019-12-01", 600), bill("2019-12-02", 500)],
        {"spike_30d": 2.5},
    ),
    "a day short of a spike": (
        [bill("2019-06-06", 600), bill("2019-12-02", 500)],
        {"spike_30d": SHORT},
    ),
    "a spike over nothing": (
        [bill("2019-06-04", 600), bill("2019-12-02", 500)],
        {"spike_30d": BASELESS},
    ),
    "another carrier": (  # three quarters by X, then a quarter
        [
            *(bill("2019-12-03", yuan, carrier_id=c) for c, yuan in (("X", 25), ("Y", 75))),
            *(bill("2019-06-03", yuan, carrier_id=c) for c, yuan in (("X", 300), ("Z", 100))),
        ],
        {"carrier_switch_6m": 0.75},
    ),
    "half a year of carriers": (
        [bill("2019-06-03", 300, carrier_id=None), bill("2019-12-03", 25)],
        {"carrier_switch_6m": BASELESS},
    ),
    "two kinds of goods": (
        [
            bill("2019-12-03", 50, goods_category="lamps"),
            bill("2019-02-03", 50, goods_category="tools"),
            bill("2019-02-03", 50, goods_category=None),
        ],
        {"category_entropy": 0.6931471805599453},
    ),
    "one kind of goods": ([bill("2019-12-03", 50)], {"category_entropy": 0.0}),
    "other towns": (  # (3, 4) and (4, 3): 24 of 25
        [
            *(bill("2019-12-03", destination="Jinan") for _ in range(3)),
            *(bill("2019-12-03", destination="Xuzhou") for _ in range(4)),
            *(bill("2019-06-03", destination="Jinan") for _ in range(4)),
            *(bill("2019-06-03", destination="Xuzhou") for _ in range(3)),
        ],
        {"route_cosine": 0.96},
    ),
    "new this half year": (
        [bill("2019-07-03")],
        {"route_cosine": SHORT, "carrier_switch_6m": SHORT, "identity_changes_12m": LACKS},
    ),
    "three names and two phones": (
        [
            bill("2019-12-03", shipper_name_hash="a", shipper_phone_hash="1"),
            bill("2019-11-03", shipper_name_hash="b", shipper_phone_hash="2"),
            bill("2019-10-03", shipper_name_hash="c"),
            bill("2018-10-03", shipper_name_hash="d"),
            bill("2019-10-03", shipper_name_hash="e", flags=VOIDED),
        ],
        {"identity_changes_12m": 3},
    ),
    "raised after entry": (
        [
            bill("2019-12-03", 100, cod_first_fen=10_000),
            bill("2019-12-03", 400, cod_first_fen=30_000, eligible_fen=30_000, flags=EDITED_UP),
        ],
        {"edit_up_share": 0.75},
    ),
    "nobody says what was entered first": (
        [bill("2019-12-03", 100)],
        {"edit_up_share": LACKS},
    ),
    "not sales": (
        [
            bill("2019-12-03", 5),
            bill("2019-12-03", 5, flags=VOIDED),
            bill("2019-12-03", 5, flags=TEST),
            bill("2019-12-03", 5, flags=RETURNED),
            bill("2019-12-03", 5, flags=SELF_DEAL),
        ],
        {"waybill_cnt_1m": 1, "cod_amt_1m": 500, "void_rate": 0.2},
    ),
    "settled": (
        [
            bill("2019-12-03", 1, cod_paid_at=at("2019-12-31", "23:59:59")),
            bill("2019-12-03", 2, cod_paid_at=at("2020-01-01", "00:00:00")),
            bill("2019-12-03", 4, status="cod_paid"),
            bill("2019-12-03", 8, status="paid"),
            bill("2019-12-03", 16, status="cod_collected"),
            bill("2019-12-03", 32, status="cod_paid", cod_paid_at=at("2020-01-02")),
        ],
        {"cod_settled_12m": 1_300, "cod_cycle_p50": 28.0},
    ),
    "never settled": (
        [bill("2019-12-03", source="quiet")],
        {"cod_settled_12m": LACKS, "cod_cycle_p50": LACKS},
    ),
    "months": (
        TWELVE,
        {
            "cod_avg_month": 6_000,
            "cod_median_month": 6_000,
            "cod_min_month": 0,
            "cod_trim_month": 6_000,
            "cv": 0.408248290463863,
            "downside_dev": 0.28867513459481287,
            "active_months_12m": 0,
        },
    ),
    "half a fen": (
        [*year(*[0.01] * 6, *[0.02] * 6), bill("2019-01-06", 0)],
        {
            "cod_avg_month": 2,
            "cod_median_month": 2,
            "cod_min_month": 1,
            "cod_trim_month": 2,
            "avg_ticket": 2,
        },
    ),
    "eleven months": (
        [bill("2019-02-01", 10)],
        {
            "cod_avg_month": SHORT,
            "cod_trim_month": SHORT,
            "cv": SHORT,
            "slope_12m": SHORT,
            "drawdown": SHORT,
            "cod_months": 11,
            "repeat_amt_share_6m": BASELESS,
        },
    ),
    "twelve months": (
        [bill("2019-01-31", 12)],
        {"cod_avg_month": 100, "cod_months": 11, "cv": 3.3166247903554},
    ),
    "freight": (
        [
            bill("2019-12-01", freight_fen=100),
            bill("2019-01-01", freight_fen=20),
            bill("2019-06-01", freight_fen=None),
            bill("2018-12-31", freight_fen=7),
        ],
        {"freight_12m": 120},
    ),
    "bare source": (
        [
            bill(
                "2019-12-01",
                freight_fen=None,
                carrier_id=None,
                destination=None,
                goods_category=None,
            )
        ],
        {
            "freight_12m": LACKS,
            "carrier_cnt": LACKS,
            "dest_city_cnt": LACKS,
            "category_cnt": LACKS,
            "industry": LACKS,
            "origin_region": "Linyi",
            "hhi_carrier": LACKS,
            "sign_rate": LACKS,
            "self_deal_share": LACKS,
        },
    ),
    "variety": (
        [
            *(bill("2019-12-01", 30, carrier_id="X", consignee="A") for _ in range(3)),
            *(
                bill("2019-12-01", 5, carrier_id="Y", consignee="B", destination="Jinan")
                for _ in range(2)
            ),
            bill("2019-12-01", 0, carrier_id=None, consignee="D", goods_category="lamps"),
        ],
        {
            "consignee_cnt": 3,
            "carrier_cnt": 1,
            "dest_city_cnt": 2,
            "category_cnt": 2,
            "industry": "hardware",
            "cod_penetration": 5 / 6,
            "top1_consignee_share": 0.9,
            "hhi_consignee": 0.82,
            "hhi_carrier": 0.82,
        },
    ),
    "no amount": (
        [bill("2019-12-01", 0)],
        {
            "avg_ticket": BASELESS,
            "cod_penetration": 0.0,
            "top1_consignee_share": BASELESS,
            "hhi_consignee": BASELESS,
            "hhi_carrier": BASELESS,
            "cod_months": SHORT,
            "round_share": BASELESS,
            "new_consignee_share_3m": BASELESS,
            "retention": BASELESS,
            "yoy_3m": SHORT,
            "days_since_last_bill": 30,
            "down_months": 0,
        },
    ),
    "eleven whole months": ([bill("2019-01-05")], {"cod_months": 11}),
    "twelve whole months": ([bill("2019-01-01")], {"cod_months": 12}),
    "yesterday": (
        [bill("2019-12-31"), bill("2020-01-01")],
        {"days_since_last_bill": 0, "cod_months": 0},
    ),
    "active": (
        [bill("2019-12-01") for _ in range(3)]
        + [bill("2019-11-01") for _ in range(2)]
        + [bill("2019-11-02", 0)],
        {"active_months_12m": 1},
    ),
    "repeat": (
        [
            bill("2019-12-01", 3, "A"),
            bill("2019-12-01", 5, "B"),
            bill("2019-12-01", 2, "D"),
            bill("2019-06-30", 1, "A"),
            bill("2018-07-01", 1, "D"),
            bill("2018-06-30", 1, "B"),
        ],
        {"repeat_amt_share_6m": 0.5, "retention": 1.0},
    ),
    "retention": (
        [
            bill("2019-06-30", 1, "A"),
            bill("2019-01-01", 1, "B"),
            bill("2019-07-01", 1, "B"),
            bill("2018-12-31", 1, "D"),
            bill("2019-05-01", 1, "E"),
            bill("2019-08-01", 0, "E"),
        ],
        {"retention": 1 / 3},
    ),
    "signing": (
        [
            bill("2019-12-02", signed_at=at("2019-12-04")),  # mature by a day
            bill("2019-12-02", status="in_transit"),
            bill("2019-12-03", status="in_transit"),  # not mature: created 29 days before
            bill("2019-11-02", signed_at=at("2020-01-01", "00:00:00")),  # not before the cut-off
            bill("2019-11-02", status="cod_remitted"),
            bill("2019-11-02", flags=VOIDED),
            bill("2019-11-02", flags=RETURNED, return_of="elsewhere"),
            bill("2019-11-02", flags=RETURNED, signed_at=at("2019-11-05")),
        ],
        {"sign_rate": 2 / 5},
    ),
    "returned by another bill": (
        [
            Waybill(
                "orig-1", at("2019-11-02"), cod_fen=300, status="signed", signed_at=at("2019-11-05")
            ),
            bill("2019-11-20", 0, flags=RETURNED, return_of="orig-1"),
            bill("2019-11-02", 9, signed_at=at("2019-11-03")),
        ],
        {"sign_rate": 0.5, "return_rate_amt_6m": 0.25, "cod_amt_3m": 900, "waybill_cnt_3m": 1},
    ),
    "returned after the cut-off": (
        [
            Waybill("orig-2", at("2019-11-02"), cod_fen=300),
            bill("2020-01-01", 0, flags=RETURNED, return_of="orig-2"),
        ],
        {"cod_amt_3m": 300, "return_rate_amt_6m": 0.0},
    ),
    "returned number of another source": (
        [
            Waybill("orig-3", at("2019-11-02"), cod_fen=300),
            bill("2019-11-09", 0, flags=RETURNED, return_of="orig-3", source="other"),
        ],
        {"cod_amt_3m": 300},
    ),
    "returns": (
        [
            bill("2019-07-01", 3),
            bill("2019-12-02", -1, flags=RETURNED),
            bill("2019-12-03", 50, flags=RETURNED),
            bill("2019-06-30", 50, flags=RETURNED),
            bill("2019-12-03", 50),
        ],
        {"return_rate_amt_6m": 0.25},
    ),
    "cycle": (
        [
            bill("2019-12-01", cod_paid_at=at("2019-12-02", "00:00:01")),
            bill("2019-12-01", cod_paid_at=at("2019-12-05")),
            bill("2019-12-01", cod_paid_at=at("2019-12-30"), flags=TIME),
            bill("2018-12-31", cod_paid_at=at("2019-01-30")),
        ],
        {"cod_cycle_p50": 2.5},
    ),
    "growth": (
        [*year(*[10] * 12, of=2018), *year(10, 10, 10, 10, 10, 10, 20, 20, 20, 20, 20, 5, of=2019)],
        {
            "yoy_3m": 0.5,
            "yoy_12m": 165 / 120 - 1,
            "qoq_sa": 45 / 60 - 1,
            "drawdown": 0.25,
            "down_months": 1,
        },
    ),
    "best three months two years ago": (
        [
            *(bill(f"2018-0{m}-05", 30) for m in (1, 2, 3)),
            *(bill(f"2019-1{m}-05", 15) for m in (0, 1, 2)),
        ],
        {"drawdown": 0.5},
    ),
    "settlement told in winter alone": (
        [
            bill("2019-01-05", 7, status="cod_paid", source="early"),
            bill("2019-12-05", 1, source="early"),
        ],
        {"cod_settled_12m": 700},
    ),
    "fourteen months": (
        [bill("2018-11-01", 1), bill("2019-12-01", 1)],
        {"yoy_3m": SHORT, "yoy_12m": SHORT, "qoq_sa": BASELESS},
    ),
    "fifteen months": (
        [bill("2018-10-01", 1), bill("2019-12-01", 2)],
        {"yoy_3m": 1.0, "yoy_12m": SHORT},
    ),
    "twenty-four months": (
        [bill("2018-01-01", 1), bill("2019-12-01", 2)],
        {"yoy_12m": 1.0, "yoy_3m": BASELESS},
    ),
    "slope": (
        year(*[round(2.718281828459045 ** (m / 2), 2) - 1 for m in range(1, 13)]),
        {"slope_12m": pytest.approx(0.5, abs=1e-3), "down_months": 0},
    ),
    "falls by exactly five percent": (
        [bill("2019-10-01", 100), bill("2019-11-01", 95), bill("2019-12-01", 90.24)],
        {"down_months": 1},
    ),
    "falls a fen more": (
        [bill("2019-10-01", 100), bill("2019-11-01", 94.99), bill("2019-12-01", 90)],
        {"down_months": 2},
    ),
    "new consignees": (
        [
            bill("2019-12-01", 3, "A"),
            bill("2019-10-03", 1, "A"),
            bill("2019-12-01", 4, "B"),
            bill("2019-10-02", 2, "B"),
        ],
        {"new_consignee_share_3m": 0.4},
    ),
    "self-dealing": (
        [
            bill("2019-12-01", 3, shipper_phone_hash="a", consignee_phone_hash="b"),
            bill("2019-12-01", 1, flags=SELF_DEAL),
        ],
        {"self_deal_share": 0.25},
    ),
    "one side only": (
        [bill("2019-12-01", 3, shipper_phone_hash="a", consignee_name_hash="b")],
        {"self_deal_share": LACKS},
    ),
    "round": (
        [
            bill("2019-12-01", 1_000),
            bill("2019-12-01", 999.99),
            bill("2019-12-01", 5_000),
            bill("2019-12-01", 0),
        ],
        {"round_share": 2 / 3},
    ),
    "records": (
        [
            bill("2019-12-01", repeats=2),
            bill("2019-12-01", flags=VOIDED, resets=1),
            bill("2018-12-31", repeats=9, resets=9),
        ],
        {"duplicate_rate": 0.5, "void_rate": 0.5, "reset_rate": 0.5},
    ),
    "outliers": (
        [
            *(bill("2019-12-01", 10 * n) for n in (1, 2, 3)),
            bill("2019-12-01", 400.01),
            bill("2019-12-01", 400),
        ],
        {"cod_amt_1m": (10 + 20 + 30 + 400 + 400.01) * YUAN},
    ),
    "outliers above the median": (
        [
            *(bill("2019-12-01", 10 * n) for n in (1, 2, 3)),
            bill("2019-12-01", 600.01),
            bill("2019-12-01", 600),
        ],
        {"cod_amt_1m": (10 + 20 + 30 + 600 + 600) * YUAN},
    ),
    "outlier beside a hundred": (
        [*(bill("2019-12-01", n) for n in range(1, 101)), bill("2019-12-01", 100_000)],
        {"cod_amt_1m": (5_050 + 99) * YUAN},
    ),
    "outlier alone": (
        [bill("2019-12-01", 100_000.01)],
        {"cod_amt_1m": 100_000 * YUAN, "round_share": 1.0},
    ),
    "outlier at the limit": (
        [bill("2019-12-01", 99_999.99), bill("2019-12-01", 100_000)],
        {"cod_amt_1m": 2 * 9_999_999},
    ),
    "invoices": (
        [bill("2019-11-01", 400_000, source="paper", signed_at=at("2019-11-03"))],
        {"cod_amt_3m": 400_000 * YUAN, "sign_rate": LACKS},
    ),
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    rows = [
        Waybill(**{**w.__dict__, "merchant_id": name})
        for name, (waybills, _) in CASES.items()
        for w in waybills
    ]
    rule = OutlierRule(100_000 * YUAN, 20)
    lake = write_lake(
        tmp_path_factory.mktemp("lake"),
        {"one": rows},
        invoice_sources=["paper"],
        outliers=dict.fromkeys(("tms", "quiet", "other"), rule),
    )
    return see(lake, T)


@pytest.mark.parametrize("case", CASES)
def test_case(seen: dict[str, dict[str, object]], case: str) -> None:
    expected = CASES[case][1]
    found = {name: seen[case][name] for name in expected}
    assert found == {
        name: pytest.approx(value, rel=1e-12) if isinstance(value, float) else value
        for name, value in expected.items()
    }


def test_every_feature_has_a_case(seen: dict[str, dict[str, object]]) -> None:
    counted = {name for _, expected in CASES.values() for name in expected}
    others = {*slow_parties.NAMES, *slow_peers.COMPARED, *slow_carriage.NAMES}
    assert not counted & others, "these have tests of their own: test_parties, test_peers"
    assert counted | others == set(next(iter(seen.values())))


def test_cut_in_the_middle_of_a_month(tmp_path: Path) -> None:
    """M1 is the month before; what was created in the cut month before T still counts for dates and
    merchants.
    """
    day = date(2019, 12, 16)
    rows = [bill("2019-12-15", 7), bill("2019-12-16", 9), bill("2019-11-30", 1)]
    newcomer = Waybill("N", at("2019-12-15", "23:59:59"), merchant_id="newcomer")
    tomorrow = Waybill("F", at("2019-12-16", "00:00:00"), merchant_id="tomorrow")
    found = see(write_lake(tmp_path, {"one": [*rows, newcomer, tomorrow]}), day)
    assert set(found) == {"M", "newcomer"}
    assert [found["M"][n] for n in ("cod_amt_1m", "days_since_last_bill", "cod_months")] == [
        100,
        0,
        0,
    ]
    assert [found["newcomer"][n] for n in ("waybill_cnt_12m", "cod_months", "void_rate")] == [
        0,
        0,
        BASELESS,
    ]


def test_settlement_is_a_trait_of_the_source(tmp_path: Path) -> None:
    """A merchant without any settled bill has 0 where its source records settlement for others."""
    own = bill("2019-12-03", 5)
    other = Waybill("P", at("2019-12-03"), merchant_id="other", cod_paid_at=at("2019-12-09"))
    found = see(write_lake(tmp_path, {"one": [own, other]}), T)
    assert found["M"]["cod_settled_12m"] == 0
    assert found["other"]["cod_settled_12m"] == other.cod_fen


def test_bills_long_ago(tmp_path: Path) -> None:
    """A bill of forty years before makes history, not a wider table."""
    first = bill("1979-06-05", 3)
    found = see(write_lake(tmp_path, {"one": [first, bill("2019-12-01", 2)]}), T)
    assert found["M"]["cod_months"] == 40 * 12 + 6
    assert found["M"]["yoy_12m"] == BASELESS
    assert found["M"]["days_since_last_bill"] == (T - timedelta(days=1) - date(2019, 12, 1)).days
