"""The columns of waybill files and of the lake:

one table that reading, checking and writing share.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from app.errors import ChengxinError

Kind = Literal[
    "id", "text", "status", "amount", "count", "weight", "volume", "time", "name", "phone", "card"
]

LONGEST_ID = 128  # characters
LONGEST_TEXT = 500  # characters, of texts that identify nothing


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a waybill file:

    its kind, the lake column that its value goes to, whether it must be there, and whether it is
    `late`: lake files of before it was known lack its columns.
    """

    name: str
    kind: Kind
    lake: str
    required: bool = False
    late: bool = False

    @property
    def is_personal(self) -> bool:
        return self.kind in ("name", "phone", "card")


FIELDS: tuple[Field, ...] = (
    Field("waybill_no", "id", "waybill_no", required=True),
    Field("shipper_id", "id", "merchant_id", required=True),
    Field("consignee_id", "id", "consignee_id", required=True),
    Field("carrier_id", "id", "carrier_id"),
    Field("outlet_id", "id", "outlet_id"),
    Field("goods_name", "text", "goods_name"),
    Field("goods_category", "text", "goods_category"),
    Field("pieces", "count", "pieces"),
    Field("weight_kg", "weight", "weight_g"),
    Field("volume_m3", "volume", "volume_cm3"),
    Field("freight", "amount", "freight_fen"),
    Field("freight_payment", "text", "freight_payment"),
    Field("cod_amount", "amount", "cod_fen"),
    Field("cod_amount_first", "amount", "cod_first_fen"),
    Field("cod_fee", "amount", "cod_fee_fen"),
    Field("declared_value", "amount", "declared_fen"),
    Field("insured_fee", "amount", "insured_fee_fen"),
    Field("origin", "text", "origin"),
    Field("destination", "text", "destination"),
    Field("created_at", "time", "created_at", required=True),
    Field("signed_at", "time", "signed_at"),
    Field("cod_collected_at", "time", "cod_collected_at"),
    Field("cod_paid_at", "time", "cod_paid_at"),
    Field("status", "status", "status"),
    Field("return_of", "id", "return_of"),
    Field("operator", "id", "operator"),
    Field("shipper_name", "name", "shipper_name"),
    Field("shipper_phone", "phone", "shipper_phone"),
    Field("consignee_name", "name", "consignee_name"),
    Field("consignee_phone", "phone", "consignee_phone"),
    Field("shipper_card", "card", "shipper_card", late=True),
)
FIELD_NAMES: tuple[str, ...] = tuple(field.name for field in FIELDS)
REQUIRED: tuple[str, ...] = tuple(field.name for field in FIELDS if field.required)
BY_NAME: dict[str, Field] = {field.name: field for field in FIELDS}

# Lake columns that hold a value of the file, in the order of the lake files; personal fields
# give two each.
VALUE_COLUMNS: tuple[str, ...] = tuple(
    column
    for field in FIELDS
    for column in (
        (f"{field.lake}_hash", f"{field.lake}_masked") if field.is_personal else (field.lake,)
    )
)

# Lake columns that older lake files lack; null is what they would say.
LATE_COLUMNS: tuple[str, ...] = tuple(
    column
    for field in FIELDS
    if field.late
    for column in (f"{field.lake}_hash", f"{field.lake}_masked")
)

# Every column of a lake file, in order.
LAKE_COLUMNS: tuple[str, ...] = (
    "source",
    *VALUE_COLUMNS,
    "month",
    "flags",
    "repeats",
    "resets",
    "is_sale",
    "eligible_fen",
    "import_id",
    "arrived_at",
)


class WrongColumns(ChengxinError):
    """The columns of a file cannot be used; the message names them."""


def check_names(file: str, found: Sequence[str]) -> list[str]:
    """Check the column names of a file; return the unknown ones, which are ignored.

    Raises WrongColumns when a name stands twice or a required one is missing; the message names
    unknown columns
    that look like the missing ones.
    """
    twice = sorted({name for name in found if name and found.count(name) > 1})
    if twice:
        raise WrongColumns(f"{file}: {_list(twice)} stands more than once in the header; keep one")
    unknown = [name for name in found if name not in BY_NAME]
    missing = [name for name in REQUIRED if name not in found]
    if missing:
        lines = [f"{file}: the file lacks {_list(missing)}; required are {_list(REQUIRED)}."]
        lines += [
            f"  '{near}' looks like {name}: rename it"
            for name in missing
            for near in difflib.get_close_matches(name, [u.lower() for u in unknown], 1, 0.6)
        ]
        lines.append(f"  columns found: {_list(found) if found else 'none'}")
        raise WrongColumns("\n".join(lines))
    return unknown


def describe_unknown(file: str, unknown: Iterable[str]) -> list[str]:
    """One warning per ignored column, with the known name that it resembles."""
    warnings = []
    for name in unknown:
        near = difflib.get_close_matches(name.lower(), FIELD_NAMES, 1, 0.8)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        warnings.append(f"{file}: column '{name[:60]}' is not known and was ignored{hint}")
    return warnings


def _list(names: Iterable[str]) -> str:
    shown = [name[:60] for name in names]
    text = ", ".join(shown[:40])
    return text if len(shown) <= 40 else f"{text}, … ({len(shown)} in all)"
