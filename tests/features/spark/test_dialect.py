"""SQL files as Spark is given them: translated, lifted over months; what cannot be is refused."""

from __future__ import annotations

import re
from datetime import datetime
from importlib import resources
from typing import TYPE_CHECKING

import pytest

from app.features.rollup_list import ROLLUPS
from app.features.spark.dialect import NotForSpark, cut_ctes, order_of, read_statement, write_spark
from app.features.spark.lifting import MONTH, lift, lift_values
from app.features.sql_text import Sql, parameters_of, read_sql, render_sql

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NAMES = sorted(
    path.name.removesuffix(".sql")
    for path in resources.files("app.features").joinpath("sql").iterdir()
    if path.name.endswith(".sql")
)
OF_MONTHS = {"waybills", "merchants", "bills", "returned", "caps", "lanes"}
COLUMNS = ["merchant", "source", "amount_fen", "barred_fen", "is_freight_outlier"]
MONTHLY = ["month_merchants", "bills", "caps", "cap_amounts", "lanes", "mark_freight",
           "bar_amounts", "returns", "returned", "words", *(r.name for r in ROLLUPS)]  # fmt: skip


def spark_sql(text: str) -> str:
    statement = read_statement(text, lambda table: COLUMNS)
    assert statement.query is not None
    lifted = lift(statement.query, OF_MONTHS)
    return write_spark(lifted or statement.query, lambda paths: "files")


def filled(name: str) -> str:
    values = {parameter: Sql("7") for parameter in parameters_of(name)}
    text = render_sql(name, values).replace("{kind}", "table")
    return re.sub(r"\{([a-z]+)\}", r"a_\1", text)


def test_every_file_is_understood_by_spark(spark: SparkSession) -> None:
    parser = spark._jsparkSession.sessionState().sqlParser()
    assert len(NAMES) > 40
    for name in NAMES:
        text = spark_sql(filled(name))
        assert "key_of" not in text.lower(), name
        parser.parsePlan(text)


@pytest.mark.parametrize("name", MONTHLY)
def test_every_file_of_a_month_is_lifted(name: str) -> None:
    statement = read_statement(filled(name), lambda table: COLUMNS)
    assert statement.query is not None
    found = lift(statement.query, OF_MONTHS)
    assert found is not None
    assert found.selects[-1].alias_or_name == MONTH, "one column more, the last one"
    order_of(found)


def test_what_lifting_adds() -> None:
    values = lift_values({24300: {"month": 24300, "until": 1}, 24301: {"month": 24301, "until": 2}})
    text = (
        "select b.merchant, {month} as month, count(*) as bills,"
        " row_number() over (order by b.merchant) as place"
        " from bills b join merchants m on b.merchant = m.merchant join named n on b.no = n.no"
        " where b.day < {until} group by b.merchant"
    ).format(**values)
    assert spark_sql(text) == (
        f"SELECT b.merchant, b.{MONTH} AS month, COUNT(*) AS bills,"
        f" ROW_NUMBER() OVER (PARTITION BY b.{MONTH} ORDER BY b.merchant NULLS LAST) AS place,"
        f" b.{MONTH} AS {MONTH} FROM bills AS b"
        f" JOIN merchants AS m ON b.merchant = m.merchant AND m.{MONTH} = b.{MONTH}"
        " JOIN named AS n ON b.no = n.no"
        f" WHERE b.day < (CASE b.{MONTH} WHEN 24301 THEN 2 ELSE 1 END)"
        f" GROUP BY b.merchant, b.{MONTH}"
    )


def test_values_that_all_months_share_stay_as_they_are() -> None:
    moment = datetime.fromisoformat("2025-01-01")
    found = lift_values({m: {"month": m, "cut_off": moment} for m in (24300, 24301)})
    assert found["cut_off"] == moment
    assert isinstance(found["month"], Sql)


def test_what_is_of_no_month_is_not_lifted() -> None:
    query = read_statement("select a from named union select b from other", lambda t: []).query
    assert query is not None
    assert lift(query, OF_MONTHS) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("select * from bills limit 3", "a limit is not of one month"),
        ("select 1 from named n join bills b on n.a = b.a", "from the table of months first"),
        ("select 1 from bills b right join caps c on b.a = c.a", "write a left join"),
        ("select 1 from bills where a in (select a from caps)", "write a join in place"),
        ("select 1 from bills b join caps c using (a)", "write `on` in place of `using`"),
        ("select * from bills b join caps c on b.a = c.a", "name the columns in place of `*`"),
        ("select 1 from (select a from bills)", "give the subquery a name"),
        ("select this_lifted_month from named", "$month, but nothing here is of one"),
        ("select a from bills union select a from named", "only one side is of months"),
        ("insert into bills values (1)", "Spark is given queries"),
    ],
)  # fmt: skip
def test_what_is_refused(text: str, said: str) -> None:
    with pytest.raises(NotForSpark) as caught:
        spark_sql(text)
    assert said in str(caught.value)


def test_what_is_read_twice_is_computed_once() -> None:
    text = (
        "with a as (select x from t), b as (select x from a), c as (select p.x from b p join b q"
        " on p.x = q.x) select * from c"
    )
    query = read_statement(text, lambda table: []).query
    assert query is not None
    rest, tables = cut_ctes(query)
    assert [(name, found.sql()) for name, found in tables] == [
        ("with_b", "WITH a AS (SELECT x FROM t) SELECT x FROM a")
    ]
    assert "FROM with_b AS p JOIN with_b AS q" in rest.sql()


def test_an_update_becomes_a_query() -> None:
    assert spark_sql(read_sql("cap_amounts")).startswith(
        "SELECT bills.merchant, bills.source, CASE WHEN NOT c.merchant IS NULL THEN c.cap_fen"
        " ELSE bills.amount_fen END AS amount_fen"
    )
    assert "LEFT JOIN caps AS c ON" in spark_sql(read_sql("cap_amounts"))


def test_orders_are_known_by_columns_of_the_result() -> None:
    query = read_statement("select w.r as place, b from w order by w.r, b desc", lambda t: []).query
    assert query is not None
    assert order_of(query) == (("place", "ascending"), ("b", "descending"))
    query = read_statement("select a from w order by a + 1", lambda t: []).query
    assert query is not None
    with pytest.raises(NotForSpark, match="order by columns of the result"):
        order_of(query)
