"""Which rollups there are, what each reads and has, and which months of them an as-of day needs."""

from __future__ import annotations

from dataclasses import dataclass

from app.features.calendar import AsOf


@dataclass(frozen=True, slots=True)
class Rollup:
    """A rollup by the name of its SQL file. `months`: how many full months back it is needed; None
    is all of them.

    `reads` are the columns of `bills` that it reads, beside those that capping needs. `columns` are
    what it has when there is no month to read: name and type, with commas.
    """

    name: str
    months: int | None
    in_cut_month: bool  # whether the month that the cut-off cuts in two is needed too
    reads: str
    columns: str
    only_with_blacklist: bool = False
    beyond: int = 0  # only full months farther back than this many, and the one that is cut


# What `merchant_bill` and `merchant_trade` have in common: who bought from a merchant, when and for
# how much, of every month.
TRADES = ("merchant_trade", "merchant_bill")
TRADE_COLUMNS = (
    "merchant integer, shipper ubigint, consignee ubigint, month integer, created_on date,"
    " amount_fen bigint"
)

ROLLUPS = (
    Rollup(
        "merchant_month",
        None,
        in_cut_month=True,
        reads="is_bill created_on",
        columns="merchant integer, merchant_id varchar, month integer, records bigint,"
        " bills bigint, cod_bills bigint, amount_fen bigint, first_cod_on date, last_bill_on date,"
        " bill_days bigint",
    ),
    Rollup(
        "merchant_quality",
        12,
        in_cut_month=False,
        reads="is_bill freight_fen flags repeats resets cod_fen is_two_sided has_first_amount",
        columns="merchant integer, month integer, freight_bills bigint, freight_fen bigint,"
        " round_bills bigint, voided bigint, repeats bigint, resets bigint, self_deal_fen bigint,"
        " two_sided bigint, edited_fen bigint, with_first_amount bigint",
    ),
    Rollup(
        "merchant_bill",
        12,
        in_cut_month=False,
        reads="shipper consignee is_bill created_on cod_paid_at flags carrier destination category",
        columns=f"{TRADE_COLUMNS}, carrier ubigint, destination ubigint, category ubigint,"
        " paid_days integer",
    ),
    Rollup(
        "merchant_trade",
        None,
        in_cut_month=True,
        reads="shipper consignee is_bill created_on",
        columns=TRADE_COLUMNS,
        beyond=12,
    ),
    Rollup(
        "merchant_identity",
        12,
        in_cut_month=False,
        reads="is_bill origin name phone card",
        columns="merchant integer, month integer, origin ubigint, name ubigint, phone ubigint,"
        " card ubigint, bills bigint",
    ),
    Rollup(
        "merchant_outcome",
        12,
        in_cut_month=False,
        reads="is_bill is_returned is_return_waybill created_on signed_at cod_paid_at"
        " says_signed says_settled tells_settlement flags cod_fen",
        columns="merchant integer, source varchar, month integer, bills bigint, shipped bigint,"
        " signed bigint, with_signed_at bigint, returned_fen bigint, mature_fen bigint,"
        " settled_fen bigint, with_settlement bigint, with_paid_at bigint",
    ),
    Rollup(
        "merchant_carriage",
        12,
        in_cut_month=False,
        reads="consignee is_bill created_at signed_at flags cod_fen pieces twice_seconds outlet"
        " origin destination freight_ppm is_freight_outlier is_fee_outlier barred_fen",
        columns="merchant integer, month integer, freight_judged bigint, fee_judged bigint,"
        " freight_outliers bigint, fee_outliers bigint, barred_fen bigint,"
        " freight_outlier_fen bigint, fee_outlier_fen bigint, countable bigint, suspects bigint,"
        " known_journeys bigint, known_fen bigint, too_fast_fen bigint",
    ),
    Rollup(
        "merchant_outlet",
        12,
        in_cut_month=False,
        reads="is_bill created_at created_on flags outlet carrier",
        columns="merchant integer, month integer, kind tinyint, outlet ubigint,"
        " timed_bills bigint, night_bills bigint",
    ),
    Rollup(
        "merchant_phone",
        12,
        in_cut_month=False,
        reads="is_bill phone consignee_phone",
        columns="merchant integer, month integer, phone ubigint",
        only_with_blacklist=True,
    ),
)


def is_needed(rollup: Rollup, as_of: AsOf, month: int, has_blacklist: bool) -> bool:
    """Whether a snapshot of `as_of` reads this rollup of this month."""
    if rollup.only_with_blacklist and not has_blacklist:
        return False
    if month == as_of.cut_month:
        return rollup.in_cut_month
    if rollup.beyond and month >= as_of.month(rollup.beyond):
        return False
    return rollup.months is None or month >= as_of.month(rollup.months)


def columns_of(name: str) -> list[str]:
    """The names of a rollup's columns."""
    (columns,) = (rollup.columns for rollup in ROLLUPS if rollup.name == name)
    return [column.rsplit(" ", 1)[0] for column in columns.split(", ")]


def no_rollup(name: str) -> str:
    """What to select from in place of a rollup that has no month to read: its columns, no row."""
    (columns,) = (rollup.columns for rollup in ROLLUPS if rollup.name == name)
    typed = (column.rsplit(" ", 1) for column in columns.split(", "))
    nulls = ", ".join(f"cast(null as {kind}) as {column}" for column, kind in typed)
    return f"(select {nulls} where false)"
