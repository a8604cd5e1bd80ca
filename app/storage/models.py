"""The tables as peewee models: money is BIGINT fen, times are UTC, JSON is stored as text.

The migrations in `migrations/` hold frozen copies of these; a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from peewee import (
    BigAutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    CompositeKey,
    DatabaseProxy,
    DateField,
    DoubleField,
    Field,
    IntegerField,
    Model,
    TextField,
)

database_proxy = DatabaseProxy()


class UtcDateTimeField(Field):
    """A moment: takes and gives datetimes that know their zone, always UTC outside.

    Stored as `timestamptz` (PostgreSQL) or as a text of fixed width that sorts by time (SQLite).
    """

    field_type = "TIMESTAMPTZ"

    def db_value(self, value: datetime | None) -> str | None:
        return None if value is None else format_utc(value)

    def python_value(self, value: Any) -> datetime | None:
        return None if value is None else read_utc(value)


def format_utc(moment: datetime) -> str:
    """`2026-11-23T20:11:50.000000+00:00`: what both databases are given.

    Raises ValueError for a moment without a zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone; moments in the database are UTC")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def read_utc(value: str | datetime) -> datetime:
    """A moment as either driver gives it."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.astimezone(UTC)


class Table(Model):
    """What all tables share: the database of the process, set by `connection.connect`."""

    class Meta:
        database = database_proxy
        legacy_table_names = False


class Release(Table):
    """A frozen policy. `bundle_json` is canonical and never changes; `sha256` is its hash."""

    id = BigAutoField()
    product = CharField(max_length=64)
    number = IntegerField()
    sha256 = CharField(max_length=64)
    bundle_json = TextField()
    author = CharField(max_length=128)
    why = TextField()
    published_at = UtcDateTimeField()
    status = CharField(max_length=16)  # published | approved | active | retired
    approved_by = CharField(max_length=128, null=True)
    approved_at = UtcDateTimeField(null=True)
    evidence_json = TextField(null=True)
    active_from = UtcDateTimeField(null=True)
    retired_at = UtcDateTimeField(null=True)
    evidence_sha256 = CharField(max_length=64, null=True)
    approved_sha256 = CharField(max_length=64, null=True)
    approved_evidence_sha256 = CharField(max_length=64, null=True)
    despite = TextField(null=True)

    class Meta:
        table_name = "releases"
        indexes = ((("product", "number"), True), (("status", "active_from"), False))


class ReleaseEvent(Table):
    """What happened to a release, by whom, when: the audit trail, only ever appended to.

    `number` 0: the product as a whole. `sequence` counts within the product; `sha256` is of
    everything the event says and of `previous_sha256`.
    """

    id = BigAutoField()
    product = CharField(max_length=64)
    number = IntegerField()
    event = CharField(max_length=32)
    actor = CharField(max_length=128)
    at = UtcDateTimeField()
    detail = TextField(null=True)
    sequence = IntegerField(null=True)
    previous_sha256 = CharField(max_length=64, null=True)
    sha256 = CharField(max_length=64, null=True)

    class Meta:
        table_name = "release_events"
        indexes = ((("product", "number"), False), (("product", "sequence"), True))


class ProductSettings(Table):
    """What holds for a product beside its active release, and the head of its audit trail.

    `share` is in hundredths of a percent.
    """

    product = CharField(max_length=64, primary_key=True)
    stopped_at = UtcDateTimeField(null=True)
    stopped_by = CharField(max_length=128, null=True)
    stopped_why = TextField(null=True)
    shadow = IntegerField(null=True)
    challenger = IntegerField(null=True)
    share = IntegerField()
    experiment = CharField(max_length=32, null=True)
    event_count = IntegerField()
    event_sha256 = CharField(max_length=64)

    class Meta:
        table_name = "product_settings"


class ShadowDecision(Table):
    """What a release in the shadow would have decided; `decision_id` is the decision beside which
    it ran. `outcome` is `error` where it failed, and the record then says why.
    """

    decision_id = CharField(max_length=64)
    release_number = IntegerField()
    decided_at = UtcDateTimeField()
    policy = CharField(max_length=64)
    outcome = CharField(max_length=16)
    record_json = TextField()

    class Meta:
        table_name = "shadow_decisions"
        primary_key = CompositeKey("decision_id", "release_number")


class Snapshot(Table):
    """A published feature snapshot.

    `has_rows` turns false when its rows leave the database (the lake keeps them).
    """

    id = CharField(max_length=64, primary_key=True)
    as_of = DateField()
    published_at = UtcDateTimeField()
    row_count = BigIntegerField()
    has_rows = BooleanField()
    meta_json = TextField()

    class Meta:
        table_name = "snapshots"
        indexes = ((("as_of", "published_at"), False),)


class SnapshotCheck(Table):
    """What a check said of a snapshot that was to be published; rows are only added, the newest of
    a snapshot counts.

    `verdict`: passed, held, first (published though it broke: there was none before), or despite
    (published though it broke; `actor` answers for it and says `why`). `expectations`: the names of
    those that broke, with commas. `breaks_json`: a list of `{key, excess, severity}`. `report`: its
    file, within the lake.
    """

    id = BigAutoField()
    snapshot_id = CharField(max_length=64)
    as_of = DateField()
    checked_at = UtcDateTimeField()
    verdict = CharField(max_length=16)
    expectations = TextField()
    breaks_json = TextField()
    report = TextField(null=True)
    actor = CharField(max_length=128, null=True)
    why = TextField(null=True)

    class Meta:
        table_name = "snapshot_checks"
        indexes = ((("snapshot_id",), False), (("verdict", "as_of"), False))


class FeatureValues(Table):
    """One merchant in one snapshot: values (money in fen) and reasons of nulls, as JSON texts."""

    snapshot_id = CharField(max_length=64)
    merchant_id = CharField(max_length=128)
    values_json = TextField()
    missing_json = TextField()

    class Meta:
        table_name = "feature_rows"
        primary_key = CompositeKey("snapshot_id", "merchant_id")


class Decision(Table):
    """A decision: the record as it was answered, beside it the columns that are searched."""

    id = CharField(max_length=64, primary_key=True)
    decided_at = UtcDateTimeField()
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
        table_name = "decisions"
        indexes = (
            (("api_key_id", "idempotency_key"), True),
            (("merchant_id", "decided_at"), False),
        )


class ApiKey(Table):
    """A caller's key: `id` is its public part; of its 256-bit secret only the SHA-256 is kept."""

    id = CharField(max_length=32, primary_key=True)
    name = CharField(max_length=128)
    secret_sha256 = CharField(max_length=64)
    scopes = TextField()  # separated by spaces
    rate_per_second = IntegerField()
    created_at = UtcDateTimeField()
    revoked_at = UtcDateTimeField(null=True)

    class Meta:
        table_name = "api_keys"


