"""`chengxin demo`: a simulated portfolio to try things on; everything from nothing to an API."""

from __future__ import annotations

import json
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from rich.console import Console

from app.demo.write import describe_plan, make_plan, write_portfolio

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
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def make_data(
    merchants: int, months: int, seed: int, end: str | None, out: Path, as_json: bool
) -> None:
    """Write waybills of merchants that do not exist, one Parquet file a month.

    Beside them: truth.csv (what each merchant was made to be) and facts/ (what a bank would bring
    about a few of them). The same numbers give the same files to the byte.
    """
    plan = make_plan(merchants, months, seed, end, datetime.now(SHANGHAI).date())
    started = time.monotonic()
    with Console(stderr=True).status("making waybills") as status:
        files = write_portfolio(plan, out, lambda month: status.update(f"making {month}"))
    if as_json:
        result = {"files": [str(path) for path in files], "merchants": merchants, "seed": seed}
        click.echo(json.dumps(result, ensure_ascii=False))
        return
    click.echo(
        f"{describe_plan(plan)}: {len(files)} files in {out} ({time.monotonic() - started:.1f} s)"
    )


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
