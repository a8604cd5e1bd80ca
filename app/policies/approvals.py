"""Publishing, evidence and approval: a frozen bundle and what was run on it come in; the release in
its new state and an event go out.

An approval is of a bundle together with its evidence, by their two hashes. New evidence voids it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.policies.beside import end_beside
from app.policies.evidence import Obstacles, find_obstacles
from app.policies.release_checks import (
    check_whole,
    choose,
    noting_refusals,
    read_name,
    read_words,
)
from app.policies.release_records import (
    APPROVED,
    PUBLISHED,
    RETIRED,
    Release,
    ReleaseEvent,
    ReleaseRefused,
    ReleaseStore,
    canonical_detail,
    fold_name,
    sha256_of_text,
)


@dataclass(frozen=True, slots=True)
class Published:
    """`is_new` is false where the same bundle was published before: then nothing was written."""

    release: Release
    is_new: bool


@dataclass(frozen=True, slots=True)
class Gathered:
    """`is_changed` is false where the evidence is what was kept already: then nothing was written.
    `voided`: an approval that holds no more.
    """

    release: Release
    is_changed: bool
    voided: bool


def find_published(store: ReleaseStore, product: str, bundle_json: str) -> Release | None:
    """The release that holds this very bundle."""
    sha256 = sha256_of_text(bundle_json)
    return next((r for r in store.releases_of(product) if r.sha256 == sha256), None)


def publish(
    store: ReleaseStore,
    product: str,
    bundle_json: str,
    author: str,
    why: str,
    at: datetime,
    evidence: Mapping[str, Any] | None = None,
) -> Published:
    """Freeze a bundle under the next number. The same bundle again gives the release that it
    already has.

    The caller has checked the policy and run its cases; `evidence` says what was run. Raises
    ReleaseRefused.
    """
    with noting_refusals(store, product, None, "publish", author, at):
        author, why = read_name("--by", author), read_words("--why", why)
        with store.alone(product):
            same = find_published(store, product, bundle_json)
            if same is not None:
                return Published(same, is_new=False)
            releases = store.releases_of(product)
            number = releases[-1].number + 1 if releases else 1
            sha256 = sha256_of_text(bundle_json)
            text, proof = _freeze_evidence(evidence)
            release = Release(
                product, number, sha256, bundle_json, author, why, at, PUBLISHED, text, proof
            )
            detail = {"sha256": sha256, "evidence": proof, "why": why}
            store.add(release, ReleaseEvent(product, number, "published", author, at, detail))
    return Published(release, is_new=True)


def replace_evidence(
    store: ReleaseStore,
    product: str,
    number: int,
    sha256: str,
    evidence: Mapping[str, Any],
    actor: str,
    at: datetime,
) -> Gathered:
    """Keep new evidence of a release whose bundle has that hash. An approval was of the evidence
    before, so it is void: the release is published again, and challenges no more.

    Raises ReleaseRefused for a release that decides or is planned to: it would stop in the middle.
    """
    with noting_refusals(store, product, number, "evidence", actor, at):
        actor = read_name("--by", actor)
        text, proof = _freeze_evidence(evidence)
        with store.alone(product):
            allowed = (PUBLISHED, APPROVED, RETIRED)
            release = choose(
                store.releases_of(product), product, number, allowed, "change the evidence of", at
            )
            if release.sha256 != sha256:
                raise ReleaseRefused(f"{release} is not what the evidence was gathered from")
            if (release.evidence_json, release.evidence_sha256) == (text, proof):
                return Gathered(release, is_changed=False, voided=False)
            voided = release.approved_by is not None
            changed = replace(release, evidence_json=text, evidence_sha256=proof)
            detail = {"sha256": sha256, "evidence": proof, "before": release.evidence_sha256}
            store.change(changed, ReleaseEvent(product, number, "evidence", actor, at, detail))
            if voided:
                changed = _void(store, changed, actor, at)
    return Gathered(changed, is_changed=True, voided=voided)


def _void(store: ReleaseStore, release: Release, actor: str, at: datetime) -> Release:
    """Take the approval from a release whose evidence has changed."""
    detail = {
        "approved_by": release.approved_by,
        "evidence": release.approved_evidence_sha256,
        "why": "the evidence that was approved has changed",
    }
    voided = replace(
        release,
        status=PUBLISHED,
        approved_by=None,
        approved_at=None,
        approved_sha256=None,
        approved_evidence_sha256=None,
        despite=None,
        retired_at=None,
    )
    event = ReleaseEvent(release.product, release.number, "approval_voided", actor, at, detail)
    store.change(voided, event)
    end_beside(store, release.product, release.number, actor, at, "its approval is void", True)
    return voided


def approve(
    store: ReleaseStore,
    product: str,
    number: int | None,
    approver: str,
    at: datetime,
    despite: str | None = None,
) -> Release:
    """Approve a published release (by default the newest published one): its bundle together with
    its evidence, by their hashes.

    `despite`: why it may be, although the evidence leaves something open. Raises ReleaseRefused for
    its own author, for failed evidence, and for open evidence without a `despite`.
    """
    with noting_refusals(store, product, number, "approve", approver, at):
        approver = read_name("--by", approver)
        despite = None if despite is None else read_words("--despite", despite)
        with store.alone(product):
            release = choose(
                store.releases_of(product), product, number, (PUBLISHED,), "approve", at
            )
            if fold_name(approver) == fold_name(release.author):
                raise ReleaseRefused(
                    f"{release} was written by {release.author}; somebody else has to approve it"
                )
            check_whole(release)
            obstacles = find_obstacles(release.evidence)
            _check_obstacles(release, obstacles, despite)
            if not obstacles.arguable:
                despite = None
            approved = replace(
                release,
                status=APPROVED,
                approved_by=approver,
                approved_at=at,
                approved_sha256=release.sha256,
                approved_evidence_sha256=release.evidence_sha256,
                despite=despite,
            )
            detail: dict[str, Any] = {
                "sha256": release.sha256,
                "evidence": release.evidence_sha256,
            }
            if despite is not None:
                detail |= {"despite": despite, "open": list(obstacles.arguable)}
            event = ReleaseEvent(product, release.number, "approved", approver, at, detail)
            store.change(approved, event)
    return approved


def _check_obstacles(release: Release, obstacles: Obstacles, despite: str | None) -> None:
    """Raises ReleaseRefused where the evidence forbids the approval."""
    if obstacles.fatal:
        raise ReleaseRefused(
            f"{release} cannot be approved: {'; '.join(obstacles.fatal)}. Mend it and publish again"
        )
    if obstacles.arguable and despite is None:
        raise ReleaseRefused(
            f"the evidence of {release} leaves something open: {'; '.join(obstacles.arguable)}."
            f" Run chengxin policy evidence {release.product} {release.number}, or say why it may"
            " be approved all the same: --despite TEXT"
        )


def _freeze_evidence(evidence: Mapping[str, Any] | None) -> tuple[str | None, str | None]:
    """The canonical text and its hash."""
    text = canonical_detail(None if evidence is None else dict(evidence))
    return text, None if text is None else sha256_of_text(text)
