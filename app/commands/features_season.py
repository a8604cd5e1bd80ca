"""`chengxin features season`: the seasonal index of each industry, as it stands with a snapshot."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import click

from app.errors import ChengxinError
from app.settings import load_settings

MONTHS_SHOWN = 14  # a year and the festival of the year before


class NoSeason(ChengxinError):
    """The snapshot has no such seasonal index."""


@click.command("season", short_help="Show the seasonal index of each industry.")
@click.option("--as-of", "as_of", required=True, type=click.DateTime(["%Y-%m-%d"]),
              metavar="YYYY-MM-DD", help="The snapshot's day.")  # fmt: skip
@click.option("--industry", help="One industry; * is all of them together.")
@click.option("--json", "as_json", is_flag=True, help="Print all months and parts as JSON.")
def season_command(as_of: datetime, industry: str | None, as_json: bool) -> None:
    """Show by how much each month stands above or below the year, by industry, in the newest
    snapshot of a day; amounts that are compared over time are divided by it.

    An industry that is not listed has the index of all industries together (*), or none.
    """
    from app.features.snapshots import find_snapshot

    snapshot = find_snapshot(load_settings().lake, as_of.date())
    if "season" not in snapshot.provenance:
        raise NoSeason(
            f"snapshot {snapshot.id} was built before there were seasons;"
            f" run chengxin features build --as-of {as_of.date()}"
        )
    found: dict[str, Any] = snapshot.provenance["season"]["industries"]
    if industry is not None:
        if industry not in found:
            known = ", ".join(found) or "none has"
            raise NoSeason(
                f"'{industry}' has no index of its own in snapshot {snapshot.id};"
                f" these have: {known}"
            )
        found = {industry: found[industry]}
    if as_json:
        told = {"snapshot": snapshot.id, "industries": found}
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
        return
    if not found:
        click.echo(
            f"snapshot {snapshot.id} has no seasonal index: it takes 200 merchants with goods"
            " categories and two years of sales"
        )
    for name, season in found.items():
        _show(name, season)


def _show(name: str, season: dict[str, Any]) -> None:
    title = "* (all industries)" if name == "*" else name
    aligned = "day by day" if season["alignment"] == "days" else "by whole months"
    click.echo(
        f"{title}: {season['merchants']} merchants, {season['growth']:+.1%} a year,"
        f" follows the festival {aligned}"
    )
    for month, index in list(season["index"].items())[:MONTHS_SHOWN]:
        click.echo(f"  {month}  {index:5.3f}  {'▇' * round(index * 20)}")
