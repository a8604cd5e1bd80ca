r"""A field and the type of its column come in; SQL goes out:

its value in the lake's unit, and what makes a row bad.

The raw column is called `r_<field>`. Values: fen, grams, cubic centimetres, local time of
Asia/Shanghai; an empty text is null.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.waybills.columns import LONGEST_ID, LONGEST_TEXT, Field
from app.waybills.personal import normal_card_sql, normal_name_sql, normal_phone_sql, quote

ColumnType = Literal[
    "text", "integer", "decimal", "cents", "double", "timestamp", "zoned", "date", "absent"
]

BLANKS = r"' ' || chr(9) || chr(10) || chr(13) || chr(160) || chr(12288)"
# A yuan amount as exports write it: sign, thousands in groups of three, ¥ before it.
AMOUNT_SHAPE = r"[¥￥]? ?[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?"
NUMBER_SHAPE = r"[+-]?(?:\d+)(?:\.\d*)?"
TIME_SHAPE = r"\d{4}-\d{1,2}-\d{1,2}(?: \d{1,2}:\d{1,2}(?::\d{1,2}(?:\.\d{1,6})?)?)?|\d{8}|\d{14}"
ZONED_SHAPE = r"\d{4}-\d{1,2}-\d{1,2} \d{1,2}:.*(?:Z|[+-]\d{2}(?::?\d{2})?)"
TIME_FORMATS = (
    "['%Y-%m-%d %H:%M:%S.%f', '%Y-%m-%d %H:%M:%S', '%Y-%m-%d %H:%M', '%Y-%m-%d', '%Y%m%d',"
    " '%Y%m%d%H%M%S']"
)
SHANGHAI_US = 8 * 3600 * 1_000_000  # ahead of UTC; no summer time since 1991
# A double stands for a whole number of fen when it is within a few units in the last place of it.
DOUBLE_SLACK = "1e-15"
GREATEST_COUNT = "1e9"  # pieces, kilograms, cubic metres
SCALES = {"count": "1", "weight": "1000", "volume": "1000000"}


@dataclass(frozen=True, slots=True)
class Check:
    """A row is bad when `condition` (SQL over raw and parsed columns) is true."""

    condition: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """SQL of a field's value, over raw columns, and the checks that need raw and parsed columns."""

    value: str
    checks: tuple[Check, ...]


def parse(field: Field, found: ColumnType) -> Parsed:
    """SQL for a field whose column has the given type; an absent column is null throughout."""
    raw = f"r_{field.name}"
    if found == "absent":
        return Parsed(_null_of(field), ())
    if field.kind == "amount":
        parsed = _parse_amount(field, raw, found)
    elif field.kind in SCALES:
        parsed = _parse_number(field, raw, found)
    elif field.kind == "time":
        parsed = _parse_time(field, raw, found)
    else:
        parsed = _parse_text(field, raw)
    if field.required:
        blank = is_blank(raw, found) if field.kind == "time" else f"{field.lake} IS NULL"
        missing = Check(blank, "MISSING_VALUE", "must have a value")
        return Parsed(parsed.value, (missing, *parsed.checks))
    return parsed


def is_blank(raw: str, found: ColumnType) -> str:
    """SQL: whether a raw value is null or an empty text."""
    return f"coalesce({trim(raw)}, '') = ''" if found == "text" else f"{raw} IS NULL"


def trim(raw: str) -> str:
    return f"trim({raw}, {BLANKS})"


def _null_of(field: Field) -> str:
    if field.kind == "time":
        return "NULL::TIMESTAMP"
    return "NULL::BIGINT" if field.kind == "amount" or field.kind in SCALES else "NULL::VARCHAR"


def _parse_text(field: Field, raw: str) -> Parsed:
    value = f"nullif({trim(raw)}, '')"
    if field.kind == "status":
        value = f"lower({value})"
    elif field.kind == "name":
        value = normal_name_sql(raw)
    elif field.kind == "phone":
        value = normal_phone_sql(raw)
    elif field.kind == "card":
        value = normal_card_sql(raw)
    longest = LONGEST_TEXT if field.kind == "text" else LONGEST_ID
    # Bytes first: counting characters, and normalising names, is the dearer test.
    # CASE, and the value written out: an AND would have every row's name normalised.
    too_long = f"CASE WHEN strlen({raw}) > {longest} THEN length({value}) > {longest} END"
    return Parsed(
        value, (Check(too_long, "TOO_LONG", f"is longer than {longest} characters; shorten it"),)
    )


def _parse_amount(field: Field, raw: str, found: ColumnType) -> Parsed:
    value, bad, decimals = _amount_parts(raw, found)
    fen = field.lake
    given = f"NOT ({is_blank(raw, found)})"
    checks = [
        Check(f"{given} AND {bad}", "BAD_AMOUNT", "is not an amount in yuan such as 1234.50"),
        Check(
            f"{given} AND {decimals}", "TOO_MANY_DECIMALS", "has more than two decimals; round it"
        ),
        Check(
            f"{given} AND NOT {bad} AND {fen} IS NULL",
            "AMOUNT_TOO_LARGE",
            "is 10,000,000,000 yuan or more",
        ),
        Check(
            f"{fen} < 0 AND NOT is_reversal",
            "NEGATIVE_AMOUNT",
            "is negative, which only a returned or voided waybill may be",
        ),
    ]
    return Parsed(value, tuple(check for check in checks if " AND false" not in check.condition))


