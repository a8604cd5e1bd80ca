"""What every step of a release's life begins with: words that are read, the release that is meant,
and a refusal that is kept in the audit trail.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from app.policies.release_records import (
    OF_THE_PRODUCT,
    PUBLISHED,
    Release,
    ReleaseEvent,
    ReleaseRefused,
    ReleaseStore,
    ReleaseTampered,
    describe_standing,
    describe_tampering,
)

LONGEST_NAME = 128
LONGEST_WHY = 2_000


@contextmanager
def noting_refusals(
    store: ReleaseStore, product: str, number: int | None, step: str, actor: str, at: datetime
) -> Iterator[None]:
    """What is refused inside is kept as an event of its own, and raised on.

    Nothing is kept for a product of which nothing is published: any misspelt name would do.
    """
    try:
        yield
    except ReleaseRefused as refused:
        note_refusal(store, product, number, step, actor, at, refused)
        raise


def note_refusal(
    store: ReleaseStore,
    product: str,
    number: int | None,
    step: str,
    actor: str,
    at: datetime,
    why: Exception | str,
) -> None:
    """Keep that a step was refused, or that tampering was found."""
    event = "tampering_found" if isinstance(why, ReleaseTampered) else "refused"
    detail = {"step": step, "why": str(why)[:LONGEST_WHY]}
    with store.alone(product):
        if product not in store.products():
            return
        who = _printable(actor)[:LONGEST_NAME] or "(nobody)"
        store.note(ReleaseEvent(product, number or OF_THE_PRODUCT, event, who, at, detail))


def choose(
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
            f"{_next_step(release, allowed)}"
        )
    return release


def check_whole(release: Release) -> None:
    """Raises ReleaseTampered where the release or its evidence is not what its hashes say."""
    found = describe_tampering(release)
    if found is not None:
        raise ReleaseTampered(
            f"{release} cannot be used: {found}. Somebody wrote into the database; chengxin policy"
            f" audit {release.product} --verify says more. Publish the files again"
        )


def read_name(option: str, text: str) -> str:
    """A person's name. Raises ReleaseRefused."""
    return read_words(option, text, LONGEST_NAME)


def read_words(option: str, text: str, longest: int = LONGEST_WHY) -> str:
    """Words that are kept as they are. Raises ReleaseRefused."""
    words = text.strip()
    if not words:
        raise ReleaseRefused(f"{option} is empty; write who or why, in words")
    if len(words) > longest:
        raise ReleaseRefused(f"{option} has {len(words)} characters; at most {longest} are kept")
    bad = next((c for c in words if unicodedata.category(c) in ("Cc", "Cs", "Cf")), None)
    if bad is not None and bad not in "\n":
        raise ReleaseRefused(f"{option} holds the character U+{ord(bad):04X}; delete it")
    return words


def _next_step(release: Release, allowed: tuple[str, ...]) -> str:
    if release.status == PUBLISHED and PUBLISHED not in allowed:
        return f": first chengxin policy approve {release.product} {release.number} --by NAME"
    return ""


def _printable(text: str) -> str:
    return "".join(c for c in text.strip() if unicodedata.category(c) not in ("Cc", "Cs", "Cf"))
