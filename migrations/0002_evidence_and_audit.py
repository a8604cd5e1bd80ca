"""Evidence with its hash, the audit trail as a chain, settings of products, shadow decisions.

Events that are there become the beginning of their product's chain. Evidence of before had no hash
and was no part of an approval: it is dropped, and approvals keep the hash of their bundle.
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from peewee import CharField, CompositeKey, Database, Field, IntegerField, Model, TextField

COLUMNS = (
    ("releases", "evidence_sha256", "varchar(64)"),
    ("releases", "approved_sha256", "varchar(64)"),
    ("releases", "approved_evidence_sha256", "varchar(64)"),
    ("releases", "despite", "text"),
    ("release_events", "sequence", "integer"),
    ("release_events", "previous_sha256", "varchar(64)"),
    ("release_events", "sha256", "varchar(64)"),
)
UNIQUE = "releaseevent_product_sequence"
BEGINNING = "0" * 64


class UtcField(Field):
    field_type = "TIMESTAMPTZ"


class ProductSettings(Model):
    product = CharField(max_length=64, primary_key=True)
    stopped_at = UtcField(null=True)
    stopped_by = CharField(max_length=128, null=True)
    stopped_why = TextField(null=True)
    shadow = IntegerField(null=True)
    challenger = IntegerField(null=True)
    share = IntegerField()
    experiment = CharField(max_length=32, null=True)
    event_count = IntegerField()
    event_sha256 = CharField(max_length=64)

    class Meta:
        legacy_table_names = False
        table_name = "product_settings"


class ShadowDecision(Model):
    decision_id = CharField(max_length=64)
    release_number = IntegerField()
    decided_at = UtcField()
    policy = CharField(max_length=64)
    outcome = CharField(max_length=16)
    record_json = TextField()

    class Meta:
        legacy_table_names = False
        table_name = "shadow_decisions"
        primary_key = CompositeKey("decision_id", "release_number")


TABLES = (ProductSettings, ShadowDecision)


def up(migrator: Any, db: Database) -> None:
    for table, column, kind in COLUMNS:
        db.execute_sql(f"alter table {table} add column {column} {kind}")
    with db.bind_ctx(TABLES):
        db.create_tables(TABLES, safe=False)
    db.execute_sql("update releases set evidence_json = null")
    db.execute_sql("update releases set approved_sha256 = sha256 where approved_by is not null")
    _chain(db)
    db.execute_sql(f"create unique index {UNIQUE} on release_events (product, sequence)")


def down(migrator: Any, db: Database) -> None:
    db.execute_sql(f"drop index {UNIQUE}")
    with db.bind_ctx(TABLES):
        db.drop_tables(TABLES)
    for table, column, _ in COLUMNS:
        db.execute_sql(f"alter table {table} drop column {column}")


def _chain(db: Database) -> None:
    """Number the events of each product and hash each with the one before."""
    mark = db.param
    rows = db.execute_sql(
        "select id, product, number, event, actor, at, detail from release_events order by id"
    ).fetchall()
    heads: dict[str, tuple[int, str]] = {}
    for row_id, product, number, event, actor, at, detail in rows:
        count, previous = heads.get(product, (0, BEGINNING))
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
        moment = moment.astimezone(UTC).isoformat(timespec="microseconds")
        said = [product, count + 1, number, event, actor, moment, detail, previous]
        text = json.dumps(said, ensure_ascii=True, separators=(",", ":"))
        own = hashlib.sha256(text.encode()).hexdigest()
        db.execute_sql(
            f"update release_events set sequence = {mark}, previous_sha256 = {mark},"
            f" sha256 = {mark} where id = {mark}",
            (count + 1, previous, own, row_id),
        )
        heads[product] = (count + 1, own)
    for product, (count, own) in heads.items():
        db.execute_sql(
            "insert into product_settings (product, share, event_count, event_sha256)"
            f" values ({mark}, 0, {mark}, {mark})",
            (product, count, own),
        )
