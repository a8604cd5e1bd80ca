"""`chengxin dmn run`: a DMN model of another tool, run in DMN's own semantics."""

from __future__ import annotations

import json
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from app.commands import dmn_export
from app.dmn.errors import DmnError
from app.dmn.model import Model
from app.dmn.temporal import write
from app.dmn.values import Months, from_json


def shown(value: Any) -> Any:
    """A FEEL value as JSON has it."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date | time | timedelta | Months):
        return write(value)
    if isinstance(value, list):
        return [shown(item) for item in value]
    if isinstance(value, dict):
        return {key: shown(item) for key, item in value.items()}
    return value if value is None or isinstance(value, str | bool) else f"<{type(value).__name__}>"


@click.group()
def dmn() -> None:
    """Run decision models of the DMN standard."""


@dmn.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--given", default="{}", help="The inputs, as a JSON object.")
@click.option("--decision", help="Only this decision; else all.")
@click.option("--json", "as_json", is_flag=True, help="Decisions and messages, as JSON.")
def run(model: Path, given: str, decision: str | None, as_json: bool) -> None:
    """Run the decisions of MODEL, with null where DMN gives null."""
    try:
        values = json.loads(given, parse_float=Decimal)
    except ValueError as error:
        raise DmnError(f"--given is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise DmnError('--given must be a JSON object, for example {"Age": 40}')
    loaded = Model(model)
    names = [decision] if decision else loaded.decisions()
    found = {name: shown(loaded.run(from_json(values), name)) for name in names}
    messages = loaded.feel.messages
    answer = {"decisions": found, "messages": messages} if as_json else found
    click.echo(json.dumps(answer, ensure_ascii=False, indent=2))
    if not as_json:
        for message in messages:
            click.echo(f"warning: {message}", err=True)


dmn.add_command(dmn_export.export_command)
