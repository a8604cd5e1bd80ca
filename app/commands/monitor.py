"""`chengxin monitor drift`: two feature snapshots come in, what has moved between them goes out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Column, Table

from app.commands.policy_versions import NoSuchVersion, Version, read_draft, read_release
from app.errors import ChengxinError
from app.features.snapshots import NoSnapshot, Snapshot, find_snapshot, list_snapshots
from app.monitoring.drift import compare_snapshots
from app.monitoring.page import write_drift_page
from app.policies.documents import list_products
from app.policies.release_records import active_release
from app.settings import Settings, load_settings
from app.storage.connection import connect
from app.storage.releases import SqlReleaseStore

WORTH_SHOWING = 200_000  # merchants; fewer take no time
SECTIONS = {
    "results": "results",
    "inputs": "inputs",
    "characteristics": "characteristics of the scorecard",
    "rules": "rules",
}
MOST_LINES = 12  # of a section on the terminal; the file and JSON have all


class BadPage(ChengxinError):
    """The page cannot be written there."""


@click.group("monitor")
def monitor() -> None:
    """Watch what a policy is fed and what it says."""


@monitor.command("drift", short_help="Compare two snapshots.")
@click.option("--policy", "product", help="The product; needed where there are several.")
@click.option("--draft", is_flag=True, help="Judge by the files, not by the active release.")
@click.option("--from", "first", required=True, metavar="DAY|SNAPSHOT", help="The reference.")
@click.option("--to", "last", required=True, metavar="DAY|SNAPSHOT", help="What is compared.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page.")
@click.option(
    "--fail-above",
    type=click.FloatRange(0),
    help="Status 1 where a PSI beyond noise is above this, such as 0.25.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def drift(
    product: str | None,
    draft: bool,
    first: str,
    last: str,
    html: Path | None,
    fail_above: float | None,
    as_json: bool,
) -> None:
    """PSI of inputs, score, rules, tiers, outcomes and limits between two feature snapshots.

    Both are judged by the active release (purpose preapproval).
    """
    if html is not None and html.suffix != ".html":
        raise BadPage(f"--html {html}: end the file name in .html")
    if html is not None and not html.absolute().parent.is_dir():
        raise BadPage(f"--html {html}: the folder {html.parent} does not exist; make it first")
    settings = load_settings()
    version = _read_version(product, draft, settings)
    snapshots = [_find(settings.lake, text) for text in (first, last)]
    tables = [one.read() for one in snapshots]
    for snapshot, table in zip(snapshots, tables, strict=True):
        if not table.num_rows:
            raise NoSnapshot(f"snapshot {snapshot.id} has no merchants: nothing can be compared")
    total = sum(table.num_rows for table in tables)
    bars = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    quiet = as_json or total < WORTH_SHOWING
    with Progress(*bars, console=Console(stderr=True), transient=True, disable=quiet) as progress:
        task = progress.add_task("judging merchants", total=total)
        report = compare_snapshots(
            version.policy, tables[0], tables[1], lambda done: progress.update(task, completed=done)
        )
    found = {
        "policy": version.policy.product,
        "version": str(version),
        "from": _describe(snapshots[0]),
        "to": _describe(snapshots[1]),
        **report,
    }
    if html is not None:
        try:
            html.write_text(write_drift_page(found), encoding="utf-8")
        except OSError as error:
            raise BadPage(f"{html} cannot be written: {error.strerror}") from None
    above = fail_above is not None and (
        found["largest_psi"] > fail_above or bool(found["not_comparable"])
    )
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        _print(found)
        if html is not None:
            click.echo(f"written to {html}")
        if fail_above is not None and found["largest_psi"] > fail_above:
            click.echo(f"a PSI of {found['largest_psi']:.4f} is above {fail_above:g}", err=True)
    click.get_current_context().exit(1 if above else 0)


def _read_version(product: str | None, draft: bool, settings: Settings) -> Version:
    if product is None:
        product = _only_product(draft, settings)
    return read_draft(product, settings) if draft else read_release(product, "active", settings)


def _only_product(draft: bool, settings: Settings) -> str:
    """The one product that there is. Raises NoSuchVersion."""
    if draft:
        names = list_products(settings.rulesets)
    else:
        from datetime import UTC, datetime

        store, now = SqlReleaseStore(connect(settings)), datetime.now(UTC)
        names = [name for name in store.products() if active_release(store.releases_of(name), now)]
    if len(names) != 1:
        known = ", ".join(names) or "none; publish and activate one, or use --draft"
        raise NoSuchVersion(f"name the product with --policy; there is {known}")
    return names[0]


def _find(lake: Path, text: str) -> Snapshot:
    """The newest snapshot of a day, or the one of that id. Raises NoSnapshot."""
    try:
        return find_snapshot(lake, date.fromisoformat(text))
    except ValueError:
        pass
    every = list_snapshots(lake)
    for one in every:
        if one.id == text:
            return one
    known = ", ".join(one.id for one in every[-5:]) or "none"
    raise NoSnapshot(f"'{text}' is no day such as 2026-10-31 and no snapshot; there is {known}")


def _describe(snapshot: Snapshot) -> dict[str, Any]:
    return {"id": snapshot.id, "as_of": snapshot.meta.as_of.isoformat()}


def _print(found: Mapping[str, Any]) -> None:
    console = Console()
    counts = found["merchants"]
    click.echo(
        f"{found['version']}: {found['from']['as_of']} ({counts['before']:,} merchants) →"
        f" {found['to']['as_of']} ({counts['after']:,} merchants)"
    )
    for key, title in SECTIONS.items():
        lines = found[key]
        name = Column(title, overflow="fold")
        table = Table(name, "PSI", "by chance", "", "moved most", box=box.SIMPLE_HEAD)
        for one in lines[:MOST_LINES]:
            words = found["words"][one["verdict"]]["en"].partition(":")[0]
            table.add_row(
                one["name"],
                "–" if one["psi"] is None else f"{one['psi']:.4f}",
                f"{one['expected_by_chance']:.4f}",
                words,
                _moved(one),
            )
        console.print(table)
        if len(lines) > MOST_LINES:
            click.echo(f"  and {len(lines) - MOST_LINES} more with less (see --html or --json)")
    for side, word in (("before", "from"), ("after", "to")):
        if found["lacking"][side]:
            names = ", ".join(found["lacking"][side])
            click.echo(f"the policy reads what snapshot {found[word]['id']} lacks: {names}")
    if found["not_comparable"]:
        click.echo(f"one side is empty: {', '.join(found['not_comparable'])}")
    drifted = ", ".join(found["drifted"]) or "none"
    click.echo(f"PSI of 0.1 or more beyond noise: {drifted}")


def _moved(one: Mapping[str, Any]) -> str:
    """The bin whose share changed most; of a rule, its hits rather than what is clear."""
    if not one["bins"] or not one["psi"]:
        return "" if one["verdict"] != "empty" else _counts(one)
    most = max(
        one["bins"],
        key=lambda part: (
            round(abs(part["after_share"] - part["before_share"]), 9),
            one["kind"] == "rule" and part["bin"] == "hit",
        ),
    )
    return f"{most['bin']}: {most['before_share']:.1%} → {most['after_share']:.1%}"


def _counts(one: Mapping[str, Any]) -> str:
    """Merchants before and after."""
    sums = [sum(part[side] for part in one["bins"]) for side in ("before", "after")]
    return f"merchants: {sums[0]:,} → {sums[1]:,}"
