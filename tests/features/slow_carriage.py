"""What carriage shows, once more and slowly: plain loops over every bill of the platform, exact
fractions, sharing no code with the service.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

from tests.features.lakes import TIME, Waybill

LACKS, BASELESS = "SOURCE_LACKS", "NO_BASE"
NAMES = (
    "night_share",
    "freight_outlier_share",
    "fee_outlier_share",
    "too_fast_sign_share",
    "duplicate_suspect_share",
)
Key = tuple[str, str]  # waybill number and source


@dataclass(frozen=True)
class Judging:
    """How sources are judged. `freight`: fewest bills, COD and freight of the entry form (fen);
    `fee`: fen and percent; `twice`: hours; `tariffs`: (carriers, from, until, formulas), where a
    formula is steps (up to, fee, rate in millionths), unit and cap; `km`: by origin, destination.
    """

    freight: Mapping[str, tuple[int, int, int]]
    fee: Mapping[str, tuple[int, int]]
    twice: Mapping[str, int]
    tariffs: Sequence[tuple[Sequence[str], date | None, date | None, Sequence[Any]]]
    km: Mapping[tuple[str, str], int]


NOTHING = Judging({}, {}, {}, (), {})


class Carriage:
    """All bills before the as-of day, by merchant, and what is odd about them."""

    def __init__(self, bills: Sequence[Waybill], as_of: date, judging: Judging) -> None:
        self.as_of, self.judging = as_of, judging
        self.midnight = datetime(as_of.year, as_of.month, as_of.day)  # noqa: DTZ001 local time
        self.bills = bills
        self.priced = [w for w in bills if w.counted_fen > 0 and (w.cod_fen or 0) > 0]
        self.freight_judged: set[Key] = set()
        self.freight_odd: set[Key] = set()
        self.fee_judged: set[Key] = set()
        self.fee_odd: set[Key] = set()
        self._judge_freight()
        self._judge_fees()
        self.night = [
            w
            for w in self.year(bills)
            if not w.flags & TIME and w.created_at.time() != datetime.min.time()
        ]

    def year(self, bills: Sequence[Waybill]) -> list[Waybill]:
        last = self.as_of.year * 12 + self.as_of.month - 2
        return [w for w in bills if last - 11 <= w.month <= last]

    @property
    def barred(self) -> set[Key]:
        """Bills that are not eligible."""
        return self.freight_odd | self.fee_odd

    def _judge_freight(self) -> None:
        lanes, goods = defaultdict(list), defaultdict(list)
        told = []
        for w in self.priced:
            if w.source in self.judging.freight and w.freight_fen is not None:
                ratio = w.freight_fen * 1_000_000 // (w.cod_fen or 0)
                told.append((w, ratio))
                if w.origin and w.destination:
                    lane = (w.month, w.origin, w.destination)
                    lanes[lane].append(ratio)
                    goods[*lane, w.goods_category].append(ratio)
        for w, ratio in told:
            self.freight_judged.add((w.waybill_no, w.source))
            fewest, cod, entered = self.judging.freight[w.source]
            lane = (w.month, w.origin, w.destination)
            own, whole = goods[*lane, w.goods_category], lanes[lane]
            if w.goods_category is None or len(own) < fewest:
                own = whole
            odd = (w.cod_fen or 0) >= cod and (w.freight_fen or 0) <= entered
            if len(own) >= fewest:
                ordered = sorted(own)
                low = ordered[-(-len(own) // 100) - 1]
                high = ordered[-(-99 * len(own) // 100) - 1]
                odd = odd or ratio < low or ratio > high
            if odd:
                self.freight_odd.add((w.waybill_no, w.source))

    def _judge_fees(self) -> None:
        for w in self.priced:
            if w.source not in self.judging.fee or w.cod_fee_fen is None:
                continue
            day = w.created_at.date()
            for carriers, first, last, formulas in self.judging.tariffs:
                if carriers and w.carrier_id not in carriers:
                    continue
                if (first and day < first) or (last and day > last):
                    continue
                fen, percent = self.judging.fee[w.source]
                gaps = [(abs(w.cod_fee_fen - fee), fee) for fee in self._fees(w, formulas)]
                self.fee_judged.add((w.waybill_no, w.source))
                if all(gap > max(fen, Fraction(percent * fee, 100)) for gap, fee in gaps):
                    self.fee_odd.add((w.waybill_no, w.source))
                break

    @staticmethod
    def _fees(w: Waybill, formulas: Sequence[Any]) -> list[int]:
        found = []
        for steps, unit, cap in formulas:
            _, fee, rate = next(s for s in steps if s[0] is None or (w.cod_fen or 0) <= s[0])
            exact = fee + Fraction((w.cod_fen or 0) * rate, 1_000_000)
            rounded = -(-exact // unit) * unit
            found.append(int(rounded if cap is None else min(rounded, cap)))
        return found

    def features(self, name: str, amounts: Mapping[Key, int]) -> dict[str, Any]:
        """A merchant's features; `amounts` are the would-be amounts, capped, of its bills."""
        year = self.year([w for w in self.bills if w.merchant_id == name])
        keys = {(w.waybill_no, w.source): w for w in year}
        whole = sum(amounts[key] for key in keys)
        found: dict[str, Any] = {"night_share": self._night(name)}
        for feature, judged, odd in (
            ("freight_outlier_share", self.freight_judged, self.freight_odd),
            ("fee_outlier_share", self.fee_judged, self.fee_odd),
        ):
            share = sum(amounts[key] for key in keys if key in odd)
            found[feature] = share / whole if judged & set(keys) else LACKS
        found["too_fast_sign_share"] = self._too_fast(year, amounts)
        found["duplicate_suspect_share"] = self._twice(year)
        return found

    def _night(self, name: str) -> Any:
        own = [w for w in self.night if w.merchant_id == name]
        if not own:
            return LACKS
        excess = Fraction(0)
        for w in own:
            place = self._outlet(w)
            there = [o for o in self.night if place is not None and self._outlet(o) == place]
            if len(there) < 200:
                there = self.night
            norm = Fraction(sum(map(self._is_late, there)), len(there))
            excess += self._is_late(w) - norm
        return float(excess / len(own))

    @staticmethod
    def _outlet(w: Waybill) -> tuple[str, str] | None:
        if w.outlet_id is not None:
            return ("outlet", w.outlet_id)
        return ("carrier", w.carrier_id) if w.carrier_id is not None else None

    @staticmethod
    def _is_late(w: Waybill) -> bool:
        return w.created_at.hour in (23, 0, 1, 2, 3, 4)

    def _too_fast(self, year: list[Waybill], amounts: Mapping[Key, int]) -> Any:
        known = fast = count = 0
        for w in year:
            if w.signed_at is None or w.signed_at >= self.midnight or w.flags & TIME:
                continue
            km = next(
                (
                    self.judging.km[lane]
                    for start in (w.outlet_id, w.origin)
                    for lane in ((start, w.destination), (w.destination, start))
                    if start is not None and lane in self.judging.km
                ),
                None,
            )
            if km is None:
                continue
            signed = w.signed_at
            if signed.time() == datetime.min.time():
                signed += timedelta(days=1)
            amount = amounts[w.waybill_no, w.source]
            count, known = count + 1, known + amount
            if signed - w.created_at < timedelta(hours=2, seconds=km * 45):
                fast += amount
        if not count:
            return LACKS
        return fast / known if known else BASELESS

    def _twice(self, year: list[Waybill]) -> Any:
        alike = defaultdict(list)
        for w in year:
            if w.source in self.judging.twice and w.pieces is not None and w in self.priced:
                alike[w.month, w.consignee_id, w.cod_fen, w.pieces].append(w)
        count = suspects = 0
        for found in alike.values():
            times = sorted(found, key=lambda w: (w.created_at, self.judging.twice[w.source]))
            count += len(found)
            for before, w in pairwise(times):
                hours = self.judging.twice[w.source]
                suspects += w.created_at - before.created_at <= timedelta(hours=hours)
        return suspects / count if count else LACKS
