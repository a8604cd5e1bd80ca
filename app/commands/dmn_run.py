"""`chengxin dmn run`: a DMN model of another tool, run in DMN's own semantics."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import click

from app.dmn.errors import DmnError
from app.dmn.model import Model
from app.dmn.output import dumps, to_json
from app.dmn.values import from_json

Answer = TypeVar("Answer")
STACK_BYTES = 256 * 1024 * 1024
MOST_FRAMES = 60_000


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--given", default="{}", help="The inputs, as a JSON object.")
@click.option("--decision", help="Only this decision or decision service; else all decisions.")
@click.option("--json", "as_json", is_flag=True, help="Decisions and messages, as JSON.")
def run(model: Path, given: str, decision: str | None, as_json: bool) -> None:
    """Run the decisions of MODEL, with null where DMN gives null."""
    answer, messages = deeply(lambda: written(model, given, decision, as_json))
    click.echo(answer)
    if not as_json:
        for message in messages:
            click.echo(f"warning: {message}", err=True)


def written(path: Path, given: str, decision: str | None, full: bool) -> tuple[str, list[str]]:
    """The answer as JSON text, with the messages in it if `full`; and the messages."""
    try:
        found, messages = answers(path, read_inputs(given), decision)
        return dumps({"decisions": found, "messages": messages} if full else found), messages
    except RecursionError as error:
        raise DmnError("the inputs or the answer are nested too deeply") from error


def read_inputs(text: str) -> dict[str, Any]:
    """The inputs from JSON, numbers with all their digits."""
    try:
        values = json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=_refused)
    except (ValueError, ArithmeticError) as error:
        raise DmnError(f"--given is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise DmnError('--given must be a JSON object, for example {"Age": 40}')
    return {" ".join(name.split()): from_json(value) for name, value in values.items()}


def _refused(word: str) -> None:
    raise ValueError(f"{word} is no JSON number")


def answers(path: Path, given: dict[str, Any], decision: str | None) -> tuple[Any, list[str]]:
    """The decisions by name and the messages; without a name all decisions.

    A decision whose input is missing is then null with a message; it is an error if all are.
    """
    model = Model(path)
    if decision is not None:
        return {decision: to_json(model.run(given, decision))}, model.feel.messages
    found: dict[str, Any] = {}
    errors: list[DmnError] = []
    for name in model.decisions():
        try:
            found[name] = to_json(model.run(given, name))
        except DmnError as error:
            errors.append(error)
            model.feel.messages.append(f"'{name}': {error}")
            found[name] = None
    if errors and len(errors) == len(found):
        raise errors[0]
    return found, list(dict.fromkeys(model.feel.messages))


def deeply(work: Callable[[], Answer]) -> Answer:
    """Run with a deep stack: functions of a model may call themselves thousands of times."""
    results: list[Answer] = []
    faults: list[BaseException] = []

    def inside() -> None:
        try:
            results.append(work())
        except BaseException as error:  # handed on to the caller's thread
            faults.append(error)

    limit, size = sys.getrecursionlimit(), threading.stack_size(STACK_BYTES)
    try:
        sys.setrecursionlimit(MOST_FRAMES)
        thread = threading.Thread(target=inside)
        thread.start()
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
        threading.stack_size(size)
    if faults:
        raise faults[0]
    return results[0]
