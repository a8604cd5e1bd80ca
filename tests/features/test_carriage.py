"""Freight, fees, repetitions, night and haste on fingers, as of 2020-01-01 (M1 is December)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.features.carriage import CarriageRule, FeeRule, FreightRule
from app.features.distances import Distances
from app.features.reference import References
from app.features.tariffs import Tariffs, load_tariffs
from app.settings import PROJECT_FOLDER
from tests.features.lakes import RETURNED, TIME, VOIDED, Waybill, build, see, write_lake

T = date(2020, 1, 1)
LACKS, BASELESS = "SOURCE_LACKS", "NO_BASE"
YUAN = 100
RULE = CarriageRule(FreightRule(200, 1_000 * YUAN, 5 * YUAN), FeeRule(1 * YUAN, 20), 24)
TARIFFS = load_tariffs(PROJECT_FOLDER / "rulesets" / "reference" / "tariffs.yaml")
NAMES = ("freight_outlier_share", "fee_outlier_share", "cod_amt_12m", "waybill_cnt_12m")


def sent(number: object, yuan: float = 100, at: str = "2019-12-05 12:00", **other: Any) -> Waybill:
    """A bill with a number, an amount and a time."""
    given = {"freight_fen": None, "status": "signed"} | other
    return Waybill(f"W{number}", datetime.fromisoformat(at), cod_fen=round(yuan * 100), **given)


def look(
    folder: Path,
    bills: Sequence[Waybill],
    rules: dict[str, CarriageRule] | None = None,
    tariffs: Tariffs | None = TARIFFS,
    km: dict[tuple[str, str], int] | None = None,
    as_of: date = T,
) -> dict[str, dict[str, object]]:
    distances = Distances({lane: n * 1000 for lane, n in km.items()}, "km") if km else None
    references = References(tariffs=tariffs, distances=distances)
    rules = {"tms": RULE} if rules is None else rules
    return see(write_lake(folder, {"one": bills}, carriage=rules, references=references), as_of)


# COD and fee, yuan, and whether the fee is right by one of the two usual tariffs.
FEES = [
    (100, 2, True),
    (100, 1, True),  # 0.1%, rounded up to a whole yuan
    (100, 0, True),  # a yuan less is no more than a yuan off
    (100, 3.01, False),  # more than a yuan, and more than 20%, above 2
    (200, 3, True),
    (200.01, 2, True),
    (3_000, 4.8, True),  # 20% above 4
    (3_000, 5, True),
    (3_000, 5.01, False),
    (3_000, 2, True),
    (3_000, 1.99, False),
    (20_000, 30, True),  # 0.15%
    (20_000, 36, True),
    (20_000, 36.01, False),
    (20_000, 24.01, True),
    (20_000, 24, True),  # 0.1%, and 20%
    (20_000, 15.99, False),
    (50_000, 40, True),  # the cap
    (50_000, 48, True),
    (50_000, 60, True),  # 0.1% is 50 and has no cap
    (50_000, 60.01, False),
]


def test_fees(tmp_path: Path) -> None:
    bills = [
        sent(n, cod, cod_fee_fen=round(fee * 100), merchant_id=f"M{n}")
        for n, (cod, fee, _) in enumerate(FEES)
    ]
    found = look(tmp_path, bills)
    for n, (cod, fee, is_right) in enumerate(FEES):
        seen = found[f"M{n}"]
        expected = (0.0, cod * 100) if is_right else (1.0, 0)
        assert (seen["fee_outlier_share"], seen["cod_amt_12m"]) == expected, (cod, fee)
        assert seen["waybill_cnt_12m"] == 1, "it stays a bill"
        assert seen["freight_outlier_share"] == LACKS


OWN_TARIFFS = """
tariffs:
  - tariff: last autumn
    carriers: [X, "O'Neil"]
    sources: [tms]
    from: 2019-10-02
    until: 2019-11-30
    any_of: [{steps: [{rate: 0.01}], least: 3, cap: 20}]
  - tariff: with a fixed part
    carriers: [Y]
    any_of: [{steps: [{up_to: 100, fee: 1}, {fee: 5, rate: 0.001}], round_up_to: 0.5}]
