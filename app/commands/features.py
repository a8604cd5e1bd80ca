"""`chengxin features …`: build a snapshot as of a day, export it, look a merchant up, list features
and snapshots.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.commands.features_docs import docs_command
from app.settings import Settings, load_settings

if TYPE_CHECKING:
    from app.features.build import Built, Tell
    from app.features.snapshots import Snapshot

PATIENCE_SECONDS = 1.5  # nothing is shown of a build that takes less


class Day(click.ParamType[date]):
    """A day written as YYYY-MM-DD."""

    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return datetime.strptime(str(value), "%Y-%m-%d").date()  # noqa: DTZ007 a day has no zone
        except ValueError:
            self.fail(f"'{value}' is not a day; write it like 2020-01-01", param, ctx)


AS_OF = click.option(
    "--as-of",
    "as_of",
    required=True,
    type=Day(),
    help="The day that features are seen from; waybills created on it or later do not count.",
)


@click.group()
def features() -> None:
    """Build feature snapshots from the lake, export them, look at them."""


features.add_command(docs_command)


@features.command("build")
@AS_OF
@click.option("--publish/--no-publish", default=True, show_default=True,
              help="Put the snapshot into the database for online look-up.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the provenance as JSON.")
def build_command(as_of: date, publish: bool, as_json: bool) -> None:
    """Compute every feature of every merchant as of a day and keep the result as an immutable
    snapshot.

    Only months whose waybills changed are aggregated again. The same inputs give the same snapshot,
    which is not stored twice.
    """
    settings = load_settings()
    begun = time.perf_counter()
    with _shown_progress() as tell:
        built = _build(settings, as_of, tell)
        published = _publish(settings, built.snapshot) if publish else None
    _report(built, published, time.perf_counter() - begun, as_json)


@features.command("export")
@AS_OF
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False),
              help="A file that ends in .parquet or .csv.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def export_command(as_of: date, out: Path, as_json: bool) -> None:
    """Write the newest snapshot of a day: one row a merchant, money in fen."""
    from app.features.export import export_snapshot
    from app.features.snapshots import find_snapshot

    snapshot = find_snapshot(load_settings().lake, as_of)
    count = export_snapshot(snapshot, out)
    if as_json:
        click.echo(json.dumps({"snapshot": snapshot.id, "merchants": count, "out": str(out)}))
    else:
        click.echo(f"{count} merchants of snapshot {snapshot.id} written to {out}")


@features.command("show")
@click.argument("merchant")
@AS_OF
@click.option(
    "--json", "as_json", is_flag=True, help="Print values and reasons as JSON, money in fen."
)
def show_command(merchant: str, as_of: date, as_json: bool) -> None:
    """Show the features of a merchant in the newest snapshot of a day, with what they mean."""
    from app.features.catalogue import load_feature_catalogue
    from app.features.export import describe_row
    from app.features.snapshots import find_snapshot

    settings = load_settings()
    snapshot = find_snapshot(settings.lake, as_of)
    row = snapshot.find(merchant)
    if row is None:
        click.echo(
            f"error: snapshot {snapshot.id} has no merchant '{merchant}': none of its waybills was"
            f" created before {as_of}",
            err=True,
        )
        raise click.exceptions.Exit(1)
    missing = json.loads(row.pop("missing"))
    if as_json:
        name = row.pop("merchant_id")
        told = {"snapshot": snapshot.id, "merchant_id": name, "values": row, "missing": missing}
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
        return
    catalogue = load_feature_catalogue(settings.rulesets / "catalogue.yaml")
    click.echo(f"{merchant} · snapshot {snapshot.id} · as of {as_of}")
    for line in describe_row(catalogue, row, missing):
        click.echo(line)


@features.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def list_command(as_json: bool) -> None:
    """List the snapshots in the lake, oldest first."""
    from app.features.snapshots import list_snapshots

    found = [snapshot.provenance for snapshot in list_snapshots(load_settings().lake)]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    for told in found:
        click.echo(
            f"{told['as_of']}  {told['id']}  {told['counts']['merchants']} merchants,"
            f" {told['counts']['waybills']} waybills, {len(told['imports'])} imports,"
            f" built {told['built_at'][:16]}Z"
        )
    if not found:
        click.echo("no snapshot yet; run chengxin features build --as-of YYYY-MM-DD")


def _build(settings: Settings, as_of: date, tell: Tell) -> Built:
    from app.features.build import build_snapshot
    from app.features.calendar import AsOf
    from app.features.catalogue import load_feature_catalogue
    from app.features.lake import read_lake

    lake = read_lake(settings.lake, settings.rulesets, settings.hash_key())
    catalogue = load_feature_catalogue(settings.rulesets / "catalogue.yaml")
    return build_snapshot(lake, catalogue, AsOf(as_of), settings.memory_limit_mb, tell)


def _publish(settings: Settings, snapshot: Snapshot) -> bool:
    """Put the snapshot into the database; False when it was there already."""
    from app.storage.connection import connect
    from app.storage.features import SqlFeatureStore

    database = connect(settings)
    try:
        return SqlFeatureStore(database).publish(snapshot.meta, snapshot.texts())
    finally:
        database.close()


def _report(built: Built, published: bool | None, seconds: float, as_json: bool) -> None:
    told = built.snapshot.provenance
    if as_json:
        report = {
            **told,
            "is_new": built.is_new,
            "published": published,
            "rollups_made": built.made_rollups,
            "rollups_reused": built.reused_rollups,
            "path": str(built.snapshot.path),
        }
        click.echo(json.dumps(report, ensure_ascii=False, indent=1))
        return
    counts = told["counts"]
    state = "built" if built.is_new else "unchanged, same inputs and content as before:"
    click.echo(
        f"{state} snapshot {built.snapshot.id} as of {told['as_of']}: "
        f"{counts['merchants']} merchants from {counts['waybills']} waybills in {seconds:.1f} s"
    )
    click.echo(f"rollups: {built.made_rollups} made, {built.reused_rollups} reused")
    click.echo(f"content SHA-256 {told['content_sha256']}")
    if published is not None:
        click.echo("published for look-up" if published else "was published already")


@contextmanager
def _shown_progress() -> Iterator[Tell]:
    """Progress on stderr, in a terminal a bar, elsewhere a line a step; only when it takes long."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(file=sys.stderr)
    begun = time.perf_counter()
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=console, transient=True, disable=not console.is_terminal,
    ) as progress:  # fmt: skip
        tasks: dict[str, Any] = {}

        def tell(step: str, done: int, total: int) -> None:
            if time.perf_counter() - begun < PATIENCE_SECONDS and done < total:
                return
            if not console.is_terminal:
                if done == total and time.perf_counter() - begun >= PATIENCE_SECONDS:
                    click.echo(f"{step}: {done} done", err=True)
                return
            if step not in tasks:
                tasks[step] = progress.add_task(step, total=total)
            progress.update(tasks[step], completed=done, total=total)

        yield tell
