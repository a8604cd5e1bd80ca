"""`chengxin policy watch`: the files of a product come in, again after every save; a check, a test
and a simulation of them go out each time.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console

from app.commands.policy_versions import read_release
from app.errors import ChengxinError
from app.features.snapshots import NoSnapshot, Snapshot, find_snapshot, list_snapshots
from app.policies.documents import list_products, load_documents
from app.policies.policy import Policy, check_policy
from app.settings import Settings, load_settings
from app.watching.look import Against, Bench, Look
from app.watching.saves import watch_saves
from app.watching.screen import json_of, lines_of

Finder = Callable[[Policy | None], tuple[Against | None, list[str]]]


class NothingToWatch(ChengxinError):
    """It is not clear which product is meant, or what it is held against."""


@click.command("watch", short_help="Check, test and simulate on every save.")
@click.argument("product", required=False)
@click.option(
    "--as-of",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day of a feature snapshot; the newest one when left out.",
)
@click.option(
    "--against",
    default="active",
    show_default=True,
    metavar="active|N|FOLDER",
    help="A release, or a folder with rulesets/ and scorecards/.",
)
@click.option(
    "--once", is_flag=True, help="Look once and leave; the status is 1 unless it is fine."
)
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for every save.")
def watch(
    product: str | None, day: datetime | None, against: str, once: bool, as_json: bool
) -> None:
    """Check, test and simulate the files of PRODUCT now and after every save; Ctrl-C leaves.

    Files that are wrong, or gone, are told and waited for.
    """
    settings = load_settings()
    name = _name(product, settings)
    bench = Bench(
        name,
        settings.rulesets,
        settings.scorecards,
        _finder(name, against, settings),
        lambda: _snapshot(day, settings),
    )
    saves = watch_saves([settings.rulesets, settings.scorecards])  # before the first look
    console = Console()
    look = _show(bench, console, as_json, ())
    if once:
        click.get_current_context().exit(0 if look.is_fine else 1)
    try:
        for names in saves:
            _show(bench, console, as_json, tuple(names))
    except KeyboardInterrupt:
        if not as_json:
            click.echo("stopped watching", err=True)


def _name(product: str | None, settings: Settings) -> str:
    known = list_products(settings.rulesets)
    if product is None:
        if len(known) == 1:
            return known[0]
        raise NothingToWatch(f"name the product to watch: {', '.join(known) or '(there is none)'}")
    if product not in known and not (settings.rulesets / product).is_dir():
        raise NothingToWatch(f"there is no product '{product}'; products are {', '.join(known)}")
    return product


def _show(bench: Bench, console: Console, as_json: bool, names: tuple[str, ...]) -> Look:
    look = bench.look()
    if as_json:
        click.echo(json.dumps({"saved": list(names), **json_of(look)}, ensure_ascii=False))
        return look
    if console.is_terminal:
        console.clear()
    saved = f" saved {', '.join(names[:4])}" if names else ""
    console.print(f"--- {time.strftime('%H:%M:%S')}{saved}", highlight=False, markup=False)
    for place, line in enumerate(lines_of(look)):
        style = ("bold green" if look.is_fine else "bold red") if place == 0 else None
        console.print(line, style=style, highlight=False, markup=False, soft_wrap=True)
    return look


def _snapshot(day: datetime | None, settings: Settings) -> Snapshot:
    if day is not None:
        return find_snapshot(settings.lake, day.date())
    found = list_snapshots(settings.lake)
    if not found:
        raise NoSnapshot("there is no feature snapshot; run chengxin features build --as-of DAY")
    return found[-1]


def _finder(product: str, against: str, settings: Settings) -> Finder:
    """What finds the version that stands: a folder once, a release anew at every look."""
    if against != "active" and not against.isdecimal():
        fixed = _read_folder(product, Path(against))
        return lambda policy: (fixed, [])
    first: list[Against] = []

    def find(policy: Policy | None) -> tuple[Against | None, list[str]]:
        if policy is not None and not first:
            first.append(Against("the files as they were first", policy, "first"))
        try:
            version = read_release(product, against, settings)
            return Against(str(version), version.policy, str(version)), []
        except ChengxinError as error:
            return (first[0] if first else None), [f"{error}; held against the first look instead"]

    return find


def _read_folder(product: str, folder: Path) -> Against:
    rulesets, scorecards = folder / "rulesets", folder / "scorecards"
    if not (rulesets / product / "policy.yaml").is_file():
        raise NothingToWatch(
            f"--against {folder}: write active, the number of a release, or a folder that has"
            f" rulesets/{product}/policy.yaml and scorecards/"
        )
    policy = check_policy(load_documents(product, rulesets, scorecards))
    return Against(str(folder), policy, str(folder))
