"""Texts of the SQL files: a name and values for its `$parameters` come in, the statement that can
be run goes out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from importlib import resources

_PARAMETER = re.compile(r"\$([a-z_0-9]+)")

Value = int | str | date | datetime


class Sql(str):
    """A value that is SQL itself, not a text: written as it is."""

    __slots__ = ()


@cache
def read_sql(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return resources.files("app.features").joinpath("sql", f"{name}.sql").read_text("utf-8")


@cache
def parameters_of(name: str) -> tuple[str, ...]:
    """The names of the parameters of a SQL file, sorted."""
    return tuple(sorted(set(_PARAMETER.findall(_without_comments(read_sql(name))))))


def render_sql(name: str, values: Mapping[str, Value]) -> str:
    """The statement with its parameters written in as literals; only the parameters that it names
    are looked up.
    """
    return _PARAMETER.sub(
        lambda found: write_literal(values[found[1]]), _without_comments(read_sql(name))
    )


def write_literal(value: Value) -> str:
    """A SQL literal. Texts are quoted, so that any merchant id is safe."""
    if isinstance(value, Sql):
        return str(value)
    if isinstance(value, datetime):
        return "timestamp '" + value.isoformat(sep=" ", timespec="seconds") + "'"
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    if isinstance(value, int):
        return str(value)
    return "'" + value.replace("'", "''") + "'"


def _without_comments(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("--"))
