"""`chengxin data …`: are the waybills as they are expected to be, what is usual, what was held."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from app.commands.features import Day
from app.commands.features_progress import shown_progress
from app.commands.publication import read_published, tell_findings
from app.errors import ChengxinError
from app.settings import Settings, load_settings

if TYPE_CHECKING:
    from app.quality.check import Desk

SHANGHAI = ZoneInfo("Asia/Shanghai")


class NoReport(ChengxinError):
    """There is no such import or report, or it cannot be written there."""


@click.group()
def data() -> None:
    """Check the quality of waybills, look at reports (rulesets/expectations.yaml)."""


@data.command("check")
@click.option("--as-of", "as_of", type=Day(),
              help="Check the days before this one.  [default: today]")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def check_command(as_of: date | None, as_json: bool) -> None:
    """Say whether a snapshot as of a day would be published: what breaks which expectation, where,
    and what to look at.

    Status 1 when an expectation of severity fail breaks. Nothing is published or held.
    """
    settings = load_settings()
    report, path = _check(settings, as_of or datetime.now(SHANGHAI).date())
    if as_json:
        click.echo(json.dumps({**report, "report": str(path)}, ensure_ascii=False, indent=1))
    else:
        _print_check(report, path)
    raise click.exceptions.Exit(1 if report["verdict"] == "fail" else 0)


@data.command("report")
@click.option("--import", "import_id", help="Of this import (an id of `waybills imports`).")
@click.option("--as-of", "as_of", type=Day(), help="Of the days before this one, checked now.")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False),
              help="A file that ends in .html.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON, too.")
def report_command(import_id: str | None, as_of: date | None, out: Path, as_json: bool) -> None:
    """Write a report of an import or of a day as one HTML page with charts."""
    from app.quality.page import write_page

    if (import_id is None) == (as_of is None):
        raise click.UsageError("say --import ID or --as-of YYYY-MM-DD, one of them")
    if out.suffix != ".html":
        raise NoReport(f"--out {out}: end the file name in .html")
    settings = load_settings()
    if import_id is not None:
        report = find_import_report(settings, import_id)
    else:
        assert as_of is not None
        report, _ = _check(settings, as_of)
    try:
        out.write_text(write_page(report), encoding="utf-8")
    except OSError as error:
        raise NoReport(f"{out} cannot be written: {error.strerror}") from None
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False, indent=1))
    else:
        click.echo(f"{report['verdict']}: {len(report['findings'])} findings; written to {out}")


@data.command("profile")
@click.option("--as-of", "as_of", type=Day(), help="The days before this one.  [default: today]")
@click.option("--json", "as_json", is_flag=True, help="Print the profile as JSON.")
def profile_command(as_of: date | None, as_json: bool) -> None:
    """Show what the days before a day are like, by source and carrier: volumes, tickets, nulls,
    codes, late shares, new values.
    """
    settings = load_settings()
    report, _ = _check(settings, as_of or datetime.now(SHANGHAI).date())
    if as_json:
        kept = {key: report[key] for key in ("as_of", "from", "to", "sources")}
        click.echo(json.dumps(kept, ensure_ascii=False, indent=1))
        return
    for source, one in report["sources"].items():
        _print_source(source, one, report)
    if not report["sources"]:
        click.echo("no waybills before this day")


@data.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def list_command(as_json: bool) -> None:
    """List the reports of imports, and what was checked of snapshots: passed, held, or published
    despite what broke, by whom and why.
    """
    from app.quality.store import QualityStore
    from app.storage.checks import SqlCheckStore
    from app.storage.connection import connect

    settings = load_settings()
    store = QualityStore(settings.lake, settings.memory_limit_mb)
    imports = [
        {"id": one["import"]["id"], "source": one["import"]["source"],
         "file": one["import"]["file"], "verdict": one["verdict"],
         "findings": one["counts"]["findings"]}
        for one in store.list_import_reports()
    ]  # fmt: skip
    database = connect(settings)
    try:
        checks: list[dict[str, Any]] = [
            {"snapshot": one.snapshot_id, "as_of": one.as_of.isoformat(),
             "checked_at": one.checked_at.isoformat(timespec="seconds"), "verdict": one.verdict,
             "expectations": list(one.expectations), "by": one.actor, "why": one.why,
             "report": one.report}
            for one in SqlCheckStore(database).list_all()
        ]  # fmt: skip
    finally:
        database.close()
    if as_json:
        told = {"imports": imports, "snapshots": checks}
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
        return
    for entry in imports:
        click.echo(
            f"import {entry['id']}  {entry['source']}  {entry['file']}: {entry['verdict']},"
            f" {entry['findings']} findings"
        )
    for check in checks:
        names = f": {', '.join(check['expectations'])}" if check["expectations"] else ""
        despite = f"; {check['by']}: {check['why']}" if check["by"] else ""
        click.echo(
            f"snapshot {check['snapshot']}  {check['checked_at'][:16]}Z  {check['verdict']}"
            f"{names}{despite}"
        )
    if not imports and not checks:
        click.echo("no report yet; import waybills, build features")


def find_import_report(settings: Settings, import_id: str) -> dict[str, Any]:
    """The report of an import, made now where an import of before has none. Raises NoReport."""
    from app.quality.check import check_import, open_desk
    from app.quality.store import QualityStore
    from app.waybills.lake import Lake

    store = QualityStore(settings.lake, settings.memory_limit_mb)
    known = [one.id for one in Lake(settings.lake).imports()]
    if import_id not in known:
        raise NoReport(
            f"there is no import '{import_id}'; see chengxin waybills imports"
            + (f", the newest is {known[-1]}" if known else "")
        )
    found = store.read_import_report(import_id)
    if found is None:
        desk = open_desk(settings.lake, settings.rulesets, settings.memory_limit_mb)
        found = check_import(desk, import_id)
        store.write_import_report(import_id, found)
    return found


def _check(settings: Settings, as_of: date) -> tuple[dict[str, Any], Path]:
    """Check the lake as it is now, as `features build` would, and keep the report."""
    from app.quality.check import check_day, open_desk
    from app.storage.checks import SqlCheckStore
    from app.storage.connection import connect

    database = connect(settings)
    try:
        checks = SqlCheckStore(database)
        published, accepted = read_published(checks), checks.accepted()
    finally:
        database.close()
    with shown_progress() as tell:
        desk: Desk = open_desk(settings.lake, settings.rulesets, settings.memory_limit_mb, tell)
        report = check_day(desk, as_of, None, None, published, accepted)
    path = desk.store.write_build_report(report)
    return report, path.relative_to(settings.lake)


def _print_check(report: dict[str, Any], path: Path) -> None:
    tell_findings(report)
    counts = report["counts"]
    click.echo(
        f"{report['verdict']}: {report['from']} to {report['to']},"
        f" {counts['judged']:,} values judged by {counts['expectations']} expectations,"
        f" {counts['not_judged']:,} too small or without a usual yet"
    )
    for one in report["exempt"]:
        click.echo(f"exempt: {one['expectation']}: {one['said']['en']} ({one['why']})")
    click.echo(f"report: {path}")


def _print_source(source: str, one: dict[str, Any], report: dict[str, Any]) -> None:
    click.echo(
        f"{source}: {one['bills']:,} bills from {report['from']} to {report['to']},"
        f" mean ticket {_yuan(one['mean_ticket_fen'])}, late {_percent(one['late_share'])},"
        f" entered 23–05 {_percent(one['night_share'])}"
    )
    click.echo(f"nulls: {_list_shares(one['nulls'])}")
    click.echo(f"codes: {_list_shares(one['codes'])}")
    widest = max((len(carrier) for carrier in one["carriers"]), default=0)
    for carrier, own in one["carriers"].items():
        click.echo(
            f"  {carrier or '–':<{widest}} {own['bills']:>9,} bills, ticket"
            f" {_yuan(own['mean_ticket_fen']):>8}, late {_percent(own['late_share']):>6};"
            f" {_list_shares(own['codes'])}"
        )
    for column, values in one["new_values"].items():
        if values:
            names = ", ".join(f"'{new['value']}' ({new['bills']:,})" for new in values[:8])
            click.echo(f"new in {column}: {names}")


def _list_shares(shares: dict[str, float | None]) -> str:
    """Those that are above nothing, the greatest first."""
    order = sorted(shares.items(), key=lambda item: -(item[1] or 0))
    return ", ".join(f"{name} {_percent(share)}" for name, share in order if share) or "none"


def _yuan(fen: int | None) -> str:
    return "–" if fen is None else f"¥{fen / 100:,.0f}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"