class Whitelist(Table):
    """A batch judgement of a whole portfolio, with what it was computed from."""

    id = CharField(max_length=64, primary_key=True)
    policy = CharField(max_length=64)
    release_number = IntegerField()
    release_sha256 = CharField(max_length=64)
    snapshot_id = CharField(max_length=64)
    as_of = DateField()
    built_at = UtcDateTimeField()
    merchant_count = BigIntegerField()
    approved_count = BigIntegerField()
    total_limit_fen = BigIntegerField()
    meta_json = TextField()

    class Meta:
        table_name = "whitelists"
        indexes = ((("policy", "as_of"), False),)


class WhitelistLine(Table):
    """One merchant of a whitelist. `reasons_json` is a list of codes, ranked; rates are per day."""

    whitelist_id = CharField(max_length=64)
    merchant_id = CharField(max_length=128)
    outcome = CharField(max_length=16)
    score = DoubleField(null=True)
    tier = CharField(max_length=16, null=True)
    limit_fen = BigIntegerField(null=True)
    daily_rate = DoubleField(null=True)
    reasons_json = TextField()

    class Meta:
        table_name = "whitelist_entries"
        primary_key = CompositeKey("whitelist_id", "merchant_id")


TABLES: tuple[type[Table], ...] = (
    Release,
    ReleaseEvent,
    ProductSettings,
    ShadowDecision,
    Snapshot,
    SnapshotCheck,
    FeatureValues,
    Decision,
    ApiKey,
    Whitelist,
    WhitelistLine,
)
