"""The audit trail over the database: an event comes in and is appended to its product's chain; the
whole trail goes out, in order.
"""

from __future__ import annotations

import json
from typing import Any

from app.policies.audit import BEGINNING, AuditEntry, AuditHead, hash_event
from app.policies.release_records import ReleaseEvent, canonical_detail
from app.storage.models import ProductSettings
from app.storage.models import ReleaseEvent as EventRow


def append_event(event: ReleaseEvent) -> None:
    """Append to the chain. Only inside `SqlReleaseStore.alone`: nobody else appends meanwhile."""
    row = ProductSettings.get_or_none(ProductSettings.product == event.product)
    count, previous = (row.event_count, row.event_sha256) if row else (0, BEGINNING)
    detail = canonical_detail(event.detail)
    own = hash_event(event, count + 1, detail, previous)
    EventRow.insert(
        product=event.product,
        number=event.number,
        event=event.event,
        actor=event.actor,
        at=event.at,
        detail=detail,
        sequence=count + 1,
        previous_sha256=previous,
        sha256=own,
    ).execute()
    if row is None:
        ProductSettings.insert(
            product=event.product, share=0, event_count=1, event_sha256=own
        ).execute()
    else:
        ProductSettings.update(event_count=count + 1, event_sha256=own).where(
            ProductSettings.product == event.product
        ).execute()


def list_entries(product: str | None = None) -> list[AuditEntry]:
    """The trail of a product, or of all, in the order in which it was written."""
    rows = EventRow.select().order_by(EventRow.id)
    if product is not None:
        rows = rows.where(EventRow.product == product)
    return [_read_entry(row) for row in rows]


def list_heads() -> dict[str, AuditHead]:
    """Product → how long its chain is, and its last hash."""
    rows = ProductSettings.select()
    return {row.product: AuditHead(row.product, row.event_count, row.event_sha256) for row in rows}


def _read_entry(row: Any) -> AuditEntry:
    event = ReleaseEvent(
        row.product, row.number, row.event, row.actor, row.at, _read_detail(row.detail)
    )
    return AuditEntry(
        row.sequence or 0, event, row.detail, row.previous_sha256 or "", row.sha256 or ""
    )


def _read_detail(text: str | None) -> dict[str, Any] | None:
    """The detail; where somebody wrote no JSON into it, the text itself."""
    if text is None:
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return {"unreadable": text}
    return found if isinstance(found, dict) else {"unreadable": text}
