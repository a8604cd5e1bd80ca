"""`chengxin features …`: build a snapshot as of a day, export it, look a merchant up, list features
and snapshots.
"""

from __future__ import annotations

import json
import time
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.commands.features_docs import docs_command
from app.commands.features_explain import explain_command
from app.commands.features_progress import shown_progress
from app.commands.features_season import season_command
from app.commands.features_verify import verify_command
from app.settings import load_settings

if TYPE_CHECKING:
    from app.features.backfill import DayBuilt


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


SNAPSHOT = click.option(
    "--snapshot", "snapshot_id", metavar="ID",
    help="A snapshot of that day other than the last build's (see features list).",
)  # fmt: skip


@click.group()
def features() -> None:
    """Build feature snapshots from the lake, export them, look at them."""


features.add_command(docs_command)
features.add_command(explain_command)
features.add_command(season_command)
features.add_command(verify_command)


@features.command("build")
@AS_OF
@click.option("--to", "last", type=Day(),
              help="A backfill: build every day from --as-of to this one.")  # fmt: skip
@click.option("--every", type=click.Choice(["day", "week", "month"]),
              help="How far apart the days up to --to are.  [default: day]")  # fmt: skip
@click.option("--known-at", metavar="MOMENT",
              help="Count what had arrived by then: a moment (Asia/Shanghai), a day (its end), now,"
                   " end-of-day (of the day before --as-of), or an import's id.  [default: now for"
                   " a day that is not over; for a past day what its last build in time knew, else"
                   " end-of-day, but not before the lake's first 24 hours were over]")  # fmt: skip
@click.option("--again", is_flag=True,
              help="Compute even where a snapshot of the same inputs stands.")  # fmt: skip
@click.option("--publish/--no-publish", default=None,
              help="Put the snapshot into the database for online look-up.  [default: publish;"
                   " with --to or --known-at: no-publish]")  # fmt: skip
@click.option("--despite", metavar="WHY",
              help="Publish though its data break expectations; say why.")  # fmt: skip
@click.option("--by", metavar="NAME", help="Who answers for --despite.")
@click.option("--json", "as_json", is_flag=True, help="Print the provenance as JSON.")
def build_command(
    as_of: date, last: date | None, every: str | None, known_at: str | None, again: bool,
    publish: bool | None, despite: str | None, by: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Compute every feature of every merchant as of a day and keep the result as an immutable
    snapshot.

    Only months whose waybills changed are aggregated again. The same inputs give the same snapshot,
    which is not computed twice. Rows that arrived after the day do not count: see --known-at.

    Its data are checked (rulesets/expectations.yaml). Where they break an expectation of severity
    fail it is held: kept in the lake, not published, status 1.
    """
    from app.commands.features_build import backfill, build_one, report_day, tell_left_out
    from app.commands.publication import open_gate, tell_publication

    if every is not None and last is None:
        raise click.UsageError("--every says how far apart days are; write the last of them: --to")
    settings = load_settings()
    gate = open_gate(settings, despite, by)
    if last is not None:
        backfill(
            settings, as_of, last, every or "day", known_at, again, gate, bool(publish), as_json
        )
        return
    begun = time.perf_counter()
    with shown_progress() as tell:
        done = build_one(settings, as_of, known_at, again, tell)
        is_wanted = publish if publish is not None else known_at is None
        published = gate.publish(done.made.snapshot) if is_wanted else None
        if published is None:
            gate.check(done.made.snapshot)
    if as_json:
        quality = published.as_json() if published else None
        told = {"published": published.published if published else None, "quality": quality}
        click.echo(json.dumps({**report_day(done), **told}, ensure_ascii=False, indent=1))
    else:
        _report(done, time.perf_counter() - begun)
        if published is not None:
            tell_publication(published, as_of.isoformat())
    tell_left_out(done)
    if published is not None and published.is_held:
        raise click.exceptions.Exit(1)


@features.command("export")
@AS_OF
@SNAPSHOT
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False),
              help="A file that ends in .parquet or .csv.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def export_command(as_of: date, snapshot_id: str | None, out: Path, as_json: bool) -> None:
    """Write the snapshot of a day, that of its last build: one row a merchant, money in fen."""
    from app.features.export import export_snapshot
    from app.features.snapshots import find_snapshot

    snapshot = find_snapshot(load_settings().lake, as_of, snapshot_id)
    count = export_snapshot(snapshot, out)
    if as_json:
        click.echo(json.dumps({"snapshot": snapshot.id, "merchants": count, "out": str(out)}))
    else:
        click.echo(f"{count} merchants of snapshot {snapshot.id} written to {out}")


@features.command("show")
@click.argument("merchant")
@AS_OF
@SNAPSHOT
@click.option(
    "--json", "as_json", is_flag=True, help="Print values and reasons as JSON, money in fen."
)
def show_command(merchant: str, as_of: date, snapshot_id: str | None, as_json: bool) -> None:
    """Show the features of a merchant in the snapshot of a day, with what they mean."""
    from app.features.catalogue import load_feature_catalogue
    from app.features.export import describe_row
    from app.features.snapshots import find_snapshot

    settings = load_settings()
    snapshot = find_snapshot(settings.lake, as_of, snapshot_id)
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


def _report(done: DayBuilt, seconds: float) -> None:
    built = done.made
    told = built.snapshot.provenance
    counts = told["counts"]
    state = "built" if built.is_new else "unchanged, same inputs and content as before:"
    click.echo(
        f"{state} snapshot {built.snapshot.id} as of {told['as_of']}: "
        f"{counts['merchants']} merchants from {counts['waybills']} waybills in {seconds:.1f} s"
    )
    if done.stood:
        click.echo("nothing was computed: the snapshot stands; --again computes it once more")
    else:
        click.echo(f"rollups: {built.made_rollups} made, {built.reused_rollups} reused")
    click.echo(f"content SHA-256 {told['content_sha256']}")
