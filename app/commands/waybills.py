"""`chengxin waybills …`: import files, look at what waits in quarantine, list the imports."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from app.settings import load_settings

PATIENCE_SECONDS = 1.5  # nothing is shown of an import that takes less


@click.group()
def waybills() -> None:
    """Import waybills into the lake; look at what was refused and at the ledger."""


@waybills.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--source", required=True, help="Who the waybills come from, e.g. linyi-tms, fapiao.")
@click.option("--encoding", help="Of a CSV file: utf-8 or gb18030 (GBK); found out when not given.")
@click.option("--history", is_flag=True,
              help="These waybills were known in their own time: builds of past days count"
                   " them. For the history of a source, not for rows that were late.")  # fmt: skip
@click.option("--arrived-at", metavar="MOMENT",
              help="When the files arrived (Asia/Shanghai), if not now.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def import_command(
    files: tuple[Path, ...],
    source: str,
    encoding: str | None,
    history: bool,
    arrived_at: str | None,
    as_json: bool,
) -> None:
    """Import CSV or Parquet FILES, each wholly or not at all; the same file or row again changes
    nothing.

    Bad rows go to quarantine (see `chengxin waybills quarantine`), the others go in.
    """
    from app.quality.arrivals import report_arrival
    from app.waybills.intake import ImportReport, import_files, open_intake, read_arrival

    moment = read_arrival(arrived_at) if arrived_at else None
    settings = load_settings()
    intake = open_intake(
        settings.lake, settings.hash_key(), settings.rulesets, settings.memory_limit_mb
    )
    reports: list[ImportReport] = []
    verdicts: dict[str, dict[str, Any]] = {}
    with _shown_progress() as progress:
        for path in files:
            reports += import_files(
                intake, [path], source, encoding, moment, progress, history=history
            )
            progress("measuring quality", 0, 0)
            quality = report_arrival(
                settings.lake, settings.rulesets, settings.memory_limit_mb, reports[-1].import_id
            )
            verdicts[reports[-1].import_id] = quality
            if not as_json:
                _print_report(reports[-1])
                _print_quality(quality)
    if as_json:
        summed = _sum_up(reports)
        for told in summed["files"]:
            told["quality"] = verdicts[told["import_id"]]
        click.echo(json.dumps(summed, ensure_ascii=False, indent=1))


@waybills.command()
@click.option("--import", "import_id", help="Only this import (an id of `waybills imports`).")
@click.option("--limit", default=200, show_default=True, type=click.IntRange(1), help="Rows shown.")
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
def quarantine(import_id: str | None, limit: int, as_json: bool) -> None:
    """List the rows that were refused:

    file, line, field, value, why. A row stands once per problem.
    """
    from app.waybills.quarantine import list_quarantine

    listed = list_quarantine(load_settings().lake, import_id, limit)
    if as_json:
        click.echo(json.dumps(listed.as_json(), ensure_ascii=False, indent=1))
        return
    for row in listed.rows:
        place = f"{row['import_id']} {row['file']}:{row['line']}"
        field = f" {row['field']}" if row["field"] else ""
        value = "" if row["value"] is None else f" {row['value']!r}"
        click.echo(f"{place}:{field}{value} {row['reason']} [{row['code']}]")
    if not listed.rows:
        click.echo("nothing waits in quarantine")
    elif listed.count > len(listed.rows):
        click.echo(f"… {listed.count - len(listed.rows)} more; raise --limit", err=True)


@waybills.command()
@click.option("--json", "as_json", is_flag=True, help="Print the ledger as JSON.")
def imports(as_json: bool) -> None:
    """List the imports, oldest first."""
    from dataclasses import asdict

    from app.waybills.lake import Lake

    entries = Lake(load_settings().lake).imports()
    if as_json:
        click.echo(json.dumps([asdict(entry) for entry in entries], ensure_ascii=False, indent=1))
        return
    for entry in entries:
        waiting = entry.conflict + sum(entry.quarantined.values())
        click.echo(
            f"{entry.id}  {entry.arrived_at}  {entry.source}  {entry.file}: new {entry.new},"
            f" duplicate {entry.duplicate}, quarantined {waiting}"
        )
    if not entries:
        click.echo("nothing was imported yet")


def _sum_up(reports: list[Any]) -> dict[str, Any]:
    """Totals over the files at the top, each file's report under `files`."""
    total: dict[str, Any] = {
        name: sum(getattr(report, name) for report in reports)
        for name in ("received", "new", "duplicate", "conflict")
    }
    for name in ("quarantined", "codes", "statuses", "months"):
        counts: dict[str, int] = {}
        for report in reports:
            for key, count in getattr(report, name).items():
                counts[key] = counts.get(key, 0) + count
        total[name] = dict(sorted(counts.items()))
    total["seconds"] = round(sum(report.seconds for report in reports), 2)
    total["warnings"] = [warning for report in reports for warning in report.warnings]
    total["files"] = [report.as_json() for report in reports]
    return total


def _print_quality(quality: dict[str, Any]) -> None:
    """What the import's report says, in a line each."""
    if quality["why"] is not None:
        click.echo(f"warning: {quality['why']}", err=True)
        return
    click.echo(f"  {'quality':<12} {quality['verdict']:>12}")
    for said in quality["said"]:
        click.echo(f"    {said}")


def _print_report(report: Any) -> None:
    for warning in report.warnings:
        click.echo(f"warning: {warning}", err=True)
    click.echo(f"{report.file} → {report.import_id} ({report.source})")
    for name in ("received", "new", "duplicate", "conflict"):
        click.echo(f"  {name:<12} {getattr(report, name):>12,}")
    click.echo(f"  {'quarantined':<12} {sum(report.quarantined.values()):>12,}")
    for code, count in sorted(report.quarantined.items()):
        click.echo(f"    {code:<20} {count:>12,}")
    if report.codes:
        click.echo("  cleaning codes of the new rows")
        for code, count in sorted(report.codes.items()):
            click.echo(f"    {code:<20} {count:>12,}")
    if report.months:
        first, last = min(report.months), max(report.months)
        click.echo(f"  {'months':<12} {len(report.months):>12}  ({first} to {last})")
    click.echo(f"  {'seconds':<12} {report.seconds:>12.2f}")


@contextmanager
def _shown_progress() -> Iterator[Any]:
    """A callback that shows the stage on stderr, once an import has taken a while."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    bar = Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(),
        console=Console(file=sys.stderr), transient=True,
    )  # fmt: skip
    task = bar.add_task("starting", total=None)
    started = time.monotonic()

    def show(stage: str, done: int, total: int) -> None:
        bar.update(task, description=stage, completed=done, total=total or None)
        if bar.console.is_terminal and time.monotonic() - started > PATIENCE_SECONDS:
            bar.start()

    try:
        yield show
    finally:
        if bar.live.is_started:
            bar.stop()
