"""`ReleaseStore` over the database: releases and their audit trail. Each step is one transaction,
alone within its product.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from peewee import Database, PostgresqlDatabase

from app.policies.release_records import Release, ReleaseEvent, canonical_detail
from app.storage import models

LOCK_CLASS = 0x7265  # advisory locks of releases, apart from other uses
FROZEN = ("product", "number", "sha256", "bundle_json", "author", "why", "published_at", "evidence")


class SqlReleaseStore:
    """Implements `ReleaseStore` on SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database: Any = database
        self._is_postgresql = isinstance(database, PostgresqlDatabase)

    @contextmanager
    def alone(self, product: str) -> Iterator[None]:
        """One transaction that nobody else has within the product.

        SQLite: the one writer. PostgreSQL: an advisory lock that ends with the transaction.
        """
        if self._is_postgresql:
            with self._database.atomic():
                self._database.execute_sql(
                    "select pg_advisory_xact_lock(%s, hashtext(%s))", (LOCK_CLASS, product)
                )
                yield
        else:
            with self._database.atomic("IMMEDIATE"):
                yield

    def releases_of(self, product: str) -> list[Release]:
        """All releases of a product, by number."""
        rows = models.Release.select().where(models.Release.product == product)
        return [_read_release(row) for row in rows.order_by(models.Release.number)]

    def events_of(self, product: str) -> list[ReleaseEvent]:
        """The audit trail of a product, oldest first."""
        rows = models.ReleaseEvent.select().where(models.ReleaseEvent.product == product)
        return [
            ReleaseEvent(
                row.product,
                row.number,
                row.event,
                row.actor,
                row.at,
                None if row.detail is None else json.loads(row.detail),
            )
            for row in rows.order_by(models.ReleaseEvent.id)
        ]

    def products(self) -> list[str]:
        """Products that have a release, by name."""
        rows = models.Release.select(models.Release.product).distinct()
        return [row.product for row in rows.order_by(models.Release.product)]

    def add(self, release: Release, event: ReleaseEvent) -> None:
        """Insert the release and its event."""
        fields = asdict(release)
        evidence = canonical_detail(fields.pop("evidence"))
        models.Release.insert(**fields, evidence_json=evidence).execute()
        _add_event(event)

    def change(self, release: Release, event: ReleaseEvent) -> None:
        """Write the new state of the release, and the event."""
        state = {key: value for key, value in asdict(release).items() if key not in FROZEN}
        changed = (
            models.Release.update(**state)
            .where(
                (models.Release.product == release.product)
                & (models.Release.number == release.number)
                & (models.Release.sha256 == release.sha256)
            )
            .execute()
        )
        if changed != 1:
            raise LookupError(f"{release} is not stored")
        _add_event(event)


def _add_event(event: ReleaseEvent) -> None:
    fields = asdict(event)
    models.ReleaseEvent.insert(**fields | {"detail": canonical_detail(event.detail)}).execute()


def _read_release(row: Any) -> Release:
    return Release(
        product=row.product,
        number=row.number,
        sha256=row.sha256,
        bundle_json=row.bundle_json,
        author=row.author,
        why=row.why,
        published_at=row.published_at,
        status=row.status,
        evidence=None if row.evidence_json is None else json.loads(row.evidence_json),
        approved_by=row.approved_by,
        approved_at=row.approved_at,
        active_from=row.active_from,
        retired_at=row.retired_at,
    )
