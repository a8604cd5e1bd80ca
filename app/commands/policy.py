"""`chengxin policy`: an analyst's files in, findings out; and the steps of a release's life."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from app.commands import policy_files, policy_prove, policy_show, policy_simulate
from app.errors import ChengxinError
from app.policies import releases
from app.policies.documents import list_products
from app.policies.release_records import PUBLISHED, Release, active_release
from app.settings import Settings, load_settings
from app.storage.connection import connect
from app.storage.releases import SqlReleaseStore

LOCAL = ZoneInfo("Asia/Shanghai")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
Command = Callable[..., Any]


class BadTime(ChengxinError):
    """A time that cannot be read."""


def by_option(who: str) -> Callable[[Command], Command]:
    """`--by NAME`, which every step of a release's life needs."""
    return click.option("--by", "name", required=True, metavar="NAME", help=who)


@click.group("policy")
def policy() -> None:
    """Check, test, publish, approve, activate a policy.

    PRODUCT is a folder of CHENGXIN_RULESETS, for example wuliudai.
    """


policy.add_command(policy_simulate.diff)
policy.add_command(policy_simulate.simulate)
policy.add_command(policy_prove.prove_command)


@policy.command("check", short_help="Find every mistake in the files.")
@click.argument("product", required=False)
@AS_JSON
def check(product: str | None, as_json: bool) -> None:
    """Find every mistake in the files of PRODUCT (or of all), with file, line and column."""
    settings = load_settings()
    click.get_current_context().exit(
        policy_files.check(_products(settings, product), settings, as_json)
    )


@policy.command("test", short_help="Run the cases, in three evaluators.")
@click.argument("product", required=False)
@AS_JSON
def test(product: str | None, as_json: bool) -> None:
    """Run the cases of PRODUCT (or of all) through all three evaluators."""
    settings = load_settings()
    click.get_current_context().exit(
        policy_files.test(_products(settings, product), settings, as_json)
    )


@policy.command("publish", short_help="Freeze the files into a release.")
@click.argument("product")
@by_option("Who wrote the change.")
@click.option("--why", required=True, metavar="TEXT", help="What changes and for what reason.")
@AS_JSON
def publish(product: str, name: str, why: str, as_json: bool) -> None:
    """Freeze the files of PRODUCT into a release, when they are clean and all cases hold.

    The same files again give the release that they already have.
    """
    settings = load_settings()
    frozen = policy_files.prepare(product, settings, as_json)
    if frozen is None:
        click.get_current_context().exit(1)
    assert frozen is not None
    store = _store(settings)
    published = releases.publish(
        store, product, frozen.bundle_json, name, why, _now(), frozen.evidence
    )
    release = published.release
    said = "" if published.is_new else " (the same files were published before)"
    following = f"next: chengxin policy approve {product} {release.number} --by SOMEBODY_ELSE"
    if release.status != PUBLISHED:
        following = ""
    _tell(store, release, f"published {release}{said}", following, as_json, is_new=published.is_new)


@policy.command("approve", short_help="Approve somebody else's release.")
@click.argument("product")
@click.argument("number", required=False, type=click.IntRange(min=1))
@by_option("Who approves; not the author.")
@AS_JSON
def approve(product: str, number: int | None, name: str, as_json: bool) -> None:
    """Approve release NUMBER of PRODUCT (by default the newest published one)."""
    store = _store(load_settings())
    release = releases.approve(store, product, number, name, _now())
    following = f"next: chengxin policy activate {product} {release.number} --by NAME"
    _tell(store, release, f"approved {release}", following, as_json)


