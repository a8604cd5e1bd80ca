"""Waybills of the lake as a trace reads them: files, a condition and columns come in; rows go
out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from app.features.calendar import AsOf
from app.features.lake import LakeState
from app.features.sql_text import write_literal
from app.waybills.codes import Code

# What is read of a waybill; what a lake file of before a column has is null.
_TEXTS = """source waybill_no merchant_id consignee_id carrier_id outlet_id destination
goods_category origin status return_of shipper_name_hash shipper_phone_hash shipper_card_hash
consignee_name_hash consignee_phone_hash shipper_phone_masked shipper_card_masked
consignee_phone_masked"""
_NUMBERS = """freight_fen cod_fen cod_first_fen cod_fee_fen eligible_fen pieces month flags repeats
resets"""
TEXTS, NUMBERS = _TEXTS.split(), _NUMBERS.split()
MOMENTS = ("created_at", "signed_at", "cod_paid_at")
COLUMNS = (*TEXTS, *NUMBERS, *MOMENTS, "is_sale")


@dataclass(slots=True)
class Bill:
    """A waybill, and what was counted of it: `is_bill` and `amount_fen` as the features see them,
    `capped_from_fen` where AMOUNT_OUTLIER lowered it, `barred_fen` what FREIGHT_OUTLIER and
    FEE_OUTLIER took away, `judged` which of these it was judged for and got, `returned_by` the
    number of the return waybill that names it.
    """

    values: dict[str, Any]
    import_id: str
    returned_by: str | None = None
    is_bill: bool = False
    amount_fen: int = 0
    capped_from_fen: int | None = None
    barred_fen: int = 0
    judged: dict[str, bool] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.values[name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def day(self) -> date:
        created_at: datetime = self.values["created_at"]
        return created_at.date()

    @property
    def is_cod(self) -> bool:
        """Whether it is a COD bill."""
        return self.amount_fen > 0

    def has(self, *codes: str) -> bool:
        """Whether it has one of these codes that the row alone tells."""
        return any(self.values["flags"] & Code[code] for code in codes)

    @property
    def is_returned(self) -> bool:
        return self.has("RETURNED") or self.returned_by is not None

    @property
    def codes(self) -> list[str]:
        """All cleaning codes that it got, and why."""
        found = [str(code.name) for code in Code if self.values["flags"] & code]
        if self.returned_by is not None and "RETURNED" not in found:
            found.append("RETURNED")
        if self.capped_from_fen is not None:
            found.append("AMOUNT_OUTLIER")
        found += [code for code, holds in self.judged.items() if holds]
        if self.values["repeats"]:
            found.append("DUPLICATE")
        if self.values["resets"]:
            found.append("CONFLICT")
        return found


@dataclass(frozen=True, slots=True)
class Files:
    """The lake's waybill files by month as one table that can be selected from."""

    connection: duckdb.DuckDBPyConnection
    lake: LakeState
    as_of: AsOf

    def months(self, oldest: int | None = None, newest: int = 0) -> list[Path]:
        """The files from M`oldest` (None: all of before) to M`newest`, M0 being the month of T."""
        last = self.as_of.month(newest)
        first = None if oldest is None else self.as_of.month(oldest)
        return [
            path
            for month, paths in sorted(self.lake.months.items())
            if month <= last and (first is None or month >= first)
            for path in paths
        ]

    def select(self, columns: Iterable[str], where: str, files: Sequence[Path]) -> str:
        """A query over files: these columns and `filename`, null where no file has one."""
        wanted = list(columns)
        if not files:
            return self._nothing(wanted)
        names = ", ".join(write_literal(str(path)) for path in files)
        origin = (
            f"read_parquet([{names}], hive_partitioning = false, union_by_name = true,"
            " filename = true)"
        )
        known = {row[0] for row in self.connection.execute(f"describe from {origin}").fetchall()}
        told = [name if name in known else f"{_null(name)} as {name}" for name in wanted]
        before = write_literal(self.as_of.cut_off_at)
        return (
            f"select {', '.join([*told, 'filename'])} from"
            f" (select *{_absent(known)} from {origin}) as files"
            f" where created_at < {before} and ({where})"
        )

    def _nothing(self, wanted: list[str]) -> str:
        told = [f"{_null(name)} as {name}" for name in [*wanted, "filename"]]
        return f"select {', '.join(told)} where false"

    def open_named(self) -> None:
        """Make the table `named` (source, waybill_no): originals that return waybills name."""
        known = self.connection.execute(
            "select 1 from information_schema.tables where table_name = 'named'"
        ).fetchall()
        if not known:
            query = self.select(["source", "return_of"], "return_of is not null", self.months())
            self.connection.execute(
                "create temp table named as select distinct source, return_of as waybill_no"
                f" from ({query}) as returns"
            )

    def fetch(self, query: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.connection.sql(query).to_arrow_table().to_pylist()
        return rows


def _null(name: str) -> str:
    kind = "bigint" if name in NUMBERS else "timestamp" if name in MOMENTS else "varchar"
    return f"cast(null as {'boolean' if name == 'is_sale' else kind})"


def _absent(known: set[str]) -> str:
    """Columns that conditions may name and no file has."""
    return "".join(
        f", {_null(name)} as {name}" for name in [*TEXTS, *NUMBERS, *MOMENTS] if name not in known
    )
