"""`chengxin features verify`: whether snapshots are what their provenance says."""

from __future__ import annotations

import json
from datetime import datetime

import click

from app.commands.features_progress import shown_progress
from app.settings import load_settings


@click.command("verify")
@click.option("--as-of", "as_of", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD",
              help="Only the snapshots of this day.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def verify_command(as_of: datetime | None, as_json: bool) -> None:
    """Hash the files of snapshots again and compare them with their provenance.

    Says what is damaged, missing or changed; the status is 1 when anything is.
    """
    from app.features.verifying import find_lost, list_files, verify_files

    lake = load_settings().lake
    day = as_of.date() if as_of else None
    files, found = list_files(lake, day), []
    with shown_progress() as tell:
        for one in verify_files(lake, files):
            found.append(one)
            tell("snapshots", len(found), len(files))
    lost = find_lost(lake, day)
    is_sound = not lost and not any(one.faults for one in found)
    if as_json:
        told = [
            {"as_of": one.as_of, "id": one.id, "path": str(one.path), "faults": one.faults}
            for one in found
        ]
        lacking = [{"as_of": on, "id": id_} for on, id_ in lost]
        report = {"sound": is_sound, "snapshots": told, "lost": lacking}
        click.echo(json.dumps(report, ensure_ascii=False, indent=1))
    else:
        for one in found:
            click.echo(f"{one.as_of}  {one.id}  {'damaged' if one.faults else 'sound'}")
            for fault in one.faults:
                click.echo(f"    {fault}")
        for on, id_ in lost:
            click.echo(f"{on}  {id_}  lost: it was built, and is not there any more")
        if not found and not lost:
            click.echo("no snapshot to verify; run chengxin features build --as-of YYYY-MM-DD")
    if not is_sound:
        raise click.exceptions.Exit(1)
