"""Cleaning rules of a source come in; SQL goes out:

the flags that a row alone can tell, whether it is a sale, what counts of it.
"""

from __future__ import annotations

from app.waybills.cleaning import CleaningRules
from app.waybills.codes import NO_SALE, Code
from app.waybills.personal import is_test_sql, quote


def is_voided_sql(rules: CleaningRules) -> str:
    return _is_one_of("status", rules.voided_statuses)


def is_returned_sql(rules: CleaningRules) -> str:
    """A returned waybill, or the return waybill that carries the goods back."""
    return f"({_is_one_of('status', rules.returned_statuses)} OR return_of IS NOT NULL)"


def is_reversal_sql(rules: CleaningRules) -> str:
    """Whether amounts may be negative: red-letter rows take a sale back."""
    return f"({is_voided_sql(rules)} OR {is_returned_sql(rules)})"


def flags_sql(rules: CleaningRules, has: frozenset[str]) -> str:
    """The bit mask of the row-local codes, INTEGER.

    `has` names the lake columns that the file fills.
    """
    conditions = {
        Code.VOIDED: is_voided_sql(rules),
        Code.RETURNED: is_returned_sql(rules),
        Code.PLACEHOLDER_PARTY: "shipper_name_placeholder OR consignee_name_placeholder",
        Code.SELF_DEAL: _self_deal(rules),
        Code.TIME: _time(has),
        Code.TEST: _test(rules),
        Code.EDITED_UP: "cod_fen > cod_first_fen",
    }
    terms = [
        f"CASE WHEN {condition} THEN {int(code)} ELSE 0 END"
        for code, condition in conditions.items()
        if rules.judges(code)
    ]
    return f"({' + '.join(terms) or '0'})::INTEGER"


def is_sale_sql() -> str:
    return f"(flags & {int(NO_SALE)}) = 0"


def eligible_sql(rules: CleaningRules) -> str:
    """Fen that count of a sale's COD amount:

    after an upward edit the lower amount; 0 where there is none.
    """
    amount = "cod_fen"
    if rules.judges(Code.EDITED_UP):
        amount = "least(cod_fen, coalesce(cod_first_fen, cod_fen))"
    return f"coalesce({amount}, 0)"


def _is_one_of(column: str, words: tuple[str, ...]) -> str:
    if not words:
        return "false"
    return f"coalesce({column} IN ({', '.join(quote(word) for word in words)}), false)"


def _self_deal(rules: CleaningRules) -> str:
    """One party on both sides.

    Placeholders and phones such as 0000000 are nobody's, so they are not compared.
    """
    tests = {
        "id": "merchant_id = consignee_id",
        "name": "(shipper_name_hash = consignee_name_hash AND NOT shipper_name_placeholder)",
        "phone": "(shipper_phone_hash = consignee_phone_hash AND shipper_phone_real)",
    }
    chosen = [test for mark, test in tests.items() if mark in rules.self_deal_by]
    return " OR ".join(chosen) or "false"


def _time(has: frozenset[str]) -> str:
    """Signed before created (by the day when the signing time has no clock time), or a time after
    arrival.
    """
    steps = [
        step
        for step in ("created_at", "signed_at", "cod_collected_at", "cod_paid_at")
        if step in has
    ]
    tests = [f"{step} > getvariable('arrived_at')" for step in steps]
    if "signed_at" in has:
        tests.append(
            "(signed_at < created_at AND NOT (signed_at = date_trunc('day', signed_at)"
            " AND signed_at = date_trunc('day', created_at)))"
        )
    return " OR ".join(tests) or "false"


def _test(rules: CleaningRules) -> str:
    """A test party by name or id, or an amount that only tests have."""
    tests = ["shipper_name_test", "consignee_name_test"]
    tests += [is_test_sql(column, rules.test_words) for column in ("merchant_id", "consignee_id")]
    if rules.test_amounts_fen:
        amounts = ", ".join(str(fen) for fen in rules.test_amounts_fen)
        tests.append(f"coalesce(cod_fen IN ({amounts}), false)")
    return " OR ".join(tests)
