"""Answers that are the same every night of a month: a query over rollup files comes in; what to
select from to read its answer goes out, computed only when the text or a file is another.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from app.features.month_bills import read_parquet

# (name, query, the files that it reads) → what to select from
Keep = Callable[[str, str, Sequence[Path]], str]


def keep_in_tables(connection: Any) -> Keep:
    """Answers are computed every time and stand in temporary tables."""

    def keep(name: str, query: str, files: Sequence[Path]) -> str:
        connection.execute(f"create or replace table {name} as {query}")
        return name

    return keep


def keep_in_files(connection: Any, rollups: Path) -> Keep:
    """Answers stand beside the rollups, as `rollups/network_<name>/<digest>.parquet`; what nobody
    asks for is swept as rollups are.
    """

    def keep(name: str, query: str, files: Sequence[Path]) -> str:
        text = "\n".join([query, *sorted(str(path) for path in files)])
        digest = hashlib.sha256(text.encode()).hexdigest()[:20]
        path = rollups / f"network_{name}" / f"{digest}.parquet"
        if path.exists():
            os.utime(path)
        else:
            path.parent.mkdir(exist_ok=True)
            draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
            target = str(draft).replace("'", "''")
            connection.execute(f"copy ({query}) to '{target}' (format parquet)")
            draft.replace(path)
        return read_parquet([path])

    return keep
