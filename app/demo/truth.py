"""A world comes in; the files that say what it really is go out: planted frauds, merchants,
carriers, loans, and the reference lists that belong to it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

import numpy as np

from app.demo.carriers import name_carrier
from app.demo.frauds import KINDS
from app.demo.industries import INDUSTRIES
from app.demo.lanes import ORIGIN, TOWNS
from app.demo.loans import Loans, draw_loans
from app.demo.people import name_consignees, phone_numbers
from app.demo.plan import Plan
from app.demo.portfolio import PATTERN_NAMES
from app.demo.seasons import first_day, name_month
from app.demo.world import CAPTIVES_A_MERCHANT, LISTED_PARTIES, World, is_open

EPOCH = date(1970, 1, 1)
STAFF_OF_A_CARRIER = 6
STAFF_BASE = 700_000_000  # numbers of people who ship nothing themselves
Rows = Iterable[Sequence[object]]


def name_merchant(number: int) -> str:
    """`M000001` and so on."""
    return f"M{number + 1:06d}"


def tell_all(world: World, plan: Plan) -> Iterator[tuple[str, bytes]]:
    """Names and contents of all small files, one after the other."""
    yield (
        "truth.csv",
        _write(
            ("merchant_id", "kind", "from", "to", "strength", "parties"), _list_frauds(world, plan)
        ),
    )
    yield "merchants.csv", _write(
        ("merchant_id", "industry", "pattern", "monthly_yuan", "growth_a_year", "opened_on",
         "stopped_on", "phone_shared_with", "card_shared_with", "neighbour"),
        _list_merchants(world, plan),
    )  # fmt: skip
    yield (
        "carriers.csv",
        _write(
            ("carrier_id", "cod_fee", "mean_payout_days", "km_a_day", "absconded_on"),
            _list_carriers(world),
        ),
    )
    loans = draw_loans(world, plan.first, plan.end)
    yield "loans.csv", _write(
        ("loan_id", "merchant_id", "drawn_on", "amount", "tenor_months", "max_dpd", "defaulted",
         "defaulted_on", "exposure", "default_probability"),
        _list_loans(loans),
    )  # fmt: skip
    yield (
        "repayments.csv",
        _write(("loan_id", "month", "outstanding", "dpd"), _list_repayments(loans)),
    )
    yield (
        "reference/blacklist.csv",
        _write(("kind", "value", "since", "note"), _list_blacklist(world)),
    )
    yield "reference/staff.csv", _write(("kind", "value", "note"), _list_staff(world))
    yield (
        "reference/distances.csv",
        _write(("origin", "destination", "km"), ((ORIGIN, town, km) for town, km in TOWNS.items())),
    )


def _write(header: Sequence[str], rows: Rows) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode()


def _list_frauds(world: World, plan: Plan) -> Iterator[Sequence[object]]:
    frauds = world.frauds
    order = np.lexsort((frauds.kinds, frauds.merchants))
    for row in order.tolist():
        merchant = int(frauds.merchants[row])
        opened = max(plan.first, world.end - int(world.portfolio.opened[merchant]))
        since, until = max(int(frauds.since[row]), opened), int(frauds.until[row])
        if until <= opened:
            continue  # over before the first waybill
        yield (
            name_merchant(merchant),
            KINDS[int(frauds.kinds[row])].name,
            first_day(since),
            "" if is_open(until) else first_day(until) - timedelta(days=1),
            f"{frauds.strengths[row]:g}",
            " ".join(_name_parties(world, row)),
        )


def _name_parties(world: World, row: int) -> list[str]:
    """The others of the group; the customers of those who have their own."""
    frauds, pools = world.frauds, world.pools
    kind = KINDS[int(frauds.kinds[row])]
    merchant = int(frauds.merchants[row])
    if kind.group[1] > 1:
        together = (frauds.groups == frauds.groups[row]) & (frauds.kinds == frauds.kinds[row])
        return [name_merchant(m) for m in frauds.merchants[together].tolist() if m != merchant]
    if kind.name == "self_deal":
        return [name_merchant(merchant)]
    if kind.name == "outlet_related":
        return [name_carrier(_employer(world, merchant))]
    if kind.name == "captive":
        first = pools.captives + int(frauds.rank_of("captive")[merchant]) * CAPTIVES_A_MERCHANT
        size = 8 + int(frauds.rank_of("captive")[merchant]) % 12
        names: list[str] = name_consignees(np.arange(first, first + size)).to_pylist()
        return names
    return []


def _list_merchants(world: World, plan: Plan) -> Iterator[Sequence[object]]:
    portfolio, ties = world.portfolio, world.ties
    month_yuan = np.rint(portfolio.monthly_yuan).astype(np.int64)
    for number in range(portfolio.count):
        opened = world.end - int(portfolio.opened[number])
        stopped = int(portfolio.stopped[number])
        others = (int(tie[number]) for tie in (ties.phone, ties.card, ties.neighbours))
        yield (
            name_merchant(number),
            INDUSTRIES[int(portfolio.industries[number])].name,
            PATTERN_NAMES[int(portfolio.patterns[number])],
            int(month_yuan[number]),
            f"{portfolio.growths[number]:.3f}",
            first_day(opened) if opened >= plan.first else "",
            first_day(world.end - stopped) if stopped >= 0 else "",
            *(name_merchant(other) if other != number else "" for other in others),
        )


def _list_carriers(world: World) -> Iterator[Sequence[object]]:
    carriers = world.carriers
    for number in range(carriers.count):
        yield (
            name_carrier(number),
            "stepped" if carriers.is_stepped[number] else "0.1%",
            f"{3 + carriers.paces[number]:.1f}",
            f"{carriers.speeds[number]:.0f}",
            carriers.absconded_on if number == carriers.absconder else "",
        )


def _list_loans(loans: Loans) -> Iterator[Sequence[object]]:
    for number in range(len(loans.merchants)):
        failed = int(loans.defaulted[number])
        yield (
            f"L{number + 1:06d}",
            name_merchant(int(loans.merchants[number])),
            EPOCH + timedelta(days=int(loans.drawn[number])),
            int(loans.amounts[number]),
            int(loans.tenors[number]),
            int(loans.max_dpd[number]),
            int(failed >= 0),
            EPOCH + timedelta(days=failed) if failed >= 0 else "",
            int(loans.exposures[number]),
            f"{loans.chances[number]:.4f}",
        )


def _list_repayments(loans: Loans) -> Iterator[Sequence[object]]:
    columns = (loans.history[name].tolist() for name in ("loan", "month", "outstanding", "dpd"))
    for loan, month, outstanding, dpd in zip(*columns, strict=True):
        yield f"L{loan + 1:06d}", name_month(month), outstanding, dpd


def _list_blacklist(world: World) -> Iterator[Sequence[object]]:
    """Two of three listed parties by their id, the others by their phone."""
    numbers = world.pools.listed + np.arange(LISTED_PARTIES)
    ids, phones = name_consignees(numbers).to_pylist(), phone_numbers(numbers).tolist()
    since = first_day(world.end - 30)
    for place in range(LISTED_PARTIES):
        kind, value = ("phone", phones[place]) if place % 3 == 2 else ("id", ids[place])
        yield kind, value, since, "court list" if place % 2 else "bank list"


def _list_staff(world: World) -> Iterator[Sequence[object]]:
    """People of the carriers, most of whom ship nothing, and the merchants among them."""
    for carrier in range(world.carriers.count):
        numbers = STAFF_BASE + carrier * 100 + np.arange(STAFF_OF_A_CARRIER)
        for phone in phone_numbers(numbers).tolist():
            yield "phone", phone, name_carrier(carrier)
    frauds = world.frauds
    for row in frauds.rows_of("outlet_related").tolist():
        merchant = int(frauds.merchants[row])
        marks = (
            ("phone", int(world.portfolio.phones[merchant])),
            ("card", int(world.portfolio.cards[merchant])),
            ("id", name_merchant(merchant)),
        )
        kind, value = marks[row % len(marks)]
        yield kind, value, name_carrier(_employer(world, merchant))


def _employer(world: World, merchant: int) -> int:
    return int(world.portfolio.carriers[merchant, 0])
