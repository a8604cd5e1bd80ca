"""The features once more, slowly: exact fractions over lists of waybills, written from their
definitions, sharing no code with the service.

Money is a whole number of fen, everything else a float; a null is its reason.
"""

from __future__ import annotations

import calendar
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cache
from typing import Any

from lunardate import LunarDate

from tests.features import slow_peers
from tests.features.lakes import (
    EDITED_UP,
    RETURNED,
    SELF_DEAL,
    TEST,
    TIME,
    VOIDED,
    Conflict,
    Waybill,
)
from tests.features.slow_carriage import NOTHING, Carriage, Judging
from tests.features.slow_parties import Party, Platform

SHORT, LACKS, BASELESS = "TOO_LITTLE_HISTORY", "SOURCE_LACKS", "NO_BASE"
SIGNED = ("signed", "cod_collected", "cod_remitted", "cod_paid")


def compute(
    waybills: Iterable[Waybill],
    as_of: date,
    *,
    conflicts: Iterable[Conflict] = (),
    invoice_sources: Iterable[str] = (),
    outlier_from: Mapping[str, tuple[int, int]] | None = None,
    blacklist: Collection[Party] | None = None,
    staff: Collection[Party] | None = None,
    judging: Judging = NOTHING,
) -> dict[str, dict[str, Any]]:
    """Merchant → feature → value or reason."""
    midnight = datetime(as_of.year, as_of.month, as_of.day)  # noqa: DTZ001 local time
    seen = [w for w in waybills if w.created_at < midnight]
    named = {(w.source, w.return_of) for w in seen if w.return_of is not None}
    conflicts = list(conflicts)
    by_merchant = defaultdict(list)
    for w in seen:
        by_merchant[w.merchant_id].append(w)
    telling = _sources_that_tell_of_settlement(seen, named, as_of)
    carriage = Carriage([w for w in seen if _is_bill(w, named)], as_of, judging)
    merchants = {
        merchant: _Merchant(rows, as_of, named, outlier_from or {}, telling, set(invoice_sources),
                            [c for c in conflicts if c.merchant_id == merchant], carriage)
        for merchant, rows in by_merchant.items()
    }  # fmt: skip
    bills = {
        name: [(w, found.amounts[w.waybill_no, w.source]) for w in found.bills]
        for name, found in merchants.items()
    }
    platform = Platform(bills, as_of, blacklist, staff)
    traders = {name: found.trader() for name, found in merchants.items()}
    for name, index in slow_peers.find_indexes(traders, as_of).items():
        merchants[name].index = index
    rows: dict[str, dict[str, Any]] = {
        name: {
            **found.features(),
            **platform.features(name),
            **carriage.features(name, found.would_be),
        }
        for name, found in merchants.items()
    }
    compared = slow_peers.compare(rows)
    return {name: {**row, **compared[name]} for name, row in rows.items()}


def _month_back(day: date, as_of: date) -> int:
    return (as_of.year - day.year) * 12 + as_of.month - day.month


def _is_returned(w: Waybill, named: set[tuple[str, str | None]]) -> bool:
    return bool(w.flags & RETURNED) or (w.source, w.waybill_no) in named


def _is_bill(w: Waybill, named: set[tuple[str, str | None]]) -> bool:
    return not w.flags & (VOIDED | SELF_DEAL | TEST) and not _is_returned(w, named)


def _sources_that_tell_of_settlement(
    seen: list[Waybill], named: set[tuple[str, str | None]], as_of: date
) -> set[str]:
    found = set()
    for w in seen:
        tells = (
            w.cod_paid_at is not None
            or w.status == "paid"
            or (w.status is not None and w.status.startswith("cod_"))
        )
        if tells and _is_bill(w, named) and 1 <= _month_back(w.created_at.date(), as_of) <= 12:
            found.add(w.source)
    return found


def _half_up(value: Fraction) -> int:
    return math.floor(value + Fraction(1, 2))


