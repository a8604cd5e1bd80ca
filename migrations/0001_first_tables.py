"""The first tables: a frozen copy of the models. Later changes are migrations of their own."""

from typing import Any

from peewee import (
    BigAutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    CompositeKey,
    Database,
    DateField,
    DoubleField,
    Field,
    IntegerField,
    Model,
    TextField,
)


class UtcField(Field):
    field_type = "TIMESTAMPTZ"


class Release(Model):
    id = BigAutoField()
    product = CharField(max_length=64)
    number = IntegerField()
    sha256 = CharField(max_length=64)
    bundle_json = TextField()
    author = CharField(max_length=128)
    why = TextField()
    published_at = UtcField()
    status = CharField(max_length=16)
    approved_by = CharField(max_length=128, null=True)
    approved_at = UtcField(null=True)
    evidence_json = TextField(null=True)
    active_from = UtcField(null=True)
    retired_at = UtcField(null=True)

    class Meta:
        legacy_table_names = False
        table_name = "releases"
        indexes = ((("product", "number"), True), (("status", "active_from"), False))


class ReleaseEvent(Model):
    id = BigAutoField()
    product = CharField(max_length=64)
    number = IntegerField()
    event = CharField(max_length=32)
    actor = CharField(max_length=128)
    at = UtcField()
    detail = TextField(null=True)

    class Meta:
        legacy_table_names = False
        table_name = "release_events"
        indexes = ((("product", "number"), False),)


class Snapshot(Model):
    id = CharField(max_length=64, primary_key=True)
    as_of = DateField()
    published_at = UtcField()
    row_count = BigIntegerField()
    has_rows = BooleanField()
    meta_json = TextField()

    class Meta:
        legacy_table_names = False
        table_name = "snapshots"
        indexes = ((("as_of", "published_at"), False),)


class FeatureValues(Model):
    snapshot_id = CharField(max_length=64)
    merchant_id = CharField(max_length=128)
    values_json = TextField()
    missing_json = TextField()

    class Meta:
        legacy_table_names = False
        table_name = "feature_rows"
        primary_key = CompositeKey("snapshot_id", "merchant_id")


class Decision(Model):
    id = CharField(max_length=64, primary_key=True)
    decided_at = UtcField()
    merchant_id = CharField(max_length=128)
    policy = CharField(max_length=64)
    release_number = IntegerField()
    purpose = CharField(max_length=16)
    outcome = CharField(max_length=16)
    record_json = TextField()
    api_key_id = CharField(max_length=32, null=True)
    idempotency_key = CharField(max_length=255, null=True)
    body_sha256 = CharField(max_length=64, null=True)

    class Meta:
        legacy_table_names = False
        table_name = "decisions"
        indexes = (
            (("api_key_id", "idempotency_key"), True),
            (("merchant_id", "decided_at"), False),
        )


class ApiKey(Model):
    id = CharField(max_length=32, primary_key=True)
    name = CharField(max_length=128)
    secret_sha256 = CharField(max_length=64)
    scopes = TextField()
    rate_per_second = IntegerField()
    created_at = UtcField()
    revoked_at = UtcField(null=True)

    class Meta:
        legacy_table_names = False
        table_name = "api_keys"


class Whitelist(Model):
    id = CharField(max_length=64, primary_key=True)
    policy = CharField(max_length=64)
    release_number = IntegerField()
    release_sha256 = CharField(max_length=64)
    snapshot_id = CharField(max_length=64)
    as_of = DateField()
    built_at = UtcField()
    merchant_count = BigIntegerField()
    approved_count = BigIntegerField()
    total_limit_fen = BigIntegerField()
    meta_json = TextField()

    class Meta:
        legacy_table_names = False
        table_name = "whitelists"
        indexes = ((("policy", "as_of"), False),)


class WhitelistLine(Model):
    whitelist_id = CharField(max_length=64)
    merchant_id = CharField(max_length=128)
    outcome = CharField(max_length=16)
    score = DoubleField(null=True)
    tier = CharField(max_length=16, null=True)
    limit_fen = BigIntegerField(null=True)
    daily_rate = DoubleField(null=True)
    reasons_json = TextField()

    class Meta:
        legacy_table_names = False
        table_name = "whitelist_entries"
        primary_key = CompositeKey("whitelist_id", "merchant_id")


TABLES = (
    Release,
    ReleaseEvent,
    Snapshot,
    FeatureValues,
    Decision,
    ApiKey,
    Whitelist,
    WhitelistLine,
)


def up(migrator: Any, db: Database) -> None:
    with db.bind_ctx(TABLES):
        db.create_tables(TABLES, safe=False)


def down(migrator: Any, db: Database) -> None:
    with db.bind_ctx(TABLES):
        db.drop_tables(TABLES)
