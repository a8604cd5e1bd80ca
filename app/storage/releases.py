"""`ReleaseStore` over the database: releases and their audit trail. Each step is one transaction,
alone within its product.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from peewee import Database, PostgresqlDatabase

from app.policies.release_records import ProductSettings, Release, ReleaseEvent
from app.storage import models
from app.storage.audit import append_event as _add_event
from app.storage.audit import list_entries

LOCK_CLASS = 0x7265  # advisory locks of releases, apart from other uses
FROZEN = ("product", "number", "sha256", "bundle_json", "author", "why", "published_at")


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
        return [entry.event for entry in list_entries(product)]

    def products(self) -> list[str]:
        """Products that have a release, by name."""
        rows = models.Release.select(models.Release.product).distinct()
        return [row.product for row in rows.order_by(models.Release.product)]

    def add(self, release: Release, event: ReleaseEvent) -> None:
        """Insert the release and its event."""
        models.Release.insert(**asdict(release)).execute()
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

    def note(self, event: ReleaseEvent) -> None:
        """The event alone."""
        _add_event(event)

    def settings_of(self, product: str) -> ProductSettings:
        """The product's settings; the defaults where nothing was ever set."""
        row = models.ProductSettings.get_or_none(models.ProductSettings.product == product)
        if row is None:
            return ProductSettings(product)
        return ProductSettings(
            product=row.product,
            stopped_at=row.stopped_at,
            stopped_by=row.stopped_by,
            stopped_why=row.stopped_why,
            shadow=row.shadow,
            challenger=row.challenger,
            share=row.share,
            experiment=row.experiment,
        )

    def set_settings(self, settings: ProductSettings, event: ReleaseEvent) -> None:
        """Write the settings, and the event (which makes the product's row where it has none)."""
        _add_event(event)
        state = {key: value for key, value in asdict(settings).items() if key != "product"}
        models.ProductSettings.update(**state).where(
            models.ProductSettings.product == settings.product
        ).execute()


def find_release(product: str, number: int) -> Release | None:
    """A release by its number."""
    row = models.Release.get_or_none(
        (models.Release.product == product) & (models.Release.number == number)
    )
    return None if row is None else _read_release(row)


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
        evidence_json=row.evidence_json,
        evidence_sha256=row.evidence_sha256,
        approved_by=row.approved_by,
        approved_at=row.approved_at,
        approved_sha256=row.approved_sha256,
        approved_evidence_sha256=row.approved_evidence_sha256,
        despite=row.despite,
        active_from=row.active_from,
        retired_at=row.retired_at,
    )
