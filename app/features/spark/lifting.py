"""A query about one month comes in; the query that gives the same for all months at once, each row
with its month, goes out.

The SQL files of rollups speak of one month, as DuckDB rolls months one by one. On a cluster a job a
month and rollup would be hundreds of small jobs. So a table of one month becomes a table of many
with the column MONTH, and a query is lifted over it: MONTH joins what is selected, every grouping,
every window's partition and every join of two lifted tables. What a query is given for `$month` is
THIS_MONTH, which becomes that column; a value that differs from month to month is a CASE over it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from sqlglot import exp

from app.features.spark.dialect import NotForSpark
from app.features.sql_text import Sql, Value, write_literal

MONTH = "lifted_month"
THIS_MONTH = "this_lifted_month"


def lift_values(values: Mapping[int, Mapping[str, Value]]) -> dict[str, Value]:
    """What each month's SQL is given, as what the SQL over all of them is given."""
    names = {name for found in values.values() for name in found}
    return {name: _lift_value(name, values) for name in names}


def _lift_value(name: str, values: Mapping[int, Mapping[str, Value]]) -> Value:
    if name == "month":
        return Sql(THIS_MONTH)
    by_month = {month: found[name] for month, found in sorted(values.items())}
    found = list(by_month.values())
    usual = max(found, key=found.count)
    arms = "".join(
        f" when {month} then {write_literal(value)}"
        for month, value in by_month.items()
        if value != usual
    )
    if not arms:
        return usual
    return Sql(f"(case {THIS_MONTH}{arms} else {write_literal(usual)} end)")


def lift(query: exp.Query, lifted: Collection[str]) -> exp.Query | None:
    """The query over all months; None where nothing in it is of months. `lifted` are the tables
    that have the column MONTH; so have all files.

    Raises NotForSpark where a query cannot be lifted.
    """
    query = query.copy()
    return query if _Lifting().lift(query, set(lifted)) else None


class _Lifting:
    def lift(self, query: exp.Expr, tables: set[str]) -> bool:
        """Lift a query in place; whether it is of months at all. `tables` are the lifted ones."""
        tables = set(tables)
        with_ = query.args.get("with_")
        for cte in with_.expressions if with_ is not None else ():
            if self.lift(cte.this, tables):
                tables.add(cte.alias)
            else:
                tables.discard(cte.alias)
        if isinstance(query, exp.SetOperation):
            sides = [self.lift(side, tables) for side in (query.this, query.expression)]
            if sides[0] != sides[1]:
                raise NotForSpark(f"only one side is of months: {query.sql()[:200]}")
            return sides[0]
        if isinstance(query, exp.Subquery):
            return self.lift(query.this, tables)
        if isinstance(query, exp.Table):
            return self._lift_source(query, tables)
        if isinstance(query, exp.Select):
            return self._lift_select(query, tables)
        raise NotForSpark(f"cannot be lifted over months: {query.sql()[:200]}")

    def _lift_select(self, select: exp.Select, tables: set[str]) -> bool:
        origin = select.args.get("from_")
        joins: Sequence[exp.Join] = select.args.get("joins") or ()
        sources = [origin.this] if origin is not None else []
        sources += [join.this for join in joins]
        own = [self._lift_source(source, tables) for source in sources]
        if any(own) and not own[0]:
            raise NotForSpark(
                f"select from the table of months first, then join others: {select.sql()[:200]}"
            )
        parts = list(_parts_of(select))
        for part in parts:
            if part.find(exp.Query):
                raise NotForSpark(
                    f"write a join in place of a subquery in an expression: {part.sql()[:200]}"
                )
        if not any(own):
            if any(_this_month_in(part) for part in parts):
                raise NotForSpark(f"$month, but nothing here is of one: {select.sql()[:200]}")
            return False
        if any(join.side in ("RIGHT", "FULL") for join in joins):
            raise NotForSpark(f"write a left join in its place: {select.sql()[:200]}")
        if select.args.get("limit") is not None:
            raise NotForSpark(f"a limit is not of one month: {select.sql()[:200]}")
        month = exp.column(MONTH, sources[0].alias_or_name or None)
        for join, is_lifted in zip(joins, own[1:], strict=True):
            if is_lifted:
                same = exp.column(MONTH, join.this.alias_or_name).eq(month.copy())
                join.on(same, copy=False)
        shown = [s.alias_or_name for s, lifted in zip(sources, own, strict=True) if lifted]
        self._add_month(select, month, parts, shown)
        for part in list(_parts_of(select)):
            for node in _this_month_in(part):
                node.replace(month.copy())
        return True

    def _lift_source(self, source: exp.Expr, tables: set[str]) -> bool:
        if isinstance(source, exp.Table):
            return isinstance(source.this, exp.ReadParquet) or source.name in tables
        if isinstance(source, exp.Values):
            return False
        if isinstance(source, exp.Subquery):
            if not source.alias:
                raise NotForSpark(f"give the subquery a name: {source.sql()[:200]}")
            return self.lift(source.this, tables)
        raise NotForSpark(f"cannot be lifted over months: {source.sql()[:200]}")

    def _add_month(
        self,
        select: exp.Select,
        month: exp.Column,
        parts: Sequence[exp.Expr],
        sources: Sequence[str],
    ) -> None:
        group = select.args.get("group")
        windows = [window for part in parts for window in part.find_all(exp.Window)]
        summed = [
            found
            for part in parts
            for found in part.find_all(exp.AggFunc)
            if not isinstance(found.parent, exp.Window)
        ]
        if group is not None:
            group.append("expressions", month.copy())
        elif summed:
            select.group_by(month.copy(), copy=False)
        for window in windows:
            window.set("partition_by", [*(window.args.get("partition_by") or ()), month.copy()])
        stars = [found for found in select.expressions if _shows_all_of(found, sources)]
        if any(isinstance(star, exp.Star) for star in stars) and len(sources) > 1:
            raise NotForSpark(f"name the columns in place of `*`: {select.sql()[:200]}")
        if not stars:
            select.select(exp.alias_(month.copy(), MONTH), copy=False)


def _parts_of(select: exp.Select) -> Iterator[exp.Expr]:
    """What a select says itself: everything but its sources and what stands before it."""
    yield from select.expressions
    for name in ("where", "group", "having", "qualify", "order", "distinct"):
        part = select.args.get(name)
        if isinstance(part, exp.Expr):
            yield part
    for join in select.args.get("joins") or ():
        if join.args.get("on") is not None:
            yield join.args["on"]
        if join.args.get("using"):
            raise NotForSpark(f"write `on` in place of `using`: {join.sql()[:200]}")


def _shows_all_of(projection: exp.Expr, sources: Sequence[str]) -> bool:
    """Whether a projection is `*`, or `s.*` of one of the sources: MONTH is in it."""
    if isinstance(projection, exp.Column) and isinstance(projection.this, exp.Star):
        return projection.table in sources
    return isinstance(projection, exp.Star)


def _this_month_in(part: exp.Expr) -> list[exp.Column]:
    return [column for column in part.find_all(exp.Column) if column.name == THIS_MONTH]
