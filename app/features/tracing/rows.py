"""A merchant's waybills as a snapshot counted them: the lake as the snapshot knew it, its day and a
merchant come in; every waybill with what was counted of it goes out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from app.features.calendar import AsOf, month_of
from app.features.sql_text import write_literal
from app.features.tracing.files import COLUMNS, Bill, Files
from app.features.tracing.judging import judge_bills


def read_bills(files: Files, merchant_id: str) -> list[Bill]:
    """All waybills of a merchant before the cut-off, judged and capped, in order."""
    where = f"merchant_id = {write_literal(merchant_id)}"
    query = files.select(COLUMNS, where, files.months())
    files.connection.execute(f"create or replace temp table own_rows as {query}")
    columns = ", ".join(COLUMNS)
    found = files.fetch(f"select {columns}, filename from own_rows")
    bills = [Bill(row, Path(row.pop("filename")).stem) for row in found]
    named = _find_returns(files, bills)
    for bill in bills:
        bill.returned_by = named.get((bill.source, bill.waybill_no))
    judge_bills(files, merchant_id, bills)
    return sorted(bills, key=lambda bill: (bill.created_at, bill.source, bill.waybill_no))


def _find_returns(files: Files, bills: list[Bill]) -> dict[tuple[str, str], str]:
    """(source, number) → number of the return waybill that names it, of any merchant and month."""
    if not bills:
        return {}
    numbers = pa.table({"no": pa.array([bill.waybill_no for bill in bills], pa.string())})
    files.connection.register("own_numbers", numbers)
    where = "return_of is not null and return_of in (select no from own_numbers)"
    query = files.select(["source", "return_of", "waybill_no"], where, files.months())
    found = files.fetch(query)
    files.connection.unregister("own_numbers")
    named: dict[tuple[str, str], str] = {}
    for row in sorted(found, key=lambda row: str(row["waybill_no"])):
        named.setdefault((row["source"], row["return_of"]), row["waybill_no"])
    return named


@dataclass
class Own:
    """A merchant's judged waybills, with what the definitions ask of them."""

    merchant_id: str
    as_of: AsOf
    files: Files
    rows: list[Bill]
    index: dict[int, float]  # seasonal index of Mk by k; 1 where there is none
    industry: str | None
    read_snapshot: Callable[[list[str]], pa.Table]  # columns of all merchants

    def month_back(self, bill: Bill) -> int:
        """k of the Mk that the waybill was created in; 0 in the month of T."""
        return self.as_of.month(0) - month_of(bill.day)

    def records(self, first: int, last: int) -> list[Bill]:
        """All waybills of M`first` … M`last`, bills or not."""
        return [bill for bill in self.rows if first <= self.month_back(bill) <= last]

    def bills(self, first: int, last: int) -> list[Bill]:
        return [bill for bill in self.records(first, last) if bill.is_bill]

    def cod(self, first: int, last: int) -> list[Bill]:
        return [bill for bill in self.records(first, last) if bill.is_cod]

    @cached_property
    def first_cod(self) -> Bill | None:
        """The first COD bill of all."""
        return next((bill for bill in self.rows if bill.is_cod), None)

    @property
    def history(self) -> int:
        """k of the month of the first COD bill; −1 without any."""
        return -1 if self.first_cod is None else self.month_back(self.first_cod)

    @cached_property
    def months_fen(self) -> dict[int, int]:
        """Amount by k, over all months up to M1."""
        found: dict[int, int] = {}
        for bill in self.rows:
            k = self.month_back(bill)
            found[k] = found.get(k, 0) + bill.amount_fen
        return found

    def sum_fen(self, first: int, last: int) -> int:
        """The amount of M`first` … M`last`."""
        return sum(self.months_fen.get(k, 0) for k in range(first, last + 1))

    def adjusted(self, first: int, last: int) -> list[float]:
        """The SA amounts of M`first` … M`last`, in fen."""
        return [self.months_fen.get(k, 0) / self.index.get(k, 1.0) for k in range(first, last + 1)]
