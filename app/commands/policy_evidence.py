"""`chengxin policy evidence`: a release comes in; everything that can be run on it is run, kept
with it, and shown.
"""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from app.commands import policy_show
from app.commands.policy_common import AS_JSON, NUMBER, now, open_store
from app.commands.policy_files import Frozen
from app.evidence.gather import gather_evidence
from app.evidence.subject import ActiveVersion, SnapshotToRead, Subject
from app.policies import approvals
from app.policies.evidence import find_obstacles
from app.policies.examine import Examined, examine, freeze, thaw
from app.policies.release_checks import check_whole, choose, noting_refusals
from app.policies.release_records import (
    APPROVED,
    PUBLISHED,
    RETIRED,
    Release,
    ReleaseStore,
    active_release,
    describe_tampering,
)
from app.rules.problems import ProblemsFound
from app.settings import Settings, load_settings


@click.command("evidence", short_help="Run everything that an approval is of.")
@click.argument("product")
@NUMBER
@click.option(
    "--by", "name", metavar="NAME", help="Who gathers it; by default the name of the login."
)
@AS_JSON
def evidence_command(product: str, number: int | None, name: str | None, as_json: bool) -> None:
    """Gather all evidence of release NUMBER of PRODUCT (by default the newest published one).

    That is: cases, coverage, lint, mutation, proofs, a simulation against the active release.

    It is kept with the release under its own hash. Where it differs from what was approved, the
    approval is void. The status is 1 when something forbids an approval or needs --despite.
    """
    settings = load_settings()
    store = open_store(settings)
    who = name or getpass.getuser()
    with noting_refusals(store, product, number, "evidence", who, now()):
        allowed = (PUBLISHED,) if number is None else (PUBLISHED, APPROVED, RETIRED)
        releases = store.releases_of(product)
        release = choose(releases, product, number, allowed, "gather evidence for", now())
        bundle_alone = replace(
            release, evidence_json=None, evidence_sha256=None, approved_sha256=None
        )
        check_whole(bundle_alone)  # new evidence takes the place of what was tampered with
    subject = subject_of_release(release, settings, store)
    found = gather(subject)
    kept = approvals.replace_evidence(
        store, product, release.number, release.sha256, found, who, now()
    )
    _tell(kept, as_json)
    obstacles = find_obstacles(kept.release.evidence)
    click.get_current_context().exit(1 if obstacles.fatal or obstacles.arguable else 0)


def subject_of_files(frozen: Frozen, settings: Settings, store: ReleaseStore) -> Subject:
    """What is about to be published."""
    return _subject(frozen.looked.product, frozen.bundle_json, frozen.looked, "", settings, store)


def subject_of_release(release: Release, settings: Settings, store: ReleaseStore) -> Subject:
    """A release, with the cases beside the files of its product as they are now."""
    looked: Examined | None = None
    try:
        looked = examine(release.product, settings.rulesets, settings.scorecards)
        why = "the files have problems; chengxin policy check says which"
    except Exception as error:
        why = f"the files cannot be read: {error}"
    usable = looked if looked is not None and not looked.problems else None
    return _subject(release.product, release.bundle_json, usable, why, settings, store)


def gather(subject: Subject, only_quick: bool = False) -> dict[str, Any]:
    """The evidence, with a bar on stderr where somebody looks."""
    with _progress() as advance:
        return gather_evidence(replace(subject, advance=advance), only_quick)


def _subject(
    product: str,
    bundle_json: str,
    looked: Examined | None,
    no_files: str,
    settings: Settings,
    store: ReleaseStore,
) -> Subject:
    is_of_files = False
    if looked is not None:
        try:
            is_of_files = freeze(looked) == bundle_json
        except ProblemsFound:
            looked = None
    return Subject(
        product=product,
        bundle_json=bundle_json,
        bundle=json.loads(bundle_json),
        looked=looked,
        is_of_files=is_of_files,
        active=_find_active(product, store),
        snapshot=_find_snapshot(settings),
        no_files=no_files,
    )


def _find_active(product: str, store: ReleaseStore) -> ActiveVersion | None:
    active = active_release(store.releases_of(product), now())
    if active is None or describe_tampering(active):
        return None
    return ActiveVersion(active.number, active.sha256, thaw(active.bundle_json))


def _find_snapshot(settings: Settings) -> SnapshotToRead | None:
    from app.features.snapshots import list_snapshots

    found = list_snapshots(settings.lake)
    if not found:
        return None
    newest = found[-1]
    return SnapshotToRead(newest.id, newest.provenance["as_of"], newest.read)


@contextmanager
def _progress() -> Iterator[Any]:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("evidence", total=None)
        yield lambda what, done, total: bar.update(
            task, description=what, completed=done, total=total
        )


def _tell(kept: approvals.Gathered, as_json: bool) -> None:
    release = kept.release
    if as_json:
        found = {
            "product": release.product,
            "number": release.number,
            "status": release.status,
            "sha256": release.sha256,
            "evidence_sha256": release.evidence_sha256,
            "is_changed": kept.is_changed,
            "approval_voided": kept.voided,
            "evidence": release.evidence,
        }
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    click.echo(f"evidence of {release}")
    click.echo(policy_show.render_evidence(release.evidence, release.evidence_sha256))
    if not kept.is_changed:
        click.echo("  it is what was kept already")
    if kept.voided:
        click.echo("  its approval was of other evidence and is void: it has to be approved again")
