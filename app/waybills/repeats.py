"""Second pass: staged rows and the lake's narrow hash columns come in; verdicts on repeated
waybill numbers go out.

Two temporary tables: `verdicts` (line, month, verdict) of rows that do not go in, DUPLICATE or
CONFLICT, and `kept` (line, repeats,
resets) of rows that do and that others repeated. The key of a waybill is (source, waybill_no);
its content is every mapped column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from app.waybills.columns import FIELDS, LATE_COLUMNS
from app.waybills.personal import quote
from app.waybills.stage import HASH_CONTENT, Stage, content_sql, hash_key_sql

LAKE_FIELDS = frozenset(field.lake for field in FIELDS)


@dataclass(frozen=True, slots=True)
class Known:
    """Files of the same source that count already:

    lake files, and quarantine files that hold conflicts.
    """

    waybills: Sequence[Path]
    quarantines: Sequence[Path]


def find_repeats(con: duckdb.DuckDBPyConnection, stage: Stage, known: Known, source: str) -> None:
    """Fill `verdicts`, `kept` and `older` (the lake's waybill of every CONFLICT with an older
    import).
    """
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE keys AS SELECT key_hash FROM {stage.good()}"
        " GROUP BY key_hash HAVING count(*) > 1"
    )
    _find_known(con, stage, known, source)
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE candidates AS
        SELECT line, month, waybill_no, key_hash, content_hash FROM {stage.good()}
        WHERE key_hash IN (SELECT key_hash FROM keys UNION ALL SELECT key_hash FROM older)"""
    )
    _judge(con, known)
    con.execute(
        """CREATE OR REPLACE TEMP TABLE kept AS
        SELECT min(line) FILTER (n = 1) AS line, min(month) FILTER (n = 1) AS month,
            count(*) FILTER (verdict = 'DUPLICATE' AND content_hash = first_content) AS repeats,
            count(*) FILTER (verdict = 'CONFLICT') AS resets
        FROM judged WHERE older_content IS NULL GROUP BY waybill_no HAVING count(*) > 1"""
    )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE verdicts AS
        SELECT line, month, verdict, waybill_no, key_hash, content_hash, older_content, first_line
        FROM judged WHERE verdict <> 'NEW'"""
    )


def _find_known(con: duckdb.DuckDBPyConnection, stage: Stage, known: Known, source: str) -> None:
    """`older`: for each staged number that the lake has, the waybill there and its content hash."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE older (key_hash UBIGINT, content_hash UBIGINT,"
        " waybill_no VARCHAR, merchant_id VARCHAR, month INTEGER, import_id VARCHAR)"
    )
    if not known.waybills:
        return
    late = ", ".join(f"NULL::VARCHAR AS {name}" for name in LATE_COLUMNS)
    lake = (
        f"(SELECT {late} WHERE false UNION ALL BY NAME SELECT * FROM read_parquet("
        f"[{_paths(known.waybills)}], hive_partitioning = false, union_by_name = true))"
    )
    # The contents are told from the columns of the lake, for the few rows that need it.
    con.execute(
        f"""INSERT INTO older
        SELECT {hash_key_sql(source)}, {HASH_CONTENT}, waybill_no, merchant_id, month, import_id
        FROM (SELECT *, {content_sql(LAKE_FIELDS)} AS content FROM {lake}
            WHERE waybill_no IN (SELECT waybill_no FROM {stage.good()}))"""
    )


def _judge(con: duckdb.DuckDBPyConnection, known: Known) -> None:
    con.execute(
        "CREATE OR REPLACE TEMP TABLE refused_before (key_hash UBIGINT, content_hash UBIGINT)"
    )
    if known.quarantines:
        con.execute(
            f"""INSERT INTO refused_before SELECT DISTINCT key_hash, content_hash
            FROM read_parquet([{_paths(known.quarantines)}], hive_partitioning = false)
            WHERE code = 'CONFLICT' AND key_hash IN (SELECT key_hash FROM candidates)"""
        )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE judged AS
        WITH met AS (
            SELECT c.*, o.content_hash AS older_content,
                r.key_hash IS NOT NULL AS was_refused,
                row_number() OVER (PARTITION BY c.waybill_no ORDER BY c.line) AS n,
                first_value(c.content_hash) OVER (PARTITION BY c.waybill_no ORDER BY c.line) AS
                first_content,
                first_value(c.line) OVER (PARTITION BY c.waybill_no ORDER BY c.line) AS first_line,
                row_number() OVER (PARTITION BY c.waybill_no, c.content_hash ORDER BY c.line) AS
                n_same
            FROM candidates c
            LEFT JOIN older o ON o.waybill_no = c.waybill_no
            LEFT JOIN refused_before r
                ON r.key_hash = c.key_hash AND r.content_hash = c.content_hash)
        SELECT *, CASE
            WHEN older_content IS NULL AND n = 1 THEN 'NEW'
            WHEN content_hash = coalesce(older_content, first_content) THEN 'DUPLICATE'
            WHEN was_refused OR n_same > 1 THEN 'DUPLICATE'
            ELSE 'CONFLICT' END AS verdict
        FROM met"""
    )


def _has_rows(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    return con.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is not None


def _paths(paths: Sequence[Path]) -> str:
    return ", ".join(quote(str(path)) for path in paths)