def _amount_parts(raw: str, found: ColumnType) -> tuple[str, str, str]:
    """SQL of the fen, of "is no amount", of "has more than two decimals"."""
    if found == "text":
        text = trim(raw)
        clean = f"regexp_replace({text}, '[¥￥, ]', '', 'g')"
        shaped = f"regexp_full_match({text}, '{AMOUNT_SHAPE}')"
        fen = f"CASE WHEN {shaped} THEN (try_cast({clean} AS DECIMAL(12,2)) * 100)::BIGINT END"
        many = rf"{shaped} AND regexp_matches({text}, '\.\d\d\d*[1-9]')"
        return fen, f"NOT {shaped}", f"({many})"
    if found == "double":
        bad = f"NOT isfinite({raw})"
        fen = f"CASE WHEN abs({raw}) < 1e10 THEN round({raw} * 100)::BIGINT END"
        many = (
            f"coalesce(abs({raw} - round({raw} * 100) / 100)"
            f" > {DOUBLE_SLACK} * greatest(1, abs({raw})), false)"
        )
        return fen, f"({bad})", f"(abs({raw}) < 1e10 AND {many})"
    exact = f"try_cast({raw} AS DECIMAL(12,2))"
    many = f"(coalesce({exact} <> {raw}, false))" if found == "decimal" else "false"
    return f"({exact} * 100)::BIGINT", "false", many


def _parse_number(field: Field, raw: str, found: ColumnType) -> Parsed:
    number = f"{raw}::DOUBLE"
    shaped = "true"
    if found == "text":
        shaped = f"regexp_full_match({trim(raw)}, '{NUMBER_SHAPE}')"
        number = f"CASE WHEN {shaped} THEN try_cast({trim(raw)} AS DOUBLE) END"
    usable = f"coalesce(abs({number}) <= {GREATEST_COUNT}, false)"
    value = f"CASE WHEN {usable} THEN round({number} * {SCALES[field.kind]})::BIGINT END"
    given = f"NOT ({is_blank(raw, found)})"
    checks = [
        Check(
            f"{given} AND {field.lake} IS NULL",
            "BAD_NUMBER",
            "is not a number up to 1,000,000,000",
        ),
        Check(
            f"{field.lake} < 0 AND NOT is_reversal",
            "NEGATIVE_NUMBER",
            "is negative, which only a returned or voided waybill may be",
        ),
    ]
    if field.kind == "count" and found != "integer":
        fraction = f"coalesce({number} <> {field.lake}, false)"
        checks.append(Check(fraction, "BAD_NUMBER", "is not a whole number"))
    return Parsed(value, tuple(checks))


def _parse_time(field: Field, raw: str, found: ColumnType) -> Parsed:
    value = {
        "text": _time_from_text(raw),
        "timestamp": f"CASE WHEN isfinite({raw}) THEN {raw}::TIMESTAMP END",
        "date": f"CASE WHEN isfinite({raw}) THEN {raw}::TIMESTAMP END",
        "zoned": f"CASE WHEN isfinite({raw})"
        f" THEN make_timestamp(epoch_us({raw}) + {SHANGHAI_US}) END",
    }[found]
    given = f"NOT ({is_blank(raw, found)})"
    latest = (
        "getvariable('first_refused_at')"
        if field.name == "created_at"
        else "TIMESTAMP '2100-01-01'"
    )
    checks = (
        Check(
            f"{given} AND {field.lake} IS NULL",
            "BAD_TIME",
            "is not a time such as 2024-01-05 08:03:00",
        ),
        Check(f"{field.lake} < TIMESTAMP '2000-01-01'", "TIME_OUT_OF_RANGE", "is before 2000"),
        Check(
            f"{field.lake} >= {latest}",
            "TIME_OUT_OF_RANGE",
            "is after tomorrow" if field.name == "created_at" else "is after 2099",
        ),
    )
    return Parsed(value, checks)


def _time_from_text(raw: str) -> str:
    """ISO and the forms of Chinese exports:

    2024/1/5 8:03, 2024年1月5日 8时3分, 20240105; with a zone, converted.
    """
    plain = trim(raw)
    for old, new in (
        ("T", " "), ("/", "-"), ("年", "-"), ("月", "-"), ("日", " "),
        ("时", ":"), ("分", ":"), ("秒", ""),
    ):  # fmt: skip
        plain = f"replace({plain}, '{old}', '{new}')"
    plain = f"rtrim(regexp_replace({plain}, ' +', ' ', 'g'), ': ')"
    zoned = f"make_timestamp(epoch_us(try_cast({plain} AS TIMESTAMPTZ)) + {SHANGHAI_US})"
    return (
        f"CASE WHEN regexp_full_match({plain}, {quote(TIME_SHAPE)})"
        f" THEN try_strptime({plain}, {TIME_FORMATS})"
        f" WHEN regexp_full_match({plain}, {quote(ZONED_SHAPE)}) THEN {zoned} END"
    )
