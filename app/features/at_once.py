"""Work on several things at a time: a connection and things come in, what became of each goes out,
in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import duckdb

AT_ONCE = 2  # more would need more memory; each statement uses all processors anyway

_Thing = TypeVar("_Thing")
_Result = TypeVar("_Result")


def work_at_once(
    connection: duckdb.DuckDBPyConnection,
    things: Sequence[_Thing],
    work: Callable[[duckdb.DuckDBPyConnection, _Thing], _Result],
) -> Iterator[_Result]:
    """The results of `work` in the order of `things`, AT_ONCE of them under way.

    Each call gets a connection of its own, with its own temporary tables, to the same database. The
    first error is raised, and what was not begun by then is not done.
    """

    def run(thing: _Thing) -> _Result:
        with connection.cursor() as cursor:
            return work(cursor, thing)

    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        yield from pool.map(run, things)
    finally:
        pool.shutdown(cancel_futures=True)