class _Merchant:
    def __init__(self, rows, as_of, named, outlier_from, telling, invoices, conflicts, carriage):  # type: ignore[no-untyped-def]
        self.rows: list[Waybill] = rows
        self.as_of: date = as_of
        self.midnight = datetime(as_of.year, as_of.month, as_of.day)  # noqa: DTZ001 local time
        self.named = named
        self.telling = telling
        self.invoices = invoices
        self.conflicts = conflicts
        self.bills = [w for w in rows if _is_bill(w, named)]
        self.amounts = self._cap(outlier_from)
        self.would_be = dict(self.amounts)
        for key in carriage.barred & set(self.amounts):
            self.amounts[key] = 0
        self.cod = [w for w in self.bills if self.amounts[w.waybill_no, w.source] > 0]
        days = [w.created_at.date() for w in self.cod]
        self.first = min(days) if days else None
        self.history = _month_back(self.first, as_of) if self.first else -1
        self.index = slow_peers.NONE
        self.by_month: Counter[int] = Counter()
        for w in self.bills:
            back = _month_back(w.created_at.date(), as_of)
            self.by_month[back] += self.amounts[w.waybill_no, w.source]

    def _cap(self, outlier_from: Mapping[str, tuple[int, int]]) -> dict[tuple[str, str], int]:
        amounts = {(w.waybill_no, w.source): w.counted_fen for w in self.bills}
        months = defaultdict(list)
        for w in self.bills:
            if w.counted_fen > 0:
                months[w.month].append(w)
        for bills in months.values():
            ordered = sorted(w.counted_fen for w in bills)
            median = ordered[(len(ordered) + 1) // 2 - 1]

            def is_outlier(w: Waybill, median: int = median) -> bool:
                if w.source not in outlier_from:
                    return False
                limit, times = outlier_from[w.source]
                return w.counted_fen >= limit or w.counted_fen > times * median

            others = sorted(w.counted_fen for w in bills if not is_outlier(w))
            for w in bills:
                if is_outlier(w):
                    rank = -(-99 * len(others) // 100)
                    cap = others[rank - 1] if others else outlier_from[w.source][0]
                    amounts[w.waybill_no, w.source] = min(w.counted_fen, cap)
        return amounts

    def within(self, rows: Iterable[Waybill], first: int, last: int) -> list[Waybill]:
        return [w for w in rows if first <= _month_back(w.created_at.date(), self.as_of) <= last]

    def sum(self, first: int, last: int) -> int:
        return sum(self.by_month[k] for k in range(first, last + 1))

    def month(self, k: int) -> int:
        return self.sum(k, k)

    def trader(self) -> slow_peers.Trader:
        months = [self.month(k) for k in range(1, 37)]
        return slow_peers.Trader(months, self.history, self.segments()["industry"])

    def sa(self, k: int) -> Fraction:
        return Fraction(self.month(k)) / Fraction(self.index[k - 1] if k <= 36 else 1)

    def sa_sum(self, first: int, last: int) -> Fraction:
        return sum((self.sa(k) for k in range(first, last + 1)), Fraction(0))

    def by(self, attribute: str, rows: Iterable[Waybill]) -> Counter[str]:
        found: Counter[str] = Counter()
        for w in rows:
            found[getattr(w, attribute)] += self.amounts[w.waybill_no, w.source]
        return found

    def features(self) -> dict[str, Any]:
        return {
            **self.segments(),
            **self.scale(),
            **self.stability(),
            **self.activity(),
            **self.variety(),
            **self.delivery(),
            **self.growth(),
            **self.fraud(),
        }

    def segments(self) -> dict[str, Any]:
        bills = self.within(self.bills, 1, 12)
        fen: Counter[str] = Counter()
        sent: Counter[str] = Counter()
        found: dict[str, Any] = {}
        for w in bills:
            if w.goods_category is not None:
                fen[w.goods_category] += self.amounts[w.waybill_no, w.source]
            if w.origin is not None:
                sent[w.origin] += 1
        counts = Counter(w.goods_category for w in bills)
        ranked = sorted(fen, key=lambda word: (-fen[word], -counts[word], word))
        found["industry"] = LACKS
        if ranked:
            leads = fen[ranked[0]] > 0 and 3 * fen[ranked[0]] >= sum(fen.values())
            found["industry"] = ranked[0] if leads else BASELESS
        towns = sorted(sent, key=lambda word: (-sent[word], word))
        found["origin_region"] = LACKS
        if towns:
            leads = 3 * sent[towns[0]] >= sum(sent.values())
            found["origin_region"] = towns[0] if leads else BASELESS
        return found

    def scale(self) -> dict[str, Any]:
        bills = self.within(self.bills, 1, 12)
        cod = self.within(self.cod, 1, 12)
        found: dict[str, Any] = {
            f"waybill_cnt_{k}m": len(self.within(self.bills, 1, k)) for k in (1, 3, 6, 12)
        }
        found |= {f"cod_amt_{k}m": self.sum(1, k) for k in (1, 3, 6, 12, 24)}
        settled = sum(
            self.amounts[w.waybill_no, w.source]
            for w in cod
            if (w.cod_paid_at is None and w.status in ("cod_paid", "paid"))
            or (w.cod_paid_at is not None and w.cod_paid_at < self.midnight)
        )
        found["cod_settled_12m"] = (
            settled if any(w.source in self.telling for w in bills) else LACKS
        )
        months = sorted(self.sa(k) for k in range(1, 13))
        if self.history < 12:
            for name in ("avg", "median", "min", "trim"):
                found[f"cod_{name}_month"] = SHORT
        else:
            found["cod_avg_month"] = _half_up(Fraction(self.sum(1, 12), 12))
            found["cod_median_month"] = _half_up((months[5] + months[6]) / 2)
            found["cod_min_month"] = _half_up(months[0])
            found["cod_trim_month"] = _half_up(sum(months[1:-1]) / 10)
        freights = [w.freight_fen for w in bills if w.freight_fen is not None]
        found["freight_12m"] = sum(freights) if freights else LACKS
        found["avg_ticket"] = _half_up(Fraction(self.sum(1, 12), len(cod))) if cod else BASELESS
        found["p50_ticket"] = BASELESS
        if cod:
            tickets = sorted(self.amounts[w.waybill_no, w.source] for w in cod)
            low, high = tickets[(len(cod) - 1) // 2], tickets[len(cod) // 2]
            found["p50_ticket"] = _half_up(Fraction(low + high, 2))
        found["consignee_cnt"] = len({w.consignee_id for w in bills})
        found["dest_city_cnt"] = len({w.destination for w in bills} - {None}) or LACKS
        carriers = Counter(w.carrier_id for w in bills if w.carrier_id is not None)
        found["carrier_cnt"] = sum(n >= 3 for n in carriers.values()) if carriers else LACKS
        found["category_cnt"] = len({w.goods_category for w in bills} - {None}) or LACKS
        found["cod_penetration"] = len(cod) / len(bills) if bills else BASELESS
        return found

    def stability(self) -> dict[str, Any]:
        found: dict[str, Any] = {"cod_months": SHORT}
        if self.first is not None:
            whole = self.history - (self.as_of.day < self.first.day)
            found["cod_months"] = whole
        found["active_months_12m"] = sum(
            len(self.within(self.cod, k, k)) >= 3 for k in range(1, 13)
        )
        last = max((w.created_at.date() for w in self.bills), default=None)
        yesterday = self.as_of - timedelta(days=1)
        found["days_since_last_bill"] = (yesterday - last).days if last else BASELESS
        months = [self.sa(k) for k in range(1, 13)]
        mean = sum(months) / 12
        if self.history < 12:
            found["cv"] = found["downside_dev"] = SHORT
        elif mean == 0:
            found["cv"] = found["downside_dev"] = BASELESS
        else:
            found["cv"] = math.sqrt(sum((a / mean - 1) ** 2 for a in months) / 12)
            found["downside_dev"] = math.sqrt(
                sum(min(Fraction(0), a / mean - 1) ** 2 for a in months) / 12
            )
        total = self.sum(1, 12)
        shares = [
            Fraction(a, total)
            for a in self.by("consignee_id", self.within(self.bills, 1, 12)).values()
        ] if total else []  # fmt: skip
        found["top1_consignee_share"] = float(max(shares)) if shares else BASELESS
        found["hhi_consignee"] = float(sum(s * s for s in shares)) if shares else BASELESS
        carried = self.by(
            "carrier_id", [w for w in self.within(self.bills, 1, 12) if w.carrier_id is not None]
        )
        base = sum(carried.values())
        if not carried:
            found["hhi_carrier"] = LACKS
        elif not base:
            found["hhi_carrier"] = BASELESS
        else:
            found["hhi_carrier"] = float(sum(Fraction(a, base) ** 2 for a in carried.values()))
        before = {w.consignee_id for w in self.within(self.cod, 7, 18)}
        recent = self.sum(1, 6)
        if self.history < 7:
            found["repeat_amt_share_6m"] = SHORT
        elif not recent:
            found["repeat_amt_share_6m"] = BASELESS
        else:
            again = sum(
                a
                for c, a in self.by("consignee_id", self.within(self.bills, 1, 6)).items()
                if c in before
            )  # fmt: skip
            found["repeat_amt_share_6m"] = again / recent
        now = {w.consignee_id for w in self.within(self.cod, 1, 6)}
        then = {w.consignee_id for w in self.within(self.cod, 7, 12)}
        found["retention"] = len(now & then) / len(then) if then else BASELESS
        return found

    def activity(self) -> dict[str, Any]:
        days = {w.created_at.date() for w in self.bills}
        found: dict[str, Any] = {"active_week_ratio_26w": SHORT, "max_gap_days": SHORT}
        if self.first is None:
            return found
        if (self.as_of - self.first).days >= 182:
            weeks = [{self.as_of - timedelta(7 * w + d) for d in range(1, 8)} for w in range(26)]
            found["active_week_ratio_26w"] = sum(bool(week & days) for week in weeks) / 26
        months = self.as_of.year * 12 + self.as_of.month - 13
        day = window = date(months // 12, months % 12 + 1, 1)
        gap = longest = 0
        while day < self.as_of:
            if day in days:
                gap = 0
            elif day >= self.first and not _stands_still(day):
                gap += 1
            longest = max(gap, longest)
            day += timedelta(1)
        found["max_gap_days"] = longest if any(d >= window for d in days) else BASELESS
        return found

    def variety(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        year = self.within(self.bills, 1, 12)
        halves = [self.within(self.bills, 1, 6), self.within(self.bills, 7, 12)]

        carried = [self.by("carrier_id", [w for w in h if w.carrier_id]) for h in halves]
        bases = [sum(amounts.values()) for amounts in carried]
        found["carrier_switch_6m"] = BASELESS
        if all(bases):
            now, then = (
                {c: Fraction(a, base) for c, a in amounts.items()}
                for amounts, base in zip(carried, bases, strict=True)
            )
            found["carrier_switch_6m"] = float(1 - sum(min(now[c], then.get(c, 0)) for c in now))
        goods = self.by("goods_category", [w for w in year if w.goods_category])
        parts = [Fraction(a, sum(goods.values())) for a in goods.values() if a]
        entropy = -sum(float(p) * math.log(p) for p in parts)
        found["category_entropy"] = entropy if parts else BASELESS
        routes = [Counter(w.destination for w in half if w.destination) for half in halves]
        found["route_cosine"] = BASELESS
        if all(routes):
            dot = sum(routes[0][town] * routes[1][town] for town in routes[0])
            norms = [sum(n * n for n in route.values()) for route in routes]
            found["route_cosine"] = dot / math.sqrt(norms[0] * norms[1])
        for name, attribute in (
            ("carrier_switch_6m", "carrier_id"),
            ("category_entropy", "goods_category"),
            ("route_cosine", "destination"),
        ):
            if not any(getattr(w, attribute) for w in year):
                found[name] = LACKS
        if self.history < 7:
            found["carrier_switch_6m"] = found["route_cosine"] = SHORT
        names = {w.shipper_name_hash for w in year} - {None}
        phones = {w.shipper_phone_hash for w in year} - {None}
        found["identity_changes_12m"] = LACKS
        if names or phones:
            found["identity_changes_12m"] = max(len(names) - 1, 0) + max(len(phones) - 1, 0)
        return found

    def delivery(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        mature_until = self.as_of - timedelta(days=30)
        shipped = [
            w
            for w in self.within(self.rows, 1, 12)
            if not w.flags & (VOIDED | TEST | SELF_DEAL)
            and w.return_of is None
            and w.source not in self.invoices
        ]
        old = [w for w in shipped if w.created_at.date() <= mature_until]
        signed = [
            w
            for w in old
            if not _is_returned(w, self.named)
            and (w.signed_at < self.midnight if w.signed_at is not None else w.status in SIGNED)
        ]
        if all(w.signed_at is None for w in shipped):
            found["sign_rate"] = LACKS
        else:
            found["sign_rate"] = len(signed) / len(old) if old else BASELESS
        window = [w for w in self.within(self.rows, 1, 6) if w.created_at.date() <= mature_until]
        back = sum(abs(w.cod_fen or 0) for w in window if _is_returned(w, self.named))
        kept = sum(self.amounts[w.waybill_no, w.source] for w in window if _is_bill(w, self.named))
        found["return_rate_amt_6m"] = back / (back + kept) if back + kept else BASELESS
        cod = self.within(self.cod, 1, 12)
        cycles = sorted(
            (w.cod_paid_at.date() - w.created_at.date()).days
            for w in cod
            if w.cod_paid_at is not None and w.cod_paid_at < self.midnight and not w.flags & TIME
        )
        cycles = [days for days in cycles if days >= 0]
        if all(w.cod_paid_at is None for w in cod):
            found["cod_cycle_p50"] = LACKS
        elif not cycles:
            found["cod_cycle_p50"] = BASELESS
        else:
            n = len(cycles)
            found["cod_cycle_p50"] = (cycles[(n - 1) // 2] + cycles[n // 2]) / 2
        return found

    def growth(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, now, then, history in (
            ("yoy_3m", (1, 3), (13, 15), 15),
            ("yoy_12m", (1, 12), (13, 24), 24),
            ("qoq_sa", (1, 3), (4, 6), 6),
        ):
            base = self.sa_sum(*then)
            if self.history < history:
                found[name] = SHORT
            else:
                found[name] = float(self.sa_sum(*now) / base - 1) if base else BASELESS
        months = [self.sa(k) for k in range(1, 100)]
        xs = list(range(12))
        ys = [math.log1p(months[11 - x] / 100) for x in xs]
        middle = sum(ys) / 12
        slope = sum((x - 5.5) * (y - middle) for x, y in zip(xs, ys, strict=True)) / sum(
            (x - 5.5) ** 2 for x in xs
        )
        found["slope_12m"] = slope if self.history >= 12 else SHORT
        found["accel"] = SHORT
        if self.history >= 12:
            short_ys = ys[6:]
            short_middle = sum(short_ys) / 6
            found["accel"] = (
                sum((x - 2.5) * (y - short_middle) for x, y in enumerate(short_ys))
                / sum((x - 2.5) ** 2 for x in range(6))
                - slope
            )
        now_buyers = {w.consignee_id for w in self.within(self.cod, 1, 6)}
        then_buyers = {w.consignee_id for w in self.within(self.cod, 7, 12)}
        found["net_consignee_growth"] = (
            (len(now_buyers) - len(then_buyers)) / len(then_buyers) if then_buyers else BASELESS
        )
        best = max(sum(months[k : k + 3]) for k in range(22))
        if self.history < 12:
            found["drawdown"] = SHORT
        else:
            found["drawdown"] = float(1 - sum(months[:3]) / best) if best else BASELESS
        falls = 0
        while falls + 2 <= self.history and months[falls] < months[falls + 1] * Fraction(95, 100):
            falls += 1
        found["down_months"] = falls
        since = self.as_of - timedelta(days=90)
        first_seen: dict[str, date] = {}
        for w in self.cod:
            day = w.created_at.date()
            first_seen[w.consignee_id] = min(day, first_seen.get(w.consignee_id, day))
        recent = self.sum(1, 3)
        fresh = sum(
            a
            for c, a in self.by("consignee_id", self.within(self.cod, 1, 3)).items()
            if first_seen[c] >= since
        )
        found["new_consignee_share_3m"] = fresh / recent if recent else BASELESS
        return found

    def fraud(self) -> dict[str, Any]:
        rows = self.within(self.rows, 1, 12)
        own = sum(max(w.cod_fen or 0, 0) for w in rows if w.flags & SELF_DEAL)
        total = self.sum(1, 12) + own
        two_sided = any(
            (w.shipper_name_hash and w.consignee_name_hash)
            or (w.shipper_phone_hash and w.consignee_phone_hash)
            for w in rows
        )
        found: dict[str, Any] = {}
        if not two_sided:
            found["self_deal_share"] = LACKS
        else:
            found["self_deal_share"] = own / total if total else BASELESS
        cod = self.within(self.cod, 1, 12)
        whole = [w for w in cod if self.amounts[w.waybill_no, w.source] % 100_000 == 0]
        found["round_share"] = len(whole) / len(cod) if cod else BASELESS
        firsts = Counter(str(self.amounts[w.waybill_no, w.source])[0] for w in cod)
        found["benford_mad"] = SHORT
        if len(cod) >= 300:
            found["benford_mad"] = (
                sum(abs(firsts[str(d)] / len(cod) - math.log10((d + 1) / d)) for d in range(1, 10))
                / 9
            )
        found["spike_30d"] = SHORT
        if self.first is not None and (self.as_of - self.first).days >= 210:
            ages = [((self.as_of - w.created_at.date()).days, w) for w in self.cod]
            late = sum(self.amounts[w.waybill_no, w.source] for age, w in ages if age <= 30)
            base = sum(self.amounts[w.waybill_no, w.source] for age, w in ages if 30 < age <= 210)
            found["spike_30d"] = late / (base / 6) if base else BASELESS
        bills = self.within(self.bills, 1, 12)
        if all(w.cod_first_fen is None for w in bills):
            found["edit_up_share"] = LACKS
        else:
            edited = [w for w in bills if w.flags & EDITED_UP]
            raised = sum(self.amounts[w.waybill_no, w.source] for w in edited)
            found["edit_up_share"] = raised / self.sum(1, 12) if self.sum(1, 12) else BASELESS
        again = sum(w.repeats for w in rows)
        months = {self.as_of.year * 12 + self.as_of.month - 1 - k for k in range(1, 13)}
        resets = sum(w.resets for w in rows) + sum(c.month in months for c in self.conflicts)
        found["duplicate_rate"] = again / (len(rows) + again) if rows else BASELESS
        found["void_rate"] = (
            sum(bool(w.flags & VOIDED) for w in rows) / len(rows) if rows else BASELESS
        )
        found["reset_rate"] = resets / len(rows) if rows else BASELESS
        return found


@cache
def _stands_still(day: date) -> bool:
    """From ten days before the first day of the lunar year up to its fifteenth."""
    lunar = LunarDate.from_solar_date(day.year, day.month, day.day)
    if lunar.month == 1:
        return lunar.day <= 15
    new_year = LunarDate(day.year, 1, 1).to_solar_date()
    return 0 < (new_year - day).days <= 10


def days_in_month(month: int) -> int:
    """How many days a month given as one number has."""
    return calendar.monthrange(month // 12, month % 12 + 1)[1]
