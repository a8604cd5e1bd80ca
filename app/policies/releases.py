"""The life of a release: a frozen bundle and a step come in; the release in its new state and an
event go out.

published → approved (by somebody else than the author) → active from a time → retired. Every step
runs alone within its product
(`ReleaseStore.alone`, one transaction), so two people at once cannot make the same number twice or
approve what has just been
retired. A release's bundle never changes; only its state does. What a retired release was is kept:
it may be activated again.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

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
    describe_standing,
    fold_name,
    list_active_before,
)

LONGEST_NAME = 128
LONGEST_WHY = 2_000


@dataclass(frozen=True, slots=True)
class Published:
    """`is_new` is false where the same bundle was published before: then nothing was written."""

    release: Release
    is_new: bool


def publish(
    store: ReleaseStore,
    product: str,
    bundle_json: str,
    author: str,
    why: str,
    at: datetime,
    evidence: dict[str, Any] | None = None,
) -> Published:
    """Freeze a bundle under the next number. The same bundle again gives the release that it
    already has.

    The caller has checked the policy and run its cases; `evidence` says what was run. Raises
    ReleaseRefused.
    """
    author = _read_name("--by", author)
    why = _read_words("--why", why, LONGEST_WHY)
    sha256 = hashlib.sha256(bundle_json.encode()).hexdigest()
    with store.alone(product):
        releases = store.releases_of(product)
        same = next((release for release in releases if release.sha256 == sha256), None)
        if same is not None:
            return Published(same, is_new=False)
        number = releases[-1].number + 1 if releases else 1
        release = Release(
            product, number, sha256, bundle_json, author, why, at, PUBLISHED, evidence
        )
        detail = {"sha256": sha256, "why": why}
        store.add(release, ReleaseEvent(product, number, "published", author, at, detail))
    return Published(release, is_new=True)


def approve(
    store: ReleaseStore, product: str, number: int | None, approver: str, at: datetime
) -> Release:
    """Approve a published release (by default the newest published one). Raises ReleaseRefused for
    its own author.
    """
    approver = _read_name("--by", approver)
    with store.alone(product):
        release = _choose(store.releases_of(product), product, number, (PUBLISHED,), "approve", at)
        if fold_name(approver) == fold_name(release.author):
            raise ReleaseRefused(
                f"{release} was written by {release.author}; somebody else has to approve it"
            )
        approved = replace(release, status=APPROVED, approved_by=approver, approved_at=at)
        detail = {"sha256": release.sha256}
        store.change(
            approved, ReleaseEvent(product, release.number, "approved", approver, at, detail)
        )
    return approved


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
    actor = _read_name("--by", actor)
    since = at if active_from is None else active_from
    if since < at:
        raise ReleaseRefused(
            f"a release cannot be active from {since.isoformat(timespec='seconds')}: that time has"
            " passed; leave --at out to activate it now"
        )
    with store.alone(product):
        releases = store.releases_of(product)
        allowed = (APPROVED,) if number is None else (APPROVED, RETIRED)
        release = _choose(releases, product, number, allowed, "activate", at)
        if release.approved_by is None:
            raise ReleaseRefused(f"{release} was retired before it was approved; publish a change")
        _supersede(store, releases, release.number, actor, at, since)
        active = replace(release, status=ACTIVE, active_from=since, retired_at=None)
        detail = {"active_from": since.isoformat(), "sha256": release.sha256}
        store.change(active, ReleaseEvent(product, release.number, "activated", actor, at, detail))
    return active


def roll_back(store: ReleaseStore, product: str, actor: str, why: str, at: datetime) -> Release:
    """Retire the active release and activate the one that was active before it, at once. Returns
    the latter.

    What was rolled back is skipped by a second roll-back. Activations for later stay planned.
    Raises ReleaseRefused where nothing is active, or nothing was before.
    """
    actor = _read_name("--by", actor)
    why = _read_words("--why", why, LONGEST_WHY)
    with store.alone(product):
        releases = store.releases_of(product)
        current = active_release(releases, at)
        if current is None:
            raise ReleaseRefused(
                f"no release of {product} is active; there is nothing to roll back"
            )
        before = list_active_before(store.events_of(product), at)
        if not before:
            raise ReleaseRefused(
                f"{current} is the first that was active; to stop the product:"
                f" chengxin policy retire {product} {current.number} --by NAME --why TEXT"
            )
        earlier = next(release for release in releases if release.number == before[-1])
        _supersede(store, releases, current.number, actor, at, at)
        retired = replace(current, status=RETIRED, retired_at=at)
        detail = {"to": earlier.number, "why": why}
        store.change(
            retired, ReleaseEvent(product, current.number, "rolled_back", actor, at, detail)
        )
        again = replace(earlier, status=ACTIVE, active_from=at, retired_at=None)
        detail = {"active_from": at.isoformat(), "back_from": current.number, "why": why}
        store.change(again, ReleaseEvent(product, again.number, "activated", actor, at, detail))
    return again


def retire(
    store: ReleaseStore, product: str, number: int, actor: str, why: str, at: datetime
) -> Release:
    """Take a release out of use, also the active one: the product then decides nothing. Raises
    ReleaseRefused.
    """
    actor = _read_name("--by", actor)
    why = _read_words("--why", why, LONGEST_WHY)
    with store.alone(product):
        allowed = (PUBLISHED, APPROVED, PLANNED, ACTIVE)
        releases = store.releases_of(product)
        release = _choose(releases, product, number, allowed, "retire", at)
        if release == active_release(releases, at):
            _supersede(store, releases, number, actor, at, at)  # nothing older wakes up
        retired = replace(release, status=RETIRED, retired_at=at)
        event = ReleaseEvent(product, number, "retired", actor, at, {"why": why})
        store.change(retired, event)
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


def _choose(
    releases: Sequence[Release],
    product: str,
    number: int | None,
    allowed: tuple[str, ...],
    verb: str,
    at: datetime,
) -> Release:
    """The release of that number, or the newest that stands as allowed. Raises ReleaseRefused."""
    standing = {r.number: describe_standing(r, releases, at) for r in releases}
    if number is None:
        newest = next((r for r in reversed(releases) if standing[r.number] in allowed), None)
        if newest is not None:
            return newest
        states = ", ".join(f"{n} {state}" for n, state in list(standing.items())[-5:]) or "none"
        raise ReleaseRefused(
            f"{product} has no release to {verb}: that takes one that is {' or '.join(allowed)};"
            f" its releases: {states}"
        )
    release = next((r for r in releases if r.number == number), None)
    if release is None:
        numbers = ", ".join(str(n) for n in list(standing)[-10:]) or "none"
        raise ReleaseRefused(f"{product} has no release {number}; there are: {numbers}")
    if standing[number] not in allowed:
        raise ReleaseRefused(
            f"{release} is {standing[number]}; to {verb} it, it must be {' or '.join(allowed)}"
            f"{_next_step(release)}"
        )
    return release


def _next_step(release: Release) -> str:
    if release.status == PUBLISHED:
        return f": first chengxin policy approve {release.product} {release.number} --by NAME"
    return ""


def _read_name(option: str, text: str) -> str:
    return _read_words(option, text, LONGEST_NAME)


def _read_words(option: str, text: str, longest: int) -> str:
    words = text.strip()
    if not words:
        raise ReleaseRefused(f"{option} is empty; write who or why, in words")
    if len(words) > longest:
        raise ReleaseRefused(f"{option} has {len(words)} characters; at most {longest} are kept")
    bad = next((c for c in words if unicodedata.category(c) in ("Cc", "Cs", "Cf")), None)
    if bad is not None and bad not in "\n":
        raise ReleaseRefused(f"{option} holds the character U+{ord(bad):04X}; delete it")
    return words
