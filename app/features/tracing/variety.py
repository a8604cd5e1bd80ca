"""How variety is traced: domain.md 3, 29–31 and 35."""

from __future__ import annotations

import math

from app.features.tracing.files import Bill
from app.features.tracing.rows import Own
from app.features.tracing.traced import (
    Side,
    Trace,
    Traced,
    amount_side,
    count_side,
    group_by,
    history_side,
    settle,
    window,
)

CARRIED = {"en": "bills with a carrier", "zh": "有专线的运单"}
CATEGORISED = {"en": "bills with a goods category", "zh": "有货物类别的运单"}


def variety_traces() -> dict[str, Trace]:
    """By feature."""
    return {
        "carrier_switch_6m": _carrier_switch,
        "category_entropy": _entropy,
        "route_cosine": _route_cosine,
        "identity_changes_12m": _identity_changes,
    }


def _carrier_switch(own: Own) -> Traced:
    halves = [
        [b for b in own.bills(*span) if b.carrier_id is not None] for span in ((1, 6), (7, 12))
    ]
    amounts = [
        {
            row["carrier_id"]: row["amount_fen"]
            for row in group_by(half, lambda bill: bill.carrier_id, "carrier_id")
        }
        for half in halves
    ]
    now_fen, then_fen = (sum(found.values()) for found in amounts)
    groups = [
        {
            "carrier_id": name,
            "now_fen": amounts[0].get(name, 0),
            "then_fen": amounts[1].get(name, 0),
        }
        for name in sorted(amounts[0] | amounts[1])
    ]
    sides = [
        amount_side(halves[0], "now", en="amounts of M1–M6", zh="M1–M6 金额"),
        amount_side(halves[1], "then", en="amounts of M7–M12", zh="M7–M12 金额"),
        count_side(
            [*halves[0], *halves[1]], "carried", en="bills with a carrier", zh="有专线的运单"
        ),
        *history_side(own),
    ]
    traced = Traced(*window(own, 1, 12), sides, groups=groups)

    def value() -> float:
        common = [min(row["now_fen"] / now_fen, row["then_fen"] / then_fen) for row in groups]
        return 1 - min(math.fsum(common), 1.0)

    return settle(
        traced,
        value,
        short=own.history < 7,
        lacking=not amounts[0] and not amounts[1],
        baseless=now_fen == 0 or then_fen == 0,
    )


def _entropy(own: Own) -> Traced:
    bills = [b for b in own.bills(1, 12) if b.goods_category is not None]
    groups = group_by(bills, lambda bill: bill.goods_category, "goods_category")
    side = amount_side(bills, en="amounts of bills with a goods category", zh="有货物类别的金额")
    count = count_side(
        bills, "categorised", en="bills with a goods category", zh="有货物类别的运单"
    )
    total = side.total
    traced = Traced(*window(own, 1, 12), [side, count], groups=groups)

    def value() -> float:
        shares = [row["amount_fen"] / total for row in groups if row["amount_fen"]]
        return -math.fsum(share * math.log(share) for share in shares) + 0.0

    return settle(traced, value, lacking=not bills, baseless=total == 0)


def _route_cosine(own: Own) -> Traced:
    year = [b for b in own.bills(1, 12) if b.destination is not None]
    halves = [
        [b for b in year if own.month_back(b) in span] for span in (range(1, 7), range(7, 13))
    ]
    routes = [
        {row["destination"]: row["bills"] for row in group_by(half, _town, "destination")}
        for half in halves
    ]
    towns = sorted(routes[0] | routes[1])
    groups = [
        {
            "destination": town,
            "now_bills": routes[0].get(town, 0),
            "then_bills": routes[1].get(town, 0),
        }
        for town in towns
    ]
    dot = sum(row["now_bills"] * row["then_bills"] for row in groups)
    norm = sum(row["now_bills"] ** 2 for row in groups) * sum(
        row["then_bills"] ** 2 for row in groups
    )
    sides = [
        count_side(halves[0], "now", en="bills of M1–M6", zh="M1–M6 运单"),
        count_side(halves[1], "then", en="bills of M7–M12", zh="M7–M12 运单"),
        *history_side(own),
    ]
    traced = Traced(*window(own, 1, 12), sides, groups=groups)
    traced.numbers = {"now_then": dot, "now_now_times_then_then": norm}
    return settle(
        traced,
        lambda: min(dot / math.sqrt(norm), 1.0),
        short=own.history < 7,
        lacking=not year,
        baseless=norm == 0,
    )


def _carrier(bill: Bill) -> str | None:
    carrier: str | None = bill.carrier_id
    return carrier


def _town(bill: Bill) -> str | None:
    town: str | None = bill.destination
    return town


def _identity_changes(own: Own) -> Traced:
    sides = []
    for name, column, en, zh in (
        ("names", "shipper_name_hash", "different shipper names", "不同的发货人姓名"),
        ("phones", "shipper_phone_hash", "different shipper phones", "不同的发货人电话"),
    ):
        gives = [(b, getattr(b, column)) for b in own.bills(1, 12) if getattr(b, column)]
        sides.append(Side(name, en, zh, "distinct", "hashes", gives))
    counts = [side.total for side in sides]
    traced = Traced(*window(own, 1, 12), sides)
    changes = sum(max(count - 1, 0) for count in counts)
    return settle(traced, lambda: changes, lacking=not any(counts))
