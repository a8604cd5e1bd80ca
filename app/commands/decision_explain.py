"""`chengxin decision explain` and `chengxin decision what-if`: a recorded decision for three
readers, and what would have changed it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import click
import orjson

from app.decisions.service import Decider
from app.explanations.explain import LANGUAGES, READERS, Explainer
from app.explanations.phrases import in_language
from app.explanations.text import write_merchant, write_outline, write_what_if
from app.settings import load_settings
from app.storage.archive import open_archive
from app.storage.connection import connect
from app.storage.decisions import SqlDecisionStore

GOAL_HELP = "approve, next-tier or limit=YUAN; default approve, or next-tier where it is approved."
Command = Callable[..., Any]


def _options(command: Command) -> Command:
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print JSON, money in fen."),
        click.option("--goal", help=GOAL_HELP),
        click.option("--language", type=click.Choice(LANGUAGES), default="both", show_default=True),
        click.option(
            "--for", "reader", type=click.Choice(READERS), default="merchant", show_default=True
        ),
        click.argument("decision_id", metavar="ID"),
    ):
        command = option(command)
    return command


@click.command("explain")
@_options
@click.option("--what-if", "with_what_if", is_flag=True, help="Add what would have changed it.")
def explain(
    decision_id: str,
    reader: str,
    language: str,
    goal: str | None,
    as_json: bool,
    with_what_if: bool,
) -> None:
    """Explain a recorded decision to the merchant, an analyst or an auditor."""
    told = _explainer().explain(
        decision_id, reader, language, with_what_if or goal is not None, goal
    )
    if as_json:
        click.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
        return
    if reader != "merchant":
        _print(write_outline(told))
        return
    for one in _each(language):
        _print(write_merchant(in_language(told, one), one))
        click.echo()


@click.command("what-if")
@_options
def what_if(decision_id: str, reader: str, language: str, goal: str | None, as_json: bool) -> None:
    """The smallest change of what the merchant can influence that would have led to another
    result, verified by deciding it.
    """
    told = _explainer().what_if(decision_id, reader, language, goal)
    if as_json:
        click.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
        return
    for one in _each(language):
        _print(write_what_if(in_language(told, one)))
    if reader != "merchant":
        _print(write_outline({k: v for k, v in told.items() if k != "in_words"}))


def _each(language: str) -> tuple[str, ...]:
    return ("zh", "en") if language == "both" else (language,)


def _explainer() -> Explainer:
    settings = load_settings()
    database = connect(settings)
    archive = open_archive(database, settings.lake)
    return Explainer(Decider(SqlDecisionStore(database)), archive)


def _print(lines: Iterator[str]) -> None:
    for line in lines:
        click.echo(line)
