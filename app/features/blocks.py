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
import pyarrow.compute as pc
from numpy.typing import NDArray

from app.features.calendar import AsOf
from app.features.columns import Ints
from app.features.holidays import Calendar
from app.features.month_bills import read_parquet
from app.features.rollup_list import no_rollup
from app.features.rollups import RolledLake
from app.features.sql_text import Value, render_sql
from app.features.words import CATEGORY, ORIGIN

BLOCK_RECORDS = 3_000_000  # waybills in a block, about: bounds memory whatever the portfolio
BLOCK_MERCHANTS = 50_000
LEAST_MONTHS = 25
MOST_MONTHS = 240
READ_OFTEN = ("merchant_bill",)  # kept while a block is read; other rollups are read just once
NO_DAY = 2**31 - 1
_EPOCH = date(1970, 1, 1)

MONTH_SUMS = ["records", "bills", "cod_bills", "amount_fen"]
QUALITY_SUMS = [
    "freight_bills",
    "freight_fen",
    "round_bills",
    "voided",
    "repeats",
    "resets",
    "self_deal_fen",
    "two_sided",
    "edited_fen",
    "with_first_amount",
]
CONSIGNEE_SUMS = [
    "consignees",
    "largest_fen",
    "high_high",
    "high_low",
    "low_low",
    "repeat_6m_fen",
    "in_1_6",
    "in_7_12",
    "retained",
    "new_3m_fen",
]
ATTRIBUTE_SUMS = [
    "destinations",
    "categories",
    "carriers",
    "used_carriers",
    "carried_fen",
    "high_high",
    "high_low",
    "low_low",
]
RECENT_SUMS = ["recent_fen", "base_fen"]
ROUTE_SUMS = ["now_then", "now_now", "then_then", "names", "phones", "cards"]
OUTCOME_SUMS = [
    "shipped",
    "signed",
    "with_signed_at",
    "returned_6m_fen",
    "mature_6m_fen",
    "settled_fen",
    "with_settlement",
    "with_paid_at",
]


@dataclass(frozen=True, slots=True)
class Counted:
    """How many `bills` of each merchant have a `value`, which may stand in several rows; sorted by
    place and value.
    """

    place: Ints
    value: Ints
    bills: Ints


@dataclass(frozen=True, slots=True)
class Main:
    """The leading word of each merchant that has any, with its `part` of the `whole`."""

    place: Ints
    words: NDArray[np.object_]
    part: Ints
    whole: Ints


@dataclass(frozen=True, slots=True)
class Halves:
    """Amounts (fen) of M1–M6, `now`, and of M7–M12, `then`: a row a merchant and carrier, goods
    category, …; which of them is not told.
    """

    place: Ints
    kind: Ints
    now: Ints
    then: Ints

    def of(self, kind: int) -> Halves:
        """The rows of one kind of attribute."""
        rows = self.kind == kind
        return Halves(self.place[rows], self.kind[rows], self.now[rows], self.then[rows])


@dataclass(frozen=True, slots=True)
class Block:
    """Whole numbers of `merchants`, in their order (by merchant_id).

    `months[name]` has the shape (merchants, months), column k − 1 being Mk, and for QUALITY_SUMS
    holds M1–M12; the other tables have the shape (merchants,). Days are counted from 1970-01-01;
    `first_cod_day` is NO_DAY and `last_bill_day` −NO_DAY where there is none.
    """

    as_of: AsOf
    merchants: list[str]
    months: dict[str, Ints]
    first_cod_day: Ints
    last_bill_day: Ints
    consignees: dict[str, Ints]
    attributes: dict[str, Ints]
    outcomes: dict[str, Ints]
    recent: dict[str, Ints]
    cycles: Counted  # of days from created to paid
    tickets: Counted  # of amounts in fen
    halves: Halves
    routes: dict[str, Ints]
    main_categories: Main  # of M1–M12, by amount in fen
    main_origins: Main  # of M1–M12, by bills
    bill_days: Ints  # (merchants, 13), column k being Mk, 0 the month of T; bit d − 1 is day d
    is_closed: Callable[[date], bool]

    def sum_months(self, name: str, last: int, first: int = 1) -> Ints:
        """The sum of a column over M`first` … M`last`."""
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
) -> Block:
    """Read the rollups of `merchants`, which stand from place `begin` in the order of merchant_id.

    The tables `listed`, `roster`, `conflicts`, `sources` and `words` must exist.
    """
    values = block_values(as_of, begin, begin + len(merchants))
    _narrow(connection, rolled, values)
    connection.execute(render_sql("block_parts", values))

    def fetch(name: str) -> pa.Table:
        return connection.sql(render_sql(name, values)).to_arrow_table()

    return make_block(fetch, as_of, merchants, calendar)


def block_values(as_of: AsOf, begin: int, end: int) -> dict[str, Value]:
    """What the SQL files of a block from place `begin` up to `end` are given."""
    values: dict[str, Value] = {f"m{k}": as_of.month(k) for k in (1, 3, 6, 12, 18)}
    values |= {"new_from": as_of.new_from, "as_of": as_of.day}
    return values | {"begin": begin, "end": end}


