"""`PRODUCT`, `PRODUCT@3`, `PRODUCT@active` come in; the checked policy of the files or of that
release goes out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from app.errors import ChengxinError
from app.policies.documents import sha256_of
from app.policies.examine import examine, freeze, thaw
from app.policies.policy import Policy
from app.policies.release_records import Release, active_release
from app.rules.problems import ProblemsFound, suggest
from app.settings import Settings
from app.storage.connection import connect
from app.storage.releases import SqlReleaseStore


class NoSuchVersion(ChengxinError):
    """There is no such release; the message says which there are."""


@dataclass(frozen=True, slots=True)
class Version:
    """A policy and what it is called; `release` None: the files as they are; `sha256`: of what a
    release of it holds.
    """

    name: str
    policy: Policy
    release: int | None
    sha256: str

    def __str__(self) -> str:
        return f"{self.name} (files)" if self.release is None else self.name


def read_version(text: str, settings: Settings) -> Version:
    """The version of that name. Raises NoSuchVersion, UnknownProduct, ProblemsFound."""
    product, at, which = text.partition("@")
    if not at:
        return read_draft(product, settings)
    return read_release(product, which, settings)


def read_draft(product: str, settings: Settings) -> Version:
    """The files as they are."""
    examined = examine(product, settings.rulesets, settings.scorecards)
    if examined.policy is None:
        raise ProblemsFound(examined.problems)
    return Version(product, examined.policy, None, sha256_of(freeze(examined)))


def read_release(product: str, which: str, settings: Settings) -> Version:
    """Release `which` (a number, or `active`) of a product."""
    store = SqlReleaseStore(connect(settings))
    releases = store.releases_of(product)
    if not releases:
        known = store.products()
        hint = suggest(product, known) or f"there are releases of {', '.join(known) or '(none)'}"
        raise NoSuchVersion(f"nothing of '{product}' is published; {hint}")
    release = _choose(product, which, releases)
    if sha256_of(release.bundle_json) != release.sha256:
        raise NoSuchVersion(
            f"{release} is damaged: it does not have the hash it was published with"
        )
    name, policy = f"{product}@{release.number}", thaw(release.bundle_json)
    return Version(name, policy, release.number, release.sha256)


def _choose(product: str, which: str, releases: list[Release]) -> Release:
    if which == "active":
        active = active_release(releases, datetime.now(UTC))
        if active is None:
            raise NoSuchVersion(
                f"no release of {product} is active; name one by its number, such as"
                f" {product}@{releases[-1].number}"
            )
        return active
    for release in releases:
        if str(release.number) == which:
            return release
    numbers = ", ".join(str(release.number) for release in releases)
    raise NoSuchVersion(f"{product} has no release '{which}'; write active or a number: {numbers}")
