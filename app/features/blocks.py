"""A block of merchants: views over the rollups come in, the block's whole numbers as arrays go out.
No arithmetic here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import pyarrow as pa

from app.features.arrow import days_of, ints, spread
from app.features.calendar import AsOf, month_of
from app.features.columns import Floats, Ints
from app.features.holidays import Calendar
from app.features.narrow import narrow
from app.features.reductions import join_counted, median_of, read_counted
from app.features.rollups import RolledLake
from app.features.sql_text import Value, render_sql
from app.features.year import Year

BLOCK_RECORDS = 3_000_000  # waybills in a block, about: bounds memory whatever the portfolio
BLOCK_MERCHANTS = 50_000
LEAST_MONTHS = 25
MOST_MONTHS = 240
NO_DAY = 2**31 - 1
_EPOCH = date(1970, 1, 1)

MONTH_SUMS = ("records", "bills", "cod_bills", "amount_fen")
RECENT_SUMS = ("recent_fen", "base_fen")
OUTCOME_SUMS = (
    "shipped",
    "signed",
    "with_signed_at",
    "returned_6m_fen",
    "mature_6m_fen",
    "settled_fen",
    "with_settlement",
    "with_paid_at",
)
BLOCK_ROLLUPS = ("merchant_month", "merchant_outcome", "merchant_bill")


@dataclass(frozen=True, slots=True)
class Block:
    """Whole numbers of `merchants`, in their order (by merchant_id).

    `months[name]` has the shape (merchants, months), column k − 1 being Mk; the other tables have
    the shape (merchants,). Days are counted from 1970-01-01; `first_cod_day` is NO_DAY and
    `last_bill_day` −NO_DAY where there is none.
    """

    as_of: AsOf
    merchants: list[str]
    year: Year
    months: dict[str, Ints]
    first_cod_day: Ints
    last_bill_day: Ints
    outcomes: dict[str, Ints]
    recent: dict[str, Ints]
    middle_paid_days: Floats
    paid_bills: Ints
    resets: Ints  # of M1–M12, by imports that came later
    bill_days: Ints  # (merchants, 13), column k being Mk, 0 the month of T; bit d − 1 is day d
    is_closed: Callable[[date], bool]

    @property
    def consignees(self) -> dict[str, Ints]:
        """What consignees of M1–M12 say."""
        return self.year.whole["consignees"]

    @property
    def attributes(self) -> dict[str, Ints]:
        """Carriers, destinations and goods categories of M1–M12."""
        return self.year.whole["attributes"]

    @property
    def routes(self) -> dict[str, Ints]:
        """Destinations of the halves of M1–M12, and its names, phones and cards."""
        return self.year.whole["routes"]

    @property
    def new_3m_fen(self) -> Ints:
        """What was sold in M1–M3 to consignees first seen at most 90 days before T."""
        return self.year.sum_new(count_day(self.as_of.new_from))

    def sum_months(self, name: str, last: int, first: int = 1) -> Ints:
        """The sum of a column over M`first` … M`last`; of what the year tells, over M1–M12."""
        quality = self.year.whole["quality"]
        if name in quality:
            if (first, last) != (1, 12):
                raise ValueError(f"{name} is known of M1–M12 together only")
            return quality[name] + self.resets if name == "resets" else quality[name]
        total: Ints = self.months[name][:, first - 1 : last].sum(axis=1)
        return total


def count_day(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - _EPOCH).days


def cut_blocks(records: Ints, most_records: int = BLOCK_RECORDS) -> Iterator[tuple[int, int]]:
    """Cut merchants, given the waybills of each in order, into blocks of about `most_records`
    waybills and at most BLOCK_MERCHANTS merchants: from which place up to which.
    """
    begin, sum_before = 0, 0
    for end, sum_after in enumerate(np.cumsum(records).tolist(), start=1):
        full = sum_after - sum_before >= most_records or end - begin >= BLOCK_MERCHANTS
        if full or end == len(records):
            yield begin, end
            begin, sum_before = end, sum_after


def read_block(
    connection: duckdb.DuckDBPyConnection,
    rolled: RolledLake,
    as_of: AsOf,
    merchants: list[str],
    begin: int,
    calendar: Calendar,
    year: Year,
    open_from: int | None = None,
) -> Block:
    """Read the rollups of `merchants`, which stand from place `begin` in the order of merchant_id;
    `year` is what was read of their full months, `open_from` as in `year_values`.

    The tables `listed`, `roster`, `conflicts` and `sources` must exist.
    """
    values = block_values(as_of, open_from)
    first = month_of(as_of.base_from)
    since = {"merchant_bill": min(first, as_of.month(12) if open_from is None else open_from)}
    places = np.arange(begin, begin + len(merchants))
    narrow(connection, rolled, BLOCK_ROLLUPS, places, since=since)

    def fetch(name: str) -> pa.Table:
        return connection.sql(render_sql(name, values)).to_arrow_table()

    return make_block(fetch, as_of, merchants, calendar, year)


def block_values(as_of: AsOf, open_from: int | None = None) -> dict[str, Value]:
    """What the SQL files of a block are given; `open_from` as in `year_values`."""
    values: dict[str, Value] = {f"m{k}": as_of.month(k) for k in (1, 6, 12)}
    values["open_from"] = as_of.month(12) if open_from is None else open_from
    values |= {"recent_from": as_of.recent_from, "recent_month": month_of(as_of.recent_from)}
    values |= {"base_from": as_of.base_from, "base_month": month_of(as_of.base_from)}
    return values | {"as_of": as_of.day}


def make_block(
    fetch: Callable[[str], pa.Table],
    as_of: AsOf,
    merchants: list[str],
    calendar: Calendar,
    year: Year,
) -> Block:
    """The block of these merchants, where `fetch(name)` is what the SQL file of this name gave."""
    size = len(merchants)
    months = fetch("block_months")
    first_day, last_day = _reach(months, size)
    sums = _spread_months(months, MONTH_SUMS, size, as_of.month(1))
    cycles = join_counted(year.cycles, read_counted(fetch("block_cycles"), "days"))
    middle_paid_days, paid_bills = median_of(cycles, size)
    return Block(
        as_of=as_of,
        merchants=merchants,
        year=year,
        months=sums,
        first_cod_day=first_day,
        last_bill_day=last_day,
        outcomes=spread(fetch("block_outcomes"), OUTCOME_SUMS, size),
        recent=_sum_recent(fetch("block_recent"), months, sums["amount_fen"], as_of),
        middle_paid_days=middle_paid_days,
        paid_bills=paid_bills,
        resets=spread(fetch("block_conflicts"), ("resets",), size)["resets"],
        bill_days=_spread_days(months, size, as_of),
        is_closed=calendar.is_closed,
    )


def _spread_months(
    table: pa.Table, names: Sequence[str], size: int, last_month: int
) -> dict[str, Ints]:
    place, month = ints(table, "place"), ints(table, "month")
    back = last_month - month  # 0 is M1; the month of T itself is −1
    deepest = int(back.max(initial=0)) + 1
    width = min(max(deepest, LEAST_MONTHS), MOST_MONTHS)
    within = (back >= 0) & (back < width)
    spread = {}
    for name in names:
        values = np.zeros((size, width), np.int64)
        values[place[within], back[within]] = ints(table, name)[within]
        spread[name] = values
    return spread


def _spread_days(table: pa.Table, size: int, as_of: AsOf) -> Ints:
    place, back = ints(table, "place"), as_of.month(0) - ints(table, "month")
    within = back < 13
    found = np.zeros((size, 13), np.int64)
    found[place[within], back[within]] = ints(table, "bill_days")[within]
    return found


def _sum_recent(edges: pa.Table, months: pa.Table, full: Ints, as_of: AsOf) -> dict[str, Ints]:
    """The amounts of the 30 days before T and of the 180 days before those: `edges` of the months
    in which either begins, whole months between them, and the month of T.
    """
    found = spread(edges, RECENT_SUMS, len(full))
    recent, base = (
        as_of.month(0) - month_of(day) for day in (as_of.recent_from, as_of.base_from)
    )  # they begin in these Mk
    current = ints(months, "month") == as_of.month(0)
    place = ints(months, "place")[current]
    found["recent_fen"][place] += ints(months, "amount_fen")[current]
    found["recent_fen"] += full[:, : max(recent - 1, 0)].sum(axis=1)
    found["base_fen"] += full[:, recent : base - 1].sum(axis=1)
    return found


def _reach(table: pa.Table, size: int) -> tuple[Ints, Ints]:
    place = ints(table, "place")
    first_day = np.full(size, NO_DAY, np.int64)
    last_day = np.full(size, -NO_DAY, np.int64)
    np.minimum.at(first_day, place, days_of(table, "first_cod_on", NO_DAY))
    np.maximum.at(last_day, place, days_of(table, "last_bill_on", -NO_DAY))
    return first_day, last_day