"""
BY_CARRIER = [
    ("X", "2019-10-01 23:59", 100, 50, LACKS),  # no tariff fits
    ("X", "2019-10-02 00:00", 100, 3, 0.0),
    ("O'Neil", "2019-11-30 23:59", 5_000, 20, 0.0),
    ("X", "2019-11-30 23:59", 5_000, 50, 1.0),
    ("X", "2019-12-01 00:00", 5_000, 50, LACKS),
    ("Y", "2019-12-01 00:00", 1_001, 6.5, 0.0),
    ("Y", "2019-12-01 00:00", 1_001, 7.8, 0.0),  # 20% above 6.50
    ("Y", "2019-12-01 00:00", 1_001, 7.81, 1.0),
    ("Z", "2019-11-05 00:00", 5_000, 50, LACKS),
    (None, "2019-11-05 00:00", 5_000, 50, LACKS),
]


def test_tariffs_of_carriers_and_times(tmp_path: Path) -> None:
    (tmp_path / "tariffs.yaml").write_text(OWN_TARIFFS)
    tariffs = load_tariffs(tmp_path / "tariffs.yaml")
    bills = [
        sent(n, cod, at, carrier_id=carrier, cod_fee_fen=round(fee * 100), merchant_id=f"M{n}")
        for n, (carrier, at, cod, fee, _) in enumerate(BY_CARRIER)
    ]
    found = look(tmp_path, bills, tariffs=tariffs)
    for n, row in enumerate(BY_CARRIER):
        assert found[f"M{n}"]["fee_outlier_share"] == row[-1], row


def test_what_is_not_judged(tmp_path: Path) -> None:
    odd = sent("odd", 2_000, cod_fee_fen=9_900, freight_fen=0, pieces=1)
    bills = [
        replace(odd, merchant_id="judged"),
        replace(odd, waybill_no="no fee", merchant_id="empty", cod_fee_fen=None, freight_fen=None),
        replace(odd, source="quiet", merchant_id="quiet"),
        replace(odd, merchant_id="void", flags=VOIDED),
        replace(odd, merchant_id="returned", flags=RETURNED),
        replace(odd, merchant_id="no amount", cod_fen=0),
    ]
    found = look(tmp_path / "a", bills)
    assert [found["judged"][name] for name in NAMES] == [1.0, 1.0, 0, 1]
    for name in ("empty", "quiet", "void", "returned", "no amount"):
        assert [found[name][share] for share in NAMES[:2]] == [LACKS, LACKS], name
    assert found["empty"]["cod_amt_12m"] == found["quiet"]["cod_amt_12m"] == 200_000
    without = look(tmp_path / "b", bills, tariffs=None)["judged"]
    assert [without[name] for name in NAMES] == [1.0, LACKS, 0, 1]
    off = look(tmp_path / "c", bills, rules={})["judged"]
    assert [off[name] for name in NAMES] == [LACKS, LACKS, 200_000, 1]


def test_the_freight_of_the_entry_form(tmp_path: Path) -> None:
    cases = [(1_000, 5, 1.0), (1_000, 5.01, 0.0), (999.99, 5, 0.0), (5_000, 0, 1.0)]
    bills = [
        sent(n, cod, freight_fen=round(freight * 100), merchant_id=f"M{n}")
        for n, (cod, freight, _) in enumerate(cases)
    ]
    found = look(tmp_path, bills)
    assert [found[f"M{n}"]["freight_outlier_share"] for n in range(4)] == [c[2] for c in cases]


def lane(size: int, first: int = 1, **other: Any) -> list[Waybill]:
    """Bills of 1,000 yuan whose freight is 10.01, 10.02, … yuan."""
    return [
        sent(f"{other} {n}", 1_000, freight_fen=1_000 + n, merchant_id=f"{n}", **other)
        for n in range(first, first + size)
    ]


def outliers(found: dict[str, dict[str, object]]) -> list[int]:
    """Numbers of the merchants with odd freight."""
    return sorted(int(name) for name, row in found.items() if row["freight_outlier_share"] == 1.0)


def test_percentiles_of_a_lane(tmp_path: Path) -> None:
    """Of 200, P1 is the second and P99 the 198th: one lies below, two lie above."""
    assert outliers(look(tmp_path / "a", lane(200))) == [1, 199, 200]
    assert outliers(look(tmp_path / "b", lane(199))) == []
    assert outliers(look(tmp_path / "c", lane(301))) == [1, 2, 3, 299, 300, 301]
    same = [replace(w, freight_fen=2_000) for w in lane(200)]
    assert outliers(look(tmp_path / "d", same)) == []


def test_goods_of_a_lane_and_the_lane(tmp_path: Path) -> None:
    """Goods with 200 bills are compared among themselves, other goods with all of their lane."""
    dear = lane(200, 10_001, goods_category="lamps")
    few = lane(50, 1, goods_category="toys")
    none = lane(50, 101, goods_category=None)
    elsewhere = lane(200, 20_001, destination="Jinan")
    nowhere = lane(3, 30_001, destination=None)
    found = look(tmp_path, [*dear, *few, *none, *elsewhere, *nowhere])
    own = [10_001, 10_199, 10_200, 20_001, 20_199, 20_200]
    assert outliers(found) == [1, 2, *own]  # the lane's P1 is its third
    assert found["30001"]["freight_outlier_share"] == 0.0


def test_lanes_are_of_their_month(tmp_path: Path) -> None:
    half = [replace(w, created_at=datetime(2019, 11, 5)) for w in lane(100)]  # noqa: DTZ001
    assert outliers(look(tmp_path, [*half, *lane(100, 101)])) == []


def test_sources_share_lanes_and_differ_in_thresholds(tmp_path: Path) -> None:
    other = CarriageRule(FreightRule(301, 0, 0))
    bills = [replace(w, source="tms" if n % 2 else "other") for n, w in enumerate(lane(300), 1)]
    found = look(tmp_path / "a", bills, {"tms": RULE, "other": other})
    assert outliers(found) == [1, 299]  # 2, 298 and 300 are of the source that wants 301
    found = look(tmp_path / "b", bills, {"tms": RULE})
    assert outliers(found) == [], "150 bills of judged sources are too few"


def test_capped_first_then_barred(tmp_path: Path) -> None:
    """Shares are of capped amounts; a bill that is an outlier of its fee and of its freight counts
    once in what they are shares of.
    """
    from app.features.lake import OutlierRule

    usual = [sent(n, 100, cod_fee_fen=200, freight_fen=2_000) for n in range(9)]
    both = sent("both", 5_000, cod_fee_fen=9_900, freight_fen=0)
    lake = write_lake(
        tmp_path,
        {"one": [*usual, both]},
        carriage={"tms": RULE},
        outliers={"tms": OutlierRule(100_000 * YUAN, 20)},
        references=References(tariffs=TARIFFS),
    )
    seen = see(lake, T)["M"]
    assert seen["cod_amt_12m"] == 900 * YUAN
    assert seen["freight_outlier_share"] == seen["fee_outlier_share"] == 0.1
    assert (seen["waybill_cnt_12m"], seen["cod_penetration"]) == (10, 0.9)
    codes = build(lake, T).snapshot.provenance["codes"]
    assert codes == {"DUPLICATE_SUSPECT": 0, "FREIGHT_OUTLIER": 1, "FEE_OUTLIER": 1}


def test_older_months_are_judged_too(tmp_path: Path) -> None:
    days = ["2018-12-05 12:00", "2017-01-05 12:00", "2019-12-05 12:00"]
    bills = [
        sent(f"{day} {fee}", 100, day, cod_fee_fen=fee) for day in days for fee in (200, 9_900)
    ]
    seen = look(tmp_path, bills)["M"]
    assert seen["cod_amt_24m"] == 200 * YUAN


TWICE = [
    ("2019-12-05 12:00", {}, 0.5),
    ("2019-12-06 12:00", {}, 0.5),  # 24 hours
    ("2019-12-06 12:01", {}, 0.0),
    ("2019-12-04 12:00", {}, 0.5),
    ("2019-12-05 12:00", {"pieces": 3}, 0.0),
    ("2019-12-05 12:00", {"pieces": None}, 0.0),  # of one that can be counted
    ("2019-12-05 12:00", {"consignee_id": "D"}, 0.0),
    ("2019-12-05 12:00", {"cod_fen": 10_001}, 0.0),
    ("2019-12-05 12:00", {"flags": VOIDED}, 0.0),
    ("2019-12-05 12:00", {"source": "quiet"}, 0.0),
    ("2019-12-05 12:00", {"carrier_id": "Z", "goods_category": "toys"}, 0.5),
]


def test_repetitions(tmp_path: Path) -> None:
    bills = []
    for n, (at, other, _) in enumerate(TWICE):
        first = sent(f"{n} first", pieces=2, merchant_id=f"M{n}")
        second = replace(first, waybill_no=f"{n} second", created_at=datetime.fromisoformat(at))
        bills += [first, replace(second, **other)]
    found = look(tmp_path, bills)
    for n, (at, other, share) in enumerate(TWICE):
        assert found[f"M{n}"]["duplicate_suspect_share"] == share, (at, other)
        assert found[f"M{n}"]["cod_amt_12m"] == found[f"M{n}"]["cod_amt_1m"] > 0


def test_a_chain_of_repetitions_and_the_end_of_a_month(tmp_path: Path) -> None:
    """The first is none; nothing is compared across the end of a month."""
    at = ["2019-11-29 12:00", "2019-11-30 11:00", "2019-11-30 23:00", "2019-12-01 01:00"]
    bills = [sent(n, at=day, pieces=2) for n, day in enumerate(at)]
    assert look(tmp_path / "a", bills)["M"]["duplicate_suspect_share"] == 0.5
    nothing = look(tmp_path / "b", [sent(1)])["M"]
    assert nothing["duplicate_suspect_share"] == LACKS


# km and the time from creation to signing; lanes of 80 km need 3 hours.
HASTE = [
    (80, timedelta(hours=3), 0.0),
    (80, timedelta(hours=2, minutes=59, seconds=59), 1.0),
    (81, timedelta(hours=3), 1.0),
    (3_300, timedelta(hours=43, minutes=15), 0.0),
    (3_300, timedelta(hours=43, minutes=14), 1.0),
]


@pytest.mark.parametrize("start", ["origin", "outlet", "back"])
def test_too_fast(tmp_path: Path, start: str) -> None:
    bills, km = [], {}
    for n, (distance, after, _) in enumerate(HASTE):
        w = sent(n, merchant_id=f"M{n}", destination=f"town {n}")
        w = replace(w, signed_at=w.created_at + after, outlet_id="Linyi-1")
        bills.append(w)
        if start == "outlet":  # stands before the town
            km |= {("Linyi-1", f"town {n}"): distance, ("Linyi", f"town {n}"): 20_000}
        else:
            lane = ("Linyi", f"town {n}")
            km[lane if start == "origin" else lane[::-1]] = distance
    found = look(tmp_path, bills, km=km)
    assert [found[f"M{n}"]["too_fast_sign_share"] for n in range(5)] == [h[2] for h in HASTE]


def test_what_says_nothing_of_haste(tmp_path: Path) -> None:
    km = {("Linyi", "Xuzhou"): 180}
    soon = sent("soon", 30)
    soon = replace(soon, signed_at=soon.created_at + timedelta(minutes=1))
    slow = replace(soon, waybill_no="slow", signed_at=datetime(2019, 12, 7), cod_fen=7_000)  # noqa: DTZ001
    others = [
        replace(soon, waybill_no="late", flags=TIME),
        replace(soon, waybill_no="void", flags=VOIDED),
        replace(soon, waybill_no="elsewhere", destination="Jinan"),
        replace(soon, waybill_no="nowhere", origin=None),
        replace(soon, waybill_no="open", signed_at=None),
        replace(soon, waybill_no="future", created_at=datetime(2019, 12, 31, 23), signed_at=datetime(2020, 1, 1)),  # noqa: DTZ001, E501
    ]  # fmt: skip
    unknown = [replace(w, merchant_id="unknown", waybill_no=f"u{w.waybill_no}") for w in others]
    free = replace(soon, merchant_id="free", cod_fen=0)
    found = look(tmp_path / "a", [soon, slow, *others, *unknown, free], km=km)
    assert found["M"]["too_fast_sign_share"] == 0.3
    assert found["unknown"]["too_fast_sign_share"] == LACKS
    assert found["free"]["too_fast_sign_share"] == BASELESS
    assert look(tmp_path / "b", [soon])["M"]["too_fast_sign_share"] == LACKS


def test_a_day_without_a_clock_is_given_the_doubt(tmp_path: Path) -> None:
    """Signed 'on the 5th' may be at its end; created 'on the 5th' may be at its beginning."""
    km = {("Linyi", "Xuzhou"): 400, ("Linyi", "Kashgar"): 4_000}  # 7 and 52 hours
    day = datetime(2019, 12, 6)  # noqa: DTZ001
    bills = [
        replace(sent(1, merchant_id="near"), signed_at=day),
        replace(sent(2, merchant_id="far", destination="Kashgar"), signed_at=day),
        replace(sent(3, at="2019-12-05 00:00", merchant_id="early"), signed_at=datetime(2019, 12, 5, 7)),  # noqa: DTZ001, E501
        replace(sent(4, at="2019-12-05 00:00", merchant_id="rash"), signed_at=datetime(2019, 12, 5, 6)),  # noqa: DTZ001, E501
    ]  # fmt: skip
    found = look(tmp_path, bills, km=km)
    shares = {name: row["too_fast_sign_share"] for name, row in found.items()}
    assert shares == {"near": 0.0, "far": 1.0, "early": 0.0, "rash": 1.0}


def at_clock(clock: str, count: int, **other: Any) -> list[Waybill]:
    return [sent(f"{clock} {other} {n}", at=f"2019-12-05 {clock}", **other) for n in range(count)]


def test_night(tmp_path: Path) -> None:
    """Ten merchants at one outlet, one of them at night: 20 of its 200 bills are."""
    others = [
        w for n in range(9) for w in at_clock("12:00", 20, merchant_id=f"D{n}", outlet_id="O")
    ]
    late = at_clock("23:00", 5) + at_clock("04:59:59", 15)
    late = [replace(w, merchant_id="N", outlet_id="O") for w in late]
    found = look(tmp_path, [*others, *late])
    assert found["N"]["night_share"] == pytest.approx(0.9)
    assert found["D0"]["night_share"] == pytest.approx(-0.1)


def test_the_hours_of_the_night(tmp_path: Path) -> None:
    clocks = {"22:59:59": 0, "23:00": 1, "00:00:01": 1, "04:59:59": 1, "05:00": 0}
    bills = [w for clock in clocks for w in at_clock(clock, 1, merchant_id=clock, carrier_id=None)]
    found = look(tmp_path, [*bills, sent("no clock", at="2019-12-05 00:00", merchant_id="none")])
    assert found["none"]["night_share"] == LACKS
    for clock, is_night in clocks.items():
        assert found[clock]["night_share"] == pytest.approx(is_night - 3 / 5), clock


def test_norms_of_outlets_carriers_and_the_platform(tmp_path: Path) -> None:
    """An outlet with 199 bills is measured by the platform; without one the carrier counts, which
    is another thing than an outlet of the same name.
    """
    outlet = at_clock("23:30", 100, outlet_id="X") + at_clock("12:00", 100, outlet_id="X")
    carrier = at_clock("12:30", 200, carrier_id="X")
    small = at_clock("12:00", 199, outlet_id="small")
    for name, part in (("o", outlet), ("c", carrier), ("s", small)):
        part[:] = [replace(w, merchant_id=name) for w in part]
    mixed = [
        replace(w, merchant_id="m", waybill_no=f"m{w.waybill_no}") for w in (outlet[0], small[0])
    ]
    found = look(tmp_path, [*outlet[1:], *carrier, *small[1:], *mixed])
    platform = 100 / 599
    assert found["c"]["night_share"] == 0.0
    assert found["s"]["night_share"] == pytest.approx(-platform)
    assert found["o"]["night_share"] == pytest.approx(99 / 199 - 0.5)
    assert found["m"]["night_share"] == pytest.approx(0.5 - (0.5 + platform) / 2)
