"""`chengxin whitelist build`: judge a whole portfolio by the active release; write and store it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from app.commands.publication import find_good_snapshot
from app.decisions.service import Decider
from app.settings import load_settings
from app.storage.connection import connect
from app.storage.decisions import SqlDecisionStore
from app.storage.whitelists import WhitelistEntry, WhitelistMeta, store_whitelist
from app.whitelists.build import Whitelist, judge_snapshot
from app.whitelists.write import check_ending, write_whitelist


@click.group()
def whitelist() -> None:
    """Judge a whole portfolio."""


@whitelist.command()
@click.option(
    "--policy",
    "product",
    required=True,
    help="The product, e.g. wuliudai. Its active release judges.",
)
@click.option(
    "--as-of",
    required=True,
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day of the feature snapshot.",
)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="A .parquet or .csv file."
)
@click.option(
    "--store/--no-store",
    default=True,
    show_default=True,
    help="Also keep it in the database, for GET /v1/whitelists.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def build(product: str, as_of: datetime, out: Path, store: bool, as_json: bool) -> None:
    """Judge every merchant of the snapshot (purpose preapproval): merchant_id, outcome, score,
    tier, limit_fen, daily_rate, reasons.
    """
    check_ending(out)
    settings = load_settings()
    database = connect(settings)
    decider = Decider(SqlDecisionStore(database))
    live, is_stopped = decider.live_policy(product), decider.is_stopped(product)
    snapshot = find_good_snapshot(settings.lake, database, as_of.date())
    features = snapshot.read()
    started = time.perf_counter()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, console=Console(stderr=True), transient=True, disable=as_json
    ) as progress:
        task = progress.add_task("judging merchants", total=features.num_rows)
        judged = judge_snapshot(
            live.policy,
            live.release.number,
            live.release.sha256,
            snapshot.id,
            as_of.date(),
            features,
            lambda done: progress.update(task, completed=done),
            is_stopped,
        )
    seconds = time.perf_counter() - started
    write_whitelist(judged.table, out)
    if store:
        store_whitelist(database, _meta(judged), _entries(judged))
    shown = {
        "id": judged.id,
        "policy": product,
        "release": judged.release,
        "release_sha256": judged.release_sha256,
        "snapshot": judged.snapshot_id,
        "as_of": as_of.date().isoformat(),
        "merchants": judged.table.num_rows,
        "outcomes": judged.counts,
        "total_limit_fen": judged.total_limit_fen,
        "stopped": is_stopped,
        "file": str(out),
        "stored": store,
    }
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False))
        return
    counts = ", ".join(f"{count:,} {outcome}" for outcome, count in judged.counts.items())
    click.echo(
        f"whitelist {judged.id}: {judged.table.num_rows:,} merchants judged"
        f" in {seconds:.2f} s by {product} release {judged.release}"
    )
    if is_stopped:
        click.echo(f"  {product} is stopped: everybody is referred (PRODUCT_STOPPED)")
    click.echo(f"  {counts}; limits of {judged.total_limit_fen / 100:,.2f} yuan in all")
    click.echo(
        f"  written to {out}" + (f"; GET /v1/whitelists/{judged.id} has it too" if store else "")
    )


def _meta(judged: Whitelist) -> WhitelistMeta:
    return WhitelistMeta(
        id=judged.id,
        policy=judged.policy,
        release=judged.release,
        release_sha256=judged.release_sha256,
        snapshot_id=judged.snapshot_id,
        as_of=judged.as_of,
        built_at=datetime.now(UTC),
        merchant_count=judged.table.num_rows,
        approved_count=judged.counts["approve"],
        total_limit_fen=judged.total_limit_fen,
        meta_json=json.dumps({"outcomes": judged.counts}),
    )


def _entries(judged: Whitelist) -> Iterator[WhitelistEntry]:
    for batch in judged.table.to_batches(max_chunksize=10_000):
        for row in batch.to_pylist():
            yield WhitelistEntry(
                row["merchant_id"],
                row["outcome"],
                row["score"],
                row["tier"],
                row["limit_fen"],
                row["daily_rate"],
                json.dumps(row["reasons"]),
            )
