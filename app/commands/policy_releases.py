"""`chengxin policy publish … list`: the steps of a release's life, and what can be seen of it."""

from __future__ import annotations

import json
from typing import Any

import click

from app.commands import policy_evidence, policy_files, policy_show
from app.commands.policy_common import (
    AS_JSON,
    NUMBER,
    by_option,
    now,
    open_store,
    read_time,
    why_option,
)
from app.policies import approvals, releases
from app.policies.documents import list_products
from app.policies.release_checks import note_refusal
from app.policies.release_records import PUBLISHED, Release, active_release
from app.settings import load_settings
from app.storage.releases import SqlReleaseStore


@click.command("publish", short_help="Freeze the files into a release.")
@click.argument("product")
@by_option("Who wrote the change.")
@click.option("--why", required=True, metavar="TEXT", help="What changes and for what reason.")
@click.option("--quick", is_flag=True, help="Gather only the quick parts of the evidence.")
@AS_JSON
def publish(product: str, name: str, why: str, quick: bool, as_json: bool) -> None:
    """Freeze the files of PRODUCT into a release, when they are clean and all cases hold.

    The evidence for its approval is gathered with it. The same files again give the release that
    they already have, as it is.
    """
    settings = load_settings()
    frozen = policy_files.prepare(product, settings, as_json)
    store = open_store(settings)
    if frozen is None:
        said = "the files have problems, or a case does not hold"
        note_refusal(store, product, None, "publish", name, now(), said)
        click.get_current_context().exit(1)
    assert frozen is not None
    evidence = None
    if approvals.find_published(store, product, frozen.bundle_json) is None:
        subject = policy_evidence.subject_of_files(frozen, settings, store)
        evidence = policy_evidence.gather(subject, only_quick=quick)
    published = approvals.publish(store, product, frozen.bundle_json, name, why, now(), evidence)
    release = published.release
    said = "" if published.is_new else " (the same files were published before)"
    following = f"next: chengxin policy approve {product} {release.number} --by SOMEBODY_ELSE"
    if release.status != PUBLISHED:
        following = ""
    lines = f"published {release}{said}"
    if published.is_new:
        lines += "\n" + policy_show.render_evidence(release.evidence, release.evidence_sha256)
    _tell(store, release, lines, following, as_json, is_new=published.is_new)


@click.command("approve", short_help="Approve somebody else's release.")
@click.argument("product")
@NUMBER
@by_option("Who approves; not the author.")
@click.option(
    "--despite",
    metavar="TEXT",
    help="Why it may be approved although the evidence leaves something open.",
)
@AS_JSON
def approve(
    product: str, number: int | None, name: str, despite: str | None, as_json: bool
) -> None:
    """Approve release NUMBER of PRODUCT (by default the newest published one), with its evidence.

    Failing cases and refuted proofs are never approved. Whatever else the evidence leaves open
    needs a reason: --despite.
    """
    store = open_store()
    release = approvals.approve(store, product, number, name, now(), despite)
    following = f"next: chengxin policy activate {product} {release.number} --by NAME"
    said = (
        f"approved {release}\n  files     sha256 {release.sha256}\n"
        f"  evidence  sha256 {release.evidence_sha256 or 'none'}"
    )
    if release.despite:
        said += f"\n  despite   {release.despite}"
    _tell(store, release, said, following, as_json)


@click.command("activate", short_help="Let an approved release decide.")
@click.argument("product")
@NUMBER
@by_option("Who switches it on.")
@click.option("--at", "at", metavar="TIME", help="From when, as 2026-12-01 or '2026-12-01 08:00'.")
@AS_JSON
def activate(product: str, number: int | None, name: str, at: str | None, as_json: bool) -> None:
    """Let release NUMBER of PRODUCT decide (by default the newest approved one), now or from TIME.

    TIME is in Asia/Shanghai unless it names a zone. Running services follow within seconds.
    """
    store = open_store()
    since = None if at is None else read_time(at)
    release = releases.activate(store, product, number, name, now(), since)
    assert release.active_from is not None
    when = "now" if since is None else policy_show.show_time(since)
    _tell(store, release, f"{release} is active from {when}", "", as_json)


@click.command("rollback", short_help="Go back to the release before.")
@click.argument("product")
@by_option("Who takes it back.")
@why_option()
@AS_JSON
def rollback(product: str, name: str, why: str, as_json: bool) -> None:
    """Go back, at once, to the release of PRODUCT that was active before the present one."""
    store = open_store()
    release = releases.roll_back(store, product, name, why, now())
    _tell(store, release, f"{release} is active again", "", as_json)


@click.command("retire", short_help="Take a release out of use.")
@click.argument("product")
@click.argument("number", type=click.IntRange(min=1))
@by_option("Who retires it.")
@why_option()
@AS_JSON
def retire(product: str, number: int, name: str, why: str, as_json: bool) -> None:
    """Take release NUMBER of PRODUCT out of use.

    Retiring the active one ends the product: it decides nothing. To let everybody be referred
    instead: chengxin policy stop.
    """
    store = open_store()
    release = releases.retire(store, product, number, name, why, now())
    if active_release(store.releases_of(product), now()) is None:
        following = f"no release of {product} is active: it decides nothing until one is activated"
    else:
        following = ""
    _tell(store, release, f"retired {release}", following, as_json)


@click.command("show", short_help="Show a release and its history.")
@click.argument("product", required=False)
@NUMBER
@click.option("--evidence", is_flag=True, help="Print its evidence alone, whole, as JSON.")
@AS_JSON
def show(product: str | None, number: int | None, evidence: bool, as_json: bool) -> None:
    """Show a release: by default the active one of PRODUCT, or those of all products."""
    store = open_store()
    products = store.products() if product is None else [product]
    shown = [policy_show.describe_release(store, name, number, now()) for name in products]
    if evidence:
        keys = ("product", "number", "sha256", "evidence_sha256", "evidence")
        parts = [{key: one[key] for key in keys} for one in shown]
        click.echo(json.dumps(parts if product is None else parts[0], ensure_ascii=False, indent=1))
        return
    if as_json:
        click.echo(json.dumps(shown if product is None else shown[0], ensure_ascii=False))
        return
    click.echo("\n\n".join(policy_show.render_release(one) for one in shown))
    if not shown:
        click.echo("nothing is published yet: chengxin policy publish PRODUCT --by NAME --why TEXT")


@click.command("list", short_help="List the releases of all products.")
@AS_JSON
def list_command(as_json: bool) -> None:
    """List the releases of all products, and products that have none."""
    settings = load_settings()
    store = open_store(settings)
    names = sorted({*store.products(), *list_products(settings.rulesets)})
    listed = {name: policy_show.list_releases(store, name, now()) for name in names}
    if as_json:
        click.echo(json.dumps(listed, ensure_ascii=False))
        return
    for name, rows in listed.items():
        click.echo(policy_show.render_list(name, rows))


COMMANDS = (publish, approve, activate, rollback, retire, show, list_command)


def _tell(
    store: SqlReleaseStore,
    release: Release,
    said: str,
    following: str,
    as_json: bool,
    **more: Any,
) -> None:
    if as_json:
        described = policy_show.describe_release(store, release.product, release.number, now())
        click.echo(json.dumps({**described, **more}, ensure_ascii=False))
        return
    click.echo(said)
    if following:
        click.echo(following, err=True)
