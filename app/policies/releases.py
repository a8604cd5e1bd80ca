"""The life of a release: an approved release and a step come in; the release in its new state and
an event go out.

published → approved (by somebody else than the author, with its evidence; `approvals`) → active
from a time → retired. Every step runs alone within its product (`ReleaseStore.alone`, one
transaction), so two people at once cannot make the same number twice or approve what has just been
retired. A release's bundle never changes; only its state does. What a retired release was is kept:
it may be activated again. A step that is refused is an event too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.policies.beside import end_beside
from app.policies.release_checks import (
    check_whole,
    choose,
    noting_refusals,
    read_name,
    read_words,
)
from app.policies.release_records import (
    ACTIVE,
    APPROVED,
    PLANNED,
    PUBLISHED,
    RETIRED,
    Release,
    ReleaseEvent,
    ReleaseRefused,
    ReleaseStore,
    active_release,
    list_active_before,
)


def activate(
    store: ReleaseStore,
    product: str,
    number: int | None,
    actor: str,
    at: datetime,
    active_from: datetime | None = None,
) -> Release:
    """Make an approved release (by default the newest approved one) the active one, now or from a
    later time.

    A release that was active before and is retired may come back by its number. Raises
    ReleaseRefused.
    """
    with noting_refusals(store, product, number, "activate", actor, at):
        actor = read_name("--by", actor)
        since = at if active_from is None else active_from
        if since < at:
            raise ReleaseRefused(
                f"a release cannot be active from {since.isoformat(timespec='seconds')}: that time"
                " has passed; leave --at out to activate it now"
            )
        with store.alone(product):
            releases = store.releases_of(product)
            allowed = (APPROVED,) if number is None else (APPROVED, RETIRED)
            release = choose(releases, product, number, allowed, "activate", at)
            if release.approved_by is None:
                raise ReleaseRefused(
                    f"{release} was retired before it was approved; publish a change"
                )
            check_whole(release)
            _supersede(store, releases, release.number, actor, at, since)
            active = _start(store, release, actor, at, since, {"sha256": release.sha256})
    return active


def roll_back(store: ReleaseStore, product: str, actor: str, why: str, at: datetime) -> Release:
    """Retire the active release and activate the one that was active before it, at once. Returns
    the latter.

    What was rolled back is skipped by a second roll-back. Activations for later stay planned.
    Raises ReleaseRefused where nothing is active, or nothing was before.
    """
    with noting_refusals(store, product, None, "rollback", actor, at):
        actor, why = read_name("--by", actor), read_words("--why", why)
        with store.alone(product):
            releases = store.releases_of(product)
            current = active_release(releases, at)
            if current is None:
                raise ReleaseRefused(
                    f"no release of {product} is active; there is nothing to roll back"
                )
            earlier = _find_before(store, releases, current, at)
            check_whole(earlier)
            _supersede(store, releases, current.number, actor, at, at)
            retired = replace(current, status=RETIRED, retired_at=at)
            detail = {"to": earlier.number, "why": why}
            store.change(
                retired, ReleaseEvent(product, current.number, "rolled_back", actor, at, detail)
            )
            more = {"back_from": current.number, "why": why, "sha256": earlier.sha256}
            again = _start(store, earlier, actor, at, at, more)
    return again


def _find_before(
    store: ReleaseStore, releases: Sequence[Release], current: Release, at: datetime
) -> Release:
    """The newest release that was active before and is still approved. Raises ReleaseRefused."""
    product = current.product
    by_number = {release.number: release for release in releases}
    for number in reversed(list_active_before(store.events_of(product), at)):
        if by_number[number].approved_by is not None:
            return by_number[number]
    raise ReleaseRefused(
        f"{current} is the first that was active; to let the product refer everybody:"
        f" chengxin policy stop {product} --by NAME --why TEXT; to take it out of use:"
        f" chengxin policy retire {product} {current.number} --by NAME --why TEXT"
    )


def _start(
    store: ReleaseStore,
    release: Release,
    actor: str,
    at: datetime,
    since: datetime,
    more: Mapping[str, Any],
) -> Release:
    """The release, active from `since`; it runs beside itself no more."""
    active = replace(release, status=ACTIVE, active_from=since, retired_at=None)
    name = "planned" if since > at else "activated"
    detail = {"active_from": since.isoformat(), **more}
    event = ReleaseEvent(release.product, release.number, name, actor, at, detail)
    store.change(active, event)
    if since <= at:
        end_beside(store, release.product, release.number, actor, at, "it is the active one")
    return active


def retire(
    store: ReleaseStore, product: str, number: int, actor: str, why: str, at: datetime
) -> Release:
    """Take a release out of use, also the active one: the product then decides nothing. Raises
    ReleaseRefused.
    """
    with noting_refusals(store, product, number, "retire", actor, at):
        actor, why = read_name("--by", actor), read_words("--why", why)
        with store.alone(product):
            allowed = (PUBLISHED, APPROVED, PLANNED, ACTIVE)
            releases = store.releases_of(product)
            release = choose(releases, product, number, allowed, "retire", at)
            if release == active_release(releases, at):
                _supersede(store, releases, number, actor, at, at)  # nothing older wakes up
            retired = replace(release, status=RETIRED, retired_at=at)
            event = ReleaseEvent(product, number, "retired", actor, at, {"why": why})
            store.change(retired, event)
            end_beside(store, product, number, actor, at, "it was retired")
    return retired


def _supersede(
    store: ReleaseStore,
    releases: Sequence[Release],
    successor: int,
    actor: str,
    at: datetime,
    since: datetime,
) -> None:
    """Retire what no longer decides: always those that had lost to a later one, and the active one
    if `since` is now.
    """
    current = active_release(releases, at)
    for release in releases:
        if release.status != ACTIVE or release.active_from is None or release.active_from > at:
            continue
        if release.number == successor or (release is current and since > at):
            continue
        retired = replace(release, status=RETIRED, retired_at=at)
        detail = {"by": successor if release is current else current.number if current else None}
        event = ReleaseEvent(release.product, release.number, "superseded", actor, at, detail)
        store.change(retired, event)