def make_block(
    fetch: Callable[[str], pa.Table], as_of: AsOf, merchants: list[str], calendar: Calendar
) -> Block:
    """The block of these merchants, where `fetch(name)` is what the SQL file of this name gave."""
    size = len(merchants)
    months, conflicts = fetch("block_months"), fetch("block_conflicts")
    cycles, tickets = fetch("block_cycles"), fetch("block_tickets")
    main = fetch("block_main")
    first_day, last_day = _reach(months, size)
    last_month = as_of.month(1)
    sums = _spread_months(months, MONTH_SUMS, size, last_month)
    sums |= _spread_months(fetch("block_quality"), QUALITY_SUMS, size, last_month)
    _add_conflicts(sums, conflicts, last_month)
    return Block(
        as_of=as_of,
        merchants=merchants,
        months=sums,
        first_cod_day=first_day,
        last_bill_day=last_day,
        consignees=_spread(fetch("block_consignees"), CONSIGNEE_SUMS, size),
        attributes=_spread(fetch("block_attributes"), ATTRIBUTE_SUMS, size),
        outcomes=_spread(fetch("block_outcomes"), OUTCOME_SUMS, size),
        recent=_spread(fetch("block_recent"), RECENT_SUMS, size),
        cycles=_counted(cycles, "days"),
        tickets=_counted(tickets, "amount_fen"),
        halves=_halves(fetch("block_halves")),
        routes=_spread(fetch("block_routes"), ROUTE_SUMS, size),
        main_categories=_main(main, CATEGORY),
        main_origins=_main(main, ORIGIN),
        bill_days=_spread_days(months, size, as_of),
        is_closed=calendar.is_closed,
    )


def _narrow(
    connection: duckdb.DuckDBPyConnection, rolled: RolledLake, values: dict[str, Value]
) -> None:
    """Make a view of each rollup that holds the block's merchants. Rollup files are sorted by
    merchant, so that most of what is beside the block's range of a month is not even read.
    """
    connection.execute(render_sql("block_places", values))
    ranges = connection.execute(
        "select month, min(merchant), max(merchant) from places group by month"
    ).fetchall()
    for name, files in rolled.files.items():
        parts = [
            f"select * from {read_parquet([files[month]])} where merchant between {low} and {high}"
            for month, low, high in sorted(ranges)
            if month in files
        ]
        origin = " union all by name ".join(parts) or f"select * from {no_rollup(name)}"
        kind = "table" if name in READ_OFTEN else "view"
        view = render_sql("block_view", values).replace("{kind}", kind).replace("{rollup}", name)
        connection.execute(view.replace("{origin}", origin))


def _ints(table: pa.Table, name: str) -> Ints:
    column = table.column(name)
    values: Ints = column.cast(pa.int64()).to_numpy()
    return values


def _days(table: pa.Table, name: str, absent: int) -> Ints:
    column = table.column(name).cast(pa.int32()).cast(pa.int64()).fill_null(absent)
    values: Ints = column.to_numpy()
    return values


def _spread(table: pa.Table, names: Sequence[str], size: int) -> dict[str, Ints]:
    place = _ints(table, "place")
    spread = {}
    for name in names:
        values = np.zeros(size, np.int64)
        values[place] = _ints(table, name)
        spread[name] = values
    return spread


def _spread_months(
    table: pa.Table, names: Sequence[str], size: int, last_month: int
) -> dict[str, Ints]:
    place, month = _ints(table, "place"), _ints(table, "month")
    back = last_month - month  # 0 is M1; the month of T itself is −1
    deepest = int(back.max(initial=0)) + 1
    width = min(max(deepest, LEAST_MONTHS), MOST_MONTHS)
    within = (back >= 0) & (back < width)
    spread = {}
    for name in names:
        values = np.zeros((size, width), np.int64)
        values[place[within], back[within]] = _ints(table, name)[within]
        spread[name] = values
    return spread


def _spread_days(table: pa.Table, size: int, as_of: AsOf) -> Ints:
    place, back = _ints(table, "place"), as_of.month(0) - _ints(table, "month")
    within = back < 13
    found = np.zeros((size, 13), np.int64)
    found[place[within], back[within]] = _ints(table, "bill_days")[within]
    return found


def _halves(table: pa.Table) -> Halves:
    return Halves(*(_ints(table, name) for name in ("place", "kind", "now_fen", "then_fen")))


def _counted(table: pa.Table, name: str) -> Counted:
    return Counted(_ints(table, "place"), _ints(table, name), _ints(table, "bills"))


def _main(table: pa.Table, kind: int) -> Main:
    own = table.filter(pc.equal(table.column("kind"), kind))
    words = own.column("word").to_numpy()
    return Main(_ints(own, "place"), words, _ints(own, "part"), _ints(own, "whole"))


def _add_conflicts(months: dict[str, Ints], conflicts: pa.Table, last_month: int) -> None:
    back = last_month - _ints(conflicts, "month")
    within = (back >= 0) & (back < months["resets"].shape[1])
    place = _ints(conflicts, "place")[within]
    np.add.at(months["resets"], (place, back[within]), _ints(conflicts, "resets")[within])


def _reach(table: pa.Table, size: int) -> tuple[Ints, Ints]:
    place = _ints(table, "place")
    first_day = np.full(size, NO_DAY, np.int64)
    last_day = np.full(size, -NO_DAY, np.int64)
    np.minimum.at(first_day, place, _days(table, "first_cod_on", NO_DAY))
    np.maximum.at(last_day, place, _days(table, "last_bill_on", -NO_DAY))
    return first_day, last_day
