"""What full months say of merchants: views over the rollups come in; whole numbers, fractions and
words, one a merchant, go out. It does not change while T stays in its month, unless
waybills of a full month come late.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.features.arrow import days_of, ints, spread
from app.features.calendar import AsOf
from app.features.columns import Floats, Ints, Texts
from app.features.narrow import narrow
from app.features.reductions import (
    Counted,
    Halves,
    benford_distance,
    entropy_of,
    median_of,
    overlap_of,
    read_counted,
)
from app.features.reference import References
from app.features.rollups import RolledLake
from app.features.sql_text import Value, render_sql
from app.features.words import CATEGORY, ORIGIN

YEAR_ROLLUPS = (
    "merchant_bill",
    "merchant_trade",
    "merchant_identity",
    "merchant_quality",
    "merchant_phone",
)
READ_OFTEN = ("merchant_bill",)
YEAR_TABLES = {"year_parts": "parts", "year_customers": "customers"}  # what several files read
CARRIER = 1  # kinds as in year_parts.sql; CATEGORY and ORIGIN are others
COLUMNS = {  # whole numbers, by the SQL file that gives them
    "quality": (
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
    ),
    "consignees": (
        "consignees",
        "largest_fen",
        "high_high",
        "high_low",
        "low_low",
        "repeat_6m_fen",
        "in_1_6",
        "in_7_12",
        "retained",
    ),
    "attributes": (
        "destinations",
        "categories",
        "carriers",
        "used_carriers",
        "carried_fen",
        "high_high",
        "high_low",
        "low_low",
    ),
    "routes": ("now_then", "now_now", "then_then", "names", "phones", "cards"),
    "listed": ("parties", "listed"),
    "related": ("related",),
    "summary": (
        *("tickets", "now_fen", "then_fen", "categories_fen"),
        *("category_part", "category_whole", "origin_part", "origin_whole"),
    ),
}
FRACTIONS = (
    "middle_ticket_fen",
    "benford_distance",
    "carrier_overlap",
    "category_entropy",
)
WORDS = ("category", "origin")
ROWS = ("new", "cycles")

Fetch = Callable[[str], pa.Table]


@dataclass(frozen=True, slots=True)
class Year:
    """M1–M12 of `size` merchants. `whole[group]` (int64) by the names of COLUMNS, `fractions`
    (float64) by those of FRACTIONS, `words` by those of WORDS (empty: there is none), all of shape
    (size,).

    `new`: how much (fen, in place of bills) was sold in M1–M3 to consignees that were new on a day
    (since 1970-01-01). `cycles`: how many COD bills were paid after so many days, of the months
    whose bills were all paid before T's month.
    """

    size: int
    whole: dict[str, dict[str, Ints]]
    fractions: dict[str, Floats]
    words: dict[str, Texts]
    new: Counted
    cycles: Counted

    def sum_new(self, since: int) -> Ints:
        """What was sold in M1–M3 to consignees that were new on day `since` or later (fen)."""
        total = np.zeros(self.size, np.int64)
        late = self.new.value >= since
        np.add.at(total, self.new.place[late], self.new.bills[late])
        return total

    def to_table(self, merchants: Sequence[str]) -> pa.Table:
        """As a table, a row a merchant; the inverse of `year_of_table`."""
        columns = [
            pa.array(merchants, pa.string()),
            *(
                pa.array(self.whole[group][name], pa.int64())
                for group, names in COLUMNS.items()
                for name in names
            ),
            *(pa.array(self.fractions[name], pa.float64()) for name in FRACTIONS),
            *(pa.array(self.words[name], pa.string()) for name in WORDS),
            *_lists_of(self.new, self.size),
            *_lists_of(self.cycles, self.size),
        ]
        return pa.table(columns, schema=SCHEMA)


SCHEMA = pa.schema(
    [
        ("merchant_id", pa.string()),
        *((f"{group}.{name}", pa.int64()) for group, names in COLUMNS.items() for name in names),
        *((name, pa.float64()) for name in FRACTIONS),
        *((name, pa.string()) for name in WORDS),
        *((f"{name}.{part}", pa.list_(pa.int64())) for name in ROWS for part in ("value", "bills")),
    ]
)


def _lists_of(counted: Counted, size: int) -> list[pa.ListArray]:
    offsets = pa.array(np.searchsorted(counted.place, np.arange(size + 1)), pa.int32())
    return [
        pa.ListArray.from_arrays(offsets, pa.array(values, pa.int64()))
        for values in (counted.value, counted.bills)
    ]


def year_of_table(table: pa.Table) -> Year:
    """A Year from the table that `to_table` made, or from rows of several of them."""
    table = table.combine_chunks()

    def column(name: str) -> pa.Array:
        found = table.column(name)
        return found.chunk(0) if found.num_chunks else pa.array([], found.type)

    def rows(name: str) -> Counted:
        values, bills = column(f"{name}.value"), column(f"{name}.bills")
        lengths = pc.list_value_length(values).to_numpy(zero_copy_only=False).astype(np.int64)
        place = np.repeat(np.arange(table.num_rows, dtype=np.int64), lengths)
        return Counted(place, values.flatten().to_numpy(), bills.flatten().to_numpy())

    return Year(
        size=table.num_rows,
        whole={
            group: {name: column(f"{group}.{name}").to_numpy() for name in names}
            for group, names in COLUMNS.items()
        },
        fractions={name: column(name).to_numpy() for name in FRACTIONS},
        words={name: column(name).to_numpy(zero_copy_only=False) for name in WORDS},
        new=rows("new"),
        cycles=rows("cycles"),
    )


def year_values(as_of: AsOf, open_from: int | None = None) -> dict[str, Value]:
    """What the SQL files of a year are given; before the month `open_from` (by default M12) all
    bills were paid before T's month.
    """
    values: dict[str, Value] = {f"m{k}": as_of.month(k) for k in (1, 3, 6, 12, 18)}
    values["open_from"] = as_of.month(12) if open_from is None else open_from
    return values | {"earliest_new": as_of.earliest_new}


def read_year(
    connection: duckdb.DuckDBPyConnection,
    rolled: RolledLake,
    as_of: AsOf,
    places: Ints,
    references: References,
    open_from: int | None = None,
) -> Year:
    """Read what full months say of the merchants at `places` in the order of merchant_id;
    `open_from` as in `year_values`.

    The tables `listed`, `roster`, `shippers`, `words`, `blacklist` and `staff` must exist.
    """
    values = year_values(as_of, open_from)
    narrow(connection, rolled, YEAR_ROLLUPS, places, kept=READ_OFTEN)
    for name in YEAR_TABLES:
        connection.execute(render_sql(name, values))

    def fetch(name: str) -> pa.Table:
        return connection.sql(render_sql(name, values)).to_arrow_table()

    year = make_year(fetch, len(places), references)
    for table in (*READ_OFTEN, *YEAR_TABLES.values()):
        connection.execute(f"drop table {table}")
    return year


def make_year(fetch: Fetch, size: int, references: References) -> Year:
    """The year of `size` merchants, where `fetch(name)` is what the SQL file of this name gave."""
    absent = {"listed": references.blacklist is None, "related": references.staff is None}
    whole: dict[str, dict[str, Ints]] = {}
    for group, names in COLUMNS.items():
        if group == "summary":
            continue
        if absent.get(group):
            whole[group] = {name: np.zeros(size, np.int64) for name in names}
        else:
            whole[group] = spread(fetch(f"year_{group}"), names, size)
    summary, fractions, words = _summarise(fetch, size)
    new = fetch("year_new")
    return Year(
        size=size,
        whole={**whole, "summary": summary},
        fractions=fractions,
        words=words,
        new=Counted(ints(new, "place"), days_of(new, "first_cod_on"), ints(new, "amount_fen")),
        cycles=read_counted(fetch("year_cycles"), "days"),
    )


def _summarise(
    fetch: Fetch, size: int
) -> tuple[dict[str, Ints], dict[str, Floats], dict[str, Texts]]:
    """What takes more than a sum: medians, distances, the leading words."""
    summary: dict[str, Ints] = {}
    fractions: dict[str, Floats] = {}
    words: dict[str, Texts] = {}
    tickets = read_counted(fetch("year_tickets"), "amount_fen")
    fractions["middle_ticket_fen"], summary["tickets"] = median_of(tickets, size)
    fractions["benford_distance"] = benford_distance(tickets, summary["tickets"])
    halves = fetch("year_halves")
    carriers, categories = (_halves(halves, kind) for kind in (CARRIER, CATEGORY))
    summary["now_fen"], summary["then_fen"] = now_fen, then_fen = carriers.sums(size)
    fractions["carrier_overlap"] = overlap_of(carriers, now_fen, then_fen)
    category_now_fen, category_then_fen = categories.sums(size)
    summary["categories_fen"] = category_now_fen + category_then_fen
    fractions["category_entropy"] = entropy_of(categories, summary["categories_fen"])
    main = fetch("year_main")
    for name, kind in (("category", CATEGORY), ("origin", ORIGIN)):
        own = main.filter(pc.equal(main.column("kind"), kind))
        found = spread(own, ("part", "whole"), size)
        summary[f"{name}_part"], summary[f"{name}_whole"] = found["part"], found["whole"]
        words[name] = np.full(size, "", object)
        words[name][ints(own, "place")] = own.column("word").to_numpy()
    return summary, fractions, words


def _halves(table: pa.Table, kind: int) -> Halves:
    own = table.filter(pc.equal(table.column("kind"), kind))
    return Halves(*(ints(own, name) for name in ("place", "now_fen", "then_fen")))
