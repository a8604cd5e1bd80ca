"""Small lakes for tests: waybills as plain records come in; Parquet files in the lake's schema and
a `LakeState` over them go out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from app.features.build import Built, build_snapshot
from app.features.calendar import AsOf
from app.features.carriage import CarriageRule
from app.features.catalogue import FeatureCatalogue, load_feature_catalogue
from app.features.holidays import load_calendar
from app.features.lake import Import, LakeState, OutlierRule
from app.features.reference import ListedParty, ReferenceList, References
from app.settings import PROJECT_FOLDER

VOIDED, RETURNED, SELF_DEAL, TIME, TEST, EDITED_UP = 1, 2, 8, 16, 32, 64
NO_SALE = VOIDED | RETURNED | SELF_DEAL | TEST
CATALOGUE = PROJECT_FOLDER / "rulesets" / "catalogue.yaml"


@dataclass(frozen=True)
class Waybill:
    """A row of the lake, as far as features read it. Amounts are fen."""

    waybill_no: str
    created_at: datetime
    merchant_id: str = "M"
    consignee_id: str = "C"
    cod_fen: int | None = 10_000
    cod_first_fen: int | None = None
    status: str | None = "cod_paid"
    flags: int = 0
    source: str = "tms"
    carrier_id: str | None = "X"
    destination: str | None = "Xuzhou"
    goods_category: str | None = "hardware"
    origin: str | None = "Linyi"
    freight_fen: int | None = 2_000
    cod_fee_fen: int | None = None
    outlet_id: str | None = None
    pieces: int | None = None
    signed_at: datetime | None = None
    cod_paid_at: datetime | None = None
    return_of: str | None = None
    shipper_name_hash: str | None = None
    shipper_phone_hash: str | None = None
    consignee_name_hash: str | None = None
    consignee_phone_hash: str | None = None
    shipper_card_hash: str | None = None
    repeats: int = 0
    resets: int = 0
    eligible_fen: int | None = None  # the COD amount unless said otherwise

    @property
    def month(self) -> int:
        return self.created_at.year * 12 + self.created_at.month - 1

    @property
    def is_sale(self) -> bool:
        return not self.flags & NO_SALE

    @property
    def counted_fen(self) -> int:
        """`eligible_fen` as the lake stores it."""
        if not self.is_sale:
            return 0
        given = self.cod_fen if self.eligible_fen is None else self.eligible_fen
        return max(given or 0, 0)


TEXTS = [
    "source",
    "waybill_no",
    "merchant_id",
    "consignee_id",
    "carrier_id",
    "outlet_id",
    "destination",
    "goods_category",
    "origin",
    "status",
    "return_of",
    "shipper_name_hash",
    "shipper_phone_hash",
    "consignee_name_hash",
    "consignee_phone_hash",
    "shipper_card_hash",
]
SCHEMA = pa.schema(
    [(name, pa.string()) for name in TEXTS]
    + [(name, pa.int64()) for name in ("freight_fen", "cod_fen", "cod_first_fen", "eligible_fen")]
    + [(name, pa.int64()) for name in ("cod_fee_fen", "pieces")]
    + [(name, pa.timestamp("us")) for name in ("created_at", "signed_at", "cod_paid_at")]
    + [(name, pa.int32()) for name in ("month", "flags", "repeats", "resets")]
    + [("is_sale", pa.bool_())]
)


@dataclass(frozen=True)
class Conflict:
    merchant_id: str
    month: int


def write_lake(
    folder: Path,
    imports: Mapping[str, Iterable[Waybill]],
    *,
    conflicts: Iterable[Conflict] = (),
    invoice_sources: Iterable[str] = (),
    outliers: Mapping[str, OutlierRule] | None = None,
    references: References | None = None,
    carriage: Mapping[str, CarriageRule] | None = None,
) -> LakeState:
    """Write one file an import and month, sorted by merchant, and say what the lake looks like
    then.
    """
    months: dict[int, list[Path]] = defaultdict(list)
    for import_id, waybills in imports.items():
        by_month = defaultdict(list)
        for waybill in waybills:
            by_month[waybill.month].append(waybill)
        for month, rows in sorted(by_month.items()):
            path = folder / "waybills" / f"month={month}" / f"{import_id}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, sorted(rows, key=lambda w: w.merchant_id))
            months[month].append(path)
    listed = list(conflicts)
    ledger = [Import(name, "tms", f"{name}.csv", f"hash of {name}") for name in imports]
    if listed:
        path = folder / "conflicts.parquet"
        pq.write_table(pa.Table.from_pylist([asdict(c) for c in listed]), path)
        touched = tuple({c.month for c in listed})
        ledger.append(Import("late", "tms", "late.csv", "late", "", "", touched, path))
    return LakeState(
        folder,
        {month: tuple(files) for month, files in months.items()},
        tuple(ledger),
        frozenset(invoice_sources),
        outliers or {},
        load_calendar(CATALOGUE.with_name("calendar.yaml")),
        references or References(),
        carriage_rules=carriage or {},
    )


def _write(path: Path, rows: list[Waybill]) -> None:
    records = [
        {
            **asdict(row),
            "month": row.month,
            "is_sale": row.is_sale,
            "eligible_fen": row.counted_fen,
        }
        for row in rows
    ]
    pq.write_table(pa.Table.from_pylist(records, SCHEMA), path)


def listed(*parties: tuple[str, str]) -> ReferenceList:
    """A list of parties (kind, id or hash) that always counted."""
    return ReferenceList(tuple(ListedParty(kind, text, None) for kind, text in parties), "hash")


def load_catalogue() -> FeatureCatalogue:
    return load_feature_catalogue(CATALOGUE)


def build(lake: LakeState, as_of: date) -> Built:
    """A snapshot with little memory."""
    return build_snapshot(lake, load_catalogue(), AsOf(as_of), 512)


def see(lake: LakeState, as_of: date) -> dict[str, dict[str, object]]:
    """Merchant → its row, the reason standing in for a null."""
    import json

    seen = {}
    for row in build(lake, as_of).snapshot.read().to_pylist():
        missing = json.loads(row.pop("missing"))
        merchant = str(row.pop("merchant_id"))
        assert {name for name, value in row.items() if value is None} == set(missing)
        seen[merchant] = {name: missing.get(name, value) for name, value in row.items()}
    return seen


def rename(waybills: Iterable[Waybill], prefix: str) -> list[Waybill]:
    """The same business under other names: merchants and consignees."""
    return [
        replace(w, merchant_id=prefix + w.merchant_id, consignee_id=prefix + w.consignee_id)
        for w in waybills
    ]
