"""What was checked of snapshots before they were published, and who published despite it."""

from typing import Any

from peewee import BigAutoField, CharField, Database, DateField, Field, Model, TextField


class UtcField(Field):
    field_type = "TIMESTAMPTZ"


class SnapshotCheck(Model):
    id = BigAutoField()
    snapshot_id = CharField(max_length=64)
    as_of = DateField()
    checked_at = UtcField()
    verdict = CharField(max_length=16)
    expectations = TextField()
    breaks_json = TextField()
    report = TextField(null=True)
    actor = CharField(max_length=128, null=True)
    why = TextField(null=True)

    class Meta:
        legacy_table_names = False
        table_name = "snapshot_checks"
        indexes = ((("snapshot_id",), False), (("verdict", "as_of"), False))


def up(migrator: Any, db: Database) -> None:
    with db.bind_ctx((SnapshotCheck,)):
        db.create_tables((SnapshotCheck,), safe=False)


def down(migrator: Any, db: Database) -> None:
    with db.bind_ctx((SnapshotCheck,)):
        db.drop_tables((SnapshotCheck,))
