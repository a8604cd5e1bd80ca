"""Money is whole fen: thresholds are exact, products round half away from zero, nothing is money
beyond ±2^53 fen.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.rules.catalogue import acceptor_of_fact
from app.rules.expression import ENGINES, compile_expression, evaluator_of
from app.rules.problems import ProblemsFound
from app.rules.types import LARGEST_FEN, Type, whole_fen

SCOPE = {"m": Type("money"), "n": Type("money"), "x": Type("number")}
FEN = st.integers(-LARGEST_FEN, LARGEST_FEN)


def results(text: str, row: dict[str, Any]) -> list[Any]:
    """Of every evaluator; the row stands beside one with nothing, as in a batch."""
    term = compile_expression(text, SCOPE)
    rows = [row, dict.fromkeys(SCOPE)]
    return [evaluator_of(term, engine)(rows)[0] for engine in ENGINES]


@settings(max_examples=60, deadline=None, database=None)
@given(FEN)
def test_a_threshold_is_exact_to_the_fen(fen: int) -> None:
    yuan = f"{fen // 100 if fen >= 0 else -(-fen // 100)}.{abs(fen) % 100:02}"
    yuan = f"-{yuan.lstrip('-')}" if fen < 0 else yuan
    for given_fen, wanted in ((fen - 1, False), (fen, True), (fen + 1, True)):
        if abs(given_fen) <= LARGEST_FEN:
            assert results(f"m >= {yuan}", {"m": given_fen, "n": 0, "x": 0.0}) == [wanted] * 3


@settings(max_examples=150, deadline=None, database=None)
@given(FEN, st.sampled_from([0.5, -0.5, 0.25, 1.25, 1e-3, 3.0, -1.0]) | st.floats(-1e6, 1e6))
def test_a_product_rounds_half_away_from_zero(fen: int, factor: float) -> None:
    product = float(fen) * factor
    wanted = None
    if abs(product) <= LARGEST_FEN:
        wanted = int(Decimal(product).quantize(Decimal(1), ROUND_HALF_UP))
    assert results("m * x", {"m": fen, "n": 0, "x": factor}) == [wanted] * 3


@settings(max_examples=100, deadline=None, database=None)
@given(FEN, FEN)
def test_sums_are_exact_or_null(one: int, other: int) -> None:
    row = {"m": one, "n": other, "x": 0.0}
    for text, total in (("m + n", one + other), ("m - n", one - other)):
        assert results(text, row) == [total if abs(total) <= LARGEST_FEN else None] * 3


@pytest.mark.parametrize("fen", [1, 3, 5, -1, -3, -5])
def test_half_a_fen_beside_a_null_in_the_batch(fen: int) -> None:
    away = (abs(fen) + 1) // 2 * (1 if fen > 0 else -1)
    assert results("m * 0.5", {"m": fen, "n": 0, "x": 0.0}) == [away] * 3
    assert results("m / 2", {"m": fen, "n": 0, "x": 0.0}) == [away] * 3


@pytest.mark.parametrize("text", ["m >= 0.005", "m + 0.001 > 0", "min(m, 12.345) > 0"])
def test_less_than_a_fen_is_refused(text: str) -> None:
    with pytest.raises(ProblemsFound, match="is not a whole number of fen"):
        compile_expression(text, SCOPE)


def test_a_literal_of_many_digits_is_not_rounded_to_a_fen() -> None:
    for text in ("0.0" + "0" * 30 + "1", "12.3400" + "0" * 28 + "1", "1e-30", "1.005e0"):
        with pytest.raises(ProblemsFound, match="is not a whole number of fen"):
            compile_expression(f"m >= {text}", SCOPE)
    for text in ("0.01" + "0" * 30, "1e-2", "0.1e-1"):
        assert results(f"m >= {text}", {"m": 1, "n": 0, "x": 0.0}) == [True] * 3
        assert results(f"m >= {text}", {"m": 0, "n": 0, "x": 0.0}) == [False] * 3


@pytest.mark.parametrize("text", ["0", "0e5", "1", "-1.5", "12.340", "1e3", "90071992547409.92"])
def test_whole_fen_of_an_amount(text: str) -> None:
    assert whole_fen(Decimal(text)) == int(Decimal(text) * 100)
    assert whole_fen(-Decimal(text)) == -int(Decimal(text) * 100)
    assert whole_fen(Decimal(text) + Decimal("0.001")) is None


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (0.1, (10, None)),
        (19.99, (1999, None)),
        (Decimal("0.1"), (10, None)),
        (Decimal("0.10" + "0" * 40), (10, None)),
        (Decimal("0.10" + "0" * 40 + "1"), (None, "WRONG_TYPE")),
        (Decimal("90071992547409.92"), (LARGEST_FEN, None)),
        (Decimal("90071992547409.93"), (None, "WRONG_VALUE")),
        (Decimal("1e-999999"), (None, "WRONG_TYPE")),
        (Decimal("1e999999"), (None, "WRONG_VALUE")),
        (Decimal("0e999999"), (0, None)),
        (Decimal("NaN"), (None, "WRONG_VALUE")),
        (1e15, (None, "WRONG_VALUE")),
        (0.005, (None, "WRONG_TYPE")),
        (True, (None, "WRONG_TYPE")),
        ("1", (None, "WRONG_TYPE")),
        (float("nan"), (None, "WRONG_VALUE")),
        (float("inf"), (None, "WRONG_VALUE")),
    ],
)
def test_amounts_as_the_bank_sends_them(sent: Any, kept: tuple[Any, Any]) -> None:
    assert acceptor_of_fact(Type("money"))(sent) == kept
