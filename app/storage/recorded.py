"""What was recorded while a challenger or a shadow ran: records go out, oldest first, a page at a
time.

Ids of decisions begin with their moment, so the time is read from the primary key.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
from peewee import Database

from app.storage.statements import prepare, run

PAGE = 500
DECISIONS = f"""select id, record_json from decisions
where id > ? and policy = ? order by id limit {PAGE}"""
PAIRS = f"""select s.decision_id, d.record_json, s.record_json
from shadow_decisions s join decisions d on d.id = s.decision_id
where s.decision_id > ? and s.policy = ? and s.release_number = ?
order by s.decision_id limit {PAGE}"""


def first_id_at(moment: datetime) -> str:
    """What every id of a decision from that moment on is greater than."""
    return f"{int(moment.timestamp() * 1000):012x}"


def list_of_experiment(
    database: Database, product: str, experiment: str, since: datetime
) -> Iterator[dict[str, Any]]:
    """Records of decisions that took part in the experiment, and were not made while stopped."""
    mark = orjson.dumps({"experiment": experiment})[1:-1].decode()
    after, sql = first_id_at(since), prepare(database, DECISIONS)
    while page := run(database, sql, (after, product)).fetchall():
        after = page[-1][0]
        for _, text in page:
            if mark in text:
                record = orjson.loads(text)
                if record.get("experiment") == experiment and not record.get("stopped"):
                    yield record


def list_pairs(
    database: Database, product: str, number: int, since: datetime
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each decision with what release `number` gave in its shadow."""
    after, sql = first_id_at(since), prepare(database, PAIRS)
    while page := run(database, sql, (after, product, number)).fetchall():
        after = page[-1][0]
        for _, decision, shadow in page:
            yield orjson.loads(decision), orjson.loads(shadow)
