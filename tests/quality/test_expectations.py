"""The file of expectations is read strictly: every mistake with its place and what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.quality.expectations import load_expectations
from app.rules.problems import ProblemsFound
from tests.quality.nights import RULESETS

HEAD = "look_back_days: 31\nexpectations:\n"
GOOD = """  - name: volume
    measure: volume
    by: source
    ratio: [0.5, 2]
    at_least: 100
    severity: fail
    reason: {zh: 少, en: few}
"""


def read(folder: Path, text: str) -> str:
    """The problems of a text, as they are told."""
    path = folder / "expectations.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(ProblemsFound) as caught:
        load_expectations(path)
    return str(caught.value)


def test_the_shipped_file_is_fine_and_says_everything_in_both_languages() -> None:
    found = load_expectations(RULESETS / "expectations.yaml")
    assert len(found.expectations) >= 15 and found.look_back_days == 31
    for one in found.expectations:
        assert all(one.reason[language].strip() for language in ("zh", "en"))


def test_without_a_file_nothing_is_expected(tmp_path: Path) -> None:
    assert load_expectations(tmp_path / "expectations.yaml").expectations == ()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "measure: volume",
            "measure: volum",
            "expectations.yaml:4:14: 'measure' is 'volum'; it must be one of volume,",
        ),
        (
            "by: source",
            "by: import",
            "expectations.yaml:5:9: 'by' is 'import'; it must be one of source, carrier",
        ),
        (
            "ratio: [0.5, 2]",
            "ratio: [2, 0.5]",
            "expectations.yaml:6:12: 'ratio' has its least above its most [wrong-value]",
        ),
        (
            "ratio: [0.5, 2]",
            "ratio: 2",
            "expectations.yaml:6:12: 'ratio' must be two numbers [wrong-kind]",
        ),
        (
            "ratio: [0.5, 2]",
            "difference: [null, 0.1]",
            "expectations.yaml:6:17: 'volume' has no 'difference' [wrong-bound]",
        ),
        ("    ratio: [0.5, 2]\n", "", "nothing bounds this expectation [bound-missing]"),
        (
            "at_least: 100",
            "at_least: 0",
            "expectations.yaml:7:15: 'at_least' is 0 [wrong-value]",
        ),
        (
            "severity: fail",
            "severity: error",
            "expectations.yaml:8:15: 'severity' is 'error'; it must be one of fail, warn",
        ),
        (
            "severity: fail",
            "severity: fail\n    serverity: warn",
            "expectations.yaml:9:5: an expectation has no key 'serverity' [unknown-key]",
        ),
        ("reason: {zh: 少, en: few}", "reason: {zh: 少}", "'reason' needs the key 'en'"),
        ("name: volume", "name: a b", "expectations.yaml:3:11: 'a b' is no name [bad-name]"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert told in read(tmp_path, HEAD + GOOD.replace(old, new))


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = HEAD + GOOD + GOOD.replace("[0.5, 2]", "[x, 2]") + "exempt:\n  - {from: 2026, why: x}\n"
    told = read(tmp_path, text)
    assert "'ratio' must be a number, not 'x'" in told
    assert "'2026' is no day" in told


def test_bounds_are_open_on_the_same_side(tmp_path: Path) -> None:
    text = GOOD.replace("measure: volume", "measure: late_share").replace(
        "ratio: [0.5, 2]", "ratio: [null, 2]\n    difference: [0.1, null]"
    )
    assert "the bounds of an expectation must be open on the same side" in read(
        tmp_path, HEAD + text
    )


def test_what_is_exempt_names_a_known_expectation(tmp_path: Path) -> None:
    exempt = "exempt:\n  - {expectation: volumes, from: 2026-10-01, why: strike}\n"
    assert "did you mean 'volume'?" in read(tmp_path, HEAD + GOOD + exempt)
