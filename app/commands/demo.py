"""`chengxin demo`: a simulated portfolio to try things on; everything from nothing to an API."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.demo.plan import FORMATS, PERIODS, describe_plan, make_plan
from app.demo.write import Report, write_portfolio

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOST = "127.0.0.1"


@click.group()
def demo() -> None:
    """Make a simulated portfolio to try things on."""


@demo.command("data")
@click.option("--merchants", default=2_000, show_default=True, help="How many merchants ship.")
@click.option("--months", default=24, show_default=True, help="How many months of waybills.")
@click.option("--seed", default=1, show_default=True, help="Another seed, other merchants.")
@click.option("--end", help="Last month, YYYY-MM.  [default: the last full month]")
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="The folder."
)
@click.option(
    "--by", type=click.Choice(PERIODS), default="month", show_default=True, help="A file for each."
)
@click.option(
    "--format", "file_format", type=click.Choice(FORMATS), default="parquet", show_default=True
)
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64),
              help="Processes; the files are the same whatever their number.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def make_data(
    merchants: int, months: int, seed: int, end: str | None, out: Path, by: str, file_format: str,
    workers: int, as_json: bool,
) -> None:  # fmt: skip
    """Write waybills of merchants that do not exist, with seasons, errors, frauds, and a carrier
    that absconds. The same numbers give the same files to the byte.

    Beside them: truth.csv (the planted frauds), merchants.csv and carriers.csv (what they really
    are), loans.csv and repayments.csv (what became of loans to them), reference/ (the blacklist,
    the carriers' staff, distances) and facts/ (what a bank would bring about a few of them).
    """
    plan = make_plan(merchants, months, seed, end, datetime.now(SHANGHAI).date(), by, file_format)
    started = time.monotonic()
    with _shown_months() as report:
        files = write_portfolio(plan, out, report, workers)
    if as_json:
        result = {"files": [str(path) for path in files], "merchants": merchants, "seed": seed}
        click.echo(json.dumps(result, ensure_ascii=False))
        return
    click.echo(
        f"{describe_plan(plan)}: {len(files)} files in {out} ({time.monotonic() - started:.1f} s)"
    )


@contextmanager
def _shown_months() -> Iterator[Report]:
    """A bar on stderr that counts months while they are made."""
    console = Console(stderr=True)
    columns = (TextColumn("making waybills"), BarColumn(), MofNCompleteColumn(),
               TextColumn("months {task.description}"), TimeElapsedColumn())  # fmt: skip
    is_shown = console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=not is_shown) as bar:
        task = bar.add_task("", total=None)
        yield lambda name, done, of: bar.update(task, completed=done, total=of, description=name)


@demo.command("run")
@click.option("--merchants", default=2_000, show_default=True, help="How many merchants ship.")
@click.option("--months", default=24, show_default=True, help="How many months of waybills.")
@click.option("--seed", default=1, show_default=True, help="Another seed, other merchants.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65_535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64))
@click.option("--serve/--no-serve", default=True, show_default=True, help="Serve when all is made.")
def run(merchants: int, months: int, seed: int, port: int, workers: int, serve: bool) -> None:
    """Make everything that a demonstration needs and serve it on 127.0.0.1.

    Database, simulated portfolio, import, features, both policies, a whitelist, an API key: what
    is there already is kept, and when a month has passed its waybills are added.
    """
    from app.commands.demo_run import Demo, explain, prepare
    from app.commands.serve import AddressTaken, check_address, run_server
    from app.settings import load_settings

    settings = load_settings()
    if serve:
        try:
            check_address(HOST, port)
        except AddressTaken as error:
            raise AddressTaken(f"{error}; with make: make run PORT={port + 1}") from error
    console = Console(stderr=True)
    console.print(f"making the demo in {settings.home}", highlight=False)
    made = Demo(settings, datetime.now(SHANGHAI).date(), merchants, months, seed)
    token, candidate = prepare(made, console)
    click.echo(explain(made, token, candidate, f"http://{HOST}:{port}"))
    if serve:
        click.echo(f"serving on http://{HOST}:{port} until Ctrl-C", err=True)
        run_server(settings, HOST, port, workers)
