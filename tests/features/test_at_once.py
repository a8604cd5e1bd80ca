"""Working on several things at once: order, own temporary tables, the first error."""

from __future__ import annotations

import time

import duckdb
import pytest

from app.features.at_once import work_at_once


def test_order_and_own_tables() -> None:
    def work(cursor: duckdb.DuckDBPyConnection, number: int) -> tuple[int, int]:
        cursor.execute(f"create temp table mine as select {number} as n")
        time.sleep(0.01 * (number % 2 == 0))
        (found,) = cursor.execute("select n + base from mine, shared").fetchone() or (0,)
        return number, found

    with duckdb.connect(":memory:") as connection:
        connection.execute("create table shared as select 100 as base")
        done = list(work_at_once(connection, range(9), work))
    assert done == [(n, 100 + n) for n in range(9)]


def test_an_error_ends_the_work() -> None:
    begun = []

    def work(cursor: duckdb.DuckDBPyConnection, number: int) -> None:
        begun.append(number)
        time.sleep(0.01)
        if number == 1:
            raise ValueError("the second one")

    with duckdb.connect(":memory:") as connection, pytest.raises(ValueError, match="second one"):
        list(work_at_once(connection, range(200), work))
    assert len(begun) < 100