@policy.command("activate", short_help="Let an approved release decide.")
@click.argument("product")
@click.argument("number", required=False, type=click.IntRange(min=1))
@by_option("Who switches it on.")
@click.option("--at", "at", metavar="TIME", help="From when, as 2026-12-01 or '2026-12-01 08:00'.")
@AS_JSON
def activate(product: str, number: int | None, name: str, at: str | None, as_json: bool) -> None:
    """Let release NUMBER of PRODUCT decide (by default the newest approved one), now or from TIME.

    TIME is in Asia/Shanghai unless it names a zone. Running services follow within seconds.
    """
    store = _store(load_settings())
    since = None if at is None else read_time(at)
    release = releases.activate(store, product, number, name, _now(), since)
    assert release.active_from is not None
    when = "now" if since is None else policy_show.show_time(since)
    _tell(store, release, f"{release} is active from {when}", "", as_json)


@policy.command("rollback", short_help="Go back to the release before.")
@click.argument("product")
@by_option("Who takes it back.")
@click.option("--why", required=True, metavar="TEXT", help="For what reason.")
@AS_JSON
def rollback(product: str, name: str, why: str, as_json: bool) -> None:
    """Go back, at once, to the release of PRODUCT that was active before the present one."""
    store = _store(load_settings())
    release = releases.roll_back(store, product, name, why, _now())
    _tell(store, release, f"{release} is active again", "", as_json)


@policy.command("retire", short_help="Take a release out of use.")
@click.argument("product")
@click.argument("number", type=click.IntRange(min=1))
@by_option("Who retires it.")
@click.option("--why", required=True, metavar="TEXT", help="For what reason.")
@AS_JSON
def retire(product: str, number: int, name: str, why: str, as_json: bool) -> None:
    """Take release NUMBER of PRODUCT out of use; retiring the active one stops the product."""
    store = _store(load_settings())
    release = releases.retire(store, product, number, name, why, _now())
    if active_release(store.releases_of(product), _now()) is None:
        following = f"no release of {product} is active: it decides nothing until one is activated"
    else:
        following = ""
    _tell(store, release, f"retired {release}", following, as_json)


@policy.command("show", short_help="Show a release and its history.")
@click.argument("product", required=False)
@click.argument("number", required=False, type=click.IntRange(min=1))
@AS_JSON
def show(product: str | None, number: int | None, as_json: bool) -> None:
    """Show a release: by default the active one of PRODUCT, or those of all products."""
    store = _store(load_settings())
    products = store.products() if product is None else [product]
    shown = [policy_show.describe_release(store, name, number, _now()) for name in products]
    if as_json:
        click.echo(json.dumps(shown if product is None else shown[0], ensure_ascii=False))
        return
    click.echo("\n\n".join(policy_show.render_release(one) for one in shown))
    if not shown:
        click.echo("nothing is published yet: chengxin policy publish PRODUCT --by NAME --why TEXT")


@policy.command("list", short_help="List the releases of all products.")
@AS_JSON
def list_command(as_json: bool) -> None:
    """List the releases of all products, and products that have none."""
    settings = load_settings()
    store = _store(settings)
    names = sorted({*store.products(), *list_products(settings.rulesets)})
    listed = {name: policy_show.list_releases(store, name, _now()) for name in names}
    if as_json:
        click.echo(json.dumps(listed, ensure_ascii=False))
        return
    for name, rows in listed.items():
        click.echo(policy_show.render_list(name, rows))


def read_time(text: str) -> datetime:
    """A time as it is written; Asia/Shanghai unless it names a zone. Raises BadTime."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadTime(
            f"--at is '{text}'; write a time such as 2026-12-01 or '2026-12-01 08:00'"
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=LOCAL)).astimezone(UTC)


def _products(settings: Settings, product: str | None) -> list[str]:
    return list_products(settings.rulesets) if product is None else [product]


def _store(settings: Settings) -> SqlReleaseStore:
    return SqlReleaseStore(connect(settings))


def _now() -> datetime:
    return datetime.now(UTC)


def _tell(
    store: SqlReleaseStore,
    release: Release,
    said: str,
    following: str,
    as_json: bool,
    **more: Any,
) -> None:
    if as_json:
        described = policy_show.describe_release(store, release.product, release.number, _now())
        click.echo(json.dumps({**described, **more}, ensure_ascii=False))
        return
    click.echo(said)
    if following:
        click.echo(following, err=True)
