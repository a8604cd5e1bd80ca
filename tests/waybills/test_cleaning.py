"""The cleaning file is read strictly: what is wrong is said with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.waybills.cleaning import CleaningError, load_cleaning
from app.waybills.codes import NO_SALE, Code, name_codes
from tests.waybills.conftest import PROJECT

FILE = PROJECT / "rulesets" / "cleaning.yaml"


def test_the_file_of_the_project() -> None:
    cleaning = load_cleaning(FILE)
    default, invoices = cleaning.for_source("default"), cleaning.for_source("fapiao")
    assert cleaning.for_source("linyi-tms") is default
    assert (default.amount_outlier_fen, default.amount_outlier_medians) == (10_000_000, 20)
    assert default.test_amounts_fen == (1, 12_345_600)
    assert all(default.judges(code) for code in Code)
    assert [code.name for code in Code if not invoices.judges(code)] == [
        "EDITED_UP", "AMOUNT_OUTLIER", "DUPLICATE_SUSPECT", "FREIGHT_OUTLIER", "FEE_OUTLIER",
    ]  # fmt: skip
    assert invoices.self_deal_by == {"id"}
    assert invoices.voided_statuses == default.voided_statuses


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "test_words:",
            "test_word:",
            "cleaning.yaml:11: unknown key 'test_word'; known here: title",
        ),
        (
            "[id, name, phone]",
            "[id, card]",
            "cleaning.yaml:7: unknown 'card'; known are id, name, phone",
        ),
        ("100_000 ", "ten ", "cleaning.yaml:13: expected an amount in yuan such as 100_000"),
        ("outlier_medians: 20", "outlier_medians: 0", "expected a whole number from 1 up"),
        (
            "switched_off: []",
            "switched_off: [VOID]",
            "cleaning.yaml:6: unknown 'VOID'; known are VOIDED",
        ),
        (
            "self_deal_by: [id, ",
            "switched_off: []\n    self_deal_by: [id, ",
            "stands twice; keep one",
        ),
        ("    amount_outlier: 100_000 ", "    # ", "the source 'default' lacks amount_outlier"),
        ("  default:", "  standard:", "there is no source 'default'"),
        ("switched_off: []", "switched_off: none", "expected a list such as"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    changed = tmp_path / "cleaning.yaml"
    changed.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CleaningError) as caught:
        load_cleaning(changed)
    assert message in str(caught.value)


@pytest.mark.parametrize("text", ["", "- a", "sources: 1", "a: [", "sources: &x {default: *x}"])
def test_other_texts_are_refused(tmp_path: Path, text: str) -> None:
    changed = tmp_path / "cleaning.yaml"
    changed.write_text(text)
    with pytest.raises(CleaningError, match=r"cleaning\.yaml"):
        load_cleaning(changed)


def test_codes_are_bits() -> None:
    assert name_codes(Code.VOIDED | Code.EDITED_UP) == ["VOIDED", "EDITED_UP"]
    assert sorted(int(code) for code in Code) == [1 << i for i in range(len(Code))]
    assert set(name_codes(NO_SALE)) == {"VOIDED", "RETURNED", "SELF_DEAL", "TEST"}
