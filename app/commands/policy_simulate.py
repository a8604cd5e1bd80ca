"""`chengxin policy diff` and `chengxin policy simulate`: two versions of a policy come in, what
changed and what that changes for a portfolio goes out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from app.commands.policy_versions import Version, read_draft, read_release, read_version
from app.comparisons.diff import diff_policies
from app.comparisons.judging import prepare_versions
from app.comparisons.outcomes import read_outcomes
from app.comparisons.page import write_page
from app.comparisons.simulate import simulate_snapshot
from app.comparisons.tables import print_report
from app.errors import ChengxinError
from app.features.snapshots import find_snapshot
from app.settings import load_settings

WORTH_SHOWING = 200_000  # merchants; fewer take no time
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
ENDINGS = (".html", ".json")


class BadReportFile(ChengxinError):
    """A report cannot be written there."""


@click.command("diff", short_help="Say what changed in meaning.")
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@AS_JSON
def diff(before: str, after: str, as_json: bool) -> None:
    """Say in words what B changes against A: thresholds, outcomes, rows, points, limits, texts.

    A and B are PRODUCT (the files as they are), PRODUCT@3 (a release) or PRODUCT@active. The status
    is 0 when both mean the same, 1 when they differ.
    """
    settings = load_settings()
    one, other = read_version(before, settings), read_version(after, settings)
    changes = diff_policies(one.policy, other.policy)
    if as_json:
        found = {
            "before": one.name,
            "after": other.name,
            "same": not changes,
            "same_text": one.sha256 == other.sha256,
            "changes": [change.as_json() for change in changes],
        }
        click.echo(json.dumps(found, ensure_ascii=False))
    elif changes:
        click.echo("\n".join(str(change) for change in changes))
    else:
        aside = "" if one.sha256 == other.sha256 else ", though they are not written the same"
        click.echo(f"{one} and {other} mean the same{aside}")
    click.get_current_context().exit(1 if changes else 0)


@click.command("simulate", short_help="Show what a change does to a portfolio.")
@click.argument("product")
@click.option("--draft", is_flag=True, help="Judge by the files as they are (this is the default).")
@click.option(
    "--against",
    default="active",
    show_default=True,
    metavar="active|N",
    help="The release that the files are held against.",
)
@click.option(
    "--as-of",
    "days",
    required=True,
    multiple=True,
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day of a feature snapshot; may be given several times.",
)
@click.option(
    "--outcomes",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="What became of loans: merchant_id, defaulted (1 or 0), exposure (yuan); CSV or Parquet.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Also write a .html or .json file.")
@AS_JSON
def simulate(
    product: str,
    draft: bool,
    against: str,
    days: Sequence[datetime],
    outcomes: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Judge whole snapshots by the files of PRODUCT and by a release (purpose preapproval).

    Shows who is swapped in and out and why, limits, exposure and price.
    """
    del draft  # files against a release is what there is; the option says so
    if out is not None and out.suffix not in ENDINGS:
        raise BadReportFile(f"--out {out}: write a file that ends in .html or .json")
    settings = load_settings()
    before, after = read_release(product, against, settings), read_draft(product, settings)
    known = None if outcomes is None else read_outcomes(outcomes)
    snapshots = [find_snapshot(settings.lake, day.date()) for day in dict.fromkeys(days)]
    versions = prepare_versions(before.policy, after.policy)
    reports = []
    for snapshot in snapshots:
        features = snapshot.read()
        quiet = as_json or features.num_rows < WORTH_SHOWING
        bars = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(
            *bars, console=Console(stderr=True), transient=True, disable=quiet
        ) as progress:
            task = progress.add_task("judging merchants", total=features.num_rows)
            reports.append(
                simulate_snapshot(
                    versions,
                    snapshot.meta.as_of,
                    snapshot.id,
                    features,
                    known,
                    lambda done, task=task: progress.update(task, completed=done),  # type: ignore[misc]
                )
            )
    found = _describe(product, before, after, reports)
    if out is not None:
        _write(found, out)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    print_report(found, Console())
    if out is not None:
        click.echo(f"written to {out}")


def _describe(
    product: str, before: Version, after: Version, reports: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    return {
        "policy": product,
        "before": str(before),
        "after": str(after),
        "purpose": "preapproval",
        "changes": [one.as_json() for one in diff_policies(before.policy, after.policy)],
        "days": list(reports),
    }


def _write(found: Mapping[str, Any], out: Path) -> None:
    try:
        if out.suffix == ".html":
            out.write_text(write_page(found), encoding="utf-8")
        else:
            text = json.dumps(found, ensure_ascii=False, indent=1)
            out.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise BadReportFile(f"{out} cannot be written: {error.strerror}") from None
