"""Names, phones and cards of an input come in; SQL columns of their hashes, masked forms and marks
go out.

Every value is hashed in its own row. A table of the distinct values, joined, would save most of
the hashing, but a join or a grouping keeps clear values, and may spill them to disk when memory
is short.
"""

from __future__ import annotations

from app.waybills.cleaning import CleaningRules
from app.waybills.columns import FIELDS, Field
from app.waybills.inputs import Input
from app.waybills.personal import (
    hash_sql,
    is_placeholder_sql,
    is_real_phone_sql,
    is_test_sql,
    mask_card_sql,
    mask_name_sql,
    mask_phone_sql,
)

PERSONAL = tuple(field for field in FIELDS if field.is_personal)


def party_columns(given: Input, rules: CleaningRules) -> str:
    """SQL after SELECT over the parsed columns; `set_hash_key` must have been called."""
    return ", ".join(
        _row_columns(field, rules, given.types.get(field.name, "absent") != "absent")
        for field in PERSONAL
    )


def _marks_of(field: Field) -> list[str]:
    if field.kind == "name":
        return [f"{field.lake}_placeholder", f"{field.lake}_test"]
    return [f"{field.lake}_real"] if field.kind == "phone" else []


def _row_columns(field: Field, rules: CleaningRules, is_present: bool) -> str:
    """Columns `_hash`, `_masked` and the marks of a field, over its parsed value."""
    name = field.lake
    if not is_present:
        marks = [f"false AS {mark}" for mark in _marks_of(field)]
        nulls = [f"NULL::VARCHAR AS {name}_hash", f"NULL::VARCHAR AS {name}_masked"]
        return ", ".join(nulls + marks)
    if field.kind == "name":
        masked = mask_name_sql(name)
        placeholder = is_placeholder_sql(name, rules.placeholder_names)
        test = is_test_sql(name, rules.test_words)
        marks = [f"{placeholder} AS {name}_placeholder", f"{test} AS {name}_test"]
    elif field.kind == "card":
        masked, marks = mask_card_sql(name), []
    else:
        masked = mask_phone_sql(name)
        marks = [f"coalesce({is_real_phone_sql(name)}, false) AS {name}_real"]
    return ", ".join([f"{hash_sql(name)} AS {name}_hash", f"{masked} AS {name}_masked", *marks])
