"""One portfolio for all tests of this folder that only look at it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from app.demo.plan import make_plan
from app.demo.write import write_portfolio

TODAY = date(2026, 11, 23)
PLAN = make_plan(900, 15, 7, "2026-10", TODAY)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("portfolio")
    write_portfolio(PLAN, path)
    return path


@pytest.fixture
def bills(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Views: `bills` (rows as written), `once` (each waybill once, as it came first), and the small
    files by their names.
    """
    with duckdb.connect() as connection:
        connection.execute(f"create view bills as select * from '{folder}/waybills-*.parquet'")
        connection.execute(f"set variable files = '{folder}/waybills-*.parquet'")
        connection.execute(
            "create view once as select distinct on (waybill_no) * from bills"
            " order by waybill_no, cod_amount"
        )
        for name in ("truth", "merchants", "carriers", "loans", "repayments"):
            connection.execute(f"create view {name} as select * from '{folder}/{name}.csv'")
        yield connection


def ask(connection: duckdb.DuckDBPyConnection, question: str) -> tuple:
    answer = connection.execute(question).fetchone()
    assert answer is not None
    return answer
