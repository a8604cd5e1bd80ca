"""A snapshot's columns become the engine's, whatever Arrow type they have; a value of another type
than the catalogue's does not count, as online.
"""

from __future__ import annotations

import json
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from app.policies.portfolio import build_portfolio
from app.rules.catalogue import Input, acceptor_of_stored
from app.rules.types import DECLARED, Type
from app.rules.vector import values_of
from app.whitelists.columns import columns_of

# Arrow column → what counts of it, by the declared types that may take it.
SOUND: dict[str, tuple[pa.Array, list[Any], tuple[str, ...]]] = {
    "float64": (pa.array([1.5, None, -2.0]), [1.5, None, -2.0], ("number", "ratio")),
    "float32": (pa.array([1.5, None, 0.25], pa.float32()), [1.5, None, 0.25], ("number",)),
    "not a number": (pa.array([float("nan"), 1.0, None]), [None, 1.0, None], ("number",)),
    "int64": (pa.array([3, None, -4]), [3, None, -4], ("number", "integer", "money")),
    "int32": (pa.array([3, None, 4], pa.int32()), [3, None, 4], ("integer", "money")),
    "uint8": (pa.array([3, None, 255], pa.uint8()), [3, None, 255], ("integer", "money")),
    "whole floats": (pa.array([3.0, None, 4.0]), [3.0, None, 4.0], ("integer",)),
    "much money": (pa.array([2**53, None, -(2**53)]), [2**53, None, -(2**53)], ("money",)),
    "no nulls": (pa.array([1, 2, 3]), [1, 2, 3], ("integer", "money")),
    "bool": (pa.array([True, None, False]), [True, None, False], ("boolean",)),
    "string": (pa.array(["甲", None, ""]), ["甲", None, ""], ("text",)),
    "large string": (pa.array(["甲", None, "b"], pa.large_string()), ["甲", None, "b"], ("text",)),
    "dictionary": (
        pa.array(["甲", None, "甲"]).dictionary_encode(),
        ["甲", None, "甲"],
        ("text",),
    ),
    "sliced": (pa.array(["x", "甲", None, "b"])[1:], ["甲", None, "b"], ("text",)),
    "null": (pa.nulls(3), [None] * 3, tuple(DECLARED)),
}
WRONG: dict[str, tuple[pa.Array, tuple[str, ...]]] = {
    "texts": (pa.array(["1", None, "2"]), ("number", "integer", "ratio", "money", "boolean")),
    "numbers": (pa.array([1.0, None, 0.0]), ("boolean", "text", "category", "money")),
    "whole numbers": (pa.array([1, None, 0]), ("boolean", "text", "category")),
    "truths": (pa.array([True, None, False]), ("number", "integer", "money", "text", "category")),
    "decimals": (pa.array([Decimal("1.00"), None, Decimal("2.00")]), ("text", "boolean")),
    "lists": (pa.array([[1], None, []]), tuple(DECLARED)),
    "dictionaries of numbers": (pa.array([1, None, 2]).dictionary_encode(), ("text", "boolean")),
}


def policy_reading(of: Type, origin: str = "features") -> Any:
    """As much of a policy as reading columns needs: one input `x`."""
    one = Input("x", of, origin, None, "none", None, {}, None)
    return SimpleNamespace(inputs={"x": one}, assumed={})


def read(array: pa.Array, of: Type) -> tuple[list[Any], dict[str, Any]]:
    """What counts of a column, and why the rest does not: name → (why, rows)."""
    policy = policy_reading(of)
    table = pa.table({"merchant_id": ["M1", "M2", "M3"], "x": pa.chunked_array([array])})
    columns = columns_of(table, policy)
    portfolio = build_portfolio(policy, "preapproval", columns, 3)
    wrong = {name: (why, mask.tolist()) for name, (why, mask) in portfolio.wrong.items()}
    return values_of(portfolio.columns["x"], 3), wrong


@pytest.mark.parametrize(
    ("name", "declared"), [(name, of) for name, (_, _, ofs) in SOUND.items() for of in ofs]
)
def test_what_fits_counts_as_it_does_online(name: str, declared: str) -> None:
    array, wanted, _ = SOUND[name]
    of = Type(declared, ("甲", "b") if declared == "category" else None)
    values, wrong = read(array, of)
    assert (values, wrong) == (wanted, {})
    stored = json.loads(json.dumps([None if v != v else v for v in array.to_pylist()]))
    assert [acceptor_of_stored(of)(value) for value in stored] == [(v, None) for v in wanted]


@pytest.mark.parametrize(
    ("name", "declared"), [(name, of) for name, (_, ofs) in WRONG.items() for of in ofs]
)
def test_another_type_does_not_count_online_or_in_the_batch(name: str, declared: str) -> None:
    array, _ = WRONG[name]
    of = Type(declared, ("1", "true") if declared == "category" else None)
    values, wrong = read(array, of)
    assert values == [None, None, None]
    assert wrong == {"x": ("WRONG_TYPE", [True, False, True])}
    for value, there in zip(array.to_pylist(), [True, False, True], strict=True):
        assert acceptor_of_stored(of)(value) == (None, "WRONG_TYPE" if there else None)


def test_values_outside_the_range_do_not_count() -> None:
    share = Type("ratio", None, Decimal(0), Decimal(1))
    assert read(pa.array([0.0, 1.0, 1.01]), share) == (
        [0.0, 1.0, None],
        {"x": ("WRONG_VALUE", [False, False, True])},
    )
    money = Type("money", None, Decimal("0.01"), Decimal(5))
    assert read(pa.array([0, 1, 501]), money) == (
        [None, 1, None],
        {"x": ("WRONG_VALUE", [True, False, True])},
    )
    grade = Type("category", ("A", "B"))
    assert read(pa.array(["A", "丙", None]), grade) == (
        ["A", None, None],
        {"x": ("WRONG_VALUE", [False, True, False])},
    )


def test_only_features_are_read_from_a_snapshot() -> None:
    table = pa.table({"merchant_id": ["M1"], "x": [1.0], "other": [2.0]})
    assert list(columns_of(table, policy_reading(Type("number")))) == ["x"]
    assert columns_of(table, policy_reading(Type("number"), "bank")) == {}
    assert columns_of(table.drop_columns(["x"]), policy_reading(Type("number"))) == {}
