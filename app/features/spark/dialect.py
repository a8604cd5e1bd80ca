"""A statement in DuckDB's SQL comes in; what it does to which table, and a query in Spark's SQL, go
out. sqlglot translates; what it cannot know is changed here.

- `key_of(text)`, a macro there, is `xxhash64` here: signed where DuckDB's `hash` is unsigned, which
  changes nothing, as keys are only told apart.
- `update … set … from` becomes a query with a left join: tables are never changed in place here.
- `order by` of a result is dropped: a sort over a cluster is dear, and who needs the order sorts.
- A file list becomes a view that the connection opens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import sqlglot
from sqlglot import exp

from app.errors import ChengxinError

Order = tuple[tuple[str, str], ...]  # columns, each "ascending" or "descending"

KEY_FUNCTION = "xxhash64"
STANDING = ("file_index", "file_row_number")  # which file a row is of, and where it stands in it

# Types of DuckDB's SQL that Spark lacks, and what holds their values there; overflows are errors.
_TYPES = {
    "UTINYINT": "SMALLINT",
    "USMALLINT": "INT",
    "UINT": "BIGINT",
    "UBIGINT": "BIGINT",
    "INT128": "DECIMAL(38, 0)",
    "UINT128": "DECIMAL(38, 0)",
}


class NotForSpark(ChengxinError):
    """A statement that has no counterpart on Spark; the message says which and what to write."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a statement does: `make` a table or a view called `name` from `query`, `drop` it, or
    `read` (no name) what `query` gives.
    """

    does: str  # make, drop or read
    name: str
    query: exp.Query | None
    is_kept: bool = False  # a table, read often; a view is only its text


@cache
def _parse(text: str) -> exp.Expr:
    found = sqlglot.parse_one(text, read="duckdb")
    if isinstance(found, exp.Command):
        raise NotForSpark(f"Spark cannot be given this statement: {text.strip()[:200]}")
    return found


def read_statement(text: str, columns_of: Callable[[str], Sequence[str]]) -> Statement:
    """Read a statement; `columns_of(table)` are asked of a table that it updates.

    Raises NotForSpark.
    """
    tree = _parse(text).copy()
    if isinstance(tree, exp.Query):
        return Statement("read", "", tree)
    if isinstance(tree, exp.Create) and isinstance(tree.expression, exp.Query):
        return Statement("make", tree.this.name, tree.expression, tree.kind == "TABLE")
    if isinstance(tree, exp.Drop):
        (table,) = tree.find_all(exp.Table)
        return Statement("drop", table.name, None)
    if isinstance(tree, exp.Update):
        name = tree.this.name
        return Statement("make", name, _update_query(tree, columns_of(name)), is_kept=True)
    raise NotForSpark(
        f"Spark is given queries, create … as, update … from and drop; not {text.strip()[:200]}"
    )


def _update_query(update: exp.Update, columns: Sequence[str]) -> exp.Select:
    """An update as the query that gives the table as it is then. At most one row of what it is
    updated from may match a row of it.
    """
    table, origin, where = update.this, update.args.get("from_"), update.args.get("where")
    condition = where.this if where is not None else exp.true()
    matched = condition
    if origin is not None:
        keys = [
            column
            for equal in condition.find_all(exp.EQ)
            for column in equal.find_all(exp.Column)
            if column.table == origin.this.alias_or_name
        ]
        if not keys:
            raise NotForSpark(f"an update of {table.name} must equate columns with its `from`")
        matched = exp.Not(this=exp.Is(this=keys[0].copy(), expression=exp.Null()))
    changed = {found.this.name: found.expression for found in update.expressions}
    projections: list[exp.Expr] = []
    for name in columns:
        old = exp.column(name, table.alias_or_name)
        if name in changed:
            new = exp.Case().when(matched.copy(), changed[name]).else_(old)
            projections.append(exp.alias_(new, name))
        else:
            projections.append(old)
    query: exp.Select = exp.select(*projections).from_(table.copy())
    if origin is None:
        return query
    return query.join(origin.this.copy(), on=condition.copy(), join_type="left")


def write_spark(query: exp.Query, open_files: Callable[[list[str]], str]) -> str:
    """The query in Spark's SQL. `open_files(paths)` gives the name of a view over files."""
    query = query.copy()
    query.set("order", None)
    for files in list(query.find_all(exp.ReadParquet)):
        _let_star_tell(files.find_ancestor(exp.Select))
        paths = [literal.this for literal in files.expressions[0].find_all(exp.Literal)]
        files.replace(exp.to_identifier(open_files(paths)))
    for node in list(query.find_all(exp.Anonymous)):
        if node.name.lower() == "key_of":
            node.set("this", KEY_FUNCTION)
    for kind in list(query.find_all(exp.DataType)):
        if kind.this.name in _TYPES:
            kind.replace(exp.DataType.build(_TYPES[kind.this.name]))
    try:
        return query.sql("spark", comments=False, unsupported_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.errors.UnsupportedError as error:
        raise NotForSpark(f"Spark has no counterpart: {error}: {query.sql()[:200]}") from error


def _let_star_tell(select: exp.Select | None) -> None:
    """Where rows stand in files is among all columns here, beside them in DuckDB."""
    if select is not None and any(isinstance(found, exp.Star) for found in select.expressions):
        select.set(
            "expressions", [found for found in select.expressions if found.name not in STANDING]
        )


def cut_ctes(query: exp.Query) -> tuple[exp.Query, list[tuple[str, exp.Query]]]:
    """The query without those of its `with` that are read more than once, and these, in order, as
    tables to be made before it: Spark would compute them once a reader, and theirs again.
    """
    query = query.copy()
    with_ = query.args.get("with_")
    cut: list[tuple[str, exp.Query]] = []
    waiting: list[exp.CTE] = []  # read once: go along with whoever reads them
    for cte in with_.expressions if with_ is not None else ():
        readers = [table for table in query.find_all(exp.Table) if table.name == cte.alias]
        if len(readers) < 2:
            waiting.append(cte)
            continue
        name = f"with_{cte.alias}"
        cut.append((name, _with(cte.this, waiting)))
        for table in readers:
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(cte.alias)))
            table.set("this", exp.to_identifier(name))
    if cut:
        query.set("with_", None)
        query = _with(query, waiting)
    return query, cut


def _with(query: exp.Query, ctes: Sequence[exp.CTE]) -> exp.Query:
    """The query with the tables of `ctes` that it or they read, before it."""
    query = query.copy()
    for cte in ctes:
        query = query.with_(cte.alias, cte.this.copy(), copy=False)
    return query


def order_of(query: exp.Query) -> Order:
    """By which of its columns a result is ordered, and how, as Arrow says it. Raises NotForSpark
    where the order is by more than columns of the result.
    """
    order = query.args.get("order")
    return tuple(_columns_in_order(query, order)) if order is not None else ()


def _columns_in_order(query: exp.Query, order: exp.Order) -> Iterator[tuple[str, str]]:
    # A projection may go by another name: `select w.row as place … order by w.row`.
    given = {found.unalias().sql(): found.alias_or_name for found in query.selects}
    for ordered in order.expressions:
        name = given.get(ordered.this.sql(), ordered.this.name)
        if not isinstance(ordered.this, exp.Column):
            raise NotForSpark(f"order by {ordered.this.sql()}: order by columns of the result")
        yield name, "descending" if ordered.args.get("desc") else "ascending"
