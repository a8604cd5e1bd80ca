"""What is measured of waybills: one list of measures that SQL, arrays and expectations share."""

from __future__ import annotations

from app.waybills.codes import ROW_LOCAL

# Columns whose nulls are counted. Of the last ones only bills that had time to get there count.
PLAIN_COLUMNS = (
    "carrier_id",
    "outlet_id",
    "goods_name",
    "goods_category",
    "freight_payment",
    "origin",
    "destination",
    "status",
    "operator",
    "pieces",
    "weight_g",
    "volume_cm3",
    "freight_fen",
    "cod_fen",
    "cod_first_fen",
    "cod_fee_fen",
    "declared_fen",
    "insured_fee_fen",
    "shipper_name_hash",
    "shipper_phone_hash",
    "consignee_name_hash",
    "consignee_phone_hash",
    "shipper_card_hash",
)
LATER_COLUMNS = ("signed_at", "cod_collected_at", "cod_paid_at")
NULLABLE = PLAIN_COLUMNS + LATER_COLUMNS
MATURE_DAYS = 20  # a bill this much older than its file's newest one had time to be signed and paid

# Columns whose values are kept with their days, so that new ones are known.
CATEGORIES = ("status", "goods_category", "freight_payment", "carrier_id", "outlet_id")
MOST_VALUES = 2_000  # of a column and an import; what comes beyond is one lot
OTHER_VALUES = "…"

LATE_DAYS = 7  # arrived later than this after its day of entry: late (domain: TIME)
NIGHT_FROM, NIGHT_TO = 23, 5  # hours of the day

CODES = (*(str(code.name) for code in ROW_LOCAL), "DUPLICATE", "CONFLICT")

COUNTS = ("bills", "cod_bills", "freight_bills", "mature", "late", "night")
SUMS = ("cod_fen", "freight_fen", "cod_logs", "freight_logs")


def code_name(code: str) -> str:
    """The measure's name of a cleaning code."""
    return f"code_{code}"


def null_name(column: str) -> str:
    """The measure's name of a column's nulls."""
    return f"null_{column}"


MEASURES: tuple[str, ...] = (
    *COUNTS,
    *SUMS,
    *(code_name(code) for code in CODES),
    *(null_name(column) for column in NULLABLE),
)
