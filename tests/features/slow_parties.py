"""The features of parties once more, slowly: plain loops over every bill of the platform, sharing
no code with the service. Who is in a ring is found by walking, not by an algorithm on graphs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any

from tests.features.lakes import Waybill

SHORT, LACKS, BASELESS = "TOO_LITTLE_HISTORY", "SOURCE_LACKS", "NO_BASE"
NAMES = (
    "reciprocal_share",
    "ring_share",
    "shared_phone_merchants",
    "shared_card_merchants",
    "captive_share",
    "fresh_party_share_90d",
    "blacklist_jaccard",
    "outlet_related",
)
Bills = Mapping[str, list[tuple[Waybill, int]]]  # merchant → bill and its capped amount
Party = tuple[str, str]  # kind, and id or hash


class Platform:
    """All bills before the as-of day."""

    def __init__(
        self,
        bills: Bills,
        as_of: date,
        blacklist: Collection[Party] | None,
        staff: Collection[Party] | None,
    ) -> None:
        self.bills, self.as_of = bills, as_of
        self.blacklist, self.staff = blacklist, staff
        self.year = {
            name: [b for b in found if self._in_year(b[0])] for name, found in bills.items()
        }
        since = as_of - timedelta(days=90)
        self.late = {
            name: [b for b in found if b[0].created_at.date() >= since]
            for name, found in bills.items()
        }
        self.days = defaultdict(list)  # (shipper, consignee) → days
        self.first: dict[str, date] = {}
        for name, found in bills.items():
            for w, _ in found:
                day = w.created_at.date()
                self.days[name, w.consignee_id].append(day)
                for party in (name, w.consignee_id):
                    self.first[party] = min(day, self.first.get(party, day))
        self.sellers = defaultdict(set)
        for name, found in self.year.items():
            for w, _ in found:
                self.sellers[w.consignee_id].add(name)
        self.reach = {name: self._walk(name) for name in bills}

    def _in_year(self, w: Waybill) -> bool:
        back = (self.as_of.year - w.created_at.year) * 12 + self.as_of.month - w.created_at.month
        return 1 <= back <= 12

    def _walk(self, start: str) -> set[str]:
        """Whom goods may reach from a party in the last 90 days, from hand to hand."""
        seen: set[str] = set()
        ahead = [start]
        while ahead:
            for w, _ in self.late.get(ahead.pop(), ()):
                if w.consignee_id not in seen:
                    seen.add(w.consignee_id)
                    ahead.append(w.consignee_id)
        return seen

    def features(self, name: str) -> dict[str, Any]:
        """A merchant's features of parties: values or reasons."""
        year, late = self.year[name], self.late[name]
        total, recent = (sum(amount for _, amount in found) for found in (year, late))
        found: dict[str, Any] = {}
        back = sum(amount for w, amount in year if self._is_answered(name, w))
        found["reciprocal_share"] = back / total if total else BASELESS
        circle = {name} | {p for p in self.reach[name] if name in self.reach.get(p, ())}
        inside = sum(a for w, a in late if w.consignee_id in circle - {name})
        is_ring = 3 <= len(circle) <= 20
        found["ring_share"] = (inside / recent if is_ring else 0.0) if recent else BASELESS
        for feature, column in (
            ("shared_phone_merchants", "shipper_phone_hash"),
            ("shared_card_merchants", "shipper_card_hash"),
        ):
            own = self._borne(name, column)
            others = [o for o in self.bills if o != name and own & self._borne(o, column)]
            found[feature] = len(others) if own else LACKS
        captive = sum(a for w, a in year if self.sellers[w.consignee_id] == {name})
        found["captive_share"] = captive / total if total else BASELESS
        found["fresh_party_share_90d"] = self._fresh(late, recent)
        found |= self._lists(name, year)
        return found

    def _is_answered(self, name: str, w: Waybill) -> bool:
        if w.consignee_id == name:
            return False
        days = self.days.get((w.consignee_id, name), ())
        return any(abs((day - w.created_at.date()).days) <= 60 for day in days)

    def _borne(self, name: str, column: str) -> set[str]:
        return {getattr(w, column) for w, _ in self.year[name]} - {None}

    def _fresh(self, late: list[tuple[Waybill, int]], recent: int) -> Any:
        if not self.first or (self.as_of - min(self.first.values())).days < 120:
            return SHORT
        fresh = sum(
            amount
            for w, amount in late
            if (w.created_at.date() - self.first[w.consignee_id]).days <= 30
        )
        return fresh / recent if recent else BASELESS

    def _lists(self, name: str, year: list[tuple[Waybill, int]]) -> dict[str, Any]:
        parties = {("id", w.consignee_id) for w, _ in year}
        own = {("phone", w.shipper_phone_hash) for w, _ in year}
        parties |= own | {("phone", w.consignee_phone_hash) for w, _ in year}
        own |= {("card", w.shipper_card_hash) for w, _ in year} | {("id", name)}
        parties = {(kind, text) for kind, text in parties if text is not None}
        found: dict[str, Any] = {"blacklist_jaccard": LACKS, "outlet_related": LACKS}
        if self.blacklist is not None:
            both, either = parties & set(self.blacklist), parties | set(self.blacklist)
            found["blacklist_jaccard"] = len(both) / len(either) if parties else BASELESS
        if self.staff is not None:
            found["outlet_related"] = bool(own & set(self.staff))
        return found
