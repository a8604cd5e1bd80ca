"""From a value back to its waybills: the waybills listed give the value once more, by another
implementation that sees nothing else.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.features.carriage import CarriageRule, FeeRule, FreightRule
from app.features.distances import Distances
from app.features.lake import LakeState, OutlierRule
from app.features.reference import References
from app.features.tracing.explain import (
    CannotTrace,
    Traceable,
    all_traces,
    explain,
    open_own,
)
from app.features.tracing.rows import Own
from tests.features import slow
from tests.features.lakes import (
    RETURNED,
    Conflict,
    Waybill,
    build,
    listed,
    load_catalogue,
    write_lake,
)
from tests.features.test_against_slow import OUTLIERS, assert_same, draw_portfolio

# Compared with merchants and outlets whose waybills are not listed: here only `agrees` is asked.
OF_OTHERS = {"industry_percentile", "rel_growth", "round_excess", "night_share"}
EMPTY = ("SOURCE_LACKS", "NO_BASE")  # what a merchant without a waybill in the window may have
T = date(2024, 3, 1)


@contextmanager
def tracing(lake: LakeState, as_of: date, merchant: str) -> Iterator[Any]:
    """A function that explains a feature of a merchant in a new snapshot."""
    found = Traceable(build(lake, as_of).snapshot, lake, load_catalogue(), 512)
    with open_own(found, merchant) as (own, row):
        yield lambda name: explain(own, row, found, name)


def see_listed(
    told: dict[str, Any], waybills: Sequence[Waybill], own: Own, **lists: Any
) -> dict[str, Any]:
    """The merchant's features by the slow implementation, given the waybills listed and no others;
    amounts and codes are those listed.
    """
    known = {(w.source, w.waybill_no): w for w in waybills}
    seen = []
    for row in told["waybills"]:
        w = known[row["source"], row["waybill_no"]]
        counted = row["counted_fen"] if row["is_bill"] else None
        if counted is not None:
            w = replace(w, eligible_fen=counted)
        if row["returned_by"] is not None:
            w = replace(w, flags=w.flags | RETURNED)
        seen.append(replace(w, return_of=None) if not w.flags & RETURNED else w)
    conflicts = [
        Conflict(own.merchant_id, one["month"])
        for one in told["groups"]
        if told["feature"] == "reset_rate"
    ]
    found = slow.compute(seen, own.as_of.day, conflicts=conflicts, **lists)
    return found.get(own.merchant_id, {})


@settings(
    max_examples=3,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # an example takes seconds
)
@given(
    seed=st.integers(0, 2**32),
    as_of=st.sampled_from([date(2024, 3, 1), date(2024, 3, 15), date(2024, 1, 31)]),
    size=st.sampled_from([30, 300, 700]),
    span_days=st.sampled_from([200, 420, 900]),
)
def test_every_value_follows_from_the_waybills_listed(
    seed: int, as_of: date, size: int, span_days: int
) -> None:
    waybills = draw_portfolio(seed, as_of, size, span_days)
    months = {w.month for w in waybills if w.created_at.date() < as_of}
    if not months:
        return
    conflicts = [Conflict("M1", max(months)), Conflict("M1", min(months))]
    blacklist = [("id", "C1"), ("phone", "d2"), ("id", "d")] if seed % 3 else None
    staff = [("card", "e1"), ("id", "M4"), ("phone", "c2")] if seed % 5 else None
    lists = {"blacklist": blacklist, "staff": staff, "invoice_sources": ["paper"]}
    with tempfile.TemporaryDirectory() as folder:
        lake = write_lake(
            Path(folder),
            {"one": waybills[::2], "two": waybills[1::2]},
            conflicts=conflicts,
            invoice_sources=["paper"],
            outliers={s: OutlierRule(*rule) for s, rule in OUTLIERS.items()},
            references=References(
                listed(*blacklist) if blacklist else None, listed(*staff) if staff else None
            ),
        )
        found = Traceable(build(lake, as_of).snapshot, lake, load_catalogue(), 512)
        merchants = found.snapshot.read().column("merchant_id").to_pylist()
        for merchant in merchants[seed % 3 :: 3]:
            with open_own(found, merchant) as (own, row):
                missing = json.loads(row["missing"])
                for name in found.catalogue.names:
                    told = explain(own, row, found, name)
                    where = f"seed {seed} {as_of} {merchant} {name}"
                    assert told["agrees"], f"{where}: {told['value']} {told['from_waybills']}"
                    assert_adds_up(told, where)
                    if name not in OF_OTHERS:
                        again = see_listed(told, waybills, own, **lists)
                        value = missing.get(name, row[name])
                        if again or value not in (0, True, "TOO_LITTLE_HISTORY", *EMPTY):
                            assert_same({name: value}, {name: again.get(name)}, where)


def assert_adds_up(told: dict[str, Any], where: str) -> None:
    """Totals are those of the rows; what counts lies in the window; numerator over denominator is
    the value.
    """
    for side in told["sides"]:
        given_ = [r["gives"][side["name"]] for r in told["waybills"] if side["name"] in r["gives"]]
        assert len(given_) == side["waybills"], where
        if side["how"] == "sum":
            assert sum(given_) == side["total"], where
        if side["how"] in ("sum", "count", "median"):
            for row in told["waybills"]:
                if side["name"] in row["gives"]:
                    assert told["window"]["from"] <= row["day"] <= told["window"]["to"], where
    numbers = told["numbers"]
    if told["value"] is not None and "numerator" in numbers and told["feature"] not in OF_OTHERS:
        assert numbers["numerator"] / numbers["denominator"] == pytest.approx(told["value"]), where


def test_every_feature_has_a_trace() -> None:
    """Who adds a feature says in app/features/tracing how it is traced."""
    assert set(all_traces()) == set(load_catalogue().names)


def bill(number: int, day: date, **more: Any) -> Waybill:
    return Waybill(f"W{number}", datetime(day.year, day.month, day.day, 9), **more)  # noqa: DTZ001


def test_a_capped_and_a_returned_bill_say_so(tmp_path: Path) -> None:
    small = [bill(n, date(2024, 2, 1 + n), cod_fen=10_000) for n in range(9)]
    large = bill(20, date(2024, 2, 15), cod_fen=10_000_000)
    sent_back = bill(21, date(2024, 2, 16), cod_fen=7_000)
    returns = bill(22, date(2024, 2, 20), merchant_id="C", consignee_id="M", cod_fen=0,
                   flags=RETURNED, return_of="W21")  # fmt: skip
    late = bill(23, T)
    lake = write_lake(
        tmp_path,
        {"one": small, "two": [large, sent_back, returns, late]},
        outliers={"tms": OutlierRule(9_000_000, 20)},
    )
    with tracing(lake, T, "M") as explained:
        told = explained("cod_amt_1m")
        shipped = explained("return_rate_amt_6m")
    assert (told["value"], told["agrees"]) == (100_000, True)
    rows = {row["waybill_no"]: row for row in told["waybills"]}
    assert set(rows) == {*(f"W{n}" for n in range(9)), "W20"}
    assert rows["W20"]["codes"] == ["AMOUNT_OUTLIER"]
    assert (rows["W20"]["entered_fen"], rows["W20"]["counted_fen"]) == (10_000_000, 10_000)
    assert (rows["W20"]["import_id"], rows["W20"]["file"]) == ("two", "two.csv")
    assert shipped["agrees"]
    with tracing(lake, date(2024, 4, 1), "M") as explained:
        rows = {row["waybill_no"]: row for row in explained("return_rate_amt_6m")["waybills"]}
    assert (rows["W21"]["returned_by"], rows["W21"]["codes"]) == ("W22", ["RETURNED"])
    assert rows["W21"]["gives"] == {"returned": 7_000}


CARRIAGE = {
    "tms": CarriageRule(FreightRule(20, 100_000, 500), FeeRule(100, 20), 24),
    "other": CarriageRule(FreightRule(40, 100_000, 500), None, 48),
}


def test_carriage_is_judged_by_the_lanes_of_others(tmp_path: Path) -> None:
    """The outlier is one only beside the freight of other merchants on its lane."""
    usual = [
        bill(n, date(2024, 2, 1 + n % 20), merchant_id=f"M{n % 5}", cod_fen=50_000,
             freight_fen=2_000 + n, pieces=n, consignee_id=f"C{n % 3}")
        for n in range(200)
    ]  # fmt: skip
    odd = bill(
        300, date(2024, 2, 9), merchant_id="M1", cod_fen=50_000, freight_fen=9_999, pieces=999
    )
    slow_one = bill(301, date(2024, 2, 9), merchant_id="M1", cod_fen=50_000, freight_fen=2_050,
                    signed_at=datetime(2024, 2, 9, 10), pieces=999)  # fmt: skip # noqa: DTZ001
    lake = write_lake(
        tmp_path,
        {"one": [*usual, odd, slow_one]},
        carriage=CARRIAGE,
        references=References(distances=Distances({("Linyi", "Xuzhou"): 200_000}, "hash")),
    )
    with tracing(lake, T, "M1") as explained:
        told = {name: explained(name) for name in load_catalogue().names}
    assert [name for name, one in told.items() if not one["agrees"]] == []
    freight = told["freight_outlier_share"]
    barred = {r["waybill_no"] for r in freight["waybills"] if "outliers" in r["gives"]}
    assert "W300" in barred and freight["value"] > 0
    (row,) = (r for r in freight["waybills"] if r["waybill_no"] == "W300")
    assert row["codes"] == ["FREIGHT_OUTLIER"] and row["counted_fen"] == 0
    fast = told["too_fast_sign_share"]
    assert [r["waybill_no"] for r in fast["waybills"]] == ["W301"] and fast["value"] == 1.0
    again = told["duplicate_suspect_share"]
    assert [r["waybill_no"] for r in again["waybills"] if "suspects" in r["gives"]] == ["W301"]


def test_what_cannot_be_traced(tmp_path: Path) -> None:
    lake = write_lake(tmp_path, {"one": [bill(1, date(2024, 2, 1))]})
    found = Traceable(build(lake, T).snapshot, lake, load_catalogue(), 512)
    unknown = "has no merchant 'X': none of its waybills was known"
    with pytest.raises(CannotTrace, match=unknown), open_own(found, "X"):
        pass
    wrong = "no feature 'cod_amt_12'; did you mean cod_amt_12m"
    with open_own(found, "M") as (own, row), pytest.raises(CannotTrace, match=wrong):
        explain(own, row, found, "cod_amt_12")
    gone = replace(found, lake=replace(lake, imports=()))
    lost = r"import one \(one.csv\), which is not in the lake"
    with pytest.raises(CannotTrace, match=lost), open_own(gone, "M"):
        pass


def test_a_changed_rule_is_told(tmp_path: Path) -> None:
    """The lake is judged by today's files: where the value is another one, the trace says so."""
    rows = [bill(n, date(2024, 2, 1 + n), cod_fen=10_000 + 99_990_000 * (n == 3)) for n in range(9)]
    lake = write_lake(tmp_path, {"one": rows})
    found = Traceable(build(lake, T).snapshot, lake, load_catalogue(), 512)
    stricter = replace(lake, outlier_rules={"tms": OutlierRule(9_000_000, 20)})
    with open_own(replace(found, lake=stricter), "M") as (own, row):
        told = explain(own, row, found, "cod_amt_1m")
    assert not told["agrees"] and "cleaning.yaml or the program" in told["why_not"]
    assert (told["value"], told["from_waybills"]["value"]) == (100_080_000, 90_000)
