"""The report of an import, written right after it: an import's id comes in, what its report says in
short goes out. An import stands whether or not its report can be made.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from app.errors import ChengxinError
from app.quality.check import check_import, open_desk

MOST_SAID = 5  # findings on the terminal; the report has all


def report_arrival(
    lake: Path, rulesets: Path, memory_limit_mb: int, import_id: str
) -> dict[str, Any]:
    """`verdict` (pass, warn, fail; None where there is no report), `findings`, `said`, `report`,
    and `why` there is none.
    """
    try:
        desk = open_desk(lake, rulesets, memory_limit_mb)
        report = desk.store.read_import_report(import_id)
        if report is None:
            report = check_import(desk, import_id)
        path = desk.store.write_import_report(import_id, report)
    except (ChengxinError, duckdb.Error, OSError) as error:
        why = f"no quality report of import {import_id} was made: {error}"
        return {"verdict": None, "findings": 0, "said": [], "report": None, "why": why}
    said = [
        f"{one['severity']}: {one['expectation']}: {one['said']['en']}"
        for one in report["findings"][:MOST_SAID]
    ]
    more = len(report["findings"]) - len(said)
    if more:
        said.append(f"… and {more} more: chengxin data report --import {import_id} --out F.html")
    return {
        "verdict": report["verdict"],
        "findings": report["counts"]["findings"],
        "said": said,
        "report": str(path.relative_to(lake)),
        "why": None,
    }
